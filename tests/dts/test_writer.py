from __future__ import annotations

import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.trees import Content, cells, strings, tree_of

from dtovl.codes.written import REFUSED_SOURCE
from dtovl.diagnostics import Diagnostic, Sink
from dtovl.dts.reader import read_source
from dtovl.dts.writer import write_source
from dtovl.errors import InputError
from dtovl.fdt.read import unflatten
from dtovl.model.compare import difference, same
from dtovl.model.node import Node
from dtovl.model.tree import Header, Tree

if TYPE_CHECKING:
    from collections.abc import Callable

    Compiler = Callable[[str, bool], Tree]

DTC = shutil.which("dtc")
needs_dtc = pytest.mark.skipif(DTC is None, reason="dtc is not installed")

X = 0xFFFFFFFF
SYMBOLS_NOTE = "/* compile with -@, which makes /__symbols__ of the labels */"


def compile_by_reader(source: str, symbols: bool) -> Tree:
    return read_source(source.encode(), "written.dts", symbols=symbols)


def compile_by_dtc(source: str, symbols: bool) -> Tree:
    options = ["-q", "-q", "-I", "dts", "-O", "dtb", *(["-@"] if symbols else [])]
    done = subprocess.run([str(DTC), *options], input=source.encode(), capture_output=True)
    if done.returncode:
        raise InputError(Diagnostic(REFUSED_SOURCE, reason=f"{done.stderr.decode()}\n{source}"))
    return unflatten(done.stdout, "dtc")


with_compilers = pytest.mark.parametrize(
    "compiler", [compile_by_reader, pytest.param(compile_by_dtc, marks=needs_dtc)]
)


def assert_comes_back(tree: Tree, compiler: Compiler) -> None:
    """Demand that the text of a tree compiles to the tree, to the last byte, in order."""
    source = write_source(tree)
    again = compiler(source, tree.symbols is not None)
    kept = tree.header._replace(padding=b"", version=17)
    tree.header = kept
    assert same(tree, again, ordered=True), "\n".join(
        [*map(str, difference(tree, again, ordered=True)), source]
    )


def text_of(content: Content | Tree) -> str:
    """Give the text behind the version line and the blank line after it."""
    source = write_source(content if isinstance(content, Tree) else tree_of(content))
    version, _, rest = source.partition("\n")
    assert version == "/dts-v1/;"
    return rest.lstrip("\n")


def test_a_base_as_a_person_writes_it() -> None:
    tree = tree_of(
        {
            "compatible": strings("acme,board", "acme,soc"),
            "#address-cells": 1,
            "aliases": {"serial0": "/uart@1000", "odd": "/nowhere"},
            "clk": {"#clock-cells": 1, "phandle": 1},
            "uart@1000": {
                "reg": [0x1000, 0x100],
                "clocks": [1, 7, 1, 8],
                "dma-coherent": None,
                "mac": b"\xde\xad\1",
                "phandle": 2,
            },
            "__symbols__": {"clk": "/clk", "uart0": "/uart@1000"},
        },
        Header(0, ((0x80000000, 0x1000),)),
    )
    assert (
        text_of(tree)
        == f"""\
{SYMBOLS_NOTE}

/memreserve/ 0x80000000 0x1000;

/ {{
\tcompatible = "acme,board", "acme,soc";
\t#address-cells = <1>;

\taliases {{
\t\tserial0 = &uart0;
\t\todd = "/nowhere";
\t}};

\tclk: clk {{
\t\t#clock-cells = <1>;
\t}};

\tuart0: uart@1000 {{
\t\treg = <0x1000 0x100>;
\t\tclocks = <&clk 7>, <&clk 8>;
\t\tdma-coherent;
\t\tmac = [de ad 01];
\t}};
}};
"""
    )


OVERLAY: Content = {
    "fragment@0": {
        "target": X,
        "__overlay__": {
            "status": "okay",
            "led": {"gpios": [X, 17, 0], "leds": 1, "phandle": 2},
            "driver": {"phandle": 1},
        },
    },
    "fragment@1": {"target-path": "/", "__overlay__": {"x": None}},
    "__symbols__": {"drv": "/fragment@0/__overlay__/driver"},
    "__fixups__": {
        "uart0": "/fragment@0:target:0",
        "gpio": "/fragment@0/__overlay__/led:gpios:0",
    },
    "__local_fixups__": {"fragment@0": {"__overlay__": {"led": {"leds": 0}}}},
}


