"""Phandles with arguments, and the maps they go through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.asking import ask, lines, live_of
from support.trees import Content, cells, tree_of

from dtovl.live.objects import Oops

if TYPE_CHECKING:
    from dtovl.live.state import Live


def test_argument_errors_are_printed_as_the_kernel_prints_numbers() -> None:
    live = live_of({"#n-cells": 0xFFFFFFFF, "phandle": 1, "refs": [1], "lost": [0xDEADBEEF]})
    for name in ("refs", "lost"):
        step = {"node": "/", "list": name, "cells": "#n-cells", "index": 0}
        assert ask(live, "parse_args", **step) == {"ret": "-EINVAL"}
    fixed = ask(live, "parse_fixed_args", node="/", list="lost", count=2, index=0)
    assert fixed == {"ret": "-EINVAL"}
    assert lines(live) == [
        "OF: : #n-cells = -1 found 0",
        "OF: : could not find phandle -559038737",
        "OF: : phandle <no-node> needs 2, found 0",
    ]


def test_arguments_without_name_of_cells() -> None:
    live = live_of({"p": {"phandle": 1}, "n": {"refs": [1, 0, 1]}})
    step = {"node": "/n", "list": "refs"}
    found = ask(live, "parse_args", **step, cells="-", index=2)
    assert found == {"ret": 0, "node": "/p", "args": []}
    assert ask(live, "parse_fixed_args", **step, count=-1, index=0) == {"ret": "-ENOENT"}
    assert ask(live, "count_args", **step, cells="-") == {"ret": 3}


def test_more_than_sixteen_arguments_are_cut() -> None:
    live = live_of({"p": {"phandle": 1, "#n-cells": 17}, "n": {"refs": [1, *range(17)]}})
    found = ask(live, "parse_args", node="/n", list="refs", cells="#n-cells", index=0)
    assert found["args"] == [*range(16)]
    with pytest.raises(Oops, match="16"):
        ask(live, "parse_args_map", node="/n", list="refs", stem="n", index=0)


def nexus(**more: Any) -> Live:
    nexus_node: Content = {"phandle": 3, "#gpio-cells": 2, "gpio-map": [0, 0, 1, 7, 0, 1, 0, 2, 9]}
    return live_of(
        {
            "g1": {"phandle": 1, "#gpio-cells": 2},
            "g2": {"phandle": 2, "#gpio-cells": 1},
            "conn": {**nexus_node, **more},
            "user": {"gpios": [3, 0, 5, 3, 1, 0, 3, 4, 0, 1, 6, 6]},
        }
    )


def mapped(live: Live, index: int) -> dict[str, Any]:
    return ask(live, "parse_args_map", node="/user", list="gpios", stem="gpio", index=index)


def test_map_is_compared_in_full_without_mask() -> None:
    assert mapped(nexus(), 0) == {"ret": "-ENOENT"}
    assert mapped(nexus(), 1) == {"ret": 0, "node": "/g2", "args": [9]}
    assert mapped(nexus(), 3) == {"ret": 0, "node": "/g1", "args": [6, 6]}
    assert mapped(nexus(), 4) == {"ret": "-ENOENT"}
    assert mapped(nexus(), -1) == {"ret": "-EINVAL"}


def test_last_row_without_arguments_is_passed_over() -> None:
    live = nexus()
    live.tree.root.children["g1"].properties["#gpio-cells"] = cells(0)
    live.tree.root.children["conn"].properties["gpio-map"] = cells(0, 5, 1)
    assert mapped(live, 0) == {"ret": "-ENOENT"}
    live.tree.root.children["conn"].properties["gpio-map"] = cells(0, 5, 1, 0)
    assert mapped(live, 0) == {"ret": 0, "node": "/g1", "args": []}


def test_map_has_mask_and_lets_bits_pass() -> None:
    rules = {"gpio-map-mask": [0xF, 0], "gpio-map-pass-thru": [0, 0xF]}
    assert mapped(nexus(**rules), 0) == {"ret": 0, "node": "/g1", "args": [7, 5]}
    rows = [4, 0, 2, 9, 0, 0, 1, 7, 0]
    assert mapped(nexus(**rules, **{"gpio-map": rows}), 2) == {
        "ret": 0,
        "node": "/g2",
        "args": [9],
    }


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([0, 5, 99, 1, 1], "-EINVAL"),  # nobody's phandle
        ([0, 5, 1, 1], "-EINVAL"),  # cut off
        ([0, 5, 4, 1, 1], "-EINVAL"),  # the provider counts no cells
        ([0, 5, 5, 1, 1], "-EOVERFLOW"),  # it does in less than a cell
        ([0, 5, 6, *range(17)], "-EINVAL"),  # it counts too many
        ([0, 5, 7, 1], "-ENOENT"),  # it is disabled
        ([], "-ENOENT"),
    ],
)
def test_map_that_is_malformed(rows: list[int], error: str) -> None:
    live = live_of(
        {
            "g1": {"phandle": 1, "#gpio-cells": 2},
            "bare": {"phandle": 4},
            "short": {"phandle": 5, "#gpio-cells": b"\0"},
            "wide": {"phandle": 6, "#gpio-cells": 17},
            "off": {"phandle": 7, "#gpio-cells": 1, "status": "disabled"},
            "conn": {"phandle": 3, "#gpio-cells": 2, "gpio-map": rows},
            "user": {"gpios": [3, 0, 5]},
        }
    )
    assert mapped(live, 0) == {"ret": error}


def test_map_through_two_providers_and_in_a_circle() -> None:
    chain = nexus(**{"gpio-map": [0, 5, 8, 1, 1]})
    second: Content = {"phandle": 8, "#gpio-cells": 2, "gpio-map": [1, 1, 2, 4]}
    for name, node in tree_of({"second": second}).root.children.items():
        chain.tree.root.children[name] = node
        chain.tree.index(node)
    assert mapped(chain, 0) == {"ret": 0, "node": "/g2", "args": [4]}
    circle = nexus(**{"gpio-map": [0, 5, 3, 0, 5]})
    with pytest.raises(Oops, match="never ends"):
        mapped(circle, 0)


def test_endless_maps_are_bounded() -> None:
    rows = [number for step in range(2000) for number in (step, 0, 3, step + 1, 0)]
    live = nexus(**{"gpio-map": rows})
    live.tree.root.children["user"].properties["gpios"] = cells(3, 0, 0)
    with pytest.raises(Oops, match="rows"):
        mapped(live, 0)
