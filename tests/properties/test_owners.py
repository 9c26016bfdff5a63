"""What blame says would come back is what the tree holds once the overlay has gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from support.generated import made_by, make_stack
from support.trees import tree_of

from dtovl.model.dialect import DIALECTS
from dtovl.overlay.fragments import Overlay
from dtovl.overlay.owners import Owner, apply_owned

if TYPE_CHECKING:
    from support.trees import Content

    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.owners import Owners

names = st.sampled_from(sorted(DIALECTS))


def check_now(tree: Tree, owners: Owners) -> None:
    """Compare the layer in force with the tree, and its owner with the origins of the tree."""
    for node in tree.walk():
        origin = tree.origin_of(node)
        assert owners.owner_of(node).number == (origin.number if origin else 0)
        for key, value in node.properties.items():
            top = owners.layers(node, key)[0]
            assert top.value == value
            origin = tree.origin_of(node, key)
            told = (top.owner.number, top.owner.fragment)
            assert told == ((origin.number, origin.fragment) if origin else (0, ""))


@given(stack=made_by(make_stack), name=names)
def test_what_comes_back_is_what_was_told(stack: tuple[Content, list[Content]], name: str) -> None:
    tree = tree_of(stack[0])
    overlays = [Overlay(tree_of(one), f"{place}.dtbo") for place, one in enumerate(stack[1])]
    applied, owners = apply_owned(tree, overlays, DIALECTS[name])
    check_now(tree, owners)
    for number, outcome in reversed(list(enumerate(applied.outcomes, 1))):
        expected: dict[tuple[Node, str], bytes | None] = {}
        brought = {node for node in tree.walk() if owners.owner_of(node).number == number}
        for node in tree.walk():
            for key in node.properties:
                if owners.owner_of(node, key).number == number:
                    back = owners.comes_back(node, key)
                    expected[node, key] = back.value if back is not None else None
        outcome.changeset.revert(tree)
        owners.withdraw(Owner("overlay", number, ""))
        there = set(tree.walk())
        assert brought.isdisjoint(there)
        for (node, key), value in expected.items():
            if node in there:
                assert node.properties.get(key) == value
            else:
                assert value is None
        check_now(tree, owners)
    assert not owners._stacks
    assert not owners._found
    assert not owners._touched
