"""What may have been meant: labels and paths near to one that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.dts.draft import Draft

# More names than this are not compared: it would take longer than reading them did.
_MAX_NAMES = 20_000


def _near(name: str, names: Iterable[str]) -> list[str]:
    from difflib import get_close_matches

    pool = list(names)
    return get_close_matches(name, pool, 3, 0.6) if len(pool) <= _MAX_NAMES else []


def _either(names: list[str]) -> str:
    return " or ".join(names)


def missing_reference(draft: Draft, reference: str) -> tuple[str, str]:
    """Tell why a reference leads nowhere, and how to mend it."""
    label, slash, path = reference.partition("/")
    start = draft.root
    if label:
        node = draft.find_label(label)
        if node is None:
            return _missing_label(draft, label)
        start = node
    parts = [part for part in path.split("/") if part]
    for part in parts:
        child = start.children.get(part)
        if child is None or child in draft.deleted:
            names = [name for name, node in start.children.items() if node not in draft.deleted]
            return _missing_child(start.path, part, names)
        start = child
    return f"no node is at {slash}{path}", "correct the path"


def _missing_label(draft: Draft, label: str) -> tuple[str, str]:
    live = [known for known, nodes in draft.by_label.items() if nodes]
    if label in draft.by_label:
        return f"the node with label {label} is deleted", "do not delete it, or drop the reference"
    near = _near(label, live)
    reason = f"no node has the label {label}"
    if not near:
        return reason, f"put the label on the node that is meant: {label}: name {{ }}"
    return reason, f"did you mean {_either(['&' + name for name in near])}?"


def _missing_child(parent: str, name: str, names: list[str]) -> tuple[str, str]:
    reason = f"{parent} has no node {name}"
    same = [known for known in names if known.partition("@")[0] == name.partition("@")[0]]
    near = same[:3] or _near(name, names)
    if not near:
        return reason, "correct the path; paths are full, with unit addresses"
    return reason, f"did you mean {_either(near)}?"
