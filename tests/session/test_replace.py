"""Replacing overlays in a session: one operation of its journal, undone, redone, read again."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest
from session.boards import BOARD, BUS, ENABLE, EXPORTS, MISSING, SENSOR, USES
from support.blob import blob
from support.overlays import overlay_content, to

from dtovl import Session
from dtovl.codes.base import Severity
from dtovl.errors import InputError, UsageError
from dtovl.session import schema
from dtovl.session.content import Content
from dtovl.session.digest import tree_digest
from dtovl.session.replacing import find_listed
from dtovl.session.schema import Row
from dtovl.session.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dtovl.session.status import Status

SENSOR2 = blob(overlay_content(to("i2c0", {"sensor@48": {"reg": [0x49], "phandle": 1}})))
PATH = "/soc/i2c@1000/sensor@48"


def named(name: str, data: bytes) -> Content:
    return Content(name, data, "blob")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Session.create(tmp_path / "s.dtovl", BOARD, name="board.dtb") as made:
        made.apply(named("sensor.dtbo", SENSOR), named("enable.dtbo", ENABLE))
        yield made


def picture(session: Session) -> tuple[bytes, Status, object]:
    return tree_digest(session.tree), session.status(), session.machine.state()


def test_one_operation(session: Session) -> None:
    node = session.tree.find(PATH)
    done = session.replace([1], [named("sensor2.dtbo", SENSOR2), named("bus.dtbo", BUS)])
    assert (done.number, done.result["ret"], done.result["added"]) == (3, 0, [3, 4])
    assert done.step["old"] == [1]
    assert done.step["overlays"] == ["sensor.dtbo"]
    assert done.step["new"] == ["sensor2.dtbo", "bus.dtbo"]
    assert session.tree.find(PATH) is node
    assert [one.name for one in session.status().overlays] == [
        "sensor2.dtbo",
        "bus.dtbo",
        "enable.dtbo",
    ]
    assert [one.operation for one in session.status().overlays] == [3, 3, 2]


def test_one_that_is_named_twice_is_meant_once(session: Session) -> None:
    done = session.replace([2, 1, 2], [])
    assert done.step["old"] == [2, 1]
    assert done.step["overlays"] == ["enable.dtbo", "sensor.dtbo"]
    assert done.result["ret"] == 0


def test_undone_redone_and_read_again(session: Session) -> None:
    before = picture(session)
    session.replace([1, 2], [named("sensor2.dtbo", SENSOR2)])
    after = picture(session)
    with Session.open(session.name) as opened:
        assert picture(opened) == after
        assert [one.step["op"] for one in opened.history()] == ["apply", "apply", "replace"]
    session.undo()
    assert picture(session)[::2] == before[::2]
    session.redo()
    assert picture(session) == after


def test_the_new_ones_are_kept_as_long_as_they_are_needed(session: Session) -> None:
    session.replace([1], [named("sensor2.dtbo", SENSOR2), named("bus.dtbo", BUS)])
    session.replace([2], [named("exports.dtbo", EXPORTS)])
    session.undo()
    session.apply(named("uses.dtbo", SENSOR))  # drops the second replacement
    with Session.open(session.name) as opened:
        assert picture(opened) == picture(session)
    with sqlite3.connect(session.name) as file:
        kept = {key for (key,) in file.execute("SELECT digest FROM contents")}
    wanted = {schema.digest(one) for one in (BOARD, SENSOR, ENABLE, SENSOR2, BUS)}
    assert kept == wanted


def test_a_name_that_is_taken_gets_a_number(session: Session) -> None:
    done = session.replace([1], [named("sensor.dtbo", SENSOR2)])
    assert done.step["new"] == ["sensor.dtbo#2"]
    assert find_listed(session, ["sensor.dtbo#2"]) == [3]


def test_a_dry_run_tells_and_keeps_nothing(session: Session) -> None:
    before = picture(session)
    told = session.replace([1], [named("sensor2.dtbo", SENSOR2)], dry_run=True)
    assert (told.number, told.in_force, session.position) == (3, False, 2)
    assert picture(session) == before
    done = session.replace([1], [named("sensor2.dtbo", SENSOR2)])
    assert (done.result, done.step) == (told.result, told.step)


def test_what_is_refused_changes_nothing_but_the_journal(session: Session) -> None:
    tree = tree_digest(session.tree)
    done = session.replace([1], [named("missing.dtbo", MISSING)])
    assert (done.number, done.failed, done.result["ret"]) == (3, True, "-EINVAL")
    assert {one.code.number for one in done.findings} == {"DT104", "DT271"}
    assert tree_digest(session.tree) == tree
    with Session.open(session.name) as opened:
        assert tree_digest(opened.tree) == tree


@pytest.mark.parametrize("data", [b"", b"\xd0\x0d\xfe\xed", b"no blob", SENSOR[:-9]])
def test_blobs_that_the_kernel_does_not_take(session: Session, data: bytes) -> None:
    before = picture(session)
    done = session.replace([1], [named("odd.dtbo", data)])
    assert done.failed
    assert picture(session)[::2] == before[::2]


def test_what_waits_is_in_the_status(session: Session) -> None:
    session.hold(PATH, "driver")
    done = session.replace([1], [named("bus.dtbo", BUS)])
    assert [one.code.number for one in done.findings if one.severity > Severity.INFO] == ["T013"]
    status = session.status()
    pending = status.pending
    assert pending is not None
    assert (pending.operation, pending.replaced) == (4, [(1, "sensor.dtbo")])
    assert pending.by == [(3, "bus.dtbo")]
    ((node,)) = pending.nodes
    assert (node.path, node.overlay, node.holders[0].name) == (PATH, "sensor.dtbo", "driver")
    assert (status.severity, status.gone) == (Severity.WARNING, [])
    done = session.release(PATH, "driver")
    assert done.result["freed"] == [[1, "sensor.dtbo"]]
    assert session.status().pending is None


def test_back_and_given_up(session: Session) -> None:
    session.hold(PATH, "driver")
    before = tree_digest(session.tree)
    session.replace([1], [named("bus.dtbo", BUS)])
    assert session.reverse_replacement().result["ret"] == 0
    assert tree_digest(session.tree) == before
    assert [one.operation for one in session.status().overlays] == [1, 2]
    assert session.status().gone == []
    session.replace([1], [named("bus.dtbo", BUS)])
    assert session.give_up_replaced().result["abandoned"] == [[1, "sensor.dtbo"]]
    status = session.status()
    assert (status.pending, status.abandoned) == (None, {1: "sensor.dtbo"})
    assert [one.path for one in status.gone] == [PATH]
    with Session.open(session.name) as opened:
        assert picture(opened) == picture(session)
    session.undo(2)
    assert session.status().abandoned == {}


def test_owners_are_those_of_the_new_stack(session: Session) -> None:
    session.replace([1, 2], [named("sensor2.dtbo", SENSOR2), named("enable.dtbo", ENABLE)])
    found = session.ownership()
    node, spi = found.tree.find(PATH), found.tree.find("/soc/spi@2000")
    assert node is not None
    assert spi is not None
    assert found.owners.owner_of(node).name == "sensor2.dtbo"
    assert found.owners.owner_of(node, "reg").name == "sensor2.dtbo"
    assert found.owners.owner_of(spi, "status").name == "enable.dtbo"
    assert found.owners.owner_of(spi, "reg").name == "board.dtb"
    session.replace([3, 4])
    found = session.ownership()
    assert not found.owners.in_force()


def test_what_points_to_a_node_that_was_replaced(session: Session) -> None:
    session.apply(named("exports.dtbo", EXPORTS), named("uses.dtbo", USES))
    assert session.replace([3, 4], [named("uses.dtbo", USES)]).failed
    assert session.status().dangling == []


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        ("7", ""),
        ("sensor", "did you mean sensor.dtbo (#1)?"),
        ("99999999999999999999", ""),
        ("00000000012", ""),
        ("\u0663", ""),
        ("", ""),
    ],
)
def test_overlays_that_are_not_there(session: Session, wanted: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_listed(session, [wanted])
    assert caught.value.diagnostic.code.number == "DT270"
    assert hint in caught.value.diagnostic.message


def test_overlays_by_name_and_id(session: Session) -> None:
    session.apply(named("dir/bus.dtbo", BUS), named("other/bus.dtbo#2", EXPORTS))
    assert find_listed(session, ["1", "#2", "dir/bus.dtbo", "bus.dtbo"]) == [1, 2, 3, 3]
    session.apply(named("more/bus.dtbo", USES))
    with pytest.raises(UsageError, match="#3, #5"):
        find_listed(session, ["bus.dtbo"])


STEPS = (
    {"op": "replace"},
    {"op": "replace", "old": 1, "overlays": [""], "new": [], "contents": []},
    {"op": "replace", "old": [1], "overlays": [], "new": [], "contents": []},
    {"op": "replace", "old": [], "overlays": [], "new": ["x"], "contents": ["zz"]},
    {"op": "replace", "old": [], "overlays": [], "new": ["x"], "contents": ["00" * 32]},
    {"op": "replace", "old": [], "overlays": [], "new": [["x"]], "contents": ["00" * 32]},
)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_is_none(session: Session, step: dict[str, object]) -> None:
    """Somebody writes an operation with a seal that fits, and none of what it needs."""
    store = Store(session.name)
    with store.writing():
        last, results = store.rows()[-1], store.results()
        text = json.dumps(step)
        seal = schema.row_seal(last.seal, text, None, last.tree, last.result)
        store.append(Row(3, text, None, last.tree, last.result, seal), results[2])
        store.move(3, seal)
    store.close()
    with pytest.raises(InputError) as caught:
        Session.open(session.name).status()
    assert caught.value.diagnostic.code.number == "DT263"
