"""The fwspec of a master: each statement of sections 5.1 to 5.3 about it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.masters import board_of, master, node, says, steps
from support.trees import cells

from dtovl.codes.base import Severity
from dtovl.links.board import Board
from dtovl.links.drivertable import read_drivers
from dtovl.links.fwspec import Configured, Fwspec, Providers, configure, iommu_findings
from dtovl.links.judge import judge
from dtovl.links.lateiommus import late_findings
from dtovl.links.masters import map_id, masters, ranges, shared_groups
from dtovl.links.probe import predict
from dtovl.links.words import as_diagnostic
from dtovl.links.xlate import drivers, unregister


def done_of(body: str, late: str = "", patience: str = "waiting") -> Configured:
    """Configure /dev; late are paths of IOMMUs that have not registered."""
    board = board_of(body)
    absent = frozenset(node(board, path) for path in late.split())
    return configure(board, master(board), Providers(absent, patience))  # type: ignore[arg-type]


# -- 5.2, step 1 -----------------------------------------------------------------------------------


def test_5_2_1_a_fwspec_with_operations_is_returned_as_it_is() -> None:
    board = board_of("dev { iommus = <&s1 1>, <&s2 2>; };")
    before = Fwspec(node(board, "/smmu1"), "arm-smmu-v3", (1,), (node(board, "/smmu1"),))
    done = configure(board, master(board), before=before)
    assert steps(done) == ["1"]
    assert done.fwspec is before
    assert done.result == "translated"


def test_5_2_1_a_fwspec_without_operations_is_freed_and_made_anew() -> None:
    board = board_of("dev { iommus = <&s1 1>; };")
    first = configure(board, master(board), Providers(frozenset({node(board, "/smmu1")})))
    assert first.fwspec is not None
    assert first.fwspec.driver == ""
    done = configure(board, master(board), before=first.fwspec)
    assert says(done, "1", "iommu_fwspec_free", "puts /smmu1", "from scratch")
    assert done.fwspec is not None
    assert done.fwspec is not first.fwspec
    assert done.fwspec.driver == "arm-smmu-v3"


# -- 5.2, step 2 -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ("<0x99 1>", "no node has the phandle"),
        ("<0>", "empty entry"),
        ("<&dark 1>", "no #iommu-cells"),
        ("<&m2 1>", "ends too early"),
    ],
)
def test_5_2_2_an_entry_that_does_not_decode_ends_the_list_silently(
    second: str, words: str
) -> None:
    body = f"dark: x {{ }}; dev {{ iommus = <&s1 1>, {second}; }};"
    done = done_of(body)
    assert done.result == "translated", "the rest is ignored, what was read before counts"
    assert done.fwspec is not None
    assert done.fwspec.ids == (1,)
    assert says(done, "2", "entry 1", words)
    assert says(done, "2", "later entries are ignored")


def test_5_2_2_a_first_entry_that_does_not_decode_leaves_the_master_without_iommu() -> None:
    done = done_of("dev { iommus = <0x99 1>, <&s1 1>; };")
    assert (done.result, done.error, done.fwspec) == ("bypass", "no IOMMU", None)
    assert not done.left_over


def test_5_2_2a_a_disabled_iommu_means_no_iommu_at_all() -> None:
    done = done_of("dev { iommus = <&off 1>, <&s1 1>; };")
    assert steps(done) == ["2", "2a", "4"], "entry 1 is not looked at"
    assert (done.result, done.fwspec, done.findings) == ("bypass", None, ())


def test_5_2_2a_a_disabled_iommu_after_an_enabled_one_leaves_the_fwspec_behind() -> None:
    done = done_of("dev { iommus = <&s1 1>, <&off 1>, <&s2 2>; };")
    assert (done.result, done.error, done.left_over) == ("bypass", "no IOMMU", True)
    assert done.fwspec is not None
    assert done.fwspec.ids == (1,)
    (finding,) = done.findings
    assert (finding.rule, finding.severity) == ("DT681", Severity.WARNING)
    assert finding.details["supplier"] == "/smmu1"
    assert finding.details["step"] == "entry 1, whose IOMMU is disabled,"
    assert finding.details["events"] == [str(event) for event in done.events]


def test_5_2_2a_a_driver_without_of_xlate_means_no_iommu() -> None:
    done = done_of("dev { iommus = <&om>, <&s1 1>; };")
    assert (done.result, done.error, done.fwspec) == ("own", "no IOMMU", None)
    assert says(done, "2a", "driver without of_xlate")
    assert says(done, "2a", "omap-iommu", "reads iommus by itself")
    after = done_of("dev { iommus = <&s1 1>, <&om>; };")
    assert (after.result, after.left_over) == ("bypass", True)


def test_5_2_2a_below_a_disabled_node_nobody_registers_it() -> None:
    """Only the IOMMU's own status is looked at: the master is deferred, not let go."""
    done = done_of("dev { iommus = <&under 1>; };")
    assert (done.result, done.error) == ("deferred", "-EPROBE_DEFER")


