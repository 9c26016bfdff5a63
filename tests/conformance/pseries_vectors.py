"""The vectors of a case folder: work areas, one after the other, and what they decode to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance.pseries_scenarios import first_difference
from conformance.report import Result

from dtovl.replay.connector import decode_connector
from dtovl.replay.workarea import (
    AREA_SIZE,
    UNKNOWN,
    Answer,
    decode_nodes,
    decode_properties,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from dtovl.replay.stream import Change, Content
    from dtovl.replay.workarea import Remark, Request


def results(folder: Path) -> Iterator[Result]:
    """Decode every vector of a folder."""
    for path in sorted(folder.glob("*.json")):
        vector = json.loads(path.read_text(encoding="utf-8"))
        data = path.with_suffix(".bin").read_bytes()
        yield Result("vectors", path.stem, _compare(vector, data))


def _compare(vector: dict[str, Any], data: bytes) -> str:
    areas = vector["areas"]
    if len(data) != AREA_SIZE * len(areas):
        return f"{len(data)} bytes are not {len(areas)} work areas"
    answers = [
        Answer(area["rc"], data[number * AREA_SIZE : (number + 1) * AREA_SIZE])
        for number, area in enumerate(areas)
    ]
    decode = _DECODERS.get(vector["call"])
    if decode is None:
        return f"unknown call {vector['call']!r}"
    return first_difference(vector["expect"], decode(answers, areas))


def _nodes(answers: Sequence[Answer], _: Sequence[dict[str, Any]]) -> dict[str, Any]:
    found = decode_nodes(answers)
    if found.fault is not None:
        return {"error": found.fault.code}
    return {"ops": [_request(one) for one in found.requests], "notes": _notes(found.remarks)}


def _request(request: Request) -> dict[str, Any]:
    if request.kind == UNKNOWN:
        operands = list(request.operands)
        return {"op": request.kind, "opcode": request.opcode, "operands": operands}
    if request.kind == "add":
        return {"op": request.kind, "parent": request.phandle, "drc": request.drc}
    return {"op": request.kind, "phandle": request.phandle}


def _properties(answers: Sequence[Answer], areas: Sequence[dict[str, Any]]) -> dict[str, Any]:
    found = decode_properties(answers, areas[0].get("phandle"))
    if found.fault is not None:
        return {"error": found.fault.code}
    changes = [_change(one) for one in found.changes]
    notes = _notes(found.remarks)
    return {"phandle": found.phandle, "path": found.path, "changes": changes, "notes": notes}


def _change(change: Change) -> list[str | None]:
    return [change.name, change.verb, None if change.value is None else change.value.hex()]


def _connector(answers: Sequence[Answer], areas: Sequence[dict[str, Any]]) -> dict[str, Any]:
    found = decode_connector(answers, areas[0].get("drc"))
    if found.fault is not None:
        return {"error": found.fault.code}
    node = None if found.node is None else _content(found.node)
    return {"node": node, "notes": _notes(found.remarks)}


def _content(node: Content) -> dict[str, Any]:
    """Give a node as the vectors write it; their answers are nested a few levels deep."""
    written: dict[str, Any] = {
        "name": node.name,
        "props": [
            [name, None if value is None else value.hex()] for name, value in node.properties
        ],
        "children": [_content(child) for child in node.children],
    }
    if node.siblings:
        written["siblings"] = [_content(sibling) for sibling in node.siblings]
    return written


def _notes(remarks: Iterable[Remark]) -> list[str]:
    return [remark.code for remark in remarks]


_DECODERS: dict[str, Callable[[Sequence[Answer], Sequence[dict[str, Any]]], dict[str, Any]]] = {
    "ibm,update-nodes": _nodes,
    "ibm,update-properties": _properties,
    "ibm,configure-connector": _connector,
}
