"""The devices that overlays in force changed, and the claims of a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.changeset import SetProperty
from dtovl.checks.claimkinds import (
    ADDRESSES,
    ALL,
    BELOW,
    DMAS,
    GPIOS,
    GROUP,
    INTERRUPTS,
    KINDS,
    MOST_CLAIMS,
    PINS,
    STATUS,
    Claim,
    kinds_in,
)
from dtovl.checks.lines import (
    address_claims,
    dma_claims,
    gpio_claims,
    interrupt_claims,
    interrupt_parent,
)
from dtovl.checks.pins import Groups, pin_claims, selects_pins

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome

ENABLED = (None, b"okay\0", b"ok\0")
"""The values of `status` of a node that a device is made of.

Source: kernel __of_device_is_available (drivers/of/base.c).
"""


class Alive:
    """Tells whether devices are made: enabled, and so is all above up to the root of the tree.

    It remembers what it found, so nothing may change meanwhile.
    """

    __slots__ = ("_known",)

    def __init__(self, root: Node) -> None:
        self._known = {root: root.properties.get("status") in ENABLED}

    def __call__(self, node: Node) -> bool:
        """Tell it of one node; what is in no tree is not alive."""
        known = self._known
        above = []
        one: Node | None = node
        alive = None
        while alive is None and one is not None:
            alive = known.get(one)
            if alive is None:
                above.append(one)
                if one.properties.get("status") not in ENABLED:
                    break
                one = one.parent
        found = alive is True
        for one in above:
            known[one] = found
        return found


class Touched:
    """What overlays in force changed of the claims of devices.

    kinds has the kinds of claims of each enabled device that changed or came in; direct has those
    of which the overlay wrote the property itself; new are the claiming nodes that came in; enabled
    has the nodes that were off, with the name of the overlay that turned them on, and those that
    were on, and are or were turned off, with ""; groups
    are the pin configurations that changed, with phandles by which they may be in use; moved
    says whether another node got a new address; replaced, whether the base without the overlays has
    claims that the tree lacks.
    """

    __slots__ = (
        "_tops",
        "alive",
        "direct",
        "enabled",
        "groups",
        "kinds",
        "moved",
        "new",
        "replaced",
    )

    def __init__(self, tree: Tree, outcomes: Iterable[Outcome]) -> None:
        self.kinds: dict[Node, int] = {}
        self.new: set[Node] = set()
        self.enabled: dict[Node, str] = {}
        self.moved = False
        self.replaced = False
        self.alive = Alive(tree.root)
        self._tops: dict[Node, int] = {}
        self.groups: list[Node] = []
        for outcome in outcomes:
            for entry in outcome.changeset.entries:
                if not isinstance(entry, SetProperty):
                    self._came(entry.node, entry.parent)
                elif KINDS[entry.key] and entry.new != entry.old:
                    if entry.key == "status" and (on := entry.new in ENABLED) is not (
                        entry.old in ENABLED
                    ):
                        self.enabled.setdefault(entry.node, outcome.overlay.name if on else "")
                    self._changed(tree, entry, KINDS[entry.key])
        self.direct = self.kinds
        if self._tops:
            self.kinds = dict(self.kinds)
            self._below()
        if self.kinds:
            alive = self.alive
            self.kinds = {node: kinds for node, kinds in self.kinds.items() if alive(node)}

    def __bool__(self) -> bool:
        """Tell whether some enabled device may claim what it did not claim before."""
        return bool(self.kinds or self.groups)

    def was_off(self, node: Node) -> bool:
        """Tell whether a node of the base, or one above it, was off until overlays came."""
        one: Node | None = node if self.enabled else None
        while one is not None:
            if self.enabled.get(one):
                return True
            one = one.parent
        return False

    def _changed(self, tree: Tree, entry: SetProperty, kinds: int) -> None:
        node, old = entry.node, entry.old
        if kinds & STATUS:
            self._tops[node] = ALL
            self.replaced |= old in ENABLED and entry.new not in ENABLED
            return
        if kinds & BELOW:
            if not _same_parent(tree, entry):
                self._tops[node] = self._tops.get(node, 0) | kinds & ALL
            return
        if kinds & GROUP:
            self._grouped(node)
        else:
            # Without `pinctrl-names` the one state there is counts as default.
            other_states = entry.key == "pinctrl-names" and entry.new != b"default\0"
            self.replaced |= old is not None or other_states
            self.kinds[node] = self.kinds.get(node, 0) | kinds
            self.moved |= kinds == ADDRESSES and node not in self.new

    def _grouped(self, changed: Node) -> None:
        """Enter the pin configurations that a node is or is part of."""
        one: Node | None = changed
        for _ in range(3):
            if one is None or one.parent is None:
                break
            if one.phandle and "compatible" not in one.properties:
                self.groups.append(one)
                self.replaced = True
            one = one.parent

    def _came(self, top: Node, parent: Node) -> None:
        grouped = 0
        stack = [top]
        while stack:
            node = stack.pop()
            kinds = kinds_in(node.properties)
            if kinds & (ALL | STATUS):
                self.new.add(node)
                if kinds & ALL:
                    self.kinds[node] = kinds & ALL
            grouped |= kinds
            if node.children:
                stack.extend(reversed(node.children.values()))
        if grouped & GROUP and "compatible" not in parent.properties:
            self._grouped(parent)

    def _below(self) -> None:
        """Enter the devices at and below nodes that were enabled."""
        kinds = self.kinds
        done: dict[Node, int] = {}
        for top, changed in self._tops.items():
            stack = [top] if self.alive(top) else []
            while stack:
                node = stack.pop()
                properties = node.properties
                if changed & ~done.get(node, 0) == 0:
                    continue
                if node is not top and properties.get("status") not in ENABLED:
                    continue
                done[node] = done.get(node, 0) | changed
                claimed = changed & kinds_in(properties)
                if claimed and (
                    node is top or "compatible" in properties or not _OWN.isdisjoint(properties)
                ):
                    kinds[node] = kinds.get(node, 0) | claimed
                if node.children:
                    stack.extend(node.children.values())


def _same_parent(tree: Tree, entry: SetProperty) -> bool:
    """Tell whether a new `interrupt-parent` names the node that interrupts went to before."""
    above = entry.node.parent
    if entry.old is not None or above is None:
        return False
    return interrupt_parent(tree, above) is interrupt_parent(tree, entry.node)


_OWN = frozenset({"gpios", "gpio", "interrupts", "pinctrl-0", "dmas"})


class Reader:
    """Reads the claims of devices of one tree, as long as nothing changes."""

    __slots__ = ("_groups", "left", "tree")

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.left = MOST_CLAIMS
        self._groups = Groups()

    def claims(self, node: Node, kinds: int) -> list[Claim]:
        """List the claims of some kinds of an enabled device, as far as the bound allows."""
        if self.left <= 0:
            return []
        properties = node.properties
        found: list[Claim] = []
        if kinds & PINS and "pinctrl-0" in properties and selects_pins(node):
            found = pin_claims(self.tree, node, self._groups)
        if kinds & GPIOS:
            found += gpio_claims(self.tree, node)
        if kinds & INTERRUPTS and (
            "interrupts" in properties or "interrupts-extended" in properties
        ):
            found += interrupt_claims(self.tree, node)
        if kinds & DMAS and "dmas" in properties:
            found += dma_claims(self.tree, node)
        if kinds & ADDRESSES and "reg" in properties:
            found += address_claims(node)
        if len(found) > self.left:
            del found[self.left :]
        self.left -= len(found)
        return found
