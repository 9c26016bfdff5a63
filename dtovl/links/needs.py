"""What must be in place before a device binds: asked by the driver core, then by its driver.

A device is tried again and again, what it needs stays the same: it is found out once.
Source: kernel of_link_property, of_iommu_configure, pinctrl_bind_pins, really_probe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.links.board import LAYOUT, above_layout, is_below
from dtovl.links.cycles import components, device_graph

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dtovl.links.board import Board
    from dtovl.links.early import Early
    from dtovl.links.lenient import Leniency
    from dtovl.links.link import Finding, Judged, Link
    from dtovl.model.node import Node

_PINS = "pinctrl-0"
_IOMMUS = "iommus"
_ENDPOINT = "remote-endpoint"

# The device of an nvmem cell is the one above the layout that the cell stands in.
_CELLS = "nvmem-cells"

# Findings that say that an entry does not decode: what it belongs to fails with -EINVAL.
_BROKEN = frozenset({"L001", "L002", "L003", "L028"})
_UNRESOLVED = "L005"


class Need(NamedTuple):
    """Something that a device needs.

    property, index  where the device says so
    supplier         node that is named; None: the entry does not decode
    anchor           node that has to be bound, for the supplier to be ready; None: nothing helps
    disabled         the supplier is, itself or below its parents
    reason           why the device waits, in the words of the log
    absent           the same where the supplier is no device yet (of the driver core's needs)
    """

    property: str
    index: int  # type: ignore[assignment]  # a place; nobody looks for a value in it
    supplier: Node | None
    anchor: Node | None
    disabled: bool
    reason: str
    absent: str = ""


class Needs(NamedTuple):
    """All that a device needs, in the order in which it is asked.

    links   suppliers that the driver core waits for
    pins    states of pins that are set before the probe
    iommus  IOMMUs of a master, up to the first that is disabled
    asked   what its driver asks for, in order of the properties
    """

    links: tuple[Need, ...]
    pins: tuple[Need, ...]
    iommus: tuple[Need, ...]
    asked: tuple[Need, ...]

    @property
    def total(self) -> int:
        """Count everything."""
        return len(self.links) + len(self.pins) + len(self.iommus) + len(self.asked)


class Asking:
    """Finds what devices need, each once; strict: the driver core waits for optional ones too.

    leniency tells what is taken as not needed where there is no table of drivers.
    """

    __slots__ = (
        "_board",
        "_circles",
        "_early",
        "_ends",
        "_judged",
        "_known",
        "_leniency",
        "_paths",
        "_strict",
    )

    def __init__(
        self,
        board: Board,
        judged: Mapping[Node, Judged],
        early: Early,
        *,
        strict: bool,
        leniency: Leniency | None = None,
    ) -> None:
        self._board = board
        self._judged = judged
        self._early = early
        self._strict = strict
        self._leniency = leniency
        self._known: dict[Node, Needs] = {}
        self._paths: dict[Node, str] = {}
        self._circles: dict[Node, int] = {}
        self._ends: dict[Node, list[Link]] = {}
        links = [link for one in judged.values() for link in one.links]
        for number, members in enumerate(components(device_graph(board, links)[0])):
            self._circles.update(dict.fromkeys(members, number))
        for link in links:
            if link.property == _ENDPOINT:
                self._ends.setdefault(link.consumer, []).append(link)

    def of(self, device: Node) -> Needs:
        """Give what a device needs."""
        known = self._known.get(device)
        if known is None:
            judged = self._judged.get(device)
            own = judged.links if judged is not None else ()
            own = tuple(link for link in own if link.consumer is device)
            known = self._known[device] = Needs(
                tuple(self._links(device, (*own, *self._ends.get(device, ())))),
                tuple(self._pins(device, own)),
                tuple(self._iommus(device, own)),
                tuple(self._asked(device, own, judged)),
            )
        return known

    # -- the driver core -----------------------------------------------------------------------

    def _links(self, device: Node, links: Iterable[Link]) -> Iterator[Need]:
        for link in links:
            if not (link.mandatory or (self._strict and link.optional)):
                continue
            supplier = link.supplier
            if (
                link.hidden
                or not link.usable
                or supplier is device
                or self._early.covers(supplier)
                or self._is_circle(device, link)
                or is_below(supplier, device)
                or self._is_spared(device, link)
            ):
                continue
            path = self._path(supplier)
            anchor = above_layout(supplier) if link.property == _CELLS else supplier
            yield Need(
                link.property,
                link.index,
                supplier,
                anchor,
                False,
                f"supplier {path} not ready",
                f"wait for supplier {path}",
            )

    def _is_circle(self, device: Node, link: Link) -> bool:
        """Tell whether both ends of a link wait for each other: the driver core gives it up."""
        circle = self._circles.get(device)
        if circle is None:
            return False
        supplier = self._board.ends(link)[1]
        return supplier is not None and self._circles.get(supplier) == circle

    def _is_spared(self, device: Node, link: Link) -> bool:
        """Tell whether a supplier is taken as not needed, since there is no table of drivers."""
        if self._leniency is None:
            return False
        return self._is_circle(device, link) or self._leniency.spares(device, link)

    # -- before the probe ----------------------------------------------------------------------

    def _pins(self, device: Node, own: Iterable[Link]) -> Iterator[Need]:
        for link in own:
            if link.property == _PINS and not self._is_spared(device, link):
                anchor = self._early.anchor(link.supplier)
                if anchor is device or (anchor is not None and anchor in self._early):
                    continue
                reason = f"pinctrl of {self._path(link.supplier)} not there"
                yield Need(_PINS, link.index, link.supplier, anchor, False, reason)

    def _iommus(self, device: Node, own: Iterable[Link]) -> Iterator[Need]:
        """Give the IOMMUs that are looked at: a hole ends the list, and so does a disabled one."""
        for link in own:
            if link.property != _IOMMUS:
                continue
            if link.hidden:
                return
            if not link.usable:
                yield Need(_IOMMUS, link.index, link.supplier, None, True, "")
                return
            anchor = self._early.anchor(link.supplier)
            if (anchor is None or anchor not in self._early) and not self._is_spared(device, link):
                reason = f"iommu {self._path(link.supplier)} not registered"
                yield Need(_IOMMUS, link.index, link.supplier, anchor, False, reason)

    # -- the driver ----------------------------------------------------------------------------

    def _asked(self, device: Node, own: Iterable[Link], judged: Judged | None) -> Iterator[Need]:
        """Give what a driver asks for; an entry that does not decode is the last of its list."""
        if judged is None:
            return
        links: dict[str, list[Link]] = {}
        for link in own:
            if (link.mandatory or link.optional) and _is_asked(link.property):
                links.setdefault(link.property, []).append(link)
        broken = self._broken(device, judged)
        if not links and not broken:
            return
        for name, _ in self._board.tree.properties_of(device):
            for link in links.get(name, ()):
                yield from self._question(device, link)
            if name in broken:
                yield Need(name, broken[name], None, None, False, "")

    def _question(self, device: Node, link: Link) -> Iterator[Need]:
        """Give what an entry asks for; nothing, where it cannot be missing."""
        passed_over = LAYOUT if link.property == _CELLS else ""
        anchor = self._early.anchor(link.supplier, passed_over)
        if link.usable and (
            (anchor is not None and anchor in self._early)
            or self._board.device_of(link.supplier) is device
            or self._board.ends(link)[1] is device
        ):
            return
        if self._is_spared(device, link):
            return
        name, index = link.property, link.index
        reason = f"{name}[{index}] of {self._path(link.supplier)} not ready"
        yield Need(name, index, link.supplier, anchor, not link.usable, reason)

    def _broken(self, device: Node, judged: Judged) -> dict[str, int]:
        """Give the lists of suppliers with an entry that does not decode, and its index."""
        found: dict[str, int] = {}
        for finding in judged.findings:
            name = finding.property
            if not _is_broken(finding) or not self._is_counted(name):
                continue
            if self._leniency is None or not self._leniency.excuses(device, name, finding.rule):
                found[name] = finding.details["index"]
        return found

    def _is_counted(self, name: str) -> bool:
        """Tell whether drivers ask for suppliers with arguments that a property names."""
        binding = self._board.bindings.find(name)
        return (
            binding is not None
            and bool(binding.cells)
            and binding.strength in ("on", "strict")
            and _is_asked(name)
        )

    def _path(self, node: Node) -> str:
        path = self._paths.get(node)
        if path is None:
            path = self._paths[node] = node.path
        return path


def _is_broken(finding: Finding) -> bool:
    """Tell whether a finding says that an entry does not decode."""
    return finding.rule in _BROKEN or (finding.rule == _UNRESOLVED and "value" in finding.details)


def _is_asked(name: str) -> bool:
    """Tell whether drivers ask for what a property names, and nobody before them."""
    return name not in _NOT_ASKED and not name.startswith("pinctrl-")


_NOT_ASKED = frozenset({"interrupt-parent", _IOMMUS, "iommu-map", _ENDPOINT})
