"""What `dtovl migrate` reads: log, base, list of holders; and all that is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.api import STANDARD_INPUT, load_base
from dtovl.cli.progress import Progress
from dtovl.errors import InputError
from dtovl.files import STANDARD_STREAM, open_bytes, read_bytes
from dtovl.replay.read import MAX_PROBLEMS, read_stream
from dtovl.replay.stream import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.replay.stream import Base, Stream
    from dtovl.report.spans import Line


class Fault(NamedTuple):
    """A problem, and the name of the file that has it."""

    file: str
    problem: Problem


class Inputs:
    """The log, called name, and the base: None where it is inferred, or could not be read.

    faults are all that is wrong, those of a whole file first, then by line, at most 20; replayable
    tells whether something is left to be replayed in spite of them.
    """

    __slots__ = ("base", "faults", "name", "replayable", "stream")

    def __init__(
        self, name: str, stream: Stream, base: Base | None = None, others: Iterable[Fault] = ()
    ) -> None:
        self.name = name
        self.stream = stream
        self.base = base
        faults = [*others, *(Fault(name, problem) for problem in stream.problems)]
        # Without a base, or without an operation, there is nothing to go on with.
        self.replayable = len(faults) == len(stream.problems) and not any(
            one.code == "PS201" for one in stream.problems
        )
        faults.sort(key=lambda one: (one.problem.line or 0, one.problem.column))
        self.faults = faults[:MAX_PROBLEMS]

    def add(self, problems: Iterable[Problem]) -> None:
        """Add problems of the log that only the replay shows."""
        self.faults += (Fault(self.name, problem) for problem in problems)

    def fault_lines(self) -> Iterator[Line]:
        """Write what is wrong, one line for each fault."""
        from dtovl.report.migrate import problem_line

        return (problem_line(problem, file) for file, problem in self.faults)


def read_inputs(
    log: str, base: str | None, holders: str | None, call: str | None, *, keep_going: bool
) -> Inputs:
    """Read all inputs, and collect what is wrong with any of them.

    Raises InputError (DT009, DT011) when the log cannot be opened or read.
    """
    stream = read_log(log, call, keep_going=keep_going)
    faults: list[Fault] = []
    tree = None
    if base is not None:
        try:
            tree = load_base(base)
        except InputError as error:
            # Its message has the place, should it be a line of source: lines are those of the log.
            faults.append(Fault(_shown(base), Problem("PS208", None, error.diagnostic.message)))
    if holders is not None:
        faults += _read_holders(holders, stream)
    return Inputs(_shown(log), stream, tree, faults)


def read_log(path: str, call: str | None, *, keep_going: bool = False) -> Stream:
    """Read a log, with a bar on a terminal while that lasts."""
    shown = _shown(path)
    with Progress(f"reading {shown}") as progress, open_bytes(path, progress) as file:
        return read_stream(file, shown, call, keep_going=keep_going)


def _shown(path: str) -> str:
    return STANDARD_INPUT if path == STANDARD_STREAM else path


def _read_holders(path: str, stream: Stream) -> list[Fault]:
    """Add to a stream who holds which node; give what is wrong with the file."""
    from dtovl.replay.oplist import read_holders

    name = _shown(path)
    try:
        text = read_bytes(path).decode("utf-8", "surrogateescape")
    except InputError as error:
        return [Fault(name, Problem("PS202", None, error.diagnostic.message))]
    holders, problems = read_holders(text, name)
    stream.holders += holders
    return [Fault(name, problem) for problem in problems]
