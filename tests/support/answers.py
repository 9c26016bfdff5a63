"""What `dtovl links` finds out, for small sources; HOSTILE names that mean something elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.dts.reader import read_source
from dtovl.links.board import Board
from dtovl.links.changes import Graph, difference, end_of, look
from dtovl.links.judge import judge
from dtovl.links.selection import Selection, scope_of
from dtovl.links.words import as_diagnostic
from dtovl.report.links.answer import Answer
from support.trees import Content, tree_of

if TYPE_CHECKING:
    from dtovl.model.tree import Tree

BOARD = """
 intc: intc@1000 { compatible = "acme,intc"; interrupt-controller; #interrupt-cells = <1>; };
 clk: clock@2000 { compatible = "acme,clk"; #clock-cells = <1>; };
 rail: rail { compatible = "regulator-fixed"; };
 pins: pins@3000 { compatible = "acme,pins"; uart_pins: uart-pins { }; };
 uart: uart@4000 { compatible = "acme,uart"; interrupt-parent = <&intc>; interrupts = <7>;
  clocks = <&clk 1>, <&clk 2>; clock-names = "bus", "core"; pinctrl-0 = <&uart_pins>;
  pinctrl-names = "default"; };
 pmic: pmic { compatible = "acme,pmic"; regulators { buck: buck { vin-supply = <&rail>; }; }; };
 dma: dma@5000 { compatible = "acme,dma"; #dma-cells = <1>; status = "disabled"; };
 card: card { compatible = "acme,card"; dmas = <&dma 3>; vdd-supply = <&buck>; };
"""


def source_tree(body: str) -> Tree:
    return read_source(f"/dts-v1/;\n/ {{ {body} }};".encode(), "board.dts", symbols=True)


def judged(tree: Tree) -> tuple[Board, Graph]:
    board = Board(tree)
    found, findings = judge(board)
    return board, look(board, found, findings)


def graph(body: str) -> Graph:
    return judged(source_tree(body))[1]


def answer(
    body: str | Tree = BOARD,
    before: str | None = None,
    *,
    node: str = "",
    kinds: frozenset[str] = frozenset(),
    reverse: bool = False,
    whole: bool = False,
) -> Answer:
    """Give what the command finds out; before is the source that there was without overlays."""
    tree = source_tree(body) if isinstance(body, str) else body
    board, now = judged(tree)
    asked = tree.find(node) if node else None
    assert not node or asked is not None
    selection = Selection(kinds, scope_of(asked) if asked is not None else None, reverse)
    was = None if before is None else graph(before)
    changes = None if was is None else selection.changes(difference(was, now))
    findings = selection.findings(board, now.findings)
    return Answer(
        board,
        "board.dtb" if before is None else "board.dtb with o.dtbo",
        "board.dtb",
        [] if before is None else ["o.dtbo"],
        "",
        now,
        changes,
        selection,
        None if asked is None else end_of(board, asked),
        None if was is None else was.end(node),
        [(one, as_diagnostic(one, tree)) for one in findings],
        whole,
    )


def named(name: str, label: str = "label") -> Tree:
    """Give a tree whose consumer, supplier, property and label have a name of a stranger's."""
    content: Content = {
        f"{name}-supplier": {"compatible": "a", "#clock-cells": 0, "phandle": 1},
        f"{name}-consumer": {
            "compatible": "b",
            "clocks": [1],
            "clock-names": name.replace("\0", ""),
            f"{name}-supply": 1,
            f"{name}-gpios": [9],
        },
        "__symbols__": {label: f"/{name}-supplier"},
    }
    return tree_of(content)
