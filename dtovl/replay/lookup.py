"""Which node an operation means: by phandle, as firmware does, or by path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.replay.skeleton import base_name, parent_path

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.replay.context import Replay
    from dtovl.replay.stream import Operation


def find_node(replay: Replay, operation: Operation) -> Node | None:
    """Find the node in the tree that a delete or an update names."""
    model = replay.model
    number, path = operation.phandle, operation.path
    if number is None:
        return None if path is None else model.find(path)
    found = model.phandles.look_up(number)
    return found or _find_unnumbered(replay, path)


def _find_unnumbered(replay: Replay, path: str | None) -> Node | None:
    """Find a node of an inferred tree whose phandle is not known by the path of the line."""
    model = replay.model
    if not model.inferred or path is None:
        return None
    node = model.find(path)
    if node is None or node.phandle or model.came(node):
        return None
    return node


def find_left(replay: Replay, operation: Operation) -> Node | None:
    """Find the node that left in this session which a delete or an update names."""
    session = replay.session
    number, path = operation.phandle, operation.path
    if number is not None:
        found = session.left_by_phandle.get(number)
        if found is not None:
            return found
    node = None if path is None else session.left_by_path.get(path)
    return None if node is None or (number is not None and node.phandle) else node


def missing(operation: Operation) -> str:
    """Say what an operation names that is not in the tree."""
    if operation.phandle is not None:
        return f"phandle {operation.phandle:#x}"
    return f"path {operation.path}"


def find_parent(replay: Replay, operation: Operation) -> Node | None:
    """Find the node in the tree below which an add puts its answer."""
    model = replay.model
    path = operation.parent_path
    if operation.path is not None:
        if not base_name(operation.path):
            return None  # the root has no parent
        path = path or parent_path(operation.path)
    if operation.parent is None:
        return None if path is None else model.find(path)
    found = model.phandles.look_up(operation.parent)
    return found or _find_unnumbered(replay, path)


def check_base(replay: Replay, operation: Operation) -> None:
    """Report where the path and the phandle of a delete line disagree with the base.

    The phandle of the log is looked up all the same, as firmware means it.
    """
    model = replay.model
    number, path = operation.phandle, operation.path
    if model.inferred or operation.ofdt or number is None or path is None:
        return
    node = model.find(path)
    if node is not None:
        if node.phandle != number:
            here = f"phandle {node.phandle:#x}" if node.phandle else "no phandle"
            logged = f"phandle {number:#x}"
            replay.find("PS116", node, operation.line, logged=logged, here=here)
    elif path not in model.left_paths:
        replay.find_at("PS133", path, number, operation.line, what=f"path {path}")
