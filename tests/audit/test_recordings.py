"""Every message of the recordings of a real kernel is known, and tied as its case says."""

from __future__ import annotations

import json
import re
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from audit.messages import frames

from dtovl import load
from dtovl.audit.board import make_board
from dtovl.audit.reading import audit
from dtovl.model.dialect import LINUX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.audit.result import Audit, Finding

CASES = Path(__file__).parents[3] / "shared" / "kernel" / "cases"
pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason="needs ../shared/kernel beside the checkout"
)

_QUIET = re.compile(r"err=0$|changeset: (applying|reverting|emitting|notifiers)|is not dynamic$")


def written(entry: dict[str, Any]) -> str:
    """Write an entry of a recorded log as a kernel prints it."""
    if "text" in entry:
        return str(entry["text"])
    if entry.get("report") == "KASAN":
        parts = [entry["headline"], "Call trace:"]
        for title, key in (
            ("Allocated by task 1:", "allocated_by"),
            ("Freed by task 1:", "freed_by"),
        ):
            if key in entry:
                parts += [title, frames(" ".join(entry[key])).rstrip()]
        return "\n".join([*parts, "=" * 66])
    return str(entry.get("headline", ""))


def steps(case: dict[str, Any]) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    for step in case["steps"]:
        result = step.get("result") or {}
        yield step, [entry for entry in result.get("log", []) if written(entry)]


def audit_case(case: dict[str, Any], folder: Path) -> Audit:
    """Audit all that a case logged, with one overlay for each thing that it applies."""
    applied = {
        (step["overlay"], step.get("as")): (folder / step["overlay"]).read_bytes()
        for step, _ in steps(case)
        if step["op"] == "apply"
    }
    blobs = [(name, data) for (name, _), data in applied.items()]
    board = make_board(load(folder / "base.dtb"), "base.dtb", blobs, LINUX)
    log = "\n".join(written(entry) for _, entries in steps(case) for entry in entries)
    return audit(BufferedReader(BytesIO(log.encode("latin-1", "replace"))), board)


def cases() -> list[str]:
    return sorted(path.parent.name for path in CASES.glob("*/case.json"))


def read_case(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CASES / name / "case.json").read_bytes())
    return found


def by_text(found: Audit) -> dict[str, list[Finding]]:
    texts: dict[str, list[Finding]] = {}
    for finding in found.findings:
        texts.setdefault(finding.text, []).append(finding)
    return texts


def test_every_message_is_known() -> None:
    seen = 0
    for name in cases():
        case = read_case(name)
        found = audit_case(case, CASES / name)
        wanted = sum(len(entries) for _, entries in steps(case))
        seen += wanted
        assert found.known == wanted, name
    assert seen > 2000 or not cases()


def test_what_a_step_logs_is_tied_to_the_overlay_of_the_step() -> None:
    """Hold each line against the step it comes from: the overlay applied or removed there."""
    for name in cases():
        case = read_case(name)
        texts = by_text(audit_case(case, CASES / name))
        called = {
            step.get("as", step["overlay"]): step["overlay"]
            for step, _ in steps(case)
            if step["op"] == "apply"
        }
        for step, entries in steps(case):
            if step["op"] not in ("apply", "remove") or "overlay" not in step:
                continue
            overlay = called.get(step["overlay"], step["overlay"])
            for entry in entries:
                text = entry.get("text", "")
                if not text.startswith("OF: overlay: ") or _QUIET.search(text):
                    continue
                tied = {one.name for found in texts[text] for one in found.tie.overlays}
                assert overlay in tied, (name, text)


def test_nodes_that_lines_name_are_found_and_owned_as_the_tree_says() -> None:
    """A node that a step added is one that some overlay brings; any other is not."""
    for name in cases():
        case = read_case(name)
        found = audit_case(case, CASES / name)
        boot = {node["path"] for node in case["boot"]["tree"]}
        for finding in found.findings:
            if finding.kind.inside or "node" not in finding.facts:
                continue
            path = finding.facts["node"]
            node = finding.tie.nodes[0]
            assert node.path == path, (name, finding.text)
            brings = {one.why for one in finding.tie.overlays if one.why == "brings"}
            if path in boot:
                assert not brings, (name, finding.text)
            elif finding.kind.name in ("count-left", "node-lost"):
                assert brings, (name, finding.text)


def test_reports_are_told_by_their_causes() -> None:
    wanted = {
        "life-hold-child": {"DT201", "DT204", "DT206", "DT207", "DT223"},
        "stack-remove-all": {"DT220"},
        "cs-update-same-prop-twice": {"DT202"},
        "fixup-syntax-unterminated": {"DT222"},
        "hostile-deep-nesting": {"DT138"},
        "hostile-local-offset-wrap": {"DT200"},
        "cs-detach-detached": {"DT211"},
    }
    for name, codes in wanted.items():
        if (CASES / name).is_dir():
            found = audit_case(read_case(name), CASES / name)
            assert codes <= {finding.code for finding in found.findings}, name
