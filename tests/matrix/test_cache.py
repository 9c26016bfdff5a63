"""The cache: what it gives is what would be found anew, whatever has changed or been damaged."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matrix.results import mistyped
from support.blob import blob
from support.overlays import at, overlay_content, to

from dtovl.matrix import cache as cache_module
from dtovl.matrix.cache import Cache
from dtovl.matrix.plainform import to_plain
from dtovl.matrix.result import Between, Finding
from dtovl.matrix.store import Store
from dtovl.matrix.tasks import Settings, Source, Task, Wanted
from dtovl.matrix.work import Worker
from dtovl.model.supplierbindings import Binding

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.trees import Content

    from dtovl.matrix.result import BaseResult

BOARD: Content = {
    "compatible": "acme,board",
    "soc": {"uart": {"status": "disabled", "phandle": 1}},
    "__symbols__": {"uart": "/soc/uart"},
}
OVERLAYS = {
    "on.dtbo": overlay_content(to("uart", {"status": "okay"})),
    "off.dtbo": overlay_content(to("uart", {"status": "fail"})),
    "gone.dtbo": overlay_content(to("camera", {"x": 1})),
    "new.dtbo": overlay_content(at("/soc", {"led": {"x": 1}})),
}
TASK = Task(
    Source("board.dtb"),
    tuple(map(Source, OVERLAYS)),
    (Wanted((0,)), Wanted((1,)), Wanted((2,)), Wanted((3,)), Wanted((0, 3), "both")),
)
SETTINGS = Settings()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with a board and overlays, which is the current one."""
    monkeypatch.chdir(tmp_path)
    Path("board.dtb").write_bytes(blob(BOARD))
    for name, content in OVERLAYS.items():
        Path(name).write_bytes(blob(content))
    return tmp_path


def opened(task_settings: Settings = SETTINGS) -> Cache:
    cache = Cache("kept", task_settings)
    assert cache.prepare() is None
    return cache


def worked(task: Task = TASK, task_settings: Settings = SETTINGS) -> BaseResult:
    """Do the work of a task, and keep what it gives."""
    cache = opened(task_settings)
    worker = Worker(task_settings, cache.read)
    result = worker.run(task)
    cache.keep(task, result, worker.deps)
    assert cache.problem is None
    return result


def entry() -> Path:
    """Give the only entry."""
    (only,) = Path("kept").glob("??/*.json")
    return only


def sealed(content: bytes) -> bytes:
    return b"dtovl-cache 1 %s %d\n" % (sha256(content).hexdigest().encode(), len(content)) + content


# -- what has changed ------------------------------------------------------------------------------


def test_a_result_comes_back(place: Path) -> None:
    assert opened().recall(TASK) is None
    result = worked()
    assert any(case.error for case in result.cases)
    assert any(case.findings for case in result.cases)
    assert opened().recall(TASK) == result


def rewrite(name: str, content: Content) -> Callable[[], Task]:
    def change() -> Task:
        Path(name).write_bytes(blob(content))
        return TASK

    return change


def other(**changes: Any) -> Callable[[], Task]:
    return lambda: TASK._replace(**changes)


def renamed() -> Task:
    Path("on.dtbo").rename("en.dtbo")
    return TASK._replace(overlays=(Source("en.dtbo"), *TASK.overlays[1:]))


def lost() -> Task:
    Path("off.dtbo").unlink()
    return TASK


