"""Owners: who brought a node or property, what that hides, what would come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.overlays import at, overlay_of
from support.trees import Content, cells, strings, tree_of

from dtovl.changeset import AttachNode, Changeset, DetachNode, SetProperty
from dtovl.diagnostics import Location
from dtovl.model.dialect import LIBFDT, LINUX
from dtovl.model.node import Node
from dtovl.overlay.owners import Layer, Owner, Owners, apply_owned

if TYPE_CHECKING:
    from dtovl.model.tree import Tree

BOARD: Content = {"soc": {"uart": {"status": "disabled", "speed": 1}, "spi": {"status": "okay"}}}
DRIVER = Owner("changeset", 7, "pci-host")


def node_at(tree: Tree, path: str) -> Node:
    found = tree.find(path)
    assert found is not None
    return found


def told(layers: list[Layer]) -> list[tuple[str, int, str, bytes | None]]:
    return [(one.owner.kind, one.owner.number, one.owner.fragment, one.value) for one in layers]


def test_what_nobody_changed_is_the_base_s_and_costs_nothing() -> None:
    tree = tree_of(BOARD)
    owners = Owners(tree, "board.dtb")
    uart = node_at(tree, "/soc/uart")
    assert owners.owner_of(uart, "status") == Owner("base", 0, "board.dtb")
    assert told(owners.layers(uart, "speed")) == [("base", 0, "", cells(1))]
    assert told(owners.layers(uart)) == [("base", 0, "", b"")]
    assert owners.layers(uart, "nothing") == []
    assert owners.comes_back(uart, "status") is None
    assert owners.comes_back(uart, "nothing") is None


def test_values_lie_one_upon_the_other() -> None:
    for dialect in (LIBFDT, LINUX):
        tree = tree_of(BOARD)
        overlays = [
            overlay_of(at("/soc/uart", {"status": "okay"}), name="a.dtbo"),
            overlay_of(at("/soc", {"x": 1}), at("/soc/uart", {"status": "fail"}), name="b.dtbo"),
        ]
        stack, owners = apply_owned(tree, overlays, dialect, "board.dtb")
        assert stack.failed is None
        uart = node_at(tree, "/soc/uart")
        assert told(owners.layers(uart, "status")) == [
            ("overlay", 2, "fragment@1", strings("fail")),
            ("overlay", 1, "fragment@0", strings("okay")),
            ("base", 0, "", strings("disabled")),
        ]
        left = owners.comes_back(uart, "status")
        assert left is not None
        assert (left.owner.name, left.value) == ("a.dtbo", strings("okay"))
        assert told(owners.layers(node_at(tree, "/soc"), "x")) == [
            ("overlay", 2, "fragment@0", cells(1))
        ]
        assert owners.comes_back(node_at(tree, "/soc"), "x") is None


def test_what_an_overlay_brings_is_its_own_down_to_what_a_later_one_changes() -> None:
    for dialect in (LIBFDT, LINUX):
        tree = tree_of(BOARD)
        overlays = [
            overlay_of(at("/soc", {"cam": {"port": {"lanes": 2}, "clock": 1}}), name="a.dtbo"),
            overlay_of(at("/soc/cam/port", {"lanes": 4, "sub": {"y": 1}}), name="b.dtbo"),
        ]
        _, owners = apply_owned(tree, overlays, dialect)
        port, sub = node_at(tree, "/soc/cam/port"), node_at(tree, "/soc/cam/port/sub")
        assert owners.owner_of(port) == Owner("overlay", 1, "a.dtbo", "fragment@0")
        assert owners.owner_of(node_at(tree, "/soc/cam"), "clock").number == 1
        assert told(owners.layers(port, "lanes")) == [
            ("overlay", 2, "fragment@0", cells(4)),
            ("overlay", 1, "fragment@0", cells(2)),
        ]
        assert owners.owner_of(sub, "y") == Owner("overlay", 2, "b.dtbo", "fragment@0")
        assert owners.comes_back(sub) is None


def test_two_fragments_of_one_overlay_go_together() -> None:
    tree = tree_of(BOARD)
    twice = at("/soc/uart", {"speed": 2}), at("/soc/uart", {"speed": 3})
    _, owners = apply_owned(tree, [overlay_of(*twice)], LIBFDT)
    uart = node_at(tree, "/soc/uart")
    assert [one[2] for one in told(owners.layers(uart, "speed"))] == [
        "fragment@1",
        "fragment@0",
        "",
    ]
    left = owners.comes_back(uart, "speed")
    assert left is not None
    assert left.value == cells(1)


def test_a_changeset_takes_away_and_gives_back() -> None:
    tree = tree_of(BOARD)
    owners = Owners(tree)
    soc, uart, spi = (node_at(tree, path) for path in ("/soc", "/soc/uart", "/soc/spi"))
    fresh = Node("pci")
    changes = Changeset(
        [
            SetProperty(uart, "speed", None),
            AttachNode(soc, fresh),
            SetProperty(fresh, "bus", cells(9)),
            DetachNode(spi),
        ]
    )
    changes.apply(tree)
    owners.record(DRIVER, changes.entries)
    assert told(owners.layers(uart, "speed")) == [
        ("changeset", 7, "", None),
        ("base", 0, "", cells(1)),
    ]
    assert list(owners.removed_properties(uart)) == ["speed"]
    assert told(owners.layers(spi)) == [("changeset", 7, "", None), ("base", 0, "", b"")]
    assert owners.owner_of(fresh, "bus") == DRIVER
    back = owners.comes_back(uart, "speed")
    assert back is not None
    assert back.value == cells(1)
    changes.revert(tree)
    owners.withdraw(DRIVER)
    assert told(owners.layers(uart, "speed")) == [("base", 0, "", cells(1))]
    assert told(owners.layers(spi)) == [("base", 0, "", b"")]
    assert list(owners.removed_properties(uart)) == []
    assert not owners._stacks
    assert not owners._found
    assert not owners._touched


def test_owners_may_go_in_another_order_than_they_came() -> None:
    tree = tree_of(BOARD)
    owners = Owners(tree)
    uart = node_at(tree, "/soc/uart")
    for number, value in ((1, 10), (2, 20)):
        entry = SetProperty(uart, "speed", cells(value))
        entry.apply(tree)
        owners.record(Owner("edit", number, f"edit {number}"), [entry])
    owners.withdraw(Owner("edit", 1, ""))
    assert told(owners.layers(uart, "speed")) == [
        ("edit", 2, "", cells(20)),
        ("base", 0, "", cells(1)),
    ]
    owners.withdraw(Owner("edit", 5, "never seen"))
    assert owners.owner_of(uart, "speed").number == 2


def test_one_owner_may_be_recorded_again() -> None:
    tree = tree_of(BOARD)
    owners = Owners(tree)
    uart = node_at(tree, "/soc/uart")
    for value in (10, 20):
        entry = SetProperty(uart, "speed", cells(value))
        entry.apply(tree)
        owners.record(DRIVER, [entry])
    back = owners.comes_back(uart, "speed")
    assert back is not None
    assert back.value == cells(1)
    owners.withdraw(DRIVER)
    assert len(owners.layers(uart, "speed")) == 1


def test_a_number_is_free_again_when_its_overlay_has_gone() -> None:
    """Linux gives the ids of removed overlays to later ones."""
    tree = tree_of(BOARD)
    owners = Owners(tree)
    uart = node_at(tree, "/soc/uart")
    for name in ("a.dtbo", "b.dtbo"):
        entry = SetProperty(uart, "speed", cells(5))
        entry.apply(tree)
        owners.record(Owner("overlay", 1, name), [entry])
        assert owners.owner_of(uart, "speed").name == name
        entry.revert(tree)
        owners.withdraw(Owner("overlay", 1, name))


def test_places_in_source_are_those_of_each_layer() -> None:
    tree = tree_of(BOARD)
    uart = node_at(tree, "/soc/uart")
    tree.positions[uart, "speed"] = Location("board.dts", 4, 2)
    tree.positions[uart, "status"] = Location("board.dts", 5, 2)
    owners = Owners(tree)
    from_source = SetProperty(uart, "speed", cells(5), position=Location("a.dtso", 9, 3))
    from_blob = SetProperty(uart, "status", strings("okay"))
    for entry in (from_source, from_blob):
        entry.apply(tree)
    owners.record(DRIVER, [from_source, from_blob])
    assert [str(one.position) for one in owners.layers(uart, "speed")] == [
        "a.dtso:9:3",
        "board.dts:4:2",
    ]
    assert [str(one.position) for one in owners.layers(uart, "status")] == [
        "None",
        "board.dts:5:2",
    ]
