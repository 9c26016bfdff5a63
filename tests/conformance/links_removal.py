"""The third part of the cases of links: what the removal of overlays leaves dangling."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from conformance.attempts import attempt
from conformance.links_compare import finding_difference
from conformance.links_sources import compile_source, tree_of
from conformance.report import Result

from dtovl.links.removal import remove_and_judge
from dtovl.model.dialect import KERNELS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dtovl.links.removal import Removed

_KERNEL = "6.1"
_WITH_SYMBOLS = "-@"


def results(folder: Path) -> Iterator[Result]:
    """Apply and remove the overlays of every case of `removal/`."""
    listed = folder / "cases.json"
    if not listed.exists():
        return
    document = json.loads(listed.read_text(encoding="utf-8"))
    symbols = frozenset(document.get("symbols", ()))
    for case in document["cases"]:
        yield Result("removal", case["id"], attempt(_problem, folder, case, symbols))


def _problem(folder: Path, case: dict[str, Any], symbols: frozenset[str]) -> str:
    overlays = [(name, overlay(folder, name, name in symbols)) for name in case["apply"]]
    removals = [case[key] for key in ("remove", "then_remove") if key in case]
    base = tree_of(folder / "base.dts")
    done = remove_and_judge(base, overlays, removals, KERNELS[_KERNEL])
    findings = [one.as_object() for one in done.findings]
    return _verdict_problem(case["kernel"], done) + finding_difference(case["findings"], findings)


@cache
def overlay(folder: Path, name: str, listed: bool) -> bytes:
    """Compile an overlay: with symbols when it is listed so, or its name says so."""
    path = folder / f"{name.removesuffix(_WITH_SYMBOLS)}.dtso"
    return compile_source(path, symbols=listed or name.endswith(_WITH_SYMBOLS))


def _verdict_problem(expected: dict[str, Any], done: Removed) -> str:
    if done.at.startswith("apply"):
        return f" {done.at}: {done.errno}: {'; '.join(done.log)}"
    wanted, message = expected.get("errno"), expected.get("message", "")
    if done.errno != wanted:
        return f" {done.at or 'every removal'}: {done.errno or 0}, expected {wanted or 0}"
    said = "\n".join(done.log)
    return "" if message in said else f" the kernel does not say {message!r}, but {said!r}"
