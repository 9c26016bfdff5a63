"""What is said of an overlay that is refused: what, where, why, what was meant, how to mend it."""

from __future__ import annotations

import pytest
from checks.board import BOARD, all_text, findings, only, run
from support.overlays import PLACEHOLDER, at, inside, overlay_content, overlay_of, to
from support.trees import Content, again, tree_of

from dtovl.codes.base import Severity
from dtovl.diagnostics import Location
from dtovl.model.dialect import LIBFDT, LINUX, Dialect
from dtovl.overlay.fragments import Overlay

BOTH = pytest.mark.parametrize("applier", [LIBFDT, LINUX], ids=lambda dialect: dialect.name)


def without(*names: str) -> Content:
    return {name: content for name, content in BOARD.items() if name not in names}


def with_symbol(label: str, value: str | bytes) -> Content:
    symbols = BOARD["__symbols__"]
    assert isinstance(symbols, dict)
    return {**BOARD, "__symbols__": {**symbols, label: value}}


# -- labels ----------------------------------------------------------------------------------------


@BOTH
def test_all_missing_labels_are_told_at_once_each_with_what_was_meant(applier: Dialect) -> None:
    overlay = overlay_of(
        to("uart6", {}),
        to("i2c1", {"clocks": [PLACEHOLDER, 4]}),
        fixups={"i2c9": "/fragment@1/__overlay__:clocks:0"},
    )
    found = findings(overlay, applier=applier)
    assert [one.code.number for one in found] == ["DT104", "DT104"]
    first, second = found
    assert first.message == "label uart6 is not in /__symbols__ of board.dtb"
    assert "did you mean uart2 (/soc/serial@2000) or uart1 (/soc/serial@1000)?" in all_text(first)
    assert "target of /fragment@0" in first.why
    assert "FDT_ERR_NOTFOUND" in first.why
    assert "-EINVAL" in first.why
    assert "i2c1 (/soc/i2c@4000)" in all_text(second)
    assert "clocks of /fragment@1/__overlay__" in second.why


@BOTH
def test_no_nonsense_is_suggested(applier: Dialect) -> None:
    found = only(findings(overlay_of(to("zzzzzzzz", {})), applier=applier), "DT104")
    assert "did you mean" not in all_text(found)


def test_where_else_a_missing_label_is_used_is_told_and_not_without_end() -> None:
    uses = tuple(f"/fragment@0/__overlay__:r:{4 * number}" for number in range(9))
    overlay = overlay_of(at("/soc", {"r": [PLACEHOLDER] * 9}), fixups={"gone": uses})
    found = only(findings(overlay), "DT104")
    notes = [note.text for note in found.notes]
    assert sum("is used by" in note for note in notes) == 5
    assert any("more" in note for note in notes)


@BOTH
def test_the_wrong_order_of_a_stack_is_told(applier: Dialect) -> None:
    second = overlay_of(to("cam", {}), name="second.dtbo")
    first = overlay_of(
        to("soc", {"cam@9000": {}}),
        symbols={"cam": "/fragment@0/__overlay__/cam@9000"},
        name="first.dtbo",
    )
    found = only(findings(second, first, applier=applier), "DT104")
    assert "first.dtbo exports this label" in all_text(found)
    assert found.who == "overlay 1 (second.dtbo)"
    assert found.fix == "apply first.dtbo before second.dtbo"
    lost = only(findings(first, overlay_of(to("gone", {})), applier=applier), "DT104")
    assert "no other overlay" in all_text(lost)
    assert lost.who == "overlay 2 (cam.dtbo)"


@BOTH
def test_a_base_without_symbols_is_told_with_all_labels(applier: Dialect) -> None:
    overlay = overlay_of(to("uart1", {}), to("i2c1", {}))
    found = only(findings(overlay, applier=applier, base=without("__symbols__")), "DT101")
    assert "2 labels" in found.message
    assert "-@" in found.why
    assert "uart1, i2c1" in found.why
    assert "dtc -@" in found.fix
    assert "board.dts" in found.fix


def test_linux_wants_symbols_even_where_no_label_is_wanted() -> None:
    overlay = overlay_of(at("/soc", {"n": {}}), fixups={})
    base = without("__symbols__")
    assert (
        "any overlay that has __fixups__"
        in only(findings(overlay, applier=LINUX, base=base), "DT101").why
    )
    assert run(overlay, base=base).verdicts[0].applies


