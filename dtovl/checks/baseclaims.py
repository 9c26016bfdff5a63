"""Who else claims a resource: the claims of a base, looked up without reading all of them.

A case asks about a few resources of a few devices, and most of a base has nothing to do with them.
So the base is scanned once for the values that may hold claims, and a value is read only when the
bytes of a resource occur in it. Pins alone are indexed: bindings write one pin in many ways.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from dtovl.checks.claimants import ENABLED, Alive, Reader, Touched
from dtovl.checks.claimkinds import (
    ADDRESSES,
    DMAS,
    GPIOS,
    INTERRUPTS,
    KINDS,
    PINS,
    Claim,
)
from dtovl.checks.lines import address_width
from dtovl.checks.pins import Groups, groups_of
from dtovl.checks.triggers import form_of
from dtovl.model.cells import pack_cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dtovl.checks.claimkinds import Resource
    from dtovl.checks.clashes import Clash
    from dtovl.checks.pinbindings import Pin
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome

# Where values of a kind stand; GPIO lines stand under any name that ends so.
_NAMES = {INTERRUPTS: ("interrupts", "interrupts-extended"), DMAS: ("dmas",)}
_MOST_PINS = 200_000
_MOST_CANDIDATES = 1000
# Bytes that looking for the resources of one case may go through; a large board has 10,000 for
# each resource.
_MOST_WORK = 1 << 27


class _Values:
    """The values of one kind with the devices that have them, to be searched for bytes."""

    __slots__ = ("_all", "_rows", "cost")

    def __init__(self, rows: list[tuple[bytes, Node]]) -> None:
        self._rows = rows
        self._all = b"".join([value for value, _ in rows])
        # In bytes; each value takes a while of its own.
        self.cost = 64 * len(rows) + len(self._all)

    def holders(self, needle: bytes) -> list[Node]:
        """List the devices with a value in which the needle occurs; for most needles, none."""
        if needle not in self._all:
            return []
        return [node for value, node in self._rows if needle in value]


class BaseClaims:
    """The claims of a base's own devices.

    tree is the base; keep one of these for it, and pass it to each check. Overlays may be applied
    and reverted at will: what they changed is for who asks to pass over.
    """

    __slots__ = (
        "_addresses",
        "_by_pin",
        "_devices",
        "_hogs",
        "_labels",
        "_left",
        "_ready",
        "_symbols",
        "_users",
        "_values",
        "recent",
        "tree",
        "unasked",
    )

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.recent: Fresh | None = None
        self._ready = 0
        self._left = 0
        self.unasked = 0
        self._hogs: dict[Node, list[Node]] = {}
        self._addresses: dict[Node, dict[bytes, list[Node]]] = {}
        self._devices: list[Node] | None = None
        self._labels: dict[bytes, str] | None = None
        # Those of an overlay that is in force when they are asked for would stay beyond it.
        self._symbols = {} if tree.symbols is None else dict(tree.symbols.properties)
        self._values: dict[int, _Values] = {}
        self._users: dict[Node, list[Node]] = {}
        self._by_pin: dict[Node, dict[Pin | Node | bytes, list[Node]]] = {}

    def prepare(self, resources: Iterable[Resource], fresh: Fresh) -> None:
        """Make ready to be asked for resources while overlays are in force.

        What is found with them is good as long as nothing of the base is missing: each answer is
        looked up in the tree again. If they replaced something, they are taken out meanwhile.
        """
        self._left = _MOST_WORK
        self.unasked = 0
        kinds = 0
        buses = []
        for kind, provider, _ in resources:
            if kind != ADDRESSES:
                kinds |= kind
            elif provider not in self._addresses:
                buses.append(provider)
        missing = kinds & ~self._ready
        touched = fresh.touched
        amiss = (missing and touched.replaced) or (buses and touched.moved)
        aside = fresh.outcomes if amiss else ()
        for outcome in reversed(aside):
            outcome.changeset.revert(self.tree)
        for bus in buses:
            self._addresses[bus] = _by_address(bus)
        if missing:
            self._ready |= missing
            self._scan(missing)
        for outcome in aside:
            outcome.changeset.apply(self.tree)

    def _scan(self, kinds: int) -> None:
        if self._devices is None:
            self._devices = _alive_below(self.tree.root)
        devices = self._devices
        if kinds & PINS:
            self._index_pins(devices)
        for kind, names in _NAMES.items():
            if kinds & kind:
                self._values[kind] = _Values(
                    [
                        (node.properties[name], node)
                        for name in names
                        for node in devices
                        if name in node.properties
                    ]
                )
        if kinds & GPIOS:
            for node in devices:
                if "gpio-hog" in node.properties and node.parent is not None:
                    self._hogs.setdefault(node.parent, []).append(node)
            named = set().union(*[node.properties for node in devices])
            wanted = {name for name in named if "gpio" in name and KINDS[name] == GPIOS}
            self._values[GPIOS] = _Values(
                [
                    (value, node)
                    for node in devices
                    if not wanted.isdisjoint(node.properties)
                    for name, value in node.properties.items()
                    if name in wanted
                ]
            )

    def _index_pins(self, devices: Iterable[Node]) -> None:
        """Note which devices use which groups, and which groups mux which pins."""
        users = self._users
        for node in devices:
            if "pinctrl-0" in node.properties:
                for _, group in groups_of(self.tree, node):
                    users.setdefault(group, []).append(node)
        groups = Groups()
        left = _MOST_PINS
        for group in users:
            controller, pins = groups.read(group)
            muxed = self._by_pin.setdefault(controller, {})
            units = (group,) if pins is None else pins
            for unit in units:
                muxed.setdefault(unit, []).append(group)
            left -= len(units)
            if left < 0:
                break

    @property
    def labels(self) -> dict[bytes, str]:
        """Map paths, as `/__symbols__` writes them, to labels: those that were there at first."""
        if self._labels is None:
            listed = self._symbols
            self._labels = dict(zip(listed.values(), listed.keys(), strict=True))
        return self._labels

    def users(self, group: Node) -> Sequence[Node]:
        """Give the devices of the base that use a pin configuration node."""
        return self._users.get(group, ())

    def rivals(self, resource: Resource, touched: Touched, reader: Reader) -> list[Claim]:
        """Give the claims on a resource of enabled devices that overlays did not touch.

        Past a bound on the work of one case the answer is empty, and counted as unasked.
        """
        candidates = self._candidates(resource)
        if not candidates:
            return []
        kind = resource[0]
        found: list[Claim] = []
        for node in dict.fromkeys(islice(candidates, _MOST_CANDIDATES)):
            if not touched.kinds.get(node, 0) & kind and touched.alive(node):
                found += [claim for claim in reader.claims(node, kind) if claim[0] == resource]
        return found

    def may_ship(self, clash: Clash) -> bool:
        """Tell whether the base may have a clash by itself, without looking at the plain base."""
        if clash.first.kind != PINS or not self._ready & PINS:
            return True
        users = self._candidates(clash.first.resource)
        return clash.first.device in users and clash.second.device in users

    def _candidates(self, resource: Resource) -> Sequence[Node]:
        """List devices that may claim a resource, among them all of the base that do."""
        kind, provider, unit = resource
        if kind == PINS:
            groups = self._by_pin.get(provider, {}).get(unit, ())
            users = self._users
            return list(islice((user for one in groups for user in users[one]), _MOST_CANDIDATES))
        if not isinstance(unit, bytes):
            return ()
        if kind == ADDRESSES:
            return self._addresses[provider].get(unit, ())
        values = self._values[kind]
        self._left -= values.cost
        if self._left < 0:
            self.unasked += 1
            return ()
        if kind == INTERRUPTS:
            needle = form_of(provider.properties.get("compatible", b"")).needle(unit)
        else:
            needle = pack_cell(provider.phandle) + unit
        found = values.holders(needle)
        if kind == GPIOS and provider in self._hogs:
            found += self._hogs[provider]
        return found


class Shipped:
    """Tells which clashes the base has by itself, while no overlay is in force.

    Boards ship with such clashes: an overlay that writes the same again is not to blame.
    """

    __slots__ = ("_alive", "_claimed", "_reader")

    def __init__(self, known: BaseClaims) -> None:
        self._reader = Reader(known.tree)
        self._alive = Alive(known.tree.root)
        self._claimed: dict[tuple[Node, int], set[Resource]] = {}

    def __call__(self, clash: Clash) -> bool:
        """Tell it of a clash between devices that no overlay brought."""
        one, other = clash.first.device, clash.second.device
        if not (self._alive(one) and self._alive(other)):
            return False
        kind = clash.first.kind
        first, second = self._resources(one, kind), self._resources(other, kind)
        return all(a.resource in first and a.resource in second for a, _ in clash.pairs)

    def _resources(self, device: Node, kind: int) -> set[Resource]:
        found = self._claimed.get((device, kind))
        if found is None:
            claims = self._reader.claims(device, kind)
            found = self._claimed[device, kind] = {claim.resource for claim in claims}
        return found


def _alive_below(root: Node) -> list[Node]:
    """List the enabled nodes, but for those of the tree's bookkeeping, parents first."""
    stack = [child for child in root.children.values() if not child.name.startswith("__")]
    found = []
    while stack:
        node = stack.pop()
        if node.properties.get("status") in ENABLED:
            found.append(node)
            if node.children:
                stack += node.children.values()
    return found


