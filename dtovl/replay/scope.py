"""Which nodes a migration may delete and add: the platform facilities, caches, and memory.

Source: LoPAR, ibm,update-nodes, table of scopes; agreed by the mailing-list thread on platform
facilities (linuxppc-dev, October 2021).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.cells import boot_text
from dtovl.replay.model import FACILITIES

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.replay.context import Replay
    from dtovl.replay.records import OpEntry
    from dtovl.replay.stream import Content

MIGRATION = 1

_MEMORY = "ibm,dynamic-reconfiguration-memory"
_TYPES = frozenset(("cache", FACILITIES, _MEMORY))
_STEMS = frozenset(("l2-cache", "l3-cache", _MEMORY))


def check_deleted(replay: Replay, entry: OpEntry, node: Node) -> None:
    """Report the delete of a node that a migration may not delete."""
    model = replay.model
    if not _applies(entry) or node in model.opaque:
        return
    if not _allowed(replay, node.name, model.device_type(node), node.parent):
        replay.find("PS137", node, entry.line, kind="delete")


def may_add(replay: Replay, entry: OpEntry, content: Content, parent: Node) -> bool:
    """Tell whether a migration may add a node of this content below parent."""
    if not _applies(entry):
        return True
    value = dict(content.properties).get("device_type")
    kind = None if value is None else boot_text(value)
    return _allowed(replay, content.name, kind, parent)


def _applies(entry: OpEntry) -> bool:
    return entry.operation.scope == MIGRATION and not entry.operation.ofdt


def _allowed(replay: Replay, name: str, kind: str | None, parent: Node | None) -> bool:
    stem = name.partition("@")[0]
    return kind in _TYPES or stem in _STEMS or replay.model.is_facilities(parent)
