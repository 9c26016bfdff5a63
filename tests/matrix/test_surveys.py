"""Surveys of source that are kept, and made in processes: the same plan, and nothing read twice."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matrix.results import mistyped
from support.repository import board, cases_of, overlay

from dtovl.cli import run
from dtovl.matrix.plan import Plan, make_plan
from dtovl.matrix.reading import read_config
from dtovl.matrix.survey import Surveyed, Surveyor
from dtovl.matrix.surveys import Ask, Kept, Surveys, station
from dtovl.matrix.tasks import Source

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIG = """
bases: {files: 'boards/*', include: [inc, more], define: {REV: 2}}
overlays: {files: 'overlays/*', include: inc}
pairs: compatible
"""
BOARD = """/dts-v1/;
#include "soc.dtsi"
/ {{ compatible = "acme,{name}", FAMILY; rev = <REV>; {name}: {name} {{ }}; }};
"""
SOC = '#define FAMILY "acme,family"\n/ { soc { uart: uart@1000 { }; }; };\n'
OVERLAY = """/dts-v1/;
/plugin/;
#include "common.h"
{root}
&{label} {{ status = OKAY; }};
"""
TARGET = """/dts-v1/;
/plugin/;
/ { fragment@0 { target-path = "/soc/uart"; __overlay__ { x; }; }; };
"""
FILES: dict[str, str | bytes] = {
    "inc/soc.dtsi": SOC,
    "inc/common.h": '#define OKAY "okay"\n',
    "more/soc.h": "",
    "dtovl.yaml": CONFIG,
    **{f"boards/{name}.dts": BOARD.format(name=name) for name in ("a", "b", "c")},
    "boards/d.dtb": board("acme,d", labels=("uart",), nodes=("soc",)),
    "boards/bad.dts": '/dts-v1/;\n#include "gone.h"\n/ { };\n',
    "boards/cut.dts": "/dts-v1/;\n/ {",
    "overlays/a.dtso": OVERLAY.format(root='/ { compatible = "acme,a"; };', label="a"),
    "overlays/any.dtso": OVERLAY.format(root="", label="uart"),
    "overlays/b.dtso": OVERLAY.format(root="", label="b"),
    "overlays/path.dtso": TARGET,
    "overlays/none.dtso": OVERLAY.format(root='/ { compatible = "acme,z"; };', label="a"),
    "overlays/old.dtbo": overlay("uart"),
}
A = Source("boards/a.dts", ("inc", "more"), (("REV", "2"),), (".",))
PATHS = frozenset({"/soc/uart", "/none"})


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with boards and overlays, which is the current one."""
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.items():
        write(name, content)
    return tmp_path


def write(name: str, content: str | bytes) -> None:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())


def planned(surveyor: Surveyor) -> Plan:
    return make_plan(read_config(CONFIG, "dtovl.yaml", ""), surveyor=surveyor)


def reading(*sources: Source, paths: frozenset[str] = PATHS) -> list[str]:
    """Survey sources with what is kept; see that it changes nothing, and name those read."""
    read: list[str] = []

    def make() -> Callable[[Ask], Surveyed]:
        work = station("kept")

        def remember(ask: Ask) -> Surveyed:
            read.append(ask.source.path)
            return work(ask)

        return remember

    found = Surveys(1, "kept", make=make).look_all(sources, paths)
    plain = Surveyor().look_all(sources, paths)
    # What is kept may answer more than was asked.
    assert [one._replace(paths=one.paths & paths, asked=one.asked & paths) for one in found] == (
        plain
    )
    return read


def entry() -> Path:
    """Give the only entry."""
    (only,) = Path("kept").glob("??/*.json")
    return only


def sealed(content: bytes) -> bytes:
    return b"dtovl-cache 1 %s %d\n" % (sha256(content).hexdigest().encode(), len(content)) + content


# -- the same plan ---------------------------------------------------------------------------------


def test_the_plan_is_the_same_with_and_without_cache_and_for_any_number_of_processes(
    place: Path,
) -> None:
    plain = planned(Surveyor())
    assert cases_of(plain) == [
        "boards/a.dts: overlays/a.dtso",
        "boards/a.dts: overlays/any.dtso",
        "boards/a.dts: overlays/old.dtbo",
        "boards/a.dts: overlays/path.dtso",
        "boards/b.dts: overlays/any.dtso",
        "boards/b.dts: overlays/b.dtso",
        "boards/b.dts: overlays/old.dtbo",
        "boards/b.dts: overlays/path.dtso",
        "boards/c.dts: overlays/any.dtso",
        "boards/c.dts: overlays/old.dtbo",
        "boards/c.dts: overlays/path.dtso",
        "boards/d.dtb: overlays/any.dtso",
        "boards/d.dtb: overlays/old.dtbo",
    ]
    assert [one.code for one in plain.findings] == ["DT028", "DT020"]
    assert [one.overlay for one in plain.fits_nothing] == ["overlays/none.dtso"]
    for jobs in (1, 2, 3):
        for folder in (None, f"kept{jobs}", f"kept{jobs}"):
            assert planned(Surveys(jobs, folder)) == plain
    assert planned(Surveys(1, "kept2", make=dies)) == plain


