"""What faults are injected into: a kernel with a base, one overlay that is there, one to come.

The kernel is that of dtovl.live, whole; nothing here stands in for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.fdt.read import unflatten
from dtovl.lifetimes.faultblobs import overlay_at
from dtovl.live.blob import apply_parsed, parse_blob
from dtovl.live.changeset import Action
from dtovl.live.objects import Overlaid
from dtovl.live.overlays import Overlays
from dtovl.live.state import Live
from dtovl.overlay.outcome import LogLine

if TYPE_CHECKING:
    from dtovl.live.changeset import Entry
    from dtovl.live.overlays import Applied, LiveOverlay
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node

REFUSAL = "-EBUSY"
"""What a listener answers that refuses."""

_BYSTANDER = "dtovl,bystander"

Lines = list[tuple[str, int, "bytes | None", tuple[tuple[str, bytes], ...]]]


class Refuser:
    """A listener that refuses once: the nth call of an action, of any action if it is "".

    refused is what it was told of the fragment at which it did. See dtovl.live.notify.Listener.
    """

    def __init__(self) -> None:
        self._chain = self._action = ""
        self._left = 0
        self.refused: Overlaid | None = None

    def refuse(self, chain: str, action: str, nth: int = 1) -> None:
        """Refuse from now on the nth call on a chain: overlay or reconfig."""
        self._chain, self._action, self._left = chain, action, nth

    @property
    def waits(self) -> bool:
        """Tell whether it has been told to refuse, and has not."""
        return self._left > 0

    def reconfig(self, place: str, action: str, node: Node) -> str:
        """Hear of an entry."""
        return REFUSAL if place == "reconfig" and self._counts("reconfig", action) else ""

    def overlay(self, action: str, target: Node, content: Node) -> str:
        """Hear of a fragment."""
        if not self._counts("overlay", action):
            return ""
        self.refused = Overlaid(action, target, content)
        return REFUSAL

    def _counts(self, chain: str, action: str) -> bool:
        if not self._left or chain != self._chain or self._action not in ("", action):
            return False
        self._left -= 1
        return not self._left


class Picture(NamedTuple):
    """A kernel at one moment: its tree in order, flags and counts by path."""

    tree: Lines
    flags: dict[str, int]
    counts: dict[str, int]


class Bench:
    """A kernel that runs on a base (a blob), with a listener that can refuse."""

    def __init__(self, base: bytes, dialect: Dialect) -> None:
        self.live = Live(unflatten(base), dialect)
        self.overlays = Overlays(self.live)
        self.refuser = Refuser()
        self.live.listeners.append(self.refuser)

    def apply(self, blob: bytes, name: str, size: int | None = None) -> Applied:
        """Apply a blob; size is what the caller says it has, in bytes. Raises Oops."""
        return apply_parsed(self.overlays, parse_blob(blob, name, size))

    def stand_by(self) -> int:
        """Apply an overlay that is in nobody's way; give its id."""
        done = self.apply(overlay_at("/", {}, child=_BYSTANDER), "bystander")
        self.forget()
        return done.number

    def forget(self) -> None:
        """Forget what was logged and found."""
        self.live.log.clear()
        self.live.drop_findings()

    def node(self, path: str) -> Node:
        """Find a node that must be there."""
        found = self.live.tree.find(path)
        assert found is not None, path
        return found

    def lines(self) -> list[str]:
        """Give the kernel's lines since it was told to forget."""
        return [entry.text for entry in self.live.log if isinstance(entry, LogLine)]

    def heard(self) -> list[Overlaid]:
        """Give what the overlay chain was told since then."""
        return [one for one in self.live.log if isinstance(one, Overlaid)]

    def picture(self) -> Picture:
        """Take a picture."""
        live = self.live
        nodes = {node.path: node for node in live.tree.walk()}
        flags = {path: int(live.flags(node)) for path, node in nodes.items()}
        counts = {path: live.count(node) for path, node in nodes.items()}
        return Picture(self._lines(nodes), flags, counts)

    def _lines(self, nodes: dict[str, Node]) -> Lines:
        live = self.live
        found = []
        for path, node in nodes.items():
            # Whether the name that the kernel makes is in the list yet shows nowhere.
            listed = [item for item in live.tree.properties_of(node) if item[0] != "name"]
            found.append((path, node.phandle, live.property(node, "name"), tuple(listed)))
        return found


class Plan(NamedTuple):
    """What a faultless apply of the overlay did: where faults can be put.

    fragments is how many were told of; new, changed and updated are the paths of nodes that were
    attached, properties of base nodes as (path, name), and those of them that replaced one.
    """

    fragments: int
    entries: int
    new: tuple[str, ...]
    changed: tuple[tuple[str, str], ...]
    updated: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, record: LiveOverlay) -> Plan:
        """Read it off an overlay that is in force."""
        entries: list[Entry] = record.changeset.entries
        new = {one.node: one.node.path for one in entries if one.action == Action.ATTACH}
        changed, updated = [], []
        for one in entries:
            if one.prop is not None and one.node not in new:
                changed.append((one.node.path, one.prop.name))
                if one.action == Action.UPDATE:
                    updated.append(changed[-1])
        return cls(
            len(record.pairs), len(entries), tuple(new.values()), tuple(changed), tuple(updated)
        )
