"""The page of links as a person has it: a real browser, real keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.answers import BOARD, answer, named
from support.browser import Browser, Page, find_browser

from dtovl.report.links.html import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dtovl.report.links.answer import Answer

    Open = Callable[[Answer], Page]

PROGRAM = find_browser()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no browser: apt-get install chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    running = Browser(str(PROGRAM))
    yield running
    running.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open an answer in a page of its own; in the end it must have been quiet and alone."""
    pages = []

    def open_page(found: Answer) -> Page:
        path = tmp_path / "links.html"
        path.write_text(render(found), "utf-8")
        page = Page(browser, 1280, 1000)
        pages.append(page)
        page.open(path)
        return page

    yield open_page
    for page in pages:
        assert page.complaints() == []
        assert [one.rpartition("/")[2] for one in page.requests()] == ["links.html"]
        page.close()


def shown(page: Page) -> list[str]:
    """Give the entries of the rows that are to be seen."""
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('#links tbody tr')].filter(row => row.offsetHeight)"
        ".map(row => row.querySelector('.entry').textContent)"
    )
    return found


def test_words_and_kinds_filter_the_rows(opened: Open) -> None:
    page = opened(answer(BOARD))
    assert len(shown(page)) == 8
    page.press("/")
    page.type("uart core")
    assert shown(page) == ["clocks[1] core"]
    assert page.text("#shown") == "1 of 8 shown"
    page.press("Escape")
    assert len(shown(page)) == 8
    page.click('#kinds [data-is="supply"]')
    assert shown(page) == ["vin-supply[0]", "vdd-supply[0]"]
    page.click('#kinds [data-is="dma"]')
    assert shown(page) == ["vin-supply[0]", "dmas[0]", "vdd-supply[0]"]


def test_nothing_that_fits_is_said(opened: Open) -> None:
    page = opened(answer(BOARD))
    page.press("/")
    page.type("nothing like it")
    assert shown(page) == []
    assert page.text("#empty") == "No link fits."


def test_names_of_strangers_are_text(opened: Open) -> None:
    name = '<img src=x onerror="document.title=1">'
    page = opened(answer(named(name.replace("/", "!"))))
    assert page.evaluate("document.querySelectorAll('img').length") == 0
    assert name in page.text("#links")


def test_the_drawing_has_its_style(opened: Open) -> None:
    page = opened(answer(BOARD))
    fill = page.evaluate("getComputedStyle(document.querySelector('.picture .arrow')).fill")
    assert fill == "none"
