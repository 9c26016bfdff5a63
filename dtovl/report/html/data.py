"""What the page shows, as one block of JSON: every repeated value stands once and goes by number.

A text is a number in `strings`; so 40 boards with one finding hold its texts once. The page's own
script is the only reader, so this is no format with a promise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from dtovl.matrix.checked import Checked, Group, Judged
    from dtovl.matrix.result import Finding, Spot, Verdict


def encode(checked: Checked) -> str:
    r"""Give the data as JSON fit for a `<script type="application/json">` block.

    It is ASCII, and `<`, `>` and `&` are written as `\u003c` and the like: no name can end the
    block, begin a comment in it, or be taken for an end of line.
    Source: HTML Living Standard, 4.12.1.3 (restrictions for contents of script elements).
    """
    import json

    text = json.dumps(_Writer().whole(checked), separators=(",", ":"), ensure_ascii=True)
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


class _Table(dict[Any, int]):
    """Numbers values in the order they are first met; rows are what is written for each."""

    def __init__(self, row: Callable[[Any], object]) -> None:
        self.rows: list[object] = []
        self._row = row

    def __missing__(self, value: Hashable) -> int:
        row = self._row(value)
        number = self[value] = len(self.rows)
        self.rows.append(row)
        return number


class _Writer:
    """Turns values into numbers of their tables."""

    def __init__(self) -> None:
        self.strings = _Table(str)
        self.findings = _Table(self._finding)
        self.verdicts = _Table(self._verdicts)
        self.changes = _Table(self._texts)
        self._text = self.strings.__getitem__

    def whole(self, checked: Checked) -> dict[str, object]:
        written: dict[str, object] = {
            "version": checked.version,
            "fails": checked.fails,
            "failOn": checked.fail_on,
            "shard": checked.shard,
            "compared": checked.compared,
            "appliers": self._texts(checked.appliers),
            "bases": self._texts(checked.bases),
            "overlays": self._texts(checked.overlays),
            "fitsNothing": self._texts(checked.fits_nothing),
            "cases": [self._case(judged) for judged in checked.cases],
            "groups": [self._group(group) for group in checked.groups],
        }
        tables = ("strings", "findings", "verdicts", "changes")
        return written | {name: getattr(self, name).rows for name in tables}

    def _texts(self, texts: Iterable[str]) -> list[int]:
        return list(map(self._text, texts))

    def _spot(self, spot: Spot) -> list[int]:
        return [self._text(spot.file), spot.line, spot.column]

    def _finding(self, found: Finding) -> list[object]:
        return [
            self._text(found.code),
            found.severity,
            self._text(found.path),
            self._text(found.message),
            self._spot(found.at),
            self._text(found.why),
            self._text(found.who),
            self._text(found.fix),
            [[self._text(note.text), self._spot(note.at)] for note in found.notes],
            self._texts(found.kernel),
            self._text(found.excerpt),
        ]

    def _verdicts(self, verdicts: tuple[Verdict, ...]) -> list[list[int]]:
        return [[self._text(one.applier), self._text(one.error), one.failed_at] for one in verdicts]

    def _case(self, judged: Judged) -> list[object]:
        case = judged.case
        row: list[object] = [
            self._text(case.base),
            self._texts(case.overlays),
            self._text(case.name),
            judged.state,
            self.verdicts[case.verdicts],
            list(map(self.findings.__getitem__, case.findings)),
        ]
        # Most cases have no more than this, and there may be very many of them.
        if judged.reason or case.smallest or case.plan or case.more:
            plan = list(map(self.changes.__getitem__, case.plan))
            row += [self._text(judged.reason), case.smallest, plan, case.more]
        return row

    def _group(self, group: Group) -> list[object]:
        places = [
            [
                self._text(place.base),
                self._texts(place.overlays),
                self._text(place.stack),
                self.findings[place.finding],
            ]
            for place in group.places
        ]
        texts = self._texts((group.code, group.name, group.message))
        return [*texts, group.severity, group.standing, places]
