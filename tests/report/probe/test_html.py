"""The page with the timeline: `dtovl.report.probe.html`."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st
from support.predictions import HOSTILE, NOTHING, SETTINGS, answer, log

from dtovl.report.probe.answer import Answer
from dtovl.report.probe.html import render
from dtovl.report.probe.html.axis import axis_of
from dtovl.report.probe.seen import Try

VOID = {"meta", "input", "circle", "path", "line"}


class Structure(HTMLParser):
    """Checks that tags are closed in order; collects attributes that fetch or run something."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.odd: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")
            elif name.startswith("on") or name in ("src", "style", "srcset", "action"):
                self.odd.append(f"{tag} {name}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def structure(page: str) -> Structure:
    found = Structure()
    found.feed(page)
    found.close()
    assert found.open == []
    return found


def test_a_page_is_well_formed_and_fetches_nothing() -> None:
    for shown in (answer(), answer(overlays=False), answer(rail=HOSTILE), nothing()):
        page = render(shown)
        found = structure(page)
        assert found.odd == []
        assert len(set(found.ids)) == len(found.ids)
        assert all(link.startswith("#d") and link[1:] in found.ids for link in found.links)
        assert "@@" not in page
        assert "http" not in re.sub(r'http-equiv="', "", page)


def nothing() -> Answer:
    return Answer("empty.dtb", (), SETTINGS, NOTHING, None, (), everything=False)


def test_the_policy_names_the_script_and_the_style_that_are_there() -> None:
    from base64 import b64encode
    from hashlib import sha256

    page = render(answer())
    for tag, policy in (("script", "script-src"), ("style", "style-src")):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = b64encode(sha256(text.encode()).digest()).decode()
        assert f"{policy} 'sha256-{digest}'" in page


def test_each_device_has_a_row_with_its_tries() -> None:
    page = render(answer())
    rows = re.findall(r'<details class="row" id="d\d+" data-state="(\w+)"( data-changed)?>', page)
    states = [state for state, _ in rows]
    assert states == [*["bound"] * 4, "deferred", "deferred", "failed", "unmatched", "missing"]
    assert sum(1 for _, changed in rows if changed) == 7
    assert page.count('class="m-deferred"') == 4 + 1  # the last one is the legend
    assert page.count('class="m-bound"') == 4 + 1
    assert page.count('class="m-failed"') == 1 + 1
    assert page.count('class="m-sync"') == 1 + 1


def test_causes_are_nested_lists() -> None:
    page = render(answer())
    section = re.search(r'<section class="cause">(.*?)</section>', page)
    assert section is not None
    plain = re.sub(r"<(?!/?(?:ul|li))[^>]*>| title=\"[^\"]*\"", "", section[1])
    assert plain == (
        "/rail is disabled<ul><li>vcc-supply/wifi<ul><li>clocks[1]/camera</li></ul></li></ul>"
    )


def test_a_page_without_waiting_says_so() -> None:
    page = render(answer()._replace(difference=None, seen=NOTHING))
    assert 'data-verdict="fine"' in page
    assert "nothing waits" in page
    assert "First causes" not in page


STAGES = st.sampled_from(["core", "device", "late+", "late", "module", "timeout+"])


@given(st.lists(STAGES, max_size=60))
def test_places_rise_and_lie_in_their_stage(names: list[str]) -> None:
    axis = axis_of([Try(name, "/d", "driver", "bound") for name in names])
    assert len(axis.places) == len(names)
    assert list(axis.places) == sorted(axis.places)
    assert sum(stage.tries for stage in axis.stages) == len(names)
    if names:
        last = axis.stages[-1]
        assert abs(last.start + last.width - 100) < 1e-6
    place = iter(axis.places)
    for stage in axis.stages:
        for _ in range(stage.tries):
            assert stage.start < next(place) < stage.start + stage.width


def test_a_stage_with_few_tries_has_room_for_its_name() -> None:
    many = [f"device /d{number} driver bound" for number in range(1000)]
    axis = axis_of(log("core /c driver bound", *many, "late /c driver sync_state"))
    assert min(stage.width for stage in axis.stages) >= 9
