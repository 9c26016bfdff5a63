"""Names of devices: addresses of all kinds of buses, and values that end too early."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.boards import Board, lines_of
from support.overlays import at

from dtovl.live.objects import Oops
from dtovl.live.platform import PlatformBus
from dtovl.model.dialect import LINUX, LINUX_7_2

if TYPE_CHECKING:
    from support.trees import Content

    from dtovl.model.dialect import Dialect

DEVICE = "dtovl,test-device"
RECORDED = LINUX._replace(pci_bus=False)


def bus(address_cells: int = 1, size_cells: int = 1, **more: Content) -> Content:
    cells: Content = {"#address-cells": address_cells, "#size-cells": size_cells, "ranges": None}
    return {"compatible": "simple-bus", **cells, **more}


def board(content: Content, dialect: Dialect = RECORDED) -> Board:
    made = Board({"#address-cells": 2, "#size-cells": 1, **content}, dialect)
    made.live.platform = PlatformBus(made.live)
    return made


def names(made: Board) -> list[str]:
    assert made.live.platform is not None
    return [one.name for one in made.live.platform.devices]


def drivers(made: Board) -> dict[str, str | None]:
    assert made.live.platform is not None
    return {one.name: one.driver_name for one in made.live.platform.devices}


def found(made: Board) -> list[tuple[str, str, object]]:
    return [(one.code.name, one.path, one.fields["name"]) for one in made.live.take_findings()]


def named_by(made: Board, parent: str, node: str, **content: Content) -> str:
    before = names(made)
    made.apply(at(parent, {node: content}))
    (fresh,) = [name for name in names(made) if name not in before]
    return fresh


def test_three_cells_of_address_begin_with_flags() -> None:
    flagged = [0x200, 0, 0x1000, 0, 0x8000_0000, 0x100]
    made = board({"b": bus(3, ranges=flagged)})
    assert named_by(made, "/b", "in@0", reg=[0x200, 0, 0x1010, 4]) == "80000010.in"
    assert named_by(made, "/b", "other@0", reg=[0x100, 0, 0x1010, 4]) == "b:other@0"


def test_a_bus_named_isa_has_two_cells_of_address() -> None:
    made = board({"isa": bus(1, 1, ranges=[1, 0x60, 0, 0x9000_0000, 0x10])})
    assert named_by(made, "/isa", "kbd@64", reg=[1, 0x64, 1]) == "90000004.kbd"
    assert named_by(made, "/isa", "mem@64", reg=[0, 0x64, 1]) == "isa:mem@64"


def test_four_cells_of_address_keep_the_last_two() -> None:
    made = board({"b": bus(4, 2)})
    assert named_by(made, "/b", "n", reg=[7, 7, 1, 0x20, 0, 4]) == "100000020.n"
    assert named_by(board({"b": bus(5)}), "/b", "n", reg=[0, 0, 0, 0, 1, 1]) == "b:n"


def test_ranges_that_run_over_hold_nothing() -> None:
    high = 0xFFFF_FFFF
    made = board({"b": bus(2, 1, ranges=[high, high, 0, 0, 0x10])})
    assert named_by(made, "/b", "n@1", reg=[high, high, 1]) == "b:n@1"


def test_names_do_not_depend_on_the_form_of_device_type() -> None:
    made = board({"b": bus(device_type="pci")})
    assert named_by(made, "/b", "n", reg=[0x20, 4]) == "20.n"


def test_a_bad_cell_count_above_is_logged_for_resource_and_name() -> None:
    made = board({"outer": bus(1, 0, b=bus())})
    assert named_by(made, "/outer/b", "n@10", reg=[0x10, 1]) == "outer:b:n@10"
    assert lines_of(made.log()) == ["OF: Bad cell count for /outer/b"] * 2


def test_an_entry_that_is_no_whole_one_is_no_resource_but_gives_the_name() -> None:
    made = board({"outer": bus(1, 0, b=bus())})
    assert named_by(made, "/outer/b", "n@10", reg=[0x10]) == "outer:b:n@10"
    assert lines_of(made.log()) == ["OF: Bad cell count for /outer/b"]
    assert named_by(board({"b": bus()}), "/b", "n@10", reg=[0x10]) == "10.n"


@pytest.mark.parametrize(
    ("more", "name"),
    [({"status": "okay"}, "1000000003.n"), ({"m": {}}, "1000000001.n"), ({}, "1000000002.n")],
    ids=["property", "child", "end"],
)
def test_a_short_reg_of_boot_goes_on_with_the_next_tag(more: Content, name: str) -> None:
    made = board({"n": {"compatible": DEVICE, "reg": [0x10], **more}})
    assert names(made) == [name]
    assert found(made) == []


def test_a_short_reg_of_an_overlay_is_read_beyond_its_end() -> None:
    made = board({"b": bus(2)})
    made.apply(at("/b", {"n@0": {"reg": [0x10]}}))
    assert ("read-beyond-end", "/b/n@0", "reg") in found(made)


def test_an_empty_reg_of_an_overlay_is_a_fault() -> None:
    made = board({"b": bus()})
    with pytest.raises(Oops, match="reg"):
        made.apply(at("/b", {"n@0": {"reg": b""}}))


def test_a_compatible_of_boot_without_end_counts_in_linux_6_1() -> None:
    content: Content = {
        "b": bus(compatible=b"simple-bus", c={"compatible": DEVICE}),
        "n": {"compatible": b"acme,x\0dtovl,test-device"},
    }
    assert drivers(board(content)) == {"b": None, "b:c": "dtovl-test", "n": "dtovl-test"}
    newer = LINUX_7_2._replace(pci_bus=False)
    assert drivers(board(content, newer)) == {"b": None, "n": None}


def test_device_type_without_end_is_read_beyond() -> None:
    made = board({"b": bus()})
    made.apply(at("/b", {"n@0": {"device_type": b"cpu"}}))
    assert found(made) == [("read-beyond-end", "/b/n@0", "device_type")]
    made.apply(at("/b", {"m@0": {"device_type": "cpu"}}))
    assert found(made) == []
