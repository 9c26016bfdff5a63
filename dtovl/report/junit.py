"""Results of a matrix as JUnit XML, for GitLab, Jenkins and their like.

A base is a suite, a case a test. Findings of overlays that are merely on one base, and of files,
are suites of their own. Only what the schema of Jenkins' xUnit plugin knows is written, as that
plugin refuses all else; times are left out, which it and GitLab allow.

Source: jenkinsci/xunit-plugin, junit-10.xsd; GitLab, "Unit test reports": of tests with the same
class and name all but the first are ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.base import Severity
from dtovl.matrix.result import UNREADABLE
from dtovl.report.causes import (
    LINE,
    Mark,
    by_weight,
    finding_lines,
    mark,
    shorten,
    spot_of,
)
from dtovl.report.escape import xml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.matrix.checked import Checked, Group, Judged, Standing
    from dtovl.matrix.result import Case, Finding

_NAME = 300
_MESSAGE = 500
_TEXT = 64 * 1024
_BETWEEN = "overlays on one base"
_FILES = "files"
_KNOWN = "known, in the baseline"


class _Found(NamedTuple):
    """A finding with the severity and standing of its cause."""

    finding: Finding
    severity: int
    standing: Standing


class _Test(NamedTuple):
    """A test: its outcome is "", `failure`, `error` or `skipped`, and `system-out` for remarks."""

    suite: str
    classname: str
    name: str
    outcome: str = ""
    type: str = ""
    message: str = ""
    text: str = ""


def render(checked: Checked) -> str:
    """Write all suites; cases in the order of the plan."""
    found = _by_mark(checked.groups)
    suites: dict[str, list[_Test]] = {}
    for judged in checked.cases:
        case = judged.case
        test = _case(judged, found.pop((case.base, case.overlays, case.name), []))
        suites.setdefault(test.suite, []).append(test)
    for key in sorted(found):
        test = _apart(key, found[key], checked.fail_on)
        # A base may be called like a suite of ours.
        suites.setdefault(f"{test.suite}\0", []).append(test)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    total = _counts([test for tests in suites.values() for test in tests])
    used: set[tuple[str, str]] = set()
    parts = [_suite(name.rstrip("\0"), tests, used) for name, tests in suites.items()]
    text = f'{head}<testsuites name="dtovl"{total}>\n{"".join(parts)}</testsuites>\n'
    # In a build's log `##[` and `##vso[` begin commands anywhere in a line.
    return text.replace("##", "#&#35;")


def _by_mark(groups: Iterable[Group]) -> dict[Mark, list[_Found]]:
    """Sort findings to their cases, severe ones first; those of files go by the file as well."""
    found: dict[Mark, list[_Found]] = {}
    for group in by_weight(groups):
        for place in group.places:
            key = mark(place)
            if not place.base or not place.overlays:
                key = place.base, (spot_of(place).file,), _FILES
            found.setdefault(key, []).append(_Found(place.finding, group.severity, group.standing))
    return found


def _case(judged: Judged, found: list[_Found]) -> _Test:
    case = judged.case
    name = case.name or " + ".join(case.overlays)
    test = _Test(case.base, case.base, name, text=_text(found, case))
    if judged.state == "known":
        return test._replace(outcome="skipped", message=_KNOWN)
    if judged.state == "expected":
        reason = judged.reason or "declared in the configuration"
        return test._replace(outcome="skipped", message=f"expected: {reason}")
    if judged.state != "failed":
        return _remarks(test, found)
    new = [one for one in found if one.standing == "new"]
    worst = new[0].finding if new else None
    return test._replace(
        outcome="error" if case.error == UNREADABLE else "failure",
        type=case.error or (worst.code if worst else ""),
        message=worst.message if worst else case.error,
    )


def _apart(key: Mark, found: list[_Found], fail_on: int) -> _Test:
    """Make a test of what is about no case: two overlays that share a base, or a file."""
    base, names, stack = key
    suite = _FILES if stack == _FILES else _BETWEEN
    test = _Test(suite, base or suite, " + ".join(names) or base or suite, text=_text(found))
    heavy = [one for one in found if fail_on and one.severity >= fail_on]
    new = [one.finding for one in heavy if one.standing == "new"]
    if new:
        return test._replace(outcome="failure", type=new[0].code, message=new[0].message)
    if heavy:
        expected = any(one.standing == "expected" for one in heavy)
        return test._replace(outcome="skipped", message="expected" if expected else _KNOWN)
    return _remarks(test, found)


def _remarks(test: _Test, found: Iterable[_Found]) -> _Test:
    """Let a test that passes tell of its warnings."""
    if any(one.severity >= Severity.WARNING for one in found):
        return test._replace(outcome="system-out")
    return test._replace(text="")


def _text(found: Iterable[_Found], case: Case | None = None) -> str:
    """Write verdicts and findings, worst first; all of it is bounded, as parsers of others are."""
    lines = list(_verdicts(case)) if case else []
    size = 0
    for number, one in enumerate(found):
        if one.severity < Severity.WARNING:
            continue
        head, *rest = finding_lines(one.finding, one.severity)
        lines.append(head if one.standing == "new" else f"{head} ({one.standing})")
        lines += rest
        size += sum(min(len(line), LINE) for line in (head, *rest))
        if size > _TEXT:
            lines.append(f"... and what comes after the first {number + 1:,} findings")
            break
    return "\n".join(xml(shorten(line, LINE)) for line in lines)


def _verdicts(case: Case) -> Iterator[str]:
    for one in case.verdicts:
        if one.error:
            named = 0 <= one.failed_at < len(case.overlays)
            which = f" at {case.overlays[one.failed_at]}" if named else ""
            yield f"{one.applier}: {one.error}{which}"
    if case.smallest:
        names = [case.overlays[index] for index in case.smallest if index < len(case.overlays)]
        yield f"these fail without the others: {' + '.join(names)}"


def _counts(tests: list[_Test], *, skipped: bool = False) -> str:
    number = dict.fromkeys(("failure", "error", "skipped"), 0)
    for test in tests:
        if test.outcome in number:
            number[test.outcome] += 1
    counts = f' tests="{len(tests)}" failures="{number["failure"]}" errors="{number["error"]}"'
    return counts + (f' skipped="{number["skipped"]}"' if skipped else "")


def _suite(name: str, tests: list[_Test], used: set[tuple[str, str]]) -> str:
    title = xml(shorten(name, _NAME))
    body = "".join(_test(test, used) for test in tests)
    counts = _counts(tests, skipped=True)
    return f'<testsuite name="{title}"{counts}>\n{body}</testsuite>\n'


def _test(test: _Test, used: set[tuple[str, str]]) -> str:
    classname = xml(shorten(test.classname, _NAME))
    name = _unique(classname, xml(shorten(test.name, _NAME)), used)
    head = f'<testcase classname="{classname}" name="{name}"'
    if not test.outcome:
        return f"{head}/>\n"
    if test.outcome == "system-out":
        return f"{head}><system-out>{test.text}</system-out></testcase>\n"
    message = xml(shorten(test.message, _MESSAGE))
    kind = f' type="{xml(shorten(test.type, _NAME))}"' if test.type else ""
    # GitLab shows the text of an element, Jenkins its message. Findings have the message in them.
    repeat = test.outcome == "skipped" or not test.text
    text = "\n".join(part for part in (message if repeat else "", test.text) if part)
    outcome = f'<{test.outcome}{kind} message="{message}">{text}</{test.outcome}>'
    return f"{head}>{outcome}</testcase>\n"


def _unique(classname: str, name: str, used: set[tuple[str, str]]) -> str:
    number, tried = 1, name
    while (classname, tried) in used:
        number += 1
        tried = f"{name} ({number})"
    used.add((classname, tried))
    return tried
