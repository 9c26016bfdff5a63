"""The PS codes of all tables, by number: readers and policies name a code by its number."""

from __future__ import annotations

from dtovl.codes import replay_input, replay_order, replay_tree
from dtovl.codes.base import Code

BY_NUMBER = {
    value.number: value
    for table in (replay_tree, replay_order, replay_input)
    for value in vars(table).values()
    if isinstance(value, Code)
}
