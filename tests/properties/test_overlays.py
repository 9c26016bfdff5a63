"""What holds for every base and overlay, whatever is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from support.blob import blob
from support.generated import Dice, made_by, make_base, make_pair, make_stack, nodes_of
from support.overlays import lines, state
from support.trees import tree_of

from dtovl.checks.verdicts import apply_checked
from dtovl.codes.base import Severity
from dtovl.fdt.read import unflatten
from dtovl.fdt.write import flatten
from dtovl.model.dialect import DIALECTS
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.fragments import Overlay
from dtovl.overlay.stack import apply_stack

if TYPE_CHECKING:
    from support.trees import Content

    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

names = st.sampled_from(sorted(DIALECTS))


@given(pair=made_by(make_pair), name=names)
def test_apply_and_revert_is_the_identity(pair: tuple[Content, Content], name: str) -> None:
    base = blob(pair[0])
    tree, overlay = unflatten(base), unflatten(blob(pair[1]))
    before, written, given_lines = state(tree), flatten(tree), lines(overlay)
    outcome = apply_overlay(tree, Overlay(overlay), DIALECTS[name])
    if not outcome.applies:
        assert state(tree) == before, "a refusal changed the tree"
    after = lines(tree)
    outcome.changeset.revert(tree)
    assert state(tree) == before
    assert flatten(tree) == written
    outcome.changeset.apply(tree)
    assert lines(tree) == after
    assert lines(overlay) == given_lines, "the overlay was changed"


@given(stack=made_by(make_stack), name=names)
def test_a_stack_taken_out_in_reverse_gives_the_base(
    stack: tuple[Content, list[Content]], name: str
) -> None:
    tree = tree_of(stack[0])
    before = state(tree)
    applied = apply_stack(tree, [Overlay(tree_of(one)) for one in stack[1]], DIALECTS[name])
    applied.revert(tree)
    assert state(tree) == before


def seen(tree: Tree, node: Node) -> int:
    """Give the phandle of a node as libfdt sees it, from the indices of the tree."""
    return tree.odd_phandles.get(node, node.phandle)


@given(pair=made_by(make_pair), name=names)
def test_results_are_read_as_they_were_written(pair: tuple[Content, Content], name: str) -> None:
    tree = tree_of(pair[0])
    apply_overlay(tree, Overlay(tree_of(pair[1])), DIALECTS[name])
    written = flatten(tree)
    read = unflatten(written)
    assert lines(read) == lines(tree)
    assert flatten(read) == written
    if name == "libfdt":
        assert {node.path: seen(read, node) for node in read.walk()} == {
            node.path: seen(tree, node) for node in tree.walk()
        }


def make_shuffle(dice: Dice) -> tuple[Content, Content, list[str]]:
    """Make a base, an overlay whose fragments add different things, and another order of them."""
    base = make_base(dice)
    paths = [path or "/" for path, _ in nodes_of(base) if not path.startswith("/__")]
    fragments: Content = {}
    local: Content = {}
    for number in range(2 + dice.number(3)):
        name = f"fragment@{number}"
        content: Content = {f"p{number}": 1, f"n{number}": {"phandle": number + 1, "q": b"x\0"}}
        if dice.flag():
            content[f"r{number}"] = 1 + dice.number(4)
            local[name] = {"__overlay__": {f"r{number}": 0}}
        fragments[name] = {"target-path": dice.choose(paths), "__overlay__": content}
    order = dice.some(list(fragments), len(fragments), len(fragments))
    return base, fragments | ({"__local_fixups__": local} if local else {}), order


@given(drawn=made_by(make_shuffle), name=names)
def test_the_order_of_independent_fragments_does_not_matter(
    drawn: tuple[Content, Content, list[str]], name: str
) -> None:
    base, overlay, order = drawn
    shuffled = {name: overlay[name] for name in order} | overlay
    results = []
    for content in (overlay, shuffled):
        tree = tree_of(base)
        outcome = apply_overlay(tree, Overlay(tree_of(content)), DIALECTS[name])
        results.append((outcome.error, sorted(_with_paths(lines(tree)))))
    assert results[0] == results[1]


def _with_paths(written: list[str]) -> list[str]:
    """Put the path of its node in front of each property."""
    path = ""
    made = []
    for line in written:
        path = line if line.startswith("/") else path
        made.append(line if line.startswith("/") else path + line)
    return made


@given(stack=made_by(make_stack), applier=names, require=st.sets(names))
def test_there_is_always_something_to_say_about_a_refusal(
    stack: tuple[Content, list[Content]], applier: str, require: set[str]
) -> None:
    tree = tree_of(stack[0])
    before = state(tree)
    given_overlays = [Overlay(tree_of(one), f"{place}.dtbo") for place, one in enumerate(stack[1])]
    wanted = [DIALECTS[name] for name in sorted(require)]
    applied = apply_checked(tree, given_overlays, DIALECTS[applier], require=wanted)
    assert applied.verdicts[0].dialect.name == applier
    errors = [found for found in applied.findings if found.severity is Severity.ERROR]
    refusing = {verdict.dialect.name for verdict in applied.verdicts if not verdict.applies}
    assert bool(errors) == bool(refusing & {applier, *require})
    for verdict in applied.verdicts:
        assert bool(verdict.reason) == bool(verdict.error), verdict
    shown = [
        (found.code.number, found.path, found.message, found.who) for found in applied.findings
    ]
    assert len(shown) == len(set(shown))
    assert all(found.why is not None and found.fix for found in applied.findings)
    applied.stack.revert(tree)
    assert state(tree) == before
