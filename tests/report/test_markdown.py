from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt
from support.checked import HOSTILE, checked, finding, group, hostile, hostiles, sample

from dtovl.matrix.checked import Judged, Place
from dtovl.matrix.result import Case
from dtovl.report import markdown
from dtovl.report.escape import terminal

OURS = {"h2", "p", "strong", "em", "table", "thead", "tbody", "tr", "th", "td"}
OURS |= {"details", "summary", "code", "pre"}
LIMIT = 1024 * 1024


class Page(HTMLParser):
    """What a browser would make of a summary: tags, and text inside and outside of code."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.open: list[str] = []
        self.code: list[str] = []
        self.cells: list[list[str]] = []
        self.outside = ""
        self.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not attrs or tag in ("th", "td"), (tag, attrs)
        self.tags.append(tag)
        self.open.append(tag)
        if tag in ("code", "pre"):
            self.code.append("")
        if tag == "tr":
            self.cells.append([])
        if tag in ("th", "td"):
            self.cells[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"code", "pre"} & set(self.open):
            self.code[-1] += data
        else:
            self.outside += data
        if {"th", "td"} & set(self.open):
            self.cells[-1][-1] += data


def read(text: str) -> Page:
    """Read a summary as GitHub shows it; only our own tags, all of them closed, text in code."""
    assert len(text.encode()) <= LIMIT
    page = Page(text)
    assert not page.open
    assert set(page.tags) <= OURS
    # Of text outside of code GitHub makes mentions, issues, links, pictures and formulas.
    assert not re.search(r"[@#`|<>\[\]*_~$\\]|://|www\.|:\w+:", page.outside), page.outside
    return page


def test_verdict_causes_and_places() -> None:
    text = markdown.render(sample())
    page = read(text)
    assert text.startswith("## dtovl check: failed\n\n**45 cases: 1 ok, 1 with warnings, 41 failed")
    assert "New causes: 2 errors, 2 warnings, 1 info; not new: 1 known, 1 expected." in text
    cause = "label cam_vdd is not in /__symbols__"
    assert ["error", "DT104 n", cause, "overlays/cam.dts", "40", "40"] in page.cells
    assert ["boards/b39.dtb", "overlays/cam.dts", "libfdt FDT_ERR_NOTFOUND"] in page.cells
    assert ["known", "DT104", cause, "1"] in page.cells
    assert page.tags.count("details") == 1 + 5 + 1 + 1
    details = next(one for one in page.code if "40 places:" in one)
    assert details.lstrip().startswith("error[DT104] /fragment@0: label cam_vdd")
    assert "\n  overlays/cam.dts:14:9  on 40 boards: boards/b00.dtb" in details
    assert "41 failed cases" in page.outside
    assert "lost.dtbo" in page.code


def test_a_run_without_findings_is_short() -> None:
    cases = [Judged(Case("a.dtb", ("o.dtbo",)), "ok")]
    text = markdown.render(checked((), cases))
    assert read(text).tags == ["h2", "p", "strong", "p"]
    assert "## dtovl check: passed\n\n**1 case: 1 ok**\n\n1 base, 1 overlay, 0 pairs" in text


def test_a_part_of_a_run_says_so() -> None:
    assert "## dtovl check: failed (part 2 of 4)\n" in markdown.render(
        sample()._replace(shard=(2, 4))
    )


def test_long_lists_are_cut_and_counted() -> None:
    places = [Place("a.dtb", (f"o{number:03}.dtbo",), "", finding()) for number in range(60)]
    cases = [Judged(Case("a.dtb", (f"o{number}.dtbo",)), "failed") for number in range(205)]
    many = [group(places)]
    many += [group(places[:1], message=f"m{number}") for number in range(101)]
    text = markdown.render(checked(many, cases))
    assert "\n  and 10 more\n" in text
    assert "\nand 5 more cases\n" in text
    assert "\nand 2 more causes\n" in text


def test_a_summary_too_big_for_github_is_cut() -> None:
    many = [
        group([Place("a.dtb", ("o.dtbo",), "", finding(f"{number}" + "é" * 900))])
        for number in range(1_000)
    ]
    text = markdown.render(checked(many))
    assert 900_000 < len(text.encode()) < LIMIT
    shown = read(text).tags.count("details")
    assert text.endswith(f"*{1_000 - shown} more parts left out: no room.*\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text(text: str) -> None:
    page = read(markdown.render(hostile(text)))
    wanted = terminal(text)[:280]
    assert any(one == wanted or one.startswith(wanted) for one in page.code)
    assert any(wanted in cell for row in page.cells for cell in row)


@settings(max_examples=60)
@given(hostiles())
def test_any_text_comes_back(drawn) -> None:
    page = read(markdown.render(drawn))
    said = "\0".join(page.code)
    for one in drawn.groups:
        message = terminal(one.message)
        assert len(one.message) > 250 or message in said
    for judged in drawn.cases:
        base = judged.case.base
        if judged.state == "failed" and len(base) < 250:
            assert terminal(base) in page.code


def test_order_of_causes_does_not_matter() -> None:
    whole = sample()
    assert markdown.render(whole) == markdown.render(whole._replace(groups=whole.groups[::-1]))
