"""Whether the order of two overlays matters: what is proven, against what really happens."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conformance.unpacking import unpacked
from hypothesis import given, settings
from hypothesis import strategies as st
from support.generated import Dice, made_by, make_base, make_overlay, nodes_of
from support.orders import claimed, depends, met
from support.overlays import state
from support.trees import Content, cells, strings, tree_of

from dtovl.fdt.read import unflatten
from dtovl.model.dialect import DIALECTS, LIBFDT
from dtovl.model.node import plain_name
from dtovl.model.tree import PHANDLE_NAMES
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.fragments import Overlay

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.model.node import Node

names = st.sampled_from(sorted(DIALECTS))

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
SEARCHING = settings().max_examples >= 1000

# Above all numbers that values of the generated trees hold: so what is above it is a phandle.
FLOOR = 0x40


def content_of(node: Node) -> Content:
    """Write a node as a dict."""
    content: Content = {**node.properties}
    content |= {key: content_of(child) for key, child in node.children.items()}
    return content


def make_meeting(dice: Dice) -> tuple[Content, list[Content]]:
    """Make a base and overlays for it, some of them for what another one makes of it."""
    base = make_base(dice)
    base["floor"] = {"phandle": FLOOR}
    made: list[Content] = []
    for _ in range(2 + dice.number(2)):
        ground = base
        if made and dice.flag():
            tree = tree_of(base)
            apply_overlay(tree, Overlay(tree_of(dice.choose(made))), LIBFDT)
            ground = content_of(tree.root)
            if not ground.get("__symbols__"):
                ground.pop("__symbols__", None)
        overlay = make_overlay(dice, ground)
        if dice.number(8):
            _number_anew(dice, overlay)
        if not dice.number(4):
            _add_table(dice, overlay, ground)
        if made and not dice.number(4):
            _borrow(dice, overlay, dice.choose(made))
        made.append(overlay)
    return base, made


def _number_anew(dice: Dice, overlay: Content) -> None:
    """Give the nodes of an overlay phandles of their own, as a compiler does, or none."""
    number = 0
    for _, node in nodes_of(overlay):
        for key in [key for key in node if key in PHANDLE_NAMES]:
            del node[key]
            if dice.flag():
                number += 1
                node[key] = cells(number)


def _add_table(dice: Dice, overlay: Content, base: Content) -> None:
    """Let an overlay write labels or aliases by hand, in tables that may be missing."""
    paths = [strings(path or "/") for path, _ in nodes_of(base)]
    table, key = dice.choose((("__symbols__", "la"), ("__symbols__", "le"), ("aliases", "al")))
    content: Content = {key: dice.choose(paths)}
    if dice.flag():
        overlay["fragment@8"] = {"target-path": f"/{table}", "__overlay__": content}
    else:
        overlay["fragment@8"] = {"target-path": "/", "__overlay__": {table: content}}


def _borrow(dice: Dice, overlay: Content, other: Content) -> None:
    """Put a fragment of another overlay into this one, with a property more or less."""
    fragments = {key: part for key, part in other.items() if key.startswith("fragment")}
    for key, part in list(fragments.items())[:1]:
        assert isinstance(part, dict)
        copy = {name: entry for name, entry in part.items() if name != "target"}
        if "target-path" in copy:
            overlay[f"{plain_name(key)}9"] = copy
            for _, node in list(nodes_of(copy))[1:]:
                if dice.flag():
                    node["q"] = cells(0x1000)


@given(drawn=made_by(make_meeting), name=names)
def test_what_is_proven_is_what_happens(drawn: tuple[Content, list[Content]], name: str) -> None:
    tree, dialect = tree_of(drawn[0]), DIALECTS[name]
    overlays = [Overlay(tree_of(one), f"{place}.dtbo") for place, one in enumerate(drawn[1])]
    before = state(tree)
    together = met(tree, overlays, dialect)
    said = claimed(together)
    for pair in combinations(range(len(overlays)), 2):
        one, other = (overlays[number] for number in pair)
        truth = depends(tree, one, other, dialect, made_up=True)
        assert (pair in said) == truth, said.get(pair)
    listed = list(together.findings())
    assert not together.untried
    assert [pair[:2] for pair in listed] == sorted(pair[:2] for pair in listed)
    assert set(said) <= {pair[:2] for pair in listed}
    assert all(found.message and found.fix for _, _, found in listed)
    assert state(tree) == before


@pytest.fixture(scope="module")
def corpus() -> Iterator[Path]:
    with unpacked(CORPUS / "corpus.tar.xz") as folder:
        yield folder


def bases(folder: Path, stride: int) -> Iterator[tuple[bytes, list[Overlay]]]:
    """Give bases of the reference corpus, each with all overlays that meet on it."""
    wanted: dict[str, dict[str, None]] = defaultdict(dict)
    for line in (folder / "manifest.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["type"] in ("pair", "stack"):
            wanted[entry["base"]].update(dict.fromkeys(entry["overlays"]))
    for base in sorted(wanted)[::stride]:
        read = {name: unflatten((folder / name).read_bytes()) for name in wanted[base]}
        overlays = [Overlay(tree, name) for name, tree in sorted(read.items())]
        if len(overlays) > 1:
            yield (folder / base).read_bytes(), overlays


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no reference corpus at {CORPUS}")
@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_what_is_proven_of_the_corpus_is_what_happens(corpus: Path, name: str) -> None:
    """Hold at least 2,000 pairs of real overlays against both orders, where tests run long."""
    dialect = DIALECTS[name]
    count: Counter[str] = Counter()
    for base, overlays in bases(corpus, 6 if SEARCHING else 120):
        tree = unflatten(base)
        together = met(tree, overlays, dialect)
        said = claimed(together)
        for pair in combinations(range(len(overlays)), 2):
            truth = depends(tree, *(overlays[number] for number in pair), dialect)
            assert (pair in said) == truth, [overlays[number].name for number in pair]
            count["pairs"] += 1
            count["depend"] += truth
        count["tried"] += together.tried
    assert count["pairs"] >= (2_000 if SEARCHING else 200)
    assert count["depend"] >= count["pairs"] // 200
    assert count["tried"] < count["pairs"] // 10
