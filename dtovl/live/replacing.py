"""Replacing overlays by others as one step: planned, applied all or nothing, then a transition.

The target is the tree without the old overlays, with the new ones at the place of the lowest of
the old ones, and the rest upon that in its order. Everything is resolved against it before
anything changes. Then one changeset leads there: a node with the same path and the same
`compatible`, below one that stays, stays itself; the others leave or come.

States of a replacement: planned -> in force -> over, or taken back. While nodes that left have
holders besides the overlays that brought them it is in force and pending: the ids of the old
overlays stay taken, no other begins, and it can be reversed or given up. A reversed one is the
same replacement the other way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.changeset import Changeset
from dtovl.codes import lifetimes
from dtovl.codes import live as live_codes
from dtovl.codes import replacing as codes
from dtovl.codes.base import Severity
from dtovl.live.changeset import changeset_holders
from dtovl.live.desk import Desk, Wanted
from dtovl.live.difference import Comparer, match, phandles_to_keep
from dtovl.live.objects import Holder, Oops
from dtovl.live.order import Order
from dtovl.live.overlays import LiveOverlay
from dtovl.live.sides import Part, Side
from dtovl.overlay.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.live.difference import Change
    from dtovl.live.overlays import Overlays
    from dtovl.live.state import Live
    from dtovl.model.node import Node
    from dtovl.overlay.fragments import Overlay


_FIX_PENDING = (
    "let the holder put it, or take the replacement back (`dtovl replace --reverse`), or give the "
    "node up (`dtovl replace --force`)"
)
_FIX_GIVEN_UP = "it is lost until reboot; let the holder put the node, then replace"


class Fresh(NamedTuple):
    """A new overlay: what was read, the warnings of unflattening, the size of the blob in bytes."""

    overlay: Overlay
    warnings: tuple[str, ...]
    size: int


class Pending(NamedTuple):
    """A node that left and is still held: by others references besides those of its overlay."""

    node: Node
    others: int


class Transition:
    """A replacement that is in force; it is over when nobody holds what left.

    place is where the sides begin in the list of overlays; forward tells which side stands: at
    first the old one.
    """

    def __init__(self, place: int, change: Change) -> None:
        self.place = place
        self.change = change
        self.forward = False

    @property
    def standing(self) -> Side:
        """Give the side that is in force."""
        return self.change.new if self.forward else self.change.old

    @property
    def leaving(self) -> Side:
        """Give the side that is replaced."""
        return self.change.old if self.forward else self.change.new

    def replaced(self) -> list[LiveOverlay]:
        """List the overlays that are replaced, in stack order."""
        return [one for one in self.leaving.records if one not in self.standing.records]

    def coming(self) -> list[LiveOverlay]:
        """List the overlays that take their place, in stack order."""
        return [one for one in self.standing.records if one not in self.leaving.records]

    def pending(self, live: Live) -> list[Pending]:
        """List the nodes that left and have other holders, in the order they were brought."""
        side = self.leaving
        found = []
        for part in side.parts:
            for entry in part.changeset.entries:
                if entry.prop is None and entry.node in side.own:
                    others = side.others(live, entry.node)
                    if others > 0:
                        found.append(Pending(entry.node, others))
        return found


class Replacement(NamedTuple):
    """What came of a replacement: the error, "" for none; the transition, if it is in force."""

    error: str
    transition: Transition | None = None


def replace(overlays: Overlays, old: Sequence[LiveOverlay], new: Sequence[Fresh]) -> Replacement:
    """Replace overlays of the list by new ones. Raises Unfit, Oops."""
    live = overlays.live
    if overlays.is_suspect("replace"):
        return Replacement("-EBUSY")
    if overlays.transition is not None:
        _refuse_second(overlays, overlays.transition)
        return Replacement("-EBUSY")
    overlays.touch_ghosts()
    if live.rings:
        raise Oops("a walk over all nodes goes round", next(iter(live.rings)))
    place = min((overlays.listed.index(one) for one in old), default=len(overlays.listed))
    upper = overlays.listed[place:]
    if _is_disturbed(live, upper):
        return Replacement("-EBUSY")
    coming = _records(overlays, new)
    change = _plan(live, upper, [*coming, *(one for one in upper if one not in old)], old)
    for one in new:
        for line in one.warnings:
            live.print(4, line)
    transition = Transition(place, change)
    error = _switch(overlays, transition)
    if overlays.transition is not transition:
        return Replacement(error)
    if not settle(overlays):
        _tell_pending(overlays)
    return Replacement(error, transition)


def _records(overlays: Overlays, new: Sequence[Fresh]) -> list[LiveOverlay]:
    """Give new overlays ids, and what the list keeps of them."""
    found = []
    for number, one in zip(overlays.free_numbers(len(new)), new, strict=True):
        record = LiveOverlay(number, one.overlay, one.size)
        record.outcome = Outcome(one.overlay, overlays.live.dialect, Changeset())
        found.append(record)
    return found


def reverse(overlays: Overlays) -> Replacement:
    """Go back to what a pending replacement has replaced: the nodes return that left."""
    transition = overlays.transition
    if overlays.is_suspect("replace"):
        return Replacement("-EBUSY")
    if transition is None:
        overlays.live.find(codes.NOTHING_PENDING, verb="reversed")
        return Replacement("-ENOENT")
    if overlays.listed[transition.place :] != transition.standing.records:
        overlays.live.find(codes.STACK_CHANGED, overlays=_names(transition.replaced()))
        return Replacement("-EBUSY")
    error = _switch(overlays, transition)
    if not settle(overlays) and overlays.transition is transition:
        _tell_pending(overlays)
    return Replacement(error, transition)


def give_up(overlays: Overlays) -> Replacement:
    """End a pending replacement: what is held stays allocated for good, and so do the ids."""
    transition, live = overlays.transition, overlays.live
    if transition is None:
        live.find(codes.NOTHING_PENDING, verb="given up")
        return Replacement("-ENOENT")
    side = transition.leaving
    lost = set()
    for node, _ in transition.pending(live):
        what = f"given up, and never freed: {_holder_words(overlays, node)} holds it"
        live.find(
            lifetimes.REPLACED_TOO_EARLY, node, object=node.path, what=what, fix=_FIX_GIVEN_UP
        )
        above: Node | None = node
        # A node that is held points to its parent.
        while above is not None and above in side.own:
            lost.add(above)
            above = above.parent
    live.lost |= lost
    side.free(live, frozenset(lost))
    overlays.transition = None
    overlays.abandoned.update({one.number: one.name for one in transition.replaced()})
    overlays.reserved.clear()
    return Replacement("", transition)


def keepers(overlays: Overlays, node: Node) -> list[Holder]:
    """List who has references to a node: by name, by changesets, by overlays that failed.

    An overlay that failed keeps its targets, and the nodes of its entries, until it is removed.
    """
    live = overlays.live
    found = [*live.holders.get(node, ()), *changeset_holders(live, node)]
    for record in overlays.listed:
        if not record.in_force:
            count = sum(entry.node is node for entry in record.changeset.entries)
            count += sum(target is node for target, _ in record.pairs)
            if count:
                name = f"overlay {record.number} ({record.name}), which failed"
                found.append(Holder(name, f"{count} of its references"))
    return found


def settle(overlays: Overlays) -> bool:
    """End the replacement if nobody else holds what left; tell whether it has ended."""
    transition, live = overlays.transition, overlays.live
    if transition is None or overlays.suspect or transition.pending(live):
        return False
    overlays.transition = None
    entries = (one for part in transition.standing.parts for one in part.changeset.entries)
    used = {one.prop for one in entries if one.prop is not None}
    for record in transition.replaced():
        overlays.note_leaks(record, used)
    transition.leaving.free(live)
    for record in transition.replaced():
        for who in record.pointers:
            live.find(live_codes.POINTER_KEPT, overlay=record.name, listener=who)
    overlays.give_back(overlays.reserved)
    overlays.reserved.clear()
    return True


# -- planning --------------------------------------------------------------------------------------


def _is_disturbed(live: Live, upper: Sequence[LiveOverlay]) -> bool:
    """Tell, and report, that others changed which nodes there are where overlays brought some."""
    brought = [(entry.node, one) for one in upper for entry in one.brought()]
    nodes = {node for node, _ in brought}
    for node, record in brought:
        what = ""
        if not live.attached(node) or node in live.loose:
            what = "was detached by somebody else"
        elif any(child not in nodes for child in node.children.values()):
            below = next(child for child in node.children.values() if child not in nodes)
            what = f"has {below.name} below it, which no overlay brought"
        if what:
            live.find(codes.FOREIGN_NODE, node, what=what, overlay=record.name)
            return True
    return False


def _plan(
    live: Live,
    upper: Sequence[LiveOverlay],
    records: list[LiveOverlay],
    old: Sequence[LiveOverlay],
) -> Change:
    """Lay the target on a desk, and compare. Raises Unfit."""
    desk = Desk(live, upper)
    laid = [one for one in records if one not in upper or one.in_force]
    stack = [Wanted(one.number, one.outcome.overlay) for one in laid if one.outcome is not None]
    present = {entry.node for one in upper for entry in one.brought()}
    outcomes = desk.lay(stack)
    matching = match(desk, present, outcomes)
    numbers = phandles_to_keep(desk, matching, outcomes)
    if numbers:
        outcomes = desk.lay(stack, numbers)
        matching = match(desk, present, outcomes)
    comparer = Comparer(live, upper, matching)
    rest = {one for one in upper if one not in old}
    parts = [
        comparer.part(record, outcome, rest) for record, outcome in zip(laid, outcomes, strict=True)
    ]
    before = [Part(one, one.changeset, one.pairs, one.outcome) for one in upper if one.in_force]
    idle = [one for one in old if not one.in_force]
    gone = present - matching.kept.keys()
    given = {
        node: wanted.phandle
        for node, wanted in matching.kept.items()
        if wanted.phandle and not node.phandle
    }
    return comparer.change(
        parts,
        Side(list(upper), before, gone, idle=idle, standing=True),
        Side(records, parts, matching.made, numbers=given),
    )


# -- from one side to the other --------------------------------------------------------------------


def _switch(overlays: Overlays, transition: Transition) -> str:
    """Let the other side stand; give the error. The transition is entered once it is in force."""
    live, change = overlays.live, transition.change
    first = overlays.transition is None
    old, new = transition.standing, transition.leaving
    leaving, coming = transition.coming(), transition.replaced()
    if first:
        new.make(live, change.made)
        for part in new.parts:
            if part.record in coming and part.outcome is not None:
                part.record.pairs = part.pairs
                live.log.extend(part.outcome.lines)
    old.order = Order(live, change.difference.entries)
    error, failed = _ask(overlays, coming, leaving), False
    if not error:
        forth, back = change.difference.apply_entries, change.difference.revert_entries
        error, failed = (back if transition.forward else forth)(live)
    if failed:
        overlays.transition = transition
        overlays.distrust("apply", _names(coming or leaving))
        return error
    if error:
        old.order.restore()
        live.find(codes.REPLACEMENT_FAILED, error=error, overlays=_names(coming or leaving))
        if first:
            new.free(live)
            _drop_values(live, change)
        return error
    old.step_down(live)
    new.stand(live)
    if new.order is not None:
        new.order.restore()
    old.retire(live)
    overlays.restack(transition.place, new.records)
    overlays.reserved = {one.number: one.name for one in leaving}
    overlays.transition = transition
    transition.forward = not transition.forward
    return _announce(overlays, transition, coming, leaving)


def _drop_values(live: Live, change: Change) -> None:
    """Free the values that only the new side has: nobody was told of them.

    Taking back entries has put those that were in force on lists of dead properties.
    """
    used = {one.prop for part in change.old.parts for one in part.changeset.entries}
    for part in change.new.parts:
        for entry in part.changeset.entries:
            prop, dead = entry.prop, live.dead.get(entry.node, [])
            if prop is None or prop in used:
                continue
            live.freed_properties.add(prop)
            if prop in dead:
                dead.remove(prop)
                if not dead:
                    del live.dead[entry.node]


def _ask(overlays: Overlays, coming: list[LiveOverlay], leaving: list[LiveOverlay]) -> str:
    """Ask the listeners whether overlays may come, then whether the others may go."""
    for record in coming:
        error, _ = overlays.tell(record, "pre-apply")
        if error:
            return error
    for record in reversed(leaving):
        if record.in_force:
            error, _ = overlays.tell(record, "pre-remove")
            if error:
                return error
    return ""


def _announce(
    overlays: Overlays,
    transition: Transition,
    coming: list[LiveOverlay],
    leaving: list[LiveOverlay],
) -> str:
    """Tell the listeners what is in force; give the last error, which changes nothing."""
    live, difference = overlays.live, transition.change.difference
    tell = difference.notify_applied if transition.forward else difference.notify_reverted
    error = tell(live)
    if error:
        names = _names(coming or leaving)
        live.find(live_codes.LISTENER_FAILED, overlay=names, error=error, when="apply")
    for record in coming:
        if live.platform is not None:
            live.platform.settle(target for target, _ in record.pairs)
    told = [(record, "post-remove", "removal") for record in reversed(leaving)]
    told += [(record, "post-apply", "apply") for record in coming]
    for record, action, when in told:
        late, _ = overlays.tell(record, action)
        if late:
            live.find(live_codes.LISTENER_FAILED, overlay=record.name, error=late, when=when)
            error = late
    return error


# -- words -----------------------------------------------------------------------------------------


def _tell_pending(overlays: Overlays) -> None:
    """Report each node that left and is still held."""
    transition, live = overlays.transition, overlays.live
    assert transition is not None
    for node, _ in transition.pending(live):
        what = f"out of the tree, but not free: {_holder_words(overlays, node)} holds it"
        live.find(
            lifetimes.REPLACED_TOO_EARLY,
            node,
            object=node.path,
            what=what,
            fix=_FIX_PENDING,
            severity=Severity.WARNING,
        )


def _refuse_second(overlays: Overlays, transition: Transition) -> None:
    found = transition.pending(overlays.live)
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    node = found[0].node
    overlays.live.find(
        codes.REPLACEMENT_PENDING,
        node,
        overlays=_names(transition.replaced()),
        holders=_holder_words(overlays, node) + more,
    )


def _holder_words(overlays: Overlays, node: Node) -> str:
    found = keepers(overlays, node)
    words = [f"{one.name} ({one.where})" if one.where else one.name for one in found]
    return ", ".join(words) or "a caller that did not give its name"


def _names(records: Sequence[LiveOverlay]) -> str:
    return ", ".join(f"{one.name} (#{one.number})" for one in records) or "no overlay"
