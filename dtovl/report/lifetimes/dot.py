"""Objects, who holds them, and who waits for whom when a rule is broken, for Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.lifetimes.state import FREED, LIVE
from dtovl.report.escape import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.lifetimes.scenario import Object
    from dtovl.report.lifetimes.answer import Answer

_BAD = "#bf3227"
_SOFT = "#8a8f98"
_LINES = {"ref": "solid", "borrow": "dashed", "link": "dotted"}


def dot(answer: Answer) -> str:
    """Write a graph as things are at the first finding, or at the end without one.

    Boxes are objects, ellipses actors, folders scopes, diamonds locks and the like. A reference is
    a solid arrow, a bare pointer a dashed one, a link a dotted one; red ones lead to what is
    freed. Who waits is in red as well. Source: Graphviz, the DOT language (quoted strings).
    """
    return "\n".join(_lines(answer)) + "\n"


def _lines(answer: Answer) -> Iterator[str]:
    trace = answer.trace
    about = answer.findings[0].message if answer.findings else "nothing is found"
    yield f"digraph {_quoted(answer.scenario.name)} {{"
    yield f'  label="{_inside(answer.scenario.name)}\\n{_inside(about)}";'
    yield '  rankdir=LR; fontname="sans-serif"; fontsize=11;'
    yield '  node [shape=box, fontname="sans-serif", fontsize=10];'
    yield '  edge [fontname="sans-serif", fontsize=9];'
    bad = {one.details.get("object", "") for one in answer.findings}
    for spec in trace.scenario.objects.values():
        yield from _object(answer, spec, marked=spec.name in bad)
    for actor in trace.scenario.actors:
        colour = f', color="{_BAD}"' if actor in trace.waits else ""
        yield f"  {_node('actor', actor)} [shape=ellipse, label={_quoted(actor)}{colour}];"
    yield from _scopes(answer)
    yield from _holds(answer)
    yield from _waits(answer)
    yield "}"


def _object(answer: Answer, spec: Object, *, marked: bool) -> Iterator[str]:
    life = answer.trace.state.lives[spec.name]
    told = life.state if life.state != LIVE or not spec.counted else f"count {life.count}"
    style = ""
    if life.state == FREED:
        style = f', style=dashed, color="{_BAD if marked else _SOFT}", fontcolor="{_SOFT}"'
        told = f"freed at {life.freed}"
    elif life.state != LIVE:
        style = f', style=dotted, color="{_SOFT}", fontcolor="{_SOFT}"'
        told = "not yet allocated"
    elif marked:
        style = f', color="{_BAD}", penwidth=2'
    lines = "\\n".join(map(_inside, (spec.name, f"{spec.kind}, {told}")))
    yield f'  {_node("object", spec.name)} [label="{lines}"{style}];'


def _scopes(answer: Answer) -> Iterator[str]:
    state = answer.trace.state
    for name, scope in answer.trace.scenario.scopes.items():
        ended = ", closed" if name in state.closed else ""
        lines = "\\n".join(map(_inside, (name, f"{scope.kind}{ended}")))
        yield f'  {_node("scope", name)} [shape=folder, label="{lines}"];'
        for kind, *what in state.members[name]:
            hold = state.holds.get(what[0]) if kind == "hold" else None
            target = hold.object if hold is not None else what[0] if kind == "object" else ""
            if target:
                ends = f"{_node('scope', name)} -> {_node('object', target)}"
                yield f'  {ends} [label="releases", color="{_SOFT}", arrowhead=odot];'


def _holds(answer: Answer) -> Iterator[str]:
    state, scenario = answer.trace.state, answer.trace.scenario
    for hold in state.holds_in_order():
        kind = "scope"
        if hold.by in scenario.actors:
            kind = "actor"
        elif hold.by in scenario.objects:
            kind = "object"
        freed = state.lives[hold.object].state == FREED
        colour = f', color="{_BAD}", fontcolor="{_BAD}", penwidth=2' if freed else ""
        ends = f"{_node(kind, hold.by)} -> {_node('object', hold.object)}"
        yield f"  {ends} [label={_quoted(hold.name)}, style={_LINES[hold.kind]}{colour}];"


def _waits(answer: Answer) -> Iterator[str]:
    trace = answer.trace
    held = {one: actor for actor, things in trace.state.held.items() for one in things}
    wanted = {stuck.waits_for for stuck in trace.waits.values()}
    for name in dict.fromkeys((*held, *sorted(wanted))):
        colour = f', color="{_BAD}"' if name in wanted else ""
        yield f"  {_node('waitable', name)} [shape=diamond, label={_quoted(name)}{colour}];"
    for actor, things in trace.state.held.items():
        for one in dict.fromkeys(things):
            yield f'  {_node("waitable", one)} -> {_node("actor", actor)} [label="held by"];'
    for actor, stuck in trace.waits.items():
        ends = f"{_node('actor', actor)} -> {_node('waitable', stuck.waits_for)}"
        label = f"waits at {stuck.event.name}"
        yield f'  {ends} [label={_quoted(label)}, color="{_BAD}", fontcolor="{_BAD}", penwidth=2];'


def _node(kind: str, name: str) -> str:
    """Name a node; kinds have name spaces of their own."""
    return _quoted(f"{kind} {name}")


def _quoted(text: str) -> str:
    return f'"{_inside(text)}"'


def _inside(text: str) -> str:
    """Make text fit for a string of DOT: quotes end it, a backslash begins an escape."""
    return terminal(text).replace("\\", "\\\\").replace('"', '\\"')