def dies() -> NoReturn:
    raise AssertionError("nothing is to be read")


def test_files_that_are_left_to_read_change_no_order(place: Path) -> None:
    plain = planned(Surveyor())
    planned(Surveys(1, "kept"))
    write("boards/a.dts", BOARD.format(name="a") + "// changed\n")
    write("overlays/b.dtso", FILES["overlays/b.dtso"] + "// changed\n")  # type: ignore[operator]
    assert planned(Surveys(2, "kept")) == plain


def test_progress_counts_what_is_read(place: Path) -> None:
    seen: list[tuple[int, int]] = []
    planned(Surveys(2, "kept", lambda done, whole: seen.append((done, whole))))
    overlays, bases = 5, 5
    counts = [(done, overlays) for done in range(1, overlays + 1)]
    assert seen == counts + [(done, bases) for done in range(1, bases + 1)]
    planned(Surveys(2, "kept", lambda done, whole: seen.append((done, whole))))
    assert len(seen) == overlays + bases


# -- what is kept ----------------------------------------------------------------------------------


def test_source_is_read_once(place: Path) -> None:
    bad = A._replace(path="boards/bad.dts")
    assert reading(A, bad) == [A.path, bad.path]
    assert reading(A, bad) == []


def test_blobs_are_not_kept(place: Path) -> None:
    write("boards/e.dtb", gzip.compress(FILES["boards/d.dtb"]))  # type: ignore[arg-type]
    write("boards/text.dts", "no devicetree")
    names = ("boards/d.dtb", "boards/e.dtb", "overlays/old.dtbo", "boards/text.dts", "gone.dts")
    assert reading(*map(Source, names)) == []
    assert not Path("kept").exists()


def test_more_paths_are_looked_for_and_fewer_are_not(place: Path) -> None:
    assert reading(A, paths=frozenset({"/soc"})) == [A.path]
    assert reading(A, paths=frozenset({"/soc", "/x"})) == [A.path]
    assert reading(A, paths=frozenset({"/x"})) == []
    assert reading(A, paths=frozenset()) == []


def change(name: str, content: str) -> Callable[[], Source]:
    def changed() -> Source:
        write(name, content)
        return A

    return changed


def shadow() -> Source:
    """Put another file beside the board, where it is found before the one that it included."""
    write("boards/soc.dtsi", SOC.replace("family", "other"))
    return A


def lose() -> Source:
    Path("inc/soc.dtsi").rename("more/soc.dtsi")
    return A


def rename() -> Source:
    return A._replace(path=str(Path(A.path).rename("boards/e.dts")))