def test_of_many_labels_some_are_listed() -> None:
    overlay = overlay_of(*(to(f"l{number}", {}) for number in range(9)))
    found = only(findings(overlay, base=without("__symbols__")), "DT101")
    assert "9 labels" in found.message
    assert "l0, l1, l2, l3 and 5 more" in found.why


@BOTH
@pytest.mark.parametrize(
    ("value", "what"),
    [("/soc/serial@9999", "no node"), (b"", "no value")],
    ids=["moved", "empty"],
)
def test_a_label_that_leads_nowhere(applier: Dialect, value: str | bytes, what: str) -> None:
    overlay = overlay_of(to("stale", {}))
    found = only(findings(overlay, applier=applier, base=with_symbol("stale", value)), "DT107")
    assert "stale" in found.message
    assert what in found.message
    if value:
        assert "did you mean /soc/serial@1000" in all_text(found)


def test_a_label_that_an_overlay_below_has_spoilt_is_to_be_mended_there() -> None:
    first = overlay_of(at("/", {"__symbols__": {"uart1": "/nowhere"}}), name="first.dtbo")
    found = only(findings(first, overlay_of(to("uart1", {}))), "DT107")
    assert found.fix == "mend it in first.dtbo, which has set it"


def test_a_label_without_phandle_is_told_to_both() -> None:
    base = with_symbol("temp", "/soc/i2c@4000/temp@48")
    for applier, number in ((LIBFDT, "DT108"), (LINUX, "DT105")):
        found = only(findings(overlay_of(to("temp", {})), applier=applier, base=base), number)
        assert "label temp" in all_text(found)
        assert "dtc -@" in found.fix


# -- targets ---------------------------------------------------------------------------------------


@BOTH
def test_a_path_that_leads_nowhere(applier: Dialect) -> None:
    overlay = overlay_of(at("/soc/serial@3000", {"status": "okay"}))
    found = only(findings(overlay, applier=applier), "DT103")
    assert "fragment@0 targets /soc/serial@3000" in found.message
    assert "/soc exists" in found.why
    notes = [note.text for note in found.notes]
    assert notes[0] == "did you mean /soc/serial@1000 (label uart1)?"
    assert "did you mean /soc/mmc@3000 (label mmc)?" in notes


@BOTH
def test_a_path_with_a_typing_error(applier: Dialect) -> None:
    found = only(findings(overlay_of(at("/soc/seriol@1000", {})), applier=applier), "DT103")
    assert "/soc/serial@1000" in all_text(found)


@pytest.mark.parametrize(
    ("path", "meant"),
    [("/soc/mmc", "/soc/mmc@3000"), ("/soc/", "/soc"), ("//soc", "/soc")],
)
def test_what_libfdt_would_find_and_linux_does_not(path: str, meant: str) -> None:
    found = only(findings(overlay_of(at(path, {})), applier=LINUX), "DT103")
    assert f"libfdt 1.8 would take {meant} for it" in found.why


def test_what_linux_would_find_and_libfdt_does_not() -> None:
    found = only(findings(overlay_of(at("/soc:fast", {}))), "DT103")
    assert "Linux 6.1 would take /soc for it" in found.why


@pytest.mark.parametrize(("applier", "number"), [(LIBFDT, "DT106"), (LINUX, "DT103")])
def test_an_alias_that_is_not_there(applier: Dialect, number: str) -> None:
    found = only(findings(overlay_of(at("serial9", {})), applier=applier), number)
    assert "did you mean serial0?" in all_text(found)


@pytest.mark.parametrize(
    ("number", "why"), [(0x42, ""), (PLACEHOLDER, "placeholder"), (0, "no node has phandle 0")]
)
def test_a_phandle_that_no_node_has(number: int, why: str) -> None:
    overlay = overlay_of({"target": number, "__overlay__": {}})
    found = only(findings(overlay, applier=LINUX), "DT105")
    assert f"{number:#x}" in found.message
    assert why in found.why


@pytest.mark.parametrize(
    ("fragment", "what"),
    [
        ({"__overlay__": {}}, "neither target nor target-path"),
        ({"target": [1, 2], "__overlay__": {}}, "8 bytes"),
        ({"target": PLACEHOLDER, "__overlay__": {}}, "placeholder"),
        ({"target-path": "", "__overlay__": {}}, "neither a path nor an alias"),
    ],
)
def test_a_fragment_without_usable_target(fragment: Content, what: str) -> None:
    assert what in only(findings(overlay_of(fragment)), "DT106").message


