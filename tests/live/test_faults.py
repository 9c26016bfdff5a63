"""Faults at every place of an apply and of a removal, one at a time, and what holds then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from live.fault_sites import SITES, Site
from support.blob import blob
from support.boards import BASE, Board, events_of, lines_of
from support.overlays import at, overlay_content, to
from support.raw_blob import changed

from dtovl.live.blob import apply_parsed, parse_blob
from dtovl.live.leaks import find_leaks
from dtovl.script import direct

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.trees import Content

    from dtovl.live.overlays import Applied

FILE = Path(__file__).parents[3] / "shared" / "lifetimes" / "fault-sites.json"

OTHER = at("/soc", {"other": {"p": 1}})
"""An overlay that is there before, and is in nobody's way."""

FRAGMENTS = (
    at("/soc/u@2", {"p": 1, "reg": 9}),
    at("/soc/bare", {"x": 9, "n": {"q": 1, "m": {"phandle": 1}}}),
)
EXPORT: Content = {"n": "/fragment@1/__overlay__/n"}
PLACES = ("/soc/u@2", "/soc/bare", "/__symbols__")
PHASES = ("pre-apply", "post-apply", "pre-remove", "post-remove")
OWN_BLOB = blob(overlay_content(*FRAGMENTS, symbols=EXPORT))


class Picture(NamedTuple):
    """A board at one moment."""

    tree: object
    flags: dict[str, int]
    counts: dict[str, int]

    @classmethod
    def of(cls, board: Board) -> Picture:
        return cls(board.tree(), board.flags(), board.counts())


class Scene:
    """A board, what it looked like, and what came of the fault.

    error and number are what the operation gave: number is the id for an apply, for a removal what
    is left in the caller's variable.
    """

    def __init__(self) -> None:
        self.own = 2
        self.suspect_before = ""
        self.error = ""
        self.number = 0
        self.start(BASE, EXPORT)

    def start(self, base: Content, export: Content | None) -> None:
        self.board = Board(base)
        self.export = export
        self.other = self.board.applied(OTHER, name="other.dtbo")
        self.before = Picture.of(self.board)
        self.applied = faultless(base, export)

    def apply(self) -> Applied:
        return self.board.apply(*FRAGMENTS, name="own.dtbo", symbols=self.export)

    def put_in_force(self) -> None:
        done = self.apply()
        assert (done.error, done.number) == ("", self.own)
        assert Picture.of(self.board) == self.applied

    def took(self, done: Applied) -> None:
        self.error, self.number = done.error, done.number

    def remove(self) -> None:
        self.error, self.number = self.board.remove(self.own)

    def make_suspect(self) -> None:
        """Let a removal go wrong for good, of an overlay that is only there for this."""
        board = self.board
        number = board.applied(at("/", {"s": 1, "t": 1}), name="third.dtbo")
        board.live.faults.update({"revert-entry-0": "-ENOMEM", "reapply-entry": "-ENOMEM"})
        assert board.remove(number)[0] == "-ENOMEM"
        self.suspect_before = board.overlays.suspect
        assert self.suspect_before
        self.before = self.applied = Picture.of(board)
        if number == self.own:
            self.own += 1
        board.forget()


def faultless(base: Content, export: Content | None) -> Picture:
    """Give the picture of a board on which the overlay has been applied without fault."""
    board = Board(base)
    board.applied(OTHER)
    board.applied(*FRAGMENTS, symbols=export)
    return Picture.of(board)


# -- striking --------------------------------------------------------------------------------------


def applying(prepare: Callable[[Scene], object]) -> Callable[[Scene], None]:
    """Make the strike that prepares a fault and then applies."""

    def strike(scene: Scene) -> None:
        prepare(scene)
        scene.took(scene.apply())

    return strike


def removing(prepare: Callable[[Scene], object]) -> Callable[[Scene], None]:
    """Make the strike that applies, prepares a fault, and then removes."""

    def strike(scene: Scene) -> None:
        scene.put_in_force()
        prepare(scene)
        scene.remove()

    return strike


def other_content(*fragments: Content, **tables: Content) -> Callable[[Scene], None]:
    """Make the strike that applies something wrong instead of the overlay."""

    def strike(scene: Scene) -> None:
        scene.took(scene.board.apply(*fragments, name="own.dtbo", **tables))

    return strike


def other_blob(data: bytes, size: int | None = None) -> Callable[[Scene], None]:
    def strike(scene: Scene) -> None:
        scene.took(apply_parsed(scene.board.overlays, parse_blob(data, "own.dtbo", size)))

    return strike


