"""The words for clashes: what is claimed, by which two devices, and who brought that."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from dtovl.checks.claimkinds import ADDRESSES, DMAS, GPIOS, INTERRUPTS, PINS, Claim
from dtovl.checks.clashes import HOG, doubt_of, is_chip_bus, role_of, severity_of
from dtovl.checks.pinbindings import pin_words
from dtovl.checks.pins import as_controller
from dtovl.checks.triggers import line_words
from dtovl.codes import claims as codes
from dtovl.diagnostics import Diagnostic, Note
from dtovl.model.cells import cell, cells, text
from dtovl.model.node import plain_name
from dtovl.overlay.devices import device_name, is_populated_bus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.checks.baseclaims import BaseClaims
    from dtovl.checks.claimants import Touched
    from dtovl.checks.clashes import Clash
    from dtovl.checks.pinbindings import Controller
    from dtovl.codes.base import Code, Severity
    from dtovl.diagnostics import Location
    from dtovl.model.node import Node
    from dtovl.model.tree import Origin, Tree

_MOST_UNITS = 5
_BASE = "the base"
_CODES = {
    PINS: codes.PIN_CONFLICT,
    GPIOS: codes.GPIO_CONFLICT,
    INTERRUPTS: codes.INTERRUPT_SHARED,
    DMAS: codes.DMA_CONFLICT,
    ADDRESSES: codes.ADDRESS_CONFLICT,
}
_NOUNS = {GPIOS: "line", INTERRUPTS: "interrupt", DMAS: "channel"}
_WHY = {
    PINS: "Linux muxes a pin of {} for one device alone",
    GPIOS: "Linux gives a line of {} to one driver; the second gets -EBUSY",
    INTERRUPTS: "both raise an interrupt at {}",
    DMAS: "both name it in {}",
    ADDRESSES: "{} is their bus",
}


class Side(NamedTuple):
    """One of the two devices of a clash, in words; made while its overlay is in force.

    device is what Linux calls it, "" where that cannot be told; chip is the name of its driver's
    kind; role is that of clashes.role_of; hog is what a hog does with its line; owner is who
    brought the claim, and who enabled the device; cure is a fragment that disables it.
    """

    path: str
    name: str
    device: str
    chip: str
    role: str
    hog: str
    provider: str
    bus: str
    owner: str
    brought: str
    cure: str
    overlays: tuple[str, ...]
    notes: tuple[Note, ...]
    at: Location | None


class Teller:
    """Puts clashes in one tree into words, while nothing in it changes.

    touched is what the overlays that are in force changed.
    """

    __slots__ = ("_enabled", "_known", "_names", "_sides", "_tree")

    def __init__(self, known: BaseClaims, touched: Touched) -> None:
        self._enabled = touched.enabled
        self._tree = known.tree
        self._known = known
        self._names: dict[Node, str] = {}
        self._sides: dict[tuple[object, ...], Side] = {}

    def describe(self, claim: Claim) -> Side:
        """Describe the device of a claim, and what it claims by; once for all units of a group."""
        muxes = bool(_pin_words(claim)[1])
        key = (claim.device, claim.key, claim.group, claim.provider, muxes)
        side = self._sides.get(key)
        if side is None:
            side = self._sides[key] = self._describe(claim, muxes=muxes)
        return side

    def _describe(self, claim: Claim, *, muxes: bool) -> Side:
        tree, device, key = self._tree, claim.device, claim.key
        path = device.path
        claimed = tree.origin_of(device, key)
        enabler = self._enabler(device, claimed) if self._enabled else ""
        pins = None if claim.group is None else self._group_origin(claim.group)
        words = f"from {_named(claimed)}"
        if enabler:
            words += f", enabled by {enabler}"
        if pins is not None and (claimed is None or pins.overlay != claimed.overlay):
            words += f", pins from {_named(pins)}"
        notes = [Note(f"{path}: {self._by(claim)}, {words}", tree.positions.get((device, key)))]
        doubt = doubt_of(claim) if claim.kind == PINS else ""
        if doubt:
            notes.append(Note(f"{path} {doubt}"))
        origins = [origin.overlay for origin in (claimed, pins) if origin is not None]
        if enabler:
            origins.insert(claimed is not None, enabler)
        brought = _BASE if claimed is None else claimed.overlay
        return Side(
            path,
            device.name if claim.kind == ADDRESSES else self._telling(device),
            _kernel_name(tree, device) if muxes and not doubt else "",
            (text(device.properties.get("compatible", b"")) or "").rpartition(",")[2][:19],
            role_of(claim),
            _hogged(device),
            self._telling(claim.provider),
            claim.provider.path,
            f"{brought}, enabled by {enabler}" if enabler else brought,
            brought,
            _off(self._name(device)) if claim.kind == ADDRESSES and claimed is None else "",
            tuple(dict.fromkeys(origins)),
            tuple(notes),
            tree.positions.get((device, key)) or tree.positions.get(device),
        )

    def _telling(self, node: Node) -> str:
        """Name a node; where its name alone says little, with its label, else by its path.

        Many nodes are called gpio@0 or led-1; a longer unit address, and a name that stands right
        below the root, are commonly one of a kind.
        """
        _, at, address = node.name.partition("@")
        above = node.parent
        if above is None or (len(address) > 1 if at else above.parent is None):
            return node.name or "/"
        label = self._name(node)
        return f"{label} ({node.name})" if label.startswith("&") else label

    def _by(self, claim: Claim) -> str:
        if claim.group is None:
            return claim.key
        hog = " (a hog of the controller)" if claim.device is claim.provider else ""
        return f"{claim.key} -> {self._name(claim.group)}{hog}"

    def _name(self, node: Node) -> str:
        """Give a label of a node, else its path."""
        name = self._names.get(node)
        if name is None:
            name = self._names[node] = self._label_or_path(node)
        return name

    def _label_or_path(self, node: Node) -> str:
        labels = self._tree.labels.get(node)
        if labels:
            return f"&{labels[0]}"
        symbols, path = self._tree.symbols, node.path
        value = path.encode("latin-1") + b"\0"
        label = self._known.labels.get(value)
        if label is None and symbols is not None and self._tree.origin_of(node) is not None:
            # Overlays append their labels to those of the base.
            count = len(symbols.properties) - len(self._known.labels)
            listed = islice(reversed(symbols.properties.items()), max(count, 0))
            label = next((key for key, found in listed if found == value), None)
        return path if label is None else f"&{plain_name(label)}"

    def _enabler(self, device: Node, claimed: Origin | None) -> str:
        """Give the overlay that enabled a device, or a device of the base by a bus above it.

        "" where none did, and where the same brought it.
        """
        one: Node | None = device
        while one is not None:
            found = self._enabled.get(one)
            if found:
                return "" if claimed is not None and claimed.overlay == found else found
            one = one.parent if claimed is None else None
        return ""

    def _group_origin(self, group: Node) -> Origin | None:
        """Give who brought a pin configuration node, or a property of it."""
        origins = self._tree.origins
        for node in (group, *group.children.values()):
            found = origins.get(node)
            for key in node.properties:
                found = found or origins.get((node, key))
            if found is not None:
                return found
        return self._tree.origin_of(group)


def tell(clash: Clash, first: Side, second: Side, severity: Severity | None = None) -> Diagnostic:
    """Make a finding of a clash whose sides were described.

    severity None: as severity_of weighs it. A device of the base comes first, so that a clash reads
    the same in whatever order the overlays are applied.
    """
    if second.brought == _BASE != first.brought:
        clash, first, second = clash.turned(), second, first
    claim = clash.first
    one, other = first.name, second.name
    if one == other:
        one, other = first.path, second.path
    overlays = dict.fromkeys((*first.overlays, *second.overlays))
    what, several = _units([pair[0] for pair in clash.pairs])
    if claim.kind == ADDRESSES:
        one, other = f"{one} ({first.owner})", f"{other} ({second.owner})"
    return Diagnostic(
        _code(claim),
        path=second.path,
        at=second.at,
        why=_WHY[claim.kind].format(first.bus),
        who=" and ".join(overlays),
        fix=_fix(claim, first, second),
        notes=first.notes + second.notes + _hog_notes(first, second),
        kernel=_kernel_lines(clash, first, second),
        severity=severity_of(clash) if severity is None else severity,
        what=what,
        verb="are" if several else "is",
        controller=first.provider,
        bus=first.provider,
        address=what,
        group=what,
        first=one,
        second=other,
    )


def _fix(claim: Claim, first: Side, second: Side) -> str | None:
    """Say how to mend two devices at one address, one of them the base's; None: as the code."""
    if claim.kind != ADDRESSES or (first.brought == _BASE) == (second.brought == _BASE):
        return None
    old = first if first.brought == _BASE else second
    return f"disable the one of the base: `{old.cure}`; or give the other another address"


