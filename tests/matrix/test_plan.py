"""What is to be checked: which files, which pairs and stacks, in which order, and what is amiss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.repository import Repository, board, cases_of, overlay

from dtovl.errors import InputError
from dtovl.matrix import choice, listing
from dtovl.matrix.config import prefix_of
from dtovl.matrix.listing import Listing
from dtovl.matrix.plan import Plan, make_plan
from dtovl.matrix.reading import read_config
from dtovl.matrix.survey import Surveyed, Surveyor
from dtovl.matrix.tasks import Source

if TYPE_CHECKING:
    from pathlib import Path

FILES = "bases: boards/*.dtb\noverlays: overlays/*.dtbo\n"
SMALL = {
    "boards/a.dtb": board("v,a", "v,soc", labels=("uart", "i2c"), nodes=("soc",)),
    "boards/b.dtb": board("v,b", "v,soc", labels=("uart",)),
    "boards/c.dtb": board("w,c", labels=("spi",)),
    "overlays/for-a.dtbo": overlay("gone", compatible=["v,a"]),
    "overlays/for-soc.dtbo": overlay(compatible=["x,y", "v,soc"], path="/"),
    "overlays/i2c.dtbo": overlay("uart", "i2c"),
    "overlays/uart.dtbo": overlay("uart"),
}


def source(path: str, *how: object) -> Source:
    return Source(path, *how)._replace(roots=(".",))  # type: ignore[arg-type]


def planned(text: str, files: dict[str, bytes] = SMALL) -> Plan:
    return Repository(files).plan(text)


def findings(plan: Plan) -> list[str]:
    return [f"{one.at.line}: {one.code} {one.message}" for one in plan.findings]


# -- pairing -----------------------------------------------------------------------------------


def test_pairs_by_compatible_or_by_what_an_overlay_wants() -> None:
    plan = planned(FILES)
    assert cases_of(plan) == [
        "boards/a.dtb: overlays/for-a.dtbo",
        "boards/a.dtb: overlays/for-soc.dtbo",
        "boards/a.dtb: overlays/i2c.dtbo",
        "boards/a.dtb: overlays/uart.dtbo",
        "boards/b.dtb: overlays/for-soc.dtbo",
        "boards/b.dtb: overlays/uart.dtbo",
    ]
    assert plan.cases == 6
    assert plan.bases == ("boards/a.dtb", "boards/b.dtb", "boards/c.dtb")
    assert plan.overlays == tuple(path for path in SMALL if path.startswith("o"))
    assert plan.idle == ("boards/c.dtb",)
    assert (plan.fits_nothing, plan.findings) == ((), ())


def test_the_order_of_files_means_nothing() -> None:
    backwards = dict(sorted(SMALL.items(), reverse=True))
    assert planned(FILES, backwards) == planned(FILES)
    other = "overlays: [overlays/uart.dtbo, overlays/*.dtbo]\nbases: [boards/b.dtb, boards/*.dtb]"
    assert planned(other).tasks == planned(FILES).tasks


def test_target_paths_count_as_labels_do() -> None:
    files = {
        **{path: data for path, data in SMALL.items() if path.startswith("b")},
        "overlays/soc.dtbo": overlay("uart", path="/soc/inner"),
        "overlays/none.dtbo": overlay(path="/none"),
    }
    plan = planned(FILES, files)
    assert cases_of(plan) == ["boards/a.dtb: overlays/soc.dtbo"]
    assert [tuple(one) for one in plan.fits_nothing] == [
        ("overlays/none.dtbo", "", "no base has any of what it wants: node /none")
    ]


def test_what_fits_nothing_is_told_with_what_comes_nearest() -> None:
    files = {
        "boards/a.dtb": board("v,alpha-board", labels=("uart", "i2c")),
        "boards/b.dtb": board("v,beta-board", labels=("uart",)),
        "overlays/1.dtbo": overlay("uart", "i2c", "l1", "l2", path="/soc"),
        "overlays/2.dtbo": overlay(compatible=["v,betta-board"], path="/"),
        "overlays/3.dtbo": overlay(compatible=["something", "else"], path="/"),
        "overlays/4.dtbo": overlay("p", "q", "r", "s", "t"),
    }
    assert [tuple(one) for one in planned(FILES, files).fits_nothing] == [
        (
            "overlays/1.dtbo",
            "boards/a.dtb",
            "boards/a.dtb comes nearest, it lacks label l1, label l2, node /soc",
        ),
        (
            "overlays/2.dtbo",
            "boards/b.dtb",
            "no base has v,betta-board in its root's compatible; boards/b.dtb comes nearest, it is "
            "v,beta-board",
        ),
        ("overlays/3.dtbo", "", "no base has something, else in its root's compatible"),
        (
            "overlays/4.dtbo",
            "",
            "no base has any of what it wants: label p, label q, label r and 2 more",
        ),
    ]


def test_an_explicit_pair_replaces_what_would_be_found_for_its_overlays() -> None:
    plan = planned(
        FILES + "pairs: [compatible, {bases: boards/c.dtb, overlays: overlays/uart.dtbo},"
        " {bases: [], overlays: overlays/i2c.dtbo}]"
    )
    assert cases_of(plan) == [
        "boards/a.dtb: overlays/for-a.dtbo",
        "boards/a.dtb: overlays/for-soc.dtbo",
        "boards/b.dtb: overlays/for-soc.dtbo",
        "boards/c.dtb: overlays/uart.dtbo",
    ]
    assert [one.overlay for one in plan.fits_nothing] == []


def test_only_explicit_pairs() -> None:
    plan = planned(
        FILES + "pairs:\n- {bases: 'boards/[ab].dtb', overlays: overlays/i2c.dtbo}\n"
        "- {bases: boards/a.dtb, overlays: 'overlays/*i*.dtbo'}\n"
    )
    assert cases_of(plan) == [
        "boards/a.dtb: overlays/i2c.dtbo",
        "boards/b.dtb: overlays/i2c.dtbo",
    ]
    assert plan.fits_nothing[0] == (
        "overlays/for-a.dtbo",
        "",
        "no entry of `pairs` names it",
    )


def test_files_are_not_read_when_all_pairs_are_named() -> None:
    repository = Repository(SMALL)
    repository.plan(FILES + "pairs: {bases: boards/*.dtb, overlays: overlays/*.dtbo}")
    repository.plan(FILES + "pairs: [compatible, {bases: boards/*.dtb, overlays: overlays/*.dtbo}]")
    assert repository.opened == []
    repository.plan(FILES)
    assert sorted(repository.opened) == sorted(SMALL)


def test_what_is_known_of_files_is_not_looked_up() -> None:
    repository = Repository({"boards/a.dtb": b"", "overlays/x.dtbo": b""})
    known = {
        source("boards/a.dtb"): Surveyed(compatible=("v,a",)),
        source("overlays/x.dtbo"): Surveyed(True, ("v,a",)),
    }
    config = read_config(FILES, "dtovl.yaml", "")
    surveyor = Surveyor(repository.read, known=known)
    plan = make_plan(config, repository.listing(), surveyor)
    assert cases_of(plan) == ["boards/a.dtb: overlays/x.dtbo"]


# -- files -------------------------------------------------------------------------------------


def test_how_source_is_read_comes_from_the_first_entry_that_has_it() -> None:
    text = """
