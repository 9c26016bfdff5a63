"""The conformance table of Linux 6.1: resolver, fragments and building, symbols."""

from __future__ import annotations

import pytest
from conformance.rows import BASE, Row, check, row
from support.overlays import at, inside, lines, overlay_of, to
from support.trees import Content, again, tree_of

from dtovl.model.dialect import LINUX
from dtovl.overlay.apply import apply_overlay

N = "/soc/n"


def leak(*places: str) -> tuple[str, ...]:
    start = "OF: overlay: WARNING: memory leak will occur if overlay removed, property: "
    return tuple(start + place for place in places)


def target(fragment: str, why: str) -> tuple[str, ...]:
    return (
        f"OF: overlay: find target, node: /{fragment}, {why}",
        "OF: overlay: init_overlay_changeset() failed, ret = -22",
    )


def label(name: str) -> tuple[str, ...]:
    start = f"OF: resolver: node label '{name}' not found in live devicetree symbols table"
    return (start,)


def failed(number: int) -> tuple[str, ...]:
    return (f"OF: resolver: overlay phandle fixup failed: {number}",)


def doubled(place: str) -> tuple[str, ...]:
    start = "OF: overlay: ERROR: multiple fragments add, update, and/or delete property "
    return (start + place,)


def doubled_node(path: str) -> tuple[str, ...]:
    return (f"OF: overlay: ERROR: multiple fragments add and/or delete node {path}",)


def with_symbols(**symbols: str | bytes) -> Content:
    return {**BASE, "__symbols__": {**BASE["__symbols__"], **symbols}}


def without_symbols() -> Content:
    return {key: content for key, content in BASE.items() if key != "__symbols__"}


NEW = at("/soc", {"n": {"phandle": 1}})
# A node that refers to a label of the base by a property r of 4 bytes.
USER = at("/soc", {"n": {"r": 0xFFFFFFFF}})
SITE = "/fragment@0/__overlay__/n:r:0"

