"""Applying and removing in a live tree, against bare apply and revert of a changeset.

    python benchmarks/bench_live.py [CORPUS]

Live: the overlay goes through all of the kernel's steps and out again, with ids, reference counts,
flags, property objects, dead lists, notifications, log lines and findings. Bare: the same overlay
applied by the Linux dialect, and its changeset reverted. Both work on trees that are read already
and are as before afterwards. Then one overlay is applied to bases from 10 KB to 10 MB.

The two take turns in one process; the best CPU time of each counts. The status is 1 when live takes
more than twice the time of bare, or the flatness misses its bound.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench_apply import CORPUS, FLAT_WITHIN, best_times, board, made_up, overlay, real

from dtovl.fdt.read import unflatten
from dtovl.live.blob import parse_blob
from dtovl.live.overlays import Overlays
from dtovl.live.state import Live
from dtovl.model.dialect import LINUX
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.fragments import Overlay

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.model.tree import Tree

WANTED = 2.0


def live_step(tree: Tree, change: Overlay) -> Callable[[], object]:
    """Apply and remove in a new live tree."""

    def step() -> None:
        overlays = Overlays(Live(tree, LINUX))
        applied = overlays.apply(change)
        if applied.error or overlays.remove(applied.number) != ("", 0):
            raise RuntimeError(f"{change.name}: {applied.error or 'not removed'}")

    return step


def bare_step(tree: Tree, change: Overlay) -> Callable[[], object]:
    """Apply and revert a changeset."""

    def step() -> None:
        apply_overlay(tree, change, LINUX).changeset.revert(tree)

    return step


def compare(name: str, base: bytes, change: bytes) -> float | None:
    """Print one line about a pair, give live by bare; None where Linux refuses the overlay."""
    tree, made = unflatten(base), Overlay(unflatten(change))
    tried = apply_overlay(tree, made, LINUX)
    tried.changeset.revert(tree)
    if not tried.applies or tried.notify_error:
        return None
    steps = [live_step(unflatten(base), parse_blob(change, name).overlay), bare_step(tree, made)]
    live_us, bare_us = best_times(steps)
    print(
        f"{name[:60]:<60} {len(base) / 1000:6.0f} KB  live {live_us:7.0f} us  "
        f"bare {bare_us:7.0f} us  ratio {live_us / bare_us:4.2f}"
    )
    return live_us / bare_us


def flatness(fragments: int) -> float:
    """Print what one overlay costs on bases from 10 KB to 10 MB; give largest by smallest."""
    counts = (70, 700, 7_000, 70_000)
    change = parse_blob(overlay(fragments, counts[0]), "made up").overlay
    bases = [board(devices) for devices in counts]
    times = best_times([live_step(unflatten(base), change) for base in bases])
    shown = "  ".join(
        f"{len(base) / 1000:.0f} KB {taken:.0f} us"
        for base, taken in zip(bases, times, strict=True)
    )
    ratio = max(times) / min(times)
    print(f"flat, {fragments} fragments: {shown}  ratio {ratio:.2f}")
    return ratio


def main(corpus: Path) -> int:
    """Compare all pairs, then the sizes; 0 if every bound is kept."""
    pairs = [*made_up(), *(real(corpus) if corpus.exists() else ())]
    ratios = [ratio for ratio in (compare(*pair) for pair in pairs) if ratio is not None]
    worst = max(ratios)
    print(f"worst ratio {worst:.2f}, wanted {WANTED:.1f}")
    steep = max(flatness(fragments) for fragments in (1, 20))
    print(f"flat within {steep:.2f}, wanted {FLAT_WITHIN}")
    return 0 if worst <= WANTED and steep <= FLAT_WITHIN else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS))
