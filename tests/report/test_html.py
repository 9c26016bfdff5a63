from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from support.matrices import anything, large, small

from dtovl.matrix.checked import Checked, Group, Judged, Place
from dtovl.matrix.result import Case, Change, Finding, Remark, Spot, Verdict
from dtovl.report.html import render
from dtovl.report.html.data import encode
from dtovl.report.html.page import counts, headline


class Outline(HTMLParser):
    """The elements of a page, and the text of those whose text is no markup."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag
        self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[self._inside][-1] += data


BARE = [str(one) for one in Outline(render(Checked("", (), (), (), (), (), fail_on=0))).elements]


class Decoder:
    """Reads the data block of a page back; the reader in the page is written anew in JavaScript."""

    def __init__(self, text: str) -> None:
        self.data: dict[str, Any] = json.loads(text)

    def texts(self, numbers: list[int]) -> tuple[str, ...]:
        return tuple(self.data["strings"][number] for number in numbers)

    def text(self, number: int) -> str:
        return self.texts([number])[0]

    def spot(self, row: list[int]) -> Spot:
        return Spot(self.text(row[0]), *row[1:])

    def finding(self, number: int) -> Finding:
        row = self.data["findings"][number]
        notes = tuple(Remark(self.text(note), self.spot(at)) for note, at in row[8])
        why = self.texts(row[5:8])
        at = self.spot(row[4])
        kernel, excerpt = self.texts(row[9]), self.text(row[10])
        head = (self.text(row[0]), row[1], *self.texts(row[2:4]))
        return Finding(*head, at, *why, notes, kernel, excerpt)

    def case(self, row: list[Any]) -> Judged:
        verdicts = tuple(
            Verdict(*self.texts(one[:2]), one[2]) for one in self.data["verdicts"][row[4]]
        )
        reason, smallest, plan, more = (self.text(row[6]), *row[7:]) if row[6:] else ("", [], [], 0)
        case = Case(
            self.text(row[0]),
            self.texts(row[1]),
            self.text(row[2]),
            verdicts,
            tuple(map(self.finding, row[5])),
            tuple(smallest),
            tuple(Change(*self.texts(self.data["changes"][number])) for number in plan),
            more,
        )
        return Judged(case, row[3], reason)

    def group(self, row: list[Any]) -> Group:
        code, name, message = self.texts(row[:3])
        places = tuple(
            Place(self.text(base), self.texts(overlays), self.text(stack), self.finding(found))
            for base, overlays, stack, found in row[5]
        )
        return Group(code, name, row[3], message, row[4], places)

    def checked(self) -> Checked:
        data = self.data
        return Checked(
            data["version"],
            self.texts(data["bases"]),
            self.texts(data["overlays"]),
            self.texts(data["appliers"]),
            tuple(map(self.case, data["cases"])),
            tuple(map(self.group, data["groups"])),
            data["compared"],
            self.texts(data["fitsNothing"]),
            data["shard"] and tuple(data["shard"]),
            data["failOn"],
        )


@given(anything)
def test_the_data_hold_everything_that_a_page_can_show(checked: Checked) -> None:
    assert Decoder(encode(checked)).checked() == checked


@given(anything)
def test_no_name_becomes_markup(checked: Checked) -> None:
    checked = checked._replace(fail_on=0)
    page = render(checked)
    outline = Outline(page)
    causes = [str(("li", {}))] * len(checked.groups)
    assert sorted(map(str, outline.elements)) == sorted(BARE + causes)
    data = outline.texts["script"][0]
    assert not set("<>&\u2028\u2029") & set(data)
    assert Decoder(data).checked() == checked
    page.encode()


def test_the_policy_allows_its_own_script_and_style_and_nothing_else() -> None:
    outline = Outline(render(small()))
    (policy,) = (
        attributes["content"]
        for tag, attributes in outline.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    data, script = outline.texts["script"]
    (style,) = outline.texts["style"]
    for name, text in (("script-src", script), ("style-src", style)):
        digest = b64encode(sha256(text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}';" in policy
    assert json.loads(data)


def test_the_page_names_no_other_file() -> None:
    page = render(small())
    outline = Outline(page)
    fetching = {"src", "href", "srcset", "action", "style", "data", "background"}
    for tag, attributes in outline.elements:
        assert not fetching & set(attributes), tag
        assert not [name for name in attributes if name.startswith("on")], tag
    (style,) = outline.texts["style"]
    assert not re.search(r"@import|url\(|https?:", style)


@pytest.mark.parametrize("name", ["model", "dom", "axis", "grid", "details", "causes", "page"])
def test_the_script_makes_no_markup_of_text(name: str) -> None:
    script = files("dtovl.report.html").joinpath(f"{name}.js").read_text("utf-8")
    assert not re.search(r"(inner|outer|Adjacent)HTML|\.write\(|\beval\b|Function\(", script)
    assert script.count("\n") < 500


def test_a_repeated_text_stands_once() -> None:
    assert encode(small()).count("did you mean uart5") == 1


def test_what_a_case_costs_is_little() -> None:
    assert len(render(large())) < 120 * 5_749


def test_the_page_is_the_same_each_time() -> None:
    assert render(small()) == render(small())


def group_of(severity: int, standing: str = "new", places: int = 1) -> Group:
    found = Finding("DT104", severity, "/a", "a < b & c")
    every = tuple(Place(f"{n}.dtb", ("x.dtbo",), "", found) for n in range(places))
    return Group("DT104", "label-not-in-base", severity, "a < b & c", standing, every)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("groups", "fail_on", "expected"),
    [
        ((), 3, "Nothing fails this check"),
        ((group_of(1),), 3, "Nothing fails this check"),
        ((group_of(2),), 3, "Nothing fails this check; 1 cause to look at"),
        ((group_of(3, "known"),), 3, "Nothing fails this check"),
        ((group_of(3),), 3, "1 cause at 1 place fails this check"),
        ((group_of(3), group_of(3, places=2), group_of(2)), 3, "2 causes at 3 places fail this"),
        ((group_of(3), group_of(2)), 3, "fails this check; 1 further cause to look at"),
        ((group_of(3), group_of(2), group_of(1)), 2, "2 causes at 2 places fail this check"),
        ((group_of(1),), 1, "1 cause at 1 place fails this check"),
        ((group_of(3), group_of(2)), 0, "Nothing fails this check; 2 causes to look at"),
    ],
)
def test_the_headline_says_what_fails(
    groups: tuple[Group, ...], fail_on: int, expected: str
) -> None:
    checked = Checked("1", (), (), (), (), groups, fail_on=fail_on)
    assert expected in headline(checked)
    assert (">fails<" in render(checked)) is checked.fails


def test_the_counts_name_the_part_and_the_appliers() -> None:
    checked = small()._replace(shard=(2, 4), compared=1)
    assert counts(checked) == (
        "12 boards · 27 overlays · 269 cases · 1 pair of overlays compared · "
        "judged as by libfdt, linux · part 2 of 4"
    )


def test_readers_without_scripts_find_the_causes() -> None:
    page = render(Checked("1", (), (), (), (), (group_of(3, places=1_234), group_of(2, "known"))))
    assert "<li>error[DT104] a &lt; b &amp; c: 1,234 places</li>" in page
    assert "<li>warning[DT104] a &lt; b &amp; c: 1 place (known)</li>" in page
