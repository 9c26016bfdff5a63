"""Verdicts on stacks: whose fault it is, and who has brought what is in the way."""

from __future__ import annotations

from support.trees import Content, cells, tree_of

from dtovl.checks.verdicts import Applied, apply_checked
from dtovl.codes.base import Severity
from dtovl.model.dialect import LIBFDT, LINUX, Dialect
from dtovl.overlay.fragments import Overlay

BASE: Content = {
    "compatible": "acme,board",
    "#address-cells": 1,
    "#size-cells": 1,
    "uart@1000": {"compatible": "acme,uart", "reg": cells(0x1000, 1)},
    "soc": {"phandle": 1},
    "__symbols__": {"soc": "/soc"},
}


def run(applier: Dialect, require: tuple[Dialect, ...] = (), **overlays: Content) -> Applied:
    parts = [Overlay(tree_of(content), name) for name, content in overlays.items()]
    return apply_checked(tree_of(BASE), parts, applier, require=require, base="board")


def wants(label: str) -> Content:
    return {
        "fragment@0": {"target": 0xFFFFFFFF, "__overlay__": {"x": 1}},
        "__fixups__": {label: "/fragment@0:target:0"},
    }


def test_the_reason_is_about_the_overlay_that_was_refused() -> None:
    applied = run(LIBFDT, idle={"compatible": "other,board"}, wrong=wants("gone"))
    assert next(verdict.reason for verdict in applied.verdicts).startswith("label gone")
    assert applied.verdicts[0].overlay == "wrong"


def test_an_error_beside_an_overlay_in_force_is_told() -> None:
    clash: Content = {
        "fragment@0": {
            "target-path": "/",
            "__overlay__": {"uart@1000,1": {"reg": cells(0x1000, 1)}},
        }
    }
    applied = run(LINUX, clash=clash)
    verdict = applied.verdicts[0]
    assert (verdict.applies, verdict.error) == (True, "-EINVAL")
    assert verdict.reason.startswith("no device can be made of /uart@1000,1")


def test_what_an_overlay_brought_is_not_the_bases() -> None:
    node: Content = {
        "fragment@0": {"target-path": "/soc", "__overlay__": {"n": {"phandle": 1}}},
        "__symbols__": {"lab": "/fragment@0/__overlay__/n"},
    }
    applied = run(LINUX, first=node, second=node)
    reason = applied.verdicts[0].reason
    assert "from first" in reason
    assert "board" not in reason


def test_a_finding_of_both_programs_stands_once_with_both_errors() -> None:
    applied = run(LIBFDT, (LINUX,), wrong=wants("gone"))
    missing = [found for found in applied.findings if found.code.number == "DT104"]
    assert len(missing) == 1
    assert missing[0].severity is Severity.ERROR
    assert "libfdt: FDT_ERR_NOTFOUND, linux: -EINVAL" in missing[0].why
    assert missing[0].kernel == (
        "OF: resolver: node label 'gone' not found in live devicetree symbols table",
    )


def test_doubled_changes_name_their_fragments() -> None:
    twice: Content = {
        "fragment@0": {"target-path": "/soc", "__overlay__": {"p": 1, "n": {}}},
        "other": {"target-path": "/soc", "__overlay__": {"p": 2, "n": {}}},
    }
    applied = run(LINUX, twice=twice)
    found = [one for one in applied.findings if one.code.number == "DT116"]
    assert [one.message for one in found] == [
        "the overlay brings property p more than once",
        "the overlay brings the node more than once",
    ]
    assert [note.text for note in found[0].notes] == [
        "fragment@0 sets it to <1>",
        "other sets it to <2>",
    ]


def test_labels_of_all_overlays_are_counted_on_a_bare_base() -> None:
    tree = tree_of({"soc": {}})
    parts = [Overlay(tree_of(wants("a")), "one"), Overlay(tree_of(wants("b")), "two")]
    applied = apply_checked(tree, parts, base="board")
    assert "2 labels of 2 overlays cannot be resolved" in applied.verdicts[0].reason
