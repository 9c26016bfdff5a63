"""Links for machines: dtovl-links/1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes.base import Severity
from dtovl.report.json import diagnostic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.links.changes import Change, End, Seen
    from dtovl.links.dmawindows import Reach
    from dtovl.report.links.answer import Answer


def links_object(answer: Answer) -> dict[str, object]:
    """Give all there is: links asked for, what changed of them, findings, counts."""
    links = answer.selection.links(answer.graph.seen)
    changes = answer.changes
    return {
        "schema": "dtovl-links/1",
        "base": answer.base,
        "overlays": list(answer.overlays),
        "removed": answer.removed or None,
        "kinds": sorted(answer.selection.kinds),
        "node": None if answer.node is None else end_object(answer.node),
        "reverse": answer.selection.reverse,
        "links": list(map(seen_object, links)),
        "changes": None if changes is None else [_change_object(one) for one in changes],
        "findings": [
            {**finding.as_object(), "diagnostic": diagnostic(found)}
            for finding, found in answer.findings
        ],
        "events": list(answer.events),
        "dma": None if answer.dma is None else dma_object(answer.dma),
        "counts": _counts(answer, links),
    }


def seen_object(seen: Seen) -> dict[str, object]:
    """Give one link."""
    link = seen.link
    return {
        "node": seen.node.path,
        "property": link.property,
        "index": link.index,
        "name": seen.name or None,
        "kind": link.kind,
        "consumer": end_object(seen.consumer),
        "supplier": end_object(seen.supplier),
        "specifier": list(link.values),
        "strength": seen.strength,
        "usable": link.usable,
        "hidden": link.hidden,
    }


def end_object(end: End) -> dict[str, object]:
    """Give a node at an end of a link."""
    return {
        "path": end.path,
        "labels": list(end.labels),
        "device": end.device or None,
        "address": end.address,
        "disabled": end.off or None,
    }


def dma_object(reach: Reach) -> dict[str, object]:
    """Give what a device can address."""
    return {"bus": reach.at.path, "windows": [window._asdict() for window in reach.windows]}


def _change_object(change: Change) -> dict[str, object]:
    before, after = change.before, change.after
    return {
        "change": change.kind,
        "what": list(change.what),
        "before": None if before is None else seen_object(before),
        "after": None if after is None else seen_object(after),
    }


def _counts(answer: Answer, links: Sequence[Seen]) -> dict[str, int]:
    kinds = [change.kind for change in answer.changes or ()]
    severities = [found.severity for _, found in answer.findings]
    return {
        "links": len(links),
        "added": kinds.count("added"),
        "gone": kinds.count("gone"),
        "changed": kinds.count("changed"),
        "errors": severities.count(Severity.ERROR),
        "warnings": severities.count(Severity.WARNING),
        "infos": severities.count(Severity.INFO),
    }
