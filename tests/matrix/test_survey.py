"""What is read off a file without its tree is what the tree would say."""

from __future__ import annotations

import gzip
import tarfile
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.blob import blob
from support.overlays import at, overlay_content, to
from support.repository import Repository, board, overlay
from support.trees import Content, again, strings

from dtovl.errors import InputError
from dtovl.fdt.read import unflatten
from dtovl.matrix.survey import Surveyed, Surveyor, survey, survey_tree
from dtovl.matrix.tasks import Source

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
PATHS = frozenset(
    {"/", "/soc", "/soc/uart", "/soc@0/uart@1000", "/none", "/soc/none", "//soc//uart/", "//"}
)


def look(data: bytes, *paths: str) -> Surveyed:
    repository = Repository({"x": data})
    surveyor = Surveyor(repository.read, repository.read_included)
    return surveyor.look(Source("x"), frozenset(paths))


def test_a_board() -> None:
    data = board("a,board", "a,soc", labels=("i2c1", "spi0"), nodes=("soc",))
    paths = frozenset({"/soc/inner", "/soc/none", "/i2c1", "/"})
    found = survey(data, "x", paths)
    assert found == Surveyed(
        False,
        ("a,board", "a,soc"),
        frozenset({"i2c1", "spi0"}),
        frozenset(),
        paths - {"/soc/none"},
        paths,
    )


def test_an_overlay() -> None:
    data = overlay("i2c1", "spi0", compatible=["a,board"], path="/soc")
    assert look(data) == Surveyed(
        True, ("a,board",), frozenset(), frozenset({"i2c1", "spi0", "/soc"})
    )


def test_a_target_that_an_overlay_makes_itself_is_not_wanted() -> None:
    data = blob(
        overlay_content(
            at("/soc", {"hub@1": {"port": {}}}),
            at("/soc/hub/port", {"x": 1}),
            at("/other/leds", {"x": 1}),
        )
    )
    assert look(data).wanted == {"/soc", "/other/leds"}


def test_labels_of_an_overlay_are_those_it_exports() -> None:
    data = blob(overlay_content(to("a", {}), symbols={"new": "/fragment@0/__overlay__"}))
    assert look(data).labels == {"new"}


def test_source_is_read() -> None:
    source = b"""/dts-v1/;
    #include "inc.h"
    / { compatible = BOARD; soc { uart: uart@1000 { }; }; };"""
    repository = Repository({"a/x.dts": source, "inc/inc.h": b'#define BOARD "a,board"\n'})
    surveyor = Surveyor(repository.read, repository.read_included)
    source_of = Source("a/x.dts", ("inc",))
    paths = frozenset({"/soc/uart", "/x"})
    found = surveyor.look(source_of, paths)
    assert found == Surveyed(
        False, ("a,board",), frozenset({"uart"}), frozenset(), frozenset({"/soc/uart"}), paths
    )
    reads = len(repository.opened)
    assert surveyor.look(source_of) is surveyor.look(source_of, frozenset({"/x"})) is found
    assert len(repository.opened) == reads
    assert surveyor.look(source_of, frozenset({"/soc"})).paths == {"/soc"}


def test_what_is_known_is_not_read() -> None:
    known = Surveyed(True, ("x",))
    repository = Repository({})
    surveyor = Surveyor(repository.read, repository.read_included, {Source("x"): known})
    assert surveyor.look(Source("x")) is known


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "DT001"), (board()[:60], "DT002"), (b"/dts-v1/;\n/ {", "DT020"), (b"text", "DT001")],
)
def test_what_cannot_be_read_is_told(data: bytes, code: str) -> None:
    found = look(data)
    assert not found.readable
    assert [one.code for one in found.findings] == [code]


def test_a_missing_file_is_told() -> None:
    repository = Repository({})
    found = Surveyor(repository.read, repository.read_included).look(Source("gone.dtb"))
    assert [one.code for one in found.findings] == ["DT011"]


def agrees(data: bytes) -> bool:
    """Hold the quick look against the tree; tell whether there was one."""
    try:
        found = survey(data, "x", PATHS)
    except InputError:
        with pytest.raises(InputError):
            unflatten(data)
        return False
    if found is None:
        return False
    assert found == survey_tree(unflatten(data), PATHS)
    return True


@pytest.mark.parametrize(
    "content",
    [
        {"compatible": strings("a")},
        {"compatible": b"not terminated"},
        {"compatible": b""},
        {"soc@0": {"uart@1000": {}}},
        {"soc": {"__symbols__": {"no": "/x"}}},
        {"__symbols__": {}},
        {"soc": {"uart": {}}, "__symbols__": {"a": "/a", "b": "/b"}},
        {"name": "__symbols__", "x": b"\0\0\0\1__symbols__\0\0\0\0\0"},
    ],
)
def test_quick_looks(content: Content) -> None:
    assert agrees(blob(content))


@pytest.mark.parametrize(
    "content",
    [
        {"__symbols__": {"a": "/a", again("a"): "/b"}},
        {"__symbols__": {"a": "/a"}, again("__symbols__"): {"b": "/b"}},
        {"compatible": "a", again("compatible"): "b"},
        {"__fixups__": {"a": "/x:y:0"}},
        {"fragment@0": {"__overlay__": {}}},
        {"images": {}, "configurations": {}},
        {"x": "__overlay__"},
    ],
)
def test_what_is_not_plain_is_read(content: Content) -> None:
    assert survey(blob(content), "x") is None


def test_symbols_with_an_address_are_none() -> None:
    assert survey(blob({"__symbols__@1": {"a": "/a"}}), "x") == Surveyed()


def test_compressed_blobs_are_unpacked() -> None:
    assert look(gzip.compress(board("a", labels=("l",)))).labels == {"l"}


@given(st.binary(max_size=3), st.integers(0, 400), st.integers(0, 3))
def test_changed_bytes_change_nothing_in_that(patch: bytes, at: int, which: int) -> None:
    data = bytearray(
        [
            board("a,b", labels=("uart", "i2c"), nodes=("soc", "x@1")),
            blob({"soc": {"uart@1000": {"v": [1, 0x61626364, 1]}}, "__symbols__": {"a": "/a"}}),
            board(),
            blob({"compatible": "x", "__symbols__": {}, "y": {}}),
        ][which]
    )
    at %= len(data)
    data[at : at + len(patch)] = patch
    agrees(bytes(data))


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no reference corpus at {CORPUS}")
@pytest.mark.parametrize(("archive", "least"), [("corpus.tar.xz", 80), ("bad.tar.xz", 3)])
def test_real_and_damaged_blobs(archive: str, least: int) -> None:
    quick = 0
    with tarfile.open(CORPUS / archive, "r|xz") as content:
        for member in islice(content, 0, 800, 2):
            if member.name.endswith((".dtb", ".dtbo")):
                file = content.extractfile(member)
                assert file is not None
                quick += agrees(file.read())
    assert quick >= least
