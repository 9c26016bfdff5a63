"""What a report is made of: lines of styled spans. Plain text joins them, a terminal colours them.

A style is a word for what the text is (`error`, `path`, `old`), never a colour: cli.terminal knows
the colours. Span texts are raw; the medium escapes them, so a node called `[red]` stays text.
"""

from __future__ import annotations

from typing import NamedTuple

Span = tuple[str, str]
"""Style (empty: none) and text."""


class Line(NamedTuple):
    """One line of a report.

    A line with hang >= 0 may be wrapped between words; what follows is indented by hang columns.
    Its first `fixed` spans are never broken: a label, or a code and the path it is about.
    """

    spans: tuple[Span, ...]
    hang: int = -1
    fixed: int = 1


BLANK = Line(())

TAB: Span = ("tab", "\t")
"""The one span whose text is not escaped: it parts the columns of a line that is never wrapped."""


def plain(*texts: str) -> Line:
    """Make a line of unstyled text that is not wrapped."""
    return Line(tuple(("", text) for text in texts))


def amount(number: int, noun: str, plural: str = "") -> str:
    """Write a number with its noun: `1 node`, `12,345 nodes`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
