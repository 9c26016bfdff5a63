"""What a board has applied is found, whatever the overlays, their order and who applied them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from support.generated import Dice, made_by, make_stack
from support.overlays import at, overlay_content, state, to
from support.trees import tree_of

from dtovl.checks.identify import Status, identify
from dtovl.fdt.read import unflatten
from dtovl.fdt.write import flatten
from dtovl.model.dialect import DIALECTS
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.fragments import Overlay
from dtovl.report.identify import Answer, identify_lines, identify_object
from dtovl.report.json import document

if TYPE_CHECKING:
    from support.trees import Content

BASE: Content = {
    "compatible": "acme,board",
    "bus": {
        "phandle": 1,
        "a@1": {"phandle": 2, "status": "okay", "p": 1},
        "a@2": {"phandle": 3, "status": "disabled"},
        "b": {"q": 1},
    },
    "__symbols__": {"bus": "/bus", "a1": "/bus/a@1", "a2": "/bus/a@2"},
}
LABELS = ("bus", "a1", "a2")


class Drawn(NamedTuple):
    """Overlays given, and the places among them of those that the board applied, in order."""

    overlays: list[Content]
    applied: list[int]


def make_overlay(dice: Dice, number: int) -> Content:
    """Make an overlay that sets, adds and refers; most have something of their own."""
    content: Content = {}
    for key in dice.some(("p", "q", "status"), 0, 2):
        content[key] = dice.choose(("okay", "disabled", b"\0\0\0\1", b"\0\0\0\2"))
    local: Content = {}
    symbols: Content = {}
    if dice.flag():
        name = dice.choose(("new", f"own{number}"))
        content[name] = {"phandle": 1, "x": number if dice.flag() else 0, "self": 1}
        local = {"fragment@0": {"__overlay__": {name: {"self": 0}}}}
        # A label that several bring leads to the node of the one applied last before its use, and
        # nothing tells afterwards which that was.
        if dice.flag() and (name != "new" or not number):
            symbols["l" + name] = f"/fragment@0/__overlay__/{name}"
    if not dice.seldom():
        content[f"u{number}"] = number
    fragments = [to(dice.choose(LABELS), content)]
    if dice.flag():
        fragments.append(at(dice.choose(("/bus", "/bus/b", "/bus/a@1/new")), {"r": number % 3}))
    if dice.flag():
        fragments.append(to(dice.choose((*LABELS, "lnew")), {"s": dice.number(3)}))
    return overlay_content(*fragments, local=local or None, symbols=symbols or None)


def make_drawn(dice: Dice) -> Drawn:
    count = 1 + dice.number(6)
    overlays = [make_overlay(dice, number) for number in range(count)]
    return Drawn(overlays, dice.some(range(count), 0, count))


def overlays_of(contents: list[Content]) -> list[Overlay]:
    return [Overlay(tree_of(one), f"{number}.dtbo") for number, one in enumerate(contents)]


@given(drawn=made_by(make_drawn), name=st.sampled_from(sorted(DIALECTS)))
def test_what_was_applied_is_found(drawn: Drawn, name: str) -> None:
    overlays = overlays_of(drawn.overlays)
    tree = tree_of(BASE)
    applied = [
        number
        for number in drawn.applied
        if apply_overlay(tree, overlays[number], DIALECTS[name]).applies
    ]
    result = identify(tree_of(BASE), unflatten(flatten(tree)), overlays)
    told = {one.number - 1: one.status for one in result.candidates}
    assert sorted(told) == list(range(len(overlays)))
    for number in applied:
        assert told[number] in (Status.IN_FORCE, Status.PARTLY, Status.UNDECIDED), result.candidates
    assert not result.rebuilt.leftovers or result.order.contradictory
    # Each alone has set a property that nobody else sets, so there is no doubt about it.
    own = {number for number in applied if f"u{number}" in str(drawn.overlays[number])}
    in_force = [one.number - 1 for one in result.in_force()]
    assert own <= set(in_force)


@given(stack=made_by(make_stack), odd=made_by(make_stack), name=st.sampled_from(sorted(DIALECTS)))
def test_no_input_ends_in_a_defect(
    stack: tuple[Content, list[Content]], odd: tuple[Content, list[Content]], name: str
) -> None:
    overlays = overlays_of([*stack[1], *odd[1]])
    base, live = tree_of(stack[0]), tree_of(stack[0])
    for overlay in overlays[::-1][:3]:
        apply_overlay(live, overlay, DIALECTS[name])
    for running in (live, tree_of(odd[0])):
        before = state(base), state(running)
        result = identify(base, running, overlays)
        answer = Answer(result, base, running, "base", "live")
        assert list(identify_lines(answer, verbose=True))
        assert document("identify", identify_object(answer))
        assert (state(base), state(running)) == before
        assert len(result.candidates) == len(overlays)
