"""`dtovl simulate --inject`: every place of the list is struck, and what must hold holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from live.fault_sites import SITES as OWN_SITES
from support.blob import blob
from support.boards import BASE
from support.overlays import at, overlay_content

from dtovl.lifetimes import faultblobs, invariants
from dtovl.lifetimes.faultsites import INVARIANTS, SITES
from dtovl.lifetimes.injection import Result, find_sites, inject
from dtovl.lifetimes.strikes import STRIKES, Scene, Unfit
from dtovl.live.changeset import LiveChangeset
from dtovl.live.notify import tell_fragment
from dtovl.live.objects import Oops
from dtovl.live.overlays import Overlays
from dtovl.model.dialect import LINUX, LINUX_7_2

if TYPE_CHECKING:
    from support.trees import Content

    from dtovl.live.overlays import LiveOverlay
    from dtovl.live.state import Live
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.overlay.outcome import Outcome

FILE = Path(__file__).parents[3] / "shared" / "lifetimes" / "fault-sites.json"
IDS = [one["id"] for one in json.loads(FILE.read_text())] if FILE.exists() else []
IDS = IDS or [site.id for site in SITES]


class Folder:
    """Where output goes: nothing is ever left there."""

    def refuse(self) -> bool:
        return True

    def names(self) -> list[str]:
        return []


def injected(
    name: str, base: bytes | None = None, overlay: bytes | None = None, dialect: Dialect = LINUX
) -> list[Result]:
    pair = (base or faultblobs.shipped_base(), overlay or faultblobs.shipped_overlay())
    return list(inject(*pair, find_sites(name), dialect, Folder()))


@pytest.mark.parametrize("name", IDS)
def test_site(name: str) -> None:
    (result,) = injected(name)
    assert result.unreached == ""
    assert [check for check in result.checks if check.wrong] == []
    checked = [check.name for check in result.checks]
    assert [one for one in checked if one in invariants.CHECKS] == result.site.invariants.split()


@pytest.mark.skipif(not FILE.exists(), reason=f"needs {FILE.name} of the reference material")
def test_the_table_has_every_row_of_the_reference() -> None:
    known = []
    for one in json.loads(FILE.read_text()):
        facts = ("id", "op", "function", "errno", "id_after", "tree_after", "flags")
        message = one["message"].partition(" (or:")[0]
        known.append((*(one[key] for key in facts), message, " ".join(one["invariants"])))
    ours = [
        (
            *(site.id, site.op, site.function, site.errno, site.number, site.tree, site.flags),
            *("".join(site.messages[:1]), site.invariants),
        )
        for site in SITES
    ]
    assert ours == known


def test_the_table_agrees_with_that_of_the_other_tests() -> None:
    ours = {site.id: (site.errno, site.number, site.tree) for site in SITES}
    assert ours == {one.id: (one.error, one.number, one.tree) for one in OWN_SITES}


def test_every_site_has_a_strike_and_every_invariant_a_check() -> None:
    assert [*STRIKES, "D02"] == [site.id for site in SITES]
    assert list(invariants.CHECKS) == list(INVARIANTS)
    assert {name for site in SITES for name in site.invariants.split()} == set(invariants.CHECKS)
    assert len(find_sites("all")) == len(SITES)
    assert [find_sites(name)[0].id for name in ("a15", "A5", "r01")] == ["A15", "A05", "R01"]
    with pytest.raises(KeyError):
        find_sites("A99")


def test_the_tree_of_linux_7_2() -> None:
    assert [one for one in injected("all", dialect=LINUX_7_2) if not one.holds] == []


# -- other overlays --------------------------------------------------------------------------------


def test_an_overlay_that_passes_few_places() -> None:
    overlay = blob(overlay_content(at("/soc", {"model": "other"})))
    results = {one.site.id: one for one in injected("all", blob(BASE), overlay)}
    reasons = {name: one.unreached for name, one in results.items() if one.unreached}
    assert set(reasons) == {"A13", "A15", "A16", "R06", "R09", "R10", "R11"}
    assert reasons["R09"] == "the overlay brings no node"
    assert reasons["A15"] == "it takes 2 changes, the overlay makes 1"
    assert reasons["A13"] == "the overlay does not pass it"
    assert all(one.holds for one in results.values())


@pytest.mark.parametrize(
    "fragments",
    [
        (at("/", {"a": {"b": {"c": {"q": 1}}}, "z": 1}),),
        (at("/soc/bare", {"x": 7, "w": 1}), at("/soc", {"u@2": {"reg": 3, "sub": {}}})),
        (at("/soc", {"n": {"q": 1}}), at("/soc", {"p": 1})),
        (at("/soc", {"n": {}}),),
    ],
)
def test_other_overlays_hold_what_they_must(fragments: tuple[Content, ...]) -> None:
    results = injected("all", blob(BASE), blob(overlay_content(*fragments)))
    assert [one for one in results if not one.holds] == []


def test_an_overlay_that_does_not_apply() -> None:
    with pytest.raises(Unfit) as caught:
        injected("A01", blob(BASE), blob(overlay_content(at("/gone", {}))))
    assert str(caught.value) == "-EINVAL"
    assert caught.value.lines[-1].endswith("init_overlay_changeset() failed, ret = -22")


# -- safe removal, and what the kernel does --------------------------------------------------------


def failed_scene(name: str) -> Scene:
    scene = Scene(faultblobs.shipped_base(), faultblobs.shipped_overlay(), LINUX)
    STRIKES[name](scene)
    scene.bench.forget()
    return scene


def test_the_kernel_reverts_entries_twice() -> None:
    """Source: the note on A15; a node that is detached already, a property that is not there."""
    scene = failed_scene("A15")
    try:
        error, number = scene.bench.overlays.remove(scene.own)
    except Oops:
        return
    assert (error, number) == ("-ENODEV", scene.own)
    assert "OF: Error reverting changeset (-19)" in scene.bench.lines()


@pytest.mark.parametrize("name", ["A13", "A14", "A15", "A20"])
def test_a_safe_removal_only_frees(name: str) -> None:
    scene = failed_scene(name)
    live, overlays = scene.bench.live, scene.bench.overlays
    made = set(live.made_nodes)
    overlays.frees_failed = True
    assert overlays.remove(scene.own) == ("", 0)
    assert not any("revert" in line for line in scene.bench.lines())
    assert [one.number for one in overlays.listed] == [scene.other]
    assert made - live.freed == {scene.bench.node("/dtovl,bystander")}
    assert invariants.same_picture(scene.bench.picture(), scene.before, counts=True) == ""


# -- broken code is found --------------------------------------------------------------------------


def wrong(name: str) -> set[str]:
    (result,) = injected(name)
    return {check.name for check in result.checks if check.wrong}


def test_a_rollback_that_is_forgotten_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtovl.live.changeset._revert", lambda live, entry: "")
    assert {"I1", "tree"} <= wrong("A15")


def test_a_leaked_target_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Overlays.hold_targets

    def hold_targets(self: Overlays, record: LiveOverlay, outcome: Outcome) -> None:
        real(self, record, outcome)
        for target, _ in record.pairs:
            self.live.get(target)

    monkeypatch.setattr(Overlays, "hold_targets", hold_targets)
    assert "I4" in wrong("A09")
    assert "I4" in wrong("R12")


def test_a_refusal_that_is_not_heeded_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def tell(self: Overlays, record: LiveOverlay, action: str) -> tuple[str, Node]:
        errors = [tell_fragment(self.live, action, *pair) for pair in record.pairs]
        return next((error for error in errors if error), ""), record.pairs[0][0]

    monkeypatch.setattr(Overlays, "tell", tell)
    assert {"I7", "log"} <= wrong("R04")


def test_a_number_that_is_lost_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Overlays._unlist

    def unlist(self: Overlays, record: LiveOverlay) -> None:
        real(self, record)
        self.reserved[record.number] = "lost"

    monkeypatch.setattr(Overlays, "_unlist", unlist)
    assert "I5" in wrong("R07")


def test_distrust_without_need_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = LiveChangeset.apply_entries
    monkeypatch.setattr(
        LiveChangeset, "apply_entries", lambda self, live: (real(self, live)[0], True)
    )
    assert "I6" in wrong("A20")


def test_a_property_that_nobody_owns_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = LiveChangeset.destroy

    def destroy(self: LiveChangeset, live: Live) -> None:
        for entry in self.entries:
            live.dead.pop(entry.node, None)
        real(self, live)

    monkeypatch.setattr(LiveChangeset, "destroy", destroy)
    assert "I3" in wrong("R07")


def test_files_that_are_left_are_found() -> None:
    class Full(Folder):
        def names(self) -> list[str]:
            return [".out.tmp"]

    pair = (faultblobs.shipped_base(), faultblobs.shipped_overlay())
    (result,) = inject(*pair, find_sites("D02"), LINUX, Full())
    assert [check.wrong for check in result.checks if check.wrong] == ["left over: .out.tmp"]
