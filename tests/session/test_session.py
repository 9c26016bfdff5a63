"""Sessions: what is done is kept, replayed, taken back, and shared by processes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from session.boards import BOARD, BUS, ENABLE, EXPORTS, MISSING, SENSOR, STUCK, USES

import dtovl
from dtovl import Session, load
from dtovl.codes.base import Severity
from dtovl.errors import DtovlError, InputError, UsageError
from dtovl.fdt.write import flatten
from dtovl.session import schema
from dtovl.session.content import Content
from dtovl.session.dangling import Dangling
from dtovl.session.digest import tree_digest
from dtovl.session.replay import Replay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dtovl.diagnostics import Diagnostic


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "s.dtovl")


@pytest.fixture
def session(path: str) -> Iterator[Session]:
    with Session.create(path, BOARD, name="board.dtb") as made:
        yield made


def named(name: str, data: bytes) -> Content:
    return Content(name, data, "blob")


def blob_of(session: Session) -> bytes:
    return flatten(session.export())


def refused(work: Callable[[], object]) -> Diagnostic:
    with pytest.raises(DtovlError) as caught:
        work()
    return caught.value.diagnostic


def again(session: Session) -> Session:
    return Session.open(session.name)


# -- a session from beginning to end ---------------------------------------------------------------


def test_what_was_done_is_there_after_opening_again(session: Session) -> None:
    (first,) = session.apply(named("sensor.dtbo", SENSOR))
    assert (first.number, first.result["ret"], first.result["id"]) == (1, 0, 1)
    session.apply(named("enable.dtbo", ENABLE))
    session.hold("/soc/i2c@1000/sensor@48", "driver")
    removed = session.remove(2)
    assert removed.step == {"op": "remove", "id": 2, "overlay": "enable.dtbo"}
    with again(session) as opened:
        assert opened.position == 4
        assert blob_of(opened) == blob_of(session)
        assert opened.status() == session.status()
        assert [one.step["op"] for one in opened.history()] == ["apply", "apply", "hold", "remove"]
        assert opened.history()[0].result == first.result
        assert opened.kernel == "6.1"
        assert opened.base == "board.dtb"


def test_the_tree_is_that_of_the_kernel(session: Session) -> None:
    session.apply(SENSOR)
    node = session.tree.find("/soc/i2c@1000/sensor@48")
    assert node is not None
    assert node.properties["phandle"] == b"\0\0\0\4"


def test_export_has_no_names_that_linux_made(session: Session) -> None:
    session.apply(SENSOR, ENABLE)
    assert any("name" in node.properties for node in session.tree.walk())
    assert not any("name" in node.properties for node in session.export().walk())
    assert session.export().header == load(BOARD).header


def test_export_keeps_the_order_of_the_kernel(session: Session) -> None:
    session.apply(BUS)
    soc = session.tree.root.children["soc"]
    order = [node.name for node in session.tree.children_of(soc)]
    assert order[0] == "dev@3000"
    assert list(session.export().root.children["soc"].children) == order


def test_a_name_of_the_base_stays(tmp_path: Path) -> None:
    from support.blob import blob

    board = blob({"soc": {"name": "soc", "x": 1}})
    with Session.create(tmp_path / "s", board) as session:
        session.do({"op": "update_property", "node": "/soc", "name": "x", "value": "00"})
        assert blob_of(session) == blob({"soc": {"name": "soc", "x": b"\0"}})


def test_sources_trees_and_files_are_taken(tmp_path: Path, path: str) -> None:
    (tmp_path / "board.dts").write_text("/dts-v1/; / { soc: soc { }; };", encoding="ascii")
    (tmp_path / "part.dtsi").write_text("x = <1>;", encoding="ascii")
    source = tmp_path / "over.dtso"
    source.write_text('/dts-v1/; /plugin/; &soc {\n#include "part.dtsi"\n};', encoding="ascii")
    with Session.create(path, tmp_path / "board.dts") as session:
        assert session.base == str(tmp_path / "board.dts")
        session.apply(source)
        assert session.tree.root.children["soc"].properties["x"] == b"\0\0\0\1"
        session.undo()
        session.apply(load(source))
        assert session.tree.root.children["soc"].properties["x"] == b"\0\0\0\1"


def test_overlays_are_kept_once(session: Session) -> None:
    for _ in range(3):
        session.apply(named("a.dtbo", SENSOR))
        session.remove(1)
    session.apply(named("a.dtbo", ENABLE))
    steps = [one.step.get("overlay") for one in session.history()]
    assert steps == ["a.dtbo"] * 6 + ["a.dtbo#2"]
    with again(session) as opened:
        opened.remove(1)
        opened.apply(named("a.dtbo", ENABLE))
        assert opened.history()[-1].step["overlay"] == "a.dtbo#2"
        assert len(opened._journal.contents) == 3


def test_the_base_of_another_kernel(path: str) -> None:
    with Session.create(path, BOARD, kernel="7.2") as session:
        assert session.remove(0).result["ret"] == 0
    with Session.open(path) as opened:
        assert opened.kernel == "7.2"
    found = refused(lambda: Session.create(f"{path}2", BOARD, kernel="5.4"))
    assert "6.1, 7.2" in (found.fix or "")


# -- what is refused -------------------------------------------------------------------------------


def test_a_refused_overlay_is_kept_and_ends_the_list(session: Session) -> None:
    done = session.apply(MISSING, SENSOR)
    assert [one.failed for one in done] == [True]
    assert done[0].result["id"] == 1
    assert session.position == 1
    (second,) = session.apply(SENSOR)
    assert second.result["id"] == 2
    assert [(one.number, one.in_force) for one in session.status().overlays] == [
        (1, False),
        (2, True),
    ]


def test_what_would_crash_the_kernel_is_not_kept(session: Session) -> None:
    (stuck,) = session.apply(STUCK)
    assert stuck.failed
    crash = session.remove(1)
    assert crash.refused
    assert crash.failed
    assert [found.code.number for found in crash.findings] == ["DT200"]
    assert session.position == 1
    assert session.apply(SENSOR)[0].result["ret"] == 0
    with again(session) as opened:
        assert opened.position == 2


def test_a_wrong_step_leaves_everything_as_it_was(session: Session, path: str) -> None:
    session.apply(SENSOR)
    session.undo()
    before = Path(path).read_bytes()
    wrong = {"op": "remove_property", "node": "/nothing", "name": "x"}
    good = {"op": "add_property", "node": "/soc", "name": "x", "value": ""}
    assert refused(lambda: session.do(good, wrong)).code.number.startswith("DT28")
    assert refused(lambda: session.do({"op": "apply"})).code.number.startswith("DT28")
    assert refused(lambda: session.hold("/nothing", "me")).code.number == "DT060"
    assert refused(lambda: session.release("/soc", "me")).code.number == "DT269"
    assert Path(path).read_bytes() == before
    assert (session.position, session.undone) == (0, 1)
    assert "x" not in session.tree.root.children["soc"].properties
    session.redo()


def test_an_odd_blob_is_the_kernels_to_judge(session: Session) -> None:
    (odd,) = session.apply(SENSOR[:8] + bytes(len(SENSOR) - 8))
    assert odd.result["ret"] == "-EINVAL"
    assert odd.result["log"][0]["text"] == "OF: overlay: Invalid overlay_fdt header"


def test_what_is_no_overlay_is_refused(session: Session) -> None:
    assert refused(lambda: session.apply(SENSOR, b"text")).code.number == "DT001"
    assert session.position == 0


def test_a_holder_gives_back_what_it_has(session: Session) -> None:
    session.hold("/soc", "a")
    found = refused(lambda: session.release("/soc", "b"))
    assert [note.text for note in found.notes] == ["a holds it, since operation 1"]
    session.release("/soc", "a")
    assert refused(lambda: session.release("/soc", "a")).code.number == "DT269"


def test_init_does_not_overwrite(path: str, tmp_path: Path) -> None:
    Path(path).write_bytes(b"mine")
    assert refused(lambda: Session.create(path, BOARD)).code.number == "DT264"
    assert Path(path).read_bytes() == b"mine"
    dangling = tmp_path / "link"
    dangling.symlink_to(tmp_path / "nowhere")
    assert refused(lambda: Session.create(dangling, BOARD)).code.number == "DT264"
    missing = tmp_path / "no" / "s"
    assert refused(lambda: Session.create(missing, BOARD)).code.number == "DT266"
    assert refused(lambda: Session.create(tmp_path / "t", b"text")).code.number == "DT001"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["link", "s.dtovl"]


# -- undo and redo ---------------------------------------------------------------------------------


def test_undo_all_gives_the_base_back(session: Session) -> None:
    base = flatten(load(BOARD))
    assert blob_of(session) == base
    session.apply(SENSOR, ENABLE)
    session.remove(1)
    after, status = blob_of(session), session.status()
    assert [one.number for one in session.undo(3)] == [3, 2, 1]
    assert blob_of(session) == base
    assert (session.position, session.undone) == (0, 3)
    with again(session) as opened:
        assert [one.in_force for one in opened.history()] == [False] * 3
        assert [one.number for one in opened.redo(3)] == [1, 2, 3]
        assert blob_of(opened) == after
        assert opened.status() == status


def test_a_new_operation_drops_what_was_undone(session: Session) -> None:
    session.apply(named("a", SENSOR), named("b", ENABLE), named("c", BUS))
    assert session.dropped == 0
    session.undo(2)
    session.apply(named("b", BUS))
    assert session.dropped == 2
    assert [one.step["overlay"] for one in session.history()] == ["a", "b"]
    assert refused(session.redo).code.number == "DT268"
    with again(session) as opened:
        assert len(opened._journal.contents) == 3
    session.hold("/soc", "me")
    assert session.dropped == 0


@pytest.mark.parametrize("count", [2, 0, -1])
def test_more_than_there_is(session: Session, count: int) -> None:
    session.apply(SENSOR)
    found = refused(lambda: session.undo(count))
    assert found.code.number == "DT268"
    assert "has 1 operation to undo" in found.message
    assert found.why == f"asked for: {count}"
    assert "no operations to redo" in refused(session.redo).message
    assert session.position == 1


# -- several at once -------------------------------------------------------------------------------


def test_two_sessions_see_each_other(session: Session) -> None:
    with again(session) as other:
        session.apply(named("a", SENSOR))
        (second,) = other.apply(named("b", ENABLE))
        assert second.number == 2
        session.hold("/soc/i2c@1000/sensor@48", "me")
        assert [one.step["op"] for one in other.history()] == ["apply", "apply", "hold"]
        session.undo(3)
        other.refresh()
        assert other.position == 0
        assert other.apply(named("c", BUS))[0].number == 1
        assert refused(session.redo).code.number == "DT268"
        assert session.tree.find("/soc/dev@3000") is not None


# -- replay ----------------------------------------------------------------------------------------


def forge(path: str, number: int) -> None:
    """Change the digest of the tree after an operation, with all seals in order."""
    session = Session.open(path)
    store, journal = session._store, session._journal
    rows = journal.rows
    with store.writing():
        results = store.results()
        store.cut(0)
        seal = journal.seal
        for row in rows:
            tree = schema.digest(b"other") if row.number >= number else row.tree
            parts = row.step, row.content, tree, row.result
            seal = schema.row_seal(seal, *parts)
            store.append(schema.Row(row.number, *parts, seal), results[row.number])
            if row.content is not None:
                store.keep(row.content, journal.contents[row.content])
        store.move(len(rows), seal)
    session.close()


@pytest.mark.parametrize(("number", "words"), [(1, "(apply one)"), (3, "(remove one 1)")])
def test_a_tree_that_differs_is_said_with_the_first_operation(
    session: Session, path: str, number: int, words: str
) -> None:
    session.apply(named("one", SENSOR), named("two", ENABLE))
    session.remove(1)
    session.hold("/soc", "me")
    forge(path, number)
    before = Path(path).read_bytes()
    with Session.open(path) as opened:
        for work in (opened.status, opened.export, lambda: opened.apply(BUS), opened.history):
            found = refused(work)
            assert found.code.number == "DT267"
            assert f"operation {number} {words} gives another tree" in found.message
        if number == 3:
            opened.undo(2)
            assert opened.position == 2
        else:
            assert Path(path).read_bytes() == before


def test_one_digest_is_computed_at_opening(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wire, not a clock: replay computes no digest per operation, and parses a blob once."""
    for _ in range(5):
        session.apply(named("a", ENABLE))
        session.remove(1)
    calls: list[str] = []

    def counted(name: str) -> None:
        work = getattr(Replay, name)

        def call(*arguments: object) -> object:
            calls.append(name)
            return work(*arguments)

        monkeypatch.setattr(Replay, name, call)

    counted("_blob")
    counted("digest")
    with again(session) as opened:
        assert opened.position == 10
        opened.status()
    assert sorted(calls) == ["_blob", "digest"]


