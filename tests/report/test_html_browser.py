"""The page as a person has it: a real browser, real clicks and keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from support.browser import Browser, Page, find_browser
from support.matrices import BOARDS, OVERLAYS, large, small

from dtovl.matrix.checked import Checked, Group, Judged, Place
from dtovl.matrix.result import Case, Change, Finding, Remark, Spot, Verdict
from dtovl.report.html import render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Open = Callable[..., Page]

PROGRAM = find_browser()
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no browser: apt-get install chromium")

CELLS = '[role="gridcell"]'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    running = Browser(str(PROGRAM))
    yield running
    running.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open a check in a page of its own; in the end it must have been quiet and alone."""
    pages = []

    def open_page(checked: Checked, width: int = 1280, height: int = 1300) -> Page:
        path = tmp_path / "report.html"
        path.write_text(render(checked), "utf-8")
        page = Page(browser, width, height)
        page.resize(width, height, phone=width < 600)
        pages.append(page)
        page.open(path)
        return page

    yield open_page
    for page in pages:
        assert page.complaints() == []
        assert [one.rpartition("/")[2] for one in page.requests()] == ["report.html"]
        page.close()


def cell(board: str, *overlays: str) -> str:
    """Give the selector of a case in the matrix."""
    return f"[aria-label^={json.dumps(', '.join((board, *overlays)) + ':')}]"


def states(page: Page) -> list[str]:
    """Give the classes of state among the cells that are drawn, each once, sorted."""
    found = page.evaluate(
        f"[...document.querySelectorAll({json.dumps(CELLS)})].map(e => e.className)"
    )
    return sorted({word[2:] for one in found for word in one.split() if word.startswith("s-")})


