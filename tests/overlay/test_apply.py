"""Applying overlays: what stays untouched, what is told of the outcome, stacks of several.

The rules one by one are rows in tests/conformance.
"""

from __future__ import annotations

import pytest
from support.overlays import at, facts, inside, lines, overlay_of, state, to
from support.trees import Content, tree_of

from dtovl.diagnostics import Location
from dtovl.model.dialect import LIBFDT, LINUX, Dialect, Problem
from dtovl.model.node import Node
from dtovl.model.tree import Origin
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.stack import apply_stack

BOTH = pytest.mark.parametrize("dialect", [LIBFDT, LINUX], ids=lambda dialect: dialect.name)

BASE: Content = {
    "soc": {"phandle": 5, "status": "okay", "u@2": {"phandle": 7, "reg": 2}, "bare": {"x": 1}},
    "__symbols__": {"soc": "/soc", "u": "/soc/u@2"},
}
CAMERA = overlay_of(
    to("soc", {"cam@1": {"reg": 1, "phandle": 1}}),
    at("/soc/bare", {"x": 2, "link": 1}),
    local={"fragment@1": {"__overlay__": {"link": 0}}},
    symbols={"cam": "/fragment@0/__overlay__/cam@1"},
)


@BOTH
def test_an_overlay_is_not_changed_and_fits_the_next_base(dialect: Dialect) -> None:
    before = lines(CAMERA.tree)
    results = []
    for _ in range(2):
        tree = tree_of(BASE)
        assert apply_overlay(tree, CAMERA, dialect).applies
        results.append(lines(tree))
    assert results[0] == results[1]
    assert lines(CAMERA.tree) == before


@BOTH
def test_reverting_gives_back_everything(dialect: Dialect) -> None:
    tree = tree_of(BASE)
    before = state(tree)
    outcome = apply_overlay(tree, CAMERA, dialect)
    assert state(tree) != before
    outcome.changeset.revert(tree)
    assert state(tree) == before


@BOTH
@pytest.mark.parametrize(
    "last",
    [
        at("/gone", {}),
        {"__overlay__": {}},
        {"target": 0x99, "__overlay__": {}},
    ],
    ids=["path", "no-target", "phandle"],
)
def test_a_refusal_leaves_the_base_as_it_was(dialect: Dialect, last: Content) -> None:
    tree = tree_of(BASE)
    before = state(tree)
    outcome = apply_overlay(tree, overlay_of(to("soc", {"n": {"p": 1}, "q": 1}), last), dialect)
    assert not outcome.applies
    assert outcome.error
    assert outcome.changeset.entries == []
    assert state(tree) == before


def test_a_symbol_that_cannot_be_used_takes_back_the_merge() -> None:
    """K181: libfdt merges, and refuses afterwards."""
    tree = tree_of(BASE)
    before = state(tree)
    outcome = apply_overlay(tree, overlay_of(to("soc", {"n": {}}), symbols={"l": "x"}), LIBFDT)
    assert outcome.problem is Problem.SYMBOL_VALUE
    assert state(tree) == before


@BOTH
def test_an_outcome_knows_its_targets(dialect: Dialect) -> None:
    tree = tree_of(BASE)
    outcome = apply_overlay(tree, CAMERA, dialect)
    found = {fragment.name: target.path for fragment, target in outcome.targets.items()}
    assert found == {"fragment@0": "/soc", "fragment@1": "/soc/bare"}
    assert (outcome.error, outcome.problem, outcome.refused) == ("", None, None)


@BOTH
def test_who_brought_what_is_known(dialect: Dialect) -> None:
    tree = tree_of(BASE)
    apply_overlay(tree, CAMERA, dialect, 3)
    camera, bare = tree.find("/soc/cam@1"), tree.find("/soc/bare")
    symbols = tree.symbols
    assert camera is not None
    assert bare is not None
    assert symbols is not None
    assert tree.origin_of(camera) == Origin(3, "cam.dtbo", "fragment@0")
    assert tree.origin_of(camera, "reg") == Origin(3, "cam.dtbo", "fragment@0")
    assert tree.origin_of(bare) is None
    assert tree.origin_of(bare, "x") == Origin(3, "cam.dtbo", "fragment@1")
    assert tree.origin_of(symbols, "cam") == Origin(3, "cam.dtbo", "__symbols__")
    assert tree.origin_of(symbols, "soc") is None


@BOTH
def test_places_in_source_come_with_what_is_brought(dialect: Dialect) -> None:
    overlay = overlay_of(
        to("soc", {"n": {"p": 1, "m": {"q": 1}}, "status": "disabled"}),
        symbols={"l": "/fragment@0/__overlay__/n"},
    )
    source = overlay.tree
    for number, node in enumerate(source.walk()):
        source.positions[node] = Location("cam.dts", number)
        for key in node.properties:
            source.positions[node, key] = Location("cam.dts", number, 9)
    tree = tree_of(BASE)
    outcome = apply_overlay(tree, overlay, dialect)
    for path in ("/soc/n", "/soc/n/m"):
        node = tree.find(path)
        ours = source.find(path.replace("/soc", "/fragment@0/__overlay__"))
        assert node is not None
        assert ours is not None
        assert tree.positions[node] == source.positions[ours]
        for key in node.properties:
            assert tree.positions[node, key] == source.positions[ours, key]
    soc = tree.find("/soc")
    content = source.find("/fragment@0/__overlay__")
    assert soc is not None
    assert content is not None
    assert tree.positions[soc, "status"] == source.positions[content, "status"]
    assert tree.positions[tree.root.children["__symbols__"], "l"]
    outcome.changeset.revert(tree)
    assert tree.positions == {}


