"""Reserved memory that is none: what came after boot, stands elsewhere or contradicts itself."""

from __future__ import annotations

from dtovl.dts.reader import read_source
from dtovl.fdt.write import flatten
from dtovl.links.board import Board
from dtovl.links.judge import judge
from dtovl.links.lateregions import region_findings
from dtovl.links.words import as_diagnostic
from dtovl.live.blob import apply_parsed, parse_blob
from dtovl.live.overlays import Overlays
from dtovl.live.state import Live
from dtovl.model.dialect import LINUX

BASE = """
 resmem: reserved-memory { #address-cells = <1>; #size-cells = <1>; ranges;
  good: good@80000000 { reg = <0x80000000 0x1000>; no-map; };
  idle: idle@81000000 { reg = <0x81000000 0x1000>; status = "disabled"; };
  both: both@82000000 { reg = <0x82000000 0x1000>; no-map; reusable; };
  outer { deep: deep@0 { reg = <0 0x1000>; }; }; };
 other: buffer@90000000 { reg = <0x90000000 0x1000>; };
 sram: sram@1000 { compatible = "mmio-sram"; part: part@0 { reg = <0 1>; }; };
 dev: dev { compatible = "acme,dev"; memory-region = <&good>; };
"""


def board_of(body: str = "") -> Board:
    text = f"/dts-v1/;\n/ {{ {BASE} {body} }};"
    return Board(read_source(text.encode(), "b.dts", symbols=True))


def with_overlay(board: Board, body: str) -> Board:
    blob = flatten(read_source(f"/dts-v1/;\n/plugin/;\n{body}".encode(), "o.dtso"))
    applied = apply_parsed(Overlays(Live(board.tree, LINUX)), parse_blob(blob, "cam.dtbo"))
    assert not applied.error
    return Board(board.tree)


def messages(board: Board, *, at_boot: bool = False) -> list[str]:
    found = region_findings(board, at_boot=at_boot)
    return [f"{one.rule} {as_diagnostic(one, board.tree).message}" for one in found]


def test_regions_that_the_base_reserves_are_fine() -> None:
    assert (
        messages(board_of("x { memory-region = <&good &sram &part &idle>, <0>, <0x99>; };")) == []
    )


def test_4_10_a_region_that_an_overlay_adds_is_dead() -> None:
    board = with_overlay(
        board_of(),
        """&resmem { cam: cam@83000000 { reg = <0x83000000 0x1000>; no-map; }; };
        &dev { memory-region = <&good &cam>; };""",
    )
    assert messages(board) == [
        "DT684 memory-region[1]: /reserved-memory/cam@83000000 is reserved memory that came after "
        "boot, with overlay cam.dtbo"
    ]
    (told,) = (as_diagnostic(one, board.tree) for one in region_findings(board))
    assert "cam.dtbo" in told.who
    assert messages(board, at_boot=True) == [], "the boot loader applied it"


def test_4_10_a_region_that_an_overlay_enables_is_dead() -> None:
    board = with_overlay(
        board_of(), '&idle { status = "okay"; }; &dev { memory-region = <&idle>; };'
    )
    (text,) = messages(board)
    assert text.endswith("its status set by overlay cam.dtbo")


def test_4_10_no_map_and_reusable_exclude_one_another() -> None:
    assert messages(board_of("x { memory-region = <&both>; };")) == [
        "DT686 memory-region[0]: /reserved-memory/both@82000000 has both no-map and reusable"
    ]


def test_4_10_a_region_must_be_a_child_of_reserved_memory() -> None:
    assert messages(board_of("x { memory-region = <&other>, <&deep>; };")) == [
        "DT686 memory-region[0]: /buffer@90000000 is not below /reserved-memory",
        "DT686 memory-region[1]: /reserved-memory/outer/deep@0 is no child of /reserved-memory "
        "itself",
    ]


def test_disabled_consumers_reserve_nothing() -> None:
    assert messages(board_of('x { status = "disabled"; memory-region = <&both>; };')) == []


def test_the_walk_is_saved_by_what_was_judged() -> None:
    board = board_of("x { memory-region = <&both>; };")
    judged, _ = judge(board)
    assert region_findings(board, judged) == region_findings(board)