bases:
- {files: boards/a.dts, include: inc, define: {REV: 2}}
- {files: boards/*.dts, except: boards/skip.dts}
overlays: {files: overlays/*.dtso, except: overlays/add*, include: [x, y]}
pairs: []
stacks:
- {name: s, bases: [boards/a.dts, boards/b.dts], overlays: [overlays/o.dtso, overlays/add.dtso]}
- {bases: boards/skip.dts, overlays: other/p.dtso}
"""
    boards = ("boards/a.dts", "boards/b.dts", "boards/skip.dts")
    overlays = ("overlays/o.dtso", "overlays/add.dtso", "overlays/add2.dtso", "other/p.dtso")
    files = dict.fromkeys([*boards, *overlays], b"")
    plan = planned(text, files)
    assert [task.base for task in plan.tasks] == [
        source("boards/a.dts", ("inc",), (("REV", "2"),)),
        source("boards/b.dts"),
        source("boards/skip.dts"),
    ]
    assert plan.tasks[0].overlays == (
        source("overlays/o.dtso", ("x", "y")),
        source("overlays/add.dtso", ("x", "y")),
    )
    assert plan.tasks[2].overlays == (source("other/p.dtso"),)
    assert (plan.findings, plan.fits_nothing) == ((), ())


def test_paths_begin_in_the_folder_of_the_configuration(tmp_path: Path) -> None:
    folder = str(Repository(SMALL).write(tmp_path))
    plan = make_plan(read_config(FILES, f"{folder}/dtovl.yaml", folder))
    bare = planned(FILES)
    assert [case.replace(f"{folder}/", "") for case in cases_of(plan)] == cases_of(bare)
    assert plan.bases == tuple(f"{folder}/{path}" for path in bare.bases)
    assert plan.idle == (f"{folder}/boards/c.dtb",)
    assert [prefix_of(one) for one in ("", ".", "a", "a/")] == ["", "", "a/", "a/"]


def test_hidden_files_are_found_by_those_who_name_them() -> None:
    files = Listing.of_paths(["a.dtb", ".b.dtb", "x/.h/c.dtb", ".git/d.dtb", "x/.git/e.dtb"])
    assert files.find("**/*.dtb") == ("a.dtb",)
    assert files.find("**") == ("a.dtb",)
    assert files.find(".*.dtb") == (".b.dtb",)
    assert files.find("x/.h/*") == files.find("x/.*/*") == ("x/.h/c.dtb",)
    assert files.find("{a,.b}.dtb") == (".b.dtb", "a.dtb")
    assert not any(map(files.find, (".git/*", "x/.git/*", ".g*/*")))
    assert not any(map(files.has, (".git/d.dtb", "a.dtb/x", "y/a.dtb", "")))


def test_links_do_not_lead_out(tmp_path: Path) -> None:
    secret = tmp_path / "secret.dtb"
    secret.write_bytes(SMALL["boards/a.dtb"])
    folder = Repository(SMALL).write(tmp_path / "repo")
    (folder / "boards" / "out.dtb").symlink_to(secret)
    (folder / "boards" / "in.dtb").symlink_to("b.dtb")
    (folder / "old").symlink_to("boards")
    (folder / "up").symlink_to(tmp_path)
    text = FILES + "stacks: [{bases: boards/out.dtb, overlays: overlays/uart.dtbo}]\n"
    text += "apart: [[up/repo/overlays/uart.dtbo], [old/*]]"
    plan = make_plan(read_config(text, "dtovl.yaml", str(folder)))
    assert [one.code for one in plan.findings] == ["DT617", "DT610", "DT611"]
    assert plan.findings[0].message == (
        f"{folder}/boards/out.dtb is a link that leads out of the folder of the configuration"
    )
    assert plan.bases == tuple(f"{folder}/boards/{name}.dtb" for name in ("a", "b", "c", "in"))
    quiet = text.replace("boards/*.dtb", "{files: boards/*.dtb, except: boards/out.dtb}")
    plan = make_plan(read_config(quiet.partition("stacks")[0], "dtovl.yaml", str(folder)))
    assert not plan.findings


def test_links_to_nothing_are_told_and_the_rest_is_checked(tmp_path: Path) -> None:
    folder = Repository(SMALL).write(tmp_path)
    (folder / "boards" / "gone.dtb").symlink_to("nowhere.dtb")
    (folder / "boards" / "loop.dtb").symlink_to("loop.dtb")
    (folder / "boards" / "folder.dtb").symlink_to("../overlays")
    plan = make_plan(read_config(FILES, "dtovl.yaml", str(folder)))
    assert [(one.code, one.message.rpartition(": ")[2]) for one in plan.findings] == [
        ("DT011", "it is a link to nothing"),
        ("DT011", "too many levels of symbolic links"),
    ]
    assert len(plan.tasks) == len(planned(FILES).tasks)


def test_a_glob_of_which_nothing_is_left_is_told() -> None:
    plan = planned(FILES.replace("boards/*.dtb", "{files: boards/*.dtb, except: boards/*}"))
    assert findings(plan)[0] == (
        "1: DT610 boards/*.dtb in `bases` matches no file: `except` leaves out all 3 it finds"
    )


# -- stacks and what is apart ----------------------------------------------------------------------


def test_stacks_come_after_pairs_in_their_order() -> None:
    plan = planned(
        FILES + "pairs: {bases: boards/a.dtb, overlays: overlays/uart.dtbo}\nstacks:\n"
        "- {name: z, bases: 'boards/[ab].dtb', overlays: [overlays/i2c.dtbo, overlays/uart.dtbo]}\n"
        "- {name: a, bases: boards/a.dtb, overlays: [overlays/uart.dtbo, overlays/uart.dtbo]}\n"
        "- {name: z, bases: boards/*.dtb, overlays: [overlays/i2c.dtbo, overlays/uart.dtbo]}\n"
    )
    assert cases_of(plan) == [
        "boards/a.dtb: overlays/uart.dtbo",
        "z = boards/a.dtb: overlays/i2c.dtbo overlays/uart.dtbo",
        "a = boards/a.dtb: overlays/uart.dtbo overlays/uart.dtbo",
        "z = boards/b.dtb: overlays/i2c.dtbo overlays/uart.dtbo",
        "z = boards/c.dtb: overlays/i2c.dtbo overlays/uart.dtbo",
    ]
    assert [len(task.overlays) for task in plan.tasks] == [2, 2, 2]
    assert [one.overlay for one in plan.fits_nothing] == list(plan.overlays)[:2]


def test_what_is_never_used_together() -> None:
    plan = planned(
        FILES + "pairs: {bases: boards/a.dtb, overlays: overlays/*.dtbo}\n"
        "apart: [[overlays/uart.dtbo, overlays/for-*.dtbo], overlays/*i2c*]"
    )
    names = [source.path for source in plan.tasks[0].overlays]
    apart = {(names[one], names[other]) for one, other in plan.tasks[0].apart}
    assert apart == {
        ("overlays/for-a.dtbo", "overlays/for-soc.dtbo"),
        ("overlays/for-a.dtbo", "overlays/uart.dtbo"),
        ("overlays/for-soc.dtbo", "overlays/uart.dtbo"),
    }
    assert all(one < other for one, other in plan.tasks[0].apart)


# -- what is amiss -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "bases: board/*.dtb\noverlays: overlays/*.dtbo",
            "1: DT610 board/*.dtb in `bases` matches no file, did you mean 'boards/*.dtb'?",
        ),
        (
            "bases: zzz/*.dtb\noverlays: overlays/*.dtbo",
            "1: DT610 zzz/*.dtb in `bases` matches no file: no folder 'zzz'",
        ),
        (
            "overlays: overlays/*.dtbo\nbases:\n- boards/*.dtb\n- boards/*.dts",
            "4: DT610 boards/*.dts in `bases` matches no file; of 3 files there, the first is "
            "a.dtb",
        ),
        (
            "bases: boards/*.dtb\noverlays: overlays",
            "2: DT610 overlays in `overlays` matches no file: it is a folder, did you mean "
            "'overlays/**'?",
        ),
        (
            "bases: boards/*.dtb\noverlays: [overlays/*.dtbo, overlays/uat.dtbo]",
            "2: DT610 overlays/uat.dtbo in `overlays` matches no file, did you mean "
            "'overlays/uart.dtbo'?",
        ),
        (
            FILES + "pairs:\n- compatible\n- bases: boards/*.dtb\n  overlays: x/*.dtbo",
            "5: DT611 x/*.dtbo in `pairs` matches no overlay of the configuration",
        ),
        (
            FILES + "stacks:\n- bases: boards/a.dtb\n  overlays: [uart.dtbo]",
            "4: DT610 uart.dtbo in `stacks` matches no file, did you mean 'overlays/uart.dtbo'?",
        ),
        (
            FILES + "stacks:\n- bases: bords/a.dtb\n  overlays: [overlays/uart.dtbo]",
            "4: DT610 bords/a.dtb in `stacks` matches no file, did you mean 'boards/a.dtb'?",
        ),
        (
            FILES + "stacks:\n- bases: boards/a.dtb\n  overlays: [overlays/for-*.dtbo]",
            "4: DT614 overlays/for-*.dtbo in `stacks` stands for 2 overlays, and a stack has an "
            "order",
        ),
        (
            FILES + "apart: [[overlays/x-*.dtbo]]",
            "3: DT611 overlays/x-*.dtbo in `apart` matches no overlay of the configuration",
        ),
        (
            "bases: [boards/*.dtb, overlays/uart.dtbo]\noverlays: overlays/*.dtbo",
            "1: DT612 overlays/uart.dtbo is listed under `bases` and under `overlays`",
        ),
        (
            "bases: [boards/*.dtb]\noverlays: [overlays/*.dtbo, boards/a.dtb]",
            "2: DT612 boards/a.dtb is listed under `bases` and under `overlays`",
        ),
    ],
)
def test_what_the_configuration_names_in_vain(text: str, found: str) -> None:
    plan = planned(text)
    assert findings(plan) == [found]
    if "DT612" in found:
        assert cases_of(plan) == cases_of(planned(FILES))


