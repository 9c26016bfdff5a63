"""Who brought what in a session: overlays, changesets, direct edits; what they hide.

The kernel tells its listeners of every entry that came into force or went out of it, so what the
operations did to the tree is followed by what they are told. A value is known by its property
object: an old object that comes back brings its owner with it, wherever it was in the stack.

States of a value: brought (on top), hidden by later ones, on top again, or withdrawn: whoever goes
takes what lies upon his own value with him, as Linux puts the value in that he had found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from dtovl.live.changeset import Action
from dtovl.live.objects import Property
from dtovl.overlay.owners import (
    CHANGESET,
    EDIT,
    OVERLAY,
    PRESENT,
    Layer,
    Owner,
    Owners,
    Placed,
)
from dtovl.script.replacing import REPLACING
from dtovl.session.export import plain_copy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dtovl.live.changeset import LiveChangeset
    from dtovl.live.objects import Reconfig
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.script.machine import Machine

_BACKWARD = ("remove", "remove_all", "cs_revert")

# One layer: the property object, True for a node that is there, None for what was taken away; and
# whose it is, None for what was there before.
_Layer = tuple["Property | bool | None", "Owner | None"]
_Key = tuple["Node", str]


class Ownership(NamedTuple):
    """Whose everything in a session is: owners of tree, a copy without what Linux keeps for itself.

    overlays are those in force, with their ids.
    """

    tree: Tree
    owners: Owners
    overlays: list[Placed]


class Trace:
    """Follows the operations of a machine from the first on."""

    __slots__ = ("_changesets", "_machine", "_makers", "_stacks")

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        # What was found first, then layers, oldest first; the key of a node itself is (node, "").
        self._stacks: dict[_Key, list[_Layer]] = {}
        self._makers: dict[Property, Owner] = {}
        self._changesets: dict[tuple[str, int], LiveChangeset] = {}

    def follow(self, step: Mapping[str, object], answer: Mapping[str, object], number: int) -> None:
        """Take in what operation number did; must come before the next step."""
        # Notifications are bare tuples; whatever else is in the log has a type of its own.
        told = [cast("Reconfig", one) for one in self._machine.live.log if type(one) is tuple]
        if not told:
            return
        op = step.get("op")
        if op in REPLACING:
            self._restack()
            return
        if op in _BACKWARD:
            for event in told:
                self._back(event)
            return
        owner, fragments = self._owner(step, answer, number)
        for event in told:
            self._forth(event, owner, fragments)

    def _owner(
        self, step: Mapping[str, object], answer: Mapping[str, object], number: int
    ) -> tuple[Owner, dict[Node | Property, str]]:
        """Tell who has done a step, and which fragments brought what."""
        op, given = step.get("op"), answer.get("id")
        record = self._machine.overlays.find(given) if isinstance(given, int) else None
        if op == "apply" and record is not None:
            fragments: dict[Node | Property, str] = {
                entry.prop or entry.node: entry.origin.fragment
                for entry in record.changeset.entries
                if entry.origin is not None
            }
            return Owner(OVERLAY, record.number, record.name), fragments
        if op == "cs_apply":
            label = str(step.get("cs"))
            owner = Owner(CHANGESET, number, label)
            self._changesets[owner.identity] = self._machine.names.changesets[label]
            return owner, {}
        return Owner(EDIT, number, str(op)), {}

    def _forth(
        self, event: Reconfig, owner: Owner, fragments: Mapping[Node | Property, str]
    ) -> None:
        """Put a layer on top: somebody changes something."""
        action, node, prop, old = event
        fragment = fragments.get(prop or node)
        if fragment is None and prop is not None:
            fragment = self._fragment_of(node, owner)
        whose = owner._replace(fragment=fragment) if fragment else owner
        if prop is None:
            there = action == Action.ATTACH
            stack = self._stack((node, ""), None if there else True)
            stack.append((there or None, whose))
            return
        if action == Action.REMOVE:
            self._stack((node, prop.name), prop).append((None, whose))
            return
        stack = self._stack((node, prop.name), old)
        if not stack or stack[-1][0] is not prop:
            stack.append((prop, whose))
            self._makers[prop] = whose

    def _restack(self) -> None:
        """Lay all layers of overlays anew: others stand below now, or at another place.

        What was changed otherwise before the first of them stays below, what was later stays on
        top, if it is there yet.
        """
        laid: dict[_Key, list[_Layer]] = {}
        floors: dict[_Key, Property | None] = {}
        for record in self._machine.overlays.listed:
            fragments: dict[Node, str] = {}
            for entry in record.changeset.entries if record.in_force else ():
                node, prop = entry.node, entry.prop
                if entry.origin is not None and prop is None:
                    fragments[node] = entry.origin.fragment
                fragment = (
                    fragments.get(node, "") if entry.origin is None else entry.origin.fragment
                )
                whose = Owner(OVERLAY, record.number, record.name, fragment)
                key = node, "" if prop is None else prop.name
                laid.setdefault(key, []).append((prop or True, whose))
                if prop is not None:
                    floors.setdefault(key, entry.old)
                    self._makers[prop] = whose
        for key in {**self._stacks, **laid}:
            self._lay_anew(key, laid.get(key, []), floors.get(key))

    def _lay_anew(self, key: _Key, laid: list[_Layer], floor: Property | None) -> None:
        stack = self._stacks.get(key)
        if stack is None:
            stack = self._stack(key, floor)
        first = next((at for at, one in enumerate(stack) if _is_overlays(one)), len(stack))
        last = next((at for at in range(len(stack), 0, -1) if _is_overlays(stack[at - 1])), first)
        later = [one for one in stack[last:] if self._is_there(key, one[0])]
        stack[:] = [*stack[:first], *laid, *later]
        if not stack or (len(stack) == 1 and stack[0][1] is None):
            self._stacks.pop(key, None)

    def _is_there(self, key: _Key, thing: Property | bool | None) -> bool:
        """Tell whether a layer is what the tree has."""
        node, name = key
        live = self._machine.live
        if name and isinstance(thing, Property):
            return live.objects.get((node, name)) is thing
        return (name not in node.properties) if name else live.attached(node) is bool(thing)

    def _fragment_of(self, node: Node, owner: Owner) -> str:
        """Name the fragment that brought a node, if this owner did."""
        stack = self._stacks.get((node, ""))
        whose = stack[-1][1] if stack else None
        return whose.fragment if whose is not None and whose.identity == owner.identity else ""

    def _stack(self, key: _Key, found: Property | bool | None) -> list[_Layer]:
        stack = self._stacks.get(key)
        if stack is None:
            whose = self._makers.get(found) if isinstance(found, Property) else None
            stack = self._stacks[key] = [] if found is None else [(found, whose)]
        return stack

    def _back(self, event: Reconfig) -> None:
        """Take layers away: what somebody did is undone. The event tells of the inverse."""
        action, node, prop, _ = event
        key = node, "" if prop is None else prop.name
        restored: Property | bool | None = True if action == Action.ATTACH else prop
        if action in (Action.DETACH, Action.REMOVE):
            restored = None
        stack = self._stacks.get(key, [])
        if restored is None:
            gone = True if prop is None else prop
            _cut(stack, lambda thing: thing is gone)
        elif any(thing is restored for thing, _ in stack):
            while stack[-1][0] is not restored:
                stack.pop()
        else:
            # It comes from below the first layer that is known: from a changeset reverted before.
            whose = self._makers.get(restored) if isinstance(restored, Property) else None
            stack[:] = [(restored, whose)]
            self._stacks[key] = stack
        if not stack or (len(stack) == 1 and stack[0][1] is None):
            self._stacks.pop(key, None)

    def owners(self, base: str, read_base: Callable[[], Tree]) -> Ownership:
        """Tell whose everything is now, in a copy of the tree as a blob would hold it."""
        twins: dict[Node, Node] = {}
        tree = plain_copy(self._machine.live.tree, read_base, twins)
        owners = Owners(tree, base)
        for (node, name), stack in self._stacks.items():
            twin = twins.get(node)
            if twin is not None and not name:
                self._lay(owners, twin, stack, owners.base)
        for (node, name), stack in self._stacks.items():
            twin = twins.get(node)
            if twin is not None and name and (name != "name" or name in twin.properties):
                self._lay(owners, (twin, name), stack, owners.owner_of(twin))
        self._lay_strays(owners, twins)
        owners.lasting = {one for one, changeset in self._changesets.items() if changeset.destroyed}
        owners.lasting |= {one.identity for one in owners.in_force() if one.kind == EDIT}
        placed = [
            Placed(one.number, one.outcome.overlay, _in_copy(one.outcome.targets, twins))
            for one in self._machine.overlays.listed
            if one.in_force and one.outcome is not None
        ]
        return Ownership(tree, owners, placed)

    def _lay_strays(self, owners: Owners, twins: Mapping[Node, Node]) -> None:
        """Name the owners of values that no entry put where they are: of lists that are damaged."""
        for (node, key), prop in self._machine.live.objects.items():
            whose, twin = self._makers.get(prop), twins.get(node)
            if whose is None or twin is None or (node, key) in self._stacks:
                continue
            if key in twin.properties and owners.owner_of(twin, key) != whose:
                owners.lay((twin, key), [Layer(whose, prop.value, None)], None)

    def _lay(
        self, owners: Owners, key: Node | tuple[Node, str], stack: list[_Layer], before: Owner
    ) -> None:
        layers = [Layer(owner or before, _value(thing), None) for thing, owner in stack]
        found = layers.pop(0) if stack[0][1] is None else None
        owners.lay(key, layers, found)


def _cut(stack: list[_Layer], gone: Callable[[Property | bool | None], bool]) -> None:
    """Take away the topmost layer of which gone is true, and what lies upon it."""
    for place in range(len(stack) - 1, -1, -1):
        if gone(stack[place][0]):
            del stack[place:]
            return


def _is_overlays(layer: _Layer) -> bool:
    return layer[1] is not None and layer[1].kind == OVERLAY


def _value(thing: Property | bool | None) -> bytes | None:
    if isinstance(thing, Property):
        return thing.value
    return PRESENT if thing else None


def _in_copy(targets: Mapping[Node, Node], twins: Mapping[Node, Node]) -> dict[Node, Node]:
    return {fragment: twins[node] for fragment, node in targets.items() if node in twins}