def focus(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def active(page: Page) -> str:
    """Give the label of the cell that aria-activedescendant names."""
    return str(
        page.evaluate(
            "(() => { const g = document.getElementById('grid');"
            " const c = document.getElementById(g.getAttribute('aria-activedescendant'));"
            " return c ? c.getAttribute('aria-label') || c.innerText : ''; })()"
        )
    )


def test_the_page_opens_with_all_there_is(opened: Open) -> None:
    page = opened(small())
    assert page.text(".badge").lower() == "fails"
    assert page.text("h1") == "3 causes at 15 places fail this check; 4 further causes to look at"
    assert page.text("#shown") == "269 cases · 12 boards · 25 overlays · 3 stacks"
    assert page.count(".state") == 5
    assert page.text('[data-state="failed"]').split() == ["✕", "failed", "14"]
    assert "13 places · 9 of 12 boards" in page.text("#causes")
    assert "Between overlays on one board 2" in page.text("#causes")
    assert "2 overlays fit no board" in page.text("#causes")
    assert page.evaluate("document.title") == "dtovl check fails"


def test_typing_into_the_filter_narrows_matrix_and_causes(opened: Open) -> None:
    page = opened(small())
    page.press("/")
    assert focus(page) == "filter"
    page.type("UART6 beagle")
    assert page.text("#shown") == "4 of 269 cases · 3 boards · 1 overlay · 1 stack"
    assert page.count(CELLS) == 4
    assert page.count(".cause") == 1
    page.type(" nowhere")
    assert page.text("#empty") == "No case fits the filter."
    assert page.text("#causes").startswith("No cause fits.")
    page.press("Escape")
    assert page.text("#shown").startswith("269 cases")
    page.type("dt131")
    assert states(page) == ["warned"]


def test_toggles_show_only_what_they_name(opened: Open) -> None:
    page = opened(small())
    page.click('[data-state="failed"]')
    assert page.text("#shown").startswith("14 of 269 cases")
    assert states(page) == ["failed"]
    page.click('[data-state="expected"]')
    assert page.text("#shown").startswith("15 of 269 cases")
    assert page.evaluate(
        "document.querySelector('[data-state=expected]').getAttribute('aria-pressed')"
    )
    page.click('[data-state="failed"]')
    page.click('[data-state="expected"]')
    assert page.text("#shown").startswith("269 cases")


def test_a_click_opens_plan_and_findings(opened: Open) -> None:
    page = opened(small())
    page.click(cell(BOARDS[5], OVERLAYS[0]))
    details = page.text("#details")
    assert "ads1015.dtbo" in details
    assert "libfdt applies" in details
    assert "warning[DT130]no-effect" in details.replace("\n", "").replace(" ", "")
    assert "the base has no such node" in details
    assert "fragment@0 on &i2c1" in details
    assert '~ status "disabled" → "okay"' in details
    assert "+ /soc/i2c@7e804000/sensor@76" in details
    assert "and 7 more changes" in details
    page.click("#details .close")
    assert page.text("#details") == ""


def test_a_failed_case_says_why_and_what_to_do(opened: Open) -> None:
    page = opened(small())
    page.click(cell(BOARDS[0], OVERLAYS[22]))
    details = page.text("#details")
    for part in (
        "refuses, FDT_ERR_NOTFOUND",
        f"label 'uart6' is not in /__symbols__ of {BOARDS[0]}",
        "overlays/uart/uart6.dtso:12:18",
        "did you mean uart5",
        "3 of 12 boards define it",
        "OF: resolver: node label 'uart6' not found",
        "target = <&uart6>;",
        "Same cause at 12 further places",
    ):
        assert part in details
    page.click("#details .finding .link")
    assert page.text("#marked").startswith("DT104")


def test_a_stack_shows_the_fewest_overlays_that_break(opened: Open) -> None:
    page = opened(small())
    page.click(cell(BOARDS[0], *OVERLAYS[19:23], OVERLAYS[18]))
    assert "refuses, FDT_ERR_NOTFOUND at overlay 5, spidev0.dtbo" in page.text("#details")
    assert "Smallest part that breaks 2 of 5" in page.text("#details")
    assert page.count(".chain .guilty") == 2
    assert page.count(".chain .spare") == 3


def test_an_expected_failure_gives_its_reason(opened: Open) -> None:
    page = opened(small())
    page.click(cell(BOARDS[2], OVERLAYS[13]))
    assert "the lite board has no second I2C bus" in page.text("#details")


def test_overlays_that_clash_point_at_each_other(opened: Open) -> None:
    page = opened(small())
    first, second = cell(BOARDS[4], OVERLAYS[6]), cell(BOARDS[4], OVERLAYS[18])
    page.click(first)
    assert "With other overlays on this board 1" in page.text("#details")
    page.click("#details .beside .link")
    assert page.text("#details-title") == "spidev0.dtbo"
    assert page.count(f"{second}.active") == 1


def test_a_board_says_how_its_cases_fare(opened: Open) -> None:
    page = opened(small())
    page.click(".across.board")
    assert "gateway-lite.dtb" in page.text("#details")
    assert "failed in 2 cases" in page.text("#details")


def test_a_cause_marks_its_cases_and_lists_them(opened: Open) -> None:
    page = opened(small(), 1920, 1400)
    page.click("[data-group]")
    assert page.text("#marked").split()[:3] == ["DT104", "13", "cases"]
    dim, bright = page.count(f"{CELLS}.dim"), page.count(f"{CELLS}:not(.dim)")
    assert (dim, bright) == (269 - 13, 13)
    page.click("#marked .chip")
    assert page.text("#shown").startswith("13 of 269 cases · 9 boards · 1 overlay · 1 stack")
    page.click(".places li:nth-child(2) .place")
    assert page.text("#details-title") == "uart6.dtbo"
    page.press("Escape", "Escape")
    assert page.text("#marked") == ""
    assert page.text("#shown").startswith("269 cases")


def test_what_does_not_fit_the_window_is_narrowed_to_a_cause(opened: Open) -> None:
    page = opened(small(), 1280, 500)
    page.click("[data-group]")
    assert page.text("#shown").startswith("13 of 269 cases")
    assert (page.count(".down.board"), page.count(".across.overlay")) == (9, 1)
    assert page.text("#status").startswith("✕ acme/gateway-v1 + uart/uart6: failed, FDT_ERR")
    page.click("#swap")
    assert (page.count(".across.board"), page.count(".down.overlay")) == (9, 1)


def test_the_keyboard_does_it_all(opened: Open) -> None:
    page = opened(small())
    page.press("/", "Escape")
    assert focus(page) == "grid"
    assert active(page) == f"{BOARDS[2]}, {OVERLAYS[0]}: ok"
    page.press("ArrowDown", "ArrowRight")
    assert active(page) == f"{BOARDS[0]}, {OVERLAYS[1]}: ok"
    page.press("ArrowUp")
    assert active(page) == "not paired"
    page.press("Enter")
    assert page.text("#details") == ""
    page.press("ArrowRight", "Enter")
    assert page.text("#details-title") == "ads1015.dtbo"
    assert focus(page) == "details-title"
    page.press("n")
    assert active(page) == f"{BOARDS[4]}, {OVERLAYS[0]}: ok"
    page.press("Escape")
    assert page.text("#details") == ""
    assert focus(page) == "grid"
    page.press("End", modifiers=2)
    assert page.evaluate("document.getElementById('status').textContent").startswith(
        "rpi/bcm2711-rpi-cm4-io + panel"
    )
    page.press("Home", "ArrowLeft", "Enter")
    assert page.text("#details .subject").startswith("Stack")


def test_tab_reaches_everything_in_order(opened: Open) -> None:
    page = opened(small())
    reached = []
    for _ in range(30):
        page.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.type"))
    assert reached[0] == "theme"
    order = [reached.index(name) for name in ("theme", "filter", "swap", "grid")]
    assert order == sorted(order)
    outline = "getComputedStyle(document.querySelector('.matrix')).outlineStyle"
    while focus(page) != "grid":
        page.press("Tab")
    assert page.evaluate(outline) == "solid"


CONTRAST = """
(() => {
  const rgb = (text) => text.match(/[\\d.]+/g).slice(0, 3).map((one) => one / 255);
  const light = (color) => rgb(color)
    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, place) => sum + one * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if (!/, 0\\)$/.test(color)) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
    if (!own || !element.checkVisibility()) continue;
    const [one, other] = [getComputedStyle(element).color, behind(element)].map(light);
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) found.push(`${element.className} ${element.textContent} ${ratio}`);
  }
  return found;
})()
"""


def test_light_and_dark_are_legible(opened: Open) -> None:
    page = opened(small())
    back = "getComputedStyle(document.body.parentElement).backgroundColor"
    seen = []
    for scheme in ("light", "dark"):
        page.prefer(scheme)
        seen.append(page.evaluate(back))
        for subject in (cell(BOARDS[0], OVERLAYS[22]), cell(BOARDS[2], OVERLAYS[13])):
            page.click(subject)
            assert page.evaluate(CONTRAST) == []
        page.click(cell(BOARDS[5], OVERLAYS[0]))
        assert page.evaluate(CONTRAST) == []
    assert seen == ["rgb(246, 247, 249)", "rgb(19, 22, 27)"]
    page.click("#theme")
    assert page.text("#theme") == "Theme: light"
    assert page.evaluate(back) == seen[0]


def test_a_phone_shows_it_without_scrolling_sideways(opened: Open) -> None:
    page = opened(small(), 390, 844)
    width = "document.scrollingElement.scrollWidth"
    assert page.evaluate(width) == 390
    page.click(cell(BOARDS[5], OVERLAYS[0]))
    assert page.evaluate(width) == 390
    assert page.text("#details-title") == "ads1015.dtbo"
    box = page.evaluate("document.getElementById('details').getBoundingClientRect().toJSON()")
    assert (box["left"], box["right"], box["bottom"]) == (0, 390, 844)


def test_swapping_keeps_the_cell(opened: Open) -> None:
    page = opened(small())
    page.click(cell(BOARDS[5], OVERLAYS[0]))
    page.click("#swap")
    assert page.count(".down.board") == 12
    assert active(page).startswith(f"{BOARDS[5]}, {OVERLAYS[0]}:")


def test_paper_gets_the_whole_matrix_and_all_causes(opened: Open) -> None:
    page = opened(small(), 794, 600)
    drawn = page.count(CELLS)
    page.evaluate(
        "addEventListener('beforeprint', () => { window.printed ="
        f" [{json.dumps(CELLS)}, '.cause', 'details[open]']"
        ".map(one => document.querySelectorAll(one).length); })"
    )
    page.call("Page.printToPDF")
    assert page.evaluate("window.printed") == [269, len(small().groups), 1]
    page.settle()
    assert page.count(CELLS) == drawn < 269
    assert page.count(".cause") == 6


def test_lines_that_are_out_of_sight_are_not_drawn(opened: Open) -> None:
    page = opened(large(600, 60, 12_000), 1000, 700)
    assert page.text("#shown") == "12,000 cases · 600 boards · 60 overlays"
    assert 0 < page.count(CELLS) < 300
    page.click('[data-state="failed"]')
    assert 0 < page.count(CELLS) < 100


def test_a_large_matrix_draws_only_what_shows(opened: Open) -> None:
    page = opened(large(), 1920, 1080)
    assert page.text("#shown") == "5,749 cases · 1,078 boards · 1,090 overlays"
    assert 0 < page.count("*") < 3_000
    page.press("/", "Escape")
    page.press("End", modifiers=2)
    assert page.count("*") < 3_000
    assert page.count(f"{CELLS}.active") == 1
    assert page.evaluate("document.getElementById('grid').scrollTop") > 25_000
    page.press("p")
    label = active(page)
    assert label.startswith("bases/linux-7.2/44-vendor/")
    page.press("Enter")
    assert page.text("#details-title") in label
    page.press("Escape", "/")
    page.type("07-vendor/soc3-")
    assert 0 < page.count(CELLS) <= 12
    assert " of 5,749 cases · 1 board · " in page.text("#shown")


ATTACKS = (
    "<img src=x onerror=\"window.hacked='img'\">",
    "</script><script>window.hacked='script'</script>",
    "--><svg onload=\"window.hacked='svg'\">",
    "\" onmouseover=\"window.hacked='attribute'",
    "javascript:window.hacked='link'",
    "__proto__",
    "\u202etxt.exe\u2028 \x1b[2J\udcff",
)


def hostile() -> Checked:
    cases, places = [], []
    for board in ATTACKS:
        for overlay in ATTACKS:
            found = Finding(
                board, 3, board, overlay, Spot(board, 1, 2), board, board, overlay,
                (Remark(overlay, Spot(board)),), (overlay,), board + "\n" + overlay,
            )  # fmt: skip
            change = Change(board, overlay, "~", board, overlay, board)
            verdicts = (Verdict(board, overlay, 0),)
            case = Case(board, (overlay,), "", verdicts, (found,), (), (change,))
            cases.append(Judged(case, "failed", board))
            places.append(Place(board, (overlay,), "", found))
    clash = Place(ATTACKS[0], ATTACKS[:2], "", places[0].finding)
    groups = tuple(Group(text, text, 3, text, "new", (*places, clash)) for text in ATTACKS)
    return Checked(ATTACKS[0], ATTACKS, ATTACKS, ATTACKS, tuple(cases), groups, 1, ATTACKS)


def test_names_of_strangers_are_inert(opened: Open) -> None:
    page = opened(hostile())
    page.click('[data-group="1"]')
    page.click(".fits-nothing summary")
    page.click(cell(ATTACKS[0], ATTACKS[1]))
    page.move(600, 500)
    assert page.text("#details-title") == ATTACKS[1].rpartition("/")[2]
    assert ATTACKS[0] in page.text("#details")
    assert ATTACKS[1] in page.text("#causes")
    page.click(cell(ATTACKS[5], ATTACKS[0]))
    assert page.evaluate("typeof window.hacked") == "undefined"
    assert page.count("img, svg, [onerror], [onload], [onmouseover], a") == 0
    assert page.count("script") == 2
    assert r"\u202etxt.exe\u2028 \x1b[2J\udcff" in page.text("#causes")
    assert "\u202e" not in page.evaluate("document.body.innerText")


def test_nothing_to_check_is_said_so(opened: Open) -> None:
    page = opened(Checked("1", (), (), (), (), ()))
    assert page.text(".badge").lower() == "passes"
    assert page.text("#empty") == "There are no cases."
    assert page.text("#causes") == "Nothing was found."
    page.press("/", "Escape", "ArrowDown", "n", "Enter", "Escape")


def test_without_scripts_the_causes_are_listed(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(render(small()), "utf-8")
    page = Page(browser)
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.call("Page.navigate", url=path.as_uri())
    browser.wait_for("Page.loadEventFired", page.session)
    shown = page.evaluate("document.querySelector('ul.plain').textContent")
    assert "error[DT104] label 'uart6' is not in /__symbols__ of the base: 13 places" in shown
    page.close()
