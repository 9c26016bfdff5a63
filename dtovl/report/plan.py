"""What applying overlays changes, in the manner of a plan: per fragment, per node, old and new."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.model.node import plain_name
from dtovl.model.specifiers import SYMBOLS
from dtovl.model.tree import PHANDLE_NAMES
from dtovl.model.values import printable, reference, render
from dtovl.overlay.changes import FragmentChanges, NodeChange, PropertyChange, count
from dtovl.report.show import amount
from dtovl.report.spans import BLANK, Line, Span
from dtovl.report.values import MergedReferences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dtovl.checks.verdicts import Verdict
    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome

_LIMIT = 200
_PROPERTY_HANG = 10
_PAGE = 0x1000


class Room(NamedTuple):
    """Bytes of a base without padding, what overlays add to it, and its padding."""

    base: int
    growth: int
    padding: int

    @property
    def total(self) -> int:
        """Give the bytes of the result without padding."""
        return self.base + self.growth

    @property
    def wanted(self) -> int:
        """Give the bytes to make room for, in whole pages; 0 when the padding suffices."""
        if self.growth <= self.padding:
            return 0
        return -(-self.growth // _PAGE) * _PAGE


class Step(NamedTuple):
    """One overlay in force and what it changed."""

    outcome: Outcome
    changes: list[FragmentChanges]


class Plan(NamedTuple):
    """All that a plan tells: base is the display name of the base, overlays those of all given.

    steps are the overlays in force, fewer than overlays when one was refused; then room is None
    and nothing went to out. out is where the result was to go, None for nowhere.
    """

    tree: Tree
    base: str
    overlays: Sequence[str]
    applier: str
    steps: Sequence[Step]
    verdicts: Sequence[Verdict]
    room: Room | None
    out: str | None

    @property
    def applies(self) -> bool:
        """Tell whether all overlays are in force."""
        return len(self.steps) == len(self.overlays)


def plan_lines(plan: Plan) -> Iterator[Line]:
    """Write the changes of every overlay, then the summary, the verdicts and the room."""
    references = MergedReferences(plan.tree)
    for number, step in enumerate(plan.steps, 1):
        yield Line((("heading", _title(plan, number)),))
        references.enter_overlay(step.outcome)
        for fragment in step.changes:
            yield BLANK
            yield from _fragment_lines(plan.tree, references, step.outcome, fragment)
        yield BLANK
    yield from summary_lines(plan)


def summary_lines(plan: Plan) -> Iterator[Line]:
    """Write the line that counts the changes, a line for each verdict, and the room needed."""
    yield Line((("heading", "Plan: "), ("", _summary(plan))))
    for verdict in plan.verdicts:
        yield _verdict_line(verdict, plan)
    if plan.room is not None:
        yield Line((("label", "room: "), ("", room_text(plan.room, len(plan.steps)))))
    if plan.out is not None:
        yield Line((("label", "wrote " if plan.applies else "not written: "), ("path", plan.out)))


def room_text(room: Room, overlays: int) -> str:
    """Say how large the blob becomes, and what a boot loader must be told to make room."""
    after = f"{room.total:,} bytes after {amount(overlays, 'overlay')}"
    if room.growth <= 0:
        return f"{after}, no more than the {room.base:,} of the base"
    text = f"base {room.base:,} + growth {room.growth:,} = {after}"
    if room.wanted:
        return f"{text}; needs 'fdt resize {room.wanted:#x}' or dtc -p {room.wanted}"
    return f"{text}; fits the {room.padding:,} bytes of padding"


def plan_object(plan: Plan) -> dict[str, object]:
    """Give a plan for machines."""
    references = MergedReferences(plan.tree)
    number = count(fragment for step in plan.steps for fragment in _nodes_only(step.changes))
    return {
        "base": plan.base,
        "overlays": list(plan.overlays),
        "applier": plan.applier,
        "applies": plan.applies,
        "verdicts": [_verdict_object(verdict) for verdict in plan.verdicts],
        "summary": number._asdict(),
        "changes": [
            change
            for index, step in enumerate(plan.steps, 1)
            for change in _change_objects(plan.tree, step, references, index)
        ],
        "room": None
        if plan.room is None
        else {**plan.room._asdict(), "total": plan.room.total, "wanted": plan.room.wanted},
        "written": plan.out if plan.applies else None,
    }


def _verdict_object(verdict: Verdict) -> dict[str, object]:
    return {
        "applier": verdict.dialect.name,
        "title": verdict.dialect.title,
        "applies": verdict.applies,
        "error": verdict.error or None,
        "overlay": verdict.overlay or None,
        "reason": verdict.reason or None,
        "hazard": verdict.hazard,
        "kernel": list(verdict.lines),
    }


def _nodes_only(changes: Iterable[FragmentChanges]) -> Iterator[FragmentChanges]:
    """Leave out the exported labels."""
    return (fragment for fragment in changes if fragment.name != SYMBOLS)


def _change_objects(
    tree: Tree, step: Step, references: MergedReferences, number: int
) -> Iterator[dict[str, object]]:
    """Give the changes of one overlay: one entry a node and fragment."""
    references.enter_overlay(step.outcome)
    for fragment in step.changes:
        references.enter_fragment(fragment)
        for found in fragment.nodes:
            change = _as_written(references, found)
            yield {
                "overlay": number,
                "fragment": fragment.name,
                "action": "add" if change.added else "change",
                "path": change.node.path,
                "labels": list(tree.labels_of(change.node)),
                "properties": [
                    _property_object(references, change, one) for one in change.properties
                ],
            }


def _property_object(
    references: MergedReferences, change: NodeChange, one: PropertyChange
) -> dict[str, object]:
    old, new = _texts(references, change, one, None)
    return {
        "name": plain_name(one.key),
        "action": _action(one),
        "old": None if one.old is None else one.old.hex(),
        "new": None if one.new is None else one.new.hex(),
        "old_text": None if one.old is None else old,
        "new_text": None if one.new is None else new,
    }


def _title(plan: Plan, number: int) -> str:
    name = plan.overlays[number - 1]
    if len(plan.overlays) == 1:
        return f"{name} on {plan.base}"
    return f"overlay {number} of {len(plan.overlays)}: {name} on {plan.base}"


def _fragment_lines(
    tree: Tree, references: MergedReferences, outcome: Outcome, fragment: FragmentChanges
) -> Iterator[Line]:
    yield Line((("heading", _fragment_title(tree, references, fragment)),))
    references.enter_fragment(fragment)
    if not fragment.nodes:
        yield Line((("dim", "  no change"),))
    for change in fragment.nodes:
        yield from _node_lines(tree, references, _as_written(references, change))


def _fragment_title(tree: Tree, references: MergedReferences, fragment: FragmentChanges) -> str:
    if fragment.name == SYMBOLS:
        return "labels exported"
    if fragment.target is None:
        return fragment.name or "elsewhere"
    labels = tree.labels_of(fragment.target)
    where = reference(labels[0]) if labels else fragment.target.path
    return f"{fragment.name} on {where}"


def _node_lines(tree: Tree, references: MergedReferences, change: NodeChange) -> Iterator[Line]:
    node = change.node
    style, mark = ("add", "+") if change.added else ("change", "~")
    labels = tree.labels_of(node)
    shown = f"  ({', '.join(labels)})" if labels else ""
    yield Line(((style, f"  {mark} "), ("path", node.path), ("label", shown)))
    for one in change.properties:
        # The number that a new node happens to get says nothing to a person.
        if not (change.added and plain_name(one.key) in PHANDLE_NAMES):
            yield _property_line(references, change, one)


def _as_written(references: MergedReferences, change: NodeChange) -> NodeChange:
    """Put the properties of an added node in the order of the overlay; libfdt turns it round."""
    source = references.source_of(change.node)
    if source is None or not change.added:
        return change
    order = {key: place for place, key in enumerate(source.properties)}
    last = len(order)
    properties = sorted(change.properties, key=lambda one: order.get(one.key, last))
    return change._replace(properties=properties)


_MARKS = {"add": "+", "change": "~", "remove": "-"}


def _action(one: PropertyChange) -> str:
    return "add" if one.old is None else "remove" if one.new is None else "change"


def _property_line(references: MergedReferences, change: NodeChange, one: PropertyChange) -> Line:
    action = _action(one)
    head = (action, f"      {_MARKS[action]} "), ("name", printable(plain_name(one.key)))
    return Line((*head, *_value_spans(references, change, one)), hang=_PROPERTY_HANG, fixed=2)


def _value_spans(
    references: MergedReferences, change: NodeChange, one: PropertyChange
) -> Iterator[Span]:
    old, new = _texts(references, change, one, _LIMIT)
    if one.old is None or one.new is None:
        if old or new:
            yield "", f" = {old or new}"
        return
    yield "", " = "
    yield "old", old or "(empty)"
    yield "", " -> "
    yield "new", new or "(empty)"


def _texts(
    references: MergedReferences, change: NodeChange, one: PropertyChange, limit: int | None
) -> tuple[str, str]:
    node, key, old, new = change.node, one.key, one.old, one.new
    was = references.old(node, key, old) if old else {}
    now = references.new(node, key, new) if new else {}
    return (
        render(old or b"", name=key, references=was, limit=limit),
        render(new or b"", name=key, references=now, limit=limit),
    )


def _summary(plan: Plan) -> str:
    if not plan.applies:
        place = len(plan.steps) + 1
        name = plan.overlays[place - 1]
        if len(plan.overlays) > 1:
            name = f"overlay {place} of {len(plan.overlays)} ({name})"
        return f"none, as {name} is refused"
    fragments = [fragment for step in plan.steps for fragment in step.changes]
    number = count(_nodes_only(fragments))
    labels = sum(
        len(change.properties)
        for fragment in fragments
        if fragment.name == SYMBOLS
        for change in fragment.nodes
    )
    text = (
        f"{amount(number.nodes_added, 'node')} added, {number.nodes_changed} changed; "
        f"{amount(number.properties_added, 'property', 'properties')} added, "
        f"{number.properties_changed} changed, {number.properties_removed} removed"
    )
    return f"{text}; {amount(labels, 'label')} exported" if labels else text


def _verdict_line(verdict: Verdict, plan: Plan) -> Line:
    who = ("label", f"{verdict.dialect.phrase}: ")
    if verdict.applies:
        return Line((who, ("good", "applies")))
    subject = f" {verdict.overlay}" if len(plan.overlays) > 1 else ""
    reason = f": {verdict.reason}" if verdict.reason else ""
    if verdict.hazard:
        what = f"would crash or corrupt memory over{subject or ' it'}; refused here"
        return Line((who, ("bad", what), ("", reason)))
    return Line((who, ("bad", f"refuses{subject}"), ("", f", {verdict.error}{reason}")))
