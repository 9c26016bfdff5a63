"""How each place of the list is made to fail, in the code that applies and removes.

What an input can do wrong is done by an input; allocations and entries fail by Live.faults;
listeners by one that refuses. A place that a given overlay does not pass raises Unreached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.changeset import Changeset
from dtovl.fdt.read import unflatten
from dtovl.lifetimes import faultblobs as blobs
from dtovl.lifetimes.faultbench import Bench, Plan
from dtovl.live.objects import Maker, Property
from dtovl.live.primitives import add_property
from dtovl.overlay.build import build
from dtovl.overlay.fragments import Overlay
from dtovl.overlay.outcome import Outcome
from dtovl.resolve import resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.live.overlays import Applied
    from dtovl.model.dialect import Dialect
    from dtovl.model.tree import Tree

NO_MEMORY = "-ENOMEM"
"""What an entry and an allocation answer that fail."""

_NAME = "the overlay"
_NOBODY = 0x7FFF
"""An id that no overlay has."""


class Unreached(Exception):
    """The overlay does not pass the place; the text says why."""


class Unfit(Exception):
    """The overlay does not apply, or not come out, without any fault; lines are the kernel's."""

    def __init__(self, error: str, lines: list[str]) -> None:
        super().__init__(error)
        self.lines = lines


class Scene:
    """A bench on which one fault strikes, what it looked like, and what came of it.

    own is the id that the overlay gets, other that of the one which is there; before and applied
    are pictures without and with the overlay; error and number what the operation gave: number is
    the id, for a removal what is left in the caller's variable.
    """

    def __init__(self, base: bytes, overlay: bytes, dialect: Dialect) -> None:
        self.dialect = dialect
        self.error = ""
        self.number = 0
        self.suspect_before = ""
        self.third = 0
        self._start(base, overlay)

    def _start(self, base: bytes, overlay: bytes) -> None:
        model = Bench(base, self.dialect)
        model.stand_by()
        done = model.apply(overlay, _NAME)
        record = model.overlays.find(done.number)
        if done.error or record is None:
            raise Unfit(done.error, model.lines())
        self.plan = Plan.of(record)
        self.applied = model.picture()
        model.forget()
        error, _ = model.overlays.remove(done.number)
        if error:
            raise Unfit(error, model.lines())
        self.base, self.overlay, self.own = base, overlay, done.number
        self.bench = Bench(base, self.dialect)
        self.other = self.bench.stand_by()
        self.before = self.bench.picture()

    # -- acting --------------------------------------------------------------------------------

    def apply(self, blob: bytes | None = None, size: int | None = None) -> None:
        """Apply the overlay, or another blob in its place."""
        self.took(self.bench.apply(self.overlay if blob is None else blob, _NAME, size))

    def took(self, done: Applied) -> None:
        """Note what an apply gave."""
        self.error, self.number = done.error, done.number

    def put_in_force(self) -> None:
        """Apply the overlay without a fault."""
        self.apply()
        self.bench.forget()

    def remove(self) -> None:
        """Remove the overlay."""
        self.error, self.number = self.bench.overlays.remove(self.own)

    def make_suspect(self) -> None:
        """Let the removal of a third overlay go wrong for good."""
        bench = self.bench
        blob = blobs.overlay_at("/", {"dtovl,one": b"", "dtovl,two": b""})
        done = bench.apply(blob, "third")
        bench.live.faults.update({"revert-entry-0": NO_MEMORY, "reapply-entry": NO_MEMORY})
        bench.overlays.remove(done.number)
        self.suspect_before = bench.overlays.suspect
        self.before = self.applied = bench.picture()
        if done.number == self.own:
            self.own += 1
        bench.forget()

    def use_stand_in(self) -> None:
        """Start again with a base without labels, and an overlay that needs none."""
        stand_in = blobs.overlay_at("/", blobs.MARK)
        self._start(blobs.without_symbols(self.base), stand_in)

    # -- looking -------------------------------------------------------------------------------

    def first_new(self) -> str:
        """Give the path of the first node that the overlay brings. Raises Unreached."""
        if not self.plan.new:
            raise Unreached("the overlay brings no node")
        return self.plan.new[0]

    def middle_fragment(self) -> int:
        """Give the number of a fragment in the middle, counted from 1. Raises Unreached."""
        if not self.plan.fragments:
            raise Unreached("the overlay has no fragment")
        return self.plan.fragments // 2 + 1

    def middle_entry(self, least: int) -> int:
        """Give the number of an entry in the middle, from 0. Raises Unreached if fewer than least.

        What can fail twice has an entry on either side.
        """
        if self.plan.entries < least:
            raise Unreached(f"it takes {least} changes, the overlay makes {self.plan.entries}")
        return self.plan.entries // 2