def test_an_overlay_as_a_person_writes_it() -> None:
    assert (
        text_of(OVERLAY)
        == f"""\
/plugin/;

{SYMBOLS_NOTE}

&uart0 {{
\tstatus = "okay";

\tled {{
\t\tgpios = <&gpio 17 0>;
\t\tleds = <&drv>;
\t\tphandle = <0x2>;
\t}};

\tdrv: driver {{
\t}};
}};

&{{/}} {{
\tx;
}};
"""
    )


def changed(content: Content, path: str, value: object) -> Content:
    """Give a copy of nested dicts with one entry replaced, or taken away by `...`."""
    first, _, rest = path.partition("/")
    copy = dict(content)
    if rest:
        copy[first] = changed(copy[first], rest, value)  # type: ignore[arg-type]
    elif value is ...:
        del copy[first]
    else:
        copy[first] = value  # type: ignore[assignment]
    return copy


BRANCH = "fragment@0/__overlay__"
OVERLAYS = {
    "as dtc makes it": OVERLAY,
    "without symbols": changed(OVERLAY, "__symbols__", ...),
    "stale symbol": changed(OVERLAY, "__symbols__/old", "/gone"),
    "symbol that is no label": changed(OVERLAY, "__symbols__/a-b", f"/{BRANCH}/led"),
    "symbol of a node without phandle": changed(OVERLAY, "__symbols__/bare", f"/{BRANCH}"),
    "symbol called as an outside label": changed(OVERLAY, "__symbols__/gpio", f"/{BRANCH}/led"),
    "symbols empty": changed(OVERLAY, "__symbols__", {}),
    "fixup of what is no cell": changed(OVERLAY, "__fixups__/gpio", f"/{BRANCH}:status:1"),
    "fixup of another value": changed(OVERLAY, f"{BRANCH}/led/gpios", [5, 17, 0]),
    "fixup in a damaged table": changed(OVERLAY, "__fixups__/gpio", b"no end"),
    "fixups empty": changed(OVERLAY, "__fixups__", {}),
    "fixups gone": changed(OVERLAY, "__fixups__", ...),
    "local fixup missing": changed(OVERLAY, "__local_fixups__", ...),
    "local fixups empty": changed(OVERLAY, "__local_fixups__", {}),
    "local fixup outside": changed(
        OVERLAY, "__local_fixups__/fragment@0/__overlay__/led/leds", [0, 400]
    ),
    "local fixup of a number that no node has": changed(OVERLAY, f"{BRANCH}/led/leds", 9),
    "symbols behind the fixups": {
        **changed(OVERLAY, "__symbols__", ...),
        "__symbols__": OVERLAY["__symbols__"],
    },
    "something behind the tables": changed(OVERLAY, "late", {"a": 1}),
    "fragment of another number": {"fragment@7": {"target-path": "/", "__overlay__": {}}},
    "fragments from 1": {"fragment@1": {"target-path": "/", "__overlay__": {}}},
    "fragment with more in it": changed(OVERLAY, "fragment@1/note", "x"),
    "fragment with two subnodes": changed(OVERLAY, "fragment@1/more", {}),
    "symbol of an overlay node": changed(
        changed(OVERLAY, "__symbols__/top", "/fragment@1/__overlay__"),
        "fragment@1/__overlay__/phandle",
        3,
    ),
    "target of two cells": changed(OVERLAY, "fragment@0/target", [X, 5]),
    "local fixup between cells": changed(
        changed(OVERLAY, f"{BRANCH}/led/leds", b"\0\0\0\0\1\0\0\0"),
        "__local_fixups__/fragment@0/__overlay__/led/leds",
        1,
    ),
    "aliases in an overlay": {
        "aliases": {"a": f"/{BRANCH}/driver", "b": "/elsewhere"},
        **OVERLAY,
    },
    "target by number": changed(OVERLAY, "fragment@1", {"target": 5, "__overlay__": {}}),
    "target is a node of the overlay": {
        "fragment@0": {"target": 1, "__overlay__": {"y": {}}},
        "z": {"phandle": 1},
        "__local_fixups__": {"fragment@0": {"target": 0}},
    },
    "target-path of a node of the overlay": {
        "soc": {},
        "fragment@0": {"target-path": "/soc", "__overlay__": {"y": {}}},
    },
    "target-path with odd characters": {
        "fragment@0": {"target-path": "/a b", "__overlay__": {"y": {}}}
    },
    "target-path by alias": {"fragment@0": {"target-path": "uart", "__overlay__": {"y": {}}}},
    "only a root": {"compatible": "x", "__fixups__": {}},
    "root and fragments": {"compatible": "x", "a": {"b": 1}, **OVERLAY},
    "references of the root": {
        "first": X,
        "second": 1,
        "n": {"phandle": 1},
        "__fixups__": {"out": "/:first:0"},
        "__local_fixups__": {"second": 0},
    },
}

