"""Explaining lines of the kernel log: what one means, what it is about, how to mend it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from dtovl.checks.kernel_kinds import KINDS, Kind
from dtovl.model.errnos import ERRNO

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

_MAX_LENGTH = 1 << 16
"""Longest line that is looked at, in characters; the kernel's own log cuts lines at 1,024."""

# What dmesg, the kernel itself, or a system log write before a line.
_BEFORE = r"(?:[^\[<]{0,80}\bkernel: )?(?:<\d{1,3}>)?(?:\[[ .\d]{1,24}\] )?"


class Explanation:
    """What one line means.

    node is a path ("/" for the root, which the kernel prints as nothing), number the id of an
    overlay, count a reference count or a number of cells; None where the line has none. error is
    as `-EBUSY`, or a number where it is none of the errors known here. facts are all groups of the
    pattern as they are written in the line.
    """

    __slots__ = ("facts", "kind", "text")

    def __init__(self, text: str, kind: Kind, facts: Mapping[str, str]) -> None:
        self.text = text
        self.kind = kind
        self.facts = facts

    @property
    def means(self) -> str:
        """Give the meaning in a sentence."""
        return self.kind.means

    @property
    def fix(self) -> str:
        """Give the cure, "" where there is nothing to do."""
        return self.kind.fix

    @property
    def code(self) -> str:
        """Give the number of the code that belongs to the line, "" for none."""
        return self.kind.code

    @property
    def node(self) -> str | None:
        """Give the path of the node that the line is about."""
        found = self.facts.get("node")
        return found if found is None else found or "/"

    @property
    def property_name(self) -> str | None:
        """Give the name of the property that the line is about."""
        return self.facts.get("property")

    @property
    def number(self) -> int | None:
        """Give the id of the overlay that the line is about."""
        return self._number("number")

    @property
    def count(self) -> int | None:
        """Give the count in the line."""
        return self._number("count")

    @property
    def error(self) -> str | None:
        """Give the error in the line by its name; those of libfdt have none here."""
        found = self._number("error")
        if found is None:
            return self.facts.get("libfdt")
        names = (name for name, number in ERRNO.items() if number == -found)
        return next((f"-{name}" for name in names), str(found))

    def _number(self, name: str) -> int | None:
        found = self.facts.get(name)
        return None if found is None else int(found)


def explain_line(text: str) -> Explanation | None:
    """Tell what a line of the kernel log means; None for lines that are not known here.

    What `dmesg` or a system log writes before the line is passed over: `[    1.234567]`, `<3>`,
    `Jan  1 00:00:00 host kernel:`.
    """
    text = text.rstrip("\r\n")
    if len(text) > _MAX_LENGTH:
        return None
    text = _bare(text)
    for kind in KINDS:
        if text.startswith(kind.start):
            found = _pattern(kind.rest).fullmatch(text, len(kind.start))
            if found is not None:
                facts = {name: value for name, value in found.groupdict().items() if value}
                if "node" in found.re.groupindex:
                    facts["node"] = found["node"]
                return Explanation(text, kind, facts)
    return None


def _bare(text: str) -> str:
    """Take away what logs write before a line."""
    before = _pattern(_BEFORE).match(text)
    return text if before is None else text[before.end() :]


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    import re

    return re.compile(pattern, re.DOTALL)
