"""The rules of links against dtc: what its checks of phandles with arguments report, we report.

Not the other way round: dtc knows neither most properties nor maps, names and availability.
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from support.blob import blob
from support.dtc_links import DTC, said_by_dtc, unanswered
from support.supply_trees import supply_trees

from dtovl.fdt.read import unflatten
from dtovl.links.board import Board
from dtovl.links.judge import judge

if TYPE_CHECKING:
    from support.dtc_links import Said
    from support.trees import Content

ARCHIVE = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "corpus.tar.xz"
# Of the boards of the corpus every 50th, or all where property tests search long.
STRIDE = 50 if settings().max_examples < 1000 else 1

pytestmark = pytest.mark.skipif(
    DTC is None, reason="dtc is not installed: findings are not compared with it"
)


def held_against(data: bytes, name: str) -> tuple[list[Said], list[Said]]:
    """Give what dtc says of a blob, and what of that we do not."""
    tree = unflatten(data, name)
    said = said_by_dtc(data)
    _, findings = judge(Board(tree))
    return said, list(unanswered(tree, said, findings))


@given(supply_trees())
def test_what_dtc_reports_of_small_trees_is_reported(content: Content) -> None:
    _, missing = held_against(blob(content), "generated.dtb")
    assert not missing


@pytest.mark.corpus
@pytest.mark.skipif(not ARCHIVE.exists(), reason="no reference corpus beside the checkout")
def test_what_dtc_reports_of_real_boards_is_reported() -> None:
    compared, said = 0, 0
    with tarfile.open(ARCHIVE, "r|xz") as archive:
        boards = (one for one in archive if one.isfile() and "bases/" in one.name)
        for number, member in enumerate(boards):
            content = archive.extractfile(member)
            if number % STRIDE or content is None:
                continue
            lines, missing = held_against(content.read(), member.name)
            assert not missing, member.name
            compared += 1
            said += len(lines)
    assert compared > 20
    assert said > 20, "dtc is asked about nothing"


TWO_PARENTS = {"#interrupt-cells": 2, "interrupt-controller": None}
CASES: dict[str, tuple[Content, str]] = {
    "L001": ({"c": {"clocks": 0x99}}, "clocks_property"),
    "L002": ({"c": {"resets": 1}}, "resets_property"),
    "L003": ({"c": {"clocks": [1, 7, 1]}}, "clocks_property"),
    "L004": ({"c": {"dmas": b"\0\0\0\0\0"}}, "dmas_property"),
    "L012": ({"c": {"interrupts": 1}}, "interrupts_property"),
    "L014": ({"c": {"interrupt-parent": 1, "interrupts": [1, 2, 3]}}, "interrupts_property"),
    "L027": (
        {
            "g": {"port": {"endpoint": {"phandle": 8, "remote-endpoint": 9}}},
            "h": {"port": {"endpoint": {"phandle": 9}}},
        },
        "graph_endpoint",
    ),
    "L032": ({"c": {"reset-gpio": 0}}, "deprecated_gpio_property"),
    "L037": ({"c": {"interrupt-parent": 0x99, "interrupts": 1}}, "interrupts_property"),
}


@pytest.mark.parametrize("rule", CASES)
def test_each_kind_of_line_is_seen_and_held_against_findings(rule: str) -> None:
    """A rule that were not raised would be missed: without findings the line has no answer."""
    content, check = CASES[rule]
    supplier: Content = {"phandle": 1, "#clock-cells": 1, **TWO_PARENTS}
    data = blob({**content, "s": supplier})
    tree = unflatten(data, "case.dtb")
    said = said_by_dtc(data)
    assert check in {line.check for line in said}
    _, findings = judge(Board(tree))
    assert not list(unanswered(tree, said, findings))
    others = [one for one in findings if one.rule != rule]
    assert list(unanswered(tree, said, others))