CHANGES: dict[str, Callable[[], Task]] = {
    "base": rewrite("board.dtb", {**BOARD, "model": "x"}),
    "overlay": rewrite("on.dtbo", OVERLAYS["off.dtbo"]),
    "overlay-renamed": renamed,
    "overlay-lost": lost,
    "overlays-swapped": other(overlays=(*TASK.overlays[1::-1], *TASK.overlays[2:])),
    "base-renamed": lambda: TASK._replace(base=Source(str(Path("board.dtb").rename("b.dtb")))),
    "case-less": other(cases=TASK.cases[1:]),
    "stack-renamed": other(cases=(*TASK.cases[:-1], Wanted((0, 3), "pair"))),
    "stack-turned": other(cases=(*TASK.cases[:-1], Wanted((3, 0), "both"))),
    "apart": other(apart=frozenset({(0, 1)})),
    "defines": other(base=Source("board.dtb", (), (("A", "1"),))),
    "include-dirs": other(base=Source("board.dtb", ("include",))),
    "overlay-defines": other(overlays=(Source("on.dtbo", (), (("A", ""),)), *TASK.overlays[1:])),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_has_changed_is_not_recalled(place: Path, change: Callable[[], Task]) -> None:
    worked()
    task = change()
    assert opened().recall(task) is None
    fresh = worked(task)
    assert opened().recall(task) in (None, fresh)
    for number, case in opened().known(task).items():
        assert case == fresh.cases[number]


@pytest.mark.parametrize("field", Settings._fields)
def test_other_settings_have_results_of_their_own(place: Path, field: str) -> None:
    worked()
    value = getattr(SETTINGS, field)
    lanes = Binding("acme,lanes", "list")
    known = {"appliers": ("linux",), "kernel": "7.2", "bindings": (lanes,)}
    odd = known.get(field, not value)
    changed = SETTINGS._replace(**{field: odd})  # type: ignore[arg-type]
    assert opened(changed).recall(TASK) is None
    assert opened(changed).known(TASK) == {}
    result = worked(task_settings=changed)
    assert opened(changed).recall(TASK) == result
    assert opened().recall(TASK) is not None


def test_another_version_has_results_of_its_own(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked()
    monkeypatch.setattr(cache_module, "__version__", "999")
    assert opened().recall(TASK) is None
    assert opened().known(TASK) == {}


def test_a_file_that_changes_during_the_run_spoils_nothing(place: Path) -> None:
    """Looked up with one content, worked on with the next: kept for the latter."""
    before = Path("on.dtbo").read_bytes()
    cache = opened()
    assert cache.recall(TASK) is None
    Path("on.dtbo").write_bytes(blob(OVERLAYS["gone.dtbo"]))
    worker = Worker(SETTINGS, cache.read)
    result = worker.run(TASK)
    cache.keep(TASK, result, worker.deps)
    assert opened().recall(TASK) == result
    Path("on.dtbo").write_bytes(before)
    assert opened().recall(TASK) is None


def test_nothing_is_kept_of_what_cannot_be_read(place: Path) -> None:
    Path("on.dtbo").unlink()
    result = worked()
    assert result.cases[0].error
    assert not list(Path("kept").glob("??/*"))
    Path("board.dtb").unlink()
    worked()
    assert not list(Path("kept").glob("??/*"))


def test_a_file_that_goes_during_the_run_is_not_kept(place: Path) -> None:
    cache = opened()
    assert cache.recall(TASK) is None
    Path("on.dtbo").unlink()
    worker = Worker(SETTINGS, cache.read)
    cache.keep(TASK, worker.run(TASK), worker.deps)
    assert not list(Path("kept").glob("??/*"))


# -- what is known of cases ------------------------------------------------------------------------


def test_cases_of_other_overlays_are_known(place: Path) -> None:
    before = worked()
    Path("on.dtbo").write_bytes(blob(OVERLAYS["off.dtbo"]))
    assert opened().known(TASK) == {number: before.cases[number] for number in (1, 2, 3)}


@pytest.mark.parametrize("name", ["board.dtb", *OVERLAYS])
def test_work_with_what_is_known_gives_the_whole(place: Path, name: str) -> None:
    worked()
    Path(name).write_bytes(blob(OVERLAYS["new.dtbo"] if name != "new.dtbo" else BOARD))
    cache = opened()
    worker = Worker(SETTINGS, cache.read)
    assert worker.run(TASK, cache.known(TASK)) == Worker(SETTINGS).run(TASK)


def test_known_cases_are_not_tried_again(place: Path) -> None:
    before = worked()
    marked = before.cases[2]._replace(more=7)
    assert Worker(SETTINGS).run(TASK, {2: marked}).cases == (
        *before.cases[:2],
        marked,
        *before.cases[3:],
    )


def test_known_cases_are_found_at_their_new_places(place: Path) -> None:
    before = worked()
    Path("more.dtbo").write_bytes(blob(OVERLAYS["on.dtbo"]))
    overlays = (Source("more.dtbo"), TASK.overlays[3], TASK.overlays[0])
    cases = (Wanted((0,)), Wanted((2, 1), "both"), Wanted((2,)), Wanted((1,), "alone"))
    assert opened().known(Task(TASK.base, overlays, cases)) == {
        1: before.cases[4],
        2: before.cases[0],
    }


def test_nothing_is_known_of_another_base(place: Path) -> None:
    worked()
    Path("board.dtb").write_bytes(blob({**BOARD, "model": "x"}))
    assert opened().known(TASK) == {}


# -- source ----------------------------------------------------------------------------------------

SOURCE = """/dts-v1/;
#include "soc.dtsi"
/ { compatible = "acme,board"; };
"""
SOURCES = Task(
    Source("board.dts", ("first", "second")),
    (Source("led.dtso", ("first", "second")),),
    (Wanted((0,)),),
)


@pytest.fixture
def sources(place: Path) -> Path:
    Path("first").mkdir()
    Path("second").mkdir()
    Path("board.dts").write_text(SOURCE)
    Path("led.dtso").write_text(
        '/dts-v1/; /plugin/;\n#include "led.h"\n&soc { led { x = <LED>; }; };\n'
    )
    Path("second/soc.dtsi").write_text('#include "clock.h"\n/ { soc: soc { }; };\n')
    Path("second/clock.h").write_text("#define CLOCK 1\n")
    Path("second/led.h").write_text("#define LED 1\n")
    return place


def test_source_comes_back(sources: Path) -> None:
    result = worked(SOURCES)
    assert not result.cases[0].error
    assert opened().recall(SOURCES) == result


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("second/soc.dtsi", "/ { soc { }; };\n"),
        ("second/clock.h", "#define CLOCK 2\n"),
        ("second/led.h", None),
        ("first/soc.dtsi", "/ { other: soc { }; };\n"),
        ("first/led.h", "#define LED 7\n"),
    ],
    ids=["changed", "changed-below", "gone", "shadowed", "shadowed-overlay"],
)
def test_what_a_source_includes_counts(sources: Path, path: str, text: str | None) -> None:
    before = worked(SOURCES)
    was_there = Path(path).exists()
    if text is None:
        Path(path).unlink()
    else:
        Path(path).write_text(text)
    assert opened().recall(SOURCES) is None
    assert opened().known(SOURCES) == {}
    if not was_there:
        Path(path).unlink()
        assert opened().recall(SOURCES) == before


