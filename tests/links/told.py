"""Small trees that break one rule each, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.linked import tree_from

from dtovl.dts.reader import read_source
from dtovl.links.board import Board
from dtovl.links.fwspec import iommu_findings
from dtovl.links.judge import judge
from dtovl.links.lateregions import region_findings
from dtovl.links.removal import remove_and_judge
from dtovl.links.words import as_diagnostic
from dtovl.model.dialect import LINUX
from dtovl.overlay.fragments import Overlay
from dtovl.overlay.stack import apply_stack

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.diagnostics import Diagnostic
    from dtovl.links.link import Finding
    from dtovl.model.tree import Tree

CLOCK = 'clk: clk { compatible = "acme,clk"; #clock-cells = <1>; };'
GIC = 'gic: gic { compatible = "acme,gic"; interrupt-controller; #interrupt-cells = <1>; };'
MMU = 'mmu: mmu { compatible = "acme,mmu"; #iommu-cells = <1>; };'

JUDGED = {
    "L001": "a { clocks = <0x42 1>; };",
    "L002": "a { clocks = <&x 1>; }; x: x { };",
    "L003": f"a {{ clocks = <&clk>; }}; {CLOCK}",
    "L004": 'a { clocks = "osc24m"; };',
    "L005": f"a {{ clocks = <0>, <&clk 1>; }}; {CLOCK}",
    "L006": 'a { clocks = <&x>; }; x: x { #clock-cells = <0>; status = "disabled"; };',
    "L007": 'a { clocks = <&x>; }; p { status = "fail"; x: x { #clock-cells = <0>; }; };',
    "L008": "a { clocks = <&x>; }; x: x { #clock-cells = <0>; };",
    "L009": (
        'a: a { compatible = "a"; clocks = <&b>; #clock-cells = <0>; };'
        'b: b { compatible = "b"; clocks = <&a>; #clock-cells = <0>; };'
    ),
    "L010": 'a: a { compatible = "a"; vdd-supply = <&r>; r: r { }; };',
    "L011": 'a { compatible = "a"; phys = <&p>; p: p { compatible = "p"; #phy-cells = <0>; }; };',
    "L012": "a { interrupts = <1>; };",
    "L013": "a { #interrupt-cells = <1>; b { interrupts = <1>; }; };",
    "L014": f"interrupt-parent = <&gic>; a {{ interrupts = <1 2 3>; }}; {GIC}".replace(
        "#interrupt-cells = <1>", "#interrupt-cells = <2>"
    ),
    "L015": f"interrupt-parent = <&gic>; a {{ interrupts = <1>; interrupts-extended = <&gic 2>; }};"
    f"{GIC}",
    "L016": "a { #interrupt-cells = <1>; #address-cells = <0>; interrupt-map = <1 0x42 0>; };",
    "L017": f"""a {{ #interrupt-cells = <1>; #address-cells = <0>; interrupt-map = <1 &gic 5>;
        b {{ interrupts = <2>; }}; }}; {GIC}""",
    "L018": "a { iommu-map = <0 0 0>; };",
    "L019": f"a {{ iommu-map = <0x100 &mmu 0 1>; iommu-map-mask = <0xff>; }}; {MMU}",
    "L020": f"a {{ iommu-map = <0 &mmu 0 8>, <4 &mmu 8 8>; }}; {MMU}",
    "L021": f"a {{ iommus = <&mmu 1>, <&o 2>; }}; {MMU}"
    'o: o { compatible = "other,mmu"; #iommu-cells = <1>; };',
    "L022": f"a {{ iommus = <&mmu 1>; }}; b {{ iommus = <&mmu 1>; }}; {MMU}",
    "L023": f"a {{ iommus = <&mmu 1>, <&o 2>; }}; {MMU}"
    'o: o { compatible = "acme,mmu"; #iommu-cells = <1>; status = "disabled"; };',
    "L024": f'a {{ clocks = <&clk 1>; clock-names = "a", "b"; }}; {CLOCK}',
    "L025": 'a { pinctrl-names = "default", "sleep"; pinctrl-0 = <&p>; pinctrl-2 = <&p>; };'
    'pins { compatible = "acme,pins"; p: p { }; };',
    "L026": 'a { vcc-supply = <&r &r>; }; r: r { compatible = "regulator-fixed"; };',
    "L027": "a { port { endpoint { remote-endpoint = <&e>; }; }; };"
    "b { port { e: endpoint { }; }; };",
    "L028": 'a { clocks = <&x>; }; x: x { compatible = "x"; #clock-cells = <0x1000>; };'.replace(
        "<&x>", f"<&x {'0 ' * 0x1000}>"
    ),
    "L029": f"a {{ assigned-clocks = <&clk 1>; assigned-clock-rates = <1 2>; }}; {CLOCK}",
    "L030": "g { gpio-controller; #gpio-cells = <2>; h { gpio-hog; gpios = <1 0>; }; };",
    "L032": 'a { reset-gpio = <&g>; }; g: g { compatible = "g"; #gpio-cells = <0>; };',
    "L035": "a { #address-cells = <1>; #size-cells = <1>; dma-ranges = <0 0 0xff>; };",
    "L037": "a { interrupt-parent = <0x42>; };",
}
"""Rule -> what stands in the root of a tree that breaks it."""


def tree(root: str) -> Tree:
    return tree_from(f"/dts-v1/; / {{ {root} }};")


def base_of(root: str) -> Tree:
    """Give a tree with symbols."""
    return read_source(f"/dts-v1/;\n/ {{\n{root}\n}};".encode(), "base.dts", symbols=True)


def overlay_of(text: str, name: str, *, symbols: bool = False) -> Tree:
    return read_source(f"/dts-v1/; /plugin/;\n{text}".encode(), name, symbols=symbols)


def merged(root: str, *overlays: str, places: bool = True) -> Tree:
    """Apply overlays, called a.dtso, b.dtso ...; without places these are read from blobs."""
    base = base_of(root)
    stack = []
    for letter, text in zip("abc", overlays, strict=False):
        source = overlay_of(text, f"{letter}.dtso")
        if not places:
            source.positions.clear()
        stack.append(Overlay(source, f"{letter}.dtso"))
    done = apply_stack(base, stack, LINUX)
    assert done.failed is None, done.failed
    return base


def told(base: Tree, findings: Iterable[Finding]) -> list[Diagnostic]:
    return [as_diagnostic(one, base) for one in findings]


def judged(root: str) -> list[Diagnostic]:
    base = tree(root)
    return told(base, judge(Board(base))[1])


def iommus(root: str) -> list[Diagnostic]:
    base = tree(root)
    return told(base, iommu_findings(Board(base)))


def regions(base: Tree) -> list[Diagnostic]:
    return told(base, region_findings(Board(base)))


def removed(root: str, *overlays: str) -> list[Diagnostic]:
    """Apply overlays a, b to a base with symbols, and remove the first, the one with symbols."""
    base = base_of(root)
    named = [
        (name, overlay_of(text, name, symbols=name == "a"))
        for name, text in zip("ab", overlays, strict=False)
    ]
    done = remove_and_judge(base, named, [1])
    assert done.errno is None, done
    return told(base, (*done.findings, *done.iommu))
