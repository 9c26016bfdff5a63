"""The page with the timeline as a person has it: a real browser, clicks and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.browser import Browser, Page, find_browser
from support.predictions import HOSTILE, answer

from dtovl.report.probe.html import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dtovl.report.probe.answer import Answer

    Open = Callable[..., Page]

PROGRAM = find_browser()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no browser: apt-get install chromium")

SHOWN = ".row:not([hidden])"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    running = Browser(str(PROGRAM))
    yield running
    running.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open an answer in a page of its own; in the end it must have been quiet and alone."""
    pages = []

    def open_page(shown: Answer, width: int = 1280, height: int = 1300) -> Page:
        path = tmp_path / "probe.html"
        path.write_text(render(shown), "utf-8")
        page = Page(browser, width, height)
        page.resize(width, height, phone=width < 600)
        pages.append(page)
        page.open(path)
        return page

    yield open_page
    for page in pages:
        assert page.complaints() == []
        assert [one.rpartition("/")[2] for one in page.requests()] == ["probe.html"]
        page.close()


def place(page: Page, selector: str) -> tuple[float, float]:
    """Give the left and right edge of an element."""
    found = page.evaluate(
        f"(() => {{ const r = document.querySelector({selector!r}).getBoundingClientRect();"
        " return [r.left, r.right]; })()"
    )
    return found[0], found[1]


def test_the_page_tells_what_never_binds(opened: Open) -> None:
    page = opened(answer())
    assert page.text(".badge") == "3 never bind"
    assert page.text("h1") == "8 devices, 4 bind, 2 wait for ever, 1 fails, 1 has no driver"
    assert page.text(".cause h3") == "/rail is disabled"
    assert page.count(SHOWN) == 9
    assert page.count(".changes li") == 8


def test_marks_stand_in_the_stage_that_is_above_them(opened: Open) -> None:
    page = opened(answer())
    for row, stage in (("#d0", 0), ("#d2", 1), ("#d6", 1)):
        left, right = place(page, f"{row} .mark")
        start, end = place(page, f".stage-{stage}")
        assert start <= (left + right) / 2 <= end


def test_toggles_and_filter_show_only_what_fits(opened: Open) -> None:
    page = opened(answer())
    page.click('.state[data-state="deferred"]')
    assert page.count(SHOWN) == 2
    page.click('.state[data-state="failed"]')
    assert page.count(SHOWN) == 3
    assert page.text("#shown") == "3 of 9 shown"
    page.press("/")
    page.type("RAIL device")
    assert page.count(SHOWN) == 2
    page.type(" nowhere")
    assert page.text("#empty") == "No device fits the filter."
    page.press("Escape")
    assert page.count(SHOWN) == 3
    page.click('.state[data-state="failed"]')
    page.click('.state[data-state="deferred"]')
    page.click(".state[data-changed]")
    assert page.count(SHOWN) == 7


def test_a_row_opens_and_links_lead_to_others(opened: Open) -> None:
    page = opened(answer())
    page.click("#d5 summary")
    assert page.text("#d5 .first") == "first cause: /rail is disabled"
    assert "supplier /wifi not ready" in page.text("#d5 .tries")
    page.click('.state[data-state="failed"]')
    assert page.count("#d4:not([hidden])") == 0
    page.click(".causes li a")
    page.settle()
    assert page.count("#d4[open]:not([hidden])") == 1


def test_light_and_dark(opened: Open) -> None:
    page = opened(answer())
    colour = "getComputedStyle(document.documentElement).backgroundColor"
    page.prefer("dark")
    dark = page.evaluate(colour)
    assert page.text("#theme") == "Light"
    page.click("#theme")
    assert page.evaluate(colour) != dark
    page.prefer("light")
    page.click("#theme")
    assert page.evaluate(colour) == dark


def test_a_phone_has_no_sideways_scrolling(opened: Open) -> None:
    page = opened(answer(rail="/soc/" + "very-long-name" * 12), 390, 800)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_hostile_names_are_text(opened: Open) -> None:
    page = opened(answer(rail=HOSTILE))
    assert page.count("img") == 0
    assert "<img src=x" in page.text(".cause h3")
