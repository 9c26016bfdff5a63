"""The changes of a replay in words: what a session records to carry them out again, or undo them.

A node is named by its path when it was there before, else by `#1`, `#2`, ... in the order in which
nodes came. A value that the log does not tell cannot be set: such a change is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.replay.result import Result


def list_changes(result: Result) -> list[list[Any]]:
    """List the changes of a replay in the order in which Linux makes them, values in hex.

        ["attach-node", "#1", PARENT, NAME, [[PROPERTY, HEX], ...]]
        ["detach-node", NODE]
        ["update-property" or "add-property", NODE, PROPERTY, HEX]
        ["remove-property", NODE, PROPERTY]

    Setting a property in place is an update, whether it was there or not; add-property is what
    user space writes to ofdt.
    """
    names: dict[Node, str] = {}
    came = 0

    def name_of(node: Node) -> str:
        return names.get(node) or result.path(node)

    changes: list[list[Any]] = []
    for step in result.steps:
        node = step.node
        if step.action == "attach-node":
            assert node.parent is not None
            came += 1
            names[node] = f"#{came}"
            brings = [[key, value.hex()] for key, value in step.brings]
            changes.append([step.action, names[node], name_of(node.parent), node.name, brings])
        elif step.action == "detach-node":
            changes.append([step.action, name_of(node)])
        elif step.action == "remove-property":
            changes.append([step.action, name_of(node), step.name])
        elif isinstance(step.new, bytes):
            changes.append([step.action, name_of(node), step.name, step.new.hex()])
    return changes