CLK: Content = {"#clock-cells": 0, "phandle": 1}
BASES: dict[str, Content] = {
    "empty": {},
    "phandle before other properties": {"c": {"phandle": 1, "#clock-cells": 0}, "u": {"clocks": 1}},
    "phandles in another order": {
        "u": {"clocks": [2, 1, 3]},
        **{f"c{n}": {"#clock-cells": 0, "phandle": n} for n in (1, 2, 3)},
    },
    "phandles with a gap": {
        "u": {"clocks": [1, 3]},
        **{f"c{n}": {"#clock-cells": 0, "phandle": n} for n in (1, 3)},
    },
    "gap filled by a node that is not referred to": {
        "u": {"clocks": [1, 3]},
        **{f"c{n}": {"#clock-cells": 0, "phandle": n} for n in (1, 2, 3)},
    },
    "old phandles": {"c": {"#clock-cells": 0, "linux,phandle": 1}, "u": {"clocks": 1}},
    "both phandles": {
        "c": {"#clock-cells": 0, "linux,phandle": 1, "phandle": 1},
        "u": {"clocks": 1},
    },
    "reference to the root": {"phandle": 1, "u": {"a-supply": 1}},
    "reference to itself": {"u": {"a-supply": 1, "phandle": 1}},
    "label of the root": {"phandle": 1, "__symbols__": {"top": "/"}},
    "two labels": {"c": CLK, "__symbols__": {"b": "/c", "a": "/c"}},
    "two labels, apart": {
        "c": CLK,
        "d": {"phandle": 2},
        "__symbols__": {"b": "/c", "d": "/d", "a": "/c"},
    },
    "symbols in another order": {
        "c": CLK,
        "d": {"phandle": 2},
        "__symbols__": {"d": "/d", "c": "/c"},
    },
    "symbols of an overlay first": {
        "__symbols__": {"d": "/d", "s": "/gone", "c": "/c", "e": "/e", "f": "/f"},
        "c": CLK,
        "d": {"phandle": 2},
        "e": {"phandle": 3},
        "f": {"phandle": 4},
    },
    "symbols first": {"__symbols__": {"c": "/c"}, "c": CLK},
    "symbol of a symbol": {"c": CLK, "__symbols__": {"s": "/__symbols__", "phandle": 7}},
    "symbols with a subnode": {"c": CLK, "__symbols__": {"c": "/c", "sub": {}}},
    "symbol to a path with a slash too much": {"c": CLK, "__symbols__": {"c": "/c/"}},
    "symbol of two strings": {"c": CLK, "__symbols__": {"c": strings("/c", "/c")}},
    "local fixups in a base": {
        "c": CLK,
        "u": {"clocks": 1, "x": 1},
        "__local_fixups__": {"u": {"clocks": 0, "x": 0}},
    },
    "number that only the kernel sees": {
        "c": {"#clock-cells": 0, "phandle": 2, "ibm,phandle": 1},
        "u": {"clocks": 1},
    },
    "no reference by its name": {"c": CLK, "u": {"x": 1, "reg": 1}},
    "bytes behind cells": {"c": CLK, "u": {"clocks": cells(1, 1) + b"\1\2"}},
    "alias of a labelled node": {
        "aliases": {"a": "/c", "b": "/c:x", "c": strings("/c", "/c"), "d": b"/cx"},
        "c": CLK,
        "__symbols__": {"lab": "/c"},
    },
    "names of all characters": {"A0,._+-@x": {"a,._+*#?-0": 1}, "0": {}},
    "strings with escapes": {"s": strings('a"b\\c\n\t\a', "", "%s")},
    "long values": {
        "many": [*range(2000, 2200)],
        "bytes": bytes(range(256)) + b"\0",
        "text": strings(*["a rather long text, which goes on"] * 12),
        "one": strings("x" * 300),
        "opp-hz": [0, 5, 1, 0],
        "u": {"n": {"o": {"clocks": [1] * 60}}},
        "c": CLK,
    },
}


