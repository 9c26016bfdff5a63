"""The log of a live tree as recordings write it: kernel lines and events, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.live.objects import DeviceEvent, Injected, Overlaid
from dtovl.overlay.outcome import LogLine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.live.objects import Property
    from dtovl.live.state import LogEntry
    from dtovl.model.node import Node

_DRIVER_CALLS = ("probe", "remove")


def render_log(log: Iterable[LogEntry]) -> list[dict[str, Any]]:
    """Write log entries as plain values; see the recordings' description of `log`."""
    return [_render(entry) for entry in log]


def _render(entry: LogEntry) -> dict[str, Any]:
    if isinstance(entry, LogLine):
        return {"level": entry.level, "text": entry.text}
    if isinstance(entry, Overlaid):
        return {
            "event": "overlay",
            "action": entry.action,
            "target": entry.target.path,
            "overlay": entry.content.kernel_path,
        }
    if isinstance(entry, Injected):
        return {"event": "inject", "errno": entry.error}
    if isinstance(entry, DeviceEvent):
        return _device(entry)
    return _reconfig(*entry)


def _reconfig(
    action: str, node: Node, prop: Property | None, old: Property | None
) -> dict[str, Any]:
    found: dict[str, Any] = {"event": "reconfig", "action": action, "node": node.path}
    if prop is not None:
        found["property"] = prop.name
        found["length"] = len(prop.value)
    if old is not None:
        found["old_length"] = len(old.value)
    return found


def _device(entry: DeviceEvent) -> dict[str, Any]:
    if entry.action in _DRIVER_CALLS:
        result: int | str = entry.result or 0
        return {"event": entry.action, "device": entry.device, "ret": result}
    return {
        "event": "device",
        "action": entry.action,
        "device": entry.device,
        "node": entry.node.path,
    }