def test_a_folder_or_pipe_in_place_of_an_include_is_no_hit(sources: Path) -> None:
    worked(SOURCES)
    Path("first/led.h").mkdir()
    assert opened().recall(SOURCES) is None
    Path("first/led.h").rmdir()
    assert opened().recall(SOURCES) is not None
    os.mkfifo("first/led.h")
    assert opened().recall(SOURCES) is None


# -- what is damaged -------------------------------------------------------------------------------


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_is_a_miss(place: Path, data: st.DataObject) -> None:
    result = worked()
    path = entry()
    whole = path.read_bytes()
    at_byte = data.draw(st.integers(0, len(whole) - 1))
    match data.draw(st.sampled_from(["flip", "cut", "more", "without"])):
        case "flip":
            flipped = whole[at_byte] ^ data.draw(st.integers(1, 255))
            damaged = whole[:at_byte] + bytes([flipped]) + whole[at_byte + 1 :]
        case "cut":
            damaged = whole[:at_byte]
        case "more":
            damaged = whole[:at_byte] + data.draw(st.binary(min_size=1)) + whole[at_byte:]
        case _:
            damaged = whole[:at_byte] + whole[at_byte + 1 :]
    path.write_bytes(damaged)
    assert opened().recall(TASK) in ([None, result] if damaged == whole else [None])
    assert opened().known(TASK) == {} or damaged == whole
    assert worked() == result
    assert path.read_bytes() == whole
    assert opened().recall(TASK) == result


