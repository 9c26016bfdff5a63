"""Refusals over fixups, local fixups and phandles of the overlay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.checks.subject import Subject, counted, references_inside, report_refusal
from dtovl.codes import overlay as codes
from dtovl.model.cells import cells
from dtovl.model.dialect import Problem
from dtovl.model.paths import find_merge_child
from dtovl.model.specifiers import References
from dtovl.model.tree import PHANDLE_NAMES

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.resolve import Refused


_MOST_CLASHES = 500


def fixup_malformed(subject: Subject, refused: Refused) -> None:
    """Explain a malformed entry of `__fixups__`."""
    facts = refused.facts
    entry = facts.get("entry")
    what = {
        Problem.FIXUP_NONE: "it has no entry",
        Problem.FIXUP_UNTERMINATED: f"{entry!r} does not end in NUL",
        Problem.FIXUP_SYNTAX: f"{entry!r} is not path:property:offset",
        Problem.FIXUP_NUMBER: f"the offset of {entry!r} does not fit 32 bits",
        Problem.FIXUP_PATH: f"the path of {entry!r} does not begin with /",
        Problem.FIXUP_NODE: f"{entry!r} names a node that the overlay does not have",
        Problem.FIXUP_PROPERTY: f"{entry!r} names a property that its node does not have",
    }[refused.problem]
    report_refusal(
        subject,
        codes.FIXUP_MALFORMED,
        refused.problem,
        path="/__fixups__",
        why=_hazard(subject),
        label=facts["label"],
        what=what,
    )


def fixup_outside(subject: Subject, refused: Refused) -> None:
    """Explain a patch outside the property."""
    facts = refused.facts
    local = refused.problem in (Problem.LOCAL_RANGE, Problem.LOCAL_WRAP)
    node: Node = facts["node"]
    key = str(facts["property"])
    report_refusal(
        subject,
        codes.FIXUP_OUTSIDE,
        refused.problem,
        node=node,
        key=key,
        why=_hazard(subject),
        table="__local_fixups__" if local else f"__fixups__ (label {facts['label']})",
        offset=facts["offset"],
        property=key,
        length=facts["length"],
    )


def _hazard(subject: Subject) -> str:
    if not subject.outcome.hazard:
        return ""
    return f"{subject.outcome.dialect.title} itself would read or write memory that is not its own"


def local_malformed(subject: Subject, refused: Refused) -> None:
    """Explain a malformed `__local_fixups__`."""
    facts = refused.facts
    node: Node = facts["node"]
    fixup: Node = facts["fixup"]
    name = facts.get("property")
    what = {
        Problem.LOCAL_LENGTH: f"{fixup.path}:{name} is no list of cells",
        Problem.LOCAL_EMPTY: f"{fixup.path}:{name} is empty",
        Problem.LOCAL_PROPERTY: f"{fixup.path} names {name}, which {node.path} does not have",
        Problem.LOCAL_PHANDLE: f"{fixup.path} lists cells of {name}, and libfdt moves that list "
        "as if it were a phandle",
        Problem.LOCAL_NODE: f"{fixup.path} has no counterpart in the overlay",
    }[refused.problem]
    report_refusal(subject, codes.LOCAL_FIXUP_MALFORMED, refused.problem, node=fixup, what=what)


def phandle_overflow(subject: Subject, refused: Refused) -> None:
    """Explain that no numbers are left for phandles."""
    facts = refused.facts
    node: Node = facts["node"]
    report_refusal(
        subject,
        codes.PHANDLES_EXHAUSTED,
        refused.problem,
        node=node,
        phandle=f"{facts['phandle']:#x}",
        largest=f"{facts['delta']:#x}",
    )


def phandle_length(subject: Subject, refused: Refused) -> None:
    """Explain a phandle that is not one cell."""
    facts = refused.facts
    node: Node = facts["node"]
    value: bytes = facts["value"]
    report_refusal(
        subject,
        codes.PHANDLE_MALFORMED,
        refused.problem,
        node=node,
        key=str(facts["property"]),
        property=facts["property"],
        length=len(value),
    )


def phandle_clash(subject: Subject, refused: Refused) -> None:
    """Report every node that both trees give a phandle, not only the first."""
    node: Node = refused.facts["node"]
    base_node: Node = refused.facts["base_node"]
    clashes = _all_clashes(subject) or [(node, base_node)]
    counts = _references(subject.tree, {live for _, live in clashes})
    inside = references_inside(subject)
    for one, live in clashes[:_MOST_CLASHES]:
        labels = _overlay_labels(subject, one)
        known = subject.tree.labels_of(live)
        because = f", because of its label {labels[0]}" if labels else ""
        drop = f"drop the label {labels[0]}" if labels else "drop its phandle"
        use = f"; refer to the node as &{known[0]}" if known else ""
        # dtc gives a phandle to what is referred to, with -@ or without.
        referred = inside.get(one.phandle, 0)
        other = "" if referred or not labels else "; or compile it without -@"
        report_refusal(
            subject,
            codes.PHANDLE_CLASH,
            refused.problem,
            node=one,
            path=live.path,
            why=f"dtc gives a phandle to a node that is "
            f"{'referred to' if referred else 'labelled (-@)'}, and Linux merges no two; "
            f"libfdt from 1.7.1 keeps the base's, to 1.7.0 {_breaking(counts.get(live, 0))}",
            base_path=live.path,
            base_phandle=f"{live.phandle:#x}",
            because=because,
            owner=subject.owner(live),
            cure=f"{drop} in the overlay{use}{other}",
        )


def _all_clashes(subject: Subject) -> list[tuple[Node, Node]]:
    found = []
    outcome = subject.outcome
    for fragment in outcome.overlay.fragments:
        target = outcome.targets.get(fragment.node)
        stack = [] if target is None else [(fragment.content, target)]
        while stack:
            node, live = stack.pop()
            if node is not fragment.content and node.phandle and live.phandle:
                found.append((node, live))
            for child in reversed(node.children.values()):
                match = find_merge_child(subject.tree, live, child.name, outcome.dialect)
                if match is not None:
                    stack.append((child, match))
    return found


def _references(tree: Tree, wanted: set[Node]) -> dict[Node, int]:
    """Count the references to some nodes in the whole tree.

    That is a walk over the base, so only values that hold one of their numbers are looked at
    closely.
    """
    counts: dict[Node, int] = {}
    references = References(tree)
    numbers = {node.phandle for node in wanted}
    for node in tree.root.walk():
        for key, value in node.properties.items():
            if len(value) % 4 or key in PHANDLE_NAMES or numbers.isdisjoint(cells(value)):
                continue
            for _, owner in references.sites(node, key, value):
                if owner in wanted:
                    counts[owner] = counts.get(owner, 0) + 1
    return counts


def _breaking(count: int) -> str:
    return f"{counted(count, 'reference')} of the base would break" if count else "it is replaced"


def _overlay_labels(subject: Subject, node: Node) -> tuple[str, ...]:
    return subject.outcome.overlay.tree.labels_of(node)
