"""Which overlays are in force: the answer in one line, then the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.checks.identify import (
    Candidate,
    Identification,
    Status,
    amounts,
    listed,
    undecided_reason,
    unexplained,
)
from dtovl.model.values import render
from dtovl.report.diff import Sides, difference_line, difference_object
from dtovl.report.spans import BLANK, Line, amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dtovl.checks.leftovers import Leftover
    from dtovl.checks.sequence import Before
    from dtovl.model.tree import Tree

_MOST_ABSENT = 20
_MOST_PAIRS = 20


class Answer:
    """An identification and the two trees it is about; names are those of the inputs."""

    __slots__ = ("base", "found", "live", "sides")

    def __init__(
        self, found: Identification, base: Tree, live: Tree, base_name: str, live_name: str
    ) -> None:
        self.found = found
        self.base = base_name
        self.live = live_name
        self.sides = Sides(base, live)


def identify_lines(answer: Answer, *, verbose: bool = False) -> Iterator[Line]:
    """Write the answer for a person: in force, order, not in force, undecided, what is left.

    verbose: also name every overlay that is not in force, and every pair that fixes the order.
    """
    yield Line((("heading", _summary(answer)),), hang=2, fixed=0)
    found = answer.found
    sections = (
        ("in force", _in_force_lines(answer)),
        ("order", _order_lines(found, verbose)),
        ("cannot be told", _undecided_lines(answer)),
        ("not in force", _absent_lines(answer, verbose)),
        ("set by the boot loader", _leftover_lines(answer, ("loader",))),
        ("unexplained", _leftover_lines(answer, ("unexplained", "perhaps-loader"))),
    )
    for title, lines in sections:
        first = next(lines, None)
        if first is not None:
            yield BLANK
            yield Line((("heading", title),))
            yield first
            yield from lines


def identify_object(answer: Answer) -> dict[str, object]:
    """Give the answer for machines."""
    found = answer.found
    return {
        "base": answer.base,
        "live": answer.live,
        "in_force": [one.overlay.name for one in found.in_force()],
        "overlays": [_candidate_object(answer, one) for one in found.candidates],
        "order": [
            {
                "first": pair.first.overlay.name,
                "second": pair.second.overlay.name,
                "reason": pair.reason,
                "path": found.places.path(pair.spot[0]),
                "property": pair.spot[1] or None,
            }
            for pair in found.order.before
        ],
        "either_order": [one.overlay.name for one in found.order.free()],
        "by_phandles": [one.overlay.name for one in found.order.numbered],
        "differences": [
            {
                **difference_object(one.found, answer.sides),
                "cause": one.cause,
                "overlay": found.candidates[one.owner - 1].overlay.name if one.owner else None,
            }
            for one in found.rebuilt.leftovers
        ],
        "unexplained": len(unexplained(found.rebuilt)),
    }


def _summary(answer: Answer) -> str:
    found = answer.found
    names = [_short(answer.base)]
    for one in found.in_force():
        partly = f" (partly: {one.found} of {one.changes})" if one.status is Status.PARTLY else ""
        names.append(_short(one.overlay.name) + partly)
    text = " + ".join(names)
    if len(names) == 1:
        text += ", no overlay"
    left = unexplained(found.rebuilt)
    text += f"; {amounts(left)} unexplained" if left else "; nothing unexplained"
    undecided = len(found.of(Status.UNDECIDED))
    return text + (f"; {amount(undecided, 'overlay')} undecided" if undecided else "")


def _short(name: str) -> str:
    """Give the name of a file without its folder; the whole names stand in the sections below."""
    return name.rstrip("/").rpartition("/")[2] or name


# -- overlays --------------------------------------------------------------------------------------


def _in_force_lines(answer: Answer) -> Iterator[Line]:
    found = answer.found
    members = found.in_force()
    width = _width(members)
    digits = len(str(len(members)))
    for place, one in enumerate(members, 1):
        name = f"  {place:>{digits}}  {one.overlay.name:<{width}}"
        hang = len(name) + 2
        yield Line((("path", name), ("", f"  {_evidence(answer, one)}")), hang=_hang(hang))
        for leftover in found.rebuilt.leftovers:
            if leftover.cause == "missing" and leftover.owner == one.number:
                yield difference_line(leftover.found, answer.sides, indent=hang)
    for trace in found.rebuilt.refused:
        text = "  cannot be applied in this order, by boot loader or Linux"
        yield Line((("path", f"  {trace.overlay.name}"), ("", text)), hang=4)


def _evidence(answer: Answer, one: Candidate) -> str:
    parts = [f"{one.found:,} of {amount(one.changes, 'change')} found"]
    if one.overridden:
        parts.append(f"{one.overridden:,} overridden since")
    if one.changed:
        parts.append(f"{one.changed:,} changed since by others")
    if one.missing:
        parts.append(f"{len(one.missing):,} not there")
    dialect = answer.found.rebuilt.appliers.get(one.number)
    if dialect is not None:
        parts.append(f"applied by {dialect.phrase.partition(' (')[0]}")
    if one.instead:
        names = listed([other.overlay.name for other in one.instead])
        parts.append(f"or {names} in its place, with the same result")
    return ", ".join(parts)


def _order_lines(found: Identification, verbose: bool) -> Iterator[Line]:
    order = found.order
    if len(order.order) < 2:
        return
    pairs = order.before if verbose else order.before[:_MOST_PAIRS]
    for pair in pairs:
        yield Line((("", f"  {_pair(found, pair)}"),), hang=4, fixed=0)
    if len(pairs) < len(order.before):
        more = amount(len(order.before) - len(pairs), "more pair")
        yield Line((("dim", f"  and {more}, shown with -v"),), hang=4, fixed=0)
    free = [one.overlay.name for one in order.free()]
    if len(free) == len(order.order):
        yield Line((("", "  either order: the tree is the same in any"),), hang=4, fixed=0)
    elif free:
        yield Line((("", f"  {listed(free)}: either order"),), hang=4, fixed=0)
    if order.numbered and free:
        names = ", then ".join(one.overlay.name for one in order.numbered)
        yield Line((("", f"  by the numbers of phandles: {names}"),), hang=4, fixed=0)


def _pair(found: Identification, pair: Before) -> str:
    first, second = pair.first.overlay.name, pair.second.overlay.name
    spot = found.spot(pair.spot)
    if pair.reason == "needs":
        place, key = pair.spot
        what = f"label {key}" if place == found.places.symbols and key else f"node {spot}"
        return f"{second} after {first}: needs its {what}"
    if pair.reason == "relabels":
        return f"{second} after {first}: gives label {pair.spot[1]}, which that uses, to another"
    more = f" and {pair.more} more" if pair.more else ""
    return f"{second} after {first}: both set {spot}{more}"


def _undecided_lines(answer: Answer) -> Iterator[Line]:
    chosen = answer.found.of(Status.UNDECIDED)
    for one in chosen:
        yield _named(one, _width(chosen), undecided_reason(one, answer.base))


def _absent_lines(answer: Answer, verbose: bool) -> Iterator[Line]:
    found = answer.found
    chosen = found.of(Status.ABSENT, Status.REFUSED)
    shown = chosen if verbose else chosen[:_MOST_ABSENT]
    for one in shown:
        yield _named(one, _width(shown), _absence(answer, one))
    if len(shown) < len(chosen):
        yield Line((("dim", f"  and {len(chosen) - len(shown):,} more, shown with -v"),))


def _absence(answer: Answer, one: Candidate) -> str:
    if one.status is Status.REFUSED:
        return one.reason
    return f"{one.found:,} of {amount(one.changes, 'change')} found; {_lack(answer, one)}"


def _lack(answer: Answer, one: Candidate) -> str:
    """Say what the live tree has where the first of the missing changes would be."""
    place, key = one.missing[0].spot
    name = answer.found.spot(one.missing[0].spot)
    node = answer.found.places.nodes[place]
    value = None if node is None else node.properties.get(key)
    if node is None or value is None:
        return f"there is no {name}"
    text = render(value, name=key, references=answer.sides.b.names(node, key, value), limit=60)
    return f"{name} is {text or 'empty'}, as in {_short(answer.base)}"


def _named(one: Candidate, width: int, text: str) -> Line:
    name = f"  {one.overlay.name:<{width}}"
    return Line((("path", name), ("", f"  {text}")), hang=_hang(len(name) + 2))


_MOST_WIDTH = 30


def _width(candidates: Sequence[Candidate]) -> int:
    """Give the width of a column of names; long ones do not widen it."""
    widths = [len(one.overlay.name) for one in candidates]
    return max((width for width in widths if width <= _MOST_WIDTH), default=0)


def _hang(column: int) -> int:
    return min(column, _MOST_WIDTH + 8)


# -- what is left ----------------------------------------------------------------------------------


def _leftover_lines(answer: Answer, causes: Iterable[str]) -> Iterator[Line]:
    for one in answer.found.rebuilt.leftovers:
        if one.cause in causes:
            yield difference_line(one.found, answer.sides, indent=2, remark=_remark(answer, one))


def _remark(answer: Answer, one: Leftover) -> str:
    parts = []
    if one.owner:
        parts.append(f"set by {answer.found.candidates[one.owner - 1].overlay.name} first")
    if one.cause == "perhaps-loader":
        parts.append("a boot loader may have done it")
    return f"  ({'; '.join(parts)})" if parts else ""


def _candidate_object(answer: Answer, one: Candidate) -> dict[str, object]:
    dialect = answer.found.rebuilt.appliers.get(one.number)
    return {
        "overlay": one.overlay.name,
        "status": one.status.value,
        "changes": one.changes,
        "found": one.found,
        "overridden": one.overridden,
        "changed": one.changed,
        "missing": [answer.found.spot(fact.spot) for fact in one.missing],
        "others": [other.overlay.name for other in one.others],
        "instead": [other.overlay.name for other in one.instead],
        "applier": None if dialect is None else dialect.name,
        "reason": _reason(answer, one),
    }


def _reason(answer: Answer, one: Candidate) -> str | None:
    if one.status is Status.UNDECIDED:
        return undecided_reason(one, answer.base)
    if one.status in (Status.ABSENT, Status.REFUSED):
        return _absence(answer, one)
    return None
