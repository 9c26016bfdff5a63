"""Where a try stands from left to right: stages side by side, each as wide as it has tries."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.report.probe.seen import Try

_LEAST = 9.0
"""Percent of the width that a stage with few tries has; its name has to fit in."""


class Stage(NamedTuple):
    """A stage from start on, width wide (both in percent), with its number of tries."""

    name: str
    start: float
    width: float
    tries: int


class Axis(NamedTuple):
    """The stages in order, and the place of each try in percent, by its index in the log."""

    stages: tuple[Stage, ...]
    places: tuple[float, ...]


def axis_of(log: Sequence[Try]) -> Axis:
    """Lay out the stages. A stage that comes again, as `late` around its work, has one place each.

    Widths follow the square root of the number of tries: a stage of 300 leaves room for one of 3.
    """
    runs: list[list[int]] = []
    for index, one in enumerate(log):
        if runs and log[runs[-1][0]].stage == one.stage:
            runs[-1].append(index)
        else:
            runs.append([index])
    if not runs:
        return Axis((), ())
    least = min(_LEAST, 100 / len(runs))
    weights = [len(run) ** 0.5 for run in runs]
    left, total = 100 - least * len(runs), sum(weights)
    stages, places = [], [0.0] * len(log)
    start = 0.0
    for run, weight in zip(runs, weights, strict=True):
        width = least + left * weight / total
        stages.append(Stage(log[run[0]].stage, start, width, len(run)))
        for rank, index in enumerate(run):
            places[index] = start + width * (rank + 0.5) / len(run)
        start += width
    return Axis(tuple(stages), tuple(places))
