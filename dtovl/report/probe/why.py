"""Why a device binds when it does, or never: its tries, its suppliers, the chain it waits in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.report.probe.text import column_of, try_lines
from dtovl.report.spans import BLANK, Line, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.report.probe.seen import Cause, Need, Seen, Try, Wait


class Why(NamedTuple):
    """What there is to say about a device.

    asked     the node that was asked about: the device, or a node that lies in it
    standing  how the device ends, in a few words
    tries     each with its number in the log
    needs     suppliers that it names, and how each of these ends
    chain     devices that wait, from this one on; cause is what the last one waits for
    """

    asked: str
    device: str
    standing: str
    tries: tuple[tuple[int, Try], ...]
    needs: tuple[tuple[Need, str], ...]
    chain: tuple[tuple[str, Wait], ...]
    cause: Cause | None


def explain(seen: Seen, asked: str, device: str, otherwise: str) -> Why:
    """Gather what there is to say; otherwise says why a node is no device that drivers try."""
    standing = seen.standing()
    needs = tuple(
        (need, standing.get(need.device, need.state)) for need in seen.needs.get(device, ())
    )
    return Why(
        asked,
        device,
        standing.get(device, otherwise),
        tuple((number, one) for number, one in enumerate(seen.log, 1) if one.device == device),
        needs,
        tuple(_chain(seen, device)),
        seen.causes.get(device),
    )


def _chain(seen: Seen, device: str) -> Iterator[tuple[str, Wait]]:
    """Follow what a device waits for, round a circle once."""
    followed = set()
    while device in seen.waits and device not in followed:
        followed.add(device)
        wait = seen.waits[device]
        yield device, wait
        device = wait.device


def why_lines(why: Why) -> Iterator[Line]:
    """Write why a device binds when it does, or never."""
    yield Line((("path", why.device), ("heading", f": {why.standing}")), hang=2)
    if why.asked != why.device:
        yield Line((("label", "  asked   "), ("path", why.asked), ("", " lies in it")), hang=10)
    if why.chain:
        yield BLANK
        yield Line((("heading", "Waits for"),))
        for device, wait in why.chain:
            named = f"{wait.place}: " if wait.named and wait.place not in wait.reason else ""
            yield Line((("", "  "), ("path", device)))
            yield Line((("dim", "    -> "), ("", f"{named}{wait.reason}")), hang=7)
        if why.cause is not None:
            end = ("path", why.cause.node), ("bad", f" {why.cause.words}")
            yield Line((("", "  "), *end, ("dim", "  (first cause)")), hang=4)
    if why.needs:
        yield BLANK
        yield Line((("heading", "Suppliers"),))
        yield from _need_lines(why)
    if why.tries:
        yield BLANK
        yield Line((("heading", "Tries"),))
        yield from try_lines(why.tries, paths=False)


def _need_lines(why: Why) -> Iterator[Line]:
    places = max(len(need.place) for need, _ in why.needs)
    column = column_of(need.supplier for need, _ in why.needs)
    for need, state in why.needs:
        head = f"  {need.place:<{places}}  "
        gap = " " * (max(column - len(need.supplier), 0) + 2)
        spans: list[Span] = [("name", head), ("path", need.supplier), ("", gap), ("", state)]
        if need.device not in ("", need.supplier):
            spans.append(("dim", f" ({need.device})"))
        yield Line(tuple(spans), hang=len(head) + 2)


def why_object(why: Why) -> dict[str, object]:
    """Give why a device binds when it does, or never, for machines."""
    return {
        "asked": why.asked,
        "device": why.device,
        "standing": why.standing,
        "tries": [{"number": number, "try": list(one)} for number, one in why.tries],
        "suppliers": [
            {
                "property": need.named,
                "index": need.entry,
                "supplier": need.supplier,
                "device": need.device or None,
                "standing": state,
            }
            for need, state in why.needs
        ],
        "chain": [
            {
                "device": device,
                "property": wait.named or None,
                "index": wait.entry if wait.named else None,
                "supplier": wait.supplier or None,
                "reason": wait.reason,
            }
            for device, wait in why.chain
        ],
        "cause": None if why.cause is None else why.cause._asdict(),
    }
