"""What a permitted removal leaves behind: L033, and each row of the table in section 5.4."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.generated import made_by, make_stack
from support.trees import tree_of

from dtovl.codes.base import Severity
from dtovl.dts.reader import read_source
from dtovl.fdt.write import flatten
from dtovl.links.removal import Removed, remove_and_judge
from dtovl.links.words import as_diagnostic
from dtovl.live.blob import apply_parsed, parse_blob
from dtovl.live.overlays import Overlays
from dtovl.live.state import Live
from dtovl.model.dialect import LINUX

if TYPE_CHECKING:
    from support.trees import Content

    from dtovl.model.tree import Tree

BASE = """
 osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; };
 soc: soc { compatible = "simple-bus";
  uart: uart@100 { compatible = "acme,uart"; clocks = <&osc>; };
  gpu: gpu@200 { compatible = "acme,gpu"; };
  pcie: pcie@300 { device_type = "pci"; }; };
"""

# A clock with two outputs, an interrupt controller, an IOMMU and its twin.
PLL = '&soc { pll: pll@400 { compatible = "acme,pll"; #clock-cells = <1>; }; };'
IRQ = """&soc {
  irq: irq@400 { interrupt-controller; #interrupt-cells = <1>; #address-cells = <0>; }; };"""
MMU = """&soc {
  mmu: mmu@400 { compatible = "arm,smmu-v3"; #iommu-cells = <1>; };
  twin: mmu@500 { compatible = "arm,smmu-v3"; #iommu-cells = <1>; }; };"""


def base() -> Tree:
    return read_source(f"/dts-v1/;\n/ {{ {BASE} }};".encode(), "base.dts", symbols=True)


def overlay(body: str, *, symbols: bool = False) -> bytes:
    text = f"/dts-v1/;\n/plugin/;\n{body}\n"
    return flatten(read_source(text.encode(), "o.dtso", symbols=symbols))


def after(first: str, *others: str, remove: tuple[int, ...] = (1,), bound: bool = True) -> Removed:
    """Apply overlay a, which exports its labels, then b, c, ...; remove some."""
    named = [("a", overlay(first, symbols=True))]
    named += [(name, overlay(body)) for name, body in zip("bcde", others, strict=False)]
    return remove_and_judge(base(), named, remove, bound=bound)


def lines(done: Removed) -> list[str]:
    """Give the L033 findings: node, property, index, what went, whose value it is."""
    assert all(one.severity is Severity.ERROR for one in done.findings)
    return [
        f"{one.node.path} {one.property}[{one.details['index']}] {one.details['was']} "
        f"{one.details.get('consumer_overlay', '-')}"
        for one in done.findings
    ]


def test_a_new_node_of_a_later_overlay_keeps_its_value() -> None:
    done = after(PLL, "&soc { spi@600 { clocks = <&osc>, <&pll 4>; }; };")
    assert done.errno is None
    assert lines(done) == ["/soc/spi@600 clocks[1] /soc/pll@400 b"]
    (found,) = done.findings
    assert found.details["overlay"] == "a"
    assert list(found.as_object()) == [
        *("rule", "severity", "node", "property", "index", "was", "overlay", "consumer_overlay")
    ]


def test_a_changed_node_of_the_base_keeps_its_value() -> None:
    assert lines(after(PLL, "&uart { clocks = <&pll 2>; };")) == [
        "/soc/uart@100 clocks[0] /soc/pll@400 b"
    ]


def test_a_value_of_the_removed_overlay_goes_with_it() -> None:
    assert lines(after(f"{PLL} &uart {{ clocks = <&pll 1>; }};")) == []


def test_in_the_right_order_nothing_is_left() -> None:
    assert lines(after(PLL, "&uart { clocks = <&pll 2>; };", remove=(2, 1))) == []


def test_what_goes_later_is_not_left() -> None:
    """Findings are those after the last removal."""
    assert lines(after(PLL, "&uart { clocks = <&pll 2>; };", remove=(1, 2))) == []


def test_a_refused_removal_leaves_all_as_it_is() -> None:
    second = overlay("&soc { x: x { clocks = <&pll 1>; }; };", symbols=True)
    named = [("a", overlay(PLL, symbols=True)), ("b", second)]
    done = remove_and_judge(base(), named, (1,))
    assert (done.errno, done.at, done.findings) == ("EBUSY", "remove a", ())
    assert "OF: overlay: overlay #1 is not topmost" in done.log
    again = remove_and_judge(base(), named, (1, 2, 1))
    assert (again.errno, lines(again)) == ("EBUSY", []), "later removals are tried all the same"


def test_an_id_that_nobody_has() -> None:
    done = after(PLL, remove=(7,))
    assert (done.errno, done.at) == ("ENODEV", "remove 7")
    assert any("Could not find overlay #7" in line for line in done.log)


def test_an_overlay_that_does_not_apply() -> None:
    done = after(PLL, "&nobody { a = <1>; };")
    assert (done.errno, done.at) == ("EINVAL", "apply b")
    assert any("nobody" in line for line in done.log)


@pytest.mark.parametrize(
    ("first", "body", "expected"),
    [
        (IRQ, "&uart { interrupt-parent = <&irq>; };", "interrupt-parent[0]"),
        (IRQ, "&uart { interrupts-extended = <&irq 1>, <&irq 2>; };", "interrupts-extended[0]"),
        (IRQ, "&uart { interrupt-map = <1 &irq 5>; };", "interrupt-map[0]"),
        (PLL, "&uart { vdd-supply = <&pll>; };", "vdd-supply[0]"),
        (PLL, "&uart { syscon = <&osc &pll>; };", ""),  # the second cell is an offset
        (PLL, "&uart { pinctrl-0 = <&osc &pll>; };", "pinctrl-0[1]"),
        (PLL, "&uart { clocks = <0>, <&pll 1>; };", "clocks[1]"),
        (PLL, "&uart { acme,link = <1 &pll>; };", "acme,link[0]"),  # fixups tell
        (MMU, "&pcie { iommu-map = <0 0 0 1>, <8 &mmu 0 8>; };", "iommu-map[1]"),
        (PLL, "&uart { gpio-hog; gpios = <3>; };", ""),
    ],
)
def test_where_phandles_stand_in_values(first: str, body: str, expected: str) -> None:
    found = [
        one.split(" /")[0] for one in (line.split(" ", 1)[1] for line in lines(after(first, body)))
    ]
    assert found[:1] == ([expected] if expected else [])


def test_rows_of_an_interrupt_map_by_their_index() -> None:
    body = """&pcie { #address-cells = <0>; #interrupt-cells = <1>;
      interrupt-map = <1 &irq 5>, <2 &irq 6>; };"""
    assert lines(after(IRQ, body)) == [
        "/soc/pcie@300 interrupt-map[0] /soc/irq@400 b",
        "/soc/pcie@300 interrupt-map[1] /soc/irq@400 b",
    ]


def test_numbers_that_only_look_like_phandles_are_none() -> None:
    """A value that holds the number of a node that went, but names nobody."""
    bodies = ", ".join(f"<{number}>" for number in range(1, 20))
    assert lines(after(PLL, f"&uart {{ acme,numbers = {bodies}; reg = {bodies}; }};")) == []


def test_symbols_and_aliases_are_no_values_of_consumers() -> None:
    """Bookkeeping of the root holds paths, whatever numbers their bytes make."""
    done = after(PLL, "&{/} { aliases { dmas = <&pll>; clocks = <&pll 1>; }; };")
    assert (done.errno, lines(done)) == (None, [])


def test_entries_behind_one_that_leads_nowhere_are_not_lost() -> None:
    """The first removal makes the rest of the list unreadable, the second leaves it dangling."""
    second = "&soc { aux: pll@700 { #clock-cells = <1>; }; };"
    third = "&uart { clocks = <&pll 1>, <&aux 2>; };"
    named = [
        ("a", overlay(PLL, symbols=True)),
        ("aux", overlay(second, symbols=True)),
        ("b", overlay(third)),
    ]
    # Both export a label, which counts as a change of one node: the later one goes first.
    done = remove_and_judge(base(), named, (2, 1))
    assert done.errno is None
    assert sorted(lines(done)) == [
        "/soc/uart@100 clocks[0] /soc/pll@400 b",
        "/soc/uart@100 clocks[1] /soc/pll@700 b",
    ]
    base_first = [(name, one) for name, one in named]
    base_first[2] = ("b", overlay("&uart { clocks = <&aux 2>, <&pll 1>; };"))
    assert len(remove_and_judge(base(), base_first, (2, 1)).findings) == 2


# -- 5.4 -------------------------------------------------------------------------------------------


def iommu(done: Removed) -> list[str]:
    return [
        f"{one.node.path} {one.property}[{one.details['index']}] {one.details['supplier']} "
        f"{one.severity.label} {'held' if one.details['counted'] else 'not held'}"
        for one in done.iommu
    ]


def test_5_4_the_fwspec_of_a_master_outside_holds_the_node() -> None:
    done = after(MMU, "&gpu { iommus = <&mmu 1>; };")
    assert iommu(done) == ["/soc/gpu@200 iommus[0] /soc/mmu@400 error held"]
    assert lines(done) == ["/soc/gpu@200 iommus[0] /soc/mmu@400 b"]
    expected = "OF: ERROR: memory leak, expected refcount 1 instead of 2"
    assert any(line.startswith(expected) and line.endswith("/soc/mmu@400") for line in done.log)
    assert not any(line.endswith("/soc/mmu@500") for line in done.log)


def test_5_4_later_iommus_are_not_even_held() -> None:
    done = after(MMU, "&gpu { iommus = <&mmu 1>, <&twin 2>; };")
    assert iommu(done) == [
        "/soc/gpu@200 iommus[0] /soc/mmu@400 error held",
        "/soc/gpu@200 iommus[1] /soc/mmu@500 error not held",
    ]
    assert "freed" not in done.log
    told = [as_diagnostic(one, base()) for one in done.iommu]
    assert told[0].message == "/soc/gpu@200 keeps a fwspec for /soc/mmu@400, removed with a"
    assert any("takes a reference on /soc/mmu@400" in note.text for note in told[0].notes)
    assert any("memory leak" in note.text for note in told[0].notes)
    assert any("points to an IOMMU that is gone" in note.text for note in told[1].notes)


def test_5_4_devices_behind_a_bus_may_hold_it() -> None:
    done = after(MMU, "&pcie { iommu-map = <0 &mmu 0 0x100>, <0x100 &twin 0 0>; };")
    assert iommu(done) == ["/soc/pcie@300 iommu-map[0] /soc/mmu@400 warning held"]
    assert not any("memory leak" in line for line in done.log), "whether there is one is not known"


def test_5_4_devices_that_are_not_bound_hold_nothing() -> None:
    done = after(MMU, "&gpu { iommus = <&mmu 1>; };", bound=False)
    assert (iommu(done), done.log) == ([], ())
    assert len(done.findings) == 1


def test_5_4_a_master_inside_of_the_overlay_goes_with_it() -> None:
    inside = f"{MMU} &soc {{ dma@600 {{ iommus = <&mmu 1>; }}; }};"
    done = after(inside)
    assert (iommu(done), lines(done)) == ([], [])
    assert not any("ERROR" in line for line in done.log)


def test_5_4_a_master_that_goes_later_keeps_nothing() -> None:
    done = after(MMU, "&soc { dma@600 { iommus = <&mmu 1>; }; };", remove=(1, 2))
    assert (iommu(done), lines(done)) == ([], [])


def test_5_4_a_disabled_master_holds_nothing() -> None:
    done = after(MMU, '&gpu { status = "disabled"; iommus = <&mmu 1>; };')
    assert iommu(done) == []
    assert len(done.findings) == 1, "the value dangles all the same"


def test_5_4_properties_of_base_nodes_dangle() -> None:
    done = after(PLL, "&uart { clocks = <&pll 2>; };", "&gpu { clocks = <&pll 3>; };")
    assert lines(done) == [
        "/soc/uart@100 clocks[0] /soc/pll@400 b",
        "/soc/gpu@200 clocks[0] /soc/pll@400 c",
    ]


def test_5_4_a_refused_removal_gives_references_back() -> None:
    """The reference of a fwspec is taken for the removal alone, and put when it is refused."""
    blocking = "&soc { mmu@400 { acme,more; }; };"
    done = after(MMU, "&gpu { iommus = <&mmu 1>; };", blocking, remove=(1, 3, 1))
    assert done.errno == "EBUSY"
    leaks = [line for line in done.log if "memory leak" in line]
    assert len(leaks) == 1
    assert "instead of 2" in leaks[0]


def test_5_4_links_and_providers_of_a_leaked_node() -> None:
    """Whoever holds a removed node keeps it, and it its links: a provider's own reference."""
    live = Live(base(), LINUX)
    overlays = Overlays(live)
    applied = apply_parsed(overlays, parse_blob(overlay(PLL, symbols=True), "a"))
    pll = live.tree.find("/soc/pll@400")
    assert pll is not None
    live.hold(pll, "the clock provider of /soc/pll@400")
    assert overlays.remove(applied.number) == ("", 0)
    told = [found.message for found in live.take_findings()]
    assert any("the clock provider of /soc/pll@400" in text for text in told)
    assert pll not in live.freed


def test_overlays_may_be_trees() -> None:
    text = f"/dts-v1/;\n/plugin/;\n{PLL}\n"
    made = read_source(text.encode(), "o.dtso", symbols=True)
    done = remove_and_judge(base(), [("a", made)], (1,))
    assert (done.errno, done.findings) == (None, ())


@given(given_stack=made_by(make_stack), order=st.permutations([1, 2, 3]))
def test_any_stack_gives_a_result(
    given_stack: tuple[Content, list[Content]], order: list[int]
) -> None:
    """What is found stands in the tree, and names nobody there."""
    content, overlays = given_stack
    tree = tree_of(content)
    named = [(str(place), flatten(tree_of(one))) for place, one in enumerate(overlays)]
    done = remove_and_judge(tree, named, order)
    there = set(tree.walk())
    for one in done.findings:
        assert one.node in there
        assert one.property in {key.partition("\0")[0] for key in one.node.properties}
