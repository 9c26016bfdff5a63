"""An audit as JSON: `dtovl-audit/1`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes.base import Severity
from dtovl.report.audit_words import as_diagnostic
from dtovl.report.json import diagnostic, diagnostics, listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.audit.marks import Given
    from dtovl.audit.result import Audit, Finding
    from dtovl.audit.tie import NodeTie, OverlayTie
    from dtovl.diagnostics import Diagnostic


def audit_document(audit: Audit, log: str, read: Iterable[Diagnostic]) -> str:
    """Write an audit; read are findings about the trees that were read."""
    board = audit.board
    return listing(
        {
            "schema": "dtovl-audit/1",
            "log": log,
            "base": None if board is None else board.base,
            "overlays": [_given(one) for one in board.given] if board is not None else [],
            "lines": audit.lines,
            "known": audit.known,
            "not_kept": audit.more,
            "counts": {
                level.label: sum(one.severity is level for one in audit.findings)
                for level in sorted(Severity, reverse=True)
            },
            "findings": _findings(audit, log),
            "diagnostics": diagnostics(read),
        }
    )


def _given(one: Given) -> dict[str, object]:
    return {
        "place": one.place,
        "id": one.number or None,
        "name": one.name,
        "error": one.error or None,
        "refusal": None if one.refusal is None else diagnostic(one.refusal),
    }


def _findings(audit: Audit, log: str) -> Iterator[dict[str, object]]:
    for found in audit.findings:
        yield {
            **diagnostic(as_diagnostic(found, log, audit.board)),
            "kind": found.kind.name,
            "function": found.kind.function or None,
            "count": found.count,
            "lines": found.numbers,
            "last": found.last,
            "facts": dict(sorted(found.facts.items())),
            "nodes": [_node(one) for one in found.tie.nodes],
            "overlays": [_overlay(one) for one in found.tie.overlays],
            "traces": {trace.section: list(trace.functions) for trace in found.traces},
            "after": _after(found),
        }


def _node(one: NodeTie) -> dict[str, object]:
    return {"role": one.role, "path": one.path, "labels": list(one.labels), "known": one.known}


def _overlay(one: OverlayTie) -> dict[str, object]:
    return {
        "place": one.place,
        "id": one.number or None,
        "name": one.name,
        "fragment": one.fragment or None,
        "why": one.why,
    }


def _after(found: Finding) -> dict[str, object] | None:
    return None if found.after is None else {"line": found.after[0], "path": found.after[1]}
