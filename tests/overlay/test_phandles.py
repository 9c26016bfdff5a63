"""Phandles that meet: kept from the base, turned in references, moved by the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.trees import Content, cells, tree_of

from dtovl.model.dialect import LIBFDT, LINUX, Problem
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.fragments import Overlay

if TYPE_CHECKING:
    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome

BASE: Content = {"soc": {"phandle": 7, "u@2": {"phandle": 5, "k": {"phandle": 3, "r": 3}}}}


def at_path(path: str, content: Content) -> Content:
    return {"target-path": path, "__overlay__": content}


def at_phandle(number: int, content: Content) -> Content:
    return {"target": number, "__overlay__": content}


def value(tree: Tree, path: str, name: str) -> bytes:
    node = tree.find(path)
    assert node is not None
    return node.properties[name]


def apply(base: Tree, overlay: Content, dialect: object = LIBFDT) -> Outcome:
    return apply_overlay(base, Overlay(tree_of(overlay)), dialect)  # type: ignore[arg-type]


def test_a_turned_reference_is_the_target_of_a_later_fragment() -> None:
    base = tree_of(BASE)
    overlay: Content = {
        "fragment@0": at_path("/soc", {"u@2": {"phandle": 1, "z": 1}}),
        "fragment@1": at_phandle(1, {"q": 2, "k": {"phandle": 2, "w": 2}}),
        "__local_fixups__": {
            "fragment@1": {"target": 0, "__overlay__": {"q": 0, "k": {"w": 0}}},
        },
    }
    assert apply(base, overlay).applies
    for path, name in (("", "q"), ("/k", "w"), ("/k", "phandle"), ("/k", "r")):
        assert value(base, f"/soc/u@2{path}", name) == cells(3), name


def test_every_target_is_looked_at_before_anything_is_merged() -> None:
    overlay: Content = {
        "fragment@0": at_path("/nope", {}),
        "fragment@1": {"__overlay__": {}},
    }
    assert apply(tree_of({}), overlay).error == "FDT_ERR_BADOVERLAY"


@pytest.mark.parametrize(
    ("dialect", "error"), [(LIBFDT, ""), (LINUX, "-EINVAL")], ids=["libfdt", "linux"]
)
def test_libfdt_finds_symbols_by_stem(dialect: object, error: str) -> None:
    base = tree_of({"n": {"phandle": 2}, "__symbols__@1": {"lab": "/n"}})
    overlay: Content = {
        "fragment@0": {"target": 0xFFFFFFFF, "__overlay__": {"x": 1}},
        "__fixups__": {"lab": "/fragment@0:target:0"},
    }
    assert apply(base, overlay, dialect).error == error


def test_the_kernel_compares_phandles_after_it_has_moved_them() -> None:
    base = tree_of({"soc": {"phandle": 0xFFFFFFFE, "u@2": {"phandle": 7}}})
    overlay: Content = {"fragment@0": at_path("/soc", {"u@2": {"phandle": 1, "z": 1}})}
    assert apply(base, overlay, LINUX).applies  # 1 becomes 0, which is no phandle
    assert value(base, "/soc/u@2", "z") == cells(1)


def test_a_crash_comes_after_what_is_refused_before() -> None:
    base = tree_of({"soc": {}})
    overlay: Content = {
        "fragment@0": at_path("/soc", {"status": None, "y": 1}),
        "fragment@1": at_path("/soc", {"y": 1}),
    }
    assert apply(base, overlay, LINUX).problem is Problem.DUPLICATE_PROPERTY


def test_an_alias_may_lead_through_another_with_a_path_behind() -> None:
    base = tree_of({"soc": {"n@1": {}}, "aliases": {"al": "/soc", "a2": "al/n@1", "a3": "al:x"}})
    for alias, path in (("a2", "/soc/n@1"), ("a3", "/soc")):
        outcome = apply(base, {"fragment@0": at_path(alias, {"q": 1})}, LINUX)
        assert outcome.applies
        assert value(base, path, "q") == cells(1)
        outcome.changeset.revert(base)
