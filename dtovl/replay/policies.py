"""The four policies, and the entry of a replay: a stream of messages over a tree, under one.

naive is Linux before the fix of 2021, ignore Linux since; subtree-attach attaches whole answers,
and preserve keeps a node that is deleted and added again. They differ in three switches; which
part acts on one: deletes (ignores, preserves), adds (all of them), updates (sets_empty).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.base import Severity
from dtovl.replay.adds import add
from dtovl.replay.context import Replay
from dtovl.replay.deletes import delete
from dtovl.replay.holders import infer_holders, name_holders
from dtovl.replay.model import Model
from dtovl.replay.names import as_names, as_texts
from dtovl.replay.pairing import decide
from dtovl.replay.records import OpEntry
from dtovl.replay.references import POOL
from dtovl.replay.result import Result, build_result
from dtovl.replay.session import Session
from dtovl.replay.skeleton import infer_base
from dtovl.replay.stream import (
    DELETE,
    UPDATE,
    Base,
    Gap,
    LooseUpdate,
    NamedHolder,
    Operation,
    Problem,
    SessionEnd,
    Stream,
)
from dtovl.replay.updates import update

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.replay.stream import Item


class Policy(NamedTuple):
    """How deletes, adds and updates are carried out.

    ignores    deletes and adds of platform facilities are passed over
    preserves  a delete waits for its add, and the node stays
    whole      an add attaches the whole answer, not its top node alone
    """

    name: str
    ignores: bool = False
    preserves: bool = False
    whole: bool = False

    @property
    def sets_empty(self) -> bool:
        """Tell whether a property that is sent as a name only is set to length 0."""
        return self.preserves or self.whole


POLICIES = {
    policy.name: policy
    for policy in (
        Policy("naive"),
        Policy("ignore", ignores=True),
        Policy("preserve", preserves=True, whole=True),
        Policy("subtree-attach", whole=True),
    )
}
"""The policies by name."""


def replay_stream(
    stream: Stream,
    base: Base | None = None,
    policy: str = "preserve",
    holders: Sequence[NamedHolder] = (),
) -> Result:
    """Replay a stream over a base, which is changed; without one over the tree the log implies.

    policy is naive, ignore, preserve or subtree-attach. holders are added to those of the stream.
    Problems of the stream become findings, as do holders whose node a base lacks (PS202). Raises
    InputError (DT009) for a log made to grow beyond all bounds.
    Source: kernel arch/powerpc/platforms/pseries/{mobility,dlpar,reconfig}.c; see the policies.
    """
    named = (*stream.holders, *holders)
    start = infer_base(stream, named) if base is None else as_texts(base)
    model = Model(start, inferred=base is None)
    replay = Replay(model, POLICIES[policy])
    infer_holders(model)
    missing = [one for one in name_holders(model, named) if one.line is None]
    problems = [*stream.problems, *map(_lacking, missing)]
    for item in stream.items:
        _take(replay, item)
    end_session(replay, last=True)
    for note in stream.notes:
        replay.findings.add(note.code, note.path, None, note.line, message=note.message)
    for problem in problems:
        replay.findings.add(problem.code, None, None, problem.line, message=problem.message)
    result = build_result(replay, stream, problems)
    # A node that left is not in the tree any more.
    leaked = (record.node for record in model.leaked)
    as_names({*model.tree.walk(), *model.records, *leaked})
    return result


def _lacking(holder: NamedHolder) -> Problem:
    return Problem("PS202", None, f"holders: the base has no node {holder.path}")


def _take(replay: Replay, item: Item) -> None:
    """Take up the next item of a stream."""
    session = replay.session
    if isinstance(item, Operation):
        if session.is_over(item):
            end_session(replay)
        _carry_out(replay, item)
    elif isinstance(item, LooseUpdate):
        _carry_out(replay, _as_update(item), ordered=False)
    elif isinstance(item, SessionEnd):
        end_session(replay)
    elif isinstance(item, Gap):
        session.gap = len(replay.operations)
        replay.find_at("PS140", None, None, item.line)
    elif replay.operations:
        session.listings.append(item)


def _as_update(loose: LooseUpdate) -> Operation:
    return Operation(
        UPDATE, loose.line, phandle=loose.phandle, path=loose.path, changes=loose.changes
    )


def _carry_out(replay: Replay, operation: Operation, *, ordered: bool = True) -> None:
    session = replay.session
    entry = OpEntry(len(replay.operations) + 1, session.number, operation)
    replay.operations.append(entry)
    earlier = session.count(operation) if ordered else session.count_loose()
    if operation.kind == DELETE:
        delete(replay, entry)
    elif operation.kind == UPDATE:
        update(replay, entry)
    else:
        add(replay, entry)
    if earlier:
        replay.find_at(
            "PS130",
            entry.path,
            entry.phandle,
            entry.line,
            kind=operation.kind,
            earlier=earlier,
        )


def end_session(replay: Replay, *, last: bool = False) -> None:
    """End the session, if it had an operation; last: the input is over."""
    session = replay.session
    if session.operations:
        decide(replay)
        _find_broken_references(replay)
        replay.sessions += 1
    if session.operations or last:
        _compare_listings(replay)
        replay.session = Session(replay.sessions + 1)


def _find_broken_references(replay: Replay) -> None:
    """Report properties whose phandle finds no node any more, or does not from the start."""
    model = replay.model
    references = model.references
    if references is None:
        return
    for node, name, number in references.broken(model.phandles.attached):
        severity = Severity.WARNING if name == POOL else None
        lost = model.left_numbers.get(number)
        others = () if lost is None else (lost,)
        value = f"{number:#x}"
        replay.find("PS107", node, None, *others, severity=severity, name=name, value=value)
    references.begin()


def _compare_listings(replay: Replay) -> None:
    """Report attached nodes that a listing in the log does not have."""
    model = replay.model
    for listing in replay.session.listings:
        node = model.find(listing.path)
        seen = frozenset(listing.names)
        for child in node.children.values() if node is not None else ():
            if child.name not in seen:
                replay.multiply()
                replay.find("PS145", child, listing.line)
