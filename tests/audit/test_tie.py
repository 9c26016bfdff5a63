"""Lines are tied to the nodes they name, and to the overlays and fragments behind them."""

from __future__ import annotations

import pytest
from audit.auditing import BASE, audited, board, one, overlays, paths
from audit.messages import EXAMPLES, LEAK
from support.overlays import at, overlay_content, to
from support.trees import tree_of

from dtovl.audit.board import make_board
from dtovl.model.dialect import LINUX

SENSOR = "/soc/i2c@2000/sensor@48"
BROUGHT = ("sensor.dtbo", "fragment@0", "brings")
SET = ("sensor.dtbo", "fragment@0", "sets")

TIES = [
    (LEAK.replace("/soc/a", SENSOR), [SENSOR], [BROUGHT]),
    (EXAMPLES["leak-expected"][0].replace("/soc/a", "/soc/i2c@2000"), ["/soc/i2c@2000"], [SET]),
    (
        "OF: overlay: overlay changeset pre-remove notifier error -16, target: /soc",
        ["/soc"],
        [("uart.dtbo", "fragment@0", "targets")],
    ),
    (
        "OF: changeset notifier error @/soc/serial@1000",
        ["/soc/serial@1000"],
        [("uart.dtbo", "fragment@1", "changes")],
    ),
    ("OF: overlay: overlay #2 is not topmost", [], [("uart.dtbo", "", "has-id")]),
    (
        "OF: overlay: node_overlaps_later_cs: #1 overlaps with #2 @/soc",
        ["/soc"],
        [("sensor.dtbo", "", "has-id"), ("uart.dtbo", "", "later")],
    ),
    ("OF: overlay: remove: Could not find overlay #9", [], []),
    ("OF: ERROR: Bad of_node_put() on /soc/serial@1000/none", ["/soc/serial@1000/none"], []),
    (
        "platform 1000.serial: deferred probe pending: wait for supplier /soc/bridge",
        ["/soc/serial@1000"],
        [("uart.dtbo", "fragment@1", "changes")],
    ),
    ("i2c 1-0048: probe with driver acme failed with error -5", [SENSOR], [BROUGHT]),
    ("1-0048\tacme: wait for supplier /soc", [SENSOR, "/soc"], [BROUGHT]),
    (
        "kobject: 'sensor@48' (ffff0000): is not initialized, yet kobject_put() is being called.",
        [SENSOR],
        [BROUGHT],
    ),
]


@pytest.mark.parametrize(("line", "nodes", "tied"), TIES, ids=[line[:60] for line, _, _ in TIES])
def test_a_line_is_tied(line: str, nodes: list[str], tied: list[tuple[str, str, str]]) -> None:
    found = one(line, board())
    assert paths(found)[: len(nodes)] == nodes
    assert overlays(found) == tied


def test_the_supplier_of_a_device_is_told_as_well() -> None:
    found = one("platform 1000.serial: deferred probe pending: x", board())
    assert [node.role for node in found.tie.nodes] == ["device"]
    line = "acme 1000.serial: Failed to create device link (0x180) with bridge"
    assert paths(one(line, board())) == ["/soc/serial@1000", "/soc/bridge"]


def test_a_node_is_known_by_its_labels_or_not_at_all() -> None:
    known, unknown = (
        one(f"OF: changeset notifier error @{path}", board()).tie.nodes[0]
        for path in ("/soc/serial@1000", "/elsewhere")
    )
    assert (known.known, known.labels) == (True, ("uart",))
    assert unknown.known is False


def test_without_a_board_nodes_are_named_and_no_overlays() -> None:
    found = one(LEAK)
    assert [(node.path, node.known) for node in found.tie.nodes] == [("/soc/a", None)]
    assert found.tie.overlays == ()


# -- refused overlays ------------------------------------------------------------------------------

MISSING = overlay_content(to("nosuch", {"n": {"compatible": "a,b"}}))
NOWHERE = overlay_content(at("/soc", {"n": {}}), at("/nowhere", {"m": {}}))
NO_TARGET = {"fragment@0": {"__overlay__": {}}}
CELLS = overlay_content(at("/soc", {"#size-cells": 2, "late": {"reg": 1}}))