def test_5_2_2b_the_first_entry_makes_the_fwspec_and_takes_one_reference() -> None:
    done = done_of("dev { iommus = <&s1 1>, <&s2 2>; };")
    assert says(done, "2b", "dev_iommu_get", "allocates dev->iommu")
    assert says(done, "2b", "iommu_fwspec_init", "takes a reference on /smmu1")
    assert says(done, "2b", "same operations", "/smmu2 is not held")
    assert done.fwspec is not None
    assert done.fwspec.held.path == "/smmu1"
    assert [one.path for one in done.fwspec.providers] == ["/smmu1", "/smmu2"]
    assert done.findings == ()


def test_5_2_2b_two_drivers_are_invalid_and_nothing_is_freed() -> None:
    done = done_of("dev { iommus = <&s1 1>, <&m1 2>; };")
    assert (done.result, done.error, done.left_over) == ("bypass", "-EINVAL", True)
    assert says(done, "2b", "-EINVAL", "arm-smmu is not arm-smmu-v3", "nothing is freed")
    assert says(done, "4", "keeps dev->iommu, fwspec", "until it is released")
    assert [one.rule for one in done.findings] == ["DT681"]


def test_5_2_2b_instances_of_one_driver_are_fine_whatever_they_are_called() -> None:
    done = done_of("dev { iommus = <&m1 1>, <&m2 2 0x10>; };")
    assert done.result == "translated"
    assert done.fwspec is not None
    assert done.fwspec.ids == (1, 0x10_0002)


@pytest.mark.parametrize(
    ("patience", "error", "result", "words"),
    [
        ("waiting", "-EPROBE_DEFER", "deferred", "tried again"),
        ("no modules", "-ENODEV", "bypass", "ignoring dependency for device, assuming no driver"),
        ("timeout", "-ETIMEDOUT", "bypass", "deferred probe timeout, ignoring dependency"),
    ],
)
def test_5_2_2c_an_iommu_that_has_not_registered(
    patience: str, error: str, result: str, words: str
) -> None:
    done = done_of("dev { iommus = <&s1 1>; };", "/smmu1", patience)
    assert (done.error, done.result) == (error, result)
    assert says(done, "2b", "takes a reference on /smmu1", "no operations yet")
    assert says(done, "2c", words)
    assert done.fwspec is not None
    assert done.fwspec.driver == ""


def test_5_2_2c_a_later_instance_that_has_not_registered_is_an_error_not_a_deferral() -> None:
    """The comparison of operations comes before the question who may still come."""
    done = done_of("dev { iommus = <&s1 1>, <&s2 2>; };", "/smmu2")
    assert (done.error, done.result, done.left_over) == ("-EINVAL", "bypass", True)
    assert says(done, "2b", "/smmu2 has no operations yet")


def test_5_2_2d_the_module_is_pinned_for_the_call_alone() -> None:
    done = done_of("dev { iommus = <&s1 1>; };")
    names = [event.actor for event in done.events if event.step == "2d"]
    assert names == ["try_module_get", "iommu_fwspec_add_ids", "module_put"]
    assert says(done, "2d", "adds 0x1", "may move")


