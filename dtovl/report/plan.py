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
    from collections.abc import Iterator, Sequence

    from dtovl.checks.verdicts import Verdict
    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome
    from dtovl.overlay.room import Room

_LIMIT = 200
_PROPERTY_HANG = 10


class Step(NamedTuple):
    """One overlay in force and what it changed."""

    outcome: Outcome
    changes: list[FragmentChanges]


class Plan(NamedTuple):
    """All that a plan tells: base is the display name of the base, overlays those of all given.

    steps are the overlays in force, fewer than overlays when one was refused. room is None when
    nothing is known of it; written says where the result went, "" for nowhere.
    """

    tree: Tree
    base: str
    overlays: Sequence[str]
    steps: Sequence[Step]
    verdicts: Sequence[Verdict]
    room: Room | None
    written: str


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
    yield Line((("heading", "Plan: "), ("", _summary(plan))), hang=6)
    for verdict in plan.verdicts:
        yield _verdict_line(verdict, plan)
    if plan.room is not None:
        yield Line((("label", "room: "), ("", room_text(plan.room, len(plan.steps)))), hang=6)
    if plan.written:
        yield Line((("label", "wrote "), ("path", plan.written)))


def room_text(room: Room, overlays: int) -> str:
    """Say how large the blob becomes, and what a boot loader must be told to make room."""
    text = (
        f"base {room.base:,} + growth {room.growth:,} = {room.total:,} bytes "
        f"after {amount(overlays, 'overlay')}"
    )
    if room.wanted:
        return f"{text}; needs 'fdt resize {room.wanted:#x}' or dtc -p {room.wanted}"
    return f"{text}; fits the {room.padding:,} bytes of padding" if room.growth > 0 else text


def changes_object(
    tree: Tree, step: Step, references: MergedReferences, number: int
) -> Iterator[dict[str, object]]:
    """Give the changes of one overlay for machines: one entry a node and fragment."""
    references.enter_overlay(step.outcome)
    for fragment in step.changes:
        references.enter_fragment(fragment)
        for change in fragment.nodes:
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
        yield from _node_lines(tree, references, change)


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
    fragments = [fragment for step in plan.steps for fragment in step.changes]
    number = count(fragment for fragment in fragments if fragment.name != SYMBOLS)
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
        return Line((who, ("bad", what), ("", reason)), hang=4)
    return Line((who, ("bad", f"refuses{subject}"), ("", f", {verdict.error}{reason}")), hang=4)
