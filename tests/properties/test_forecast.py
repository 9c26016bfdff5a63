"""A forecast says what the kernel's rules say, applied the long way round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from support.generated import made_by, make_stack
from support.overlays import lines
from support.trees import tree_of

from dtovl.checks.forecast import foresee
from dtovl.checks.removal import removal_findings
from dtovl.model.dialect import LINUX
from dtovl.overlay.fragments import Overlay
from dtovl.overlay.stack import apply_stack

if TYPE_CHECKING:
    from support.trees import Content

    from dtovl.model.node import Node
    from dtovl.overlay.outcome import Outcome


def inside(node: Node, top: Node) -> bool:
    above: Node | None = node
    while above is not None and above is not top:
        above = above.parent
    return above is top


def first_hit(outcomes: list[Outcome], place: int) -> tuple[int, str] | None:
    """Go through all pairs of entries as the kernel does; give the overlay and node it names."""
    for own in outcomes[place].changeset.entries:
        for later in range(len(outcomes) - 1, place, -1):
            for other in outcomes[later].changeset.entries:
                if inside(own.node, other.node) or inside(other.node, own.node):
                    return later + 1, own.node.kernel_path
    return None


@given(stack=made_by(make_stack))
def test_the_overlay_in_the_way_is_the_one_the_kernel_names(
    stack: tuple[Content, list[Content]],
) -> None:
    tree = tree_of(stack[0])
    given_overlays = [Overlay(tree_of(one), f"{place}.dtbo") for place, one in enumerate(stack[1])]
    applied = apply_stack(tree, given_overlays, LINUX)
    forecast = foresee(tree, applied, whole=True)
    outcomes = [outcome for outcome in applied.outcomes if outcome.applies]
    assert len(forecast.removals) == len(outcomes)
    for place, removal in enumerate(forecast.removals):
        blocked = removal.blocked
        named = None if blocked is None else (blocked.first.number, blocked.first.path)
        assert named == first_hit(outcomes, place)


@given(stack=made_by(make_stack))
def test_leaks_are_what_the_kernel_warns_of_and_nothing_changes(
    stack: tuple[Content, list[Content]],
) -> None:
    tree = tree_of(stack[0])
    before = lines(tree)
    given_overlays = [Overlay(tree_of(one), f"{place}.dtbo") for place, one in enumerate(stack[1])]
    applied = apply_stack(tree, given_overlays, LINUX)
    after = lines(tree)
    forecast = foresee(tree, applied, whole=True)
    assert lines(tree) == after
    for removal in forecast.removals:
        warned = [
            line.text.partition("property: ")[2]
            for line in removal.outcome.lines
            if "memory leak will" in line.text
        ]
        told = [f"{leak.node.kernel_path}/{leak.property}" for leak in removal.leaks]
        assert told == warned
        for found in removal.dangling:
            assert found.maker == removal.number != found.holder
            assert tree.origin_of(tree.find(found.target) or tree.root) is not None
    assert all(found.message for found in removal_findings(forecast, tree))
    applied.revert(tree)
    assert lines(tree) == before
