"""What a part of the corpus run found: how many of its entries agree, and what does not."""

from __future__ import annotations

from typing import NamedTuple


class Result(NamedTuple):
    """One entry of the corpus; problem is "" when it agrees."""

    kind: str
    name: str
    problem: str
