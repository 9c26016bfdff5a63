"""Pairs and stacks of the corpus: what libfdt makes of an overlay, or several, on a base.

Held against the recording: the verdict, the overlay that failed, and the tree. Besides, base and
overlays must come out of our reader and writer as they went in, and the base must be as before,
byte for byte, when the overlays are taken out again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.report import Result
from support.canonical import blob_lines, digest, first_difference
from support.oracle import Oracle

from dtovl.errors import DtovlError
from dtovl.fdt.read import unflatten
from dtovl.fdt.write import flatten
from dtovl.model.dialect import LIBFDT
from dtovl.overlay.fragments import Overlay
from dtovl.overlay.stack import apply_stack

if TYPE_CHECKING:
    from pathlib import Path

    from dtovl.model.tree import Tree

Entry = dict[str, Any]


class Group(NamedTuple):
    """All pairs and stacks of one base; files has the digests of base and overlays as they lie."""

    folder: Path
    base: str
    entries: list[Entry]
    files: dict[str, str]


def groups(folder: Path) -> list[Group]:
    """Read the manifest; the largest group comes first, so that all processes end together."""
    by_base: dict[str, list[Entry]] = defaultdict(list)
    files = {}
    with (folder / "manifest.jsonl").open() as manifest:
        for line in manifest:
            entry = json.loads(line)
            if entry["type"] in ("pair", "stack"):
                by_base[entry["base"]].append(entry)
            else:
                files[entry["file"]] = entry["canon_doc"]
    made = [Group(folder, base, entries, files) for base, entries in by_base.items()]
    return sorted(made, key=lambda group: -len(group.entries))


def run(group: Group) -> list[Result]:
    """Run one group."""
    kept = _Kept(group)
    try:
        tree = kept.tree(group.base)
    except (DtovlError, ValueError) as error:
        return [_result(entry, f"the base cannot be read: {error}") for entry in group.entries]
    before = flatten(tree)
    results = []
    for entry in group.entries:
        try:
            problem = _problem(kept, entry, tree)
        except (DtovlError, ValueError) as error:
            problem = f"an overlay cannot be read: {error}"
        results.append(_result(entry, problem))
        if flatten(tree) != before:
            results[-1] = _result(entry, "the base is not as before")
            tree = kept.tree(group.base)
    return results


def _result(entry: Entry, problem: str) -> Result:
    overlays = " + ".join(entry["overlays"])
    return Result(entry["type"] + "s", f"{entry['base']} + {overlays}", problem)


class _Kept:
    """Overlays read once for a group."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.overlay = cache(self._overlay)

    def blob(self, file: str) -> bytes:
        return (self.group.folder / file).read_bytes()

    def tree(self, file: str) -> Tree:
        """Read a blob; ValueError when it is not written as it was read."""
        blob = self.blob(file)
        tree = unflatten(blob, file)
        lines = blob_lines(flatten(tree))
        if digest(lines) != self.group.files[file]:
            raise ValueError(first_difference(blob_lines(blob), lines))
        return tree

    def _overlay(self, file: str) -> Overlay:
        return Overlay(self.tree(file), file)


def _problem(kept: _Kept, entry: Entry, tree: Tree) -> str:
    """Apply and revert the overlays of an entry; say what disagrees."""
    stack = apply_stack(tree, map(kept.overlay, entry["overlays"]), LIBFDT)
    failed = stack.failed
    try:
        if failed is None:
            if entry["verdict"] != "0":
                return f"applies, expected {entry['verdict']}"
            lines = blob_lines(flatten(tree))
            same = digest(lines) == entry["canon_doc"]
            return "" if same else _where(kept, entry, lines)
    finally:
        stack.revert(tree)
    if failed.error != entry["verdict"]:
        return f"{failed.error} ({failed.problem}), expected {entry['verdict']}"
    place = len(stack.outcomes) - 1
    expected = entry.get("failed_at", 0)
    return "" if place == expected else f"overlay {place} fails, expected {expected}"


def _where(kept: _Kept, entry: Entry, lines: list[str]) -> str:
    """Find the first differing line, with the libfdt of this machine for the expected text."""
    result = kept.blob(entry["base"])
    with Oracle() as oracle:
        for file in entry["overlays"]:
            error, result = oracle.apply(result, kept.blob(file))
            if error:
                return f"the tree differs; libfdt here says {error}"
    return f"the tree differs, {first_difference(blob_lines(result), lines)}"
