"""The list of changes says all of what overlays did, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from support.generated import made_by, make_stack
from support.overlays import at, overlay_content, overlay_of
from support.trees import Content, tree_of

from dtovl.model.dialect import DIALECTS, LINUX, Dialect
from dtovl.model.node import Node
from dtovl.overlay.changes import Counts, count, list_changes
from dtovl.overlay.fragments import Overlay
from dtovl.overlay.stack import apply_stack

if TYPE_CHECKING:
    from dtovl.model.tree import Tree

State = dict[tuple[Node, str] | Node, bytes]


def state_of(tree: Tree) -> State:
    state: State = {}
    for node in tree.root.walk():
        state[node] = b""
        state.update({(node, key): value for key, value in node.properties.items()})
    return state


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
@given(given_stack=made_by(make_stack))
def test_changes_replayed_on_the_base_give_the_result(
    dialect: Dialect, given_stack: tuple[Content, list[Content]]
) -> None:
    base, contents = given_stack
    tree = tree_of(base)
    state = state_of(tree)
    parts = [Overlay(tree_of(content), str(number)) for number, content in enumerate(contents)]
    done = [outcome for outcome in apply_stack(tree, parts, dialect).outcomes if outcome.applies]
    for fragments in list_changes(done):
        for change in (change for fragment in fragments for change in fragment.nodes):
            assert (change.node in state) is not change.added
            if change.added:
                state[change.node] = b""
            for one in change.properties:
                key = (change.node, one.key)
                assert state.get(key) == one.old
                assert one.new is not None
                state[key] = one.new
    assert state == state_of(tree)


BASE: Content = {"soc": {"phandle": 1, "status": "okay"}, "__symbols__": {"soc": "/soc"}}


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_changes_are_counted_once_a_node(dialect: Dialect) -> None:
    tree = tree_of(BASE)
    overlay = overlay_of(
        at("/soc", {"a": 1, "n": {"x": 1, "m": {}}}), at("/soc", {"status": "disabled"})
    )
    outcomes = apply_stack(tree, [overlay], dialect).outcomes
    (fragments,) = list_changes(outcomes)
    assert [fragment.name for fragment in fragments] == ["fragment@0", "fragment@1"]
    assert count(fragments) == Counts(2, 1, 1, 1, 0)


def test_a_value_that_was_there_is_no_change() -> None:
    tree = tree_of(BASE)
    outcomes = apply_stack(tree, [overlay_of(at("/soc", {"status": "okay"}))], LINUX).outcomes
    ((fragment,),) = list_changes(outcomes)
    assert fragment.nodes == []


def test_nothing_was_done_by_a_refused_overlay() -> None:
    tree = tree_of(BASE)
    stack = apply_stack(tree, [Overlay(tree_of(overlay_content(at("/no", {}))))], LINUX)
    assert [fragment.nodes for (fragment,) in list_changes(stack.outcomes)] == [[]]
