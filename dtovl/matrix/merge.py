"""Parts of a run, read from their JSON reports, put together to what one run would have given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl._version import __version__
from dtovl.codes.matrix import BASELINE_STALE, PARTS_DIFFER, PARTS_INCOMPLETE
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError
from dtovl.matrix.group import group
from dtovl.matrix.partform import read_checked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.matrix.checked import Checked, Judged, Place, Standing

_MOST_SHOWN = 8

# What all parts of a run have in common, and the words for it.
_COMMON = {
    "version": "version of dtovl",
    "plan": "plan",
    "folder": "folder of the configuration",
    "fail_on": "`--fail-on`",
    "appliers": "appliers",
    "bases": "bases",
    "overlays": "overlays",
    "fits_nothing": "overlays that go with no base",
}


def read_part(text: str, name: str) -> Checked:
    """Read a JSON report of this version of dtovl, whoever wrote it.

    name is what messages call it. Raises InputError (DT627; DT628 for another version).
    """
    checked = read_checked(text, name)
    if checked.version != __version__:
        what = f"{name} is of dtovl {checked.version[:40]}, this is {__version__}"
        raise InputError(Diagnostic(PARTS_DIFFER, what=what))
    return checked


def merge(parts: Sequence[Checked]) -> Checked:
    """Put the parts of a run together, in any order: the same as one run over everything.

    Raises InputError: DT628 for parts that do not belong together, DT629 where one is missing or
    there twice.
    """
    if not parts:
        raise InputError(Diagnostic(PARTS_INCOMPLETE, what="there is none"))
    first = parts[0]
    if len(parts) == 1 and first.shard is None:
        return first
    ordered = _in_order(parts)
    for part in ordered:
        _compare(ordered[0], part)
    return first._replace(
        cases=_cases(ordered),
        groups=group(_standings(ordered)),
        compared=sum(part.compared for part in ordered),
        shard=None,
    )


def _in_order(parts: Sequence[Checked]) -> list[Checked]:
    """Sort parts by their numbers, of which none may be missing or there twice."""
    numbered: dict[int, Checked] = {}
    twice: set[int] = set()
    wholes = {part.shard[1] for part in parts if part.shard is not None}
    for part in parts:
        if part.shard is None:
            what = f"one of the {len(parts)} reports is that of a whole run"
            raise InputError(Diagnostic(PARTS_DIFFER, what=what))
        number = part.shard[0]
        if number in numbered:
            twice.add(number)
        numbered[number] = part
    if len(wholes) > 1:
        counts = ", ".join(f"1/{whole}" for whole in sorted(wholes))
        what = f"they were cut in different ways, as by --shard {counts}"
        raise InputError(Diagnostic(PARTS_DIFFER, what=what))
    whole = wholes.pop()
    missing = [number for number in range(1, whole + 1) if number not in numbered]
    problems = [_told(missing, whole, "missing"), _told(sorted(twice), whole, "there twice")]
    if missing or twice:
        what = "; ".join(problem for problem in problems if problem)
        raise InputError(Diagnostic(PARTS_INCOMPLETE, what=what))
    return [numbered[number] for number in sorted(numbered)]


def _told(numbers: list[int], whole: int, what: str) -> str:
    if not numbers:
        return ""
    shown = ", ".join(f"{number}/{whole}" for number in numbers[:_MOST_SHOWN])
    rest = len(numbers) - _MOST_SHOWN
    verb = "is" if len(numbers) == 1 else "are"
    return f"{shown}{f' and {rest} more' if rest > 0 else ''} {verb} {what}"


def _compare(first: Checked, part: Checked) -> None:
    for key, word in _COMMON.items():
        if getattr(first, key) != getattr(part, key):
            numbers = [one.shard[0] for one in (first, part) if one.shard is not None]
            what = f"part {numbers[0]} and part {numbers[1]} have another {word}"
            raise InputError(Diagnostic(PARTS_DIFFER, what=what))


def _cases(parts: Sequence[Checked]) -> tuple[Judged, ...]:
    """Give the cases of all parts in the order of the plan: base after base."""
    order = {base: number for number, base in enumerate(parts[0].bases)}
    seen = set()
    for part in parts:
        for judged in part.cases:
            key = (judged.case.base, judged.case.overlays, judged.case.name)
            if key in seen:
                what = f"{', '.join(key[1])} on {key[0]} is in more than one of them"
                raise InputError(Diagnostic(PARTS_DIFFER, what=what))
            seen.add(key)
    cases = [judged for part in parts for judged in part.cases]
    return tuple(sorted(cases, key=lambda one: order.get(one.case.base, len(order))))


def _standings(parts: Sequence[Checked]) -> dict[Place, Standing]:
    """Give what every finding stands as.

    An entry of the baseline about an overlay file is stale where no part has found it any more; for
    others the part that has the base decides.
    """
    bases = frozenset(parts[0].bases)
    standings: dict[Place, Standing] = {}
    stale: dict[Place, int] = {}
    for part in parts:
        for one in part.groups:
            for place in one.places:
                standings.setdefault(place, one.standing)
                if one.code == BASELINE_STALE.number and place.base not in bases:
                    stale[place] = stale.get(place, 0) + 1
    for place, count in stale.items():
        if count < len(parts):
            del standings[place]
    return standings