def _by_address(bus: Node) -> dict[bytes, list[Node]]:
    """Map the first addresses on a bus to the devices that have them."""
    width = address_width(bus)
    placed = [
        (node.properties["reg"][:width], node)
        for node in bus.children.values()
        if "reg" in node.properties
    ]
    found = {address: [node] for address, node in placed}
    if len(found) < len(placed):
        found = {address: [] for address in found}
        for address, node in placed:
            found[address].append(node)
    return found


class Fresh(NamedTuple):
    """The claims of devices that overlays in force touched, by resource."""

    outcomes: tuple[Outcome, ...]
    touched: Touched
    claims: dict[Resource, list[Claim]]

    def may_be_shared(self, resource: Resource) -> bool:
        """Tell whether others of the base may claim a resource as well: not of a new provider.

        Which interrupt and DMA channel a device of the base has is the chip's own affair: enabling
        it brings no clash with others of the base that is worth telling.
        """
        kind, provider, _ = resource
        if provider in self.touched.new:
            return False
        own = self.touched.direct
        return not kind & _OF_THE_CHIP or any(
            own.get(claim.device, 0) & kind for claim in self.claims[resource]
        )


_OF_THE_CHIP = INTERRUPTS | DMAS


def fresh_claims(known: BaseClaims, outcomes: Iterable[Outcome]) -> Fresh | None:
    """Read the claims of the devices that overlays in force touched; None: they touched none.

    known keeps the last answer, for the overlay that is looked at in a case and for itself.
    """
    tree = known.tree
    applied = tuple(outcome for outcome in outcomes if outcome.applies)
    recent = known.recent
    if recent is not None and recent.outcomes == applied:
        return recent if recent.claims else None
    touched = Touched(tree, applied)
    known.recent = fresh = Fresh(applied, touched, {})
    if not touched:
        return None
    if touched.groups:
        known.prepare([(PINS, touched.groups[0], b"")], fresh)
        for group in touched.groups:
            for node in known.users(group):
                if touched.alive(node):
                    touched.kinds[node] = touched.kinds.get(node, 0) | PINS
    reader = Reader(tree)
    found = fresh.claims
    for node, kinds in touched.kinds.items():
        for claim in reader.claims(node, kinds):
            resource = claim[0]
            if resource in found:
                found[resource].append(claim)
            else:
                found[resource] = [claim]
    return fresh if found else None