def _fault(place: str) -> Callable[[Scene], None]:
    def strike(scene: Scene) -> None:
        scene.bench.live.faults[place] = NO_MEMORY
        scene.apply()

    return strike


def _blob(change: Callable[[bytes], bytes]) -> Callable[[Scene], None]:
    return lambda scene: scene.apply(change(scene.overlay))


def _short_buffer(scene: Scene) -> None:
    scene.apply(size=len(scene.overlay) - 1)


def _lost_target(blob: bytes) -> bytes:
    return blobs.with_fragment(blob, blobs.NOWHERE, blobs.MARK)


def _no_symbols(scene: Scene) -> None:
    scene.use_stand_in()
    scene.apply(blobs.overlay_at("/", blobs.MARK, symbol=True))


def _clash(scene: Scene) -> None:
    plan = scene.plan
    tops = [path for path in plan.new if path.rpartition("/")[0] not in plan.new]
    if tops:
        above, _, name = tops[0].rpartition("/")
        scene.apply(blobs.with_fragment(scene.overlay, above or "/", {}, child=name))
        return
    known = [one for one in plan.changed if one[0] != "/__symbols__"]
    if not known:
        raise Unreached("the overlay changes nothing that a second fragment could change too")
    path, name = known[0]
    scene.apply(blobs.with_fragment(scene.overlay, path, {name: b""}))


def _apply_fragment(action: str) -> Callable[[Scene], None]:
    def strike(scene: Scene) -> None:
        scene.bench.refuser.refuse("overlay", action, scene.middle_fragment())
        scene.apply()

    return strike


def _remove_fragment(action: str) -> Callable[[Scene], None]:
    def strike(scene: Scene) -> None:
        scene.put_in_force()
        scene.bench.refuser.refuse("overlay", action, scene.middle_fragment())
        scene.remove()

    return strike


def _entry_fails(scene: Scene) -> None:
    scene.bench.live.faults[f"apply-entry-{scene.middle_entry(2)}"] = NO_MEMORY
    scene.apply()


def _rollback_fails(scene: Scene) -> None:
    scene.bench.live.faults["rollback-entry"] = NO_MEMORY
    _entry_fails(scene)


def _first_entry(scene: Scene) -> None:
    scene.middle_entry(1)
    _fault("apply-entry-0")(scene)


def _entry_refused(scene: Scene) -> None:
    scene.bench.refuser.refuse("reconfig", "")
    scene.apply()


def _suspect_apply(scene: Scene) -> None:
    scene.make_suspect()
    scene.apply()


def _suspect_removal(scene: Scene) -> None:
    scene.put_in_force()
    scene.make_suspect()
    scene.remove()


def _unknown_id(scene: Scene) -> None:
    scene.put_in_force()
    scene.error, _ = scene.bench.overlays.remove(_NOBODY)
    scene.number = scene.own


def _in_the_way(scene: Scene) -> None:
    scene.put_in_force()
    path = scene.plan.new[0] if scene.plan.new else ""
    if not path:
        if not scene.plan.changed:
            raise Unreached("the overlay changes nothing")
        path = scene.plan.changed[0][0]
    scene.third = scene.bench.apply(blobs.overlay_at(path, blobs.MARK), "third").number
    scene.applied = scene.bench.picture()
    scene.bench.forget()
    scene.remove()


def _revert_fails(scene: Scene) -> None:
    place = scene.middle_entry(1)
    scene.put_in_force()
    scene.bench.live.faults[f"revert-entry-{place}"] = NO_MEMORY
    scene.remove()