RESOLVER = [
    row("K026", NEW, added=(N, f"{N}:phandle=00000009")),
    row(
        "K027",
        NEW,
        base={**BASE, "poison": {"phandle": 0xDEADBEEF}},
        added=(N, f"{N}:phandle=00000009"),
    ),
    row(
        "K028",
        NEW,
        base={**BASE, "last": {"phandle": 0xFFFFFFFF}},
        added=(N, f"{N}:phandle=00000001"),
    ),
    row("K029-zero", at("/soc", {"n": {"phandle": 0}}), added=(N, f"{N}:phandle=00000000")),
    row(
        "K029-poison",
        at("/soc", {"n": {"phandle": 0xDEADBEEF}}),
        added=(N, f"{N}:phandle=deadbeef"),
    ),
    row(
        "K030",
        at("/soc", {"n": {"phandle": 4, "linux,phandle": 9}}),
        added=(N, f"{N}:phandle=0000000c", f"{N}:linux,phandle=0000000c"),
    ),
    row(
        "K030-long",
        at("/soc", {"n": {"phandle": [4, 9]}}),
        added=(N, f"{N}:phandle=0000000c00000009"),
    ),
    row(
        "K030-short",
        at("/soc", {"n": {"phandle": b"\0\0\1"}}),
        added=(N, f"{N}:phandle=000001"),
    ),
    row("K031-empty", USER, local=inside({"n": {"r": None}}), error="-EINVAL"),
    row("K031-odd", USER, local=inside({"n": {"r": b"\0\0\0\0\0"}}), error="-EINVAL"),
    row("K032", USER, local=inside({"n": {"gone": 0}}), error="-EINVAL"),
    row("K033", USER, local=inside({"n": {"r": 4}}), error="-EINVAL"),
    row("K033-partly", USER, local=inside({"n": {"r": 1}}), error="-EINVAL"),
    row("K034", USER, local=inside({"n": {"r": 0xFFFFFFFC}}), error="oops"),
    row("K034-last", USER, local=inside({"n": {"r": 0xFFFFFFFF}}), error="oops"),
    row("K035", USER, local=inside({"gone": {"r": 0}}), error="-EINVAL"),
    row(
        "K035-folds-case",
        at("/soc", {"n": {"r": 1}}),
        local=inside({"N": {"r": 0}}),
        added=(N, f"{N}:r=00000009"),
    ),
    row(
        "K036",
        at("/soc", {"n": {"r": 1}}),
        local=inside({"n": {"r": [0, 0]}}),
        added=(N, f"{N}:r=00000011"),
    ),
    row(
        "K037",
        at("/soc", {"n": {}}),
        fixups={},
        base=without_symbols(),
        error="-EINVAL",
        log=("OF: resolver: no symbols in root of device tree.",),
    ),
    row(
        "K037-not-wanted",
        at("/soc", {"n": {}}),
        base=without_symbols(),
        added=(N,),
    ),
    row("K038", USER, fixups={"gone": SITE}, error="-EINVAL", log=label("gone")),
    row(
        "K039",
        USER,
        fixups={"l": SITE},
        base=with_symbols(l=b""),
        error="-ENODATA",
        log=label("l"),
    ),
    row(
        "K040",
        USER,
        fixups={"l": SITE},
        base=with_symbols(l=b"/soc"),
        error="-EILSEQ",
        log=label("l"),
    ),
    row("K041", USER, fixups={"l": SITE}, base=with_symbols(l="/gone"), error="-ENOENT"),
    row(
        "K041-unit-address",
        USER,
        fixups={"l": SITE},
        base=with_symbols(l="/soc/u"),
        error="-ENOENT",
    ),
    row(
        "K041-alias-and-option",
        USER,
        fixups={"l": SITE},
        base=with_symbols(l="bus/u@2:opt"),
        added=(N, f"{N}:r=00000007"),
    ),
    row("K042", USER, fixups={"bare": SITE}, added=(N, f"{N}:r=00000000")),
    row("K043-no-colon", USER, fixups={"u": "/fragment@0"}, error="-EINVAL", log=failed(-22)),
    row("K043-one-colon", USER, fixups={"u": "/fragment@0:r"}, error="-EINVAL", log=failed(-22)),
    row("K043-nothing", USER, fixups={"u": ""}, error="-EINVAL", log=failed(-22)),
    row("K043-empty", USER, fixups={"u": (SITE, "")}, error="-EINVAL", log=failed(-22)),
    *(
        row(
            f"K044-{name}", USER, fixups={"u": SITE[:-1] + number}, error="-EINVAL", log=failed(-22)
        )
        for name, number in [
            ("blank", " 0"),
            ("hex", "0x0"),
            ("nothing", ""),
            ("colon", "0:9"),
            ("blank-after", "0 "),
            ("two-newlines", "0\n\n"),
        ]
    ),
    *(
        row(
            f"K044-{name}-is-right",
            USER,
            fixups={"u": SITE[:-1] + number},
            added=(N, f"{N}:r=00000007"),
        )
        for name, number in [("plus", "+0"), ("minus", "-0"), ("newline", "0\n"), ("zeros", "000")]
    ),
    row("K045", USER, fixups={"u": SITE[:-1] + "2147483648"}, error="-ERANGE", log=failed(-34)),
    row(
        "K046",
        USER,
        fixups={"u": "/fragment@0/__overlay__/x:r:0"},
        added=(N, f"{N}:r=ffffffff"),
    ),
    row(
        "K046-case",
        USER,
        fixups={"u": "/fragment@0/__overlay__/N:r:0"},
        added=(N, f"{N}:r=ffffffff"),
    ),
    row("K046-root", USER, fixups={"u": "/:r:0"}, added=(N, f"{N}:r=ffffffff")),
    row("K047", USER, fixups={"u": "x:r:0"}, error="-ENOENT", log=failed(-2)),
    row(
        "K048",
        USER,
        fixups={"u": "/fragment@0/__overlay__/n:gone:0"},
        error="-ENOENT",
        log=failed(-2),
    ),
    row("K049-negative", USER, fixups={"u": SITE[:-1] + "-4"}, error="-EINVAL", log=failed(-22)),
    row("K049-beyond", USER, fixups={"u": SITE[:-1] + "4"}, error="-EINVAL", log=failed(-22)),
    row("K049-partly", USER, fixups={"u": SITE[:-1] + "1"}, error="-EINVAL", log=failed(-22)),
    row("K050", USER, fixups={"u": b""}, added=(N, f"{N}:r=ffffffff")),
    row(
        "R4-unterminated",
        USER,
        fixups={"u": SITE.encode()},
        error="undefined",
    ),
    Row(
        "K051-fixups",
        {
            "fragment@0": USER,
            "__fixups__": {"gone": SITE},
            "__fixups__@1": {"u": SITE},
        },
        added=(N, f"{N}:r=00000007"),
    ),
    Row(
        "K051-local-fixups",
        {
            "fragment@0": at("/soc", {"n": {"r": 1}}),
            "__local_fixups__@1": inside({"n": {"r": 0}}),
            "__local_fixups__@2": inside({"n": {"r": [0, 0]}}),
        },
        added=(N, f"{N}:r=00000009"),
    ),
]