def test_5_2_2d_what_of_xlate_allocates_besides() -> None:
    """5.1: per-master data of drivers is freed by release_device, if it gets there."""
    once = done_of("""
        e1: e1 { compatible = "samsung,exynos-sysmmu"; #iommu-cells = <0>; };
        e2: e2 { compatible = "samsung,exynos-sysmmu"; #iommu-cells = <0>; };
        dev { iommus = <&e1>, <&e2>; };""")
    assert len(once.keeps) == 1
    anew = done_of("dev { iommus = <&rk>, <&rk>; };")
    assert len(anew.keeps) == 2
    assert says(anew, "2d", "adds no id")


def test_5_2_2d_an_error_of_of_xlate_leaves_fwspec_and_data() -> None:
    done = done_of("""
        d1: d1 { compatible = "apple,t8103-dart"; #iommu-cells = <1>; };
        d2: d2 { compatible = "apple,t8103-dart"; #iommu-cells = <2>; };
        dev { iommus = <&d1 1>, <&d2 2 2>; };""")
    assert (done.error, done.result, done.left_over) == ("-EINVAL", "bypass", True)
    assert len(done.keeps) == 1
    assert [one.rule for one in done.findings] == ["DT685", "DT681"]


# -- 5.2, steps 3 and 4 ----------------------------------------------------------------------------


def test_5_2_3_the_fwspec_is_read_again_and_the_probe_replayed() -> None:
    done = done_of("dev { iommus = <&s1 1>; };")
    assert says(done, "3", "reads the fwspec again")
    assert says(done, "3", "iommu_probe_device", "unless in a group", "dev_iommu_free")
    assert steps(done)[-2:] == ["3", "3"]


def test_5_2_4_only_a_deferral_reaches_the_caller() -> None:
    deferred = done_of("dev { iommus = <&s1 1>; };", "/smmu1")
    assert says(deferred, "4", "-EPROBE_DEFER reaches the caller")
    failed = done_of("dev { iommus = <&s1 1>, <&m1 1>; };")
    assert says(failed, "4", "debug log: Adding to IOMMU failed: -EINVAL", "bypass")


def test_events_are_lines_to_print() -> None:
    done = done_of("dev { iommus = <&s1 1>; };")
    assert str(done.events[0]) == "2   of_iommu_xlate: entry 0: /smmu1 0x1"


def test_of_very_many_events_the_first_and_the_last_are_told() -> None:
    board = board_of(f"dev {{ iommus = {'<&s1 1>, ' * 5000} <&m1 1>; }};")
    (finding,) = iommu_findings(board)
    lines = finding.details["events"]
    assert len(lines) == 41
    assert lines[20].startswith("... ")
    assert "entry 0" in lines[0]
    assert "until it is released" in lines[-1]


# -- buses with a map ------------------------------------------------------------------------------

PCI = """
 pcie { device_type = "pci";
  iommu-map = <0x0 &s1 0x100 0x100>, <0x100 0x99 0 8>, <0x200 &off 0 8>; };
"""


def test_4_4_a_map_gives_ranges_of_ids() -> None:
    board = board_of(PCI)
    pcie = master(board, "/pcie")
    assert pcie.kind == "pci"
    rows = ranges(board, pcie)
    assert [(one.row, one.first, one.last, one.outs, one.values(one.last)) for one in rows] == [
        (0, 0, 0xFF, (0x100,), (0x1FF,)),
        (1, 0x100, 0x107, (0,), (7,)),
        (2, 0x200, 0x207, (0,), (7,)),
    ]
    assert [one.node and one.node.path for one in rows] == ["/smmu1", None, "/off"]


@pytest.mark.parametrize(
    ("requester", "result", "error", "ids"),
    [
        (0x42, "translated", "", (0x142,)),
        (0x101, "bypass", "no IOMMU", None),  # a phandle of nobody reads as "no IOMMU"
        (0x201, "bypass", "no IOMMU", None),
        (0x300, "bypass", "no IOMMU", None),  # no row
        (None, "translated", "", (0x100,)),
    ],
)
def test_4_4_a_device_behind_a_bus_hits_one_row(
    requester: int | None, result: str, error: str, ids: tuple[int, ...] | None
) -> None:
    board = board_of(PCI)
    done = configure(board, master(board, "/pcie"), requester=requester)
    assert (done.result, done.error) == (result, error)
    assert (done.fwspec.ids if done.fwspec else None) == ids


