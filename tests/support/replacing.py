"""A running kernel on a small board, of which overlays are replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl.script.machine import Machine
from support.blob import blob
from support.boards import Lines, tree_lines
from support.overlays import at, inside, overlay_content, to
from support.trees import Content, tree_of

if TYPE_CHECKING:
    from dtovl.live.overlays import LiveOverlay
    from dtovl.model.node import Node

BASE: Content = {
    "compatible": "acme,board",
    "soc": {
        "phandle": 1,
        "bus": {"phandle": 2, "speed": 100, "mode": "slow"},
        "other": {"phandle": 3},
    },
    "__symbols__": {"soc": "/soc", "bus": "/soc/bus", "other": "/soc/other"},
}
CAM = "/soc/bus/cam"
NODE: dict[str, Any] = {"compatible": "acme,cam", "phandle": 1, "gain": 1, "port": {"lanes": 2}}
EXPORT: Content = {"cam": "/fragment@0/__overlay__/cam"}


def cam(*, label: bool = True, **changes: Any) -> Content:
    """Make an overlay that brings the camera; changes are those of its properties."""
    content: Content = {"cam": {**NODE, **changes}}
    return overlay_content(to("bus", content), symbols=EXPORT if label else None)


OVERLAYS: dict[str, Content] = {
    "A": cam(),
    "A2": cam(gain=5, new=7),
    "other-kind": cam(compatible="acme,cam2"),
    "unlabelled": cam(label=False),
    "renumbered": overlay_content(
        to("bus", {"cam": {**NODE, "phandle": 9}, "main": 9}),
        symbols=EXPORT,
        local=inside({"main": 0}),
    ),
    "lens": overlay_content(to("cam", {"lens": {"focus": 1}, "gain": 3})),
    "sound": overlay_content(to("other", {"sound": {"volume": 1}})),
    "sound2": overlay_content(to("other", {"sound": {"volume": 2}})),
    "fast": overlay_content(to("bus", {"speed": 400})),
    "faster": overlay_content(to("bus", {"speed": 800, "turbo": 1})),
    "led": overlay_content(at("/soc", {"led": {"on": 1}})),
    "twice": overlay_content(to("bus", {"speed": 1}), to("bus", {"speed": 2})),
}


class Picture(NamedTuple):
    """All that a refused or failed replacement must leave as it is."""

    tree: Lines
    counts: dict[Node, int]
    stack: list[tuple[int, str]]
    origins: dict[Any, Any]
    dead: dict[Node, list[str]]


class Bench:
    """A machine, and what happened there."""

    def __init__(self, *applied: str, base: Content = BASE, **more: Content) -> None:
        overlays = {**OVERLAYS, **more}
        self.machine = Machine(tree_of(base), read=lambda name: blob(overlays[name]))
        self.live = self.machine.live
        self.overlays = self.machine.overlays
        for name in applied:
            assert self.step("apply", overlay=name)["ret"] == 0

    def step(self, op: str, **values: Any) -> dict[str, Any]:
        return self.machine.step({"op": op, **values})

    def replace(self, old: list[str], new: list[str]) -> dict[str, Any]:
        """Replace overlays, named as they were applied."""
        numbers = [self.record(name).number for name in old]
        return self.step("replace", old=numbers, new=new)

    def record(self, name: str) -> LiveOverlay:
        return next(one for one in self.overlays.listed if one.name == name)

    def node(self, path: str) -> Node:
        found = self.live.tree.find(path)
        assert found is not None, path
        return found

    def hold(self, path: str = CAM, holder: str = "driver") -> Node:
        node = self.node(path)
        self.step("hold", path=path, **{"as": holder})
        return node

    def stack(self) -> list[str]:
        return [one.name for one in self.overlays.listed]

    def picture(self) -> Picture:
        live = self.live
        return Picture(
            tree_lines(live),
            {node: live.count(node) for node in live.tree.walk()},
            [(one.number, one.name) for one in self.overlays.listed],
            dict(live.tree.origins),
            {node: [one.name for one in dead] for node, dead in live.dead.items()},
        )

    def leaks(self) -> list[str]:
        found: list[str] = self.step("leak_scan")["leaks"]
        return found

    def told(self, answer: dict[str, Any]) -> dict[str, list[str]]:
        """Give the paths of nodes by what became of them."""
        found: dict[str, list[str]] = {}
        for one in answer["nodes"]:
            found.setdefault(one["what"], []).append(one["path"])
        return found


def events(answer: dict[str, Any]) -> list[str]:
    """Give the actions that listeners heard of, in order."""
    return [one["action"] for one in answer["log"] if "action" in one]


def codes(answer: dict[str, Any]) -> list[str]:
    """Give the numbers of what was found, but for what is told of every overlay (DT209)."""
    return [one.code.number for one in answer["findings"] if one.code.number != "DT209"]
