"""What applying overlays changes, in the manner of a plan: per fragment, per node, old and new."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.model.node import plain_name
from dtovl.model.specifiers import SYMBOLS
from dtovl.model.tree import PHANDLE_NAMES
from dtovl.model.values import printable, reference, render
from dtovl.overlay.changes import count, list_changes
from dtovl.report.forecast import forecast_lines, forecast_object, summary_line
from dtovl.report.spans import BLANK, Line, Span, amount
from dtovl.report.values import MergedReferences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dtovl.checks.verdicts import Applied, Verdict
    from dtovl.model.tree import Tree
    from dtovl.overlay.changes import FragmentChanges, NodeChange, PropertyChange
    from dtovl.overlay.outcome import LogLine, Outcome

_LIMIT = 200
_MOST_LOG = 1 << 20
_PROPERTY_HANG = 10
_PAGE = 0x1000


class Plan(NamedTuple):
    """All that a plan tells of a stack of overlays.

    tree is the base with the overlays in force that applied; base and overlays are display names
    of all that were given; size and total are those of the blobs of the base and of the result in
    bytes, without padding; out is where the result was to go (None: nowhere), and went if all
    applied.
    """

    tree: Tree
    base: str
    overlays: Sequence[str]
    applied: Applied
    size: int
    total: int
    out: str | None
    detailed: bool = False

    @property
    def applies(self) -> bool:
        """Tell whether all overlays are in force."""
        return self.applied.stack.failed is None

    @property
    def outcomes(self) -> list[Outcome]:
        """Give the outcomes of the overlays in force."""
        return [outcome for outcome in self.applied.stack.outcomes if outcome.applies]

    def room(self) -> dict[str, int] | None:
        """Say how large the blob becomes, in bytes; None when nothing is written.

        wanted is what a boot loader that merges in place must be told to make room for, in whole
        pages; 0 when the padding of the base suffices.
        """
        if not self.applies:
            return None
        padding = len(self.tree.header.padding)
        growth = self.total - self.size
        wanted = 0 if growth <= padding else -(-growth // _PAGE) * _PAGE
        return {
            "base": self.size,
            "growth": growth,
            "padding": padding,
            "total": self.total,
            "wanted": wanted,
        }


def plan_lines(plan: Plan) -> Iterator[Line]:
    """Write the changes of every overlay, then the summary, the verdicts and the room."""
    references = MergedReferences(plan.tree)
    outcomes = plan.outcomes
    changes = list_changes(outcomes)
    for number, (outcome, fragments) in enumerate(zip(outcomes, changes, strict=True), 1):
        yield Line((("heading", _title(plan, number)),))
        references.enter_overlay(outcome)
        for fragment in fragments:
            yield BLANK
            yield from _fragment_lines(plan.tree, references, fragment)
        yield BLANK
    yield Line((("heading", "Plan: "), ("", _summary(plan, changes))))
    for verdict in plan.applied.verdicts:
        yield _verdict_line(verdict, plan)
    yield from _removal_lines(plan)
    room = plan.room()
    if room is not None:
        yield Line((("label", "room: "), ("", _room_text(room, len(plan.overlays)))))
    if plan.out is not None:
        yield _out_line(plan.out, written=plan.applies)


def _removal_lines(plan: Plan) -> Iterator[Line]:
    forecast = plan.applied.forecast
    if forecast is None:
        return
    if plan.detailed:
        yield from forecast_lines(forecast)
        return
    line = summary_line(forecast)
    if line is not None:
        yield line


def _out_line(out: str, *, written: bool) -> Line:
    if out == "-":
        what = "wrote the result to" if written else "nothing written to"
        return Line((("label", f"{what} standard output"),))
    return Line((("label", "wrote " if written else "not written: "), ("path", out)))


def _room_text(room: dict[str, int], overlays: int) -> str:
    after = f"{room['total']:,} bytes after {amount(overlays, 'overlay')}"
    if room["growth"] <= 0:
        return f"{after}, no more than the {room['base']:,} of the base"
    text = f"base {room['base']:,} + growth {room['growth']:,} = {after}"
    wanted = room["wanted"]
    if wanted:
        return f"{text}; needs 'fdt resize {wanted:#x}' or dtc -p {wanted}"
    return f"{text}; fits the {room['padding']:,} bytes of padding"


def plan_object(plan: Plan) -> dict[str, object]:
    """Give a plan for machines."""
    references = MergedReferences(plan.tree)
    outcomes = plan.outcomes
    changes = list_changes(outcomes)
    entries: list[dict[str, object]] = []
    for number, (outcome, fragments) in enumerate(zip(outcomes, changes, strict=True), 1):
        references.enter_overlay(outcome)
        for fragment in fragments:
            entries += _change_objects(plan.tree, references, fragment, number)
    return {
        "base": plan.base,
        "overlays": list(plan.overlays),
        "applier": plan.applied.stack.dialect.name,
        "applies": plan.applies,
        "verdicts": [_verdict_object(verdict) for verdict in plan.applied.verdicts],
        "summary": count(_nodes_only(changes))._asdict(),
        "changes": entries,
        "forecast": forecast_object(plan.applied.forecast),
        "room": plan.room(),
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
        "kernel": list(_bounded(verdict.lines)),
    }


def _nodes_only(changes: Iterable[list[FragmentChanges]]) -> Iterator[FragmentChanges]:
    """Give the fragments of all overlays, without the exported labels."""
    for fragments in changes:
        yield from (fragment for fragment in fragments if fragment.name != SYMBOLS)


def _change_objects(
    tree: Tree, references: MergedReferences, fragment: FragmentChanges, number: int
) -> Iterator[dict[str, object]]:
    """Give the changes of one fragment: one entry a node."""
    references.enter_fragment(fragment)
    for found in fragment.nodes:
        change = _as_written(references, found)
        yield {
            "overlay": number,
            "fragment": fragment.name,
            "action": "add" if change.added else "change",
            "path": change.node.path,
            "labels": list(tree.labels_of(change.node)),
            "properties": [_property_object(references, change, one) for one in change.properties],
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
    tree: Tree, references: MergedReferences, fragment: FragmentChanges
) -> Iterator[Line]:
    yield Line((("heading", _fragment_title(tree, fragment)),))
    references.enter_fragment(fragment)
    if not fragment.nodes:
        yield Line((("dim", "  no change"),))
    for change in fragment.nodes:
        yield from _node_lines(tree, references, _as_written(references, change))


def _fragment_title(tree: Tree, fragment: FragmentChanges) -> str:
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


def _summary(plan: Plan, changes: list[list[FragmentChanges]]) -> str:
    if not plan.applies:
        place = len(changes) + 1
        name = plan.overlays[place - 1]
        if len(plan.overlays) > 1:
            name = f"overlay {place} of {len(plan.overlays)} ({name})"
        return f"none, as {name} is refused"
    number = count(_nodes_only(changes))
    labels = sum(
        len(change.properties)
        for fragments in changes
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


def _bounded(lines: Sequence[LogLine]) -> Iterator[str]:
    """Give the lines up to a megabyte: hostile names could make gigabytes of them."""
    size = 0
    for number, line in enumerate(lines):
        size += sum(map(len, line.parts))
        if size > _MOST_LOG:
            yield f"and {len(lines) - number} more lines"
            return
        yield line.text


def _verdict_line(verdict: Verdict, plan: Plan) -> Line:
    who = ("label", f"{verdict.dialect.phrase}: ")
    if verdict.applies and not verdict.error:
        return Line((who, ("good", "applies")))
    if verdict.applies:
        return Line(
            (who, ("bad", "applies, but returns"), ("", f" {verdict.error}: {verdict.reason}"))
        )
    subject = f" {verdict.overlay}" if len(plan.overlays) > 1 else ""
    reason = f": {verdict.reason}" if verdict.reason else ""
    if verdict.hazard:
        what = f"would crash or corrupt memory over{subject or ' it'}; refused here"
        return Line((who, ("bad", what), ("", reason)))
    return Line((who, ("bad", f"refuses{subject}"), ("", f", {verdict.error}{reason}")))
