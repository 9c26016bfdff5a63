"""Which overlays go with which bases, by what is in the files.

An overlay whose root has `compatible` is for boards that share one of its strings. One without is
for each base that has all labels and nodes it wants; what it would be refused on is none of its
boards. Bases are bits of a number, so that a question about all of them is one operation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.model.lookup import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dtovl.matrix.survey import Surveyed

_MOST_NAMED = 3


class Misfit(NamedTuple):
    """An overlay that goes with no base: the base that comes nearest, "" for none, and why not."""

    overlay: str
    nearest: str
    why: str


class Bases:
    """The bases of a matrix, indexed by the strings and labels that overlays ask for."""

    def __init__(
        self, bases: Mapping[str, Surveyed], asked: Iterable[str], prefix: str = ""
    ) -> None:
        """Index bases by path; asked are labels and paths of nodes that overlays want.

        prefix stands before a path in what is said.
        """
        self._prefix = prefix
        self._paths = tuple(bases)
        self._all = (1 << len(self._paths)) - 1
        self._compatible: dict[str, int] = {}
        self._having: dict[str, int] = {}
        self._misfits: dict[tuple[object, ...], tuple[str, str]] = {}
        wanted = frozenset(asked)
        for number, found in enumerate(bases.values()):
            bit = 1 << number
            for string in found.compatible:
                self._compatible[string] = self._compatible.get(string, 0) | bit
            for name in (found.labels & wanted) | (found.paths & wanted):
                self._having[name] = self._having.get(name, 0) | bit

    def fitting(self, overlay: Surveyed) -> int:
        """Give the bases that an overlay goes with, as bits."""
        if overlay.compatible:
            found = 0
            for string in overlay.compatible:
                found |= self._compatible.get(string, 0)
            return found
        found = self._all
        for name in overlay.wanted:
            found &= self._having.get(name, 0)
        return found

    def paths(self, bits: int) -> Iterator[str]:
        """Give the paths of bases, in order."""
        while bits:
            lowest = bits & -bits
            yield self._paths[lowest.bit_length() - 1]
            bits ^= lowest

    def misfit(self, path: str, overlay: Surveyed) -> Misfit:
        """Say why an overlay goes with no base, and which comes nearest."""
        key = (overlay.compatible, overlay.wanted)
        found = self._misfits.get(key)
        if found is None:
            if not self._paths:
                found = "", "there is no base"
            elif overlay.compatible:
                found = self._other_board(overlay.compatible)
            else:
                found = self._lacking(overlay.wanted)
            self._misfits[key] = found
        return Misfit(self._prefix + path, *found)

    def _other_board(self, wanted: Sequence[str]) -> tuple[str, str]:
        why = f"no base has {_some(wanted)} in its root's compatible"
        for string in wanted:
            for near in nearest(string, self._compatible, 1):
                base = self._prefix + next(self.paths(self._compatible[near]))
                return base, f"{why}; {base} comes nearest, it is {near}"
        return "", why

    def _lacking(self, wanted: Iterable[str]) -> tuple[str, str]:
        """Find the base that lacks least; of equal ones, the first."""
        have = [0] * len(self._paths)
        for name in wanted:
            for number, digit in enumerate(reversed(f"{self._having.get(name, 0):b}")):
                have[number] += digit == "1"
        most = max(have)
        if not most:
            return "", f"no base has any of what it wants: {_some(_shown(wanted))}"
        number = have.index(most)
        base = self._prefix + self._paths[number]
        lacks = [name for name in wanted if not self._having.get(name, 0) >> number & 1]
        return base, f"{base} comes nearest, it lacks {_some(_shown(lacks))}"


def _shown(wanted: Iterable[str]) -> list[str]:
    return sorted(f"node {name}" if name.startswith("/") else f"label {name}" for name in wanted)


def _some(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
