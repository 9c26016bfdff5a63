"""Reports of several lines that the kernel writes about itself: KASAN, WARN_ON, kmemleak, oops.

States of a report: headline -> lines of it, in sections (where it happened, who allocated the
memory, who freed it) -> ended, by a line that ends it, by the headline of another, or because
nothing of it has come for a while: other processors write between its lines.
"""

from __future__ import annotations

import re

MOST_LINES = 400
"""Most lines from the headline of a report to its end."""

MOST_STRANGE = 40
"""Most lines in a row that are not of the report."""

MOST_FRAMES = 64
"""Most functions that are kept of a call trace."""

ACCESS, ALLOCATED, FREED, OTHER = "access", "allocated", "freed", "other"

_FUNCTION = r"(?P<function>[A-Za-z_][A-Za-z0-9_.]{0,127})"
_OFFSET = r"\+0x[0-9a-f]{1,16}/0x[0-9a-f]{1,16}(?: .*)?"
_FRAME = re.compile(
    r"(?:\[<[^>]{1,40}>\] ?)?(?P<guess>\? )?"
    r"(?:(?:pc|lr|RIP|epc|ra|NIP|LR)(?: ?\[[0-9a-fx]{1,20}\])? ?: ?(?:[0-9]{4}:)?)?"
    + _FUNCTION
    + _OFFSET
)
# What writes the report, and what allocates and frees whatever it is.
_WRITERS = re.compile(
    r"(?:__)?(?:k?asan|hwasan|kfence|kmemleak)_\w+|dump_(?:backtrace|stack)\w*|show_stack\w*"
    r"|print_\w*report\w*|end_report|__warn\w*|report_bug|slab_post_alloc_hook"
)
_BARE_FRAME = re.compile(_FUNCTION)
_SECTIONS = (
    ("Allocated by", ALLOCATED),
    ("allocated by", ALLOCATED),
    ("Freed by", FREED),
    ("freed by", FREED),
    ("Call Trace:", ACCESS),
    ("Call trace:", ACCESS),
    ("Backtrace:", ACCESS),
    ("backtrace", ACCESS),
    ("Last potentially related", OTHER),
    ("Second to last potentially", OTHER),
)
_ENDS = ("---[ end ", "======", "------------[ cut here")
_HEX_DUMP = re.compile(r"(?P<bytes>(?:[0-9a-f]{2} ){1,16})(?: .{0,20})?")


class Report:
    """What the lines of one report tell: functions by section, innermost first.

    A frame with a question mark before it is a guess of the kernel: it counts where a section has
    no others.
    """

    __slots__ = ("_dump", "_guesses", "_left", "_section", "_strange", "stacks")

    def __init__(self) -> None:
        self.stacks: dict[str, list[str]] = {}
        self._guesses: dict[str, list[str]] = {}
        self._section = ACCESS
        self._left = MOST_LINES
        self._strange = 0
        self._dump = bytearray()

    def take(self, text: str) -> bool:
        """Take a line that may be of the report; tell whether the report goes on."""
        self._left -= 1
        if text.startswith(_ENDS):
            return not self.stacks and not self._guesses and not self._dump
        if self._take_frame(text) or self._take_section(text) or self._take_dump(text):
            self._strange = 0
        else:
            self._strange += 1
        return self._left > 0 and self._strange <= MOST_STRANGE

    def functions(self, section: str) -> list[str]:
        """Give the functions of a section; those that were guessed, where there are no others."""
        return self.stacks.get(section) or self._guesses.get(section, [])

    @property
    def name(self) -> str:
        """Give the text that leaked memory begins with, "" when it is none."""
        text = bytes(self._dump).partition(b"\0")[0].decode("latin-1")
        return text if len(text) > 1 and text.isprintable() and " " not in text else ""

    def _take_frame(self, text: str) -> bool:
        found = _FRAME.fullmatch(text)
        if found is None and self.stacks.get(self._section) is not None:
            found = _BARE_FRAME.fullmatch(text)
        if found is None:
            return False
        guess = bool(found.groupdict().get("guess"))
        kept = (self._guesses if guess else self.stacks).setdefault(self._section, [])
        name = found["function"].split(".", 1)[0]
        if len(kept) < MOST_FRAMES and not _WRITERS.fullmatch(name):
            kept.append(name)
        return True

    def _take_section(self, text: str) -> bool:
        for start, section in _SECTIONS:
            if text.startswith(start):
                self._section = section
                if section is not OTHER:
                    self.stacks.setdefault(section, [])
                return True
        return False

    def _take_dump(self, text: str) -> bool:
        if text.startswith("hex dump"):
            return True
        found = _HEX_DUMP.fullmatch(text)
        if found is None:
            return text.startswith(("comm ", "Hardware name:", "Modules linked in:", "CPU: "))
        if len(self._dump) < 32:
            self._dump += bytes.fromhex(found["bytes"])
        return True
