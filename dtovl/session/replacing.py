"""The step of a journal that replaces overlays, and finding the overlays that are meant."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dtovl.codes.replacing import OVERLAY_UNKNOWN
from dtovl.diagnostics import Diagnostic
from dtovl.errors import UsageError
from dtovl.session.journal import Operation
from dtovl.session.replay import Replay

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dtovl.script.machine import Machine
    from dtovl.session.content import Content
    from dtovl.session.journal import Journal
    from dtovl.session.session import Session


def replace_step(
    journal: Journal, machine: Machine, old: Sequence[int], new: Sequence[Content]
) -> tuple[dict[str, object], list[bytes]]:
    """Give the step that replaces overlays, and the digests of the new ones, which are entered.

    The ids count; the names of the old ones are for those who read the journal. One that is named
    twice is meant once.
    """
    old = list(dict.fromkeys(old))
    names: list[str] = []
    keys: list[bytes] = []
    for one in new:
        name, key = journal.add_blob(one.name, one.data)
        names.append(name)
        keys.append(key)
    found = [machine.overlays.find(number) for number in old]
    step: dict[str, object] = {
        "op": "replace",
        "old": old,
        "overlays": ["" if one is None else one.name for one in found],
        "new": names,
        "contents": [key.hex() for key in keys],
    }
    return step, keys


def try_replacement(
    journal: Journal, session: str, old: Sequence[int], new: Sequence[Content]
) -> Operation:
    """Tell what would come of a replacement now. A machine cannot be moved back: it is tried on one
    that is made anew.
    """
    tried = journal.copy()
    tried.cut()
    replay = Replay(tried, session)
    replay.advance(journal.head.position)
    step, _ = replace_step(tried, replay.machine, old, new)
    result = replay.step(step)
    number = 0 if replay.machine.gone else journal.head.position + 1
    return Operation(number, step, result, replay.findings[-1], in_force=False)


def find_listed(session: Session, wanted: Iterable[str]) -> list[int]:
    """Find overlays of a session by id or by name: the whole one, or its last part.

    Raises UsageError (DT270) for one that is not in the list, or for a name that several have.
    """
    listed = {one.number: one.name for one in session.machine.overlays.listed}
    return [_find(session, listed, one) for one in wanted]


def _find(session: Session, listed: dict[int, str], wanted: str) -> int:
    from shlex import quote

    digits = wanted.removeprefix("#")
    if digits.isascii() and digits.isdigit() and len(digits) <= 10 and int(digits) in listed:
        return int(digits)
    found = [number for number, name in listed.items() if name == wanted]
    if not found:
        found = [number for number, name in listed.items() if os.path.basename(name) == wanted]
    if len(found) == 1:
        return found[0]
    raise UsageError(
        Diagnostic(
            OVERLAY_UNKNOWN,
            wanted=wanted,
            name=session.name,
            session=quote(session.name),
            hint=_hint(session, listed, wanted, found),
        )
    )


def _hint(session: Session, listed: dict[int, str], wanted: str, found: list[int]) -> str:
    """Say which overlays may be meant."""
    from difflib import get_close_matches

    if found:
        return " alone: it is the name of " + ", ".join(f"#{number}" for number in found)
    for number, name in session.machine.overlays.reserved.items():
        if wanted.removeprefix("#") == str(number) or wanted in (name, os.path.basename(name)):
            return f" any more: #{number} was replaced, and its nodes are still held"
    names = {os.path.basename(name): number for number, name in listed.items()}
    close = get_close_matches(os.path.basename(wanted)[:200], list(names), 1)
    return f"; did you mean {close[0]} (#{names[close[0]]})?" if close else ""
