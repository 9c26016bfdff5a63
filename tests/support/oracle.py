"""libfdt as judge: applies overlays in a child process, which may die or hang without harm."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from pathlib import Path
from struct import pack, unpack
from time import monotonic
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from types import TracebackType

_CHILD = Path(__file__).with_name("libfdt_child.py")
_SECONDS = 5.0

CRASH = "crash"
"""The verdict of a judge that died, or did not answer in time."""

# libfdt.h, by number.
_ERRORS = (
    "",
    "FDT_ERR_NOTFOUND",
    "FDT_ERR_EXISTS",
    "FDT_ERR_NOSPACE",
    "FDT_ERR_BADOFFSET",
    "FDT_ERR_BADPATH",
    "FDT_ERR_BADPHANDLE",
    "FDT_ERR_BADSTATE",
    "FDT_ERR_TRUNCATED",
    "FDT_ERR_BADMAGIC",
    "FDT_ERR_BADVERSION",
    "FDT_ERR_BADSTRUCTURE",
    "FDT_ERR_BADLAYOUT",
    "FDT_ERR_INTERNAL",
    "FDT_ERR_BADNCELLS",
    "FDT_ERR_BADVALUE",
    "FDT_ERR_BADOVERLAY",
    "FDT_ERR_NOPHANDLES",
    "FDT_ERR_BADFLAGS",
    "FDT_ERR_ALIGNMENT",
)


class Judgement(NamedTuple):
    """What libfdt says: error is "" when the overlay applies, or CRASH; blob is the result."""

    error: str
    blob: bytes


class Oracle:
    """One child, started when it is needed, and again after it died."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Oracle:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def apply(self, base: bytes, overlay: bytes) -> Judgement:
        """Apply an overlay to a base; neither is changed."""
        child = self._started()
        request = pack(">I", len(base)) + base + pack(">I", len(overlay)) + overlay
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(request)
            child.stdin.flush()
            number, length = unpack(">iI", _read(child.stdout, 8))
            blob = _read(child.stdout, length)
        except (BrokenPipeError, EOFError, TimeoutError):
            self.close()
            return Judgement(CRASH, b"")
        return Judgement(_ERRORS[-number], blob)

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-S", str(_CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        return self._child


def _read(stream: IO[bytes], size: int) -> bytes:
    """Read exactly size bytes. Raises EOFError, or TimeoutError when they take too long."""
    parts = []
    until = monotonic() + _SECONDS
    while size:
        ready, _, _ = select.select([stream], [], [], max(0.0, until - monotonic()))
        if not ready:
            raise TimeoutError
        part = os.read(stream.fileno(), size)
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