def fault(**places: str) -> Callable[[Scene], None]:
    """Let places of the kernel fail; `_` stands for `-` in their names."""
    named = {place.replace("_", "-"): error for place, error in places.items()}
    return lambda scene: scene.board.live.faults.update(named)


def listener(chain: str, action: str, nth: int = 1) -> Callable[[Scene], None]:
    return lambda scene: scene.board.fail(chain, action, nth=nth)


def without_symbols(scene: Scene) -> None:
    """Export a label to a base that has no symbols; what could be applied exports none."""
    scene.start({key: content for key, content in BASE.items() if key != "__symbols__"}, None)
    scene.took(scene.board.apply(*FRAGMENTS, name="own.dtbo", symbols=EXPORT))


def forgotten(scene: Scene) -> None:
    scene.took(scene.board.apply(to("gone", {}), name="own.dtbo"))


def suspect_apply(scene: Scene) -> None:
    scene.make_suspect()
    scene.took(scene.apply())


def suspect_removal(scene: Scene) -> None:
    scene.put_in_force()
    scene.make_suspect()
    scene.remove()


def unknown(scene: Scene) -> None:
    scene.put_in_force()
    scene.error, scene.number = scene.board.remove(77)
    assert scene.number == 77
    scene.number = scene.own


def in_the_way(scene: Scene) -> None:
    scene.board.applied(at("/soc/bare", {"late": 1}), name="late.dtbo")
    scene.applied = Picture.of(scene.board)


def hold(scene: Scene) -> None:
    scene.board.live.hold(scene.board.node("/soc/bare/n"), "driver", "probe")


def put_too_often(scene: Scene) -> None:
    scene.board.live.put(scene.board.node("/soc/bare/n/m"))


def give_property(scene: Scene) -> None:
    board = scene.board
    direct.add_property(board.live, board.node("/soc/bare/n"), board.prop("extra", 1))


def remove_all(scene: Scene) -> None:
    scene.put_in_force()
    scene.board.fail("overlay", "pre-remove", nth=1 + len(PLACES))
    scene.error = scene.board.overlays.remove_all()
    scene.number = scene.other


STRIKES: dict[str, Callable[[Scene], None]] = {
    "A01": suspect_apply,
    "A02": other_blob(changed(OWN_BLOB, magic=1)),
    "A03": other_blob(OWN_BLOB, len(OWN_BLOB) - 1),
    "A04": applying(fault(changeset="-ENOMEM")),
    "A05": applying(fault(id="-ENOMEM")),
    "A06": applying(fault(fdt_copy="-ENOMEM")),
    "A07": other_blob(changed(OWN_BLOB, size_dt_struct=8)),
    "A08": other_content(*FRAGMENTS, to("gone", {}), symbols=EXPORT),
    "A09": other_content(*FRAGMENTS, at("/gone", {}), symbols=EXPORT),
    "A10": other_content(),
    "A11": without_symbols,
    "A12": applying(listener("overlay", "pre-apply", 2)),
    "A13": applying(fault(node_copy="-ENOMEM")),
    "A14": other_content(*FRAGMENTS, at("/soc", {"bare": {"x": 8}}), symbols=EXPORT),
    "A15": applying(fault(apply_entry_6="-ENOMEM")),
    "A16": applying(fault(apply_entry_6="-ENOMEM", rollback_entry="-ENOMEM")),
    "A17": applying(listener("reconfig", "attach-node", 2)),
    "A18": applying(listener("overlay", "post-apply", 2)),
    "A19": forgotten,
    "A20": applying(fault(apply_entry_0="-ENOMEM")),
    "A21": applying(fault(property_file="-ENOMEM")),
    "R01": suspect_removal,
    "R02": unknown,
    "R03": removing(in_the_way),
    "R04": removing(listener("overlay", "pre-remove", 2)),
    "R05": removing(fault(revert_entry_2="-ENOMEM")),
    "R06": removing(fault(revert_entry_8="-ENOMEM", reapply_entry="-ENOMEM")),
    "R07": removing(listener("reconfig", "detach-node")),
    "R08": removing(listener("overlay", "post-remove", 2)),
    "R09": removing(hold),
    "R10": removing(put_too_often),
    "R11": removing(give_property),
    "R12": removing(lambda scene: None),
    "R13": remove_all,
}

