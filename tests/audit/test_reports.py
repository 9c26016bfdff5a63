"""Reports of several lines: what their call traces give away."""

from __future__ import annotations

import pytest
from audit.auditing import audited, board, one, overlays, paths
from audit.messages import EXAMPLES, LEAK, frames, kasan

OVERLAY = "__of_node_dup add_changeset_node build_changeset_next_level of_overlay_fdt_apply"
REMOVAL = "kfree of_node_release kobject_put of_changeset_destroy of_overlay_remove"
BLOB = "kmemdup __of_prop_dup add_changeset_property of_overlay_fdt_apply"

KASAN = [
    ("use-after-free", "fwnode_get_name device_node_string", OVERLAY, REMOVAL, "DT201"),
    ("slab-use-after-free", "kobject_get of_node_get", OVERLAY, REMOVAL, "DT223"),
    (
        "use-after-free",
        "__list_add_valid of_overlay_fdt_apply",
        "of_overlay_fdt_apply",
        "kfree free_overlay_changeset of_overlay_remove_all",
        "DT220",
    ),
    ("use-after-free", "acme_show", BLOB, "kfree free_overlay_changeset", "DT219"),
    ("double-free", "kfree", "kstrdup safe_name", "kfree __of_update_property_sysfs", "DT202"),
    ("slab-out-of-bounds", "strlen of_alias_scan", BLOB, "", "DT222"),
    ("slab-out-of-bounds", "acme_probe", "kmalloc acme_probe", "", "DT747"),
    ("use-after-free", "acme_irq", "kmalloc acme_probe", "kfree acme_remove", "T001"),
    ("double-free", "kfree", "kmalloc acme_probe", "kfree acme_remove", "T003"),
    ("data-race", "iommu_fwspec_init", "", "", "T020"),
]


@pytest.mark.parametrize(
    ("fault", "access", "allocated", "freed", "code"), KASAN, ids=[row[4] for row in KASAN]
)
def test_what_a_report_of_kasan_comes_from(
    fault: str, access: str, allocated: str, freed: str, code: str
) -> None:
    found = one(kasan(fault, access, allocated, freed))
    assert found.code == code
    traces = {trace.section: list(trace.functions) for trace in found.traces}
    assert traces["access"] == access.split()
    assert traces.get("freed", []) == freed.split()


def test_a_report_without_its_traces_is_judged_by_its_function() -> None:
    assert one("BUG: KASAN: use-after-free in of_fwnode_get_name").code == "DT201"
    assert one("BUG: KASAN: use-after-free in of_overlay_remove.cold").code == "DT220"
    assert one("BUG: KASAN: use-after-free in strcmp").code == "T001"


def test_other_processors_may_write_between_the_lines_of_a_report() -> None:
    report = kasan("use-after-free", "kobject_get of_node_get", OVERLAY, REMOVAL)
    lines = report.splitlines()
    mixed = "\n".join(
        line for pair in zip(lines, ["eth0: link up"] * 99, strict=False) for line in pair
    )
    assert one(mixed).code == "DT223"


def test_a_report_ends_where_the_next_line_of_devicetrees_begins() -> None:
    report = kasan("use-after-free", "kobject_get", OVERLAY, REMOVAL)
    cut = report[: report.index("Allocated by")]
    found = audited(f"{cut}OF: Error applying changeset (-17)\n{frames(OVERLAY)}").findings
    assert [finding.code for finding in found] == ["T001", "DT217"]


@pytest.mark.parametrize("noise", ["noise", " again+0x1/0x2"])
def test_a_report_that_never_ends_is_ended(noise: str) -> None:
    found = audited(
        "BUG: KASAN: use-after-free in a+0x1/0x2\n" + f"{noise}\n" * 5000 + " late+0x1/0x2\n"
    )
    assert found.lines == 5002
    assert [finding.code for finding in found.findings] == ["T001"]
    assert not any("late" in trace.functions for trace in found.findings[0].traces)


