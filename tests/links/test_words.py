"""Findings in words: every rule and each of its variants, who did it, where, and odd names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from links.told import CLOCK, GIC, JUDGED, MMU, judged, merged, removed, told, tree
from support.linked import rows, tree_from
from support.trees import Content, cells, strings, tree_of

from dtovl.codes import all_codes
from dtovl.codes.base import Severity
from dtovl.links.board import Board
from dtovl.links.judge import judge
from dtovl.links.link import Finding
from dtovl.links.words import LINK_CODES, as_diagnostic
from dtovl.model.supplierbindings import TABLED
from dtovl.report.text import diagnostic_lines

if TYPE_CHECKING:
    from dtovl.diagnostics import Diagnostic
    from dtovl.model.tree import Tree

RULES = Path(__file__).parent / "rules"
ROWS = [
    pytest.param(row.source, id=f"{path.stem}-{number}")
    for path in sorted(RULES.glob("*.txt"))
    for number, row in enumerate(rows(path.read_text(encoding="utf-8")))
]


def shown(one: Diagnostic) -> list[str]:
    return ["".join(text for _, text in line.spans) for line in diagnostic_lines(one)]


def judged_in(base: Tree) -> list[Diagnostic]:
    return told(base, judge(Board(base))[1])


def only(found: list[Diagnostic], rule: str) -> Diagnostic:
    (one,) = [one for one in found if one.code.number == rule]
    return one


def check_words(one: Diagnostic, finding: Finding) -> None:
    assert one.code is LINK_CODES[finding.rule]
    assert one.severity is finding.severity
    assert one.path == finding.node.path
    assert one.fields.items() >= finding.details.items()
    assert one.fields["property"] == finding.property
    assert one.message
    assert one.why
    assert one.fix
    assert not one.why.endswith(".")
    assert shown(one)


# -- every finding of the rules has words ----------------------------------------------------------


@pytest.mark.parametrize("source", ROWS)
def test_every_finding_of_the_rules_has_words(source: str) -> None:
    base = tree_from(source)
    for finding in judge(Board(base))[1]:
        check_words(as_diagnostic(finding, base), finding)


def test_every_code_of_links_has_words() -> None:
    numbers = {code.number for code in all_codes() if code.number.startswith(("L", "DT68"))}
    assert set(LINK_CODES) == numbers
    assert len(numbers) == 36 + 7


# -- what is said, variant by variant --------------------------------------------------------------

OFF = 'status = "disabled";'
X = "x: x { #clock-cells = <1>; };"

# title: root of the tree, rule, message, words of why, words of fix (None: the code's own), kernel
VARIANTS: dict[str, tuple[str, str, str, str, str | None, str]] = {
    "dangling in a list with arguments": (
        f"a {{ clocks = <&clk 1>, <0x42>; }}; {CLOCK}",
        "L001",
        "clocks[1]: no node has phandle 0x42",
        "cell 2 of the value; the driver gets -EINVAL",
        "name the label that was meant",
        "OF: /a: could not find phandle 66",
    ),
    "dangling, printed as the kernel prints it": (
        "a { clocks = <0xfffffff0>; };",
        "L001",
        "clocks[0]: no node has phandle 0xfffffff0",
        "-EINVAL",
        None,
        "OF: /a: could not find phandle -16",
    ),
    "dangling in a list without arguments": (
        "a { memory-region = <0x42>; };",
        "L001",
        "memory-region[0]: no node has phandle 0x42",
        "those behind it are read",
        None,
        "",
    ),
    "dangling, one phandle": (
        "a { vcc-supply = <0x42>; };",
        "L001",
        "vcc-supply[0]: no node has phandle 0x42",
        "the driver finds no node",
        None,
        "",
    ),
    "dangling in iommu-map": (
        "a { iommu-map = <0 0x42 0 1>; };",
        "L001",
        "iommu-map[0]: no node has phandle 0x42",
        "they bypass",
        None,
        "",
    ),
    "dangling in msi-map": (
        "a { msi-map = <0 0x42 0 1>; };",
        "L001",
        "msi-map[0]: no node has phandle 0x42",
        "-ENODEV",
        None,
        "",
    ),
    "dangling in a node that is disabled": (
        f"a {{ {OFF} clocks = <0x42>; }};",
        "L001",
        "clocks[0]: no node has phandle 0x42",
        "the node is disabled: nobody reads it",
        None,
        "",
    ),
    "count on the parent": (
        "a { clocks = <&x 1>; }; p: p { #clock-cells = <1>; x: x { }; };",
        "L002",
        "clocks[0]: /p/x has no #clock-cells",
        "#clock-cells counts on that very node",
        "&p has #clock-cells: refer to that, or give /p/x its own",
        "OF: /a: could not get #clock-cells for /p/x",
    ),
    "count nowhere": (
        "a { clocks = <&x 1>; }; x: x { };",
        "L002",
        "clocks[0]: /x has no #clock-cells",
        "-EINVAL",
        "give /x a #clock-cells, or refer to the node that has it",
        "OF: /a: could not get #clock-cells for /x",
    ),
    "arguments missing": (
        "a { pwms = <&x 1 2 3>, <&x 1>; }; x: x { #pwm-cells = <3>; };",
        "L003",
        "pwms[1]: /x wants 3 cells, 1 left",
        "#pwm-cells of /x is 3",
        "write 3 cells behind &x; one may also be missing in an entry before it",
        "OF: /a: #pwm-cells = 3 found 1",
    ),
    "one argument missing in the first entry": (
        f"a {{ clocks = <&x>; }}; {X}",
        "L003",
        "clocks[0]: /x wants 1 cell, 0 left",
        "#clock-cells of /x is 1",
        "write 1 cell behind &x",
        "OF: /a: #clock-cells = 1 found 0",
    ),
    "bytes": (
        'a { clocks = "osc24m"; };',
        "L004",
        "clocks: 7 bytes, not whole cells",
        "the last 3 bytes are dropped",
        None,
        "",
    ),
    "less than a cell": (
        "a { vcc-supply = [00]; };",
        "L004",
        "vcc-supply: 1 bytes, not whole cells",
        "it names nobody",
        None,
        "",
    ),
    "hole that hides": (
        f"a {{ clocks = <0>, <&x 1>; }}; {X}",
        "L005",
        "clocks[0]: empty entry; fw_devlink does not see the entries behind it",
        "-ENOENT",
        "order the entries so that the optional one comes last",
        "",
    ),
    "hole at the end": (
        f"a {{ clocks = <&x 1>, <0>; }}; {X}",
        "L005",
        "clocks[1]: empty entry",
        "asking for entry 1 gives -ENOENT",
        "nothing to mend where the driver can do without this entry",
        "",
    ),
    "hole alone": (
        "a { vcc-supply = <0>; };",
        "L005",
        "vcc-supply[0]: empty entry",
        "names nobody",
        "leave the property out, or name somebody",
        "",
    ),
    "hole as -1 in a list with arguments": (
        "a { clocks = <0xffffffff>; };",
        "L005",
        "clocks[0]: empty entry, written as -1",
        "it reads no further",
        "write <0> for an empty entry",
        "OF: /a: could not find phandle -1",
    ),
    "hole as -1 in a node that is disabled": (
        f"a {{ {OFF} clocks = <0xffffffff>; }};",
        "L005",
        "clocks[0]: empty entry, written as -1",
        "the node is disabled",
        "write <0> for an empty entry",
        "",
    ),
    "hole as -1 in a list without arguments": (
        "a { memory-region = <0xffffffff>; };",
        "L005",
        "memory-region[0]: empty entry, written as -1",
        "finds no node",
        "write <0> for an empty entry",
        "",
    ),
    "disabled": (
        f"a {{ clocks = <&x>; }}; x: x {{ #clock-cells = <0>; {OFF} }};",
        "L006",
        "clocks[0]: /x is disabled",
        '/x has status "disabled"; fw_devlink does not wait for it; the driver asks, and mostly '
        "gets -EPROBE_DEFER for good",
        "enable &x, or drop the reference",
        "",
    ),
    "disabled parent of a clock provider": (
        f"a {{ #clock-cells = <0>; clocks = <&x>; }}; x: x {{ #clock-cells = <0>; {OFF} }};",
        "L006",
        "clocks[0]: /x is disabled",
        "a provider of the same kind may do without it",
        "enable &x, or drop the reference",
        "",
    ),
    "disabled, optional": (
        'a { dmas = <&x>; }; x: x { #dma-cells = <0>; status = "fail"; };',
        "L006",
        "dmas[0]: /x is disabled",
        '/x has status "fail"; the driver defers, or does without',
        "enable &x, or drop the reference",
        "",
    ),
    "disabled, plain": (
        f"a {{ cpus = <&x>; }}; x: x {{ {OFF} }};",
        "L006",
        "cpus[0]: /x is disabled",
        "finds a node without a device",
        "enable &x, or drop the reference",
        "",
    ),
    "disabled interrupt controller": (
        f"a {{ interrupts = <1>; interrupt-parent = <&g>; }};"
        f'g: g {{ compatible = "g"; interrupt-controller; #interrupt-cells = <1>; {OFF} }};',
        "L006",
        "interrupts[0]: /g is disabled",
        "fw_devlink does not wait",
        "enable &g, or drop the reference",
        "",
    ),
    "below a disabled node": (
        f"a {{ clocks = <&x>; }}; p: p {{ {OFF} x: x {{ #clock-cells = <0>; }}; }};",
        "L007",
        "clocks[0]: /p/x lies below disabled /p",
        '/p has status "disabled"',
        "enable &p, or drop the reference",
        "",
    ),
    "cycle of graph links": (
        'a { compatible = "a"; port { e: endpoint { remote-endpoint = <&f>; }; }; };'
        'b { compatible = "b"; port { f: endpoint { remote-endpoint = <&e>; }; }; };',
        "L009",
        "cycle of 2 devices: /a, /b",
        "does not wait within it",
        "nothing to mend as a rule: graph links, pins or such close it",
        "",
    ),
    "hard cycle": (
        JUDGED["L009"],
        "L009",
        "cycle of 2 devices: /a, /b",
        "clocks, resets, supplies and their like alone make it",
        None,
        "",
    ),
    "both forms of interrupts": (
        JUDGED["L015"],
        "L015",
        "interrupts is ignored, interrupts-extended is there",
        "the two differ",
        "keep one of the two",
        "",
    ),
    "both forms of interrupts, the same line": (
        f"interrupt-parent = <&gic>; a {{ interrupts = <1>; interrupts-extended = <&gic 1>; }};"
        f"{GIC}",
        "L015",
        "interrupts is ignored, interrupts-extended is there",
        "both begin with the same line",
        "nothing to mend as a rule",
        "",
    ),
    "interrupt-map of a node without count": (
        "n: n { interrupt-map = <0 0x42 0>; };",
        "L016",
        "interrupt-map: no #interrupt-cells",
        "no row can be taken apart",
        "give &n its #interrupt-cells",
        "",
    ),
    "interrupt-map that lacks the parent's address": (
        "n { #address-cells = <0>; #interrupt-cells = <1>; interrupt-map = <1 &g 5>, <2 &g 6>; };"
        "g: g { #address-cells = <1>; #interrupt-cells = <1>; interrupt-controller; };",
        "L016",
        "interrupt-map row 1: unknown parent",
        "where the phandle should stand is 0x6, no node's; before the phandle stand 0 cells of "
        "address and 1 of interrupt; behind that of /g, 1 of address and 1 of interrupt",
        "write 0 + 1 cells, the phandle, 1 + 1 cells: #address-cells of /g itself count, 1 of them",
        "",
    ),
    "interrupt-map whose value ends too early": (
        "n { #address-cells = <0>; #interrupt-cells = <1>; interrupt-map = <1 &g 5>; };"
        "g: g { #address-cells = <1>; #interrupt-cells = <1>; interrupt-controller; };",
        "L016",
        "interrupt-map row 0: truncated row",
        "the value ends within the row",
        "write 0 + 1 cells, the phandle, 1 + 1 cells: #address-cells of /g itself count, 1 of them",
        "",
    ),
    "interrupt-map with a number in place of the phandle": (
        "n { #address-cells = <0>; #interrupt-cells = <1>; interrupt-map = <1 &g 5 2 0x42 6>; };"
        "g: g { #interrupt-cells = <1>; interrupt-controller; };",
        "L016",
        "interrupt-map row 1: unknown parent",
        "where the phandle should stand is 0x42, no node's",
        "write 0 + 1 cells, the phandle, 0 + 1 cells: #address-cells of /g itself count, 0 of them",
        "",
    ),
    "interrupt-map with a parent that does not count": (
        "n { #address-cells = <0>; #interrupt-cells = <1>; interrupt-map = <1 &g 5>; }; g: g { };",
        "L016",
        "interrupt-map row 0: parent without #interrupt-cells",
        "then the row names /g",
        "name an interrupt controller, or give /g its #interrupt-cells",
        "",
    ),
    "mask": (
        f"n {{ #address-cells = <1>; #interrupt-cells = <1>; interrupt-map = <0 1 &gic 5>;"
        f"interrupt-map-mask = <7>; }}; {GIC}",
        "L016",
        "interrupt-map-mask: mask size: 4 bytes, want 8",
        "1 cell of address and 1 of interrupt are compared",
        "write 2 cells",
        "",
    ),
    "no row": (
        f"n {{ #address-cells = <2>; #interrupt-cells = <1>; interrupt-map = <0 0 1 &gic 5>;"
        f"interrupt-map-mask = <0 0 7>; d {{ reg = <0x800 1>; interrupts = <2>; }}; }}; {GIC}",
        "L017",
        "interrupts: no row of /n matches",
        "the unit address is <0x800 0x1>, the mask <0x0 0x0 0x7>",
        None,
        "",
    ),
    "length of a map": (
        "a { msi-map = <1 2 3>; };",
        "L018",
        "msi-map: 12 bytes, want multiples of 16",
        "-EINVAL",
        None,
        "OF: /a: Error: Bad msi-map length: 12",
    ),
    "mask of a map": (
        JUDGED["L019"],
        "L019",
        "iommu-map row 0: mask 0xff hides id 0x100",
        "-EFAULT",
        "let iommu-map-mask keep all bits of 0x100, or mend the row",
        "OF: /a: Invalid iommu-map translation - iommu-map-mask (0xff) ignores id-base (0x100)",
    ),
    "overlap": (
        JUDGED["L020"],
        "L020",
        "iommu-map row 1: overlaps row 0",
        "it has the ids 0x4 to 0xb, row 0 has 0x0 to 0x7",
        None,
        "",
    ),
    "empty row": (
        f"a {{ iommu-map = <0 &mmu 0 0>; }}; {MMU}",
        "L020",
        "iommu-map row 0: empty",
        "fits no id",
        "nothing to mend where the boot firmware fills it in",
        "",
    ),
    "IOMMUs of two drivers": (
        JUDGED["L021"],
        "L021",
        "iommus[1]: /o and /mmu have different drivers",
        "/o is other,mmu, /mmu is acme,mmu",
        None,
        "",
    ),
    "shared id of two cells": (
        "a { iommus = <&m 1 2>; }; b { iommus = <&m 1 2>; }; m: m { #iommu-cells = <2>; };",
        "L022",
        "iommus[0]: shares id <0x1 0x2> of /m with /a",
        "one group",
        None,
        "",
    ),
    "IOMMUs, one disabled": (
        JUDGED["L023"],
        "L023",
        "iommus[1]: /o is disabled, /a bypasses every IOMMU",
        "those that are enabled do not count either",
        "enable &o, or drop the entry",
        "",
    ),
    "IOMMUs, all disabled": (
        f"a {{ iommus = <&m 1>; }}; p {{ {OFF} m: m {{ #iommu-cells = <1>; }}; }};",
        "L023",
        "iommus[0]: /p/m is disabled, /a bypasses every IOMMU",
        '/p has status "disabled"; so are all IOMMUs of the device',
        "enable /p, or drop the entry",
        "",
    ),
    "iommu-map with a disabled IOMMU": (
        f"a {{ iommu-map = <0 &m 0 1>; }}; m: m {{ #iommu-cells = <1>; {OFF} }};",
        "L023",
        "iommu-map[0]: /m is disabled, /a bypasses the IOMMU",
        "ids of this row bypass it",
        "enable &m, or drop the entry",
        "",
    ),
    "too many names": (
        f'a {{ clocks = <&clk 1>; clock-names = "a", "b", "c"; }}; {CLOCK}',
        "L024",
        "clocks: 1 entry, 3 names",
        "looking up b, c gives -ENOENT",
        "take the surplus names out of clock-names, or add what they name",
        "",
    ),
    "too few names": (
        f'a {{ clocks = <&clk 1>, <&clk 2>, <&clk 3>; clock-names = "a"; }}; {CLOCK}',
        "L024",
        "clocks: 3 entries, 1 name",
        "entries 1 and up can only be had by number",
        "give clock-names 3 names, in the order of clocks",
        "",
    ),
    "names of interrupts": (
        f'interrupt-parent = <&gic>; a {{ interrupts = <1 2>; interrupt-names = "a"; }}; {GIC}',
        "L024",
        "interrupts: 2 entries, 1 name",
        "entry 1 can only be had by number",
        "give interrupt-names 2 names, in the order of interrupts",
        "",
    ),
    "pairs": (
        'a { interconnects = <&n>, <&n>; interconnect-names = "a", "b"; };'
        'n: n { compatible = "n"; #interconnect-cells = <0>; };',
        "L024",
        "interconnects: 1 pair, 2 names",
        "looking up b gives -ENOENT",
        "take the surplus names out of interconnect-names, or add what they name",
        "",
    ),
    "half a pair": (
        'a { interconnects = <&n>; }; n: n { compatible = "n"; #interconnect-cells = <0>; };',
        "L024",
        "interconnects: 1 entry, an odd number",
        "an entry is left over",
        "nothing to mend where the binding has single entries",
        "",
    ),
    "gap of states": (
        JUDGED["L025"],
        "L025",
        "pinctrl-2 is not reached, pinctrl-1 is missing",
        "up to the first that is missing, pinctrl-1",
        "call it pinctrl-1, or define pinctrl-1 as well",
        "",
    ),
    "states without names": (
        "a { pinctrl-0 = <&p>; }; p: p { };",
        "L025",
        "pinctrl-names: 1 state, 0 names",
        "there is no `default`",
        'add `pinctrl-names = "default"`, and a name for each further state',
        "",
    ),
    "fewer names than states": (
        'a { pinctrl-0 = <&p>; pinctrl-1 = <&p>; pinctrl-names = "default"; }; p: p { };',
        "L025",
        "pinctrl-names: 2 states, 1 name",
        "pinctrl-1 has no name, and is called 1",
        "give pinctrl-names 2 names",
        "",
    ),
    "more names than states": (
        'a { pinctrl-0 = <&p>; pinctrl-names = "default", "sleep"; }; p: p { };',
        "L025",
        "pinctrl-names: 1 state, 2 names",
        "there is no state for sleep",
        "take the surplus names out of pinctrl-names, or define their states",
        "",
    ),
    "two supplies in one": (
        JUDGED["L026"],
        "L026",
        "vcc-supply: only the first cell is read",
        "it has 2 cells; the second is the phandle of /r",
        None,
        "",
    ),
    "endpoint without way back": (
        "a { port { f: endpoint { remote-endpoint = <&e>; }; }; };"
        "b { port { e: endpoint { }; }; };",
        "L027",
        "remote-endpoint: /b/port/endpoint has no way back",
        "drivers that start there",
        "set remote-endpoint of &e to &f",
        "",
    ),
    "no endpoint": (
        "a { port { f: endpoint { remote-endpoint = <&e>; }; }; }; e: b { };",
        "L027",
        "remote-endpoint: /b has no way back",
        "/b is no endpoint",
        "name the endpoint of that device, and let it name &f",
        "",
    ),
    "endpoint that names a third": (
        "a { port { f: endpoint { remote-endpoint = <&e>; }; }; };"
        "b { port { e: endpoint { remote-endpoint = <&c>; }; }; };"
        "d { port { c: endpoint { remote-endpoint = <&e>; }; }; };",
        "L027",
        "remote-endpoint: /b/port/endpoint is not bidirectional",
        "its remote-endpoint names /d/port/endpoint",
        "set remote-endpoint of &e to &f, or this one to whom it names",
        "",
    ),
    "too many parents": (
        f"a {{ assigned-clocks = <&clk 1>; assigned-clock-parents = <&clk 2>, <&clk 3>; }};{CLOCK}",
        "L029",
        "assigned-clock-parents: 2 values for 1 clock",
        "looking up clock 1 gives -ENOENT, and the probe of the device fails",
        None,
        "",
    ),
    "too many rates": (
        JUDGED["L029"],
        "L029",
        "assigned-clock-rates: 2 values for 1 clock",
        "the rates from 1 on are ignored",
        None,
        "",
    ),
    "rates behind a hole": (
        f"a {{ assigned-clocks = <0>, <&clk 1>; assigned-clock-rates = <1 2>; }}; {CLOCK}",
        "L029",
        "assigned-clock-rates: rates behind entry 0 are lost",
        "entry 0 of assigned-clocks is a hole with a rate",
        "write a rate of 0 for entry 0",
        "",
    ),
    "hog below no controller": (
        "g { h { gpio-hog; gpios = <1>; input; }; };",
        "L030",
        "gpio hog: parent is no gpio-controller",
        "/g is none",
        "move the hog below the GPIO controller whose line it takes",
        "",
    ),
    "hog with a cell too many": (
        "g { gpio-controller; #gpio-cells = <2>; h { gpio-hog; gpios = <1 2 3>; input; }; };",
        "L030",
        "gpio hog: 3 cells, /g wants multiples of 2",
        "#gpio-cells of /g is 2",
        "write 2 cells for each line, without phandle",
        "",
    ),
    "hog of a controller without count": (
        "g { gpio-controller; h { gpio-hog; gpios = <1 2>; input; }; };",
        "L030",
        "gpio hog: 2 cells, /g wants multiples of 0",
        "/g has no #gpio-cells",
        "give /g its #gpio-cells",
        "",
    ),
    "hog without direction": (
        JUDGED["L030"],
        "L030",
        "gpio hog: no direction",
        "no hogging state specified, bailing out",
        "add one of `input`, `output-low`, `output-high`",
        "",
    ),
    "hog with two directions": (
        "g { gpio-controller; #gpio-cells = <1>;"
        "h { gpio-hog; gpios = <1>; output-high; input; }; };",
        "L030",
        "gpio hog: more than one direction",
        "it has input, output-high; input counts",
        "keep one of input, output-high",
        "",
    ),
    "length of dma-ranges": (
        "a { #address-cells = <1>; #size-cells = <1>; dma-ranges = <0 0>; };",
        "L035",
        "dma-ranges: 8 bytes, want multiples of 12",
        "a row has 1 + 1 + 1 cells",
        None,
        "",
    ),
    "size 0 in dma-ranges": (
        "a { #address-cells = <1>; #size-cells = <1>; dma-ranges = <0 0 1024>, <0 0 0>; };",
        "L035",
        "dma-ranges row 1: size 0",
        "-EINVAL",
        "write the size of the range",
        "",
    ),
    "mask in dma-ranges": (
        "a { #address-cells = <1>; #size-cells = <2>; dma-ranges = <0 0 0 8>, <0 0 0 0xff>; };",
        "L035",
        "dma-ranges row 1: mask instead of size",
        "the last bit of 0xff is set",
        "write 0x100",
        "",
    ),
    "interrupt-parent": (
        "a { interrupt-parent = <0>; };",
        "L037",
        "interrupt-parent: no node has phandle 0x0",
        "ends here",
        None,
        "",
    ),
}


@pytest.mark.parametrize("title", VARIANTS)
def test_variant(title: str) -> None:
    root, rule, message, why, fix, kernel = VARIANTS[title]
    found = [one for one in judged(root) if one.code.number == rule]
    one = next(one for one in found if one.message == message) if len(found) > 1 else found[0]
    assert one.message == message
    assert why in one.why
    if fix is None:
        assert one.fix
    else:
        assert one.fix == fix
    assert one.kernel == ((kernel,) if kernel else ())


def test_interrupts_of_a_node_below_name_who_has_the_bad_parent() -> None:
    found = judged("a: a { interrupt-parent = <0x42>; b { interrupts = <1>; }; };")
    one = next(one for one in found if one.path == "/a/b")
    assert one.message == "interrupts: no node has phandle 0x42, which interrupt-parent of /a names"
    assert one.fix == "mend interrupt-parent of &a"


def test_many_members_of_a_cycle_are_not_all_named() -> None:
    nodes = "".join(
        f'n{one}: n{one} {{ compatible = "n"; vdd-supply = <&n{(one + 1) % 9}>; }};'
        for one in range(9)
    )
    one = only(judged(nodes), "L009")
    assert one.message == "cycle of 9 devices: /n0, /n1, /n2, /n3, /n4, /n5 and 3 more"
    members = one.fields["members"]
    assert isinstance(members, list)
    assert len(members) == 9


# -- what no tree shows by itself ------------------------------------------------------------------


def test_reference_to_what_was_removed_names_both_overlays() -> None:
    one = only(
        removed("soc: soc { };", f"&soc {{ {CLOCK} }};", "&soc { b { clocks = <&clk 1>; }; };"),
        "L033",
    )
    assert one.message == "clocks[0] still refers to /soc/clk, removed with a"
    assert one.fix == "remove b before a"
    assert one.who == "b"


def test_reference_that_the_base_wrote_has_no_other_overlay_to_remove() -> None:
    base = tree("a { };")
    details = {"index": 0, "was": "/x", "overlay": "a.dtbo"}
    finding = Finding("L033", Severity.ERROR, base.root, "clocks", details)
    one = as_diagnostic(finding, base)
    assert "clocks[0] still refers to /x, removed with a.dtbo" in one.message
    assert one.fix == "name a node of the base, or bring both in a.dtbo"
    assert one.who == ""


def test_deferred_device_is_its_own_subject() -> None:
    base = tree("a { };")
    (node,) = base.root.children.values()
    reason = "a: clocks[0] of /a not ready"
    finding = Finding("L034", Severity.ERROR, node, "", {"reason": reason, "cause": "/clk is off"})
    one = as_diagnostic(finding, base)
    assert one.message == f"/a: {reason}"
    assert shown(one)[0] == f"error[L034] /a: {reason}"
    assert one.why == "the first cause: /clk is off"


def test_an_overlay_that_disables_the_first_cause_is_named() -> None:
    base = merged("a { }; x: x { };", f"&x {{ {OFF} }};")
    details = {"reason": "a: clocks[0] of /x not ready", "cause": "/x is disabled"}
    finding = Finding("L034", Severity.ERROR, base.root.children["a"], "clocks", details)
    assert as_diagnostic(finding, base).who == "/x is disabled by overlay 1 (a.dtso) fragment@0"


def test_sync_state_names_who_does_not_bind() -> None:
    base = tree("a { };")
    finding = Finding("L036", Severity.INFO, base.root, "", {"consumers": ["/b", "/c"]})
    assert as_diagnostic(finding, base).message == "/: sync_state waits for /b, /c"


# -- who and where ---------------------------------------------------------------------------------


def test_place_is_that_of_the_property() -> None:
    one = only(
        judged_in(merged("a { model = 'x';\n".replace("'", '"') + "clocks = <0x42>; };")), "L001"
    )
    assert one.where is not None
    assert (one.where.file, one.where.line) == ("base.dts", 4)
    assert one.who == ""


def test_an_overlay_that_brings_a_property_is_named_with_its_place() -> None:
    base = merged("soc: soc { };", '&soc { status = "okay"; };', "&soc {\nclocks = <0x42>; };")
    one = only(judged_in(base), "L001")
    assert one.who == "overlay 2 (b.dtso) fragment@0"
    assert one.where is not None
    assert (one.where.file, one.where.line) == ("b.dtso", 3)
    assert "__fixups__" in one.fix


def test_a_blob_that_brings_a_property_has_no_place() -> None:
    """Where the base has the property, or its node, is not where the value comes from."""
    for root in ("soc: soc { clocks = <&x>; x: x { #clock-cells = <0>; }; };", "soc: soc { };"):
        base = merged(root, "&soc { clocks = <0x42>; };", places=False)
        one = only(judged_in(base), "L001")
        assert one.who == "overlay 1 (a.dtso) fragment@0"
        assert one.where is None


def test_an_overlay_that_disables_a_supplier_is_named() -> None:
    root = f"a {{ clocks = <&x 1>; }}; {X}"
    one = only(judged_in(merged(root, f"&x {{ {OFF} }};")), "L006")
    assert one.who == "/x is disabled by overlay 1 (a.dtso) fragment@0"
    (note,) = one.notes
    assert note.text == "/x gets its status here"
    assert str(note.location) == "a.dtso:2:6"


def test_two_overlays_with_a_part_in_it_are_both_named() -> None:
    root = f"soc: soc {{ }}; {X}"
    base = merged(root, f"&x {{ {OFF} }};", "&soc { clocks = <&x 1>; };")
    one = only(judged_in(base), "L006")
    assert one.who == (
        "overlay 2 (b.dtso) fragment@0; /x is disabled by overlay 1 (a.dtso) fragment@0"
    )


WHO: dict[str, tuple[str, str, str, str]] = {
    "names": (
        f'a: a {{ clocks = <&clk 1>; clock-names = "a"; }}; {CLOCK}',
        '&a { clock-names = "a", "b"; };',
        "L024",
        "clock-names is from overlay 1 (a.dtso) fragment@0",
    ),
    "count of the supplier": (
        f"a {{ clocks = <&x 1>; }}; {X}",
        "&x { #clock-cells = <2>; };",
        "L003",
        "#clock-cells is from overlay 1 (a.dtso) fragment@0",
    ),
    "the other form of interrupts": (
        f"interrupt-parent = <&gic>; a: a {{ interrupts = <1>; }}; {GIC}",
        "&a { interrupts-extended = <&gic 2>; };",
        "L015",
        "interrupts-extended is from overlay 1 (a.dtso) fragment@0",
    ),
    "states without names": (
        "a: a { }; p: p { };",
        "&a { pinctrl-0 = <&p>; };",
        "L025",
        "pinctrl-0 is from overlay 1 (a.dtso) fragment@0",
    ),
    "the far end of a graph": (
        "a { port { f: endpoint { remote-endpoint = <&e>; }; }; };"
        "b { port { e: endpoint { remote-endpoint = <&f>; }; }; };"
        "d { port { c: endpoint { remote-endpoint = <&e>; }; }; };",
        "&e { remote-endpoint = <&c>; };",
        "L027",
        "the other end is from overlay 1 (a.dtso) fragment@0",
    ),
    "interrupt-parent above": (
        "a: a { b { interrupts = <1>; }; };",
        "&a { interrupt-parent = <0x42>; };",
        "L037",
        "/a has it from overlay 1 (a.dtso) fragment@0",
    ),
}


@pytest.mark.parametrize("title", WHO)
def test_who_has_a_part_in_it(title: str) -> None:
    root, overlay, rule, who = WHO[title]
    found = judged_in(merged(root, overlay))
    assert who in [one.who for one in found if one.code.number == rule]


# -- odd input -------------------------------------------------------------------------------------

HOSTILE = [
    "{0}",
    "{property}",
    "%s",
    "a\nb",
    "\x1b[31m",
    "[red]",
    "\u202e".encode().decode("latin-1"),
]


@pytest.mark.parametrize("name", HOSTILE)
def test_odd_names_are_text(name: str) -> None:
    content: Content = {
        name: {
            f"{name}-gpios": cells(1, 2),
            f"{name}-supply": cells(9),
            "clocks": cells(0, 1),
            "clock-names": strings(name, name, name),
            "status": strings("okay"),
        },
        f"{name}1": {"phandle": 1, "#gpio-cells": 1, "#clock-cells": 0, "status": strings(name)},
    }
    found = judged_in(tree_of(content))
    assert {one.code.number for one in found} >= {"L001", "L005", "L006", "L024"}
    for one in found:
        assert one.path == f"/{name}"
        assert one.message
        assert shown(one)
    assert any(f"{name}-supply[0]: no node" in one.message for one in found)
    assert any(f'has status "{name}"' in one.why for one in found)


def test_long_texts_are_cut() -> None:
    content: Content = {
        "a": {"clocks": cells(1), "clock-names": strings("x", "y" * 100_000)},
        "b": {"phandle": 1, "#clock-cells": 0, "status": b"n" * 100_000},
    }
    assert all(len(one.why) < 500 for one in judged_in(tree_of(content)))


def test_a_finding_about_a_node_that_has_gone_has_words() -> None:
    """Details are paths; what they name may be found no more, as with a slash in a name."""
    base = tree_of({"a": {}})
    node = base.root.children["a"]
    details: dict[str, Any] = {
        "index": 0,
        "supplier": "/x/y",
        "disabled": "/x",
        "other": "/z",
        "via": "/v",
        "want": 2,
        "have": 1,
        "cells": 20,
        "reason": "not bidirectional",
        "row": 0,
        "missing": "#clock-cells",
        "hint": "/h",
        "specifier": [1],
        "phandle": 1,
        "cell": 0,
    }
    for rule in ("L002", "L003", "L006", "L007", "L013", "L014", "L017", "L021", "L022", "L023"):
        check_words(*about(rule, base, node, details))
    for rule in ("L027", "L028", "L037"):
        check_words(*about(rule, base, node, details))


def about(rule: str, base: Tree, node: Any, details: dict[str, Any]) -> tuple[Diagnostic, Finding]:
    finding = Finding(rule, Severity.WARNING, node, "clocks", details)
    return as_diagnostic(finding, base), finding


NAMES = [
    *(one.name.replace("*", "x").replace("#", "0") for one in TABLED),
    *("interrupts", "interrupt-map", "interrupt-map-mask", "iommu-map", "msi-map", "dma-ranges"),
    *("iommu-map-mask", "assigned-clock-rates", "gpio-hog", "pinctrl-2", "pinctrl-names"),
    *("clock-names", "interrupt-names", "status", "reg", "compatible", "interrupt-controller"),
]
COUNTS = ["#interrupt-cells", "#address-cells", "#size-cells", "#clock-cells", "#gpio-cells"]
VALUES = st.one_of(
    st.lists(st.sampled_from([0, 1, 2, 3, 4, 0xFFFFFFFF, 0x80000000]), max_size=9).map(
        lambda numbers: cells(*numbers)
    ),
    st.binary(max_size=9),
    st.just(strings("okay", "a")),
)
PROPERTIES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6)
NODES = st.builds(
    lambda properties, counts: {**properties, **counts},
    PROPERTIES,
    st.dictionaries(st.sampled_from(COUNTS), st.sampled_from([0, 1, 2, 17, 0xFFFFFFFF])),
)


@given(st.lists(NODES, min_size=1, max_size=4))
def test_whatever_is_found_has_words(nodes: list[dict[str, Any]]) -> None:
    content: Content = {}
    inner = content
    for number, node in enumerate(nodes, 1):
        child: Content = {"phandle": number, **node}
        inner[f"n{number}"] = child
        inner = child if number % 2 else content
    base = tree_of(content)
    for finding in judge(Board(base))[1]:
        check_words(as_diagnostic(finding, base), finding)


# -- maps of ids written for newer kernels ---------------------------------------------------------

WIDE = """
mmu: iommu { compatible = "acme,mmu"; #iommu-cells = <2>; phandle = <1>; };
pci { compatible = "acme,pci"; iommu-map = <0 1 0x1400 0 1  0x100 1 0x1401 0 1>; };
"""


@pytest.mark.parametrize("wide", [False, True])
def test_l018_of_a_map_that_newer_kernels_read_is_an_info(wide: bool) -> None:
    tree = tree_from("/dts-v1/; / {" + WIDE + "};")
    found = judge(Board(tree, wide_maps=wide))[1]
    told = [as_diagnostic(one, tree) for one in found if one.property == "iommu-map"]
    if wide:
        assert told == []
    else:
        assert [(one.code.number, one.severity) for one in told] == [("L018", Severity.INFO)]
        assert "Linux 7.1 and newer" in told[0].why


def test_of_a_map_read_as_newer_kernels_do_nothing_is_excused() -> None:
    tree = tree_from("/dts-v1/; / {" + WIDE.replace("0x100 1", "0 1") + "};")
    found = judge(Board(tree, wide_maps=True))[1]
    told = [as_diagnostic(one, tree, wide_maps=True) for one in found]
    assert ("L020", Severity.WARNING) in [(one.code.number, one.severity) for one in told]
