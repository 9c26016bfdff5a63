"""The cases of one base, tried on its tree, which is given back unchanged after each.

A case costs one apply and one revert for each applier. Overlays are held against each other by
what each of them, alone on the base, reads and writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.checks.baseclaims import BaseClaims
from dtovl.checks.claimindex import ClaimIndex
from dtovl.checks.claims import check_claims
from dtovl.checks.linked import BaseLinks
from dtovl.checks.smallest import smallest_failing
from dtovl.checks.together import Together
from dtovl.checks.verdicts import once, try_stack
from dtovl.matrix.plans import list_plan
from dtovl.matrix.result import UNREADABLE, Between, Case, Verdict, as_finding
from dtovl.model.dialect import DIALECTS, KERNELS
from dtovl.model.supplierbindings import BINDINGS, Bindings
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.stack import apply_stack

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from dtovl.diagnostics import Diagnostic
    from dtovl.matrix.result import Change
    from dtovl.matrix.tasks import Settings, Task, Wanted
    from dtovl.model.dialect import Dialect
    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay
    from dtovl.overlay.outcome import Outcome
    from dtovl.overlay.stack import Stack


class BaseWork:
    """One base at work; overlays are those of the task, None where one could not be read."""

    def __init__(
        self, task: Task, tree: Tree, overlays: Sequence[Overlay | None], settings: Settings
    ) -> None:
        self.base = task.base.path
        self.tree = tree
        self.settings = settings
        self._linux = KERNELS[settings.kernel]
        dialects = (DIALECTS[name] for name in settings.appliers)
        self.appliers = [self._linux if one.kernel else one for one in dialects]
        self.claims = BaseClaims(tree) if settings.claims else None
        self.links = _links(tree, settings) if settings.links else None
        self.compares = settings.between and len(overlays) > 1
        self.alone = _Alone(self)
        self._task = task
        self._overlays = overlays

    def case(self, wanted: Wanted) -> Case:
        """Try one case with every applier."""
        names = tuple(self._task.overlays[index].path for index in wanted.overlays)
        overlays = [self._overlays[index] for index in wanted.overlays]
        read = [overlay for overlay in overlays if overlay is not None]
        if len(read) < len(overlays):
            at = overlays.index(None)
            verdicts = [Verdict(name, UNREADABLE, at) for name in self.settings.appliers]
            return Case(self.base, names, wanted.name, tuple(verdicts))
        trial = _Trial(self, read)
        for dialect in self.appliers:
            trial.run(dialect, alone=wanted.overlays[0] if len(read) == 1 else None)
        if self.settings.removal and self._linux not in self.appliers:
            trial.remove(self._linux)
        findings = once(trial.findings) if trial.findings else ()
        return Case(
            self.base,
            names,
            wanted.name,
            tuple(trial.verdicts),
            tuple(map(as_finding, findings)),
            trial.smallest,
            trial.plan,
            trial.more,
        )

    def pass_over(self, wanted: Wanted) -> None:
        """Leave out a case that is known, but for what its one overlay does to others.

        It is looked at in its turn: of several places where overlays meet, the first is told.
        """
        if self.compares and len(wanted.overlays) == 1:
            self._look_at(wanted.overlays[0])

    def between(self) -> tuple[tuple[Between, ...], int]:
        """Hold the overlays against each other: findings, and the number of pairs looked at."""
        if not self.compares:
            return (), 0
        for index in range(len(self._overlays)):
            self._look_at(index)
        names = [source.path for source in self._task.overlays]
        apart = self._task.apart
        found = [
            Between(self.base, names[one], names[other], as_finding(diagnostic))
            for one, other, diagnostic in self.alone.findings(apart)
        ]
        seen = self.alone.seen
        passed = sum(one in seen and other in seen for one, other in apart)
        return tuple(found), len(seen) * (len(seen) - 1) // 2 - passed

    def _look_at(self, index: int) -> None:
        """Take note of what an overlay does when it is alone, unless a case has shown that."""
        overlay = self._overlays[index]
        if overlay is not None and index not in self.alone.seen:
            outcome = apply_overlay(self.tree, overlay, self.appliers[0])
            self.alone.add(index, overlay, outcome)
            outcome.changeset.revert(self.tree)


def _links(tree: Tree, settings: Settings) -> BaseLinks:
    bindings = Bindings(settings.bindings) if settings.bindings else BINDINGS
    wide_maps = KERNELS[settings.kernel].wide_id_maps
    return BaseLinks(tree, bindings, cycles=settings.cycles, wide_maps=wide_maps)


class _Trial:
    """One case on its way through the appliers."""

    def __init__(self, work: BaseWork, overlays: list[Overlay]) -> None:
        self.verdicts: list[Verdict] = []
        self.findings: list[Diagnostic] = []
        self.smallest: tuple[int, ...] = ()
        self.plan: tuple[Change, ...] = ()
        self.more = 0
        self._work = work
        self._overlays = overlays

    def run(self, dialect: Dialect, alone: int | None) -> None:
        """Apply, look, revert. alone is the index of the one overlay, None for several."""
        work, tree = self._work, self._work.tree
        main = dialect is work.appliers[0]
        stack = self._apply(dialect, main=main)
        self.verdicts.append(_verdict(stack, dialect))
        if main:
            if alone is not None and work.compares:
                work.alone.add(alone, self._overlays[0], stack.outcomes[0])
            if work.settings.plans:
                self.plan, self.more = list_plan(tree, stack)
        if work.settings.removal and dialect.targets_first:
            self._foresee(stack)
        stack.revert(tree)
        if stack.failed is not None and alone is None and not self.smallest:
            self.smallest = self._fewest(dialect)

    def remove(self, linux: Dialect) -> None:
        """Say what a kernel would leave behind, though none was asked to apply the overlays."""
        stack = apply_stack(self._work.tree, self._overlays, linux)
        self._foresee(stack)
        stack.revert(self._work.tree)

    def _apply(self, dialect: Dialect, *, main: bool) -> Stack:
        work = self._work
        if work.settings.findings:
            stack, _, sink = try_stack(
                work.tree, self._overlays, dialect, work.base, main=main, asked=True
            )
            if main and work.claims is not None and stack.failed is None:
                check_claims(work.tree, stack.outcomes, work.base, sink, work.claims)
            self.findings.extend(sink)
        else:
            stack = apply_stack(work.tree, self._overlays, dialect)
        if main and work.links is not None and stack.failed is None:
            self.findings.extend(work.links.diagnostics(stack.outcomes))
        return stack

    def _foresee(self, stack: Stack) -> None:
        if stack.failed is None:
            from dtovl.checks.forecast import foresee
            from dtovl.checks.removal import removal_findings

            forecast = foresee(self._work.tree, stack, self._work.base, whole=True)
            self.findings.extend(removal_findings(forecast, self._work.tree))

    def _fewest(self, dialect: Dialect) -> tuple[int, ...]:
        """Find the fewest overlays of a failing stack that fail by themselves."""
        tree = self._work.tree

        def fails(indices: Sequence[int]) -> bool:
            stack = apply_stack(tree, [self._overlays[index] for index in indices], dialect)
            stack.revert(tree)
            return stack.failed is not None

        return tuple(smallest_failing(range(len(self._overlays)), fails))


class _Alone:
    """What each overlay does when it is alone on the base, to be held against the others."""

    def __init__(self, work: BaseWork) -> None:
        self.seen: set[int] = set()
        self._together = Together(work.tree, work.base, work.appliers[0])
        self._claims = (
            None if work.claims is None else ClaimIndex(work.tree, work.base, work.claims)
        )

    def add(self, number: int, overlay: Overlay, outcome: Outcome) -> None:
        """Take note of an overlay, while it is in force or has just been refused.

        One that is a pair and a stack of its own as well is taken note of once.
        """
        if number in self.seen:
            return
        self.seen.add(number)
        self._together.add(number, overlay, outcome)
        if self._claims is not None and outcome.applies:
            self._claims.add(number, outcome)

    def findings(self, apart: Container[tuple[int, int]]) -> Iterator[tuple[int, int, Diagnostic]]:
        """Give what two overlays do to each other, the tree being the plain base again."""
        yield from self._together.findings(apart)
        if self._claims is not None:
            yield from self._claims.findings(apart)


def _verdict(stack: Stack, dialect: Dialect) -> Verdict:
    """Give the error of the overlay that was refused, or that Linux complained of and kept."""
    for index, outcome in enumerate(stack.outcomes):
        if outcome.error:
            return Verdict(dialect.name, outcome.error, index)
    return Verdict(dialect.name)
