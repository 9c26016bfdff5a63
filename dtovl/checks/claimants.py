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
    PINS,
    Claim,
)
from dtovl.checks.lines import (
    address_claims,
    dma_claims,
    gpio_claims,
    interrupt_claims,
    interrupt_parent,
)
from dtovl.checks.nodes import enabled
from dtovl.checks.pins import Groups, pin_claims

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome

MOST_CLAIMS = 100_000
"""Most claims that are held against each other in one tree; a large board has some 2,000."""


class Alive:
    """Tells whether devices are made: enabled, and so is all above; remembers what it found."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[Node, bool] = {}

    def __call__(self, node: Node) -> bool:
        """Tell it of one node."""
        known = self._known
        above = []
        one: Node | None = node
        alive = True
        while one is not None:
            found = known.get(one)
            if found is None:
                above.append(one)
                if not enabled(one):
                    alive = False
                    break
                one = one.parent
            else:
                alive = found
                break
        for one in above:
            known[one] = alive
        return alive


class Touched:
    """What overlays in force changed of the claims of devices.

    kinds has the kinds of claims of each enabled device that changed or came in; direct has those
    of which the overlay wrote the property itself; new are the claiming nodes that came in; moved
    says whether another node got a new address.
    """

    __slots__ = ("_groups", "_tops", "alive", "direct", "kinds", "moved", "new")

    def __init__(self, tree: Tree, outcomes: Iterable[Outcome]) -> None:
        self.kinds: dict[Node, int] = {}
        self.new: set[Node] = set()
        self.moved = False
        self.alive = Alive()
        self._tops: dict[Node, int] = {}
        self._groups: list[Node] = []
        for outcome in outcomes:
            for entry in outcome.changeset.entries:
                if isinstance(entry, SetProperty):
                    kinds = KINDS[entry.key]
                    if not kinds or entry.new == entry.old:
                        continue
                    if kinds & BELOW and entry.key != "status" and _same_parent(tree, entry):
                        continue
                    self._changed(entry.node, kinds)
                else:
                    self._came(entry.node, entry.parent)
        self.direct = self.kinds
        if self._tops:
            self.kinds = dict(self.kinds)
            self._below()
        if self.kinds:
            self.kinds = {node: kinds for node, kinds in self.kinds.items() if self.alive(node)}

    def __bool__(self) -> bool:
        """Tell whether some enabled device may claim what it did not claim before."""
        return bool(self.kinds or self._groups)

    def _changed(self, node: Node, kinds: int) -> None:
        if kinds & BELOW:
            self._tops[node] = self._tops.get(node, 0) | kinds & ALL
        elif kinds & GROUP:
            self._groups.append(node)
        else:
            self.kinds[node] = self.kinds.get(node, 0) | kinds
            if kinds == ADDRESSES and node not in self.new:
                self.moved = True

    def _came(self, top: Node, parent: Node) -> None:
        grouped = 0
        stack = [top]
        while stack:
            node = stack.pop()
            kinds = 0
            for key in node.properties:
                kinds |= KINDS[key]
            if kinds & ALL:
                self.kinds[node] = ALL
                self.new.add(node)
            grouped |= kinds
            if node.children:
                stack.extend(reversed(node.children.values()))
        if grouped & GROUP and "compatible" not in parent.properties:
            self._groups.append(parent)

    def _below(self) -> None:
        """Enter the devices at and below nodes that were enabled."""
        kinds = self.kinds
        done: dict[Node, int] = {}
        for top, changed in self._tops.items():
            if not self.alive(top):
                continue
            stack = [top]
            while stack:
                node = stack.pop()
                if changed & ~done.get(node, 0) == 0 or (node is not top and not enabled(node)):
                    continue
                done[node] = done.get(node, 0) | changed
                if "compatible" in node.properties or node is top or node.properties.keys() & _OWN:
                    kinds[node] = kinds.get(node, 0) | changed
                stack.extend(node.children.values())

    def groups(self) -> Iterator[Node]:
        """Give nodes of pin configurations that changed: users of them, or above them, changed."""
        for node in self._groups:
            one: Node | None = node
            for _ in range(3):
                if one is None or one.parent is None:
                    break
                if one.phandle and "compatible" not in one.properties:
                    yield one
                one = one.parent


def _same_parent(tree: Tree, entry: SetProperty) -> bool:
    """Tell whether a new `interrupt-parent` names the node that interrupts went to before."""
    above = entry.node.parent
    if entry.old is not None or above is None:
        return False
    return interrupt_parent(tree, above) is interrupt_parent(tree, entry.node)


_OWN = {"gpios", "gpio", "interrupts", "pinctrl-0", "dmas"}


class Reader:
    """Reads the claims of devices of one tree, as long as nothing changes."""

    __slots__ = ("_groups", "left", "tree")

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.left = MOST_CLAIMS
        self._groups = Groups()

    def claims(self, node: Node, kinds: int) -> Iterator[Claim]:
        """Give the claims of some kinds of an enabled device."""
        for claim in self._all(node, kinds):
            if not self.left:
                return
            self.left -= 1
            yield claim

    def _all(self, node: Node, kinds: int) -> Iterator[Claim]:
        properties = node.properties
        if kinds & PINS and "pinctrl-0" in properties:
            yield from pin_claims(self.tree, node, self._groups)
        if kinds & GPIOS:
            yield from gpio_claims(self.tree, node)
        if kinds & INTERRUPTS and (
            "interrupts" in properties or "interrupts-extended" in properties
        ):
            yield from interrupt_claims(self.tree, node)
        if kinds & DMAS and "dmas" in properties:
            yield from dma_claims(self.tree, node)
        if kinds & ADDRESSES and "reg" in properties:
            yield from address_claims(node)