def test_digests_tell_trees_apart() -> None:
    trees = [
        {"a": {}, "b": {}},
        {"b": {}, "a": {}},
        {"a": {"b": {}}},
        {"a": b"b"},
        {"a": b""},
        {"a": b"", "b": b""},
        {"b": b"", "a": b""},
        {"a": {"phandle": 1}},
        {"a1:": b""},
        {},
    ]
    from support.trees import tree_of

    assert len({tree_digest(tree_of(tree)) for tree in trees}) == len(trees)
    tree = tree_of({"a": {"phandle": 1}})
    before = tree_digest(tree)
    tree.root.children["a"].phandle = 2
    assert tree_digest(tree) != before


# -- status ----------------------------------------------------------------------------------------


def test_status_of_a_node_that_was_held(session: Session) -> None:
    session.apply(named("bus", BUS))
    session.hold("/soc/dev@3000", "driver")
    assert session.status().gone == []
    (held,) = session.status().held
    assert (held.path, held.overlay, held.holders[0].name) == ("/soc/dev@3000", "bus", "driver")
    session.remove(1)
    status = session.status()
    assert status.held == []
    (gone,) = status.gone
    assert (gone.path, gone.overlay, gone.operation) == ("/soc/dev@3000", "bus", 3)
    assert [(one.name, one.where) for one in gone.holders] == [("driver", "operation 2")]
    assert gone.kernel[0].startswith("OF: ERROR: memory leak, expected refcount 1 instead of")
    session.release("/soc/dev@3000", "driver")
    (lost,) = session.status().gone
    assert lost.holders == []
    assert "before free overlay changeset" in lost.kernel[1]


