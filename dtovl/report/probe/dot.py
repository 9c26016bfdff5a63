"""The devices and what they wait for, as a graph for Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.report.escape import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dtovl.report.probe.answer import Answer
    from dtovl.report.probe.seen import Seen

_STYLES = {
    "bound": "",
    "new": ', color="#1b6a4d", penwidth=2',
    "deferred": ', color="#bf3227", fontcolor="#bf3227", penwidth=2',
    "failed": ', color="#bf3227", fontcolor="#bf3227", style="rounded,bold"',
    "unmatched": ', color="#8a8f98", fontcolor="#8a8f98"',
    "cause": ', shape=octagon, style=filled, color="#bf3227", fillcolor="#fbe9e7"',
}


def dot(answer: Answer) -> str:
    """Write a graph: consumer -> supplier, in red where the consumer never binds for want of it.

    Devices carry their number in the order of binding; those that overlays let bind are green.
    Source: Graphviz, the DOT language (quoted strings).
    """
    return "\n".join(_lines(answer)) + "\n"


def _lines(answer: Answer) -> Iterator[str]:
    seen = answer.seen
    yield f"digraph {_quoted('probe order of ' + answer.name)} {{"
    yield "  rankdir=LR;"
    yield '  node [shape=box, style=rounded, fontname="sans-serif", fontsize=10];'
    yield '  edge [color="#9aa3af", fontname="sans-serif", fontsize=8];'
    yield from _nodes(answer)
    waiting = _waiting_edges(seen)
    for (consumer, supplier), name in waiting.items():
        label = f', label="{_inside(name)}", fontcolor="#bf3227"' if name else ""
        yield f'  {_quoted(consumer)} -> {_quoted(supplier)} [color="#bf3227", penwidth=2{label}];'
    told = set(waiting)
    for consumer, needs in seen.needs.items():
        for need in needs:
            edge = consumer, need.device
            if need.device and need.device != consumer and edge not in told:
                told.add(edge)
                yield f"  {_quoted(consumer)} -> {_quoted(need.device)};"
    yield "}"


def _nodes(answer: Answer) -> Iterator[str]:
    seen = answer.seen
    new: Mapping[str, object] = answer.difference.bound if answer.difference is not None else {}
    for place, path in enumerate(seen.order, 1):
        yield _node(path, "new" if path in new else "bound", f"{place}  {path}")
    for path in seen.deferred:
        yield _node(path, "deferred", path)
    for path, errno in seen.failed.items():
        yield _node(path, "failed", path, f"fails with {errno}")
    for path in seen.unmatched:
        yield _node(path, "unmatched", path, "no driver")
    known = seen.standing()
    for cause in dict.fromkeys(seen.causes.values()):
        if cause.node not in known:
            yield _node(cause.node, "cause", cause.node, cause.words)


def _waiting_edges(seen: Seen) -> dict[tuple[str, str], str]:
    """Give the edges from each device that never binds to what it waits for, and by what name."""
    found = {}
    for path, wait in seen.waits.items():
        target = wait.device or seen.causes[path].node
        if target != path:
            found[path, target] = wait.place if wait.named else ""
    return found


def _node(path: str, kind: str, *label: str) -> str:
    lines = "\\n".join(map(_inside, label))
    return f'  {_quoted(path)} [label="{lines}"{_STYLES[kind]}];'


def _quoted(text: str) -> str:
    return f'"{_inside(text)}"'


def _inside(text: str) -> str:
    """Make text fit for a string of DOT: a quote ends it, a backslash begins an escape in labels.

    Line ends and the like are made visible, so those in a label are ours.
    """
    return terminal(text).replace("\\", "\\\\").replace('"', '\\"')
