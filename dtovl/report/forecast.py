"""What removing overlays would do: one line about a stack, a table of its overlays, JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.report.spans import Line, amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.checks.forecast import Forecast, Removal


def summary_line(forecast: Forecast) -> Line | None:
    """Say in one line what removing a stack would do; None for one that the kernel refuses."""
    removals = forecast.removals
    if forecast.refused or not removals:
        return None
    parts = [_gives_back(forecast), _leaking(removals)]
    waiting = sum(removal.blocked is not None for removal in removals)
    if waiting:
        verb = "waits" if waiting == 1 else "wait"
        parts.append(f"{waiting} of {amount(len(removals), 'overlay')} {verb} for later ones")
    loose = sum(len(removal.loose) for removal in removals)
    if loose:
        parts.append(f"{amount(loose, 'reference')} would dangle in another order")
    if waiting or loose:
        parts.append("see --forecast")
    return Line((("label", "removal at run time: "), ("", "; ".join(parts))), hang=2)


def forecast_lines(forecast: Forecast) -> Iterator[Line]:
    """Say what removing each overlay would do, a line for each."""
    head = ("heading", f"Removal from {forecast.dialect.title}: ")
    if not forecast.removals:
        yield Line((head, ("", f"nothing to remove, as {forecast.refused} is refused")), hang=2)
        return
    same = all(removal.restores for removal in forecast.removals)
    yield Line((head, ("", _gives_back(forecast) + (", order included" if same else ""))), hang=2)
    for removal in forecast.removals:
        name = ("path", f"  {removal.number} {removal.name}: ")
        yield Line((name, ("", "; ".join(_parts(forecast, removal)))), hang=4)
    if forecast.refused:
        place = len(forecast.removals) + 1
        yield Line((("path", f"  {place} {forecast.refused}: "), ("", "refused")), hang=4)


def _gives_back(forecast: Forecast) -> str:
    order = "newest first " if len(forecast.removals) > 1 else ""
    same = all(removal.restores for removal in forecast.removals)
    return f"{order}gives back the base{'' if same else ' in another order'}"


def _parts(forecast: Forecast, removal: Removal) -> Iterator[str]:
    blocked = removal.blocked
    if blocked is not None:
        names = [forecast.removals[one.number - 1].name for one in blocked.newest[:3]]
        more = blocked.in_all - len(names)
        others = f" and {more} more" if more else ""
        yield f"only after {', '.join(names)}{others}"
    loose = len(removal.loose)
    if loose:
        yield f"{amount(loose, 'reference')} would dangle"
    yield _leaking([removal])


def _leaking(removals: list[Removal]) -> str:
    count = sum(len(removal.leaks) for removal in removals)
    if not count:
        return "nothing leaks"
    size = amount(sum(removal.leaked_bytes for removal in removals), "byte")
    verb = "leaks" if count == 1 else "leak"
    return f"{amount(count, 'property', 'properties')} ({size}) {verb}"


def forecast_object(forecast: Forecast | None) -> dict[str, object] | None:
    """Give a forecast for machines."""
    if forecast is None:
        return None
    return {
        "kernel": forecast.dialect.title,
        "refused": forecast.refused or None,
        "overlays": [_removal_object(forecast, removal) for removal in forecast.removals],
    }


def _removal_object(forecast: Forecast, removal: Removal) -> dict[str, object]:
    return {
        "overlay": removal.number,
        "name": removal.name,
        "restores": removal.restores,
        "leaks": [
            {"path": leak.node.path, "property": leak.property, "bytes": leak.size}
            for leak in removal.leaks
        ],
        "leaked_bytes": removal.leaked_bytes,
        "blocked": _blocked_object(forecast, removal),
        "dangling": [
            {
                "kind": found.kind,
                "path": found.path,
                "property": found.property,
                "offset": found.offset,
                "target": found.target,
                "holder": found.holder,
                "holder_name": forecast.holder_name(found),
                "guarded": removal.guarded(found),
            }
            for found in removal.dangling
        ],
    }


def _blocked_object(forecast: Forecast, removal: Removal) -> dict[str, object] | None:
    blocked = removal.blocked
    if blocked is None:
        return None
    return {
        "count": blocked.in_all,
        "by": [
            {
                "overlay": one.number,
                "name": forecast.removals[one.number - 1].name,
                "path": one.path or "/",
                "own": one.own,
                "other": one.other,
            }
            for one in blocked.newest
        ],
        "kernel": list(removal.kernel),
    }