def test_4_4_a_mask_hides_bits_of_ids_and_stops_at_a_base_that_has_them() -> None:
    board = board_of("""
        a { iommu-map = <0x0 &s1 0 0x8>, <0x100 &s1 0 8>; iommu-map-mask = <0xff>; };
        b { iommu-map = <0 &s1 0>; };""")
    assert map_id(board, master(board, "/a"), 0x305).values == (5,)
    assert map_id(board, master(board, "/a"), 0x20).error == "-EFAULT"
    assert map_id(board, master(board, "/b")).error == "-EINVAL"
    assert configure(board, master(board, "/b")).result == "bypass"


def test_kinds_of_masters() -> None:
    board = board_of("""
        dev { iommus = <&s1 1>; };
        mc { compatible = "fsl,qoriq-mc"; iommu-map = <0 &s1 0 0>; };
        host1x { iommus = <&s1 1>; iommu-map = <0 &s1 0 8>; };
        no { iommus; };
        gone { status = "disabled"; iommus = <&s1 1>; };""")
    shown = [(one.node.path, one.property, one.kind) for one in masters(board)]
    assert shown == [
        ("/dev", "iommus", "device"),
        ("/mc", "iommu-map", "fsl-mc"),
        ("/host1x", "iommus", "device"),
        ("/host1x", "iommu-map", "bus"),
    ]
    judged, _ = judge(board)
    assert masters(board, judged) == masters(board), "only nodes that need others are looked at"


# -- findings --------------------------------------------------------------------------------------


def shown(board: Board) -> list[str]:
    """Give the findings of a board: rule, severity, message."""
    found = iommu_findings(board)
    return [
        f"{one.rule} {one.severity.label} {one.node.path}: {as_diagnostic(one, board.tree).message}"
        for one in found
    ]


def test_nothing_is_found_on_a_clean_board() -> None:
    clean = (
        "dev { iommus = <&m1 1>, <&m2 2 0>; }; two { iommus = <&rk>; }; x { iommus = <&off 1>; };"
    )
    assert shown(board_of(clean)) == []


def test_DT680_of_entries_and_of_rows() -> None:
    board = board_of("""
        dev { iommus = <&m1 1>, <&m1 0x10001>; };
        pci { iommu-map = <0 &m1 0 0x10000>, <0x10000 &m1 0xfff8 0x10>; };""")
    assert shown(board) == [
        "DT680 warning /dev: iommus[1]: /mmu1 cuts id 0x10001 to 0x1",
        "DT680 warning /pci: iommu-map[1]: /mmu1 cuts id 0x10007 to 0x7",
    ]


@pytest.mark.parametrize(
    ("mask", "row", "reached"),
    [
        (0, "0 &m1 0 0xffff", 0),
        (0xF8, "0 &m1 0 0x100", 0xF8),
        (0xFF0, "0x100 &m1 0 0x88", 0x180),
        (0xFF, "0 &m1 0 0x40", 0x3F),
        (0xFFFF, "0xfff0 &m1 0 0x20", 0xFFFF),
    ],
)
def test_4_4_the_last_id_of_a_row_is_one_that_the_mask_lets_through(
    mask: int, row: str, reached: int
) -> None:
    board = board_of(f"pci {{ iommu-map = <{row}>; iommu-map-mask = <{mask:#x}>; }};")
    (one,) = ranges(board, master(board, "/pci"))
    through = (number & mask for number in range(0x20000))
    end = one.first + int(row.split()[-1], 0)
    assert one.last == reached == max(to for to in through if to < end)


def test_DT680_not_of_ids_that_the_mask_hides() -> None:
    # As MediaTek's boards have it: whatever the id of the function, it becomes the one of the port.
    masked = "pci { iommu-map = <0 &m1 0xfff8 0xffff>; iommu-map-mask = <0>; };"
    assert shown(board_of(masked)) == []


def test_4_4_rows_as_wide_as_newer_kernels_read_them() -> None:
    narrow = board_of("""
        two: mmu { compatible = "arm,mmu-500"; #iommu-cells = <2>; };
        pci { iommu-map = <0x0 &two 0x10 0x3 1>, <0x100 &two 0x20 0x3 2>; };""")
    wide = Board(narrow.tree, wide_maps=True)
    assert map_id(narrow, master(narrow, "/pci")).error == "-EINVAL"
    assert ranges(narrow, master(narrow, "/pci")) == []
    assert map_id(wide, master(wide, "/pci"), 0x101).values == (0x21, 3)
    assert map_id(wide, master(wide, "/pci"), 0x100).last == (0x21, 3)


