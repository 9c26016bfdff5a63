"""What the steps of a script have given names to: overlays, nodes, changesets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes import script as codes
from dtovl.live.objects import Oops
from dtovl.model.paths import Miss, find_path
from dtovl.script.parameters import wrong

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.live.changeset import LiveChangeset
    from dtovl.live.state import Live
    from dtovl.model.node import Node
    from dtovl.script.parameters import Step


class Held:
    """A node under a label; own is how many references the script has on it."""

    __slots__ = ("label", "node", "own")

    def __init__(self, label: str, node: Node) -> None:
        self.label = label
        self.node = node
        self.own = 1


class Names:
    """Labels of one script.

    overlays   label -> id that the apply gave
    labels     label -> node that the script holds, or held
    changesets label -> changeset
    """

    def __init__(self, live: Live) -> None:
        self._live = live
        self.overlays: dict[str, int] = {}
        self._files: dict[int, str] = {}
        self.labels: dict[str, Held] = {}
        self.changesets: dict[str, LiveChangeset] = {}

    def enter(self, label: str, node: Node) -> None:
        """Name a node of which one reference has just been taken."""
        held = self.labels.get(label)
        if held is not None and held.node is node and held.own > 0:
            held.own += 1
        else:
            self.labels[label] = Held(label, node)

    def enter_overlay(self, label: str, number: int, name: str) -> None:
        """Name the overlay that got an id."""
        self.overlays[label] = number
        self._files[number] = name

    def overlay_name(self, step: Step) -> str:
        """Give the file name of the step's overlay, given by label or id; "" if unknown."""
        number = step.number("id") if step.has("id") else self.overlay(step)
        return self._files.get(number, "")

    def node(self, step: Step, name: str) -> Node:
        """Find the node of a path or label. Raises InputError (DT284), Oops."""
        held = self.labels.get(name)
        if held is not None:
            return self._alive(held).node
        if name.startswith("/"):
            found = find_path(self._live.tree, name, self._live.dialect)
            if not isinstance(found, Miss):
                return found
            from dtovl.model.lookup import nearest

            paths = (node.path for node in self._live.tree.walk())
            near = nearest(name, paths)
            raise wrong(codes.NAME_UNKNOWN, op=step.op, kind="node", name=name, hint=_near(near))
        raise self._unknown(step, "node", name, self.labels)

    def held(self, step: Step) -> Held:
        """Find the node of the step's label. Raises InputError (DT284)."""
        label = step.text("label")
        held = self.labels.get(label)
        if held is None:
            raise self._unknown(step, "node", label, self.labels)
        return self._alive(held)

    def _alive(self, held: Held) -> Held:
        """Stop a step that uses a node whose memory is gone. Raises Oops."""
        if held.node in self._live.freed:
            raise Oops(f"{held.label} is a node whose memory was freed", held.node)
        return held

    def overlay(self, step: Step) -> int:
        """Find the id of the step's overlay. Raises InputError (DT284)."""
        return self.overlay_called(step, step.text("overlay"))

    def overlay_called(self, step: Step, label: str) -> int:
        """Find the id of an overlay by what a step calls it. Raises InputError (DT284)."""
        if label not in self.overlays:
            raise self._unknown(step, "overlay", label, self.overlays)
        return self.overlays[label]

    def changeset(self, step: Step) -> LiveChangeset:
        """Find the step's changeset. Raises InputError (DT284)."""
        label = step.text("cs")
        if label not in self.changesets:
            raise self._unknown(step, "changeset", label, self.changesets)
        return self.changesets[label]

    def _unknown(self, step: Step, kind: str, name: str, known: Iterable[str]) -> Exception:
        from difflib import get_close_matches

        close = get_close_matches(name, list(known), 1)
        return wrong(codes.NAME_UNKNOWN, op=step.op, kind=kind, name=name, hint=_near(close))


def _near(close: list[str]) -> str:
    return f"; did you mean {close[0]}?" if close else ""
