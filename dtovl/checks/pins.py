"""The pins that devices claim by `pinctrl-N`, as the kernel muxes them when a driver is probed.

A device names pin configuration nodes by phandle; each of them, and the nodes inside it, mux pins
of the controller they lie below. Only the states that are selected at probe count: `init`, where
there is one, and `default`. The kernel lets one device mux a pin again, and refuses another.
Source: pinctrl_bind_pins, pinctrl_dt_to_map, pin_request (drivers/pinctrl).
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from dtovl.checks.claimkinds import MOST_CLAIMS, PINS, Claim
from dtovl.checks.pinbindings import Controller, pins_of
from dtovl.model.cells import cell, cells, strings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dtovl.checks.pinbindings import Pin
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

MOST_GROUPS = 256
_MOST_NODES = 256
_MOST_STATES = 64
_PCI = (b"pci\0", b"pciex\0")
_SCMI_PINS = "protocol@19"
_DEFAULT = ("pinctrl-0",)
_AT_PROBE = frozenset({"default", "init"})


def states_at_probe(node: Node) -> tuple[str, ...]:
    """Give the properties whose pins are muxed when the device of a node is probed.

    Without `pinctrl-names` the kernel finds no state called default; whoever wrote `pinctrl-0`
    meant it, so it counts, with a doubt.
    """
    value = node.properties.get("pinctrl-names")
    if value is None or value == b"default\0":
        return _DEFAULT
    names = strings(value[: _MOST_STATES * 32]) or []
    return tuple(f"pinctrl-{at}" for at, name in enumerate(names) if name in _AT_PROBE)


def selects_pins(node: Node) -> bool:
    """Tell whether Linux selects pins for a node: it makes a device of it that gets a driver.

    Without `compatible` those on PCI and MDIO buses do, the lights of gpio-leds, for which that
    driver selects pins, and the protocols of SCMI firmware. A button of gpio-keys, an `mdio` node
    inside a network device and a GPIO hog do not.
    Source: kernel pinctrl_bind_pins, create_gpio_led (drivers/leds/leds-gpio.c).
    """
    if "compatible" in node.properties or node.name == _SCMI_PINS:
        return True
    above = node.parent
    if above is None:
        return False
    if above.properties.get("device_type") in _PCI:
        return True
    if b"gpio-leds\0" in above.properties.get("compatible", b""):
        return True
    return "reg" in node.properties and above.name.startswith("mdio")


def groups_of(tree: Tree, node: Node) -> list[tuple[str, Node]]:
    """List the pin configuration nodes of a device in force at probe, with the property."""
    properties = node.properties
    found = []
    for key in states_at_probe(node):
        value = properties.get(key, b"")
        for number in cells(value) if len(value) <= 8 else _distinct(value):
            group = tree.by_phandle.get(number)
            if group is not None and group.parent is not None:
                found.append((key, group))
    return found


def _distinct(value: bytes) -> Iterable[int]:
    return dict.fromkeys(cells(value[: 4 * MOST_GROUPS]))


def controller_of(group: Node) -> Node:
    """Give the pin controller of a configuration node: the next node above with `compatible`.

    Source: kernel dt_to_map_one_config, which looks for a registered controller above.
    """
    above = group.parent
    while above is not None and above.parent is not None:
        if "compatible" in above.properties or above.name == _SCMI_PINS:
            return above
        above = above.parent
    return group.parent or group


class Groups:
    """Reads pin configuration nodes of one tree, each once while nothing changes."""

    __slots__ = ("_controllers", "_read")

    def __init__(self) -> None:
        self._read: dict[Node, tuple[Node, Sequence[Pin] | None]] = {}
        self._controllers: dict[Node, Controller] = {}

    def read(self, group: Node) -> tuple[Node, Sequence[Pin] | None]:
        """Give the controller of a group, and its pins; None: of no known binding."""
        found = self._read.get(group)
        if found is None:
            node = controller_of(group)
            controller = self._controllers.get(node)
            if controller is None:
                controller = self._controllers[node] = as_controller(node)
            found = self._read[group] = (node, _pins(group, controller))
        return found


def pin_claims(tree: Tree, node: Node, groups: Groups) -> list[Claim]:
    """List the claims of a device on pins; at most MOST_CLAIMS and those of one more group."""
    found: list[Claim] = []
    for key, group in groups_of(tree, node):
        controller, pins = groups.read(group)
        units = (group,) if pins is None else pins
        found += [Claim((PINS, controller, unit), node, key, group) for unit in units]
        if len(found) > MOST_CLAIMS:
            break
    return found


def as_controller(node: Node) -> Controller:
    """Give what reading pins needs of a pin controller."""
    kinds = strings(node.properties.get("compatible", b""))
    compatible = kinds[0] if kinds else ""
    if compatible == "arm,scmi" or node.name == _SCMI_PINS:
        compatible = "scmi"
    return Controller(node.properties, compatible)


def _pins(group: Node, controller: Controller) -> Sequence[Pin] | None:
    """Read a group and the nodes inside it, two levels deep: no binding nests more."""
    found = pins_of(group.properties, controller)
    if group.children:
        for node in _inside(group):
            bank = node.name == "st,pins"
            pins = _bank_lines(node) if bank else pins_of(node.properties, controller)
            if pins is not None:
                found = pins if found is None else found + pins
        return found if found is None else list(dict.fromkeys(found))
    if found is None and not any(key != "phandle" for key in group.properties):
        return ()
    return found


def _inside(group: Node) -> Iterator[Node]:
    left = _MOST_NODES
    for child in group.children.values():
        for node in (child, *islice(child.children.values(), _MOST_NODES)):
            left -= 1
            if not left:
                return
            yield node


def _bank_lines(node: Node) -> list[Pin]:
    """Read bank and line of the properties of an `st,pins` node (drivers/pinctrl/pinctrl-st.c)."""
    return [
        ("bank", (cell(value), cell(value, 4)))
        for value in node.properties.values()
        if len(value) >= 16
    ]