def test_status_of_a_node_that_a_changeset_still_has_entries_for(session: Session) -> None:
    session.apply(named("bus", BUS))
    entry = {"op": "cs_add", "cs": "c", "node": "/soc/dev@3000", "name": "x", "value": ""}
    session.do({"op": "cs_new", "cs": "c"}, entry, {"op": "remove", "overlay": "bus"})
    (gone,) = session.status().gone
    assert (gone.path, gone.overlay, gone.operation) == ("/soc/dev@3000", "bus", 4)
    assert gone.holders == []
    assert [(one.name, one.where) for one in gone.changesets] == [
        ("changeset c, not destroyed", "1 of its entries")
    ]
    assert session.status().severity is Severity.WARNING


def test_do_takes_no_overlays(session: Session) -> None:
    with pytest.raises(InputError) as refused:
        session.do({"op": "hold", "path": "/soc", "as": "me"}, {"op": "apply", "overlay": "x"})
    assert "Session.apply takes overlays" in refused.value.diagnostic.message
    assert session.position == 0


def test_status_of_values_that_leak(session: Session) -> None:
    session.apply(named("enable", ENABLE), named("again", ENABLE))
    # What the first one set hangs on the list of dead properties, but will be back.
    assert session.status().leaked == []
    session.undo(2)
    for _ in range(3):
        session.apply(named("enable", ENABLE))
        session.remove(1)
    found = {one.name: (one.path, one.times, one.overlays) for one in session.status().leaked}
    assert found == {
        "status": ("/soc/spi@2000", 3, ["enable"]),
        "acme,new": ("/soc/spi@2000", 3, ["enable"]),
    }
    assert {one.name: one.size for one in session.status().leaked}["status"] == 3 * (7 + 5)