@with_compilers
@pytest.mark.parametrize("content", OVERLAYS.values(), ids=OVERLAYS.keys())
def test_an_overlay_comes_back(content: Content, compiler: Compiler) -> None:
    assert_comes_back(tree_of(content), compiler)


@with_compilers
@pytest.mark.parametrize("content", BASES.values(), ids=BASES.keys())
def test_a_base_comes_back(content: Content, compiler: Compiler) -> None:
    assert_comes_back(tree_of(content), compiler)


def test_only_what_needs_it_has_a_phandle() -> None:
    in_order = text_of(BASES["gap filled by a node that is not referred to"])
    assert in_order.count("phandle") == 1
    assert "phandle = <0x2>" in in_order
    with_gap = text_of(BASES["phandles with a gap"])
    assert with_gap.count("phandle") == 1
    assert "phandle = <0x3>" in with_gap


def test_symbols_that_labels_do_not_make_are_listed() -> None:
    text = text_of(BASES["symbols of an overlay first"])
    assert '__symbols__ {\n\t\td = "/d";\n\t\ts = "/gone";\n\t};' in text
    assert "phandle" not in text


def test_what_stands_at_the_head_of_a_node_is_written_first() -> None:
    tree = tree_of({"b": 2, "a": 1, "y": {}, "x": {}})
    tree.head_properties[tree.root] = 1
    tree.head_children[tree.root] = 1
    assert text_of(tree) == "/ {\n\ta = <1>;\n\tb = <2>;\n\n\tx {\n\t};\n\n\ty {\n\t};\n};\n"


def test_labels_of_the_source_are_used_when_there_are_no_symbols() -> None:
    tree = tree_of({"c": CLK, "u": {"clocks": 1}})
    tree.labels[tree.root.children["c"]] = ("osc", "not-a-label", "xtal")
    tree.labels[tree.root.children["u"]] = ("osc",)
    text = text_of(tree)
    assert "\tosc: xtal: c {" in text
    assert "\tu {" in text
    assert "clocks = <&osc>;" in text


def test_long_lines_are_broken_between_groups() -> None:
    text = text_of({"c": {"#clock-cells": 2, "phandle": 1}, "u": {"clocks": [1, 100, 200] * 20}})
    lines = [line for line in text.splitlines() if "200" in line]
    assert len(lines) > 1
    assert all(len(line.expandtabs(8)) <= 96 for line in lines)
    assert all(line.endswith((">,", ">;")) for line in lines)


def damaged() -> Tree:
    tree = tree_of(
        {
            "a */ b": 1,
            "ok": {"x": 1, "bad\x1b*": {"inner": {"phandle": 5}}},
            "user": {"a-supply": 5},
            "aliases": {"gone": "/ok/bad\x1b*/inner"},
            "__symbols__": {"gone": "/ok/bad\x1b*/inner"},
        }
    )
    ok = tree.root.children["ok"]
    ok.properties["x\0" + "1"] = cells(2)
    ok.add_child(Node("twin"))
    ok.add_child(Node("twin"))
    return tree