def _reapply_fails(scene: Scene) -> None:
    place = scene.middle_entry(2) - 1
    scene.put_in_force()
    faults = {f"revert-entry-{place}": NO_MEMORY, "reapply-entry": NO_MEMORY}
    scene.bench.live.faults.update(faults)
    scene.remove()


def _entry_refused_back(scene: Scene) -> None:
    scene.put_in_force()
    scene.bench.refuser.refuse("reconfig", "")
    scene.remove()


def _held(scene: Scene) -> None:
    path = scene.first_new()
    scene.put_in_force()
    scene.bench.live.hold(scene.bench.node(path), "a driver", "probe")
    scene.remove()


def _put_too_often(scene: Scene) -> None:
    scene.first_new()
    scene.put_in_force()
    scene.bench.live.put(scene.bench.node(scene.plan.new[-1]))
    scene.remove()


def _foreign_property(scene: Scene) -> None:
    path = scene.first_new()
    scene.put_in_force()
    live = scene.bench.live
    prop = Property("dtovl,extra", b"", Maker.CALLER)
    live.made_properties.append(prop)
    add_property(live, scene.bench.node(path), prop)
    scene.remove()


def _updated(scene: Scene) -> None:
    if not scene.plan.updated:
        raise Unreached("the overlay replaces no property of the base")
    scene.put_in_force()
    scene.remove()


def _remove_all(scene: Scene) -> None:
    scene.put_in_force()
    scene.bench.refuser.refuse("overlay", "pre-remove", 1 + scene.plan.fragments)
    scene.error = scene.bench.overlays.remove_all()
    scene.number = scene.other


class _CtrlC:
    """An entry at which Ctrl-C strikes."""

    def apply(self, tree: Tree) -> None:
        raise KeyboardInterrupt

    def revert(self, tree: Tree) -> None:
        """Do nothing, as nothing was done."""


def _interrupt(scene: Scene) -> None:
    place = scene.middle_entry(1)
    tree, dialect = scene.bench.live.tree, scene.dialect
    overlay = Overlay(unflatten(scene.overlay), _NAME)
    outcome = Outcome(overlay, dialect, Changeset())
    build(tree, outcome, resolve(overlay.plan(dialect), tree, dialect), scene.own)
    outcome.changeset.entries.insert(place, _CtrlC())  # type: ignore[arg-type]
    try:
        outcome.changeset.apply(tree)
    except KeyboardInterrupt:
        return
    raise Unreached("the overlay changes nothing between whose changes Ctrl-C could strike")


STRIKES: dict[str, Callable[[Scene], None]] = {
    "A01": _suspect_apply,
    "A02": _blob(blobs.with_wrong_header),
    "A03": _short_buffer,
    "A04": _fault("changeset"),
    "A05": _fault("id"),
    "A06": _fault("fdt-copy"),
    "A07": _blob(blobs.with_short_structure),
    "A08": _blob(blobs.with_lost_label),
    "A09": _blob(_lost_target),
    "A10": _blob(lambda _: blobs.empty_overlay()),
    "A11": _no_symbols,
    "A12": _apply_fragment("pre-apply"),
    "A13": _fault("node-copy"),
    "A14": _clash,
    "A15": _entry_fails,
    "A16": _rollback_fails,
    "A17": _entry_refused,
    "A18": _apply_fragment("post-apply"),
    "A19": _blob(_lost_target),
    "A20": _first_entry,
    "A21": _fault("property-file"),
    "R01": _suspect_removal,
    "R02": _unknown_id,
    "R03": _in_the_way,
    "R04": _remove_fragment("pre-remove"),
    "R05": _revert_fails,
    "R06": _reapply_fails,
    "R07": _entry_refused_back,
    "R08": _remove_fragment("post-remove"),
    "R09": _held,
    "R10": _put_too_often,
    "R11": _foreign_property,
    "R12": _updated,
    "R13": _remove_all,
    "D01": _interrupt,
}
"""What makes each place fail but D02, which is about files."""
