"""Whose everything in a session is: overlays, changesets, direct edits, and what they hide."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from session.boards import BOARD, BUS, ENABLE, EXPORTS, SENSOR

from dtovl import Session
from dtovl.live.objects import Maker
from dtovl.overlay.owners import Owner
from dtovl.session.content import Content

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPI = "/soc/spi@2000"
Told = list[tuple[str, int, str, str, bytes | None]]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Session.create(str(tmp_path / "s.dtovl"), BOARD, name="board.dtb") as made:
        yield made


def update(text: str, **more: Any) -> dict[str, Any]:
    op = {"op": "cs_update" if "cs" in more else "update_property"}
    return {**op, "node": SPI, "name": "status", "value": (text + "\0").encode().hex(), **more}


def changeset(label: str, *entries: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the steps that make and apply a changeset."""
    about = {"cs": label}
    return [{"op": "cs_new", **about}, *entries, {"op": "cs_apply", **about}]


def layers(session: Session, path: str = SPI, key: str | None = "status") -> Told:
    tree, owners, _ = session.ownership()
    node = tree.find(path)
    assert node is not None
    return [(*one.owner, one.value) for one in owners.layers(node, key)]


def comes_back(session: Session, path: str = SPI, key: str | None = "status") -> bytes | None:
    tree, owners, _ = session.ownership()
    node = tree.find(path)
    assert node is not None
    back = owners.comes_back(node, key)
    return None if back is None else back.value


FOUND = ("base", 0, "board.dtb", "", b"disabled\0")
ENABLED = ("overlay", 1, "enable", "fragment@0", b"okay\0")


def enable(session: Session) -> None:
    session.apply(Content("enable", ENABLE, "blob"))


def test_every_kind_of_owner_lies_upon_the_one_before(session: Session) -> None:
    enable(session)
    session.do(*changeset("cs", update("a", cs="cs")), update("b"))
    assert layers(session) == [
        ("edit", 5, "update_property", "", b"b\0"),
        ("changeset", 4, "cs", "", b"a\0"),
        ENABLED,
        FOUND,
    ]
    # Nobody takes a direct edit back.
    assert comes_back(session) is None


def test_what_was_done_before_the_question_counts_and_what_comes_after(session: Session) -> None:
    assert layers(session) == [FOUND]
    enable(session)
    assert layers(session) == [ENABLED, FOUND]
    with Session.open(session.name) as other:
        assert layers(other) == [ENABLED, FOUND]
    assert comes_back(session) == b"disabled\0"
    session.remove(1)
    assert layers(session) == [FOUND]
    session.undo()
    assert layers(session) == [ENABLED, FOUND]


def test_a_changeset_that_is_reverted_and_one_that_is_destroyed(session: Session) -> None:
    enable(session)
    session.do(*changeset("cs", update("a", cs="cs")))
    assert comes_back(session) == b"okay\0"
    session.do({"op": "cs_revert", "cs": "cs"})
    assert layers(session) == [ENABLED, FOUND]
    session.do({"op": "cs_apply", "cs": "cs"}, {"op": "cs_destroy", "cs": "cs"})
    assert layers(session)[0] == ("changeset", 6, "cs", "", b"a\0")
    assert comes_back(session) is None


def test_who_is_reverted_out_of_order_takes_with_him_what_lies_above(session: Session) -> None:
    """Linux puts in what the changeset had found, whoever has set it since."""
    session.do(*changeset("cs", update("a", cs="cs")))
    enable(session)
    session.do({"op": "cs_revert", "cs": "cs"})
    assert session.tree.find(SPI).properties["status"] == b"disabled\0"  # type: ignore[union-attr]
    assert layers(session) == [FOUND]
    # And the overlay puts back the value of a changeset that is reverted.
    session.remove(1)
    assert session.tree.find(SPI).properties["status"] == b"a\0"  # type: ignore[union-attr]
    assert layers(session)[0] == ("changeset", 3, "cs", "", b"a\0")


