"""What an overlay writes alone on a base, named so that it can be compared with another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from checks.meeting import BOARD
from support.overlays import at, inside, overlay_of, to
from support.trees import cells, tree_of

from dtovl.checks.numbers import Numbering, numbering, own_references
from dtovl.checks.touched import Touched, spot_path
from dtovl.model.dialect import LIBFDT, LINUX, Dialect
from dtovl.overlay.apply import apply_overlay

if TYPE_CHECKING:
    from dtovl.overlay.fragments import Overlay

LARGEST = 4


def touched_by(overlay: Overlay, dialect: Dialect = LIBFDT) -> Touched:
    tree = tree_of(BOARD)
    outcome = apply_overlay(tree, overlay, dialect)
    own = own_references(overlay, dialect)
    state = numbering(tree, outcome, own, LARGEST, dialect)
    outcome.changeset.revert(tree)
    return Touched(0, overlay, outcome, own, state)


def test_new_nodes_are_named_by_the_base_and_a_path() -> None:
    overlay = overlay_of(to("soc", {"a": {"b": {}}}), at("/soc/a/b", {"c": {}}))
    paths = [spot_path(spot) for spot in touched_by(overlay).fresh.values()]
    assert paths == ["/soc/a", "/soc/a/b", "/soc/a/b/c"]


def test_what_a_later_fragment_writes_into_a_new_node_counts() -> None:
    touched = touched_by(overlay_of(to("soc", {"a": {"p": 1, "q": 1}}), at("/soc/a", {"p": 2})))
    (top,) = touched.fresh.values()
    ((spot, node),) = touched.made({top})
    assert (spot, node.name) == (top, "a")
    assert touched.properties([node])[node] == {"q": cells(1), "p": cells(2)}


def test_a_reference_is_named_by_its_node() -> None:
    fragment = at("/soc", {"a": {"phandle": 1}, "p": [7, 1]})
    touched = touched_by(overlay_of(fragment, local=inside({"p": 4})))
    value, references = touched.meaning("p", cells(7, LARGEST + 1), LARGEST)
    assert value == cells(7, 0)
    assert [(offset, spot_path(spot)) for offset, spot in references] == [(4, "/soc/a")]  # type: ignore[misc, arg-type]


def test_numbers_that_are_no_references_stay() -> None:
    fragment = at("/soc", {"a": {"phandle": 1}, "p": 1, "q": LARGEST + 1})
    touched = touched_by(overlay_of(fragment, local=inside({"p": 0})))
    assert touched.meaning("q", cells(LARGEST + 1), LARGEST) == cells(LARGEST + 1)
    assert touched.meaning("p", cells(2), LARGEST) == cells(2)


NUMBERINGS = {
    "plain": (
        overlay_of(at("/soc", {"a": {"phandle": 1}, "p": 1}), local=inside({"p": 0})),
        "PLAIN",
    ),
    "to nothing": (overlay_of(at("/soc", {"p": 3}), local=inside({"p": 0})), "DANGLING"),
    "twice": (
        overlay_of(at("/soc", {"a": {"phandle": 1}, "p": 1}), local=inside({"p": [0, 0]})),
        "DANGLING",
    ),
    "to the fragment": (
        overlay_of({**at("/soc", {"p": 1}), "phandle": 1}, local=inside({"p": 0})),
        "DANGLING",
    ),
    "from outside": (
        overlay_of({**at("/soc", {}), "phandle": 1, "p": 1}, local={"fragment@0": {"p": 0}}),
        "PLAIN",
    ),
    "to the base": (
        overlay_of(to("spi0", {"phandle": 1, "p": 1}), local=inside({"p": 0})),
        "PLAIN",
    ),
    "shared": (overlay_of(at("/soc", {"a": {"phandle": 1}, "b": {"phandle": 1}})), "WILD"),
    "zero": (overlay_of(at("/soc", {"a": {"phandle": 0}})), "WILD"),
    "huge": (overlay_of(at("/soc", {"a": {"phandle": 0x7FFFFFFF}})), "WILD"),
    "old name": (overlay_of(at("/soc", {"a": {"linux,phandle": 1}})), "WILD"),
    "both names": (overlay_of(at("/soc", {"a": {"phandle": 1, "linux,phandle": 1}})), "PLAIN"),
}


@pytest.mark.parametrize("case", NUMBERINGS)
def test_phandles_out_of_the_ordinary_are_known(case: str) -> None:
    overlay, wanted = NUMBERINGS[case]
    assert touched_by(overlay).numbering is Numbering[wanted]


def test_linux_leaves_a_reference_to_a_node_of_the_base_dangling() -> None:
    overlay = overlay_of(at("/soc/dev", {"phandle": 1, "p": 1}), local=inside({"p": 0}))
    assert touched_by(overlay, LINUX).numbering is Numbering.DANGLING