BUILDING = [
    *(
        row(
            f"K053-{number:#x}",
            at("/soc", {"n": {}}, target=number),
            error="-EINVAL",
            log=target("fragment@0", f"phandle {number:#x} not found"),
        )
        for number in (0, 0x42, 0xFFFFFFFF)
    ),
    row("K054", {"target": [5, 99], "__overlay__": {"n": {}}}, added=(N,)),
    row("K055", at("/soc", {"n": {}}, target=b"\0\0\1"), added=(N,)),
    *(
        row(
            f"K056-{name}",
            at(path, {"n": {}}),
            error="-EINVAL",
            log=target("fragment@0", f"path '{path}' not found"),
        )
        for name, path in [
            ("gone", "/gone"),
            ("empty", ""),
            ("no-unit-address", "/soc/u"),
            ("slash", "/soc/"),
            ("two-slashes", "//soc"),
            ("case", "/SOC"),
            ("alias-to-nowhere", "gone"),
        ]
    ),
    row("K056-alias-with-option", at("bus:fast", {"n": {}}), added=(N,)),
    row("K056-alias-of-alias", at("second/u@2", {"n": {}}), added=("/soc/u@2/n",)),
    row(
        "K057",
        {"__overlay__": {"n": {}}},
        error="-EINVAL",
        log=target("fragment@0", "no target property"),
    ),
    row(
        "K057-unterminated",
        {"target-path": b"/soc", "__overlay__": {"n": {}}},
        error="-EINVAL",
        log=target("fragment@0", "no target property"),
    ),
    Row(
        "K058",
        {"node": {"x": None}},
        error="-EINVAL",
        log=(
            "OF: overlay: no fragments or symbols in overlay",
            "OF: overlay: init_overlay_changeset() failed, ret = -22",
        ),
    ),
    row(
        "K059",
        at("/soc", {"n": {}}),
        symbols={"n": "/fragment@0/__overlay__/n"},
        base=without_symbols(),
        error="-EINVAL",
        log=(
            "OF: overlay: symbols in overlay, but not in live tree",
            "OF: overlay: init_overlay_changeset() failed, ret = -22",
        ),
    ),
    row("K060", at("/soc", {"name": "other", "phandle": 1, "linux,phandle": 1})),
    row("K061", at("/soc", {"#address-cells": 1, "#size-cells": 0})),
    row(
        "K062-value",
        at("/soc", {"#address-cells": 2}),
        error="-EINVAL",
        log=("OF: overlay: ERROR: changing value of #address-cells is not allowed in /soc",),
    ),
    row(
        "K062-length",
        at("/", {"#size-cells": [1, 1]}),
        error="-EINVAL",
        log=("OF: overlay: ERROR: changing value of #size-cells is not allowed in ",),
    ),
    row(
        "K062-absent",
        at("/soc/bare", {"#size-cells": 1}),
        added=("/soc/bare:#size-cells=00000001",),
        log=leak("/soc/bare/#size-cells"),
    ),
    row("K063", at("/soc", {"p": 1}), added=("/soc:p=00000001",), log=leak("/soc/p")),
    row("K063-new-node", at("/soc", {"n": {"p": 1}}), added=(N, f"{N}:p=00000001")),
    row("K064", at("/soc/bare", {"x": 1}), log=leak("/soc/bare/x")),
    row(
        "K064-other-value",
        at("/soc/bare", {"x": 2}),
        added=("/soc/bare:x=00000002",),
        removed=("/soc/bare:x=00000001",),
        log=leak("/soc/bare/x"),
    ),
    row(
        "K065",
        at("/soc", {"BARE": {"p": 1}}),
        added=("/soc/bare:p=00000001",),
        log=leak("/soc/bare/p"),
    ),
    row("K066", at("/soc", {"u": {"p": 1}}), added=("/soc/u", "/soc/u:p=00000001")),
    row("K067", at("/soc", {"p": 1, "u@2": {"phandle": 1}}), error="-EINVAL", log=leak("/soc/p")),
    row(
        "K068",
        at("/soc", {"r": 1, "bare": {"phandle": 1}}),
        local=inside({"r": 0}),
        added=("/soc:r=00000009",),
        log=leak("/soc/r"),
    ),
    row("K069", at("/soc", {"phandle": 1, "n": {}}), added=(N,)),
    row(
        "K071",
        at("/soc", {"n": {"name": "own", "phandle": 1, "m": {"q": "a"}}}),
        added=(
            N,
            f"{N}:name=6f776e00",
            f"{N}:phandle=00000009",
            f"{N}/m",
            f"{N}/m:q=6100",
        ),
    ),
    row(
        "K070-fixup-of-a-phandle",
        at("/soc", {"n": {"phandle": 1}}),
        fixups={"u": "/fragment@0/__overlay__/n:phandle:0"},
        added=(N, f"{N}:phandle=00000007"),
    ),
    row(
        "K072",
        at("/soc", {"n": {}}),
        at("/soc", {"n": {}}),
        error="-EINVAL",
        log=doubled_node(N) + doubled(f"{N}/name"),
    ),
    row(
        "K072-case-differs",
        at("/soc", {"n": {}, "N": {}}),
        added=(N, "/soc/N"),
    ),
    row(
        "K073",
        at("/soc", {"p": 1}),
        at("/soc", {"p": 1}),
        at("/soc", {"p": 2}),
        error="-EINVAL",
        log=leak(*["/soc/p"] * 3) + doubled("/soc/p") * 2,
    ),
    row(
        "K073-one-node",
        at("/soc", {"p": 1, again("p"): 2}),
        error="-EINVAL",
        log=leak(*["/soc/p"] * 2) + doubled("/soc/p"),
    ),
    row(
        "K074",
        at("/soc", {"n": {}}),
        at("/soc/n", {"p": 1}),
        error="-EINVAL",
        log=target("fragment@1", "path '/soc/n' not found"),
    ),
    Row(
        "fragments-have-any-name",
        {
            "whatever": at("/soc", {"n": {}}),
            "unit": {"target-path": "/soc", "__overlay__@1": {"m": {}}},
            "none": {"target-path": "/gone", "overlay": {}},
        },
        added=(N, "/soc/m"),
    ),
    row(
        "status-without-value-on-a-new-node",
        at("/soc", {"n": {"status": None}}),
        error="oops",
    ),
    row(
        "status-without-value",
        at("/soc/bare", {"status": None}),
        error="oops",
        log=leak("/soc/bare/status"),
    ),
    row(
        "name-shared-by-property-and-child",
        at("/soc", {"bare": {"n": 1}, "n": {"a": 1, "b": {}}}),
        at("/soc/u@2", {"reg": 3}),
        added=(
            "/soc/bare:n=00000001",
            N,
            f"{N}:a=00000001",
            f"{N}/b",
            "/soc/u@2:reg=00000003",
        ),
        removed=("/soc/u@2:reg=00000002",),
        log=leak("/soc/bare/n", "/soc/u@2/reg"),
    ),
    row(
        "name-shared-in-sysfs",
        at("/soc", {"bare": {"x": {}}}),
        added=("/soc/bare/x",),
        log=('Duplicate name in bare, renamed to "x#1"',),
    ),
]

