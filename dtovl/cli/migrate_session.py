"""`dtovl migrate --session`: a migration of the tree of a session, one operation of its journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.cli.migration import goes_on, lines_of, read, refuse, replay, report
from dtovl.cli.outcome import Outcome
from dtovl.cli.session import open_session
from dtovl.replay.recording import Recording
from dtovl.replay.stream import Base, NamedHolder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.cli.migration import Request
    from dtovl.cli.replay_inputs import Inputs
    from dtovl.replay.result import Result
    from dtovl.report.spans import Line
    from dtovl.session.journal import Operation
    from dtovl.session.session import Session


def migrate_session(request: Request, path: str) -> Outcome:
    """Replay a log on the tree of a session, and keep what it changes there.

    Nothing is kept when the input has a fault. Raises InputError.
    """
    inputs = read(request)
    with open_session(path) as session:
        inputs.base = Base(session.export(), {})
        inputs.stream.holders += _holders(session)
        if not goes_on(request, inputs):
            return refuse(request, inputs)
        result = replay(request, inputs)
        if result.problems:
            return report(request, inputs, result)
        recording = Recording(result)
        step = {
            "op": "migrate",
            "log": inputs.name,
            "policy": request.policy,
            "changes": recording.changes,
        }
        kept = session.do(step)[0]
        return _report(request, inputs, result, session.name, kept, recording.unknown)


def _holders(session: Session) -> list[NamedHolder]:
    """Give who holds nodes of the session's tree, by `dtovl hold`."""
    live = session.machine.live
    return [
        NamedHolder(node.path, holder.name)
        for node, holders in live.holders.items()
        if live.attached(node)
        for holder in holders
    ]


def _report(
    request: Request,
    inputs: Inputs,
    result: Result,
    name: str,
    kept: Operation,
    unknown: int,
) -> Outcome:
    code = result.exit_code(request.fail_on)
    if request.form == "json":
        from dtovl.report.json import listing
        from dtovl.report.operations import operation_object

        document = result.as_json(request.fail_on)
        return Outcome(
            code, listing({**document, "session": name, "operation": operation_object(kept)})
        )
    return Outcome(code, _lines(request, inputs, result, kept, unknown))


def _lines(
    request: Request, inputs: Inputs, result: Result, kept: Operation, unknown: int
) -> Iterator[Line]:
    from dtovl.report.operations import operations_lines
    from dtovl.report.spans import BLANK, Line, amount

    yield from lines_of(request, inputs, result)
    yield BLANK
    yield from operations_lines([kept])
    if unknown:
        text = f"{amount(unknown, 'value')} that the log does not tell: left as in the session"
        yield Line((("warning", text),), hang=2)
