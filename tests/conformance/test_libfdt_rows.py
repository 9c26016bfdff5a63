"""The conformance table of libfdt 1.8: fdt_overlay_apply."""

from __future__ import annotations

import pytest
from conformance.rows import BASE, Row, check, row
from support.overlays import at, inside, lines, to
from support.trees import Content, again, tree_of

from dtovl.model.dialect import LIBFDT
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.fragments import Overlay

N = "/soc/n"
NEW = at("/soc", {"n": {"phandle": 1}})
# A node that refers to a label of the base by a property r of 4 bytes.
USER = at("/soc", {"n": {"r": 0xFFFFFFFF}})
SITE = "/fragment@0/__overlay__/n:r:0"
S = "/__symbols__"
LAST = {**BASE, "last": {"phandle": 0xFFFFFFFF}}


def with_symbols(**symbols: str | bytes) -> Content:
    return {**BASE, "__symbols__": {**BASE["__symbols__"], **symbols}}


def without_symbols() -> Content:
    return {key: content for key, content in BASE.items() if key != "__symbols__"}


def symbol(value: str, label: str = "l") -> str:
    return f"{S}:{label}={value.encode().hex()}00"


PHANDLES = [
    row("K150", NEW, added=(N, f"{N}:phandle=00000008")),
    row(
        "K150-poison-counts",
        NEW,
        base={**BASE, "poison": {"phandle": 0xDEADBEEF}},
        added=(N, f"{N}:phandle=deadbef0"),
    ),
    row(
        "K150-legacy-counts",
        NEW,
        base={**BASE, "old": {"linux,phandle": 0x20}},
        added=(N, f"{N}:phandle=00000021"),
    ),
    row(
        "K150-odd-lengths-do-not",
        NEW,
        base={**BASE, "odd": {"phandle": [0x30, 0]}},
        added=(N, f"{N}:phandle=00000008"),
    ),
    row("K151", NEW, base=LAST, error="FDT_ERR_NOPHANDLES"),
    row("K151-no-phandle", at("/soc", {"n": {}}), base=LAST, added=(N,)),
    row("K151-sum", at("/soc", {"n": {"phandle": 0xFFFFFFF8}}), error="FDT_ERR_NOPHANDLES"),
    row("K152", at("/soc", {"n": {"phandle": [1, 2]}}), error="FDT_ERR_BADPHANDLE"),
    row("K152-legacy", at("/soc", {"n": {"linux,phandle": None}}), error="FDT_ERR_BADPHANDLE"),
    row("K153", at("/soc", {"n": {"phandle": 0}}), added=(N, f"{N}:phandle=00000007")),
    row(
        "K168",
        at("/soc", {"r": 1, "u@2": {"phandle": 1, "p": 1}}),
        local=inside({"r": 0}),
        added=("/soc:r=00000007", "/soc/u@2:p=00000001"),
    ),
    row(
        "K168-both-spellings",
        at("/soc", {"u@2": {"phandle": 1, "linux,phandle": 1}}),
        added=("/soc/u@2:linux,phandle=00000007",),
    ),
    row(
        "phandle-on-node-without",
        at("/soc", {"r": 1, "bare": {"phandle": 1}}),
        local=inside({"r": 0}),
        added=("/soc:r=00000008", "/soc/bare:phandle=00000008"),
    ),
]