def test_what_is_taken_away_and_comes_back(session: Session) -> None:
    gone = {"op": "cs_remove", "cs": "cs", "node": SPI, "name": "status"}
    session.do(*changeset("cs", gone))
    assert layers(session) == [("changeset", 3, "cs", "", None), FOUND]
    assert comes_back(session) == b"disabled\0"
    tree, owners, _ = session.ownership()
    assert list(owners.removed_properties(tree.find(SPI))) == ["status"]  # type: ignore[arg-type]
    session.do({"op": "cs_revert", "cs": "cs"})
    assert layers(session) == [FOUND]


def test_nodes_and_what_is_in_them(session: Session) -> None:
    session.apply(Content("bus", BUS, "blob"))
    made = {"op": "new_node", "parent": "/soc/dev@3000", "name": "leaf", "label": "leaf"}
    session.do(made, *changeset("cs", {"op": "cs_attach", "cs": "cs", "node": "leaf"}))
    bus = ("overlay", 1, "bus", "fragment@0")
    assert layers(session, "/soc/dev@3000", None) == [(*bus, b"")]
    assert layers(session, "/soc/dev@3000", "reg")[0][:4] == bus
    assert layers(session, "/soc/dev@3000/leaf", None) == [("changeset", 5, "cs", "", b"")]
    tree, owners, overlays = session.ownership()
    assert [(one.number, one.overlay.name) for one in overlays] == [(1, "bus")]
    dev = tree.find("/soc/dev@3000")
    assert dev is not None
    assert "name" not in dev.properties
    assert owners.owner_of(tree.root) == Owner("base", 0, "board.dtb")


def test_what_a_second_revert_drags_out_of_the_dead_list_has_its_owner(session: Session) -> None:
    """Linux ties the list of properties to that of dead ones."""
    revert = {"op": "cs_revert", "cs": "cs"}
    session.do(*changeset("cs", update("a", cs="cs")), revert, revert)
    keys = list(session.ownership().tree.find(SPI).properties)  # type: ignore[union-attr]
    dragged = [one for one in keys if one.startswith("status") and one != "status"]
    assert [layers(session, key=one)[0][:3] for one in dragged] == [("changeset", 3, "cs")]


@pytest.mark.parametrize("seed", range(6))
def test_the_top_is_always_what_the_tree_holds(session: Session, seed: int) -> None:
    """Whatever is done in whatever order, and what is of boot is the base's."""
    chance = random.Random(seed)
    blobs = {"enable": ENABLE, "sensor": SENSOR, "bus": BUS, "exports": EXPORTS}
    labels: list[str] = []
    for number in range(25):
        kind = chance.choice(("apply", "remove", "remove", "edit", "new", "revert", "revert"))
        listed = [one.number for one in session.machine.overlays.listed]
        if kind == "apply":
            name = chance.choice(list(blobs))
            session.apply(Content(name, blobs[name], "blob"))
        elif kind == "remove" and listed:
            session.remove(chance.choice(listed))
        elif kind == "edit":
            session.do(update(chance.choice("xyz")))
        elif kind == "new":
            labels.append(f"cs{number}")
            session.do(*changeset(labels[-1], update(chance.choice("pqr"), cs=labels[-1])))
        elif kind == "revert" and labels:
            label = labels.pop(chance.randrange(len(labels)))
            session.do({"op": "cs_revert", "cs": label})
        tree, owners, _ = session.ownership()
        live = session.machine.live
        for node in tree.walk():
            for key, value in node.properties.items():
                top = owners.layers(node, key)[0]
                assert top.value == value
                twin = live.tree.find(node.path)
                assert twin is not None
                maker = live.object_of(twin, key).maker
                assert (top.owner.kind == "base") == (maker is Maker.BOOT)
                assert (top.owner.kind == "overlay") == (maker in (Maker.OVERLAY, Maker.SYMBOL))
