"""What overlays on one base do to each other: who must come first, who undoes or shuts out whom.

Each overlay is taken note of while it is alone on the base. What is found is proven from that
(checks.meetings), or for the few pairs where sets do not tell, by both orders (checks.orders).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.checks.meetings import Meetings
from dtovl.checks.needs import Needs
from dtovl.checks.numbers import numbering, own_references
from dtovl.checks.orders import largest_phandle, try_both
from dtovl.checks.touched import Touched

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from dtovl.checks.meetings import Clash, Pair
    from dtovl.checks.orders import Tried
    from dtovl.diagnostics import Diagnostic
    from dtovl.model.dialect import Dialect
    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay
    from dtovl.overlay.outcome import Outcome

MOST_TRIED = 2_000
"""Pairs that are tried in both orders on one base."""

MOST_LISTED = 5_000
"""Findings about pairs on one base."""


class Relation(NamedTuple):
    """What was found of a pair: what sets prove, or what came of both orders.

    cause is why the pair was tried; excluded tells that it is refused in both orders.
    """

    clash: Clash | None
    tried: Tried | None
    cause: str = ""
    excluded: bool = False

    @property
    def depends(self) -> bool:
        """Tell whether the result depends on the order of the two."""
        if self.excluded:
            return False
        return self.clash is not None if self.tried is None else self.tried.depends


class Together:
    """Overlays that meet on one base, each alone; tree is the base, base its display name.

    tried and untried count the pairs to which both orders were, or should have been, applied.
    """

    __slots__ = ("_base", "_dialect", "_meetings", "_met", "_tree", "tried", "untried")

    def __init__(self, tree: Tree, base: str, dialect: Dialect) -> None:
        self._tree = tree
        self._base = base
        self._dialect = dialect
        self._meetings = Meetings(tree, dialect, largest_phandle(tree, dialect))
        self._met = False
        self.tried = 0
        self.untried = 0

    def add(self, number: int, overlay: Overlay, outcome: Outcome) -> None:
        """Take note of an overlay while it is in force, or when it has just been refused."""
        own = own_references(overlay, self._dialect)
        state = numbering(self._tree, outcome, own, self._meetings.largest, self._dialect)
        self._meetings.add(Touched(number, overlay, outcome, own, state))

    def relations(self, apart: Container[Pair] = ()) -> Iterator[tuple[Pair, Relation]]:
        """Give what there is between pairs, by number; the tree is the plain base again.

        apart are pairs that are never used together: nothing is said of them.
        """
        meetings = self._meetings
        if not self._met:
            self._met = True
            meetings.meet()
        self.tried = self.untried = 0
        for pair in sorted({*meetings.clashes, *meetings.suspects, *meetings.excluded}):
            if pair in apart:
                continue
            clash = meetings.clashes.get(pair)
            cause = meetings.suspects.get(pair)
            if cause is None and pair in meetings.excluded:
                yield pair, Relation(None, None, excluded=True)
            elif cause is None:
                yield pair, Relation(clash, None)
            elif self.tried < MOST_TRIED:
                self.tried += 1
                one, other = (meetings.touched[number].outcome for number in pair)
                tried = try_both(self._tree, one, other, self._dialect)
                yield pair, Relation(clash, tried, cause)
            else:
                self.untried += 1

    def findings(self, apart: Container[Pair] = ()) -> Iterator[tuple[int, int, Diagnostic]]:
        """Give the findings about pairs, as (number, number, finding); numbers ascend.

        The tree is the plain base again. At most MOST_LISTED pairs are told of; one finding more
        says how many there are besides.
        """
        related = list(self.relations(apart))
        meetings = self._meetings
        twins = [pair for pair in meetings.twins if pair not in apart]
        needy = [one for one in meetings.touched.values() if not one.outcome.applies]
        if related or twins or needy or self.untried:
            # The words take longer to import than most bases have to say.
            from dtovl.checks.between import Between

            needs = Needs(self._tree, meetings, self._dialect)
            told = Between(self._tree, self._base, self._dialect, meetings, needs)
            yield from told.findings(related, apart, self.untried, MOST_LISTED)
