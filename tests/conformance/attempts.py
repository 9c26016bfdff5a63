"""Cases that may raise, or never end: whatever comes of them, the run goes on."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Seconds for one case, some hundred times what any needs.
_PATIENCE = 60


def attempt(problem_of: Callable[..., str], *given: object) -> str:
    """Give the problem of a case; whatever it raises, or too long a time, is one."""
    try:
        with _patience():
            return problem_of(*given)
    except Exception as error:
        # Whatever a case raises is a disagreement of that case, and the run goes on.
        return f"raised {type(error).__name__}: {error}"


@contextmanager
def _patience() -> Iterator[None]:
    def too_long(*_: object) -> None:
        raise TimeoutError(f"not ready after {_PATIENCE} s")

    previous = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
