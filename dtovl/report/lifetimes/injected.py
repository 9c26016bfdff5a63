"""What came of injected faults, for people and for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.lifetimes.faultsites import INVARIANTS
from dtovl.report.spans import BLANK, Line, amount

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtovl.lifetimes.injection import Result

_OTHERS = {
    "error": "what the caller gets",
    "log": "what the kernel logs",
    "tree": "the tree afterwards",
    "safe removal": "an overlay that failed can be removed, and applied again",
    "run": "the run comes to its end",
}


def injected_lines(results: Sequence[Result], *, verbose: bool, quiet: bool) -> Iterator[Line]:
    """Write a line per place, what does not hold, the verdict; quiet: only what does not hold."""
    for result in results:
        if quiet and result.holds:
            continue
        yield _head(result)
        yield from _wrong(result)
        if verbose and not result.unreached:
            yield from _told(result)
    if not quiet:
        if len(results) > 1:
            yield BLANK
        yield _verdict(results)


def _head(result: Result) -> Line:
    site = result.site
    style, word = ("good", "holds") if result.holds else ("bad", "fails")
    names = " ".join(check.name for check in result.checks if check.name in INVARIANTS)
    if result.unreached:
        style, word, names = "dim", "-", f"not reached: {result.unreached}"
    spans = (
        (style, f"{word:<7}"),
        ("path", f"{site.id}  "),
        ("", site.step),
        ("dim", f"  {names}"),
    )
    return Line(spans, hang=12, fixed=2)


def _wrong(result: Result) -> Iterator[Line]:
    for check in result.checks:
        if check.wrong:
            about = INVARIANTS.get(check.name) or _OTHERS[check.name]
            spans = ("bad", f"    {check.name}  "), ("", f"{check.wrong} "), ("dim", f"({about})")
            yield Line(spans, hang=8)


def _told(result: Result) -> Iterator[Line]:
    site = result.site
    rows = [
        ("in", f"{site.function}: {result.error or 'no error'}, id {site.number}"),
        ("memory", site.memory),
        ("told", site.told),
        *(("log", line) for line in result.lines),
    ]
    for label, text in rows:
        if text:
            yield Line((("label", f"    {label:<8}"), ("", text)), hang=12)


def _verdict(results: Sequence[Result]) -> Line:
    unreached = sum(bool(one.unreached) for one in results)
    reached = len(results) - unreached
    good = sum(one.holds for one in results) - unreached
    text = f"what must hold does at {good} of {amount(reached, 'place')}"
    if unreached:
        text += f"; {unreached} not reached"
    style = "good" if good == reached else "bad"
    return Line((("label", "verdict   "), (style, text)), hang=10)


def injected_object(results: Sequence[Result]) -> dict[str, object]:
    """Give the results for machines."""
    holds = all(result.holds for result in results)
    return {
        "verdict": "clean" if holds else "findings",
        "sites": [_site(result) for result in results],
    }


def _site(result: Result) -> dict[str, object]:
    site = result.site
    return {
        "id": site.id,
        "op": site.op,
        "step": site.step,
        "function": site.function,
        "errno": site.errno,
        "id_after": site.number,
        "tree_after": site.tree,
        "flags": site.flags,
        "memory": site.memory,
        "notifiers": site.told,
        "invariants": site.invariants.split(),
        "unreached": result.unreached or None,
        "error": result.error or None,
        "log": list(result.lines),
        "checks": [{"name": one.name, "wrong": one.wrong or None} for one in result.checks],
    }
