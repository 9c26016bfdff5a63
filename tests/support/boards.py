"""A running kernel on a small base: apply, remove, listen, and compare what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.live.changeset import Action, LiveChangeset, find_property
from dtovl.live.objects import Maker, Property
from dtovl.live.overlays import Overlays
from dtovl.live.platform import PlatformBus
from dtovl.live.state import Live
from dtovl.model.dialect import LINUX
from dtovl.script.dump import properties, walk
from dtovl.script.listener import Order, ScriptListener
from dtovl.script.render import render_log
from support.applying import unflattened
from support.overlays import at, overlay_of
from support.trees import Content, tree_of, value_of

if TYPE_CHECKING:
    from dtovl.live.overlays import Applied
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node

BASE: Content = {
    "#address-cells": 1,
    "aliases": {"bus": "/soc", "serial0": "/soc/u@2"},
    "soc": {
        "phandle": 5,
        "model": "acme",
        "status": "okay",
        "u@2": {"reg": 2, "phandle": 7},
        "bare": {"x": 1, "y": 2, "z": 3},
    },
    "__symbols__": {"soc": "/soc", "u": "/soc/u@2", "bare": "/soc/bare"},
}

Lines = list[tuple[str, int, tuple[tuple[str, bytes], ...]]]


class Board:
    """A live tree with its overlays, and a listener that can be told to fail.

    Devices are made of its nodes only if devices is set.
    """

    def __init__(
        self, base: Content = BASE, dialect: Dialect = LINUX, *, devices: bool = False
    ) -> None:
        self.live = Live(tree_of(base), dialect)
        if devices:
            self.live.platform = PlatformBus(self.live)
        self.overlays = Overlays(self.live)
        self.listener = ScriptListener(self.live)
        self.live.listeners.append(self.listener)

    # -- acting --------------------------------------------------------------------------------

    def apply(self, *fragments: Content, name: str = "cam.dtbo", **tables: Any) -> Applied:
        return self.overlays.apply(unflattened(overlay_of(*fragments, name=name, **tables)))

    def applied(self, *fragments: Content, name: str = "cam.dtbo", **tables: Any) -> int:
        """Apply what must be taken, forget the log, and give the id."""
        done = self.apply(*fragments, name=name, **tables)
        assert done.error == ""
        self.forget()
        return done.number

    def remove(self, number: int) -> tuple[str, int]:
        return self.overlays.remove(number)

    def fail(
        self, chain: str, action: str, error: str = "EBUSY", *, nth: int = 1, times: int = 1
    ) -> None:
        """Let a listener answer with an error at the nth call of an action."""
        self.listener.order(chain, Order(action, error, nth, times))

    def changeset(self, label: str = "driver") -> LiveChangeset:
        return LiveChangeset(f"changeset {label}")

    def prop(self, name: str, value: bytes | str | int | None = None) -> Property:
        """Make a property as a driver does."""
        made = Property(name, value_of(value), Maker.CALLER)
        self.live.made_properties.append(made)
        return made

    def record(
        self,
        changeset: LiveChangeset,
        action: str,
        path: str,
        name: str = "",
        value: bytes | str | int | None = None,
    ) -> None:
        """Record an entry; one that removes takes the property that is there."""
        node = self.node(path)
        prop = None
        if action == Action.REMOVE:
            prop = find_property(self.live, node, name)
            assert prop is not None
        elif name:
            prop = self.prop(name, value)
        changeset.record(self.live, action, node, prop)

    # -- looking -------------------------------------------------------------------------------

    def node(self, path: str) -> Node:
        found = self.live.tree.find(path)
        assert found is not None, path
        return found

    def count(self, path: str) -> int:
        return self.live.count(self.node(path))

    def dead(self, path: str) -> list[str]:
        return [prop.name for prop in self.live.dead.get(self.node(path), ())]

    def log(self) -> list[tuple[str, ...]]:
        """Take the log: ("line", text), and of notifications (action, path[, property])."""
        taken = [_short(entry) for entry in render_log(self.live.log)]
        self.live.log.clear()
        return taken

    def lines(self) -> list[str]:
        """Take the log, and give the kernel's lines."""
        return lines_of(self.log())

    def events(self) -> list[tuple[str, ...]]:
        """Take the log, and give the notifications."""
        return events_of(self.log())

    def forget(self) -> None:
        """Forget what was logged and found."""
        self.live.log.clear()
        self.live.take_findings()

    def codes(self) -> set[str]:
        """Take the names of what was found."""
        return {found.code.name for found in self.live.take_findings()}

    def tree(self) -> Lines:
        return tree_lines(self.live)

    def names(self, path: str) -> list[str]:
        """List the properties of a node in live order."""
        return [name for name, _ in properties(self.live, self.node(path))]

    def children(self, path: str) -> list[str]:
        """List the children of a node in live order."""
        return [child.name for child in self.live.tree.children_of(self.node(path))]

    def devices(self) -> dict[str, str]:
        """Give the names of devices by the paths of their nodes."""
        assert self.live.platform is not None
        return {device.node.path: device.name for device in self.live.platform.devices}

    def counts(self) -> dict[str, int]:
        return {node.path: self.live.count(node) for node in self.live.tree.walk()}

    def flags(self) -> dict[str, int]:
        return {node.path: int(self.live.flags(node)) for node in self.live.tree.walk()}


def lines_of(log: list[tuple[str, ...]]) -> list[str]:
    """Give the kernel's lines of a log that was taken."""
    return [entry[1] for entry in log if entry[0] == "line"]


def events_of(log: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Give the notifications of a log that was taken."""
    return [entry for entry in log if entry[0] not in ("line", "inject")]


def _short(entry: dict[str, Any]) -> tuple[str, ...]:
    if "text" in entry:
        return ("line", entry["text"])
    if entry["event"] == "inject":
        return ("inject", entry["errno"])
    if entry["event"] in ("probe", "remove"):
        return (entry["event"], entry["device"])
    place = (entry["action"], entry.get("target") or entry["node"])
    return (*place, entry["property"]) if "property" in entry else place


def tree_lines(live: Live) -> Lines:
    """Write a live tree as a walk of the kernel finds it, order included."""
    return [(node.path, node.phandle, tuple(properties(live, node))) for node in walk(live)]


def clash(*before: Content) -> tuple[Content, ...]:
    """Give fragments whose building fails at the very end, after those given."""
    return (*before, at("/soc", {"u@2": {"phandle": 1}}))


def suspect_board() -> Board:
    """Make a board on which an apply failed, and taking it back failed too."""
    board = Board()
    board.applied(at("/soc", {"first": {}}))
    board.live.faults.update({"apply-entry-1": "-ENOMEM", "rollback-entry": "-ENOMEM"})
    done = board.apply(at("/soc", {"p": 1, "q": 1}))
    assert (done.error, done.number) == ("-ENOMEM", 2)
    return board
