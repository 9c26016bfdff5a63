"""Delta debugging: the fewest parts of a failing sequence that still fail, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_T = TypeVar("_T")


def smallest_failing(parts: Sequence[_T], fails: Callable[[Sequence[_T]], bool]) -> list[_T]:
    """Give a subsequence that fails and of which no single part can be left out.

    fails is asked about subsequences, in order, never about all parts: those are known to fail. It
    is asked at most some n * n times for n parts; for few culprits some k * log n times.
    Source: Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input (ddmin).
    """
    kept = list(parts)
    pieces = 2
    while len(kept) > 1:
        size = -(-len(kept) // pieces)
        chunks = [kept[at : at + size] for at in range(0, len(kept), size)]
        smaller = _first_failing(chunks, fails)
        if smaller is not None:
            kept, pieces = smaller, 2
            continue
        if len(chunks) > 2:  # of two, each is what the other leaves
            rests = [[*kept[: at * size], *kept[(at + 1) * size :]] for at in range(len(chunks))]
            smaller = _first_failing(rests, fails)
            if smaller is not None:
                kept, pieces = smaller, max(pieces - 1, 2)
                continue
        if pieces >= len(kept):
            break
        pieces = min(len(kept), 2 * pieces)
    return kept


def _first_failing(
    candidates: Sequence[list[_T]], fails: Callable[[Sequence[_T]], bool]
) -> list[_T] | None:
    return next((one for one in candidates if fails(one)), None)
