from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from dtovl.cli.terminal import wrap
from dtovl.codes.base import Code, Severity
from dtovl.diagnostics import Diagnostic, Location, Note
from dtovl.report import json as as_json
from dtovl.report.text import counts, diagnostic_lines, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL = Code(
    "DT199",
    "for-tests",
    Severity.ERROR,
    message="label {label} is not in /__symbols__ of {base}",
    suggestion="define {label}",
    source="nothing",
    explanation="Nothing.",
)


def finding(**changes: object) -> Diagnostic:
    options: dict[str, object] = {
        "path": "/fragment@0/__overlay__/camera@10",
        "at": Location("overlays/cam.dts", 14, 3),
        "why": "vdd-supply refers to it",
        "who": "overlay 2 (cam.dtbo)",
        "notes": (Note("also here", Location("a.dts", 3)), Note("nearest: cam_vcc")),
        "kernel": ("OF: resolver: one", "OF: resolver: two"),
        "excerpt": "\tvdd-supply = <&cam_vdd>;\n\t              ^",
        "label": "cam_vdd",
        "base": "board.dtb",
    }
    return Diagnostic(FULL, **{**options, **changes})  # type: ignore[arg-type]


def text(found: Diagnostic, width: int = 200) -> list[str]:
    return [
        "".join(piece for _, piece in spans)
        for line in diagnostic_lines(found)
        for spans in wrap(line, width)
    ]


def test_every_line_has_its_place() -> None:
    assert text(finding()) == [
        "error[DT199] /fragment@0/__overlay__/camera@10: label cam_vdd is not in /__symbols__ "
        "of board.dtb",
        "  at      overlays/cam.dts:14:3",
        "                  vdd-supply = <&cam_vdd>;",
        "                                ^",
        "  why     vdd-supply refers to it",
        "  who     overlay 2 (cam.dtbo)",
        "  note    a.dts:3: also here",
        "  note    nearest: cam_vcc",
        "  fix     define cam_vdd",
        "  kernel  OF: resolver: one",
        "          OF: resolver: two",
    ]


def test_what_has_no_content_is_left_out() -> None:
    bare = Diagnostic(FULL, fix="", label="x", base="b")
    assert text(bare) == ["error[DT199] label x is not in /__symbols__ of b"]


def test_a_narrow_terminal_breaks_between_words_only() -> None:
    path = "/soc/" + "a-very-long-name/" * 5 + "end"
    lines = text(finding(path=path, fix="word " * 20, excerpt=""), 40)
    assert lines[0].startswith(f"error[DT199] {path}: ")
    assert all(len(line) <= 40 or path in line for line in lines)
    joined = " ".join(line.strip() for line in lines)
    assert "label cam_vdd is not in /__symbols__ of board.dtb" in joined


def test_a_name_cannot_act_on_the_terminal() -> None:
    lines = text(finding(path="/a\x1b[2J\nerror[DT999]"))
    assert lines[0].startswith(r"error[DT199] /a\x1b[2J\nerror[DT999]: ")


def test_the_same_finding_is_shown_once() -> None:
    pair = [finding(), finding(), finding(path="/other")]
    assert [found.path for found in shown(pair, Severity.INFO)] == [pair[0].path, "/other"]


def test_lesser_severities_are_held_back() -> None:
    found = [finding(severity=Severity.INFO), finding(severity=Severity.WARNING)]
    assert shown(found, Severity.WARNING) == [found[1]]


def test_counts_name_the_worst_first() -> None:
    found = [finding(), finding(severity=Severity.WARNING), finding(), finding()]
    assert counts(found) == "3 errors, 1 warning"
    assert counts([]) == ""


def test_json_has_every_key_even_when_empty() -> None:
    bare = as_json.diagnostic(Diagnostic(FULL, fix="", label="x", base="b"))
    assert bare == {
        "code": "DT199",
        "name": "for-tests",
        "severity": "error",
        "path": None,
        "message": "label x is not in /__symbols__ of b",
        "location": None,
        "excerpt": None,
        "why": None,
        "who": None,
        "notes": [],
        "fix": None,
        "kernel": [],
    }
    full = as_json.diagnostic(finding())
    assert full["location"] == {"file": "overlays/cam.dts", "line": 14, "column": 3}
    assert full["notes"] == [
        {"text": "also here", "location": {"file": "a.dts", "line": 3, "column": None}},
        {"text": "nearest: cam_vcc", "location": None},
    ]


@given(
    st.dictionaries(st.text('ab\n"', max_size=4), st.integers() | st.text(max_size=4), max_size=3),
    st.lists(st.dictionaries(st.text(max_size=3), st.lists(st.none(), max_size=2)), min_size=1),
    st.booleans(),
)
def test_a_document_in_pieces_is_the_same(
    content: dict[str, object], entries: list[dict[str, object]], last: bool
) -> None:
    place = {"many": entries}
    whole = {**content, **place} if last else {**place, **content}
    pieces = as_json.document_pieces("show", {**whole, "many": None}, "many", iter(entries))
    assert "".join(pieces) == as_json.document("show", whole)


def test_pieces_are_made_one_at_a_time() -> None:
    made = []

    def entries() -> Iterator[int]:
        for number in range(3):
            made.append(number)
            yield number

    seen = [len(made) for _ in as_json.document_pieces("show", {"many": None}, "many", entries())]
    assert seen == [0, 1, 2, 3, 3]