CHANGES: dict[str, Callable[[], Source]] = {
    "source": change(A.path, BOARD.format(name="b")),
    "included": change("inc/soc.dtsi", SOC.replace("family", "other")),
    "shadowing": shadow,
    "moved": lose,
    "renamed": rename,
    "define": lambda: A._replace(defines=(("REV", "3"),)),
    "include-dirs": lambda: A._replace(include_dirs=("more", "inc")),
    "roots": lambda: A._replace(roots=(".", "more")),
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_what_has_changed_is_read_again(place: Path, changed: Callable[[], Source]) -> None:
    assert reading(A) == [A.path]
    source = changed()
    assert reading(source) == [source.path]
    assert reading(source) == []


def test_a_file_that_was_missing_and_comes_is_read(place: Path) -> None:
    bad = A._replace(path="boards/bad.dts")
    assert reading(bad) == [bad.path]
    write("more/gone.h", "")
    assert reading(bad) == [bad.path]


def test_another_version_finds_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reading(A) == [A.path]
    monkeypatch.setattr("dtovl.matrix.surveys.__version__", "0")
    assert reading(A) == [A.path]


def swap(plain: list[Any], at: int, value: object) -> object:
    return [*plain[:at], value, *plain[at + 1 :]]


DAMAGES: dict[str, Callable[[list[Any]], object]] = {
    "null": lambda _: None,
    "number": lambda _: 1,
    "short": lambda plain: plain[:2],
    "of-another-file": lambda plain: swap(plain, 0, "0" * 64),
    "no-files": lambda plain: swap(plain, 1, []),
    "a-digest-is-none": lambda plain: swap(plain, 1, {**plain[1], "inc/soc.dtsi": None}),
    "no-survey": lambda plain: swap(plain, 2, None),
    "no-bool": lambda plain: swap(plain, 2, swap(plain[2], 0, 1)),
    "no-list": lambda plain: swap(plain, 2, swap(plain[2], 1, "acme,a")),
    "no-text": lambda plain: swap(plain, 2, swap(plain[2], 2, ["a", 1])),
    "no-column": lambda plain: swap(plain, 2, plain[2][:-2] + plain[2][-1:]),
    "no-findings": lambda plain: swap(plain, 2, swap(plain[2], 6, [["x"]])),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_an_entry_of_another_shape_is_none(
    place: Path, damage: Callable[[list[Any]], object]
) -> None:
    assert reading(A) == [A.path]
    plain = json.loads(entry().read_bytes().partition(b"\n")[2])
    entry().write_bytes(sealed(json.dumps(damage(plain)).encode()))
    assert reading(A) == [A.path]
    assert reading(A) == []


def test_a_damaged_entry_is_none(place: Path) -> None:
    assert reading(A) == [A.path]
    data = entry().read_bytes()
    for damaged in (b"", data[:-1], data + b" ", data.replace(b"acme", b"ACME"), b"[" * 100_000):
        entry().write_bytes(damaged)
        assert reading(A) == [A.path]
    entry().write_bytes(sealed(b"[" * 100_000))
    assert reading(A) == [A.path]
    assert reading(A) == []


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 6), value=PLAIN, whole=st.booleans())
def test_whatever_an_entry_holds_has_the_right_types(
    place: Path, at: int, value: object, whole: bool
) -> None:
    reading(A)
    data = entry().read_bytes()
    plain = json.loads(data.partition(b"\n")[2])
    changed = swap(plain, 2, value if whole else swap(plain[2], at, value))
    entry().write_bytes(sealed(json.dumps(changed).encode()))
    recalled = Kept("kept").recall(A, Path(A.path).read_bytes(), frozenset())
    entry().write_bytes(data)
    if recalled is not None:
        kinds = (bool, tuple, *[frozenset] * 4, tuple)
        assert tuple(map(type, recalled)) == kinds
        assert mistyped(recalled.compatible, tuple[str, ...]) == ""
        assert all(type(text) is str for names in recalled[2:6] for text in names)


def test_a_folder_that_cannot_be_written_is_not_missed(place: Path) -> None:
    write("file", "in the way")
    plain = planned(Surveyor())
    for jobs in (1, 2):
        assert planned(Surveys(jobs, "file")) == plain
        assert planned(Surveys(jobs, "file/below")) == plain


# -- processes that die ----------------------------------------------------------------------------


def fates() -> Callable[[Ask], Surveyed]:
    work = station(None)

    def fate(ask: Ask) -> Surveyed:
        if ask.source.path == "boards/b.dts":
            os.kill(os.getpid(), signal.SIGKILL)
        return work(ask)

    return fate


@pytest.mark.parametrize("jobs", [2, 3])
def test_a_file_that_kills_its_process_is_a_finding(place: Path, jobs: int) -> None:
    plan = planned(Surveys(jobs, make=fates))
    plain = planned(Surveyor())
    assert cases_of(plan) == [case for case in cases_of(plain) if "boards/b.dts" not in case]
    assert [one.code for one in plan.findings] == ["DT660", "DT028", "DT020"]
    assert plan.findings[0].message == "the process that worked on boards/b.dts died, twice"
    assert "SIGKILL" in plan.findings[0].why


def test_a_defect_that_shows_on_one_file_is_a_finding(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> NoReturn:
        raise ValueError("what nobody foresaw")

    with monkeypatch.context() as changed:
        changed.setattr("dtovl.matrix.surveys.read_through", fails)
        found = Surveys(1, "kept").look(A)
    assert [one.code for one in found.findings] == ["DT901"]
    assert A.path in found.findings[0].fix
    assert reading(A) == [A.path]


# -- the command -----------------------------------------------------------------------------------

WARM = """
import sys
from dtovl.cli import run
code = run(["check", "-j1", "--report", "json=warm.json"])
read = [name for name in sys.modules if name.startswith("dtovl.dts") or name == "pcpp"]
sys.exit(f"{code} {read}" if read or code != 1 else 0)
"""


def checked(name: str, *options: str) -> bytes:
    run(["check", *options, "--report", f"json={name}"])
    return Path(name).read_bytes()


def test_a_check_is_the_same_cold_and_warm_and_reads_no_source_again(place: Path) -> None:
    plain = checked("plain.json", "-j1", "--no-cache")
    assert not Path(".dtovl-cache").exists()
    assert checked("two.json", "-j2", "--no-cache") == plain
    assert not Path(".dtovl-cache").exists()
    assert checked("cold.json", "-j2") == plain
    # In a process of its own: it tells what was imported.
    subprocess.run([sys.executable, "-c", WARM], check=True, stdout=subprocess.DEVNULL)
    assert Path("warm.json").read_bytes() == plain
