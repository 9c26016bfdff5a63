"""Blobs edited by hand that the kernel takes: names with slashes, a named root, odd offsets."""

from __future__ import annotations

import pytest
from support.blob import blob
from support.boards import Board
from support.overlays import at, inside, overlay_content
from support.raw_blob import Spec, changed, raw, structure_of

from dtovl.live.blob import apply_parsed, parse_blob
from dtovl.live.objects import Oops
from dtovl.live.state import own_name
from dtovl.model.node import Node


@pytest.mark.parametrize(
    ("name", "short", "called"),
    [("a/b", "b", b"b\0"), ("a@1/b", "b", b"b\0"), ("/x/y@2", "y@2", b"y\0")],
)
def test_what_stands_before_a_slash_in_a_name_does_not_count(
    name: str, short: str, called: bytes
) -> None:
    board = Board()
    data = blob(overlay_content(at("/soc", {name: {"p": 1}})))
    assert apply_parsed(board.overlays, parse_blob(data, "it.dtbo")).error == ""
    assert board.children("/soc")[0] == short
    assert board.node(f"/soc/{short}").properties["name"] == called


def test_a_name_with_a_slash_merges_by_its_last_part() -> None:
    board = Board()
    data = blob(overlay_content(at("/soc", {"other/bare": {"x": 5}})))
    apply_parsed(board.overlays, parse_blob(data, "it.dtbo"))
    assert board.children("/soc") == ["u@2", "bare"]
    assert board.node("/soc/bare").properties["x"] == b"\0\0\0\5"


@pytest.mark.parametrize(
    ("name", "called"),
    [("n@1", b"n\0"), ("a/b@1", b"b\0"), ("a@1/b", b"b\0"), ("a/", b"\0")],
)
def test_names_of_base_nodes_come_from_their_last_part(name: str, called: bytes) -> None:
    assert own_name(Node(name)) == called


def named_root(fragment: Spec, symbols: tuple[tuple[str, bytes], ...] = ()) -> bytes:
    """Write an overlay whose root is called `odd`."""
    tables = (Spec("__symbols__", symbols),) if symbols else ()
    return raw(*structure_of(Spec("odd", (), (fragment, *tables))))


def test_paths_begin_with_the_name_of_the_root() -> None:
    board = Board()
    fragment = Spec("fragment@0", (("target-path", b"/gone\0"),), (Spec("__overlay__"),))
    apply_parsed(board.overlays, parse_blob(named_root(fragment), "it.dtbo"))
    assert board.lines()[0] == (
        "OF: overlay: find target, node: odd/fragment@0, path '/gone' not found"
    )


def test_symbols_lose_the_length_of_the_name_of_the_root_as_well() -> None:
    board = Board()
    content = Spec("__overlay__", (), (Spec("dev@1"),))
    fragment = Spec("f", (("target-path", b"/soc\0"),), (content,))
    data = named_root(fragment, (("label", b"/f/__overlay__/dev@1\0"),))
    assert apply_parsed(board.overlays, parse_blob(data, "it.dtbo")).error == ""
    assert board.node("/__symbols__").properties["label"] == b"/socv@1\0"


def test_only_version_17_bounds_names_by_the_block_of_strings() -> None:
    data = blob(overlay_content(at("/soc", {"p": 1})))
    cut = changed(data, size_dt_strings=2)
    found = parse_blob(cut, "it.dtbo")
    assert found.warnings
    older = parse_blob(changed(cut, version=16), "it.dtbo")
    assert not older.warnings
    assert older.overlay.fragments


@pytest.mark.parametrize(
    ("offset", "length", "error"),
    [
        pytest.param(0xFFFFFFFC, 0, "oops", id="sum-0"),
        pytest.param(0xFFFFFFFF, 4, "oops", id="sum-3"),
        pytest.param(0xFFFFFFFF, 2, "-EINVAL", id="sum-3-of-2"),
    ],
)
def test_k028_a_sum_that_wraps_is_held_against_the_length(
    offset: int, length: int, error: str
) -> None:
    board = Board()
    content = {"p": bytes(length)}
    local = inside({"p": offset})
    if error == "oops":
        with pytest.raises(Oops, match="local-fixup"):
            board.apply(at("/soc", content), local=local)
    else:
        assert board.apply(at("/soc", content), local=local).error == error
