"""Waiting devices as trees: below each first cause those that wait for it, and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from dtovl.report.probe.seen import Cause, Seen, Wait


class Branch(NamedTuple):
    """A device that waits, depth levels below its first cause (from 1)."""

    depth: int
    device: str
    wait: Wait


def trees(seen: Seen, devices: Iterable[str]) -> Iterator[tuple[Cause, list[Branch]]]:
    """Give the first causes of devices that wait, each with the devices below it.

    Every device stands once, however many wait for it, so all together stay as many as they are.
    """
    chosen = dict.fromkeys(devices)
    below: dict[str, list[str]] = {}
    tops: dict[Cause, list[str]] = {}
    members: dict[Cause, list[str]] = {}
    for device in chosen:
        cause = seen.causes[device]
        members.setdefault(cause, []).append(device)
        above = seen.waits[device].device
        if above != device and above in chosen and seen.causes[above] == cause:
            below.setdefault(above, []).append(device)
        else:
            tops.setdefault(cause, []).append(device)
    for cause, group in members.items():
        # A circle has no top: it is entered at the device that stands first.
        starts = (*tops.get(cause, ()), *group)
        yield cause, list(_branches(starts, below, seen.waits))


def _branches(
    starts: Iterable[str], below: Mapping[str, list[str]], waits: Mapping[str, Wait]
) -> Iterator[Branch]:
    shown: set[str] = set()
    for start in starts:
        stack = [(1, start)]
        while stack:
            depth, device = stack.pop()
            if device in shown:
                continue
            shown.add(device)
            yield Branch(depth, device, waits[device])
            stack.extend((depth + 1, one) for one in reversed(below.get(device, ())))


def nearest_to_cause(seen: Seen, devices: Container[str]) -> Iterator[str]:
    """Give of the devices that wait those that wait for no other one of them."""
    for device in seen.deferred:
        if device in devices and seen.waits[device].device not in devices:
            yield device
