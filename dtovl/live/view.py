"""What the platform bus sees of the tree: as it is, or as it was at boot.

Devices of boot are worked out late, when somebody asks for the first time; overlays may have
changed the tree by then. What was there at boot is told by who made a node or property.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.live.objects import Flag, Maker
from dtovl.live.suppliers import is_available
from dtovl.model.dialect import Problem
from dtovl.model.node import plain_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.live.state import Live
    from dtovl.model.node import Node


class View:
    """Looks at a live tree; at_boot tells whether it looks at what was there at boot."""

    __slots__ = ("_gone", "_live", "_reads_on", "at_boot", "strict")

    def __init__(self, live: Live, *, at_boot: bool = False) -> None:
        self._live = live
        self.at_boot = at_boot
        self.strict = live.dialect.status_needs_end
        self._reads_on = Problem.COMPATIBLE_UNTERMINATED in live.dialect.hazards
        self._gone: dict[Node, list[Node]] | None = None

    def get(self, node: Node, name: str) -> bytes | None:
        """Give the value of the first property of a name."""
        value = node.properties.get(name)
        if not self.at_boot:
            return value
        known = self._live.objects.get((node, name))
        if value is not None and (known is None or known.maker is Maker.BOOT):
            return value
        for prop in self._live.dead.get(node, ()):
            if prop.name == name and prop.maker is Maker.BOOT:
                return prop.value
        return None

    def names(self, node: Node) -> Iterable[str]:
        """Give the names of the properties of a node, in order."""
        if not self.at_boot:
            return [plain_name(key) for key in node.properties]
        names = [plain_name(key) for key in node.properties]
        names += [prop.name for prop in self._live.dead.get(node, ())]
        return [name for name in dict.fromkeys(names) if self.get(node, name) is not None]

    def children(self, node: Node) -> Iterable[Node]:
        """Give the children of a node in order; those of boot that are detached now come last."""
        children = self._live.tree.children_of(node)
        if not self.at_boot:
            return children
        if self._gone is None:
            self._gone = {}
            for one in self._live.detached_of_boot():
                if one.parent is not None:
                    self._gone.setdefault(one.parent, []).append(one)
        has_flag = self._live.has_flag
        there = [child for child in children if not has_flag(child, Flag.DYNAMIC)]
        return there + self._gone.get(node, [])

    def available(self, node: Node) -> bool:
        """Tell whether `status` lets a device be made of a node."""
        return is_available(self.get, node, strict=self.strict)

    def kinds(self, node: Node) -> list[str]:
        """Give the strings of `compatible`.

        A last one without NUL counts if it lies in the blob of boot, where a zero byte follows;
        others never equal anything.
        """
        value = self.get(node, "compatible")
        if value is None:
            return []
        *kinds, rest = value.decode("latin-1").split("\0")
        if rest and self._reads_on and self.is_of_boot(node, "compatible"):
            kinds.append(rest)
        return kinds

    def is_of_boot(self, node: Node, name: str) -> bool:
        """Tell whether the value of a property that is seen lies in the blob of boot."""
        known = self._live.objects.get((node, name))
        return self.at_boot or known is None or known.maker is Maker.BOOT