def test_status_of_the_memory_of_an_overlay_and_who_points_into_it(session: Session) -> None:
    session.apply(named("bus", BUS))
    session.do({"op": "keep", "overlay": "bus", "as": "spy"})
    (bus,) = session.status().overlays
    assert bus.memory.fdt_copy == len(BUS) + 8
    assert bus.memory.tree > 0
    assert bus.pointers == ["spy"]


def test_status_of_what_dangles(session: Session) -> None:
    session.apply(named("codec", EXPORTS), named("sound", USES))
    assert session.status().dangling == []
    assert session.remove(1).result["ret"] == 0
    before = dict(session.tree.by_phandle)
    target = "/soc/codec@4000"
    wanted = Dangling("phandle", "/soc/sound", "acme,codec", 0, target, "codec", 3, "sound")
    assert session.status().dangling == [wanted]
    assert session.tree.by_phandle == before


def test_status_of_a_phandle_of_a_node_that_went(session: Session) -> None:
    session.apply(named("sensor", SENSOR))
    for name in ("clocks", "acme,other"):
        value = {"name": name, "value": "00000004"}
        session.do({"op": "add_property", "node": "/soc", **value})
    path = b"/soc/i2c@1000/sensor@48".hex() + "00"
    session.do({"op": "add_property", "node": "/aliases", "name": "temp", "value": path})
    assert session.status().dangling == []
    session.remove(1)
    found = [(one.kind, one.path, one.property) for one in session.status().dangling]
    assert found == [("phandle", "/soc", "clocks"), ("alias", "/aliases", "temp")]
    assert {one.target for one in session.status().dangling} == {"/soc/i2c@1000/sensor@48"}
    assert {one.operation for one in session.status().dangling} == {5}
    session.apply(named("sensor", SENSOR))
    assert session.status().dangling == []


