"""Refusals over what an overlay brings: doubled, clashing, unusable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.checks.subject import Subject, counted, report_refusal
from dtovl.codes import overlay as codes
from dtovl.diagnostics import Note
from dtovl.model.cells import text
from dtovl.model.dialect import Problem
from dtovl.model.values import render

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.overlay.build import Doubled
    from dtovl.resolve import Refused

_MOST = 5


def blob_refused(subject: Subject, refused: Refused) -> None:
    """Explain a blob that the kernel cannot read."""
    what = {
        Problem.HEADER: "its header is not sound",
        Problem.SHORT: "it is shorter than its header says",
        Problem.STRUCTURE: "its structure block is broken",
        Problem.STRUCTURE_EMPTY: "its structure block holds no root node",
    }[refused.problem]
    report_refusal(subject, codes.BLOB_REFUSED, refused.problem, path="/", what=what)


def listener_refused(subject: Subject, refused: Refused) -> None:
    """Explain that somebody who listens to overlays refused."""
    error, target = refused.facts["error"], refused.facts["target"]
    subject.sink.report(
        codes.LISTENER_REFUSED,
        path=target.path,
        who=subject.who,
        kernel=subject.kernel,
        severity=subject.severity,
        error=error,
    )


def no_fragments(subject: Subject, refused: Refused) -> None:
    """Explain an overlay without fragments."""
    why = "its root has no child with an __overlay__ node"
    report_refusal(subject, codes.NO_FRAGMENTS, refused.problem, path="/", why=why)


def symbols_no_base(subject: Subject, refused: Refused) -> None:
    """Explain exported labels on a base without `/__symbols__`."""
    report_refusal(subject, codes.SYMBOLS_WITHOUT_BASE, refused.problem, path="/__symbols__")


def cells_changed(subject: Subject, refused: Refused) -> None:
    """Explain a change of `#address-cells` or `#size-cells`."""
    facts = refused.facts
    node: Node = facts["node"]
    live: Node = facts["base_node"]
    name = str(facts["property"])
    report_refusal(
        subject,
        codes.CELLS_CHANGED,
        refused.problem,
        node=node,
        key=name,
        path=live.path,
        why=f"{counted(len(live.children), 'child', 'children')} of it would be read differently",
        property=name,
        base_path=live.path,
        old=render(facts["old"], name=name),
        new=render(facts["new"], name=name),
    )


def changed_twice(subject: Subject, refused: Refused) -> None:
    """Explain each node or property that one overlay brings twice."""
    doubled: list[Doubled] = refused.facts["doubled"]
    for path, name, sources in doubled[:_MOST]:
        node, key = sources[0]
        report_refusal(
            subject,
            codes.CHANGED_TWICE,
            Problem.DUPLICATE_NODE if name is None else Problem.DUPLICATE_PROPERTY,
            node=node,
            key=key,
            path=path or "/",
            why="Linux takes one change of a thing from an overlay; in libfdt the last one wins",
            notes=[_place(subject, *source) for source in sources[:_MOST]],
            what="the node" if name is None else f"property {name}",
        )


def _place(subject: Subject, node: Node, key: str | None) -> Note:
    """Say which fragment brings a node or property, and with which value."""
    fragment = node
    while fragment.parent is not None and fragment.parent.parent is not None:
        fragment = fragment.parent
    value = "" if key is None else render(node.properties[key], name=key, limit=60)
    brings = "adds it" if key is None else f"sets it to {value}" if value else "sets it"
    return Note(f"{fragment.name} {brings}", subject.at(node, key))


def symbol_exists(subject: Subject, refused: Refused) -> None:
    """Explain an exported label that the base has."""
    label = str(refused.facts["label"])
    live: Node = refused.facts["base_node"]
    path = text(live.properties.get(label, b""))
    own = subject.outcome.overlay
    labelled = text(own.symbols.properties.get(label, b"")) if own.symbols is not None else None
    report_refusal(
        subject,
        codes.SYMBOL_EXISTS,
        refused.problem,
        node=own.tree.find(labelled or "") or own.symbols,
        path="/__symbols__",
        why=f"there it is {path or 'no path'}",
        label=label,
        owner=subject.owner(live, label),
    )


def symbol_unusable(subject: Subject, refused: Refused) -> None:
    """Explain an exported label whose value is unusable."""
    label = str(refused.facts["label"])
    value = refused.facts.get("value")
    shown = render(value) if isinstance(value, bytes) else f'"{refused.facts.get("path")}"'
    malformed = refused.problem is Problem.SYMBOL_VALUE
    what = "is no single string that begins with /" if malformed else "lies in no fragment"
    node = subject.outcome.overlay.symbols
    report_refusal(
        subject,
        codes.SYMBOL_UNUSABLE,
        refused.problem,
        node=node,
        key=label,
        label=label,
        value=shown or "nothing",
        what=what,
    )


def status_empty(subject: Subject, refused: Refused) -> None:
    """Explain a `status` that crashes the kernel."""
    node: Node = refused.facts["node"]
    report_refusal(subject, codes.STATUS_EMPTY, refused.problem, node=node, key="status", why="")
