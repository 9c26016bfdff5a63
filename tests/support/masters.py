"""Small boards with IOMMUs, for tests of who is behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.dts.reader import read_source
from dtovl.links.board import Board
from dtovl.links.masters import masters

if TYPE_CHECKING:
    from dtovl.links.fwspec import Configured
    from dtovl.links.masters import Master
    from dtovl.model.node import Node

# Two instances of one driver, one of another, one without of_xlate, one that is disabled.
IOMMUS = """
 s1: smmu1 { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };
 s2: smmu2 { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };
 m1: mmu1 { compatible = "arm,mmu-500"; #iommu-cells = <1>; };
 m2: mmu2 { compatible = "qcom,sdm845-smmu-500", "arm,mmu-500"; #iommu-cells = <2>; };
 rk: rk { compatible = "rockchip,iommu"; #iommu-cells = <0>; };
 om: om { compatible = "ti,omap4-iommu"; #iommu-cells = <0>; };
 off: off { compatible = "arm,smmu-v3"; #iommu-cells = <1>; status = "disabled"; };
 dark { status = "disabled"; under: under { compatible = "arm,smmu-v3"; #iommu-cells = <1>; }; };
"""


def board_of(body: str) -> Board:
    """Give a board with the IOMMUs above and what is in the body."""
    return Board(read_source(f"/dts-v1/;\n/ {{ {IOMMUS} {body} }};".encode(), "b.dts"))


def node(board: Board, path: str) -> Node:
    """Give a node that is there."""
    found = board.tree.find(path)
    assert found is not None, path
    return found


def master(board: Board, path: str = "/dev") -> Master:
    """Give a master by its path."""
    return next(one for one in masters(board) if one.node.path == path)


def steps(done: Configured) -> list[str]:
    """Give the numbers of the steps that were taken, in order."""
    return [event.step for event in done.events]


def says(done: Configured, step: str, *words: str) -> bool:
    """Tell whether an event of a step has all these words."""
    texts = [f"{one.actor}: {one.text}" for one in done.events if one.step == step]
    return any(all(word in text for word in words) for text in texts)
