"""Looking nodes up by path and by name, as Linux and as libfdt do it (rows K019 to K025)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.trees import Content, strings, tree_of

from dtovl.changeset import AttachNode, Changeset
from dtovl.model.dialect import LIBFDT, LINUX, Dialect
from dtovl.model.node import Node
from dtovl.model.paths import (
    Miss,
    child_by_stem,
    find_child,
    find_inside,
    find_merge_child,
    find_path,
)
from dtovl.model.tree import Origin, Tree
from dtovl.overlay.fragments import find_phandle

BOARD: Content = {
    "aliases": {
        "bus": "/soc",
        "again": "bus",
        "option": "/soc:115200",
        "gone": "/nowhere",
        "short": "/soc/u",
        "open": b"/soc",
        "empty": b"",
        "ring": "gnir",
        "gnir": "ring",
    },
    "soc": {"u@2": {"x": 1}, "u@1": {"x": 2}, "v": {"deep@0": {}}, "W@9": {}, "w@9": {}},
}
NODE, FORM = Miss.NODE, Miss.FORM


def found(tree: Tree, path: str, dialect: Dialect) -> str | Miss:
    node = find_path(tree, path, dialect)
    return node if isinstance(node, Miss) else node.path


@pytest.mark.parametrize(
    ("path", "linux", "libfdt"),
    [
        pytest.param("/", "/", "/", id="root"),
        pytest.param("/soc/u@1", "/soc/u@1", "/soc/u@1", id="exact"),
        pytest.param("/soc/gone", NODE, NODE, id="gone"),
        pytest.param("/SOC", NODE, NODE, id="case"),
        pytest.param("//soc", NODE, "/soc", id="K019-two-slashes"),
        pytest.param("/soc/", NODE, "/soc", id="K019-slash-at-the-end"),
        pytest.param("//", NODE, "/", id="K019-slashes-only"),
        pytest.param("/soc/u", NODE, "/soc/u@2", id="K020-first-match"),
        pytest.param("/soc/u@", NODE, NODE, id="K020-empty-unit-address"),
        pytest.param("/soc/v/deep", NODE, "/soc/v/deep@0", id="K020-deep"),
        pytest.param("/soc/u@1:opt", "/soc/u@1", NODE, id="K021"),
        pytest.param("/:opt", NODE, NODE, id="K021-root"),
        pytest.param("/soc:opt/u@1", "/soc", NODE, id="K021-slash-in-option"),
        pytest.param("bus", "/soc", "/soc", id="K022"),
        pytest.param("bus/u@1", "/soc/u@1", "/soc/u@1", id="K022-rest"),
        pytest.param("bus:opt", "/soc", FORM, id="K022-option"),
        pytest.param("again", "/soc", FORM, id="K022-alias-of-alias"),
        pytest.param("again/u@1", "/soc/u@1", FORM, id="K022-alias-of-alias-rest"),
        pytest.param("option", "/soc", NODE, id="K022-option-in-value"),
        pytest.param("gone", NODE, NODE, id="alias-to-nowhere"),
        pytest.param("short", NODE, "/soc/u@2", id="alias-without-unit-address"),
        pytest.param("open", "/soc", FORM, id="alias-without-nul"),
        pytest.param("empty", FORM, FORM, id="alias-without-value"),
        pytest.param("none", FORM, FORM, id="no-such-alias"),
        pytest.param("ring", FORM, FORM, id="aliases-in-a-ring"),
        pytest.param("", FORM, FORM, id="nothing"),
        pytest.param(":", FORM, FORM, id="option-alone"),
    ],
)
def test_path(path: str, linux: str | Miss, libfdt: str | Miss) -> None:
    tree = tree_of(BOARD)
    assert found(tree, path, LINUX) == linux
    assert found(tree, path, LIBFDT) == libfdt


@pytest.mark.parametrize("dialect", [LINUX, LIBFDT], ids=lambda dialect: dialect.name)
def test_no_aliases(dialect: Dialect) -> None:
    assert found(tree_of({"soc": {}}), "bus", dialect) is FORM


def test_k023_linux_knows_the_aliases_of_boot_alone() -> None:
    tree = tree_of({"soc": {}})
    aliases = Node("aliases")
    aliases.properties["bus"] = strings("/soc")
    Changeset([AttachNode(tree.root, aliases, Origin(1, "a.dtbo", "fragment@0"))]).apply(tree)
    assert found(tree, "bus", LINUX) is FORM
    assert found(tree, "bus", LIBFDT) == "/soc"


@pytest.mark.parametrize(
    ("path", "linux", "libfdt"),
    [
        pytest.param("/soc/u@1", "/soc/u@1", "/soc/u@1", id="exact"),
        pytest.param("/soc/u", NODE, "/soc/u@2", id="no-unit-address"),
        pytest.param("/", NODE, "/", id="root"),
        pytest.param("", "/", FORM, id="K047-empty"),
        pytest.param("soc", "/", FORM, id="K047-relative"),
        pytest.param("bus", "/", "/soc", id="K047-alias"),
        pytest.param("/soc:x", NODE, NODE, id="no-options"),
    ],
)
def test_path_inside_an_overlay(path: str, linux: str | Miss, libfdt: str | Miss) -> None:
    tree = tree_of(BOARD)
    for dialect, expected in ((LINUX, linux), (LIBFDT, libfdt)):
        node = find_inside(tree, path, dialect)
        assert (node if isinstance(node, Miss) else node.path) == expected


# A parent with few children is looked through, one with many by an index of all names.
@pytest.mark.parametrize("others", [0, 100])
@pytest.mark.parametrize(
    ("name", "linux", "libfdt"),
    [
        ("u@2", "u@2", "u@2"),
        ("u", None, "u@2"),
        ("U@1", "u@1", None),
        ("V", "v", None),
        ("w@9", "W@9", "w@9"),
        ("W@9", "W@9", "W@9"),
        ("W", None, "W@9"),
        ("z", None, None),
    ],
)
def test_child_that_a_child_of_an_overlay_merges_with(
    others: int, name: str, linux: str | None, libfdt: str | None
) -> None:
    tree = tree_of(BOARD)
    soc = tree.root.children["soc"]
    for number in range(others):
        soc.add_child(Node(f"other@{number}"))
    for dialect, expected in ((LINUX, linux), (LIBFDT, libfdt)):
        child = find_merge_child(tree, soc, name, dialect)
        assert (child.name if child is not None else None) == expected


@pytest.mark.parametrize("others", [0, 100])
def test_the_first_match_is_the_first_in_tree_order(others: int) -> None:
    tree = tree_of(BOARD)
    soc = tree.root.children["soc"]
    for number in range(others):
        soc.add_child(Node(f"other@{number}"))
    changeset = Changeset([AttachNode(soc, Node("u@7")), AttachNode(soc, Node("V"))])
    for fold in (False, True):
        tree.first_children(soc, fold=fold)
    changeset.apply(tree)
    child = find_child(tree, soc, "u", LIBFDT)
    assert child is not None
    assert child.name == "u@7"
    merged = find_merge_child(tree, soc, "v", LINUX)
    assert merged is not None
    assert merged.name == "V"
    changeset.revert(tree)
    fresh = Tree(tree.root)
    for fold in (False, True):
        kept = tree.first_children(soc, fold=fold)
        assert kept == fresh.first_children(soc, fold=fold)


@given(st.lists(st.sampled_from(["a", "A", "a@1", "a@2", "b", "first goes", "last goes"])))
def test_what_is_known_of_names_follows_children_that_come_and_go(steps: list[str]) -> None:
    tree = tree_of({"bus": {"a@1": {}, "b": {}}})
    bus = tree.root.children["bus"]
    for fold in (False, True):
        tree.first_children(bus, fold=fold)
    done: list[AttachNode] = []
    for step in steps:
        if not step.endswith(" goes"):
            done.append(AttachNode(bus, Node(step)))
            done[-1].apply(tree)
        elif done:
            done.pop(0 if step == "first goes" else -1).revert(tree)
        fresh = Tree(tree.root)
        fresh.head_children = tree.head_children
        for fold in (False, True):
            kept = tree.first_children(bus, fold=fold)
            assert kept == fresh.first_children(bus, fold=fold)


def test_no_children_no_match() -> None:
    tree = tree_of({})
    for dialect in (LINUX, LIBFDT):
        assert find_merge_child(tree, tree.root, "u", dialect) is None
        assert find_child(tree, tree.root, "u", dialect) is None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"__overlay__": {}}, "__overlay__"),
        ({"__overlay__@1": {}}, "__overlay__@1"),
        ({"__overlay__x": {}}, None),
        ({"__overlay__@1": {}, "__overlay__": {}}, "__overlay__@1"),
        ({}, None),
    ],
)
def test_child_by_its_name_without_unit_address(content: Content, expected: str | None) -> None:
    tree = tree_of(content)
    child = child_by_stem(tree, tree.root, "__overlay__")
    assert (child.name if child is not None else None) == expected


PHANDLES: Content = {
    "plain": {"phandle": 1},
    "legacy": {"linux,phandle": 2},
    "both": {"linux,phandle": 3, "phandle": 4},
    "firmware": {"phandle": 5, "ibm,phandle": 6},
    "long": {"phandle": [7, 8]},
    "zero": {"phandle": 0},
    "twin": {"phandle": 1},
}


@pytest.mark.parametrize(
    ("number", "linux", "libfdt"),
    [
        pytest.param(0, None, None, id="K025"),
        pytest.param(1, "plain", "plain", id="first-of-two"),
        pytest.param(2, "legacy", "legacy", id="legacy"),
        pytest.param(3, "both", None, id="K016-first-in-order"),
        pytest.param(4, None, "both", id="K016-by-name"),
        pytest.param(5, None, "firmware", id="K017-not-for-libfdt"),
        pytest.param(6, "firmware", None, id="K017"),
        pytest.param(7, "long", None, id="eight-bytes"),
        pytest.param(99, None, None, id="none"),
    ],
)
def test_phandle(number: int, linux: str | None, libfdt: str | None) -> None:
    tree = tree_of(PHANDLES)
    for dialect, expected in ((LINUX, linux), (LIBFDT, libfdt)):
        node = find_phandle(tree, number, dialect)
        assert (node.name if node is not None else None) == expected


def test_a_path_of_ten_thousand_names_is_no_problem() -> None:
    tree = tree_of(BOARD)
    for dialect in (LINUX, LIBFDT):
        assert found(tree, "/soc" * 10_000, dialect) is NODE
