"""Refusals over targets: paths, phandles, fragments without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.checks.subject import Subject, counted, report_refusal
from dtovl.codes import overlay as codes
from dtovl.diagnostics import Note
from dtovl.model.dialect import DIALECTS, Problem
from dtovl.model.lookup import nearest, same_unit
from dtovl.model.paths import Miss, find_path

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.overlay.fragments import Fragment
    from dtovl.resolve import Refused


def target_path(subject: Subject, refused: Refused) -> None:
    """Explain a `target-path` that leads nowhere."""
    fragment: Fragment = refused.facts["fragment"]
    path = str(refused.facts["path"])
    maker = _made_by(subject, path)
    if maker is not None:
        report_refusal(
            subject,
            codes.TARGET_LATER,
            refused.problem,
            node=fragment.node,
            key="target-path",
            why=f"{maker} adds it, and all targets must be there before",
            fragment=fragment.name,
            target=path,
        )
        return
    alias = not path.startswith("/")
    report_refusal(
        subject,
        codes.TARGET_PATH_MISSING,
        refused.problem,
        node=fragment.node,
        key="target-path",
        why=_where_it_ends(subject, path),
        notes=_suggest_aliases(subject, path) if alias else suggest_nodes(subject, path),
        fragment=fragment.name,
        target=path,
    )


def _made_by(subject: Subject, path: str) -> str | None:
    """Find the fragment of the same overlay that adds a node at a path of the base."""
    outcome = subject.outcome
    for fragment in outcome.overlay.fragments:
        target = outcome.targets.get(fragment.node)
        above = "" if target is None else target.kernel_path
        if target is None or not path.startswith(above + "/"):
            continue
        node: Node | None = fragment.content
        for name in path[len(above) + 1 :].split("/"):
            node = node.children.get(name) if node is not None else None
        if node is not None:
            return fragment.name
    return None


def _where_it_ends(subject: Subject, path: str) -> str:
    """Say how much of a path exists, and in which dialect the rest would have been found."""
    if not path:
        return "it is empty"
    if not path.startswith("/"):
        return f"it is no path, and /aliases has no {path.partition('/')[0]}"
    for other in DIALECTS.values():
        found = find_path(subject.tree, path, other)
        if other.name != subject.outcome.dialect.name and not isinstance(found, Miss):
            return f"{other.title} would take {found.path} for it"
    node = subject.tree.root
    for name in path.split("/"):
        child = node.children.get(name) if name else node
        if child is None:
            return f"{node.path} exists and has no child {name!r}"
        node = child
    return f"it ends in a slash, or has two in a row: {node.path} is meant"


def suggest_nodes(subject: Subject, path: str) -> list[Note]:
    """Suggest nodes that a path leading nowhere may have meant."""
    found = same_unit(subject.tree, path)[:3]
    if not found:
        parent, _, name = path.rstrip("/").rpartition("/")
        above = subject.tree.find(parent or "/")
        names = nearest(name, [child.name for child in above.children.values()]) if above else []
        found = [above.children[near] for near in names if above is not None]
    notes = []
    for node in found:
        labels = subject.tree.labels_of(node)
        label = f" (label {labels[0]})" if labels else ""
        notes.append(Note(f"did you mean {node.path}{label}?"))
    return notes


def _suggest_aliases(subject: Subject, path: str) -> list[Note]:
    aliases = subject.tree.aliases
    known = list(aliases.properties) if aliases is not None else []
    return [Note(f"did you mean {name}?") for name in nearest(path.partition("/")[0], known)]


def target_phandle(subject: Subject, refused: Refused) -> None:
    """Explain a `target` that no node has as phandle."""
    fragment: Fragment = refused.facts["fragment"]
    number = refused.facts["phandle"]
    why, fix = "", None
    if number == 0xFFFFFFFF:
        why = "0xffffffff is the placeholder of dtc: no fixup has replaced it"
    elif number == 0:
        label = _target_label(subject, fragment)
        why = "no node has phandle 0; Linux does not go on to target-path"
        if label is not None:
            why = f"label {label} is a node without phandle, which gives 0"
            fix = codes.LABEL_WITHOUT_PHANDLE.suggestion
    report_refusal(
        subject,
        codes.TARGET_PHANDLE_MISSING,
        refused.problem,
        node=fragment.node,
        key="target",
        why=why,
        fix=fix,
        fragment=fragment.name,
        phandle=f"{number:#x}",
    )


def _target_label(subject: Subject, fragment: Fragment) -> str | None:
    """Give the label that a fixup puts into the `target` of a fragment."""
    outcome = subject.outcome
    for fixup in outcome.overlay.plan(outcome.dialect).fixups:
        if any(site.node is fragment.node and site.key == "target" for site in fixup.sites):
            return fixup.label
    return None


def target_unusable(subject: Subject, refused: Refused) -> None:
    """Explain a fragment without usable target."""
    fragment: Fragment = refused.facts["fragment"]
    value = refused.facts.get("value")
    path = refused.facts.get("path")
    if refused.problem is Problem.TARGET_NONE:
        what = "neither target nor target-path is there, or both are malformed"
    elif value == b"\xff\xff\xff\xff":
        what = "target is 0xffffffff, the placeholder of dtc: no fixup has replaced it"
    elif isinstance(value, bytes):
        what = f"target has {counted(len(value), 'byte')}, one phandle has 4"
    else:
        what = f"target-path {path!r} is neither a path nor an alias"
    report_refusal(
        subject,
        codes.TARGET_UNUSABLE,
        refused.problem,
        node=fragment.node,
        key="target" if value is not None else "target-path",
        notes=_suggest_aliases(subject, path) if isinstance(path, str) else (),
        fragment=fragment.name,
        what=what,
    )