def test_DT681_names_step_and_node() -> None:
    board = board_of("dev { iommus = <&s1 1>, <&off 1>; };")
    assert shown(board) == [
        "DT681 warning /dev: iommus: entry 1, whose IOMMU is disabled, leaves the fwspec behind, "
        "and with it a reference on /smmu1"
    ]


def test_DT685_once_for_an_iommu_and_an_error_where_cells_are_missing() -> None:
    board = board_of("""
        few: few { compatible = "arm,smmu-v3"; #iommu-cells = <0>; };
        many: many { compatible = "arm,smmu-v3"; #iommu-cells = <2>; };
        exact: exact { compatible = "apple,t8103-dart"; #iommu-cells = <2>; };
        omap: omap { compatible = "ti,omap2-iommu"; #iommu-cells = <1>; };
        a { iommus = <&few>; }; b { iommus = <&few>; }; c { iommus = <&many 1 2>; };
        d { iommus = <&exact 1 2>; }; e { iommus = <&omap 1>; };""")
    found = {
        one.node.path: one.severity.label for one in iommu_findings(board) if one.rule == "DT685"
    }
    assert found == {"/few": "error", "/many": "warning", "/exact": "error", "/omap": "error"}
    assert "DT685 error /few: #iommu-cells of /few is 0, its driver takes 1" in shown(board)


def test_findings_have_the_events_as_notes() -> None:
    board = board_of("dev { iommus = <&s1 1>, <&m1 1>; };")
    (finding,) = iommu_findings(board)
    told = as_diagnostic(finding, board.tree)
    assert [note.text for note in told.notes] == finding.details["events"]


# -- 5.3 -------------------------------------------------------------------------------------------


def attempts(board: Board, *lines: str) -> list[tuple[str, object, str, str]]:
    """Write a log of a simulation: `/path result`."""
    found = []
    for line in lines:
        path, _, result = line.partition(" ")
        found.append(("device", node(board, path), path[1:], result))
    return found


def late(board: Board, *lines: str, modules: bool = True) -> list[tuple[str, str]]:
    found = late_findings(board, attempts(board, *lines), modules=modules)  # type: ignore[arg-type]
    return [(one.node.path, one.details["supplier"]) for one in found if one.rule == "DT682"]


def test_5_3_a_master_deferred_for_its_iommu_is_retried_and_translated() -> None:
    board = board_of("dev { iommus = <&s1 1>; };")
    lines = ("/dev deferred: iommu /smmu1 not registered", "/smmu1 bound", "/dev bound")
    assert late(board, *lines) == []


def test_5_3_a_master_that_already_bypassed_stays_so() -> None:
    board = board_of("dev { iommus = <&s1 1>; };")
    deferral = "/dev deferred: iommu /smmu1 not registered"
    assert late(board, deferral, "/dev bound", "/smmu1 bound") == [("/dev", "/smmu1")]
    (finding,) = late_findings(board, attempts(board, "/dev bound"), modules=False)  # type: ignore[arg-type]
    assert finding.details["outcome"].startswith("-ENODEV, it works without IOMMU")
    (finding,) = late_findings(board, attempts(board, "/dev bound"))  # type: ignore[arg-type]
    assert finding.details["outcome"].startswith("-ETIMEDOUT, ")


DRIVERS = b"""
modules: MODULES
drivers:
- {name: dma, match: 'acme,dma', level: device}
- {name: two, match: 'acme,two', level: device}
- {name: smmu, match: 'arm,smmu-v3', level: late}
"""


