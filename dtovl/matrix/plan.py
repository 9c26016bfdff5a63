"""What there is to do: from a configuration and the files that are there, tasks, one for a base.

The order is that of the bases' paths; on a base pairs by the overlay's path, then stacks as the
configuration has them. Nothing is done twice. What the configuration names in vain is a finding
with its line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from dtovl.checks.subject import counted
from dtovl.codes import config as codes
from dtovl.diagnostics import Diagnostic
from dtovl.matrix.choice import Choice
from dtovl.matrix.listing import Listing
from dtovl.matrix.pairing import Bases, Misfit
from dtovl.matrix.result import as_finding
from dtovl.matrix.survey import Surveyor
from dtovl.matrix.tasks import Task, Wanted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from dtovl.matrix.choice import Kind
    from dtovl.matrix.config import Config, StackRule
    from dtovl.matrix.result import Finding
    from dtovl.matrix.survey import Surveyed
    from dtovl.matrix.tasks import Source


_Stack: TypeAlias = "tuple[str, tuple[str, ...]]"
"""A stack on a base: its name, and the paths of its overlays in order."""

_NO_OVERLAY = "none: no node in it has an __overlay__ node, and it wants no label"


class Plan(NamedTuple):
    """The tasks, and the files that they come from.

    Files are named with the folder of the configuration before their path, as they are opened.
    bases and overlays are all that were chosen, sorted; fits_nothing are overlays in no case, idle
    bases in none. findings are about the configuration and about files in no case.
    """

    tasks: tuple[Task, ...]
    bases: tuple[str, ...]
    overlays: tuple[str, ...]
    fits_nothing: tuple[Misfit, ...] = ()
    findings: tuple[Finding, ...] = ()
    idle: tuple[str, ...] = ()

    @property
    def cases(self) -> int:
        """Count the cases."""
        return sum(len(task.cases) for task in self.tasks)


def with_cases(plan: Plan) -> Plan:
    """Give the plan with a finding where it has no case at all, be it that files are missing."""
    if plan.tasks:
        return plan
    found = Diagnostic(
        codes.NO_CASE,
        overlays=counted(len(plan.overlays), "overlay"),
        bases=counted(len(plan.bases), "base"),
    )
    return plan._replace(findings=(*plan.findings, as_finding(found)))


def make_plan(
    config: Config,
    listing: Listing | None = None,
    surveyor: Surveyor | None = None,
) -> Plan:
    """Make the plan of a configuration.

    listing has the files below the configuration's folder, if not those of the disk. surveyor looks
    into them, by their paths with that folder; it is asked only where their content decides what
    goes with what.

    Raises InputError: DT615 or DT616 when there is more to do than the configuration allows, DT011
    for a folder that cannot be read.
    """
    listing = listing or Listing.of_folder(config.folder)
    return _Planner(config, listing, surveyor or Surveyor()).plan()


class _Planner:
    def __init__(self, config: Config, listing: Listing, surveyor: Surveyor) -> None:
        self._config = config
        self._surveyor = surveyor
        self._choice = Choice(config, listing)
        self._pairs: dict[str, set[str]] = {}
        self._cases = 0

    def plan(self) -> Plan:
        """Make the plan."""
        choice = self._choice
        choice.choose()
        self._settle_doubles()
        alone = self._pair_explicitly()
        misfits = self._pair_by_content(alone)
        stacks = self._stacks()
        apart = self._apart()
        tasks = tuple(
            self._task(base, stacks.get(base, ()), apart)
            for base in sorted(self._pairs.keys() | stacks.keys())
        )
        prefix = choice.prefix
        used = {source.path for task in tasks for source in (task.base, *task.overlays)}
        self._say_unreadable(used)
        return Plan(
            tasks,
            tuple(prefix + path for path in sorted(choice.bases)),
            tuple(prefix + path for path in sorted(choice.overlays)),
            tuple(misfit for misfit in misfits if misfit.overlay not in used),
            tuple(choice.findings),
            tuple(prefix + path for path in sorted(choice.bases) if prefix + path not in used),
        )

    def _settle_doubles(self) -> None:
        """Take a file that is listed twice for what it holds."""
        choice = self._choice
        for path in sorted(choice.bases.keys() & choice.overlays.keys()):
            is_overlay = self._surveyor.look(choice.bases[path]).is_overlay
            wrong: Kind = "base" if is_overlay else "overlay"
            line = choice.lines[wrong, path]
            choice.note(codes.BASE_AND_OVERLAY, line, file=choice.prefix + path)
            del (choice.bases if is_overlay else choice.overlays)[path]

    def _pair_explicitly(self) -> set[str]:
        """Pair what the configuration pairs; give the overlays that it speaks of."""
        choice = self._choice
        named: set[str] = set()
        for pairing in self._config.pairings:
            overlays = choice.select("overlay", pairing.overlays, "pairs", pairing.line)
            named.update(overlays)
            for base in choice.select("base", pairing.bases, "pairs", pairing.line):
                self._pair(base, overlays)
        return named

    def _pair(self, base: str, overlays: Collection[str]) -> None:
        self._choice.count(len(overlays))
        there = self._pairs.setdefault(base, set())
        self._cases -= len(there)
        there.update(overlays)
        self._count(len(there))

    def _count(self, cases: int) -> None:
        self._cases += cases
        limit = self._config.limits.cases
        if self._cases > limit:
            raise self._choice.too_many("cases", f"more than {limit}", limit, "cases")

    def _pair_by_content(self, named: set[str]) -> list[Misfit]:
        """Pair the overlays that no pairing names; give those that go with nothing."""
        choice = self._choice
        rest = {path: choice.overlays[path] for path in sorted(choice.listed - named)}
        if not self._config.by_compatible:
            why = "no entry of `pairs` names it"
            return [Misfit(choice.prefix + path, "", why) for path in rest]
        if not rest:
            return []
        overlays = self._survey(rest, overlay=True)
        asked = {
            name for found in overlays.values() if not found.compatible for name in found.wanted
        }
        bases = self._survey(
            {path: choice.bases[path] for path in sorted(choice.bases)},
            overlay=False,
            paths=frozenset(name for name in asked if name.startswith("/")),
        )
        index = Bases(bases, asked, choice.prefix)
        misfits = []
        for path, found in overlays.items():
            bits = index.fitting(found)
            self._count(bits.bit_count())
            if not bits:
                misfits.append(index.misfit(path, found))
            for base in index.paths(bits):
                self._pairs.setdefault(base, set()).add(path)
        return misfits

    def _survey(
        self, sources: Mapping[str, Source], *, overlay: bool, paths: frozenset[str] = frozenset()
    ) -> dict[str, Surveyed]:
        """Look at files; leave out what cannot be read, and what is of the other kind."""
        found = {}
        looked = self._surveyor.look_all(list(sources.values()), paths)
        for path, one in zip(sources, looked, strict=True):
            if not one.readable:
                continue
            if one.is_overlay is overlay:
                found[path] = one
                continue
            self._choice.note(
                codes.WRONG_KIND,
                self._choice.lines["overlay" if overlay else "base", path],
                file=self._choice.prefix + path,
                key="overlays" if overlay else "bases",
                other="bases" if overlay else "overlays",
                what=_NO_OVERLAY if overlay else "an overlay",
            )
        return found

    def _say_unreadable(self, used: set[str]) -> None:
        """Say why files cannot be read; of those in a case, the work on it will say so."""
        for source, found in self._surveyor.known.items():
            if source.path not in used:
                self._choice.findings.extend(found.findings)

    def _stacks(self) -> dict[str, dict[_Stack, None]]:
        """Give the stacks of each base, in order."""
        found: dict[str, dict[_Stack, None]] = {}
        for rule in self._config.stacks:
            overlays = self._in_order(rule)
            bases = self._choice.select("base", rule.bases, "stacks", rule.line)
            if not overlays:
                continue
            for base in bases:
                there = found.setdefault(base, {})
                if (rule.name, overlays) not in there:
                    there[rule.name, overlays] = None
                    self._count(1)
        return found

    def _in_order(self, rule: StackRule) -> tuple[str, ...]:
        """Give the overlays of a stack; none when one of them is not to be had."""
        limit = self._config.limits.stack
        if len(rule.overlays) > limit:
            what = f"overlays in stack {rule.name!r}"
            raise self._choice.too_many(what, len(rule.overlays), limit, "stack", rule.line)
        found: list[str] = []
        for text in rule.overlays:
            paths = self._choice.select("overlay", [text], "stacks", rule.line)
            if len(paths) > 1:
                self._choice.note(codes.STACK_GLOB, rule.line, glob=text, count=len(paths))
            found.extend(paths if len(paths) == 1 else ())
        return tuple(found) if len(found) == len(rule.overlays) else ()

    def _apart(self) -> list[frozenset[str]]:
        return [
            frozenset(self._choice.select("overlay", group.overlays, "apart", group.line))
            for group in self._config.apart
        ]

    def _task(
        self,
        base: str,
        stacks: Collection[_Stack],
        apart: Iterable[frozenset[str]],
    ) -> Task:
        choice = self._choice
        alone = sorted(self._pairs.get(base, ()))
        stacked = [path for _, overlays in stacks for path in overlays]
        index = {path: number for number, path in enumerate(dict.fromkeys([*alone, *stacked]))}
        cases = [Wanted((number,)) for number in range(len(alone))]
        cases += [
            Wanted(tuple(index[path] for path in overlays), name) for name, overlays in stacks
        ]
        never: set[tuple[int, int]] = set()
        for group in apart:
            choice.count(len(group))
            members = sorted(index[path] for path in group if path in index)
            self._count(len(members) * (len(members) - 1) // 2)
            never.update(
                (one, other) for at, one in enumerate(members) for other in members[at + 1 :]
            )
        overlays = tuple(choice.overlays[path] for path in index)
        return Task(choice.bases[base], overlays, tuple(cases), frozenset(never))
