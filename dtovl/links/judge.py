"""Judges the suppliers that nodes name, by every rule that speaks of one node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.links.link import Judged

if TYPE_CHECKING:
    from dtovl.links.board import Board
    from dtovl.links.link import Finding
    from dtovl.model.node import Node


def judge_node(board: Board, node: Node) -> Judged:
    """Give links and findings of one node."""
    raise NotImplementedError


def judge(board: Board) -> tuple[dict[Node, Judged], list[Finding]]:
    """Judge a whole tree: what each node gives (nodes that give nothing left out), all findings.

    Findings stand in tree order, then order of properties, then index; L009 and L011 at the end.
    """
    raise NotImplementedError
