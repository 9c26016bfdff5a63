"""Globs: what they match, what is refused, and that no glob takes long."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtovl.matrix.globs import (
    MAX_ALTERNATIVES,
    MAX_GLOB,
    Glob,
    GlobError,
    Globs,
    clean,
    is_glob,
    leads_outside,
    node_glob,
)


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("a.dtb", "a.dtb"),
        ("*.dtb", "a.dtb"),
        ("*", "a"),
        ("a*", "a"),
        ("*a*b*", "xaxbx"),
        ("a*a", "aa"),
        ("boards/*.dtb", "boards/a.dtb"),
        ("boards/?.dtb", "boards/a.dtb"),
        ("boards/[a-c].dtb", "boards/b.dtb"),
        ("boards/[!a-c].dtb", "boards/d.dtb"),
        ("boards/[]x].dtb", "boards/].dtb"),
        ("boards/[a-]*", "boards/-x"),
        ("*[0-9]?.dtb", "board-12.dtb"),
        ("**", "a/b/c"),
        ("**/*.dtb", "a.dtb"),
        ("**/*.dtb", "x/y/a.dtb"),
        ("a/**/b", "a/b"),
        ("a/**/b", "a/x/y/b"),
        ("a/**/x/**/b", "a/x/x/y/b"),
        ("a/**", "a/b/c"),
        ("a**b", "axxb"),
        ("{a,b}.dtb", "b.dtb"),
        ("x{,-{y,z}}", "x-z"),
        ("x{,-{y,z}}", "x"),
        ("[{]", "{"),
        ("[[]a", "[a"),
        ("a[1].dtb", "a[1].dtb"),
        ("/soc/**", "/soc/uart@1000"),
        ("/", "/"),
        ("a.b+c", "a.b+c"),
        (r"[\d]", "\\"),
        ("x\n*", "x\ny"),
    ],
)
def test_matches(glob: str, path: str) -> None:
    assert Glob(glob).matches(path)


@pytest.mark.parametrize(
    ("glob", "path"),
    [
        ("*.dtb", "a/b.dtb"),
        ("*.dtb", "a.dtbo"),
        ("a*a", "a"),
        ("*ab", "aab2"),
        ("?", ""),
        ("?", "ab"),
        ("a?b", "a/b"),
        ("[!a]", "/"),
        ("[a-c]", "d"),
        ("a/**/b", "a/b/c"),
        ("a/**", "b/a"),
        ("{a,b}.dtb", "c.dtb"),
        ("a.b", "axb"),
        ("a/b", "a"),
        ("a", "a/b"),
        ("A", "a"),
        ("*a*b*", "xbxa"),
        ("ab*ba", "aba"),
        ("*aba*aba*", "ababa"),
        ("*[a][b]*[b][a]*", "aba"),
    ],
)
def test_does_not_match(glob: str, path: str) -> None:
    assert not Glob(glob).matches(path)


@pytest.mark.parametrize(
    ("glob", "what"),
    [
        ("a[b", "not closed"),
        ("a[]", "not closed"),
        ("a{b", "not closed"),
        ("[z-a]", "backwards"),
        ("{" + "a," * MAX_ALTERNATIVES + "}", "too many"),
        ("{a,b}" * 9, "too many"),
        ("{a,b,c,d,e}" + "x" * (MAX_GLOB // 2) + "{a,b,c,d,e}", "too many"),
        ("{" * 30 + "a,b" + "}" * 30 + "{a,b}" * 30, "too many"),
        ("*" * (MAX_GLOB + 1), str(MAX_GLOB)),
    ],
)
def test_refused(glob: str, what: str) -> None:
    with pytest.raises(GlobError, match=what):
        Glob(glob)


def test_no_glob_goes_back_over_and_over() -> None:
    # A matcher that tries every way needs longer than the sun has.
    assert not Glob("*a" * 400 + "*b").matches("a" * 4000)
    assert not Glob("**/a/" * 400 + "b").matches("a/" * 4000 + "c")
    assert not Glob("*[ab]?" * 400 + "c").matches("a" * 4000)


_TEXTS = st.text("ab/.", max_size=8)


@given(
    st.lists(st.sampled_from(["a", "b", "*", "?", "/", "[ab]", "[!a]", "{a,b/}"]), max_size=7),
    _TEXTS,
)
def test_agrees_with_a_pattern(parts: list[str], path: str) -> None:
    patterns = {"*": "[^/]*", "?": "[^/]", "[ab]": "[ab]", "[!a]": "[^a/]", "{a,b/}": "(?:a|b/)"}
    glob = "".join(parts)
    wanted = re.fullmatch("".join(patterns.get(part, part) for part in parts), path) is not None
    if not re.search(r"(^|/)\*\*+(/|$)", glob.replace("{a,b/}", "/")):
        assert Glob(glob).matches(path) is (wanted or glob == path)


def test_many_globs_are_one() -> None:
    globs = Globs(["a.dtb", "b/*.dtb", "c[1].dtb"])
    assert [path for path in ("a.dtb", "b/x.dtb", "c[1].dtb", "c1.dtb") if globs.matches(path)]
    assert not globs.matches("b.dtb")
    assert not Globs(()).matches("")


def test_paths_have_one_form() -> None:
    assert clean("./boards//a.dtb") == "boards/a.dtb"
    assert clean("a/../b") == "b"
    assert [path for path in ("/etc", "..", "../x", "...", "..x", "a") if leads_outside(path)] == [
        "/etc",
        "..",
        "../x",
    ]
    assert leads_outside(clean("a/../../b"))


def test_node_globs_stand_anywhere() -> None:
    assert Glob(node_glob("serial@*")).matches("/soc/bus/serial@1000")
    assert Glob(node_glob("/soc/*")).matches("/soc/a")
    assert not Glob(node_glob("/soc/*")).matches("/x/soc/a")


def test_what_is_a_glob() -> None:
    assert [text for text in ("a", "*", "?", "[", "{", "]", "}") if is_glob(text)] == list("*?[{")
