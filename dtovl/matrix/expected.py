"""Failures that the configuration declares: which cases they mean, and whether they came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.matrix.config import prefix_of
from dtovl.matrix.globs import Glob, Globs, is_glob
from dtovl.matrix.group import short_name
from dtovl.matrix.result import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dtovl.matrix.config import Config, Expected
    from dtovl.matrix.result import Case, Finding
    from dtovl.matrix.tasks import Task, Wanted

    Key = tuple[str, tuple[str, ...], str]


class Declared:
    """The expected failures of a configuration, held against the cases of the whole plan.

    unused are those that mean no case.
    """

    __slots__ = ("_by_case", "_by_file", "unused")

    def __init__(self, config: Config, tasks: Sequence[Task]) -> None:
        self._by_case: dict[Key, list[Expected]] = {}
        self._by_file: dict[str, list[list[Expected]]] | None = None
        self.unused: list[Expected] = []
        prefix = prefix_of(config.folder)
        for expected in config.expected:
            cases = list(_meant(expected, tasks, prefix))
            for key in cases:
                self._by_case.setdefault(key, []).append(expected)
            if not cases:
                self.unused.append(expected)

    def of(self, case: Case) -> list[Expected]:
        """Give the expected failures that mean a case."""
        return self._by_case.get((case.base, case.overlays, case.name), [])

    def covers_file(self, file: str, finding: Finding, tasks: Sequence[Task]) -> bool:
        """Tell whether every case that a file takes part in is declared to fail over this."""
        if not self._by_case:
            return False
        if self._by_file is None:
            self._by_file = self._files(tasks)
        cases = self._by_file.get(file, [])
        return bool(cases) and all(
            any(one.error in ("", UNREADABLE) or names(one, [finding]) for one in declared)
            for declared in cases
        )

    def _files(self, tasks: Iterable[Task]) -> dict[str, list[list[Expected]]]:
        found: dict[str, list[list[Expected]]] = {}
        for task in tasks:
            for wanted in task.cases:
                key = _key(task, wanted)
                declared = self._by_case.get(key, [])
                for file in {task.base.path, *key[1]}:
                    found.setdefault(file, []).append(declared)
        return found


def names(expected: Expected, findings: Iterable[Finding]) -> bool:
    """Tell whether the error that is expected is the code of one of the findings.

    It may be a number, a short name, in any case, or a glob over them.
    """
    wanted = expected.error.lower()
    codes = {name.lower() for one in findings for name in (one.code, short_name(one.code))}
    if not is_glob(wanted):
        return wanted in codes
    glob = Glob(wanted)
    return any(glob.matches(code) for code in codes)


def meets(expected: Expected, case: Case, failing: Sequence[Finding]) -> bool:
    """Tell whether a case that fails does so as expected; failing are the findings it fails by."""
    if not expected.error or names(expected, failing):
        return True
    return any(verdict.error == expected.error for verdict in case.verdicts)


def _meant(expected: Expected, tasks: Iterable[Task], prefix: str) -> Iterable[Key]:
    """Give the cases that an expected failure means: pairs, or those of a stack."""
    bases, overlays = Globs(expected.bases), Globs(expected.overlays)
    fits: dict[str, bool] = {}
    for task in tasks:
        if expected.bases and not bases.matches(task.base.path.removeprefix(prefix)):
            continue
        for wanted in task.cases:
            if wanted.name != expected.stack:
                continue
            if not wanted.name and expected.overlays:
                file = task.overlays[wanted.overlays[0]].path
                if file not in fits:
                    fits[file] = overlays.matches(file.removeprefix(prefix))
                if not fits[file]:
                    continue
            yield _key(task, wanted)


def _key(task: Task, wanted: Wanted) -> Key:
    overlays = tuple(task.overlays[index].path for index in wanted.overlays)
    return task.base.path, overlays, wanted.name
