"""What is in force in a session: overlays and what they own, holders, what leaked, what dangles."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.base import Severity
from dtovl.live.changeset import changeset_holders
from dtovl.live.objects import Flag, Maker
from dtovl.live.replacing import keepers
from dtovl.session.dangling import find_dangling
from dtovl.session.replay import Removal, nodes_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from dtovl.live.objects import Holder, Property
    from dtovl.live.overlays import LiveOverlay, Memory
    from dtovl.model.node import Node
    from dtovl.session.dangling import Dangling
    from dtovl.session.replay import Replay


_NOT_REMOVED = Removal(0, "")


class Stacked(NamedTuple):
    """An overlay in the kernel's list.

    number is its id, operation the one that applied it, in_force false for one that failed and
    kept its id, stuck true for one of these that can never be removed. made are the paths of the
    nodes that it brought, changed maps the paths of other nodes to the names of the properties
    that it set there. memory is what Linux keeps for it until it is removed, pointers are those
    who have kept a pointer into that.
    """

    number: int
    name: str
    operation: int
    in_force: bool
    stuck: bool
    made: list[str]
    changed: dict[str, list[str]]
    memory: Memory
    pointers: list[str]


class HeldNode(NamedTuple):
    """A node that somebody holds by name.

    references is its count, all references counted; overlay the name of the overlay that
    brought it, "" for the base.
    """

    path: str
    references: int
    overlay: str
    holders: list[Holder]


class GoneNode(NamedTuple):
    """A node that is out of the tree and can never be freed.

    overlay is the name of the overlay that brought it ("" if it was no overlay), operation the one
    that removed it. holders still have references, and so have changesets whose entries are about
    it; with none left the node is lost for good. kernel are the lines that Linux printed about it.
    """

    path: str
    overlay: str
    operation: int
    references: int
    holders: list[Holder]
    changesets: list[Holder]
    kernel: tuple[str, ...]


class LeakedProperty(NamedTuple):
    """Values of a property that stay allocated for ever, times of them.

    size is that of names and values in bytes; overlays are the names of those that set it.
    """

    path: str
    name: str
    times: int
    size: int
    overlays: list[str]


class PendingNode(NamedTuple):
    """A node that was replaced, and is still held: references besides those of its overlay."""

    path: str
    overlay: str
    references: int
    holders: list[Holder]


class PendingReplacement(NamedTuple):
    """A replacement that is not over.

    replaced are [id, name] of overlays whose ids stay taken, by those that took their place.
    """

    operation: int
    replaced: list[tuple[int, str]]
    by: list[tuple[int, str]]
    nodes: list[PendingNode]


class Status(NamedTuple):
    """What there is to say about a session as it stands.

    freed are the names of overlays that remove_all freed and left in the kernel's list: whoever
    applies or removes next makes Linux read freed memory. suspect is the overlay of which a change
    could not be taken back, or "". pending is a replacement that is not over, abandoned are the
    ids of overlays that were given up with what was held of them, and their names.
    """

    base: str
    kernel: str
    position: int
    undone: int
    overlays: list[Stacked]
    held: list[HeldNode]
    gone: list[GoneNode]
    leaked: list[LeakedProperty]
    dangling: list[Dangling]
    freed: list[str]
    suspect: str
    pending: PendingReplacement | None
    abandoned: dict[int, str]

    @property
    def severity(self) -> Severity | None:
        """Tell how bad it is: the worst of what is wrong, None when nothing is."""
        if self.suspect or self.freed or any(one.stuck for one in self.overlays):
            return Severity.ERROR
        if self.gone or self.dangling or self.pending:
            return Severity.WARNING
        return Severity.INFO if self.leaked else None


def status_of(replay: Replay) -> Status:
    """Describe the state of a session."""
    machine, journal = replay.machine, replay.journal
    live, overlays = machine.live, machine.overlays
    makers = {node: one.name for one in overlays.listed for node in nodes_of(one)}
    return Status(
        base=journal.base,
        kernel=journal.head.kernel,
        position=replay.position,
        undone=len(journal.rows) - replay.position,
        overlays=[_stacked(one, replay.applied) for one in overlays.listed],
        held=[
            HeldNode(node.path, live.count(node), makers.get(node, ""), list(holders))
            for node, holders in live.holders.items()
            if live.attached(node)
        ],
        gone=_gone(replay),
        leaked=_leaked(replay),
        dangling=find_dangling(live.tree, overlays.listed, replay.gone),
        freed=[one.name for one in overlays.ghosts],
        suspect=overlays.suspect,
        pending=_pending(replay),
        abandoned=dict(overlays.abandoned),
    )


def _pending(replay: Replay) -> PendingReplacement | None:
    """Describe the replacement that is not over, if there is one."""
    live, transition = replay.machine.live, replay.machine.overlays.transition
    if transition is None or replay.machine.overlays.suspect:
        return None
    nodes, operation = [], 0
    for node, others in transition.pending(live):
        removal = replay.gone.get(node, _NOT_REMOVED)
        operation = max(operation, removal.operation)
        holders = keepers(replay.machine.overlays, node)
        nodes.append(PendingNode(node.path, removal.overlay, others, holders))
    replaced = [(one.number, one.name) for one in transition.replaced()]
    by = [(one.number, one.name) for one in transition.coming()]
    return PendingReplacement(operation, replaced, by, nodes)


def _stacked(one: LiveOverlay, applied: dict[int, int]) -> Stacked:
    made = nodes_of(one) if one.in_force else []
    brought = set(made)
    changed: dict[Node, list[str]] = {}
    for entry in one.changeset.entries if one.in_force else ():
        if entry.prop is not None and entry.node not in brought:
            changed.setdefault(entry.node, []).append(entry.prop.name)
    return Stacked(
        one.number,
        one.name,
        applied.get(one.number, 0),
        one.in_force,
        not one.in_force and bool(one.changeset.entries),
        [node.path for node in made],
        {node.path: names for node, names in changed.items()},
        one.memory(),
        list(one.pointers),
    )


def _gone(replay: Replay) -> list[GoneNode]:
    """List the nodes that left the tree and are held, or can never be freed."""
    live = replay.machine.live
    found = []
    transition = replay.machine.overlays.transition
    replaced: Collection[Node] = () if transition is None else transition.leaving.own
    kept = (node for node in replay.gone if live.count(node))
    for node in {**live.holders, **dict.fromkeys(live.lost), **dict.fromkeys(kept)}:
        if live.attached(node) or node in replaced:
            continue
        removal, path = replay.gone.get(node, _NOT_REMOVED), node.path
        found.append(
            GoneNode(
                path,
                removal.overlay,
                removal.operation,
                live.count(node),
                list(live.holders.get(node, ())),
                changeset_holders(live, node),
                tuple(replay.told.get(path, ())),
            )
        )
    return sorted(found, key=lambda one: (one.operation, one.path))


def _leaked(replay: Replay) -> list[LeakedProperty]:
    """List the values that hang on nodes of the base for ever, by node and property.

    What an overlay or a changeset in the list can still bring back is not leaked.
    """
    machine = replay.machine
    live = machine.live
    changesets = [one.changeset for one in machine.overlays.listed]
    changesets += machine.names.changesets.values()
    if machine.overlays.transition is not None:
        changesets += machine.overlays.transition.leaving.changesets()
    kept = {prop for one in changesets for entry in one.entries for prop in (entry.prop, entry.old)}
    found: dict[tuple[Node, str], list[Property]] = {}
    for node, dead in live.dead.items():
        for prop in () if live.has_flag(node, Flag.DYNAMIC) else dead:
            if prop.maker is not Maker.BOOT and prop not in kept:
                found.setdefault((node, prop.name), []).append(prop)
    return [
        LeakedProperty(
            node.path,
            name,
            len(props),
            sum(len(prop.name) + 1 + len(prop.value) for prop in props),
            list(dict.fromkeys(replay.setters[prop] for prop in props if prop in replay.setters)),
        )
        for (node, name), props in found.items()
    ]
