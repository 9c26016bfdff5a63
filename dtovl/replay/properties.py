"""What changes of properties mean: for the bus, for drivers, for the identity of a node.

A change in place is an update event, which the nx-842 driver listens to; taking a property away,
or adding one through ofdt, is another event, which it passes over.
Source: kernel nx842_OF_upd_status, vio_register_device_node, of_update_property; LoPAR, binding of
ibm,platform-facilities.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dtovl import update
from dtovl.model.cells import cell
from dtovl.replay.records import UNKNOWN, Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.model.node import Node
    from dtovl.replay.context import Replay
    from dtovl.replay.model import Model
    from dtovl.replay.stream import Content
    from dtovl.update import Difference

IDENTITY = ("phandle", "linux,phandle", "ibm,phandle")
"""Properties that give a node its phandle, in the order that counts at run time."""

_RESOURCE = "ibm,resource-id"
_MATCHED = frozenset(("compatible", "device_type", "name"))
_WATCHED = frozenset(("ibm,max-sync-cop", "ibm,max-sg-len", "status"))
_WATCHED_NODE = "ibm,compression-v"


def shown(value: Value) -> str:
    """Give a value in hex, for a message."""
    if value is None:
        return "absent"
    return value.hex() or "empty" if isinstance(value, bytes) else "unknown"


def content_phandle(content: Content) -> int:
    """Give the phandle that a node attached at run time answers to, 0 for none.

    The first of the three properties that is there counts, whatever it holds.
    Source: kernel __of_attach_node.
    """
    values = dict(content.properties)
    for name in IDENTITY:
        if name in values:
            value = values[name]
            return cell(value) if value is not None and len(value) >= 4 else 0
    return 0


def differences(model: Model, node: Node, content: Content) -> list[Difference]:
    """List what an answer has otherwise than a node: first what it sets, then what it lacks.

    A `name` that only one side has is no difference; nor is a phandle property that the answer
    lacks, when its phandle is not another one, or that only says what the node answers to.
    """
    wanted = {name: UNKNOWN if value is None else value for name, value in content.properties}
    kept = IDENTITY if content_phandle(content) in (0, node.phandle) else ()

    def implied(name: str, old: Value, new: Value) -> bool:
        if name == "name":
            return True
        return name in kept if new is None else _repeats_phandle(node, name, new)

    values = model.values(node)
    return update.differences(
        wanted, partial(model.value, node), values, same=_equal, implied=implied
    )


def _equal(old: Value, new: Value) -> bool:
    return old == new != UNKNOWN


def _repeats_phandle(node: Node, name: str, value: Value) -> bool:
    return name in IDENTITY and value == node.phandle.to_bytes(4, "big")


def judge_changes(
    replay: Replay,
    node: Node,
    changes: Iterable[Difference],
    line: int | None,
    *,
    announced: bool,
    updates: bool = False,
) -> None:
    """Report what changes of a node's properties mean.

    announced: each value set is an update event; updates: they are updates that the log names.
    Without updates they were found by comparing, which a value that the base has in part leaves
    open.
    """
    cut = replay.model.cut.get(node, ())
    for change in changes:
        if change.old == UNKNOWN and change.name in cut and not updates:
            what = f"{change.name} is cut short in the base, and may change"
            replay.find("PS144", node, line, what=what)
        known = UNKNOWN not in (change.old, change.new)
        name = change.name
        if known and name == _RESOURCE and node in replay.model.holders:
            old, new = shown(change.old), shown(change.new)
            replay.find("PS110", node, line, old=old, new=new)
        elif known and name in _MATCHED and node in replay.model.holders:
            replay.find("PS113", node, line, name=name)
        elif known and updates and name in IDENTITY:
            replay.find("PS114", node, line, name=name)
        elif name in _WATCHED and node.name.startswith(_WATCHED_NODE):
            if not announced or change.new is None:
                replay.find("PS111", node, line, name=name)
            elif known:
                replay.find("PS112", node, line, name=name)


def set_property(
    replay: Replay, node: Node, change: Difference, line: int | None, *, added: bool = False
) -> None:
    """Change a property of a node in the tree, and note it for the result.

    Setting a property is an update for those who listen, whether it was there or not; added: it is
    put in by user space as a new one.
    """
    model = replay.model
    action = "remove-property" if change.new is None else "update-property"
    if added:
        action = "add-property"
    record = model.record(node)
    record.before.setdefault(change.name, change.old)
    model.put(node, change.name, change.new)
    model.step(line, action, node, change)
    model.tell(record, line, f"has {change.name} changed: {_told(change)}")


def _told(change: Difference) -> str:
    return f"{shown(change.old)} becomes {shown(change.new)}"