def _off(name: str) -> str:
    """Write a fragment that disables a node, named by label or path."""
    target = name if name.startswith("&") else f"&{{{name}}}"
    return f'{target} {{ status = "disabled"; }};'


def _hogged(device: Node) -> str:
    """Tell what a hog does with its line; the kernel looks for these in this order."""
    if "gpio-hog" not in device.properties:
        return ""
    found = [key for key in ("input", "output-low", "output-high") if key in device.properties]
    return found[0] if found else ""


def _hog_notes(first: Side, second: Side) -> tuple[Note, ...]:
    """Say what becomes of two hogs of one line.

    Source: kernel gpiod_hog (drivers/gpio/gpiolib.c), of_gpiochip_add_hog.
    """
    if not first.role == second.role == HOG:
        return ()
    words = (
        "both are hogs: from Linux 6.9 on the first one wins without a word; before, all of "
        f"{first.bus} fails to register"
    )
    if first.hog != second.hog:
        kinds = " and ".join(one.hog or "nothing" for one in (first, second))
        words += f"; they ask for different things: {kinds}"
    return (Note(words),)


def left_out(count: int) -> Diagnostic:
    """Say how many clashes are not shown."""
    return Diagnostic(codes.MORE_CLAIMS, path="/", count=str(count))


def _code(claim: Claim) -> Code:
    if claim.kind == PINS and not isinstance(claim.unit, tuple):
        return codes.PIN_GROUP_SHARED
    return _CODES[claim.kind]


