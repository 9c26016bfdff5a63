"""The overlays of a live tree: ids, applying, the rule of the topmost, removing, freeing.

States of an overlay: refused at the header or while unflattening (no id, nothing is kept) ->
kept (an id, a place in the list; entries may be recorded, none in force) -> applied -> removed.
What fails after the id is given out keeps its id and place until somebody removes it.
Source: kernel of_overlay_fdt_apply, of_overlay_remove, free_overlay_changeset
(drivers/of/overlay.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.changeset import Changeset
from dtovl.codes import live as codes
from dtovl.codes import replacing
from dtovl.live.changeset import Action, LiveChangeset
from dtovl.live.notify import tell_fragment
from dtovl.live.objects import Flag, Oops
from dtovl.live.recorder import Recorder
from dtovl.live.topmost import find_blocker
from dtovl.model.dialect import Problem
from dtovl.model.errnos import error_number
from dtovl.overlay.build import build
from dtovl.overlay.outcome import Outcome, line_facts
from dtovl.resolve import Refused, resolve

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from dtovl.live.changeset import Entry
    from dtovl.live.objects import Property
    from dtovl.live.replacing import Transition
    from dtovl.live.state import Live
    from dtovl.model.node import Node
    from dtovl.overlay.fragments import Overlay


# Sizes of struct device_node and struct property of a 64-bit kernel with sysfs, in bytes; and what
# the copy of a blob is larger by (FDT_ALIGN_SIZE).
_NODE_BYTES, _PROPERTY_BYTES, _ALIGN_BYTES = 200, 112, 8


class Applied:
    """What came of an apply: the error ("" for none) and the id that the caller got, 0 for none."""

    __slots__ = ("error", "number", "outcome")

    def __init__(self, error: str, number: int, outcome: Outcome | None = None) -> None:
        self.error = error
        self.number = number
        self.outcome = outcome


class Memory(NamedTuple):
    """Memory that belongs to an overlay in the list, in bytes, and is freed with it.

    fdt_copy is the kernel's copy of the blob, tree the unflattened one (as large as on a 64-bit
    kernel, about). Nothing of the live tree points into them but the names of new nodes; the
    listeners of the overlay chain see the tree, and must not keep pointers into it.
    Source: kernel of_overlay_fdt_apply, unflatten_dt_nodes, free_overlay_changeset.
    """

    fdt_copy: int
    tree: int


class LiveOverlay:
    """An overlay in the list (kernel struct overlay_changeset).

    pairs are (target, content) of its fragments as far as targets were found, each target held;
    in_force tells whether its entries are applied, error what the kernel answered; pointers are
    those who kept one into its tree.
    """

    __slots__ = (
        "_blob_bytes",
        "changeset",
        "error",
        "in_force",
        "name",
        "number",
        "outcome",
        "pairs",
        "pointers",
    )

    def __init__(self, number: int, overlay: Overlay, blob_bytes: int) -> None:
        self._blob_bytes = blob_bytes
        self.error = ""
        self.number = number
        self.name = overlay.name
        self.changeset = LiveChangeset(f"overlay {number} ({overlay.name})")
        self.pairs: list[tuple[Node, Node]] = []
        self.in_force = False
        self.outcome: Outcome | None = None
        self.pointers: list[str] = []

    def brought(self) -> list[Entry]:
        """List the entries that brought nodes, parents first; none if it is not in force."""
        entries = self.changeset.entries if self.in_force else ()
        return [one for one in entries if one.action == Action.ATTACH]

    def memory(self) -> Memory:
        """Tell how much memory the kernel keeps for the overlay besides what is in the tree."""
        size = 0
        if self.outcome is not None:
            for node in self.outcome.overlay.tree.walk():
                size += _NODE_BYTES + len(node.name) + 1 + _PROPERTY_BYTES * len(node.properties)
        return Memory(self._blob_bytes + _ALIGN_BYTES, size)


class Overlays:
    """The list of overlays of one live tree, in order of application.

    ghosts are overlays that remove_all freed and left in the list, suspect is set when a failed
    change could not be taken back: nothing works from then on. transition is a replacement that is
    not over; reserved are the ids, and names, of overlays that it has replaced, abandoned those of
    overlays whose memory was given up for good. With frees_failed a removal does not revert entries
    that are not in force, as the kernel does, but frees them.
    """

    __slots__ = (
        "_by_number",
        "_lowest",
        "abandoned",
        "frees_failed",
        "ghosts",
        "listed",
        "live",
        "reserved",
        "suspect",
        "transition",
    )

    def __init__(self, live: Live) -> None:
        self.live = live
        self.transition: Transition | None = None
        self.reserved: dict[int, str] = {}
        self.abandoned: dict[int, str] = {}
        self._by_number: dict[int, LiveOverlay] = {}
        self._lowest = 1  # all numbers below it are taken
        self.listed: list[LiveOverlay] = []
        self.ghosts: list[LiveOverlay] = []
        self.suspect = ""
        self.frees_failed = False

    # -- apply ---------------------------------------------------------------------------------

    def apply(
        self, overlay: Overlay, warnings: tuple[str, ...] = (), blob_bytes: int = 0
    ) -> Applied:
        """Apply an overlay whose blob passed the header checks and was unflattened.

        The nodes of its tree have their `name` properties; warnings are those of unflattening,
        blob_bytes is the size of the blob. Raises Oops.

        Source: kernel of_overlay_fdt_apply, of_overlay_apply.
        """
        live = self.live
        if self.is_suspect("apply"):
            return Applied("-EBUSY", 0)
        for place in ("changeset", "id", "fdt-copy"):
            error = live.fault(place)
            if error:
                return Applied(error, 0)
        self.touch_ghosts()
        for line in warnings:
            live.print(4, line)
        record = LiveOverlay(self._free_number(), overlay, blob_bytes)
        self.listed.append(record)
        self._by_number[record.number] = record
        outcome = Outcome(overlay, live.dialect, Changeset())
        record.outcome = outcome
        try:
            self._build(record, outcome)
        except Refused as refused:
            record.error = self._refused(record, outcome, refused)
            return Applied(record.error, record.number, outcome)
        live.log.extend(outcome.lines)
        error, failed = record.changeset.apply_entries(live)
        if error:
            if failed:
                self.distrust("apply", record.name)
            record.error = error
            return Applied(error, record.number, outcome)
        record.in_force = True
        error = record.changeset.notify_applied(live)
        if error:
            number = error_number(error)
            live.print(3, f"OF: overlay: overlay apply changeset entry notify error {number}")
            live.find(codes.LISTENER_FAILED, overlay=record.name, error=error, when="apply")
        if live.platform is not None:
            live.platform.settle(target for target, _ in record.pairs)
        late, _ = self.tell(record, "post-apply")
        if late:
            live.find(codes.LISTENER_FAILED, overlay=record.name, error=late, when="apply")
        return Applied(error or late, record.number, outcome)

    def _build(self, record: LiveOverlay, outcome: Outcome) -> None:
        live = self.live
        overlay = outcome.overlay
        if live.rings:
            raise Oops("a walk over all nodes goes round", next(iter(live.rings)), outcome)
        resolved = resolve(overlay.plan(live.dialect), live.tree, live.dialect)
        announce = _PreApply(self, record, outcome)
        try:
            recorder = Recorder(live, record.changeset.entries, _exports(overlay))
            build(live.tree, outcome, resolved, record.number, announce, recorder)
        finally:
            if not announce.told:
                self.hold_targets(record, outcome)

    def hold_targets(self, record: LiveOverlay, outcome: Outcome) -> None:
        """Hold the targets found so far. Source: kernel init_overlay_changeset."""
        overlay = outcome.overlay
        targets = outcome.targets
        record.pairs = [
            (targets[part.node], part.content) for part in overlay.fragments if part.node in targets
        ]
        symbols = self.live.tree.symbols
        if len(record.pairs) == len(overlay.fragments) and overlay.symbols is not None and symbols:
            record.pairs.append((symbols, overlay.symbols))
        for target, _ in record.pairs:
            self.live.get(target)

    def _refused(self, record: LiveOverlay, outcome: Outcome, refused: Refused) -> str:
        live = self.live
        outcome.refused = refused
        if refused.problem in live.dialect.hazards:
            self._unlist(record)
            node = refused.facts.get("node")
            raise Oops(f"applying {record.name}: {refused.problem.value}", node, outcome)
        if not refused.facts.get("printed"):
            outcome.print(refused.problem, **line_facts(refused, live.dialect))
        live.log.extend(outcome.lines)
        if record.changeset.entries:
            entries = len(record.changeset.entries)
            live.find(codes.FAILED_STUCK, overlay=record.name, number=record.number, count=entries)
        else:
            live.find(codes.FAILED_KEPT, overlay=record.name, number=record.number)
        return outcome.error

    # -- remove --------------------------------------------------------------------------------

    def remove(self, number: int) -> tuple[str, int]:
        """Remove an overlay by id; give the error and what is left in the caller's variable.

        Source: kernel of_overlay_remove.
        """
        live = self.live
        if not number and live.dialect.ignores_id_zero:
            return "", 0
        if self.is_suspect("remove"):
            return "-EBUSY", number
        record = self.find(number)
        self.touch_ghosts(None if record is not None else number)
        if number in self.reserved:
            live.find(replacing.ID_RESERVED, number=number, overlay=self.reserved[number])
            return "-EBUSY", number
        if record is None:
            live.print(3, f"OF: overlay: remove: Could not find overlay #{number}")
            known = ", ".join(f"#{one.number}" for one in self.listed) or "none"
            live.find(codes.UNKNOWN_ID, number=number, known=known)
            return "-ENODEV", number
        error, gone = self._take_out(record)
        if gone:
            self._free(record)
        return error, 0 if gone else number

    def remove_all(self) -> str:
        """Remove all overlays, newest first, up to the first that is refused; give its error.

        What is freed stays in the list: whoever looks at it next reads freed memory.
        Source: kernel of_overlay_remove_all.
        """
        before = len(self.ghosts)
        self.touch_ghosts()
        error = self._take_all_out()
        if len(self.ghosts) > before:
            first, more = self.ghosts[before].name, _and_more(len(self.ghosts) - before - 1)
            self.live.find(codes.FREED_OVERLAYS_LISTED, overlay=first, more=more)
        # What is left of a former round has no id that could be found.
        return error or ("-ENODEV" if before else "")

    def _take_all_out(self) -> str:
        for record in reversed(list(self.listed)):
            if self.is_suspect("remove"):
                return "-EBUSY"
            if record.changeset.entries:
                # Each of its nodes is looked for in all that stands behind it in the list.
                self.touch_ghosts()
            error, gone = self._take_out(record)
            if gone:
                self._free(record)
                self.ghosts.append(record)
            if error:
                return error
        return ""

    def find(self, number: int) -> LiveOverlay | None:
        """Find a listed overlay by its id."""
        return self._by_number.get(number)

    def _take_out(self, record: LiveOverlay) -> tuple[str, bool]:
        """Take an overlay out of the tree; give the error, and whether it is to be freed."""
        live = self.live
        if self.frees_failed and not record.in_force:
            record.changeset.drop(live)
        blocker = find_blocker(live, record, self.listed)
        if blocker is not None:
            node, later = blocker
            live.print(
                3,
                f"OF: overlay: node_overlaps_later_cs: #{record.number} overlaps with "
                f"#{later.number} @",
                node.kernel_path,
            )
            live.print(3, f"OF: overlay: overlay #{record.number} is not topmost")
            live.find(
                codes.NOT_TOPMOST,
                node,
                number=record.number,
                later=later.number,
                overlay=record.name,
                other=later.name,
            )
            return "-EBUSY", False
        error, _ = self.tell(record, "pre-remove")
        if error:
            live.find(codes.REMOVAL_REFUSED, overlay=record.name, error=error)
            return error, False
        self._refuse_crash(record)
        error, failed = record.changeset.revert_entries(live)
        if error:
            if failed:
                self.distrust("remove", record.name)
            stuck = record.changeset.failed
            where = None if stuck is None else stuck.node
            live.find(codes.NOT_REMOVABLE, where, overlay=record.name, number=record.number)
            return error, False
        record.in_force = False
        error = record.changeset.notify_reverted(live)
        if error:
            number = error_number(error)
            live.print(3, f"OF: overlay: overlay remove changeset entry notify error {number}")
        late, _ = self.tell(record, "post-remove")
        if error or late:
            live.find(
                codes.LISTENER_FAILED, overlay=record.name, error=error or late, when="removal"
            )
        return error or late, True

    def _refuse_crash(self, record: LiveOverlay) -> None:
        """Stop before an update that was never applied is reverted, where that is fatal.

        The property that is put back is in the list already, the file of the new one was never
        made. Raises Oops.
        """
        entries = record.changeset.entries
        if record.in_force or not entries or self.live.dialect.late_old_property:
            return
        last = entries[-1]
        if last.old is not None:
            name = f"{record.name} (#{record.number})"
            raise Oops(f"removing {name} reverts an update that was never applied", last.node)

    def _free(self, record: LiveOverlay) -> None:
        """Free an overlay that is out of the tree. Source: kernel free_overlay_changeset."""
        live = self.live
        self.note_leaks(record)
        record.changeset.destroy(live)
        self._unlist(record)
        for target, _ in record.pairs:
            live.put(target)
        for who in record.pointers:
            live.find(codes.POINTER_KEPT, overlay=record.name, listener=who)

    def note_leaks(self, record: LiveOverlay, used: Container[Property] = ()) -> None:
        """Say which properties of an overlay that goes stay on dead lists for ever, unused."""
        live = self.live
        left = [
            entry
            for entry in record.changeset.entries
            # Those of new nodes have no origin of their own.
            if entry.origin is not None and entry.prop is not None
            if not live.has_flag(entry.node, Flag.DYNAMIC) and entry.prop not in used
        ]
        if left:
            first = left[0]
            assert first.prop is not None
            name = f"{first.node.kernel_path}/{first.prop.name}"
            facts = {"more": _and_more(len(left) - 1), "name": name, "overlay": record.name}
            live.find(codes.PROPERTY_LEAKED, first.node, **facts)

    # -- shared --------------------------------------------------------------------------------

    def _free_number(self) -> int:
        """Give the smallest id that is free; those of ghosts are not (kernel idr_alloc)."""
        self._lowest = self.free_numbers(1)[0]
        return self._lowest

    def free_numbers(self, count: int) -> list[int]:
        """Give the smallest ids that are free; nothing is taken yet."""
        taken = {one.number for one in self.ghosts}
        taken.update(self._by_number, self.reserved, self.abandoned)
        found: list[int] = []
        number = self._lowest
        while len(found) < count:
            if number not in taken:
                found.append(number)
            number += 1
        return found

    def give_back(self, numbers: Iterable[int]) -> None:
        """Let ids be free that no overlay in the list has."""
        self._lowest = min([self._lowest, *numbers])

    def restack(self, place: int, records: list[LiveOverlay]) -> None:
        """Let other overlays be in the list from a place on."""
        for one in self.listed[place:]:
            del self._by_number[one.number]
        self.listed[place:] = records
        self._by_number.update((one.number, one) for one in records)

    def _unlist(self, record: LiveOverlay) -> None:
        self.listed.remove(record)
        del self._by_number[record.number]
        self._lowest = min(self._lowest, record.number)

    def tell(self, record: LiveOverlay, action: str) -> tuple[str, Node | None]:
        """Tell of every fragment in order; the first error ends it: give it, and its target.

        Source: kernel overlay_notify.
        """
        for target, content in record.pairs:
            error = tell_fragment(self.live, action, target, content)
            if error:
                line = f"overlay changeset {action} notifier error {error_number(error)}"
                self.live.print(3, f"OF: overlay: {line}, target: ", target.kernel_path)
                return error, target
        return "", None

    def touch_ghosts(self, number: int | None = None) -> None:
        """Note that freed overlays, still in the list, are looked at: the last, or one by id."""
        for ghost in reversed(self.ghosts):
            if number is None or ghost.number == number:
                self._touch(ghost)
                return

    def _touch(self, ghost: LiveOverlay) -> None:
        node = ghost.pairs[0][0] if ghost.pairs else None
        self.live.find(codes.FREED_OVERLAY_USED, node, overlay=ghost.name)

    def is_suspect(self, verb: str) -> bool:
        """Tell, and log, that the kernel does not trust its tree any more."""
        if not self.suspect:
            return False
        text = {
            "apply": "OF: overlay: devicetree state suspect, refuse to apply overlay",
            "remove": "OF: overlay: suspect devicetree state, refuse to remove overlay",
        }.get(verb)
        if text is not None:
            self.live.print(3, text)
        self.live.find(codes.SUSPECT, verb=verb, overlay=self.suspect)
        return True

    def distrust(self, verb: str, name: str) -> None:
        """Note that a change could not be taken back: nothing works from now on."""
        self.suspect = name
        self.live.find(codes.SUSPECT, verb=verb, overlay=name)


class _PreApply:
    """Told of the fragments between the search for targets and the building of entries."""

    def __init__(self, overlays: Overlays, record: LiveOverlay, outcome: Outcome) -> None:
        self.overlays = overlays
        self.record = record
        self.outcome = outcome
        self.told = False

    def __call__(self) -> None:
        """Hold the targets, then tell the chain. Raises Refused."""
        self.told = True
        self.overlays.hold_targets(self.record, self.outcome)
        error, target = self.overlays.tell(self.record, "pre-apply")
        if error:
            facts = {"error": error, "action": "pre-apply", "target": target, "printed": True}
            raise Refused(Problem.NOTIFIER, **facts)


def _exports(overlay: Overlay) -> str | None:
    return None if overlay.symbols is None else overlay.symbols.name


def _and_more(count: int) -> str:
    return f" and {count} more" if count else ""