EXPORT = at("/soc", {"n": {}})
INSIDE = "/fragment@0/__overlay__/n"
S = "/__symbols__"


def symbol(value: str) -> str:
    return f"{S}:l={value.encode().hex()}00"


SYMBOLS = [
    row("K130", EXPORT, symbols={"u": INSIDE}, error="-EINVAL"),
    row(
        "K130-after-another",
        EXPORT,
        symbols={"l": INSIDE, "u": INSIDE},
        error="-EINVAL",
        log=leak(f"{S}/l"),
    ),
    row("K131-empty-value", EXPORT, symbols={"l": b""}, error="-ENOMEM"),
    row("K131-empty-string", EXPORT, symbols={"l": ""}, error="-ENOMEM"),
    row("K131-unterminated", EXPORT, symbols={"l": INSIDE.encode()}, error="-ENOMEM"),
    row("K132", EXPORT, symbols={"l": "/other/__overlay__/n"}, error="-ENOMEM"),
    row("K133", EXPORT, symbols={"l": "/fragment@0"}, error="-ENOMEM"),
    row(
        "K134",
        EXPORT,
        at(S, {"l": "/soc"}),
        symbols={"l": INSIDE},
        error="-EINVAL",
        log=leak(f"{S}/l", f"{S}/l") + doubled(f"{S}/l"),
    ),
    row(
        "K135",
        at("/", {"n": {}}),
        symbols={"l": INSIDE},
        added=("/n", symbol("/n")),
        log=leak(f"{S}/l"),
    ),
    row(
        "K135-overlay-node",
        at("/", {"n": {}}),
        symbols={"l": "/fragment@0/__overlay__"},
        added=("/n", symbol("")),
        log=leak(f"{S}/l"),
    ),
    row(
        "K136",
        EXPORT,
        symbols={"l": "/fragment@0/__overlay__"},
        added=(N, symbol("/soc")),
        log=leak(f"{S}/l"),
    ),
    row(
        "K137",
        EXPORT,
        symbols={"l": "/fragment@0/__overlay__/gone"},
        added=(N, symbol("/soc/gone")),
        log=leak(f"{S}/l"),
    ),
    row(
        "K138",
        EXPORT,
        symbols={"l": INSIDE.encode() + b"\0/other\0"},
        added=(N, symbol("/soc/n")),
        log=leak(f"{S}/l"),
    ),
    row(
        "K139",
        EXPORT,
        symbols={"l": "X" + INSIDE[1:]},
        added=(N, symbol("/soc/n")),
        log=leak(f"{S}/l"),
    ),
    row(
        "T32-tail-unseen",
        EXPORT,
        symbols={"l": "/fragment@0/other-long-node-name/deep"},
        added=(N, symbol("/socnode-name/deep")),
        log=leak(f"{S}/l"),
    ),
    row(
        "alias-targets-give-real-paths",
        at("bus", {"n": {}}),
        symbols={"l": INSIDE},
        added=(N, symbol("/soc/n")),
        log=leak(f"{S}/l"),
    ),
    row(
        "labels-are-applied-last",
        to("bare", {"p": 1}),
        symbols={"l": "/fragment@0/__overlay__"},
        error="-EINVAL",
        log=target("fragment@0", "phandle 0x0 not found"),
    ),
]


