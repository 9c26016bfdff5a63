"""A worker: takes tasks one after the other, in any process, and keeps the overlays it has read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.files import read_bytes, read_included
from dtovl.matrix.cases import BaseWork
from dtovl.matrix.inputs import Reader
from dtovl.matrix.result import UNREADABLE, BaseResult, Case, Verdict
from dtovl.overlay.fragments import Overlay

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtovl.matrix.inputs import ReadFile, ReadIncluded
    from dtovl.matrix.result import Finding
    from dtovl.matrix.tasks import Settings, Source, Task, Wanted


class _Part(NamedTuple):
    """An overlay of the matrix, None when it could not be read, and what reading it gave."""

    overlay: Overlay | None
    findings: tuple[Finding, ...]
    looked_at: dict[str, bytes | None]


class Worker:
    """Works on tasks. Of bases it keeps none, as each occurs in one task.

    read gives the bytes of a file that the plan names, read_included those of one that a source
    includes, None where there is none. deps has, after a task, every file that its sources looked
    at besides themselves, with what was found.
    """

    def __init__(
        self,
        settings: Settings,
        read: ReadFile = read_bytes,
        read_included: ReadIncluded = read_included,
    ) -> None:
        self.settings = settings
        self.deps: dict[str, bytes | None] = {}
        self._reader = Reader(read, read_included)
        self._parts: dict[Source, _Part] = {}

    def run(self, task: Task, known: Mapping[int, Case] | None = None) -> BaseResult:
        """Try every case of a task but those that are known, by their places.

        A file that cannot be read is a finding, not an exception.
        """
        base = self._reader.input(task.base)
        parts = [self._part(source) for source in task.overlays]
        self.deps = dict(base.looked_at)
        inputs = [(task.base.path, finding) for finding in base.findings]
        for source, part in zip(task.overlays, parts, strict=True):
            inputs.extend((source.path, finding) for finding in part.findings)
            self.deps.update(part.looked_at)
        if base.tree is None:
            unread = tuple(self._unreadable(task, wanted) for wanted in task.cases)
            return BaseResult(task.base.path, unread, inputs=tuple(inputs))
        work = BaseWork(task, base.tree, [part.overlay for part in parts], self.settings)
        cases = []
        for place, wanted in enumerate(task.cases):
            case = known.get(place) if known else None
            if case is not None:
                work.pass_over(wanted)
            cases.append(work.case(wanted) if case is None else case)
        between, compared = work.between()
        base.tree.dissolve()
        return BaseResult(task.base.path, tuple(cases), between, compared, tuple(inputs))

    def _part(self, source: Source) -> _Part:
        part = self._parts.get(source)
        if part is None:
            read = self._reader.input(source)
            overlay = None if read.tree is None else Overlay(read.tree, source.path)
            part = self._parts[source] = _Part(overlay, read.findings, read.looked_at)
        return part

    def _unreadable(self, task: Task, wanted: Wanted) -> Case:
        names = tuple(task.overlays[index].path for index in wanted.overlays)
        verdicts = tuple(Verdict(name, UNREADABLE) for name in self.settings.appliers)
        return Case(task.base.path, names, wanted.name, verdicts)