def test_what_source_cannot_say_is_left_out_and_reported() -> None:
    sink = Sink()
    source = write_source(damaged(), sink=sink)
    assert [(found.code.number, found.path, found.fields["what"]) for found in sink] == [
        ("DT050", "/", "property a */ b"),
        ("DT050", "/ok", "property x"),
        ("DT050", "/ok", "node bad\x1b*"),
        ("DT050", "/ok", "node twin"),
    ]
    assert source.isascii()
    assert "\x1b" not in source
    assert source.count("/*") == source.count("*/") == 4
    # The owner of phandle 5 is not in the text, so its number stands for itself.
    assert "a-supply = <5>;" in source
    assert write_source(damaged()) == source


@with_compilers
def test_what_is_left_of_a_damaged_tree_compiles(compiler: Compiler) -> None:
    again = compiler(write_source(damaged()), False)
    kinds = {found.kind for found in difference(damaged(), again)}
    # The reference to what was left out leads nowhere now.
    assert kinds == {"property-removed", "node-removed", "property-changed"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            {"a": {"phandle": 1}, "b": {"phandle": 1}, "c": {"v-supply": 1}},
            "its phandle 0x1 is that of /a too",
        ),
        ({"a": {"phandle": 0}}, "phandle = <0x0> is no phandle"),
        ({"a": {"phandle": X}}, "phandle = <0xffffffff> is no phandle"),
        ({"a": {"phandle": b"\0\1"}}, "phandle = [00 01] is no phandle"),
        ({"a": {"phandle": 1, "linux,phandle": 2}}, "phandle and linux,phandle differ"),
        ({"a#b": {}}, "a node name with #"),
        ({"a@1@2": {}}, "a node name with more than one @"),
        ({"a": {"b@1": 1}}, "a property name with @: b@1"),
        ({"a@1": {"name": "b"}}, "a property called name that is not the node's name"),
    ],
)
@with_compilers
def test_what_a_compiler_will_refuse_is_reported(
    content: Content, reason: str, compiler: Compiler
) -> None:
    sink = Sink()
    source = write_source(tree_of(content), sink=sink)
    assert [(found.code.number, found.fields["reason"]) for found in sink] == [("DT051", reason)]
    with pytest.raises(InputError):
        compiler(source, False)


def test_what_compiling_loses_is_reported() -> None:
    sink = Sink()
    cpus: Content = {"cpus": {"cpu@100": {"reg": 0x100, "name": "cpu"}}}
    source = write_source(tree_of(cpus, Header(7)), sink=sink)
    assert "/* compile with -b 7:" in source
    assert [(found.code.number, found.fields["what"]) for found in sink] == [
        ("DT052", "the property name of 1 nodes"),
        ("DT052", "boot CPU 7"),
    ]
    sink = Sink()
    unnamed = changed(cpus, "cpus/cpu@100/name", ...)
    assert "/*" not in write_source(tree_of(unnamed, Header(0x100)), sink=sink)
    assert len(sink) == 0


def test_depth_is_no_matter() -> None:
    tree = tree_of({})
    node = tree.root
    for _ in range(5000):
        child = Node("n")
        node.add_child(child)
        node = child
    assert len(write_source(tree)) < 1_000_000


# -- generated trees -----------------------------------------------------------------------------

NAMES = ("a", "b@1", "clk", "gpio@2", "x-y")
KEYS = ("clocks", "v-supply", "g-gpios", "pinctrl-0", "reg", "s", "iommu-map", "#clock-cells")


