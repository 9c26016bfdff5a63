"""A predicted probe order for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.report.json import diagnostic, diagnostics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.diagnostics import Diagnostic
    from dtovl.report.probe.answer import Answer, Settings
    from dtovl.report.probe.difference import Bound, Difference
    from dtovl.report.probe.seen import Group, Seen


def probe_object(answer: Answer, remarks: Iterable[Diagnostic]) -> dict[str, object]:
    """Give what is predicted; remarks are findings about the inputs."""
    seen, found = answer.seen, answer.difference
    return {
        "schema": "dtovl-probe/1",
        "file": answer.base,
        "overlays": list(answer.overlays),
        "settings": _settings(answer.settings),
        "order": list(seen.order),
        "log": [list(one) for one in seen.log],
        "deferred": seen.deferred,
        "failed": seen.failed,
        "unmatched": list(seen.unmatched),
        "never_added": list(seen.never_added),
        "sync_pending": {path: list(held_by) for path, held_by in seen.sync_pending.items()},
        "chains": _chains(seen),
        "groups": [_group(group) for group in seen.groups],
        "difference": None if found is None else _difference(found),
        "findings": [
            {**diagnostic(told.diagnostic), "device": told.device, "caused": told.caused}
            for told in answer.findings
        ],
        "diagnostics": diagnostics(remarks),
    }


def _settings(settings: Settings) -> dict[str, object]:
    return settings._asdict()


def _chains(seen: Seen) -> dict[str, object]:
    """Give what each device waits for; following `device` from one to the next leads to `cause`.

    Whole chains would repeat their ends again and again, a line of devices n times n of them.
    """
    found: dict[str, object] = {}
    for path, wait in seen.waits.items():
        cause = seen.causes[path]
        found[path] = {
            "supplier": wait.supplier or None,
            "device": wait.device or None,
            "property": wait.named or None,
            "index": wait.entry if wait.named else None,
            "reason": wait.reason,
            "cause": {"node": cause.node, "kind": cause.kind, "words": cause.words},
        }
    return found


def _group(group: Group) -> dict[str, object]:
    return {
        "iommu": group.iommu,
        "id": list(group.id),
        "masters": [
            {
                "device": one.device,
                "number": one.place or None,
                "late": one.late,
                "bypasses": one.bypasses,
            }
            for one in group.masters
        ],
    }


def _difference(found: Difference) -> dict[str, object]:
    return {
        "bound": [{"device": path, **_bound(how)} for path, how in found.bound.items()],
        "unbound": [{"device": path, **_bound(how)} for path, how in found.unbound.items()],
        "moved": [
            {
                "device": move.device,
                "later": move.later,
                "before": _bound(move.before),
                "after": _bound(move.after),
            }
            for move in found.moved
        ],
        "deferred": found.deferred,
        "failed": found.failed,
        "released": found.released,
        "reworded": {
            path: {"before": before, "after": after}
            for path, (before, after) in found.reworded.items()
        },
        "unmatched": list(found.unmatched),
        "never_added": list(found.never_added),
        "sync_pending": {path: list(held_by) for path, held_by in found.sync_pending.items()},
        "sync_released": list(found.freed),
    }


def _bound(how: Bound) -> dict[str, object]:
    return {
        "number": how.place,
        "stage": how.stage,
        "tries": how.tries,
        "waited": how.waited or None,
    }