def test_an_overlay_is_found_by_what_the_kernel_says_of_it() -> None:
    on = board(missing=MISSING, nowhere=NOWHERE, untargeted=NO_TARGET, cells=CELLS)
    assert [(one.name, one.number, bool(one.error)) for one in on.given] == [
        ("sensor.dtbo", 1, False),
        ("uart.dtbo", 2, False),
        ("missing.dtbo", 3, True),
        ("nowhere.dtbo", 4, True),
        ("untargeted.dtbo", 5, True),
        ("cells.dtbo", 6, True),
    ]
    for line, tied in (
        (EXAMPLES["label-missing"][0], ("missing.dtbo", "", "refused")),
        (
            "OF: overlay: find target, node: /fragment@1, path '/nowhere' not found",
            ("nowhere.dtbo", "fragment@1", "refused"),
        ),
        (EXAMPLES["target-none"][0], ("untargeted.dtbo", "fragment@0", "refused")),
        (
            "OF: overlay: ERROR: changing value of #size-cells is not allowed in /soc",
            ("cells.dtbo", "fragment@0", "sets"),
        ),
    ):
        assert overlays(one(line, on)) == [tied]


def test_what_a_refused_overlay_would_bring_is_known() -> None:
    found = one("OF: changeset notifier error @/soc/late", board(cells=CELLS))
    assert overlays(found) == [("cells.dtbo", "fragment@0", "brings")]


def test_a_damaged_blob_has_no_id_and_is_told_all_the_same() -> None:
    on = make_board(tree_of(BASE), "board.dtb", [("bad.dtbo", b"\xd0\x0d\xfe\xed")], LINUX)
    assert on.given[0].number == 0
    assert overlays(one("OF: overlay: Invalid overlay_fdt header", on)) == [
        ("bad.dtbo", "", "refused")
    ]
    assert overlays(one("OF: overlay: remove: Could not find overlay #0", on)) == [
        ("bad.dtbo", "", "has-id")
    ]


def test_an_error_without_a_reason_is_tied_by_the_error() -> None:
    clash = overlay_content(at("/", {"soc": {"phandle": 1}}))
    found = one("OF: overlay: of_overlay_apply() err=-22", board(clash=clash))
    assert overlays(found) == [("clash.dtbo", "", "refused")]
    assert found.code == "DT114"


# -- lines that follow from others -----------------------------------------------------------------


def test_a_line_that_follows_takes_over_code_and_tie() -> None:
    log = (
        "OF: overlay: find target, node: /fragment@1, path '/nowhere' not found\n"
        "OF: overlay: init_overlay_changeset() failed, ret = -22\n"
    )
    cause, found = audited(log, board(nowhere=NOWHERE)).findings
    assert found.cause is cause
    assert found.code == cause.code == "DT103"
    assert overlays(found) == [("nowhere.dtbo", "fragment@1", "follows")]


def test_a_line_whose_cause_is_not_there_says_so() -> None:
    found = one("OF: overlay: init_overlay_changeset() failed, ret = -22")
    assert (found.code, found.cause) == ("DT749", None)


def test_lines_that_stand_far_apart_do_not_follow() -> None:
    log = EXAMPLES["label-missing"][0] + "\n" + "other\n" * 100 + "OF: overlay: of_overlay_apply() "
    found = audited(log + "err=-22").findings[1]
    assert found.cause is None


# -- many ------------------------------------------------------------------------------------------


def test_lines_that_tell_the_same_are_one_finding() -> None:
    line = "[ {}.0] kobject: 'a' (00000000d3c4e2{:02x}): is not initialized, yet kobject_put() is"
    log = "\n".join(f"{line.format(n, n)} being called." for n in range(200))
    found = one(log)
    assert (found.count, found.last, len(found.numbers)) == (200, 200, 100)


def test_of_very_many_findings_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtovl.audit.reading.MOST_FINDINGS", 3)
    found = audited("\n".join(f"OF: changeset notifier error @/n{n}" for n in range(10)))
    assert (len(found.findings), found.more, found.known) == (3, 7, 10)


def test_lines_with_a_tabulator_are_no_deferrals_of_unknown_devices() -> None:
    assert audited("column\tfailed value", board()).findings == []
    assert audited("column\tfailed value").findings == []
