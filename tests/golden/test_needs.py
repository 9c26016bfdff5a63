"""What users of overlays suffer from, and what dtovl tells them: an answer for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

    Run = Callable[..., object]


def test_all_missing_labels_at_once(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("apply", "gateway.dtb", "missing-label.dtso")) == snapshot


def test_a_missing_label_in_a_blob(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("apply", "gateway.dtb", "missing-label.dtbo")) == snapshot


def test_a_missing_path(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("apply", "gateway.dtb", "missing-path.dtso")) == snapshot


def test_nodes_without_effect(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("apply", "gateway.dtb", "status-only.dtso")) == snapshot


def test_deletions_without_effect(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("apply", "gateway.dtb", "delete-node.dtso")) == snapshot


def test_a_base_without_symbols(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    base = "gateway-without-symbols.dtb"
    assert str(dtovl("apply", base, "sensor.dtbo", "uart1-okay.dtbo")) == snapshot


def test_labels_from_the_source_of_the_base(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    base = "gateway-without-symbols.dtb"
    result = dtovl("apply", base, "sensor.dtbo", "--symbols-from", "gateway.dts")
    assert str(result) == snapshot


def test_a_second_phandle_for_a_node(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("apply", "gateway.dtb", "phandle-clash.dtso", "-v")) == snapshot


def test_good_at_boot_and_refused_at_run_time(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    result = dtovl("apply", "gateway.dtb", "label-twice.dtso", "--require", "linux")
    assert str(result) == snapshot


def test_changed_twice(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    result = dtovl("apply", "gateway.dtb", "duplicate-property.dtso", "--applier", "linux")
    assert str(result) == snapshot


def test_the_overlay_of_another_board(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("apply", "gateway.dtb", "other-board.dtso")) == snapshot


def test_a_diff_without_renumbered_phandles(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("diff", "gateway.dtb", "gateway-b.dtb")) == snapshot


def test_room_for_a_stack(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    overlays = ("connector.dtbo", "display.dtbo", "sensor.dtbo")
    assert str(dtovl("apply", "gateway.dtb", *overlays)) == snapshot


def test_room_that_suffices(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    dtovl("convert", "gateway.dtb", "--pad", "4096", "-o", "padded.dtb")
    result = dtovl("apply", "padded.dtb", "connector.dtbo", "-o", "out.dtb")
    assert str(result).splitlines()[-3:] == snapshot


def test_removal_leaves_a_reference_that_leads_nowhere(
    dtovl: Run, snapshot: SnapshotAssertion
) -> None:
    overlays = ("wifi-rail.dtso", "wifi-supply.dtso")
    assert str(dtovl("apply", "gateway.dtb", *overlays, "--forecast")) == snapshot


def test_removal_is_refused_while_another_overlay_lies_above(
    dtovl: Run, snapshot: SnapshotAssertion
) -> None:
    overlays = ("connector.dtbo", "display.dtbo", "sensor.dtbo")
    assert str(dtovl("apply", "gateway.dtb", *overlays, "--forecast")) == snapshot


def test_who_set_this_property(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    overlays = ("connector.dtso", "display.dtso")
    path = "/soc/spi@50000/slot@0:spi-max-frequency"
    assert str(dtovl("blame", "gateway.dts", *overlays, path)) == snapshot


def test_who_brought_what_is_in_this_node(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    overlays = ("connector.dtso", "display.dtso")
    assert str(dtovl("blame", "gateway.dts", *overlays, "spi0")) == snapshot
