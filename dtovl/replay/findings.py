"""The findings of a replay, each given once, with the events that led to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.replay import BY_NUMBER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dtovl.codes.base import Code, Severity
    from dtovl.replay.records import Record


class Finding(NamedTuple):
    """Something found; path and phandle are those of the node concerned, line that of the log."""

    code: Code
    severity: Severity
    path: str | None
    phandle: int | None
    line: int | None
    message: str
    chain: tuple[tuple[str, Record, int], ...]

    def explain(self) -> list[tuple[int | None, str]]:
        """List what led to this: (line, sentence), in the order in which it happened."""
        told = [
            (event.number, event.line, f"{path} {event.text}")
            for path, record, count in self.chain
            for event in record.events[:count]
        ]
        return [(line, sentence) for _, line, sentence in sorted(told, key=lambda one: one[0])]


class Findings:
    """Collects findings: one for each code, path, phandle and line, the gravest."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: dict[tuple[str, str | None, int | None, int | None], Finding] = {}

    def add(
        self,
        number: str,
        path: str | None,
        phandle: int | None,
        line: int | None,
        chain: Sequence[tuple[str, Record]] = (),
        *,
        message: str = "",
        severity: Severity | None = None,
        facts: Mapping[str, object] | None = None,
    ) -> None:
        """Note a finding; a phandle of 0 is none.

        facts are the fields of the code's message, which message replaces.
        """
        code = BY_NUMBER[number]
        phandle = phandle or None
        grave = code.severity if severity is None else severity
        key = (number, path, phandle, line)
        known = self._found.get(key)
        if known is not None and known.severity >= grave:
            return
        text = message or code.message.format(path=path, **(facts or {}))
        links = tuple((where, record, len(record.events)) for where, record in chain)
        self._found[key] = Finding(code, grave, path, phandle, line, text, links)

    def ordered(self) -> list[Finding]:
        """List the findings by line (none last), code, path, phandle (none first)."""
        return sorted(self._found.values(), key=_place)


def _place(one: Finding) -> tuple[bool, int, str, str, int]:
    return one.line is None, one.line or 0, one.code.number, one.path or "", one.phandle or 0