FIXUPS = [
    row("K154", USER, fixups={"u": SITE}, base=without_symbols(), error="FDT_ERR_BADOFFSET"),
    row("K155", at("/soc", {"n": {}}), fixups={}, base=without_symbols(), added=(N,)),
    row("K156", USER, fixups={"gone": SITE}, error="FDT_ERR_NOTFOUND"),
    row("K157", USER, fixups={"bare": SITE}, error="FDT_ERR_NOTFOUND"),
    row("K158-empty", USER, fixups={"l": SITE}, base=with_symbols(l=""), error="FDT_ERR_BADPATH"),
    row(
        "K158-gone",
        USER,
        fixups={"l": SITE},
        base=with_symbols(l="/gone"),
        error="FDT_ERR_NOTFOUND",
    ),
    row(
        "K158-no-alias",
        USER,
        fixups={"l": SITE},
        base=with_symbols(l="gone-alias"),
        error="FDT_ERR_BADPATH",
    ),
    row(
        "symbol-without-nul",
        USER,
        fixups={"l": SITE},
        base=with_symbols(l=b"/soc"),
        added=(N, f"{N}:r=00000005"),
    ),
    row(
        "fixup-of-a-phandle",
        at("/soc", {"r": 1, "u@2": {"phandle": 1}}),
        fixups={"soc": "/fragment@0/__overlay__/u@2:phandle:0"},
        local=inside({"r": 0}),
        added=("/soc:r=00000008",),
    ),
    row(
        "symbol-without-unit-address",
        USER,
        fixups={"l": SITE},
        base=with_symbols(l="/soc/u"),
        added=(N, f"{N}:r=00000007"),
    ),
    row(
        "symbol-with-option",
        USER,
        fixups={"l": SITE},
        base=with_symbols(l="/soc:opt"),
        error="FDT_ERR_NOTFOUND",
    ),
    *(
        row(f"K159-{name}", USER, fixups={"u": sites}, error="FDT_ERR_BADOVERLAY")
        for name, sites in [
            ("no-colon", "/fragment@0"),
            ("one-colon", "/fragment@0:r"),
            ("no-value", b""),
            ("empty-string", (SITE, "")),
            ("unterminated", SITE.encode()),
            ("no-property", "/fragment@0/__overlay__/n::0"),
            ("no-number", SITE[:-1]),
            ("hex", SITE[:-1] + "0x0"),
            ("rest", SITE + " "),
            ("colon", SITE + ":1"),
        ]
    ),
    *(
        row(
            f"K159-{name}-is-right",
            USER,
            fixups={"u": SITE[:-1] + number},
            added=(N, f"{N}:r=00000007"),
        )
        for name, number in [("plus", "+0"), ("blank", " 0"), ("tab", "\t0"), ("zeros", "000")]
    ),
    row("K160", USER, fixups={"u": "/fragment@0/__overlay__/x:r:0"}, error="FDT_ERR_BADOVERLAY"),
    row("K161", USER, fixups={"u": "x:r:0"}, error="FDT_ERR_BADPATH"),
    row("K161-empty", USER, fixups={"u": ":r:0"}, error="FDT_ERR_BADPATH"),
    row("K162", USER, fixups={"u": "/fragment@0/__overlay__/n:gone:0"}, error="FDT_ERR_NOTFOUND"),
    row("K163", USER, fixups={"u": SITE[:-1] + "4"}, error="FDT_ERR_NOSPACE"),
    row("K163-partly", USER, fixups={"u": SITE[:-1] + "1"}, error="FDT_ERR_NOSPACE"),
    row("K165-odd", USER, local=inside({"n": {"r": b"\0\0\0\0\0"}}), error="FDT_ERR_BADOVERLAY"),
    row("K165-no-property", USER, local=inside({"n": {"gone": 0}}), error="FDT_ERR_BADOVERLAY"),
    row("K165-no-node", USER, local=inside({"gone": {"r": 0}}), error="FDT_ERR_BADOVERLAY"),
    row("K165-case", USER, local=inside({"N": {"r": 0}}), error="FDT_ERR_BADOVERLAY"),
    row("K166", USER, local=inside({"n": {"r": None}}), added=(N, f"{N}:r=ffffffff")),
    row(
        "offset-twice",
        at("/soc", {"n": {"r": 1}}),
        local=inside({"n": {"r": [0, 0]}}),
        added=(N, f"{N}:r=0000000f"),
    ),
]