def test_guessed_frames_count_where_there_are_no_others() -> None:
    text = "BUG: KASAN: use-after-free in b+0x1/0x2\nCall Trace:\n"
    assert one(f"{text} ? a+0x1/0x2\n b+0x1/0x2\n").traces[0].functions == ("b",)
    assert one(f"{text} ? a+0x1/0x2\n").traces[0].functions == ("a",)


@pytest.mark.parametrize("line", EXAMPLES["warning"])
def test_a_node_detached_twice(line: str) -> None:
    assert one(f"------------[ cut here ]------------\n{line}\n").code == "DT211"


def test_warnings_elsewhere_are_left_alone() -> None:
    line = "WARNING: CPU: 0 PID: 1 at drivers/net/acme.c:9 acme_open+0x1/0x2"
    assert audited(line).findings == []
    of = one("WARNING: CPU: 0 PID: 1 at drivers/of/irq.c:9 of_irq_x+0x1/0x2")
    assert of.code == "DT743"


COUNT = """\
------------[ cut here ]------------
refcount_t: underflow; use-after-free.
WARNING: CPU: 0 PID: 1 at lib/refcount.c:28 refcount_warn_saturate+0xba/0x110
Call Trace:
 <TASK>
 kobject_put+0x40/0x80
 of_node_put+0x18/0x20
 acme_remove+0x40/0x80 [acme]
 </TASK>
---[ end trace 0000000000000000 ]---
"""


def test_a_count_that_ran_under_is_one_finding_with_its_trace() -> None:
    found = one(COUNT)
    assert (found.code, found.kind.name) == ("DT204", "count-underflow")
    assert found.traces[0].functions == ("kobject_put", "of_node_put", "acme_remove")


def test_a_count_alone() -> None:
    found = one("WARNING: at lib/refcount.c:25 refcount_warn_saturate")
    assert found.code == "DT204"


def kmemleak(functions: str, content: bytes) -> str:
    dump = " ".join(f"{byte:02x}" for byte in content)
    return (
        "unreferenced object 0xffff00000a3b4c00 (size 16):\n"
        '  comm "init", pid 1, jiffies 4294892551 (age 20.000s)\n'
        "  hex dump (first 16 bytes):\n"
        f"    {dump}  sensor@48.......\n"
        "  backtrace:\n"
        + "".join(f"    [<00000000abcdef01>] {name}+0x40/0x80\n" for name in functions.split())
    )


LEAKS = [
    ("kstrdup __of_node_dup add_changeset_node of_overlay_fdt_apply", "DT206"),
    ("kmemdup __of_prop_dup add_changeset_property of_overlay_fdt_apply", "DT209"),
    ("kstrdup safe_name __of_attach_node_sysfs of_changeset_apply", "DT202"),
    ("kmalloc of_overlay_fdt_apply", "T015"),
    ("kmalloc iommu_fwspec_init of_iommu_xlate", "T002"),
]


@pytest.mark.parametrize(("functions", "code"), LEAKS, ids=[code for _, code in LEAKS])
def test_what_leaked_memory_was_made_for(functions: str, code: str) -> None:
    assert one(kmemleak(functions, b"\1\2")).code == code


def test_leaks_of_others_are_left_alone() -> None:
    assert audited(kmemleak("kmalloc acme_probe", b"acme\0")).findings == []


def test_leaked_memory_that_holds_a_name_is_tied_to_its_node() -> None:
    text = kmemleak(LEAKS[0][0], b"sensor@48\0\0\0\0\0\0\0")
    found = one(text + text, board())
    assert paths(found) == ["/soc/i2c@2000/sensor@48"]
    assert overlays(found) == [("sensor.dtbo", "fragment@0", "brings")]
    assert found.count == 2


def test_a_report_is_tied_by_the_line_before_it_that_names_a_node() -> None:
    leak = LEAK.replace("/soc/a", "/soc/bridge")
    report = kasan("use-after-free", "kobject_get", OVERLAY, REMOVAL)
    _, found = audited(f"{leak}\n{report}", board()).findings
    assert found.after == (1, "/soc/bridge")
    assert overlays(found) == [("uart.dtbo", "fragment@0", "follows")]


@pytest.mark.parametrize("line", EXAMPLES["crash"])
def test_a_crash(line: str) -> None:
    assert one(line).code == "DT200"
