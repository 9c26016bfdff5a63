"""A checked matrix as JSON (schema dtovl-check/1): all of it, so that parts can be merged again."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from dtovl.codes.base import Severity
from dtovl.matrix.checked import Place
from dtovl.matrix.group import short_name
from dtovl.matrix.result import NOWHERE
from dtovl.report.json import listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.matrix.checked import Checked, Group, Judged, Standing
    from dtovl.matrix.result import Change, Finding, Spot

_LABELS = {int(severity): severity.label for severity in Severity}
_FAIL_ON = {0: "never", **_LABELS}


def render(checked: Checked) -> str:
    """Write a checked matrix; one case, group or other finding a line."""
    standings = {place: group.standing for group in checked.groups for place in group.places}
    shown: set[Place] = set()
    cases = (_case(judged, standings, shown) for judged in checked.cases)
    shard = checked.shard
    return listing(
        {
            "schema": "dtovl-check/1",
            "version": checked.version,
            "plan": checked.plan or None,
            "folder": checked.folder or None,
            "shard": None if shard is None else {"number": shard[0], "of": shard[1]},
            "fail_on": _FAIL_ON[checked.fail_on],
            "fails": checked.fails,
            "counts": _counts(checked),
            "appliers": list(checked.appliers),
            "bases": list(checked.bases),
            "overlays": list(checked.overlays),
            "fits_nothing": list(checked.fits_nothing),
            "groups": map(_group, checked.groups),
            "cases": cases,
            "findings": _others(standings, shown),
        }
    )


def _others(standings: dict[Place, Standing], shown: set[Place]) -> Iterator[dict[str, object]]:
    """Give the findings that are no case's, when the cases have been written."""
    for place in sorted(standings.keys() - shown):
        yield {**_place(place), **_finding(place.finding, standings[place])}


def _counts(checked: Checked) -> dict[str, int]:
    states = Counter(judged.state for judged in checked.cases)
    return {
        "cases": len(checked.cases),
        **{state: states[state] for state in ("ok", "warned", "failed", "known", "expected")},
        "compared": checked.compared,
    }


def _group(group: Group) -> dict[str, object]:
    return {
        "code": group.code,
        "name": group.name,
        "severity": _LABELS[group.severity],
        "standing": group.standing,
        "message": group.message,
        "places": [{**_place(place), "path": place.finding.path or None} for place in group.places],
    }


def _place(place: Place) -> dict[str, object]:
    return {
        "base": place.base or None,
        "overlays": list(place.overlays),
        "stack": place.stack or None,
    }


def _case(judged: Judged, standings: dict[Place, Standing], shown: set[Place]) -> dict[str, object]:
    """Give a case with its findings; their places are put among those shown."""
    case = judged.case
    places = [Place(case.base, case.overlays, case.name, finding) for finding in case.findings]
    shown.update(places)
    return {
        "base": case.base,
        "overlays": list(case.overlays),
        "stack": case.name or None,
        "state": judged.state,
        "reason": judged.reason or None,
        "verdicts": [
            {
                "applier": one.applier,
                "error": one.error or None,
                "failed_at": None if one.failed_at < 0 else one.failed_at,
            }
            for one in case.verdicts
        ],
        "smallest": list(case.smallest),
        "findings": [_finding(place.finding, standings[place]) for place in places],
        "plan": [_change(one) for one in case.plan],
        "more": case.more,
    }


def _change(change: Change) -> dict[str, object]:
    return {
        "fragment": change.fragment,
        "path": change.path,
        "kind": change.kind,
        "property": change.property or None,
        "old": change.old or None,
        "new": change.new or None,
    }


def _finding(finding: Finding, standing: Standing) -> dict[str, object]:
    """Give a finding as every report has it, and how it stands."""
    return {
        "code": finding.code,
        "name": short_name(finding.code),
        "severity": _LABELS[finding.severity],
        "standing": standing,
        "path": finding.path or None,
        "message": finding.message,
        "location": _spot(finding.at),
        "excerpt": finding.excerpt or None,
        "why": finding.why or None,
        "who": finding.who or None,
        "notes": [{"text": note.text, "location": _spot(note.at)} for note in finding.notes],
        "fix": finding.fix or None,
        "kernel": list(finding.kernel),
    }


def _spot(spot: Spot) -> dict[str, object] | None:
    if spot == NOWHERE:
        return None
    return {"file": spot.file, "line": spot.line or None, "column": spot.column or None}