# What crashes libfdt, or makes it write elsewhere: refused here, in every case.
DANGEROUS = [
    row("K164", USER, fixups={"u": SITE[:-1] + "-4"}, error="FDT_ERR_NOSPACE"),
    row("K164-wraps", USER, fixups={"u": SITE[:-1] + "4294967292"}, error="FDT_ERR_NOSPACE"),
    row("K164-cut", USER, fixups={"u": SITE[:-1] + "4294967296"}, error="FDT_ERR_BADOVERLAY"),
    row("K164-long", USER, fixups={"u": SITE[:-1] + "9" * 5000}, error="FDT_ERR_BADOVERLAY"),
    row(
        "local-fixup-of-a-phandle",
        at("/soc", {"n": {"phandle": 1}}),
        local=inside({"n": {"phandle": 0}}),
        error="FDT_ERR_BADOVERLAY",
    ),
    *(
        row(
            f"K167-{offset:#x}",
            USER,
            local=inside({"n": {"r": offset}}),
            error="FDT_ERR_BADOVERLAY",
        )
        for offset in (1, 4, 1000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFC, 0xFFFFFFFF)
    ),
]

MERGING = [
    row("K169-length", at("/soc", {"n": {}}, target=[5, 5]), error="FDT_ERR_BADPHANDLE"),
    row("K169-short", at("/soc", {"n": {}}, target=b"\0\0\5"), error="FDT_ERR_BADPHANDLE"),
    row("K169-last", at("/soc", {"n": {}}, target=0xFFFFFFFF), error="FDT_ERR_BADPHANDLE"),
    row("K170", at("/soc", {"n": {}}, target=0x42), error="FDT_ERR_NOTFOUND"),
    row("K171", at("/soc", {"n": {}}, target=0), added=(N,)),
    row("K171-alone", {"target": 0, "__overlay__": {}}, error="FDT_ERR_BADOVERLAY"),
    row("K172", at("/gone", {"n": {}}), error="FDT_ERR_NOTFOUND"),
    row("K172-option", at("/soc:opt", {"n": {}}), error="FDT_ERR_NOTFOUND"),
    row("K173-empty", at("", {"n": {}}), error="FDT_ERR_BADPATH"),
    row("K173-no-value", at("/", {}) | {"target-path": b""}, error="FDT_ERR_BADPATH"),
    row("target-path-without-nul", {"target-path": b"/soc", "__overlay__": {"n": {}}}, added=(N,)),
    row("K173-alias", at("none", {"n": {}}), error="FDT_ERR_BADPATH"),
    row("K174", at("second", {"n": {}}), error="FDT_ERR_BADPATH"),
    row("alias-to-nowhere", at("gone", {"n": {}}), error="FDT_ERR_NOTFOUND"),
    row("K175", {"__overlay__": {"n": {}}}, error="FDT_ERR_BADOVERLAY"),
    row("K176", at("/soc", {"n": {}, "p": 1}), at("/gone", {}), error="FDT_ERR_NOTFOUND"),
    row("K178-fragments", at("/soc", {"p": 1}), at("/soc", {"p": 2}), added=("/soc:p=00000002",)),
    row("K178-one-node", at("/soc", {"p": 1, again("p"): 2}), added=("/soc:p=00000002",)),
    row(
        "first-content-counts",
        {"target-path": "/soc", "__overlay__@1": {"a": 1}, "__overlay__": {"b": 1}},
        added=("/soc:a=00000001",),
    ),
    Row("K179", {"node": {"x": None}}),
    row("slash-at-the-end", at("/soc/", {"n": {}}), added=(N,)),
    row("two-slashes", at("//soc", {"n": {}}), added=(N,)),
    row("alias-with-rest", at("bus/bare", {"n": {}}), added=("/soc/bare/n",)),
    row("path-without-unit-address", at("/soc/u", {"n": {}}), added=("/soc/u@2/n",)),
    row("child-without-unit-address", at("/soc", {"u": {"p": 1}}), added=("/soc/u@2:p=00000001",)),
    row(
        "case-of-names-counts",
        at("/soc", {"BARE": {"p": 1}}),
        added=("/soc/BARE", "/soc/BARE:p=00000001"),
    ),
    row(
        "fragment-on-a-new-node",
        at("/soc", {"n": {}}),
        at("/soc/n", {"p": 1}),
        added=(N, f"{N}:p=00000001"),
    ),
    row(
        "node-in-two-fragments",
        at("/soc", {"n": {"a": 1}}),
        at("/soc", {"n": {"b": 1}}),
        added=(N, f"{N}:a=00000001", f"{N}:b=00000001"),
    ),
    row(
        "cells-are-changed",
        at("/soc", {"#address-cells": 2}),
        added=("/soc:#address-cells=00000002",),
        removed=("/soc:#address-cells=00000001",),
    ),
    row("by-label", to("u", {"p": 1}), added=("/soc/u@2:p=00000001",)),
    row("name-is-copied", at("/soc", {"name": "x"}), added=("/soc:name=7800",)),
]

