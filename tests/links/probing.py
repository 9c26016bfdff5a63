"""Small boards and tables of drivers for tests of predicted probing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.dts.reader import read_source
from dtovl.links.board import Board
from dtovl.links.drivertable import read_drivers
from dtovl.links.judge import judge
from dtovl.links.probe import predict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.links.prediction import Prediction
    from dtovl.model.node import Node

ROOT = "#address-cells = <1>; #size-cells = <1>;"

# Suppliers of every kind, each called after its `compatible`.
CLK = '{ compatible = "clk"; #clock-cells = <0>; };'
PD = '{ compatible = "pd"; #power-domain-cells = <0>; };'
MMU = '{ compatible = "mmu"; #iommu-cells = <1>; };'
PINS = '{ compatible = "pins"; state: state { }; };'


def board_of(source: str) -> Board:
    """Read the body of a root node."""
    return Board(read_source(f"/dts-v1/; / {{ {source} }};".encode(), "board.dts"))


def run(source: str, *drivers: str, settings: str = "") -> Prediction:
    """Predict with a table; each driver is the inside of its mapping, or just what it matches."""
    return predict_with(board_of(source), *drivers, settings=settings)


def predict_with(board: Board, *drivers: str, settings: str = "") -> Prediction:
    """Predict for a board with a table."""
    lines = [settings, "drivers: []" if not drivers else "drivers:"]
    for driver in drivers:
        inside = driver if ":" in driver else f"match: {driver}"
        name = "" if "name:" in inside else f"name: {inside.partition('match: ')[2].split(',')[0]}"
        lines.append("- {" + ", ".join(filter(None, (name, inside))) + "}")
    table = read_drivers("\n".join(lines).encode(), "drivers.yaml")
    return predict(board, judge(board)[0], table)


def run_lenient(source: str, **settings: object) -> Prediction:
    """Predict without a table."""
    board = board_of(source)
    return predict(board, judge(board)[0], None, **settings)  # type: ignore[arg-type]


def log(prediction: Prediction) -> list[str]:
    """Write the log, a line a try: stage, path, result; drivers where they are not called so."""
    return [f"{one.stage} {one.device.path} {one.result}" for one in prediction.log]


def tries_of(prediction: Prediction, path: str) -> list[str]:
    """Write the tries of one device: stage, result."""
    return [f"{one.stage} {one.result}" for one in prediction.log if one.device.path == path]


def paths(nodes: Iterable[Node]) -> list[str]:
    """Give the paths of nodes."""
    return [node.path for node in nodes]


def deferred(prediction: Prediction) -> dict[str, str]:
    """Give what devices wait for, by path."""
    return {node.path: reason for node, reason in prediction.deferred.items()}


def failed(prediction: Prediction) -> dict[str, int]:
    """Give what devices fail with, by path."""
    return {node.path: errno for node, errno in prediction.failed.items()}


def held(prediction: Prediction) -> dict[str, list[str]]:
    """Give whose sync_state is held back, by whom, by path."""
    return {node.path: paths(by) for node, by in prediction.sync_pending.items()}
