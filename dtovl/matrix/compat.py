"""What a change of the bases takes from overlays: every board before and now, under each overlay.

Only boards that have changed are looked at. Each is read as it was and as it is; for each of its
overlays what it relies on is found in the old tree, and looked for in the new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.checks.gaps import Reporter, gap_of, gaps_of
from dtovl.checks.relied import needs_of
from dtovl.checks.verdicts import try_stack
from dtovl.codes import compat as codes
from dtovl.codes.base import Severity
from dtovl.codes.input import FILE_UNREADABLE
from dtovl.diagnostics import Diagnostic, Sink
from dtovl.files import is_file, read_bytes, read_included
from dtovl.matrix.boards import Board, choose_bases, pair_boards, same_files
from dtovl.matrix.changed import plan_changed
from dtovl.matrix.config import prefix_of
from dtovl.matrix.inputs import Reader
from dtovl.matrix.listing import Listing
from dtovl.matrix.plan import Plan
from dtovl.matrix.result import UNREADABLE, BaseResult, Case, Verdict, as_finding
from dtovl.matrix.tasks import Source
from dtovl.model.dialect import DIALECTS, KERNELS
from dtovl.overlay.fragments import Overlay
from dtovl.overlay.stack import apply_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from dtovl.checks.relied import Need
    from dtovl.matrix.config import Config
    from dtovl.matrix.earlier import Earlier
    from dtovl.matrix.recorded import Recorded
    from dtovl.matrix.result import Finding
    from dtovl.matrix.tasks import Task
    from dtovl.model.dialect import Dialect
    from dtovl.model.tree import Tree
    from dtovl.overlay.stack import Stack

    Progress = Callable[[int, int], None]
    ByBoard = Mapping[str, Sequence[Recorded]]


class Compared(NamedTuple):
    """What the comparison of all boards gave, as finish takes it.

    same counts the boards whose files have not changed, changed those whose have, gone among them.
    """

    plan: Plan
    results: list[BaseResult]
    same: int
    changed: int


def compare(
    config: Config,
    earlier: Earlier,
    recorded: ByBoard,
    progress: Progress = lambda done, whole: None,
) -> Compared:
    """Hold the overlays of a configuration against its bases before and now.

    recorded are needs of other overlays, by the base's path below the folder. Raises InputError as
    planning does; what is wrong with a file is a finding.
    """
    boards = [one for one in pair_boards(config, earlier, Reader()) if one.old is not None]
    same = {
        path_of(board) for board in boards if same_files(board, earlier, read_bytes, read_included)
    }
    changed = [board for board in boards if path_of(board) not in same]
    plan, unreadable = plan_changed(config, earlier, changed)
    tasks = {task.base.path: task for task in plan.tasks}
    work = _Work(config, earlier, recorded)
    results = []
    for number, board in enumerate(boards):
        path = path_of(board)
        progress(number, len(boards))
        if path in unreadable:
            results.append(_not_then(board, earlier, unreadable[path]))
        elif path not in same or board.moved:
            results.append(work.board(board, tasks.get(path), same=path in same))
    told = [result for result in results if result.cases or result.inputs]
    bases = tuple(result.base for result in told if result.cases)
    plan = plan._replace(bases=bases, fits_nothing=(), findings=())
    return Compared(plan, told, len(same), len(changed))


def compare_recorded(
    config: Config,
    recorded: ByBoard,
    progress: Progress = lambda done, whole: None,
) -> Compared:
    """Hold the bases of a configuration against what was recorded of them.

    Raises InputError as planning does.
    """
    chosen = choose_bases(config, Listing.of_folder(config.folder))
    prefix = prefix_of(config.folder)
    dialect = _dialects_of(config)[0]
    results = []
    for number, (base, needs) in enumerate(sorted(recorded.items())):
        progress(number, len(recorded))
        path = prefix + base
        if base not in chosen:
            found = as_finding(_gone(Board(Source(path), None), _users(None, needs), "the record"))
            results.append(BaseResult(path, (), inputs=((path, found),)))
            continue
        now = Reader().input(chosen[base])
        errors = [one for one in now.findings if one.severity >= Severity.ERROR]
        cases: tuple[Case, ...] = ()
        if now.tree is not None:
            reporter = Reporter(now.tree, path, dialect)
            cases = _recorded_cases(reporter, (None, now.tree), dialect, path, needs)
            now.tree.dissolve()
        results.append(BaseResult(path, cases, inputs=tuple((path, one) for one in errors)))
    overlays = sorted({one.overlay for needs in recorded.values() for one in needs})
    plan = Plan((), tuple(result.base for result in results if result.cases), tuple(overlays))
    return Compared(plan, results, 0, len(results))


def _dialects_of(config: Config) -> list[Dialect]:
    linux = KERNELS[config.kernel]
    return [linux if DIALECTS[name].kernel else DIALECTS[name] for name in config.appliers]


def _recorded_cases(
    reporter: Reporter,
    trees: tuple[Tree | None, Tree],
    dialect: Dialect,
    base: str,
    recorded: Iterable[Recorded],
) -> tuple[Case, ...]:
    """Compare what was recorded for overlays that are not there.

    trees are that of then, None for a record that is taken at its word, and that of now. What the
    old base lacked already is nothing that this change takes away.
    """
    by_overlay: dict[str, list[Need]] = {}
    for one in recorded:
        by_overlay.setdefault(one.overlay, []).append(one.need)
    then, now = trees
    cases = []
    for overlay in sorted(by_overlay):
        needs = by_overlay[overlay]
        if then is not None:
            needs = [need for need in needs if gap_of(need, then, dialect) is None]
        sink = Sink()
        reporter.report(gaps_of(needs, now, dialect), overlay, sink)
        cases.append(Case(base, (overlay,), findings=tuple(map(as_finding, sink))))
    return tuple(cases)


def path_of(board: Board) -> str:
    """Give the path of a board as it is called: that of now, if there is one."""
    source = board.new or board.old
    return "" if source is None else source.path


def _not_then(board: Board, earlier: Earlier, findings: Sequence[Finding]) -> BaseResult:
    """Say that a board cannot be compared, as nobody can read what it was."""
    old = "" if board.old is None else board.old.path
    found = Diagnostic(
        FILE_UNREADABLE,
        name=f"{earlier.shown}:{old}",
        what=findings[0].message,
        severity=Severity.WARNING,
    )
    return BaseResult(path_of(board), (), inputs=((path_of(board), as_finding(found)),))


class _Work:
    """Works on boards; overlays are read once."""

    def __init__(self, config: Config, earlier: Earlier, recorded: ByBoard) -> None:
        self._dialects = _dialects_of(config)
        self._prefix = prefix_of(config.folder)
        self._recorded = recorded
        self._then = Reader(earlier.read, earlier.read_included)
        self._shown = earlier.shown
        self._now = Reader()
        self._overlays: dict[Source, tuple[Overlay | None, tuple[Finding, ...]]] = {}

    def board(self, board: Board, task: Task | None, *, same: bool) -> BaseResult:
        """Compare one board. same: it is called otherwise, and that is all."""
        path = path_of(board)
        inputs: list[tuple[str, Finding]] = []
        users = _users(task, self._needs_for(board))
        if board.moved or board.new is None:
            inputs.append((path, as_finding(_gone(board, users, self._shown))))
        if board.new is None or board.old is None or same or not users:
            cases = self._unreadable(task) if board.new is None else ()
            return BaseResult(path, cases, inputs=tuple(inputs))
        now = self._now.input(board.new)
        errors = [one for one in now.findings if one.severity >= Severity.ERROR]
        inputs.extend((path, finding) for finding in errors)
        then = self._then.input(board.old)
        if now.tree is None or then.tree is None:
            return BaseResult(path, self._unreadable(task), inputs=tuple(inputs))
        pair = _Pair(path, then.tree, now.tree, self._dialects, self._shown)
        overlays = [self._overlay(source) for source in task.overlays] if task else []
        for source, (_, findings) in zip(task.overlays if task else (), overlays, strict=True):
            inputs.extend((source.path, one) for one in findings)
        read = [overlay for overlay, _ in overlays]
        cases = pair.cases(task, read) if task else ()
        there = {case.overlays[0] for case in cases if len(case.overlays) == 1}
        cases += _recorded_cases(
            pair.reporter,
            (then.tree, now.tree),
            self._dialects[0],
            path,
            [one for one in self._needs_for(board) if self._prefix + one.overlay not in there],
        )
        then.tree.dissolve()
        now.tree.dissolve()
        return BaseResult(path, cases, inputs=tuple(inputs))

    def _needs_for(self, board: Board) -> Sequence[Recorded]:
        """Give what was recorded for a board, under its path of then or of now."""
        sources = dict.fromkeys(source.path for source in (board.old, board.new) if source)
        paths = [path.removeprefix(self._prefix) for path in sources]
        return [one for path in paths for one in self._recorded.get(path, ())]

    def _overlay(self, source: Source) -> tuple[Overlay | None, tuple[Finding, ...]]:
        found = self._overlays.get(source)
        if found is None:
            read = self._now.input(source)
            overlay = None if read.tree is None else Overlay(read.tree, source.path)
            errors = tuple(one for one in read.findings if one.severity >= Severity.ERROR)
            found = self._overlays[source] = (overlay, errors)
        return found

    def _unreadable(self, task: Task | None) -> tuple[Case, ...]:
        """Give the cases of a board that is not there, or not to be read."""
        verdicts = tuple(Verdict(one.name, UNREADABLE) for one in self._dialects)
        if task is None:
            return ()
        cases = []
        for wanted in task.cases:
            names = tuple(task.overlays[index].path for index in wanted.overlays)
            cases.append(Case(task.base.path, names, wanted.name, verdicts))
        return tuple(cases)


def _gone(board: Board, users: Sequence[str], shown: str) -> Diagnostic:
    """Say that a board is not what it was called, or not there; shown is where it was."""
    old = "" if board.old is None else board.old.path
    severity = Severity.WARNING if board.new is not None else Severity.ERROR
    if board.new is not None:
        what = f"it is {board.new.path} now"
    elif is_file(old):
        what = "the file is there, and nothing chooses it"
    else:
        what = "no board has its file name, nor its compatible and model"
    why = ""
    if users:
        more = f" and {len(users) - 3} more" if len(users) > 3 else ""
        why = f"{', '.join(users[:3])}{more} went with it in {shown}"
    return Diagnostic(
        codes.BOARD_GONE,
        board=old,
        what=what,
        why=why,
        severity=severity if users else Severity.INFO,
    )


def _users(task: Task | None, recorded: Iterable[Recorded]) -> list[str]:
    """List the overlays that a board has to do with."""
    names = [source.path for source in task.overlays] if task is not None else []
    return sorted({*names, *(one.overlay for one in recorded)})


class _Pair:
    """A board as it was and as it is."""

    def __init__(
        self, base: str, then: Tree, now: Tree, dialects: Sequence[Dialect], shown: str
    ) -> None:
        self._base = base
        self._then = then
        self._now = now
        self._dialects = dialects
        self._shown = shown
        self.reporter = Reporter(now, base, dialects[0])

    def cases(self, task: Task, overlays: Sequence[Overlay | None]) -> tuple[Case, ...]:
        """Compare every case of a task. A finding is told once, alone rather than in a stack."""
        gaps = [() if one is None else self._gaps(one) for one in overlays]
        told: set[int] = set()
        cases = []
        for wanted in task.cases:
            names = tuple(task.overlays[index].path for index in wanted.overlays)
            chosen = [overlays[index] for index in wanted.overlays]
            read = [overlay for overlay in chosen if overlay is not None]
            if len(read) < len(chosen):
                verdicts = [
                    Verdict(one.name, UNREADABLE, chosen.index(None)) for one in self._dialects
                ]
                cases.append(Case(self._base, names, wanted.name, tuple(verdicts)))
                continue
            explained = any(
                one.severity >= Severity.ERROR for index in wanted.overlays for one in gaps[index]
            )
            refusals: list[Diagnostic] = []
            verdicts = [self._verdict(read, one, explained, refusals) for one in self._dialects]
            refused = any(verdict.error for verdict in verdicts)
            found: list[Finding] = []
            for number, index in enumerate(wanted.overlays, 1):
                # What is told of an overlay alone is told of a stack when it is refused for it.
                if refused or index not in told:
                    found.extend(_placed(gaps[index], number, len(read)))
                told.add(index)
            found.extend(map(as_finding, refusals))
            cases.append(Case(self._base, names, wanted.name, tuple(verdicts), tuple(found)))
        return tuple(cases)

    def _gaps(self, overlay: Overlay) -> tuple[Diagnostic, ...]:
        dialect = self._dialects[0]
        sink = Sink()
        needs = needs_of(overlay, self._then, dialect)
        self.reporter.report(gaps_of(needs, self._now, dialect), overlay.name, sink)
        return tuple(sink)

    def _verdict(
        self,
        overlays: Sequence[Overlay],
        dialect: Dialect,
        explained: bool,
        found: list[Diagnostic],
    ) -> Verdict:
        """Tell what an applier says now; "" too where it refused before."""
        stack = apply_stack(self._now, overlays, dialect)
        stack.revert(self._now)
        error, at = _error(stack)
        if error:
            before = apply_stack(self._then, overlays, dialect)
            before.revert(self._then)
            if _error(before)[0]:
                return Verdict(dialect.name)
            if not explained:
                found.append(self._refused(overlays, dialect, at))
            return Verdict(dialect.name, error, at)
        return Verdict(dialect.name)

    def _refused(self, overlays: Sequence[Overlay], dialect: Dialect, at: int) -> Diagnostic:
        """Say why overlays are refused now that were not, when nothing they rely on is gone."""
        stack, verdict, sink = try_stack(
            self._now, overlays, dialect, self._base, main=False, asked=True
        )
        stack.revert(self._now)
        first = next((one for one in sink if one.severity >= Severity.ERROR), None)
        why = verdict.reason
        if first is not None:
            why = "; ".join(filter(None, (f"{first.code.number}: {first.message}", first.why)))
        name = overlays[at].name
        return Diagnostic(
            codes.REFUSED_NOW,
            path="" if first is None else first.path,
            at=None if first is None else first.where,
            why=f"{why}; {self._shown} took it",
            who=f"overlay {at + 1} ({name})" if len(overlays) > 1 else name,
            notes=() if first is None else first.notes,
            fix=None if first is None else first.fix,
            overlay=name,
            error=f"{dialect.name}: {verdict.error}",
        )


def _error(stack: Stack) -> tuple[str, int]:
    """Give the first error of a stack, "" for none, and the index of its overlay."""
    return next(((one.error, at) for at, one in enumerate(stack.outcomes) if one.error), ("", -1))


def _placed(found: Iterable[Diagnostic], number: int, count: int) -> Iterator[Finding]:
    """Give findings about an overlay, with its number if it is one of several."""
    for one in map(as_finding, found):
        yield one if count == 1 else one._replace(who=f"overlay {number} ({one.who})")
