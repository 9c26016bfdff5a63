"""A bar on a terminal for what takes longer than a person likes to wait without a word."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from typing import TextIO

_PATIENCE = 0.5  # seconds before the bar is shown
_PAUSE = 0.1  # seconds between two pictures of it
_WIDTH = 30
_ERASE = "\r\x1b[K"


class Progress:
    """Shows on standard error how far a file has been read; a context, which erases it.

    Nothing is written where standard error is no terminal, nor when all is over soon.
    """

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        from dtovl.report.escape import terminal

        self._what = terminal(what)
        self._stream = sys.stderr if stream is None else stream
        self._shown = False
        self._next = time.monotonic() + _PATIENCE
        self._on = _is_terminal(self._stream)

    def __enter__(self) -> Progress:
        """Give the bar."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Erase the bar."""
        if self._shown:
            self._write(_ERASE)

    def __call__(self, done: int, whole: int) -> None:
        """Show that done of whole bytes are read; whole 0: nobody knows how many there are."""
        if not self._on or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _PAUSE
        if whole:
            part = min(done / whole, 1.0)
            filled = int(part * _WIDTH)
            text = f"[{'#' * filled:<{_WIDTH}}] {part:4.0%}"
        else:
            text = f"{done >> 20} MiB"
        self._write(f"{_ERASE}{self._what} {text}")
        self._shown = True

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            # A terminal that has gone is no reason to stop reading.
            self._on = False


def _is_terminal(stream: TextIO | None) -> bool:
    from os import environ

    if stream is None or stream.closed or environ.get("TERM") == "dumb":
        return False
    return stream.isatty()