@pytest.mark.parametrize(
    ("properties", "number"),
    [
        ({"phandle": 1}, 9),
        ({"phandle": [1, 2]}, 0),
        ({"phandle": b"\0\0\1"}, 0),
        ({"linux,phandle": 1}, 0),
        ({"phandle": 0xDEADBEEF}, 0xDEADBEEF),
    ],
    ids=["four-bytes", "eight-bytes", "three-bytes", "legacy-alone", "poison"],
)
def test_k070_phandle_of_a_new_node(properties: Content, number: int) -> None:
    base = tree_of(BASE)
    assert apply_overlay(base, overlay_of(at("/soc", {"n": properties})), LINUX).applies
    node = base.find(N)
    assert node is not None
    assert node.phandle == number
    assert base.by_phandle.get(number) is (node if number else None)


def test_k002_k003_new_nodes_stand_first_new_properties_last() -> None:
    base = tree_of({"a": 1, "old": {}})
    content = at("/", {"x": 1, "a": 2, "y": 1, "m": {"q": 1, "r": 1, "u": {}, "v": {}}, "n": {}})
    assert apply_overlay(base, overlay_of(content), LINUX).applies
    assert lines(base) == [
        "/",
        "  a = 00000002",
        "  x = 00000001",
        "  y = 00000001",
        "/n",
        "/m",
        "  q = 00000001",
        "  r = 00000001",
        "/m/v",
        "/m/u",
        "/old",
    ]


@pytest.mark.parametrize("case", [*RESOLVER, *BUILDING, *SYMBOLS], ids=lambda case: case.id)
def test_row(case: Row) -> None:
    check(case, LINUX)