FORGED = st.recursive(
    st.sampled_from([None, True, 0, -1, 10**30, 0.5, "", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("x"), inner),
    max_leaves=6,
)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_forged_entry_gives_nothing_that_is_no_result(place: Path, data: st.DataObject) -> None:
    worked()
    path = entry()
    plain = json.loads(path.read_bytes().partition(b"\n")[2])
    holder = plain if data.draw(st.booleans()) else plain[5]
    for _ in range(data.draw(st.integers(1, 2))):
        holder[data.draw(st.integers(0, len(holder) - 1))] = data.draw(FORGED)
    path.write_bytes(sealed(json.dumps(plain).encode()))
    recalled = opened().recall(TASK)
    if recalled is not None:
        assert mistyped(recalled) == ""
        assert [case.overlays for case in recalled.cases] == [
            tuple(TASK.overlays[index].path for index in wanted.overlays) for wanted in TASK.cases
        ]
    for case in opened().known(TASK).values():
        assert mistyped(case, type(case)) == ""


def other_names(result: BaseResult) -> list[BaseResult]:
    """Give results that are sound, but speak of other files and cases than the task."""
    case = result.cases[0]
    between = Between("board.dtb", "on.dtbo", "x.dtbo", Finding("DT630", 2, "/", "m"))
    return [
        result._replace(base="x.dtb"),
        result._replace(cases=result.cases[1:]),
        result._replace(cases=(case._replace(base="x.dtb"), *result.cases[1:])),
        result._replace(cases=(case._replace(overlays=("x.dtbo",)), *result.cases[1:])),
        result._replace(cases=(case._replace(name="x"), *result.cases[1:])),
        result._replace(between=(between,)),
        result._replace(inputs=(("x.dtbo", Finding("DT630", 2, "/", "m")),)),
    ]


@pytest.mark.parametrize("number", range(7))
def test_a_forged_entry_cannot_name_other_files(place: Path, number: int) -> None:
    forged = other_names(worked())[number]
    plain = json.loads(entry().read_bytes().partition(b"\n")[2])
    entry().write_bytes(sealed(json.dumps([*plain[:5], to_plain(forged)]).encode()))
    assert opened().recall(TASK) is None
    for place_of, case in opened().known(TASK).items():
        wanted = TASK.cases[place_of]
        names = tuple(TASK.overlays[index].path for index in wanted.overlays)
        assert case[:3] == ("board.dtb", names, wanted.name)


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"[" * 100_000, b"{" * 100_000, b"[]", b"[1,2,3,4,5,6]", b"9" * 5000, b"\xff"],
    ids=["empty", "null", "deep", "deep-map", "list", "numbers", "long-number", "no-text"],
)
def test_odd_content_is_a_miss(place: Path, content: bytes) -> None:
    result = worked()
    entry().write_bytes(sealed(content))
    assert opened().recall(TASK) is None
    assert opened().known(TASK) == {}
    assert worked() == result


def test_an_entry_under_another_name_is_a_miss(place: Path) -> None:
    worked()
    wrong = entry().read_bytes()
    Path("board.dtb").write_bytes(blob({**BOARD, "model": "x"}))
    entry().unlink()
    worked()
    entry().write_bytes(wrong)
    assert opened().recall(TASK) is None
    assert opened().known(TASK) == {}


def as_link(path: Path, whole: bytes) -> None:
    Path("elsewhere").write_bytes(whole)
    path.symlink_to(Path("elsewhere").resolve())


def as_pipe(path: Path, whole: bytes) -> None:
    os.mkfifo(path)


def as_huge(path: Path, whole: bytes) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


@pytest.mark.parametrize("replace", [as_link, as_pipe, as_huge])
def test_what_is_no_entry_is_replaced(place: Path, replace: Callable[[Path, bytes], None]) -> None:
    result = worked()
    path = entry()
    whole = path.read_bytes()
    path.unlink()
    replace(path, whole)
    assert opened().recall(TASK) is None
    assert worked() == result
    assert path.read_bytes() == whole
    assert not path.is_symlink()


def test_a_folder_in_place_of_an_entry_is_said_and_nothing_else(place: Path) -> None:
    worked()
    path = entry()
    path.unlink()
    path.mkdir()
    cache = opened()
    assert cache.recall(TASK) is None
    worker = Worker(SETTINGS, cache.read)
    cache.keep(TASK, worker.run(TASK), worker.deps)
    assert cache.problem is not None
    assert cache.problem.code.number == "DT670"
    assert not list(Path("kept").glob("??/.*"))


