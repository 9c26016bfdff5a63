"""Random stacks of overlays, some of them replaced, held, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.blob import blob
from support.boards import tree_lines
from support.generated import Dice, make_base, make_overlay
from support.trees import tree_of

from dtovl.model.compare import difference
from dtovl.script.machine import Machine

if TYPE_CHECKING:
    from dtovl.model.tree import Tree

drawn = st.binary(min_size=160, max_size=160)
changes = st.lists(st.tuples(st.integers(0, 120), st.integers(0, 255)), max_size=6)


class Scene:
    """Three overlays that fit a base alone, and a changed one of each that does."""

    def __init__(self, base: bytes, overlays: list[bytes], changed: list[tuple[int, int]]) -> None:
        self.base = make_base(Dice(base))
        self.blobs: dict[str, bytes] = {}
        for number, one in enumerate(overlays):
            other = bytearray(one)
            for place, value in changed:
                other[place] = value
            for name, data in ((f"{number}", one), (f"{number}'", bytes(other))):
                self.blobs[name] = blob(make_overlay(Dice(data), self.base))
                if self.machine().step({"op": "apply", "overlay": name}).get("ret") != 0:
                    del self.blobs[name]

    def machine(self) -> Machine:
        """Make a machine without devices: they come and go with the order of things."""
        machine = Machine(tree_of(self.base), read=lambda name: self.blobs[name])
        machine.live.platform = None
        return machine

    def applied(self, machine: Machine, names: list[str]) -> bool:
        """Apply overlays; tell whether the kernel takes all."""
        return all(machine.step({"op": "apply", "overlay": name}).get("ret") == 0 for name in names)


scenes = st.builds(Scene, drawn, st.lists(drawn, min_size=3, max_size=3), changes)


def counts(machine: Machine) -> list[tuple[str, int]]:
    """Give the counts of all nodes, but for the phandles that were kept for them."""
    live = machine.live
    return [(node.path, live.count(node)) for node in live.tree.walk()]


def as_meant(tree: Tree, other: Tree) -> list[Any]:
    """List what differs but for numbers of phandles, also where they are added to other cells."""
    return [
        one
        for one in difference(tree, other)
        if one.name != "name"
        and not (
            one.kind == "property-changed"
            and one.old is not None
            and one.new is not None
            and len(one.old) == len(one.new)
        )
    ]


@settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
@given(scene=scenes, data=st.data())
def test_a_replacement_gives_the_tree_of_the_new_stack(scene: Scene, data: st.DataObject) -> None:
    assume(scene.blobs)
    names = st.lists(st.sampled_from(sorted(scene.blobs)), max_size=3)
    stack, new = data.draw(names), data.draw(names)
    machine = scene.machine()
    assume(scene.applied(machine, stack))
    old = data.draw(st.sets(st.integers(1, len(stack)))) if stack else set()
    place = min(old, default=len(stack) + 1) - 1
    rest = [name for number, name in enumerate(stack[place:], place + 1) if number not in old]
    target = [*stack[:place], *new, *rest]
    before = tree_lines(machine.live), counts(machine)
    answer = machine.step({"op": "replace", "old": sorted(old), "new": new})
    fresh = scene.machine()
    assert (answer["ret"] == 0) == scene.applied(fresh, target)
    if answer["ret"]:
        assert (tree_lines(machine.live), counts(machine)) == before
        return
    assert [one.name for one in machine.overlays.listed] == target
    assert not as_meant(machine.live.tree, fresh.live.tree)
    for record in reversed(list(machine.overlays.listed)):
        gone = machine.step({"op": "remove", "id": record.number})
        assert gone["ret"] == 0
        assert not [one for one in gone["log"] if "ERROR" in one.get("text", "")]
    assert not as_meant(machine.live.tree, scene.machine().live.tree)
    assert counts(machine) == counts(scene.machine())
    assert set(machine.live.made_nodes) <= machine.live.freed


@settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
@given(scene=scenes, data=st.data())
def test_going_back_gives_everything_back(scene: Scene, data: st.DataObject) -> None:
    assume(scene.blobs)
    names = st.lists(st.sampled_from(sorted(scene.blobs)), min_size=1, max_size=2)
    stack, new = data.draw(names), data.draw(names)
    machine = scene.machine()
    assume(scene.applied(machine, stack))
    live = machine.live
    held = [node for node in live.made_nodes if live.attached(node)]
    assume(held)
    for node in data.draw(st.lists(st.sampled_from(held), min_size=1, max_size=3, unique=True)):
        live.hold(node, "driver")
    tree, before = tree_lines(live), counts(machine)
    numbers = {node: live.count(node) for node in live.tree.walk()}
    answer = machine.step({"op": "replace", "old": [*range(1, len(stack) + 1)], "new": new})
    assume(answer["ret"] == 0 and machine.overlays.transition is not None)
    assert machine.step({"op": "replace_reverse"})["ret"] == 0
    assert tree_lines(live) == tree
    assert counts(machine) == before
    assert {node: live.count(node) for node in live.tree.walk()} == numbers
    assert machine.overlays.transition is None
