"""GPIO lines, interrupt lines, DMA channels and addresses that devices claim, by `#...-cells`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.checks.claimkinds import ADDRESSES, DMAS, GPIOS, INTERRUPTS, KINDS, Claim
from dtovl.checks.triggers import form_of
from dtovl.model.bindings import Pattern
from dtovl.model.cells import cell
from dtovl.model.specifiers import walk_specifiers

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

MOST_SPECIFIERS = 1024
"""Most specifiers that are read from one property."""

_MOST_CELLS = 16
_MOST_PARENTS = 64
_GPIO = Pattern("args", "#gpio-cells")
_DMA = Pattern("args", "#dma-cells")
_INTERRUPT = Pattern("args", "#interrupt-cells")


def _specifiers(tree: Tree, value: bytes, pattern: Pattern) -> list[tuple[Node, bytes]]:
    """List providers with the bytes of arguments that they want, as far as those are complete."""
    value = value[: 4 * MOST_SPECIFIERS]
    found = []
    for offset, owner, count in walk_specifiers(tree, value, pattern):
        if count is None or count > _MOST_CELLS or offset + 4 + 4 * count > len(value):
            break
        if count:
            found.append((owner, value[offset + 4 : offset + 4 + 4 * count]))
    return found


# -- GPIO ------------------------------------------------------------------------------------------


def gpio_claims(tree: Tree, node: Node) -> list[Claim]:
    """List the GPIO lines that a node claims; a hog claims lines of its parent.

    Source: of_get_named_gpiod_flags, of_parse_own_gpio (drivers/gpio/gpiolib-of.c).
    """
    properties = node.properties
    found: list[Claim] = []
    for key in properties:
        if KINDS[key] != GPIOS or key == "gpio-hog":
            continue
        if key == "gpios" and "gpio-hog" in properties:
            found += _hogged(node, properties[key])
            continue
        for owner, arguments in _specifiers(tree, properties[key], _GPIO):
            found.append(Claim((GPIOS, owner, _line(arguments)), node, key))
    return found


def _hogged(node: Node, value: bytes) -> list[Claim]:
    controller = node.parent
    count = None if controller is None else controller.properties.get("#gpio-cells")
    if controller is None or count is None or len(count) < 4:
        return []
    return [
        Claim((GPIOS, controller, _line(arguments)), node, "gpios")
        for arguments in _rows(value, 4 * cell(count))
    ]


def _rows(value: bytes, width: int) -> list[bytes]:
    """Cut a value into specifiers of so many bytes."""
    if not 0 < width <= 4 * _MOST_CELLS:
        return []
    end = min(len(value), width * MOST_SPECIFIERS) - width + 1
    return [value[start : start + width] for start in range(0, end, width)]


def _line(arguments: bytes) -> bytes:
    """Give the cells that tell the line: all but the flags, which come last of two or more."""
    return arguments[:-4] if len(arguments) > 4 else arguments


# -- interrupts ------------------------------------------------------------------------------------


def interrupt_claims(tree: Tree, node: Node) -> list[Claim]:
    """List the interrupt lines of a node; those that each CPU has of its own are left out.

    Source: kernel of_irq_parse_one, of_irq_find_parent (drivers/of/irq.c).
    """
    extended = node.properties.get("interrupts-extended")
    if extended is not None:
        return [
            _interrupt(owner, arguments, node, "interrupts-extended")
            for owner, arguments in _specifiers(tree, extended, _INTERRUPT)
            if not _private(owner, arguments)
        ]
    value = node.properties.get("interrupts")
    parent = interrupt_parent(tree, node) if value else None
    if parent is None or value is None:
        return []
    return [
        _interrupt(parent, arguments, node, "interrupts")
        for arguments in _rows(value, 4 * cell(parent.properties["#interrupt-cells"]))
        if not _private(parent, arguments)
    ]


def interrupt_parent(tree: Tree, node: Node) -> Node | None:
    """Give the node that interprets `interrupts` of a node."""
    one: Node | None = node
    for _ in range(_MOST_PARENTS):
        if one is None:
            return None
        value = one.properties.get("interrupt-parent")
        named = value is not None and len(value) >= 4
        one = tree.by_phandle.get(cell(value)) if value and named else one.parent
        if one is not None:
            count = one.properties.get("#interrupt-cells")
            if count is not None and len(count) >= 4:
                return one
    return None


def _private(controller: Node, arguments: bytes) -> bool:
    """Tell a line that is not one for all: of each CPU, or translated by unit address.

    Three cells of what is no GPIO controller commonly begin with the kind: 1 is an interrupt of
    each CPU on GIC and those before it.
    """
    properties = controller.properties
    if "interrupt-map" in properties:
        return True
    if len(arguments) < 12 or "gpio-controller" in properties or cell(arguments) != 1:
        return False
    return form_of(properties.get("compatible", b"")).typed


def _interrupt(controller: Node, arguments: bytes, node: Node, key: str) -> Claim:
    """Make a claim of a specifier: what tells the line, and whether it is for edges."""
    line, edge = form_of(controller.properties.get("compatible", b"")).read(arguments)
    return Claim((INTERRUPTS, controller, line), node, key, edge=edge)


# -- DMA and addresses -----------------------------------------------------------------------------


def dma_claims(tree: Tree, node: Node) -> list[Claim]:
    """List the DMA channels of a node; a controller without arguments chooses by itself."""
    value = node.properties.get("dmas", b"")
    return [
        Claim((DMAS, owner, arguments), node, "dmas")
        for owner, arguments in _specifiers(tree, value, _DMA)
    ]


def address_width(bus: Node) -> int:
    """Give how many bytes of `reg` are the address of a device on a bus; 0: it has none."""
    count = bus.properties.get("#address-cells")
    width = 0 if count is None or len(count) < 4 else 4 * cell(count)
    return width if width <= 16 else 0


def address_claims(node: Node) -> list[Claim]:
    """Give the address of a device on its bus: the first of its `reg`."""
    bus, reg = node.parent, node.properties.get("reg")
    if bus is None or reg is None or "compatible" not in node.properties:
        return []
    width = address_width(bus)
    if not width or len(reg) < width:
        return []
    return [Claim((ADDRESSES, bus, reg[:width]), node, "reg")]