# -- the folder ------------------------------------------------------------------------------------


def test_the_folder_says_what_it_is(place: Path) -> None:
    opened()
    tag = Path("kept/CACHEDIR.TAG").read_bytes()
    assert tag.startswith(b"Signature: 8a477f597d28d172789f06886806bc55")
    assert Path("kept/.gitignore").read_text() == "*\n"
    Path("kept/.gitignore").write_text("!mine\n")
    opened()
    assert Path("kept/.gitignore").read_text() == "!mine\n"


@pytest.mark.parametrize("folder", ["file", "file/below", "nul\0"])
def test_a_folder_that_cannot_be_made_is_said_once(place: Path, folder: str) -> None:
    Path("file").write_text("")
    cache = Cache(folder, SETTINGS)
    problem = cache.prepare()
    assert problem is not None
    assert problem.code.number == "DT670"
    assert "{" not in problem.message
    assert cache.recall(TASK) is None
    assert cache.known(TASK) == {}
    cache.keep(TASK, Worker(SETTINGS).run(TASK), {})
    assert cache.problem is problem
    cache.trim()


def test_a_folder_that_is_a_link_is_not_taken(place: Path) -> None:
    opened()
    Path("link").symlink_to("kept")
    cache = Cache("link", SETTINGS)
    problem = cache.prepare()
    assert problem is not None
    assert "it is a link" in problem.message


def test_a_link_among_the_folders_leads_nowhere(place: Path) -> None:
    worked()
    folder = entry().parent
    entry().unlink()
    folder.rmdir()
    Path("elsewhere").mkdir()
    folder.symlink_to(Path("elsewhere").resolve())
    cache = opened()
    worker = Worker(SETTINGS, cache.read)
    cache.keep(TASK, worker.run(TASK), worker.deps)
    assert cache.problem is not None
    assert list(Path("elsewhere").iterdir()) == []


def test_the_longest_unused_go(place: Path) -> None:
    store = Store("kept")
    keys = [f"{number:02x}" + "0" * 62 for number in range(4)]
    for age, key in enumerate(keys):
        store.put(key, bytes(1000))
        os.utime(f"kept/{key[:2]}/{key[2:]}.json", (age, age))
    others = [Path("kept/00/notes.txt"), Path("kept/note"), Path("kept/objects/" + "0" * 62)]
    for path in others:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(5000))
    left_behind = Path("kept/01/.dtovl-1-aa.tmp")
    left_behind.write_bytes(bytes(1000))
    os.utime(left_behind, (0, 0))
    store.trim(5000)
    assert [store.get(key) is not None for key in keys] == [True] * 4
    assert not left_behind.exists()
    # Those that were just read are no longer the oldest.
    os.utime(f"kept/00/{keys[0][2:]}.json", (0, 0))
    assert store.get(keys[0]) is not None
    os.utime(f"kept/01/{keys[1][2:]}.json", (0, 0))
    store.trim(3300)
    assert [store.get(key) is not None for key in keys] == [True, False, True, True]
    assert all(path.exists() for path in others)


def at_once(number: int) -> list[str]:
    """Keep and recall in one of several processes; give what went wrong."""
    wrong = []
    for turn in range(15):
        cache = opened()
        worker = Worker(SETTINGS, cache.read)
        result = worker.run(TASK)
        cache.keep(TASK, result, worker.deps)
        if cache.problem is not None:
            wrong.append(f"{number}, turn {turn}: {cache.problem!r}")
        recalled = opened().recall(TASK)
        if recalled != result:
            wrong.append(f"{number}, turn {turn}: {recalled}")
    return wrong


def test_runs_at_the_same_time_do_not_disturb_each_other(place: Path) -> None:
    with get_context("fork").Pool(3) as pool:
        wrong = pool.map(at_once, range(3), chunksize=1)
    assert [line for lines in wrong for line in lines] == []
    assert list(Path("kept").glob("??/*")) == [entry()]