def test_a_target_that_the_same_overlay_adds() -> None:
    overlay = overlay_of(at("/soc", {"n": {"m@1": {}}}), at("/soc/n/m@1", {"p": 1}))
    found = only(findings(overlay, applier=LINUX), "DT124")
    assert "fragment@1 targets /soc/n/m@1" in found.message
    assert "fragment@0" in found.why
    assert run(overlay).verdicts[0].applies


# -- fixups and phandles ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("site", "what"),
    [
        ("/fragment@0", "'/fragment@0' is not path:property:offset"),
        ("/fragment@0:target:4294967296", "32 bits"),
        ("fragment@0:target:0", "begin with /"),
        ("/fragment@9:target:0", "a node that the overlay does not have"),
        ("/fragment@0:gone:0", "a property that its node does not have"),
        (b"/fragment@0:target:0", "NUL"),
        (b"", "no entry"),
    ],
)
def test_a_malformed_fixup(site: str | bytes, what: str) -> None:
    overlay = overlay_of(at("/soc", {}), fixups={"soc": site})
    errors = [one for one in findings(overlay) if one.severity is Severity.ERROR]
    found = only(errors, "DT109")
    assert "label soc" in found.message
    assert what in found.message


def test_a_fixup_outside_its_property_is_told_with_the_danger() -> None:
    overlay = overlay_of(
        at("/soc", {"r": PLACEHOLDER}), fixups={"soc": "/fragment@0/__overlay__:r:-4"}
    )
    found = only(findings(overlay), "DT110")
    assert "label soc" in found.message
    assert "-4" in found.message
    assert "4 bytes" in found.message
    assert "memory that is not its own" in found.why
    assert run(overlay).verdicts[0].hazard


@pytest.mark.parametrize(
    ("local", "what"),
    [
        ({"r": b"\0"}, "no list of cells"),
        ({"gone": 0}, "names gone"),
        ({"n": {}}, "no counterpart"),
        ({"phandle": 0}, "as if it were a phandle"),
    ],
)
def test_malformed_local_fixups(local: Content, what: str) -> None:
    overlay = overlay_of(at("/soc", {"r": 1, "phandle": 1}), local=inside(local))
    assert what in only(findings(overlay), "DT111").message


def test_an_empty_local_fixup_is_an_error_of_linux_alone() -> None:
    overlay = overlay_of(at("/soc", {"r": 1}), local=inside({"r": b""}))
    assert "empty" in only(findings(overlay, applier=LINUX), "DT111").message
    assert run(overlay).verdicts[0].applies


def test_no_room_for_phandles() -> None:
    base: Content = {**BOARD, "last": {"phandle": 0xFFFFFFF0}}
    found = only(findings(overlay_of(at("/soc", {"n": {"phandle": 0x20}})), base=base), "DT112")
    assert "0x20" in found.message
    assert "0xfffffff0" in found.message


def test_a_malformed_phandle() -> None:
    found = only(findings(overlay_of(at("/soc", {"n": {"phandle": [1, 2]}}))), "DT113")
    assert "phandle" in found.message
    assert "8 bytes" in found.message


def test_every_phandle_that_both_trees_give_is_told_with_the_label_to_drop() -> None:
    content: Content = {
        "serial@1000": {"phandle": 1},
        "i2c@4000": {"temp@48": {}, "phandle": 2},
    }
    overlay = overlay_of(
        at("/soc", content), symbols={"mine": "/fragment@0/__overlay__/serial@1000"}
    )
    found = findings(overlay, applier=LINUX)
    assert [(one.code.number, one.path) for one in found] == [
        ("DT114", "/soc/i2c@4000"),
        ("DT114", "/soc/serial@1000"),
    ]
    first, second = found
    assert "0x5" in first.message
    assert "&i2c1" in first.fix
    assert "0x2" in second.message
    assert "label mine" in all_text(second)
    assert "&uart1" in second.fix
    assert "compile it without -@" in second.fix
    assert "compile it without -@" not in first.fix


def test_without_labels_a_referred_node_keeps_its_phandle() -> None:
    content: Content = {"link": 1, "serial@1000": {"phandle": 1}}
    overlay = overlay_of(
        at("/soc", content),
        local=inside({"link": 0}),
        symbols={"mine": "/fragment@0/__overlay__/serial@1000"},
    )
    found = only(findings(overlay, applier=LINUX), "DT114")
    assert "referred to" in found.why
    assert "compile it without -@" not in found.fix


# -- contents --------------------------------------------------------------------------------------


def test_changed_cells_are_told_with_both_values() -> None:
    found = only(findings(overlay_of(to("soc", {"#size-cells": 2})), applier=LINUX), "DT115")
    assert found.path == "/soc"
    assert "#size-cells" in found.message
    assert "<1>" in found.message
    assert "<2>" in found.message
    assert "4 children" in found.why