EXPORT = at("/soc", {"n": {}})
INSIDE = "/fragment@0/__overlay__/n"

SYMBOLS = [
    row(
        "fragment-without-unit-address",
        EXPORT,
        symbols={"l": "/fragment/__overlay__/n"},
        added=(N, symbol("/soc/n")),
    ),
    row(
        "K180",
        EXPORT,
        symbols={"l": INSIDE},
        base=without_symbols(),
        added=(N, S, symbol("/soc/n")),
    ),
    row("K181-relative", EXPORT, symbols={"l": "x"}, error="FDT_ERR_BADVALUE"),
    row("K181-two", EXPORT, symbols={"l": INSIDE.encode() + b"\0x\0"}, error="FDT_ERR_BADVALUE"),
    row("K181-unterminated", EXPORT, symbols={"l": INSIDE.encode()}, error="FDT_ERR_BADVALUE"),
    row("K181-empty", EXPORT, symbols={"l": b""}, error="FDT_ERR_BADVALUE"),
    row("K182", EXPORT, symbols={"l": "/other/__overlay__/n"}, error="FDT_ERR_BADOVERLAY"),
    row("K183", EXPORT, symbols={"l": "/fragment@0", "m": "/fragment@0/n"}, added=(N,)),
    row("K184", EXPORT, symbols={"l": "/fragment@0/__overlay__"}, added=(N, symbol("/soc/"))),
    row(
        "K184-root",
        at("/", {"n": {}}),
        symbols={"l": "/fragment@0/__overlay__"},
        added=("/n", symbol("/")),
    ),
    row("K185", at("bus", {"n": {}}), symbols={"l": INSIDE}, added=(N, symbol("bus/n"))),
    row(
        "K186",
        EXPORT,
        symbols={"u": INSIDE},
        added=(N, symbol("/soc/n", "u")),
        removed=(symbol("/soc/u@2", "u"),),
    ),
    row("K187", EXPORT, symbols={"l": INSIDE + "/gone"}, added=(N, symbol("/soc/n/gone"))),
    row("root-target", at("/", {"n": {}}), symbols={"l": INSIDE}, added=("/n", symbol("/n"))),
]


@pytest.mark.parametrize("case", [*PHANDLES, *FIXUPS, *MERGING, *SYMBOLS], ids=lambda case: case.id)
def test_row(case: Row) -> None:
    assert not check(case, LIBFDT).hazard


@pytest.mark.parametrize("case", DANGEROUS, ids=lambda case: case.id)
def test_what_libfdt_dies_of_is_refused(case: Row) -> None:
    assert check(case, LIBFDT).hazard


def test_new_things_stand_first() -> None:
    """K177: the last one added is the first; updated values keep their place."""
    base = tree_of({"a": 1, "b": 1, "old": {}})
    content = at("/", {"x": 1, "b": 2, "y": 1, "m": {"q": 1, "r": 1}, "n": {}})
    apply_overlay(base, Overlay(tree_of({"f": content})), LIBFDT)
    assert lines(base) == [
        "/",
        "  y = 00000001",
        "  x = 00000001",
        "  a = 00000001",
        "  b = 00000002",
        "/n",
        "/m",
        "  r = 00000001",
        "  q = 00000001",
        "/old",
    ]