START = "OF: overlay: "
LINES: dict[str, str] = {
    "A01": START + "devicetree state suspect, refuse to apply overlay",
    "A02": START + "Invalid overlay_fdt header",
    "A07": START + "unable to unflatten overlay_fdt",
    "A09": START + "init_overlay_changeset() failed, ret = -22",
    "A10": START + "no fragments or symbols in overlay",
    "A11": START + "symbols in overlay, but not in live tree",
    "A12": START + "overlay changeset pre-apply notifier error -16, target: /soc/bare",
    "A14": START + "ERROR: multiple fragments add, update, and/or delete property /soc/bare/x",
    "A15": "OF: Error applying changeset (-12)",
    "A16": "OF: Error applying changeset (-12)",
    "A17": START + "overlay apply changeset entry notify error -16",
    "A18": START + "overlay changeset post-apply notifier error -16, target: /soc/bare",
    "A20": "OF: Error applying changeset (-12)",
    "R01": START + "suspect devicetree state, refuse to remove overlay",
    "R02": START + "remove: Could not find overlay #77",
    "R03": START + "overlay #2 is not topmost",
    "R04": START + "overlay changeset pre-remove notifier error -16, target: /soc/bare",
    "R05": "OF: Error reverting changeset (-12)",
    "R06": "OF: Error reverting changeset (-12)",
    "R07": START + "overlay remove changeset entry notify error -16",
    "R08": START + "overlay changeset post-remove notifier error -16, target: /soc/bare",
    "R09": "OF: ERROR: memory leak, expected refcount 1 instead of 2, of_node_get()/of_node_put() "
    "unbalanced - destroy cset entry: attach overlay node /soc/bare/n",
    "R10": "OF: ERROR: memory leak before free overlay changeset,  /soc/bare/n/m",
    "R11": "OF: ERROR: of_node_release(), unexpected properties in /soc/bare/n",
}
"""What the kernel says at a place, where it says something."""

GIVEN = {"entry": "-ENOMEM", "notifier": "-EBUSY", "0": "", "A21": "", "A19": "-EINVAL"} | {
    "R13": "-EBUSY"
}
"""What the caller gets, where the table has no errno, or one that the caller does not see."""


# -- what holds ------------------------------------------------------------------------------------


def check_before(scene: Scene) -> None:
    now = Picture.of(scene.board)
    assert now.tree == scene.before.tree
    assert now.flags == scene.before.flags


def check_applied(scene: Scene) -> None:
    now = Picture.of(scene.board)
    assert now.tree == scene.applied.tree
    assert now.flags == scene.applied.flags


def check_owners(scene: Scene) -> None:
    """Hold all that was made against those who may own it, and what leaks against what may."""
    live, listed = scene.board.live, scene.board.overlays.listed
    entries = [entry for one in listed for entry in one.changeset.entries]
    nodes = {*live.tree.walk(), *live.holders, *live.lost, *(entry.node for entry in entries)}
    for node in live.made_nodes:
        assert node in nodes or node in live.freed, node
    recorded = {prop for entry in entries for prop in (entry.prop, entry.old)}
    on_nodes = {prop for node in nodes for prop in live.objects_of(node)}
    dead = {prop for node in nodes for prop in live.dead.get(node, ())}
    for prop in live.made_properties:
        assert prop in recorded | on_nodes | dead or prop in live.freed_properties, prop.name
    # Lost for good are nodes that were given up, and properties on dead lists of base nodes.
    leaks = find_leaks(live, [one.changeset for one in listed], list(live.holders))
    assert leaks.count("node") == len(live.lost)
    dead -= {prop for node in live.holders for prop in live.dead.get(node, ())}
    gone = sum(prop in live.made_properties for prop in dead - recorded - on_nodes)
    assert leaks.count("property-name") + leaks.count("case-property-name") == gone


def check_counts(scene: Scene) -> None:
    counts = scene.board.counts()
    record = scene.board.overlays.find(scene.own)
    for path, before in scene.before.counts.items():
        node = scene.board.node(path)
        more = 0
        if record is not None:
            more += sum(target is node for target, _ in record.pairs)
            more += sum(entry.node is node for entry in record.changeset.entries)
        assert counts[path] == before + more, path