def test_a_base_that_is_listed_twice_is_asked_for_target_nodes() -> None:
    files = {**SMALL, "overlays/soc.dtbo": overlay(path="/soc/inner")}
    plan = planned("bases: boards/*.dtb\noverlays: [overlays/*.dtbo, boards/a.dtb]", files)
    assert "boards/a.dtb: overlays/soc.dtbo" in cases_of(plan)


def test_files_of_the_wrong_kind_are_left_out() -> None:
    files = {
        "boards/a.dtb": SMALL["boards/a.dtb"],
        "boards/cam.dtb": overlay("uart"),
        "overlays/uart.dtbo": overlay("uart"),
        "overlays/none.dtbo": board("v,a"),
    }
    plan = planned(FILES, files)
    assert cases_of(plan) == ["boards/a.dtb: overlays/uart.dtbo"]
    assert findings(plan) == [
        "2: DT613 overlays/none.dtbo is listed under `overlays`, and is none: no node in it has an "
        "__overlay__ node, and it wants no label",
        "1: DT613 boards/cam.dtb is listed under `bases`, and is an overlay",
    ]


def test_unreadable_files_are_told_once() -> None:
    files = {**SMALL, "boards/x.dtb": b"", "overlays/y.dtbo": SMALL["overlays/uart.dtbo"][:60]}
    plan = planned(FILES, files)
    assert sorted(one.code for one in plan.findings) == ["DT001", "DT002"]
    assert cases_of(plan) == cases_of(planned(FILES))
    assert "overlays/y.dtbo" not in [one.overlay for one in plan.fits_nothing]
    stack = "stacks: [{bases: boards/x.dtb, overlays: overlays/y.dtbo}]"
    assert planned(FILES + stack, files).findings == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("limits: {files: 2}", "there are 3 bases, the bound is 2"),
        ("limits: {cases: 5}", "there are more than 5 cases, the bound is 5"),
        (
            "pairs: {bases: boards/*, overlays: overlays/*}\nlimits: {cases: 11}",
            "there are more than 11 cases, the bound is 11",
        ),
        (
            "pairs: []\nlimits: {cases: 2}\n"
            "stacks: [{bases: boards/*, overlays: [overlays/uart.dtbo]}]",
            "there are more than 2 cases, the bound is 2",
        ),
        (
            "limits: {cases: 17}\napart: [[overlays/*]]\n"
            "pairs: {bases: boards/*, overlays: overlays/*}",
            "there are more than 17 cases, the bound is 17",
        ),
        (
            "limits: {stack: 1}\n"
            "stacks: [{name: s, bases: boards/*, overlays: [overlays/uart.dtbo, x.dtbo]}]",
            "there are 2 overlays in stack 's', the bound is 1",
        ),
    ],
)
def test_bounds(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        planned(FILES + text)
    assert caught.value.diagnostic.code.number == "DT615"
    assert caught.value.diagnostic.message == message
    assert planned(FILES + text.replace("limits: {", "limits: {cases: 99, stack: 9, files: 9} #"))


@pytest.mark.parametrize("module", [listing, choice])
def test_costly_globs(monkeypatch: pytest.MonkeyPatch, module: object) -> None:
    monkeypatch.setattr(module, "MAX_GLOB_STEPS", 10)
    pairs = "".join(f"- {{bases: 'boards/*{'?' * n}', overlays: 'overlays/*'}}\n" for n in range(5))
    with pytest.raises(InputError) as caught:
        planned(FILES + "pairs:\n" + pairs)
    assert caught.value.diagnostic.code.number == "DT616"


@pytest.mark.parametrize(
    "entries",
    [
        "pairs:\n" + "- {bases: boards/*, overlays: overlays/*}\n" * 20,
        "pairs: []\napart:\n" + "- overlays/*\n" * 30,
        "pairs: []\nstacks:\n" + "- {bases: boards/*, overlays: overlays/uart.dtbo}\n" * 40,
    ],
)
def test_saying_the_same_over_and_over_has_an_end(
    monkeypatch: pytest.MonkeyPatch, entries: str
) -> None:
    assert planned(FILES + entries)
    monkeypatch.setattr(choice, "MAX_GLOB_STEPS", 100)
    with pytest.raises(InputError) as caught:
        planned(FILES + entries)
    assert caught.value.diagnostic.code.number == "DT616"


def test_what_was_meant_is_looked_up_for_the_first_alone() -> None:
    names = ", ".join(f"overlays/uart{number}.dtbo" for number in range(50))
    found = findings(planned(FILES + f"apart: [[{names}]]"))
    assert len(found) == 50
    assert ["did you mean" in one for one in found] == [True] * 20 + [False] * 30


def test_stars_upon_stars_are_no_work() -> None:
    paths = [f"{'x/' * depth}f{depth}" for depth in range(200)]
    assert Listing.of_paths(paths).find("/".join(["**"] * 100) + "/f7") == (paths[7],)
