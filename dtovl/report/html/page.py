"""Put the page together: the frame, its style and script, the data, and what allows no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.report.escape import html
from dtovl.report.html.data import encode
from dtovl.report.html.standalone import fill, policy
from dtovl.report.spans import amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.matrix.checked import Checked, Group

# In the order they are joined: later ones use what earlier ones define.
_SCRIPTS = ("model.js", "dom.js", "axis.js", "grid.js", "details.js", "causes.js", "page.js")
_STYLES = ("page.css", "details.css")
_LABELS = {1: "info", 2: "warning", 3: "error"}


def render(checked: Checked) -> str:
    """Write the report of a check as one HTML page, which works without network and from a file.

    The page's own policy lets run the one script and the one style that are in it, by their
    digests, and fetches nothing. Text of strangers stands in a block of JSON, and in the few lines
    for readers without JavaScript, escaped.
    """
    style = "\n".join(map(_file, _STYLES))
    script = "(() => {\n'use strict';\n" + "\n".join(map(_file, _SCRIPTS)) + "})();\n"
    parts = {
        "policy": policy(script, style),
        "verdict": "fails" if checked.fails else "passes",
        "title": html(f"dtovl check {'fails' if checked.fails else 'passes'}"),
        "headline": html(headline(checked)),
        "counts": html(counts(checked)),
        "version": html(checked.version),
        "plain": "\n".join(_plain(checked)),
        "style": style,
        "script": script,
        "data": encode(checked),
    }
    return fill(_file("page.html"), parts)


def headline(checked: Checked) -> str:
    """Say in one sentence what fails the run, or that nothing does."""
    least = checked.fail_on or 4
    new = [group for group in checked.groups if group.standing == "new"]
    failing = [group for group in new if group.severity >= least]
    others = sum(1 for group in new if 2 <= group.severity < least)
    text, noun = "Nothing fails this check", "cause"
    if failing:
        places = sum(len(group.places) for group in failing)
        verb = "fails" if len(failing) == 1 else "fail"
        text = f"{amount(len(failing), 'cause')} at {amount(places, 'place')} {verb} this check"
        noun = "further cause"
    return f"{text}; {amount(others, noun)} to look at" if others else text


def counts(checked: Checked) -> str:
    """Say how much was looked at."""
    parts = [
        amount(len(checked.bases), "board"),
        amount(len(checked.overlays), "overlay"),
        amount(len(checked.cases), "case"),
    ]
    if checked.compared:
        pairs = amount(checked.compared, "pair of overlays", "pairs of overlays")
        parts.append(f"{pairs} compared")
    if checked.appliers:
        parts.append("judged as by " + ", ".join(checked.appliers))
    if checked.shard:
        parts.append(f"part {checked.shard[0]} of {checked.shard[1]}")
    return " · ".join(parts)


def _plain(checked: Checked) -> Iterator[str]:
    """Give the causes for readers without JavaScript, such as a CI system's view of artifacts."""
    for group in checked.groups:
        yield f"<li>{html(_cause(group))}</li>"


def _cause(group: Group) -> str:
    standing = "" if group.standing == "new" else f" ({group.standing})"
    label = _LABELS.get(group.severity, "info")
    places = amount(len(group.places), "place")
    return f"{label}[{group.code}] {group.message}: {places}{standing}"


def _file(name: str) -> str:
    from importlib.resources import files

    return files(__package__).joinpath(name).read_text("utf-8")