def check_ids(scene: Scene, site: Site) -> None:
    overlays = scene.board.overlays
    numbers = [one.number for one in overlays.listed]
    assert numbers[0] == scene.other
    if site.id == "R13":
        assert numbers == [scene.other]
    else:
        kept = site.number not in ("0", "freed")
        assert (scene.own in numbers) == kept
        assert scene.number == (scene.own if kept else 0)
    if not overlays.suspect and not overlays.ghosts:
        free = next(number for number in range(1, 9) if number not in numbers)
        assert scene.board.apply(at("/", {"#address-cells": 1})).number == free
        assert scene.board.remove(free) == ("", 0)


def check_suspect(scene: Scene, site: Site) -> None:
    now = scene.board.overlays.suspect
    assert bool(now) == (bool(scene.suspect_before) or site.id in ("A16", "R06"))


def check_told(scene: Scene, log: list[tuple[str, ...]]) -> None:
    heard: dict[str, list[str]] = {}
    for action, path, *_ in (event for event in events_of(log) if event[0] in PHASES):
        heard.setdefault(path, []).append(action)
    for path in PLACES:
        actions = heard.get(path, [])
        assert tuple(actions) == PHASES[: len(actions)], path
    for place, entry in enumerate(log):
        action, path, *_ = log[place - 1]
        if entry[0] == "inject" and action in PHASES and path in PLACES:
            told = [event[1] for event in log if event[0] == action and event[1] in PLACES]
            assert told == list(PLACES[: PLACES.index(path) + 1])


def check_again(scene: Scene, site: Site) -> None:
    """Do the same without the fault, after an overlay that was kept has been removed."""
    board = scene.board
    assert not board.live.faults
    if site.id.startswith("R"):
        again_removed(scene, site)
        return
    if site.number == "kept":
        assert board.remove(scene.own) == ("", 0)
        assert Picture.of(board) == scene.before
    done = scene.apply()
    assert (done.error, done.number) == ("", scene.own)
    assert Picture.of(board) == scene.applied


def again_removed(scene: Scene, site: Site) -> None:
    board = scene.board
    if site.id == "R13":
        # Those above are freed, and still in the list: the kernel stumbles over them.
        board.forget()
        board.overlays.remove_all()
        assert "freed-overlay-used" in board.codes()
        assert board.tree() == Board().tree()
        return
    if site.id == "R03":
        assert board.remove(3) == ("", 0)
    assert board.remove(scene.own) == ("", 0)
    assert Picture.of(board) == scene.before


# -- tests -----------------------------------------------------------------------------------------

LIVE_SITES = [site for site in SITES if site.id in STRIKES]


@pytest.mark.parametrize("site", LIVE_SITES, ids=lambda site: site.id)
def test_fault(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    scene = Scene()
    STRIKES[site.id](scene)
    assert not scene.board.live.faults, "the fault did not strike"
    log = scene.board.log()
    assert scene.error == GIVEN.get(site.id, GIVEN.get(site.error, f"-{site.error}"))
    if site.id in LINES:
        assert LINES[site.id] in lines_of(log)
    if site.tree in ("before", "applied"):
        wanted = scene.before if site.tree == "before" else scene.applied
        assert scene.board.tree() == wanted.tree
    checks: dict[str, Callable[[], None]] = {
        "I1": lambda: check_before(scene),
        "I2": lambda: check_applied(scene),
        "I3": lambda: check_owners(scene),
        "I4": lambda: check_counts(scene),
        "I5": lambda: check_ids(scene, site),
        "I6": lambda: check_suspect(scene, site),
        "I7": lambda: check_told(scene, log),
        "I8": lambda: check_again(scene, site),
        "I9": lambda: no_files(tmp_path),
    }
    for name in sorted(site.holds.split()):
        checks[name]()


def no_files(folder: Path) -> None:
    assert list(folder.iterdir()) == []


def test_every_place_of_an_apply_and_a_removal_is_struck() -> None:
    assert {site.id for site in SITES if site.id[0] in "AR"} == set(STRIKES)
    assert [site.id for site in SITES] == sorted((site.id for site in SITES), key=_place)


def _place(name: str) -> tuple[int, str]:
    return "ARD".index(name[0]), name


@pytest.mark.skipif(not FILE.exists(), reason=f"needs {FILE.name} of the reference material")
def test_the_places_are_those_of_the_reference() -> None:
    known = {
        one["id"]: (one["errno"], one["id_after"], one["tree_after"], set(one["invariants"]))
        for one in json.loads(FILE.read_text())
        if one["op"] in ("apply", "remove")
    }
    ours = {
        site.id: (site.error, site.number, site.tree, set(site.holds.split())) for site in SITES
    }
    assert ours == known