@st.composite
def bases(draw: st.DrawFn) -> Tree:
    """Make a tree with phandles, references and symbols, some as dtc makes them, some not."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    tree = tree_of({})
    nodes = [tree.root]
    for _ in range(chance.randrange(1, 10)):
        child = Node(chance.choice(NAMES))
        above = chance.choice(nodes)
        if child.name not in above.children:
            above.add_child(child)
            nodes.append(child)
    numbers = chance.sample(range(1, len(nodes) + chance.randrange(1, 4)), k=len(nodes) // 2)
    owners = chance.sample(nodes, k=len(numbers))
    for node in nodes:
        for key in chance.sample(KEYS, k=chance.randrange(4)):
            node.properties[key] = wild_value(chance, key, numbers)
    if chance.random() < 0.5:
        numbers.sort()
    for node, number in zip(owners, numbers, strict=True):
        node.properties = dict([*node.properties.items(), ("phandle", cells(number))])
        if chance.random() < 0.2:
            node.properties["late"] = b""
    if chance.random() < 0.7:
        add_symbols(chance, tree, nodes)
    tree.index_phandles()
    return tree


def wild_value(chance: random.Random, key: str, numbers: list[int]) -> bytes:
    if key == "#clock-cells":
        return cells(chance.randrange(3))
    if key == "s":
        return strings(*chance.sample(["okay", "", 'q"\\', "/a", "\t"], k=2))
    some = [*numbers, 0, 1, 99, X]
    return cells(*(chance.choice(some) for _ in range(chance.randrange(6))))


def add_symbols(chance: random.Random, tree: Tree, nodes: list[Node]) -> None:
    symbols = Node("__symbols__")
    ordered = [
        node for node in tree.walk() if "phandle" in node.properties or chance.random() < 0.1
    ]
    if chance.random() < 0.3:
        chance.shuffle(ordered)
    for index, node in enumerate(ordered):
        if chance.random() < 0.8:
            symbols.properties[f"l{index}"] = strings(node.path)
    tree.root.add_child(symbols)
    if chance.random() < 0.2:
        tree.root.add_child(Node("after"))


@with_compilers
@given(tree=bases())
def test_a_generated_base_comes_back(tree: Tree, compiler: Compiler) -> None:
    assert_comes_back(tree, compiler)


@st.composite
def overlays(draw: st.DrawFn, *, damaged: bool) -> Tree:
    """Make an overlay from source, as compiled; if damaged, then change its tables."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    labels = ["one", "two", "three", "out", "far"]
    parts = []
    for number in range(chance.randrange(1, 4)):
        body = ""
        for index, label in enumerate((labels[number], f"own{number}")):
            prefix = chance.choice(["", label + ":"])
            body += f"{prefix} n{index} {{ p = <{wild_cells(chance, labels)}>; }};"
        head = chance.choice(["&out", "&far", "&{/}", "&{/soc}", "explicit"])
        content = f"q = <{wild_cells(chance, labels)}>; {body}"
        if head == "explicit":
            target = f"target = <&{chance.choice(['out', 'far'])}>;"
            parts.append(f"/ {{ f{number} {{ {target} __overlay__ {{ {content} }}; }}; }};")
        else:
            parts.append(f"{head} {{ {content} }};")
    tree = compile_by_reader("/dts-v1/; /plugin/; " + " ".join(parts), chance.random() < 0.7)
    if damaged:
        damage(chance, tree)
    tree.index_phandles()
    return tree


def wild_cells(chance: random.Random, labels: list[str]) -> str:
    return " ".join(
        chance.choice([f"&{chance.choice(labels)}", str(chance.randrange(9))]) for _ in range(3)
    )


def damage(chance: random.Random, tree: Tree) -> None:
    root = tree.root
    if chance.random() < 0.3:
        items = list(root.children.items())
        chance.shuffle(items)
        root.children = dict(items)
    for name in ("__symbols__", "__fixups__", "__local_fixups__"):
        table = root.children.get(name)
        if table is not None and chance.random() < 0.15:
            victim = chance.choice(list(table.walk()))
            if victim.properties:
                key = chance.choice(list(victim.properties))
                value = victim.properties.pop(key)
                if chance.random() < 0.5:
                    victim.properties[key] = value[: len(value) // 2]
        if chance.random() < 0.05:
            root.children.pop(name, None)


@with_compilers
@given(tree=overlays(damaged=True))
def test_a_generated_overlay_comes_back(tree: Tree, compiler: Compiler) -> None:
    assert_comes_back(tree, compiler)


@with_compilers
@given(tree=overlays(damaged=False))
def test_nothing_that_compiling_generates_is_written(tree: Tree, compiler: Compiler) -> None:
    text = write_source(tree)
    for name in ("__symbols__ {", "__fixups__", "__local_fixups__"):
        assert name not in text
    assert tree.symbols is None or "phandle" not in text
    assert_comes_back(tree, compiler)
