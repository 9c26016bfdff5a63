"""What devices can address by DMA (section 5.3 of the rules on links)."""

from __future__ import annotations

from support.linked import tree_from

from dtovl.links.dmawindows import Window, dma_reach


def reach(body: str, path: str) -> tuple[str, list[tuple[int, int, int]]] | None:
    tree = tree_from("/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; " + body + " };")
    node = tree.find(path)
    assert node is not None
    found = dma_reach(node, tree.by_phandle)
    return None if found is None else (found.at.path, [tuple(one) for one in found.windows])


BUS = "#address-cells = <1>; #size-cells = <1>;"


def test_the_ranges_of_the_bus_are_what_a_device_can_address() -> None:
    body = f"soc {{ {BUS} dma-ranges = <0xc0000000 0 0x3f000000>; dev {{ }}; }};"
    assert reach(body, "/soc/dev") == ("/soc", [Window(0xC0000000, 0, 0x3F000000)])


def test_empty_ranges_are_one_to_one_and_the_search_goes_on_above() -> None:
    body = f"""soc {{ {BUS} dma-ranges = <0 0x80000000 0x1000>;
        bus {{ {BUS} dma-ranges; dev {{ }}; }}; }};"""
    assert reach(body, "/soc/bus/dev") == ("/soc", [Window(0, 0x80000000, 0x1000)])


def test_a_bus_without_ranges_is_tolerated_at_the_very_first_alone() -> None:
    first = f"""soc {{ {BUS} dma-ranges = <0 0x80000000 0x1000>;
        bus {{ {BUS} dev {{ }}; }}; }};"""
    assert reach(first, "/soc/bus/dev") == ("/soc", [Window(0, 0x80000000, 0x1000)])
    later = f"""soc {{ {BUS} dma-ranges = <0 0x80000000 0x1000>; mid {{ {BUS}
        bus {{ {BUS} dma-ranges; dev {{ }}; }}; }}; }};"""
    assert reach(later, "/soc/mid/bus/dev") is None


def test_addresses_are_taken_up_through_every_bus_and_dropped_where_one_stops_them() -> None:
    body = f"""soc {{ {BUS} dma-ranges = <0x1000 0x90000000 0x1000>; bus {{ {BUS}
        dma-ranges = <0 0x1800 0x100>, <0x8000 0x5000 0x100>; dev {{ }}; }}; }};"""
    assert reach(body, "/soc/bus/dev") == ("/soc/bus", [Window(0, 0x90000800, 0x100)])


def test_an_interconnect_called_dma_mem_is_the_way_of_dma() -> None:
    body = f"""noc: noc {{ {BUS} #interconnect-cells = <1>; dma-ranges = <0 0x40000000 0x100>; }};
        soc {{ {BUS} dma-ranges = <0 0x90000000 0x1000>; dev {{
            interconnects = <&noc 3>; interconnect-names = "dma-mem"; }}; }};"""
    assert reach(body, "/soc/dev") == ("/noc", [Window(0, 0x40000000, 0x100)])


def test_without_ranges_or_with_parents_in_a_circle_nothing_is_said() -> None:
    assert reach("dev { };", "/dev") is None
    circle = """a: a { #interconnect-cells = <0>; dma-ranges; interconnects = <&a>;
        interconnect-names = "dma-mem"; dev { }; };"""
    assert reach(circle, "/a/dev") is None