def test_status_tells_who_owns_what(session: Session) -> None:
    session.apply(named("enable", ENABLE), named("bus", BUS))
    first, second = session.status().overlays
    assert first.changed == {"/soc/spi@2000": ["status", "acme,new"]}
    assert (first.number, first.operation, first.made) == (1, 1, [])
    assert second.made == ["/soc/dev@3000", "/soc/dev@3000/port"]
    assert second.changed == {}
    session.remove(1)
    session.apply(named("sensor", SENSOR))
    assert [(one.number, one.operation) for one in session.status().overlays] == [(2, 2), (1, 4)]


def test_status_tells_of_what_remove_all_left_in_the_list(session: Session) -> None:
    session.apply(named("enable", ENABLE), named("bus", BUS))
    assert session.status().freed == []
    removed = session.remove_all()
    assert "DT224" in [found.code.number for found in removed.findings]
    assert session.status().freed == ["bus", "enable"]
    assert session.status().severity is Severity.ERROR
    session.undo()
    assert session.status().freed == []


def test_the_public_name() -> None:
    assert dtovl.Session is Session
    with pytest.raises(InputError):
        dtovl.Session.open("/no/such/session")
    with pytest.raises(UsageError):
        dtovl.Session.create("/no/such/session", BOARD, kernel="1.0")