@pytest.mark.parametrize(
    ("modules", "expected"),
    [
        # With modules the kernel waits: dma until its IOMMU has come, two until the timeout.
        (True, [("/two", "/mmu1", "-ETIMEDOUT")]),
        (False, [("/dma", "/smmu1", "-ENODEV"), ("/two", "/mmu1", "-ENODEV")]),
    ],
)
def test_5_3_in_a_simulation(modules: bool, expected: list[tuple[str, str, str]]) -> None:
    board = board_of("""
        dma { compatible = "acme,dma"; iommus = <&s1 1>; };
        two { compatible = "acme,two"; iommus = <&m1 1>; };""")
    judged, _ = judge(board)
    table = read_drivers(DRIVERS.replace(b"MODULES", str(modules).lower().encode()), "d.yaml")
    log = predict(board, judged, table).log
    found = late_findings(board, log, judged, modules=modules)
    outcomes = [one.details["outcome"].partition(",")[0] for one in found]
    places = [(one.node.path, one.details["supplier"]) for one in found]
    assert [(*place, outcome) for place, outcome in zip(places, outcomes, strict=True)] == expected


def test_5_3_what_the_driver_core_holds_back_has_not_read_iommus() -> None:
    board = board_of("dev { iommus = <&s1 1>, <&s2 2>; };")
    lines = (
        "/smmu1 bound",
        "/dev deferred: supplier /clk not ready",
        "/dev deferred: pinctrl of /pins not there",
        "/smmu2 bound",
        "/dev bound",
    )
    assert late(board, *lines) == []


def test_5_3_between_two_instances_a_master_is_lost() -> None:
    """The first has registered, the second has not: an error, not a deferral."""
    board = board_of("dev { iommus = <&s1 1>, <&s2 2>; };")
    lines = (
        "/smmu1 bound",
        "/dev deferred: iommu /smmu2 not registered",
        "/smmu2 bound",
        "/dev bound",
    )
    assert late(board, *lines) == [("/dev", "/smmu2")]


def test_5_3_masters_with_one_id_share_a_group() -> None:
    board = board_of("""
        a { iommus = <&m1 1>; }; b { iommus = <&m1 1>, <&m1 2>; }; c { iommus = <&m1 2>; };
        d { iommus = <&rk>; }; e { iommus = <&rk>; };
        f { iommus = <&s1 1>; }; g { iommus = <&s1 1>; };""")
    found = [
        (one.provider.path, one.id, [member.node.path for member in one.members])
        for one in shared_groups(board, masters(board))
    ]
    assert found == [
        ("/mmu1", 1, ["/a", "/b"]),
        ("/mmu1", 2, ["/b", "/c"]),
        ("/rk", None, ["/d", "/e"]),
    ], "the driver decides who shares"


# -- hostile input --------------------------------------------------------------------------------

NUMBERS = st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, 0x99, 0x10000, 0xFFFFFFFF])
VALUES = st.lists(NUMBERS, max_size=12).map(lambda them: cells(*them)) | st.binary(max_size=40)


@given(VALUES, VALUES, VALUES, VALUES, st.integers(0, 0xFFFFFFFF))
def test_any_value_gives_a_result(
    iommus: bytes, rows: bytes, mask: bytes, count: bytes, requester: int
) -> None:
    board = board_of("dev { }; use { iommus = <&s1 1>, <&m2 1 2>, <&rk>, <&off 1>; };")
    dev = node(board, "/dev").properties
    dev.update({"iommus": iommus, "iommu-map": rows, "iommu-map-mask": mask})
    node(board, "/smmu2").properties["#iommu-cells"] = count
    found = masters(board)
    for one in found:
        done = configure(board, one, requester=requester)
        assert done.result in ("translated", "own", "bypass", "deferred")
        assert done.left_over == (done.result == "bypass" and done.fwspec is not None)
    for finding in iommu_findings(board):
        assert as_diagnostic(finding, board.tree).message
    shared_groups(board, found)


# -- the page --------------------------------------------------------------------------------------


def test_the_programs_of_the_page_run(capsys: pytest.CaptureFixture[str]) -> None:
    """What the text block behind a program shows is what it prints."""
    page = Path(__file__).parents[2].joinpath("docs", "links.md").read_text(encoding="utf-8")
    section = page.partition("\n## IOMMU\n")[2].partition("\n## ")[0]
    known = list(drivers())
    blocks = re.findall(r"```python\n(.*?)```(?:\s+```text\n(.*?)```)?", section, re.DOTALL)
    assert blocks
    for program, output in blocks:
        exec(compile(program, "links.md", "exec"), {})
        assert capsys.readouterr().out == output
    for one in drivers():
        if one not in known:
            unregister(one)
