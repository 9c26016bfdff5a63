"""Put the page together: headline, what overlays change, first causes, timeline, the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl._version import __version__
from dtovl.report.escape import html
from dtovl.report.html.standalone import fill, policy
from dtovl.report.probe.answer import headline, kernel, mode
from dtovl.report.probe.html.axis import axis_of
from dtovl.report.probe.html.rows import STATES, View, row_html, rows_of
from dtovl.report.probe.html.sections import cause_html, difference_html, other_html
from dtovl.report.spans import amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.report.probe.answer import Answer
    from dtovl.report.probe.html.axis import Axis
    from dtovl.report.probe.html.rows import Row


def render(answer: Answer) -> str:
    """Write a prediction as one HTML page, which works without network and from a file.

    All of it stands in the page itself, escaped; the script only filters, opens and shuts. Places
    in the timeline are attributes of SVG and a style sheet made for this page, as the policy
    allows no styles within elements.
    """
    axis = axis_of(answer.seen.log)
    rows = rows_of(answer)
    ids = {row.device: number for number, row in enumerate(rows)}
    view = View(answer.seen, axis, ids, answer.seen.standing())
    style = _file("page.css") + _stage_style(axis)
    script = _file("page.js")
    stuck = bool(answer.problems.deferred or answer.problems.failed)
    parts = {
        "policy": policy(script, style),
        "style": style,
        "script": script,
        "verdict": "stuck" if stuck else "fine",
        "badge": _badge(answer),
        "title": html(f"Probe order of {answer.name}"),
        "name": html(answer.name),
        "headline": html(headline(answer)),
        "kernel": html(kernel(answer.settings)),
        "mode": html(f"drivers: {mode(answer.settings)}"),
        "version": html(__version__),
        "difference": difference_html(answer, ids),
        "causes": cause_html(answer, ids),
        "toggles": _toggles(rows),
        "stages": _stages(axis),
        "tries": html(amount(len(answer.seen.log), "try", "tries")),
        "rows": "\n".join(row_html(row, view) for row in rows),
        "others": other_html(answer, ids),
    }
    return fill(_file("page.html"), parts)


def _badge(answer: Answer) -> str:
    shown = answer.problems
    stuck = len(shown.deferred) + len(shown.failed)
    if not stuck:
        return "nothing waits" if answer.problems is answer.seen else "nothing new waits"
    verb = "binds" if stuck == 1 else "bind"
    return f"{stuck:,} never {verb}"


def _toggles(rows: Sequence[Row]) -> str:
    """Write the toggles, which are the legend too; states that no row has are left out."""
    found = []
    for state, word, meaning in STATES:
        count = sum(1 for row in rows if row.state == state)
        if count:
            found.append(_toggle(f'data-state="{state}"', word, meaning, count))
    changed = sum(1 for row in rows if row.changed)
    if changed:
        found.append(_toggle("data-changed", "changed by overlays", "only these", changed))
    return "".join(found)


def _toggle(mark: str, word: str, meaning: str, count: int) -> str:
    return (
        f'<button type="button" class="state" {mark} aria-pressed="false" title="{html(meaning)}">'
        f'<span class="sign"></span>{html(word)} <span class="number">{count:,}</span></button>'
    )


def _stages(axis: Axis) -> str:
    return "".join(
        f'<span class="stage stage-{number}" title="{html(stage.name)}: '
        f'{amount(stage.tries, "try", "tries")}">{html(stage.name)}</span>'
        for number, stage in enumerate(axis.stages)
    )


def _stage_style(axis: Axis) -> str:
    """Write where the stages stand, and lines between them, as a style sheet."""
    rules = [
        f".stage-{number} {{ left: {stage.start:.2f}%; width: {stage.width:.2f}%; }}"
        for number, stage in enumerate(axis.stages)
    ]
    edges = [
        f"transparent calc({stage.start:.2f}% - 1px), var(--line) calc({stage.start:.2f}% - 1px), "
        f"var(--line) {stage.start:.2f}%, transparent {stage.start:.2f}%"
        for stage in axis.stages[1:]
    ]
    if edges:
        rules.append(
            f".lane, .axis {{ background: linear-gradient(to right, {', '.join(edges)}); }}"
        )
    return "\n".join(rules) + "\n"


def _file(name: str) -> str:
    from importlib.resources import files

    return files(__package__).joinpath(name).read_text("utf-8")
