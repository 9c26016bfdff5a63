"""Damaged and random source: a tree or InputError, nothing else, within bounds of time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st
from support.sources import Writer

from dtovl.diagnostics import Sink
from dtovl.dts.reader import read
from dtovl.errors import InputError
from dtovl.fdt.write import flatten

if TYPE_CHECKING:
    from random import Random

FILES = {
    "part.dtsi": b'#include "pins.h"\nn { p = <PIN(1)>; };\n/include/ "more.dtsi"\n',
    "more.dtsi": b"/* a */ k { q = [00 11]; };\n",
    "pins.h": b"#ifndef P\n#define P\n#define PIN(x) ((x) << 2)\n#endif\n",
    "self.dtsi": b'/include/ "self.dtsi"\n#include "self.dtsi"\n',
    "blob.bin": bytes(range(64)),
}

PIECES = (
    *('"', "'", "/*", "*/", "//", "<", ">", "[", "]", "{", "};", ";", ",", "=", "(", ")", "&"),
    *("&{", "/dts-v1/;", "/plugin/;", "/memreserve/", "/bits/ 8", "/delete-node/"),
    *("/delete-property/", "/omit-if-no-ref/", "/include/", "/incbin/"),
    *('("blob.bin", 3, 9)', '/include/ "more.dtsi"'),
    *("\n#define M M M\n", "\n#define F(x) x##x #x\n", "M", "F(F(1))", "\n#if 1\n", "\n#endif\n"),
    *('\n#include "part.dtsi"\n', '\n#include "self.dtsi"\n', '\n# 7 "f" 2\n', "\n#line 3\n"),
    *("\n#else\n", "\n#error x\n", "\n#if (1 ? 2 : 3) << 99\n", "\n#undef M\n", "\\", "\\x"),
    "\\\n",
    *("l:", "&l", "name", "phandle = <1>;", "0x", "08", "99999999999999999999", "1 / 0", "-", "?"),
    *("\0", "\x80", "\xff", "\r", "\t", "\x0c", "\x85", "'\\", "'ab'", "##", "#", "@", "a@b@c"),
    *("__symbols__ {", "__fixups__ { x = <1>; };", "/ {", "&x { };", "n { a; a; };"),
)  # fmt: skip


def damaged(random: Random) -> bytes:
    """Write a source, then cut, repeat, and insert in a few places."""
    text = Writer(random).source()
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(text) + 1)
        choice = random.randrange(4)
        if choice == 0:
            text = text[:at] + text[at + random.randint(1, 20) :]
        elif choice == 1:
            end = at + random.randint(1, 40)
            text = text[:end] + text[at:end] * random.randint(1, 3) + text[end:]
        elif choice == 2:
            text = text[:at] + chr(random.randrange(256)) + text[at + 1 :]
        else:
            piece = PIECES[random.randrange(len(PIECES))]
            text = text[:at] + piece * random.choice((1, 1, 1, 2, 300)) + text[at:]
    return text.encode("latin-1")


def read_it(data: bytes, symbols: bool) -> None:
    sink = Sink()
    try:
        tree = read(data, "x.dts", read_file=FILES.get, symbols=symbols, sink=sink)
    except InputError as error:
        found = list(error.diagnostics)
        assert found
        assert all(one.where is None or one.where.line > 0 for one in found)
    else:
        found = []
        assert flatten(tree)
    for one in [*found, *sink]:
        assert one.message
        assert "{" not in one.code.message.partition("{")[0]


@given(st.randoms(use_true_random=False).map(damaged), st.booleans())
@example(b"/dts-v1/;/{a=<" + b"(" * 5000, False)
@example(b"/dts-v1/;/{" + b"a{" * 5000, False)
@example(b"/dts-v1/;/{a=" + b"/*" * 5000, False)
@example(b"/dts-v1/;\n#if " + b"(" * 5000, False)
@example(b"#define A(x) A(x\n" + b"A(" * 3000, False)
def test_damaged_sources(data: bytes, symbols: bool) -> None:
    read_it(data, symbols)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_pieces_in_any_order(text: str) -> None:
    read_it(f"/dts-v1/;\n/ {{ {text}".encode("latin-1"), symbols=True)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    read_it(data, symbols=False)
