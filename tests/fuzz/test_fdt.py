"""Whatever is done to a blob: reading it gives a tree, or an InputError."""

from __future__ import annotations

import gzip
from struct import pack, pack_into

from hypothesis import given
from hypothesis import strategies as st
from support.raw_blob import END_NODE, NOP, Spec, begin, prop, raw, structure_of

from dtovl.diagnostics import Sink
from dtovl.errors import InputError
from dtovl.fdt.read import unflatten
from dtovl.fdt.write import flatten, size_of
from dtovl.inputs import Kind, describe, read_blob, recognise

BASE = Spec(
    "",
    (("compatible", b"v,b\0"), ("#address-cells", b"\0\0\0\1"), ("phandle", b"\0\0\0\3")),
    (
        Spec("soc", (("ranges", b""),), (Spec("uart@10", (("reg", bytes(8)),)), Spec("i2c"))),
        Spec("__symbols__", (("uart0", b"/soc/uart@10\0"),)),
        Spec("images", (), (Spec("fdt-1", (("type", b"flat_dt\0"),)),)),
        Spec("configurations"),
    ),
)
BLOBS = [
    raw(
        *structure_of(BASE, version=version, nops=version == 16),
        reservations=pack(">4Q", 1, 2, 0, 0),
        padding=b"pad",
        version=version,
        last_comp_version=min(version, 16),
    )
    for version in (2, 3, 16, 17)
]
WORDS = st.sampled_from([0, 1, 2, 3, 4, 9, 16, 17, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFC, 0xFFFFFFFF])
DAMAGE = st.one_of(
    st.tuples(st.just("flip"), st.integers(0, 8 * 700), st.integers(0, 7)),
    st.tuples(st.just("word"), st.integers(0, 180), st.one_of(WORDS, st.integers(0, 1 << 10))),
    st.tuples(st.just("cut"), st.integers(0, 700), st.just(0)),
    st.tuples(st.just("insert"), st.integers(0, 180), WORDS),
)


def damaged(blob: bytes, damage: list[tuple[str, int, int]]) -> bytes:
    out = bytearray(blob)
    for kind, place, value in damage:
        if kind == "flip" and place // 8 < len(out):
            out[place // 8] ^= 1 << value
        elif kind == "word" and 4 * place + 4 <= len(out):
            pack_into(">I", out, 4 * place, value)
        elif kind == "cut":
            del out[place:]
        elif kind == "insert":
            out[4 * place : 4 * place] = pack(">I", value)
    return bytes(out)


def check(data: bytes) -> None:
    sink = Sink()
    try:
        tree = unflatten(data, "fuzz.dtb", sink)
    except InputError as error:
        refusal = error.diagnostic.message
        assert refusal
        return
    written = flatten(tree)
    assert len(written) == size_of(tree) + len(tree.header.padding)
    again = unflatten(written)
    assert flatten(again) == written
    assert again.header == tree.header._replace(version=17)
    assert all(found.message for found in sink)


@given(st.sampled_from(BLOBS), st.lists(DAMAGE, min_size=1, max_size=4))
def test_damaged_blobs(blob: bytes, damage: list[tuple[str, int, int]]) -> None:
    check(damaged(blob, damage))


@given(
    st.lists(
        st.one_of(
            st.sampled_from([begin(), begin("a"), begin("a@1"), END_NODE, NOP, pack(">I", 9)]),
            st.builds(prop, st.integers(0, 6), st.binary(max_size=12)),
            st.builds(pack, st.just(">I"), WORDS),
        ),
        max_size=12,
    )
)
def test_any_tokens_under_a_sound_header(parts: list[bytes]) -> None:
    check(raw(b"".join(parts), b"a\0bc\0"))


@given(st.binary(max_size=200), st.lists(WORDS, min_size=9, max_size=9))
def test_any_bytes_behind_the_magic(data: bytes, words: list[int]) -> None:
    check(b"\xd0\x0d\xfe\xed" + data)
    check(pack(">10I", 0xD00DFEED, *words) + data)


@given(st.sampled_from([*BLOBS, gzip.compress(BLOBS[0], mtime=0)]), st.lists(DAMAGE, max_size=3))
def test_any_input_has_a_kind_and_a_description(
    blob: bytes, damage: list[tuple[str, int, int]]
) -> None:
    data = damaged(blob, damage)
    assert isinstance(recognise(data), Kind)
    assert describe(data)
    try:
        read_blob(data, "fuzz", Sink())
    except InputError as error:
        refusal = error.diagnostic
        assert refusal.message
        assert refusal.fix


@given(st.one_of(st.binary(max_size=100), st.text(max_size=100).map(str.encode)))
def test_any_bytes_have_a_kind_and_a_description(data: bytes) -> None:
    assert isinstance(recognise(data), Kind)
    assert describe(data)