def _named(origin: Origin | None) -> str:
    return _BASE if origin is None else f"{origin.overlay} {origin.fragment}"


def _units(claims: Sequence[Claim]) -> tuple[str, bool]:
    """Name what is claimed, and tell whether that is several."""
    controller = as_controller(claims[0].provider)
    named = list(dict.fromkeys(_unit(claim, controller) for claim in claims))
    shown = ", ".join(named[:_MOST_UNITS])
    if len(named) > _MOST_UNITS:
        shown += f" and {len(named) - _MOST_UNITS} more"
    several = len(named) > 1
    return f"{_noun(claims[0])}{'s' if several else ''} {shown}".lstrip(), several


def _noun(claim: Claim) -> str:
    if isinstance(claim.unit, tuple):
        return "pin group" if claim.unit[0] == "group" else "pin"
    return _NOUNS.get(claim.kind, "")


def _unit(claim: Claim, controller: Controller) -> str:
    """Name a unit of a provider; controller is the provider as one of pins."""
    unit = claim.unit
    if isinstance(unit, tuple):
        number, name = pin_words(unit, controller)
        return f"{number} ({name})" if name and name != number else number
    if not isinstance(unit, bytes):
        return unit.name
    if claim.kind == ADDRESSES:
        return f"{int.from_bytes(unit, 'big'):#x}"
    if claim.kind == INTERRUPTS:
        return line_words(unit, claim.provider.properties.get("compatible", b""))
    return " ".join(map(str, cells(unit)))


def _pin_words(claim: Claim) -> tuple[str, str]:
    unit = claim.unit
    if not isinstance(unit, tuple):
        return "", ""
    return pin_words(unit, as_controller(claim.provider))


def _kernel_lines(clash: Clash, first: Side, second: Side) -> tuple[str, ...]:
    """Give what Linux prints when the first device is probed first; a hog always is."""
    unit = clash.first.unit
    if isinstance(unit, tuple):
        name = _pin_words(clash.first)[1]
        if not (name and first.device and second.device):
            return ()
        owner, other = first.device, second.device
        if clash.second.device is clash.second.provider:
            owner, other = other, owner
        return (f"pin {name} already requested by {owner}; cannot claim for {other}",)
    bus = clash.first.provider
    if clash.first.kind != ADDRESSES or not is_chip_bus(bus) or not isinstance(unit, bytes):
        return ()
    number = int.from_bytes(unit, "big")
    if bus.name.startswith("spi"):
        return (f"chipselect {number} already in use",)
    if not bus.name.startswith("i2c"):
        return ()
    return (f"Failed to register i2c client {second.chip} at {number:#04x} (-16)",)


def _kernel_name(tree: Tree, device: Node) -> str:
    """Give the name of the device that Linux makes of a node; "" where it cannot be told.

    A platform device is made of what stands on a populated bus; what is below others gets its name
    from their driver.
    Source: kernel of_device_make_bus_id; i2c_dev_set_name and spi_dev_set_name, which number the
    buses by alias.
    """
    bus = device.parent
    if bus is None:
        return ""
    sizes = bus.properties.get("#size-cells")
    if sizes is None or len(sizes) < 4 or cell(sizes):
        if "compatible" not in device.properties or not is_populated_bus(tree, bus):
            return ""
        return device_name(device).replace("/", "!")
    reg = device.properties.get("reg", b"")
    stem = next((kind for kind in ("i2c", "spi") if bus.name.startswith(kind)), "")
    alias = _alias(tree, bus, stem) if stem and len(reg) >= 4 else ""
    if not alias:
        return ""
    return f"{alias}-{cell(reg):04x}" if stem == "i2c" else f"spi{alias}.{cell(reg)}"


def _alias(tree: Tree, bus: Node, stem: str) -> str:
    """Give the number of a bus by its alias, "" where it has none."""
    aliases = tree.aliases
    for key, value in aliases.properties.items() if aliases is not None else ():
        number = key.removeprefix(stem)
        if number.isdecimal() and len(number) < 4 and key != number and text(value) == bus.path:
            return number
    return ""
