"""The findings of a forecast: leaks, what would dangle, and what is in the way of a removal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.checks.subject import counted
from dtovl.codes import ownership as codes
from dtovl.diagnostics import Note, Sink

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dtovl.checks.dangling import Dangling
    from dtovl.checks.forecast import Forecast, Removal
    from dtovl.diagnostics import Diagnostic
    from dtovl.model.tree import Tree

_MOST_LINES = 8
_MOST_NOTES = 5
_LEAK_LINE = "OF: overlay: WARNING: memory leak will occur if overlay removed, property: "


def removal_findings(forecast: Forecast, tree: Tree) -> list[Diagnostic]:
    """List what there is to say about the removals of a forecast, worst first, then by overlay."""
    sink = Sink()
    users = _users(forecast)
    for removal in forecast.removals:
        for found in removal.loose:
            _dangling(sink, forecast, removal, found)
        if removal.blocked is not None:
            _blocked(sink, forecast, removal)
        if removal.leaks:
            _leaks(sink, forecast, removal, _cure(forecast, removal, tree, users))
    return sorted(sink, key=lambda found: -found.severity)


def _who(forecast: Forecast, removal: Removal) -> str:
    if len(forecast.removals) == 1:
        return removal.name
    return f"overlay {removal.number} ({removal.name})"


def _leaks(sink: Sink, forecast: Forecast, removal: Removal, cure: str) -> None:
    leaks = removal.leaks
    shown = [f"{_LEAK_LINE}{leak.node.kernel_path}/{leak.property}" for leak in leaks[:_MOST_LINES]]
    if len(leaks) > _MOST_LINES:
        shown.append(f"and {len(leaks) - _MOST_LINES} more lines")
    size = counted(removal.leaked_bytes, "byte")
    sink.report(
        codes.LEAK,
        path=leaks[0].node.path,
        at=leaks[0].at,
        why="Linux keeps what an overlay has set on nodes that it did not make",
        who=_who(forecast, removal),
        kernel=tuple(shown),
        count=f"{counted(len(leaks), 'property', 'properties')}, {size} of names and values",
        overlay=removal.name,
        cure=cure,
    )


def _cure(forecast: Forecast, removal: Removal, tree: Tree, users: Mapping[str, list[int]]) -> str:
    """Say how to rewrite an overlay so that it leaks less; users are those of labels."""
    labels = {leak.property for leak in removal.leaks if leak.node is tree.symbols}
    cures = []
    if len(labels) < len(removal.leaks):
        cures.append("let the overlay bring whole nodes where that can be")
    if labels:
        # Users of a label of this overlay come after it.
        first = min((users[label][0] for label in labels if label in users), default=None)
        if first is None:
            cures.append("compile it without `-@`")
        else:
            cures.append(f"keep its labels, which {forecast.removals[first].name} wants")
    return "; ".join(cures)


def _users(forecast: Forecast) -> dict[str, list[int]]:
    """Map each label that overlays want to their places in the list of removals, in order."""
    users: dict[str, list[int]] = {}
    for place, removal in enumerate(forecast.removals):
        for fixup in removal.outcome.overlay.plan(forecast.dialect).fixups:
            users.setdefault(fixup.label, []).append(place)
    return users


def _dangling(sink: Sink, forecast: Forecast, removal: Removal, found: Dangling) -> None:
    holder = forecast.holder_name(found)
    kind = "label" if found.kind == "symbol" else found.kind
    if found.holder:
        cure = f"remove {holder} first, or make one overlay of the two"
    else:
        cure = f"keep {removal.name} in force, or let it bring this property as well"
    if found.kind == "phandle":
        code = codes.DANGLING_PHANDLE
        why = "Linux removes an overlay whatever refers to its nodes; the number may be given anew"
    else:
        code = codes.DANGLING_PATH
        why = "Linux removes an overlay whatever names its nodes"
    sink.report(
        code,
        path=found.path,
        at=found.at,
        why=f"{why}; the property is of {holder}",
        who=_who(forecast, removal),
        kind=kind,
        property=found.property,
        target=found.target,
        overlay=removal.name,
        cure=cure,
    )


def _blocked(sink: Sink, forecast: Forecast, removal: Removal) -> None:
    blocked = removal.blocked
    assert blocked is not None
    first = blocked.first
    names = [forecast.removals[one.number - 1].name for one in blocked.newest]
    other = forecast.removals[first.number - 1].name
    notes = [
        Note(f"{name} {one.other}; {removal.name} {one.own}")
        for name, one in zip(names, blocked.newest, strict=True)
        if one.number != first.number
    ]
    more = blocked.in_all - 1 - len(notes[:_MOST_NOTES])
    told = notes[:_MOST_NOTES] + ([Note(f"and {more} more")] if more else [])
    order = names[:_MOST_NOTES] if blocked.in_all <= _MOST_NOTES else []
    sink.report(
        codes.REMOVAL_BLOCKED,
        path=first.path or "/",
        why=f"{other} {first.other}; {removal.name} {first.own}",
        who=_who(forecast, removal),
        notes=tuple(told),
        kernel=removal.kernel,
        overlay=removal.name,
        blockers=names[0] if blocked.in_all == 1 else f"{blocked.in_all} later overlays",
        verb="is" if blocked.in_all == 1 else "are",
        cure=f"remove newest first: {_sequence([*order, removal.name])}"
        if order
        else "remove newest first",
    )


def _sequence(names: Iterable[str]) -> str:
    return ", then ".join(names)
