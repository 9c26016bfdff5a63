"""Two parts of the cases of links: findings of trees, and probe results of trees with drivers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance.attempts import attempt
from conformance.links_compare import NOT_COMPARED, finding_difference, probe_difference
from conformance.links_sources import tree_of
from conformance.report import Result

from dtovl.links.board import Board
from dtovl.links.drivertable import read_drivers
from dtovl.links.judge import judge
from dtovl.links.probe import predict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dtovl.links.probe import Prediction
    from dtovl.model.tree import Tree


def case_results(folder: Path) -> Iterator[Result]:
    """Judge every tree of `cases/`."""
    for path in sorted(folder.glob("*.dts")):
        yield Result("cases", path.stem, attempt(_case_problem, path))


def probe_results(folder: Path) -> Iterator[Result]:
    """Foretell what binds on every tree of `probe/`."""
    for path in sorted(folder.glob("*.dts")):
        yield Result("probe", path.stem, attempt(_probe_problem, path))


def findings_of(tree: Tree) -> list[dict[str, Any]]:
    """Give the findings of a whole tree that are compared, as JSON has them."""
    _, findings = judge(Board(tree))
    return [one.as_object() for one in findings if one.rule not in NOT_COMPARED]


def _case_problem(path: Path) -> str:
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return finding_difference(expected["findings"], findings_of(tree_of(path)))


def _probe_problem(path: Path) -> str:
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    drivers = path.with_suffix(".drivers.yaml")
    board = Board(tree_of(path))
    table = read_drivers(drivers.read_bytes(), drivers.name)
    judged, _ = judge(board)
    return probe_difference(expected, probe_object(predict(board, judged, table)))


def probe_object(found: Prediction) -> dict[str, Any]:
    """Write a prediction with the seven keys that are compared."""
    return {
        "order": [node.path for node in found.order],
        "log": [[one.stage, one.device.path, one.driver, one.result] for one in found.log],
        "deferred": {node.path: reason for node, reason in found.deferred.items()},
        "failed": {node.path: number for node, number in found.failed.items()},
        "unmatched": [node.path for node in found.unmatched],
        "never_added": [node.path for node in found.never_added],
        "sync_pending": {
            node.path: [consumer.path for consumer in consumers]
            for node, consumers in found.sync_pending.items()
        },
    }