def test_what_is_changed_twice_is_told_with_the_fragments() -> None:
    overlay = overlay_of(to("mmc", {"status": "okay"}), to("mmc", {"status": "okay"}))
    found = only(findings(overlay, applier=LINUX), "DT116")
    assert found.path == "/soc/mmc@3000"
    assert "status" in found.message
    assert "fragment@0" in all_text(found)
    assert "fragment@1" in all_text(found)


def test_an_overlay_without_fragments() -> None:
    overlay = Overlay(tree_of({"node": {}}), "board.dtb")
    refused = only(findings(overlay, applier=LINUX), "DT117")
    assert "no fragment" in refused.message
    warned = [one for one in findings(overlay) if one.code.number == "DT117"]
    assert [one.severity for one in warned] == [Severity.WARNING]


def test_a_label_that_is_there_already() -> None:
    overlay = overlay_of(
        to("soc", {"uart@9000": {}}), symbols={"uart1": "/fragment@0/__overlay__/uart@9000"}
    )
    found = only(findings(overlay, applier=LINUX), "DT118")
    assert "uart1" in found.message
    assert "/soc/serial@1000" in all_text(found)
    twice = overlay_of(
        to("soc", {"n": {}}), symbols={"n": "/fragment@0/__overlay__/n"}, name="n.dtbo"
    )
    again_told = only(findings(twice, twice, applier=LINUX), "DT118")
    assert "n.dtbo" in all_text(again_told)
    assert again_told.who == "overlay 2 (n.dtbo)"


@pytest.mark.parametrize(
    ("value", "what"), [("/elsewhere/x", "no fragment"), (b"", "no single string")]
)
def test_a_label_that_cannot_be_exported(value: str | bytes, what: str) -> None:
    overlay = overlay_of(to("soc", {}), symbols={"l": value})
    found = only(findings(overlay, applier=LINUX), "DT119")
    assert "label l" in found.message
    assert what in found.message


def test_exported_labels_and_a_base_without_any() -> None:
    overlay = overlay_of(at("/soc", {"n": {}}), symbols={"n": "/fragment@0/__overlay__/n"})
    found = only(findings(overlay, applier=LINUX, base=without("__symbols__")), "DT120")
    assert "board.dtb has no /__symbols__" in found.message


def test_a_status_that_crashes_the_kernel() -> None:
    done = run(overlay_of(to("mmc", {"status": None})), applier=LINUX)
    found = only(done.findings, "DT121")
    assert found.path.endswith("__overlay__")
    assert done.verdicts[0].hazard
    assert done.verdicts[0].error == "oops"


def test_repeated_properties_are_told_by_their_name() -> None:
    overlay = overlay_of(to("mmc", {"p": 1, again("p"): 2}))
    assert "property p" in only(findings(overlay, applier=LINUX), "DT116").message


# -- the board, the source, the log ----------------------------------------------------------------


@BOTH
def test_another_board_is_told_beside_the_refusal(applier: Dialect) -> None:
    content: Content = {"compatible": "other,board", **overlay_content(to("gone", {}))}
    found = findings(Overlay(tree_of(content), "other.dtbo"), applier=applier)
    assert {one.code.number for one in found} == {"DT104", "DT102"}
    told = only(found, "DT102")
    assert "other,board" in told.message
    assert "acme,board" in told.message
    assert told.severity is Severity.WARNING


def test_the_place_in_source_is_told() -> None:
    overlay = overlay_of(to("gone", {"n": {}}))
    fragment = overlay.tree.find("/fragment@0")
    assert fragment is not None
    overlay.tree.positions[fragment, "target"] = Location("cam.dts", 7, 2)
    assert only(findings(overlay), "DT104").where == Location("cam.dts", 7, 2)
    del overlay.tree.positions[fragment, "target"]
    overlay.tree.positions[fragment] = Location("cam.dts", 6)
    assert only(findings(overlay), "DT104").where == Location("cam.dts", 6)


def test_the_lines_of_the_kernel_stand_at_the_first_finding_without_warnings() -> None:
    overlay = overlay_of(to("mmc", {"status": "okay"}), to("mmc", {"status": "okay"}))
    found = only(findings(overlay, applier=LINUX), "DT116")
    assert found.kernel == (
        "OF: overlay: ERROR: multiple fragments add, update, and/or delete property "
        "/soc/mmc@3000/status",
    )