def test_libfdt_merges_children_of_one_new_node() -> None:
    """A child without unit address lands in the last one made so far whose name fits."""
    tree = tree_of(BASE)
    content: Content = {"n": {"a@1": {"p": 1}, "a@2": {"p": 2}, "a": {"q": 3}}}
    apply_overlay(tree, overlay_of(at("/soc", content)), LIBFDT)
    assert facts(tree) - facts(tree_of(BASE)) == {
        "/soc/n",
        "/soc/n/a@1",
        "/soc/n/a@1:p=00000001",
        "/soc/n/a@2",
        "/soc/n/a@2:p=00000002",
        "/soc/n/a@2:q=00000003",
    }


def test_linux_tells_which_phandles_it_drops() -> None:
    tree = tree_of(BASE)
    content: Content = {"link": 1, "bare": {"phandle": 1}}
    overlay = overlay_of(at("/soc", content), local=inside({"link": 0}))
    outcome = apply_overlay(tree, overlay, LINUX)
    assert [(node.name, live.path) for node, live in outcome.dropped] == [("bare", "/soc/bare")]


def test_libfdt_tells_which_phandles_it_keeps() -> None:
    tree = tree_of(BASE)
    overlay = overlay_of(at("/soc", {"u@2": {"phandle": 1}, "p": 1}))
    outcome = apply_overlay(tree, overlay, LIBFDT)
    assert [(node.name, live.path) for node, live in outcome.clashes] == [("u@2", "/soc/u@2")]


def test_linux_drops_what_lies_deeper_than_63_levels() -> None:
    content: Content = {}
    for number in range(70, 0, -1):
        content = {f"n{number}": content}
    overlay = overlay_of(at("/soc", content))
    depths = {}
    for dialect in (LINUX, LIBFDT):
        tree = tree_of(BASE)
        assert apply_overlay(tree, overlay, dialect).applies
        depths[dialect.name] = max(node.path.count("/") for node in tree.walk())
    # Two levels of an overlay are its fragment and __overlay__, one of the base is /soc.
    assert depths == {"linux": 62 - 2 + 1, "libfdt": 70 + 1}


# -- several in a row ------------------------------------------------------------------------------

FIRST = overlay_of(
    to("soc", {"n": {"phandle": 1}}), symbols={"n": "/fragment@0/__overlay__/n"}, name="first.dtbo"
)
SECOND = overlay_of(to("n", {"p": 1}), name="second.dtbo")


@BOTH
def test_each_overlay_of_a_stack_works_on_the_result_of_those_before(dialect: Dialect) -> None:
    tree = tree_of(BASE)
    before = state(tree)
    stack = apply_stack(tree, [FIRST, SECOND], dialect)
    assert stack.failed is None
    n = tree.find("/soc/n")
    assert n is not None
    assert tree.origin_of(n, "p") == Origin(2, "second.dtbo", "fragment@0")
    stack.revert(tree)
    assert state(tree) == before


@BOTH
def test_a_refused_overlay_ends_a_stack_and_those_before_stay(dialect: Dialect) -> None:
    tree = tree_of(BASE)
    before = state(tree)
    seen: list[tuple[int, bool, bool]] = []

    def observe(outcome: object, number: int) -> None:
        applies = getattr(outcome, "applies", False)
        seen.append((number, applies, tree.find("/soc/n") is not None))

    gone = overlay_of(to("gone", {}), name="gone.dtbo")
    stack = apply_stack(tree, [FIRST, gone, SECOND], dialect, observe)
    assert stack.failed is stack.outcomes[1]
    assert stack.failed.overlay.name == "gone.dtbo"
    assert seen == [(1, True, True), (2, False, True)]
    stack.revert(tree)
    assert state(tree) == before


@BOTH
def test_the_wrong_order_fails(dialect: Dialect) -> None:
    tree = tree_of(BASE)
    stack = apply_stack(tree, [SECOND, FIRST], dialect)
    assert stack.failed is stack.outcomes[0]
    assert stack.failed.problem is Problem.LABEL_MISSING


@BOTH
def test_an_empty_stack_changes_nothing(dialect: Dialect) -> None:
    tree = tree_of(BASE)
    stack = apply_stack(tree, [], dialect)
    assert stack.failed is None
    stack.revert(tree)
    assert lines(tree) == lines(tree_of(BASE))


@pytest.mark.parametrize(("dialect", "applies"), [(LIBFDT, True), (LINUX, False)])
def test_the_same_overlay_twice(dialect: Dialect, applies: bool) -> None:
    tree = tree_of(BASE)
    before = state(tree)
    stack = apply_stack(tree, [FIRST, FIRST], dialect)
    assert (stack.failed is None) is applies
    stack.revert(tree)
    assert state(tree) == before


def test_a_large_overlay_on_a_node_with_many_children_is_quick_enough_to_test() -> None:
    """Merging must not look at every pair of children."""
    base = tree_of({"soc": {f"a@{number:x}": {} for number in range(20_000)}})
    overlay = overlay_of(at("/soc", {f"a@{number:x}": {"p": 1} for number in range(20_000)}))
    for dialect in (LIBFDT, LINUX):
        outcome = apply_overlay(base, overlay, dialect)
        assert len(outcome.changeset.entries) == 20_000
        outcome.changeset.revert(base)


def test_a_node_of_no_tree_has_no_origin() -> None:
    tree = tree_of(BASE)
    assert tree.origin_of(Node("alone")) is None
