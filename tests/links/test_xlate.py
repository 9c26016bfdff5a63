"""What drivers of IOMMUs make of the cells: the table, its functions, drivers of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.masters import board_of, node
from support.trees import cells, strings

from dtovl.links import xlate
from dtovl.links.xlate import Driver, Translated, driver_of, drivers, same_driver, translate
from dtovl.model.node import Node

if TYPE_CHECKING:
    from collections.abc import Iterator


def iommu(compatible: str, *more: str, **properties: int) -> Node:
    """Give an IOMMU by its compatibles; `_` in names of properties stands for `-`."""
    made = Node("mmu")
    made.properties["compatible"] = strings(compatible, *more)
    for name, number in properties.items():
        made.properties[name.replace("_", "-")] = cells(number)
    return made


@pytest.mark.parametrize(
    ("compatible", "values", "ids"),
    [
        ("arm,mmu-500", (0x400,), (0x400,)),
        ("arm,mmu-500", (0x400, 0x3FF), (0x3FF0400,)),
        ("arm,smmu-v1", (7,), (7,)),
        ("arm,smmu-v3", (0x12345,), (0x12345,)),
        ("rockchip,iommu", (), ()),
        ("rockchip,rk3568-iommu", (), ()),
        ("samsung,exynos-sysmmu", (), ()),
        ("mediatek,mt8183-m4u", (0x43,), (0x43,)),
        ("mediatek,mt8195-iommu-vdo", (0x43,), (0x43,)),
        ("renesas,ipmmu-r8a7795", (47,), (47,)),
        ("renesas,ipmmu-r8a779a0", (63,), (63,)),
        ("renesas,ipmmu-vmsa", (31,), (31,)),
        ("allwinner,sun50i-h6-iommu", (5,), (5,)),
        ("qcom,apq8064-iommu", (12,), (12,)),
        ("nvidia,tegra210-mc", (3,), (3,)),
        ("apple,t8103-dart", (15,), (15,)),
        ("apple,t8110-dart", (255,), (255,)),
        ("virtio,mmio", (0xABCDE,), (0xABCDE,)),
        ("sprd,iommu-v1", (), ()),
    ],
)
def test_ids_of_drivers(compatible: str, values: tuple[int, ...], ids: tuple[int, ...]) -> None:
    assert translate(iommu(compatible), values) == Translated(ids)


@pytest.mark.parametrize(
    ("compatible", "values", "ids", "words"),
    [
        ("arm,mmu-500", (0x12345,), (0x2345,), "cuts id 0x12345 to 0x2345"),
        ("arm,mmu-500", (1, 0x10000), (1,), "cuts mask 0x10000 to 0x0"),
        ("mediatek,mt8183-m4u", (1024,), (1024,), "ids below 1024"),
        ("renesas,ipmmu-r8a7795", (48,), (48,), "ids below 48"),
        ("renesas,ipmmu-r8a77961", (48,), (48,), "ids below 48"),
        ("renesas,ipmmu-r8a774e1", (48,), (48,), "ids below 48"),
        ("renesas,ipmmu-r8a779a0", (64,), (64,), "ids below 64"),
        ("renesas,ipmmu-vmsa", (32,), (32,), "ids below 32"),
        ("allwinner,sun50i-h616-iommu", (6,), (6,), "ids below 6"),
        ("apple,t8103-dart", (16,), (16,), "ids below 16"),
        ("apple,t8103-usb4-dart", (64,), (64,), "ids below 64"),
        ("apple,t8110-dart", (256,), (256,), "ids below 256"),
    ],
)
def test_ids_out_of_bounds(
    compatible: str, values: tuple[int, ...], ids: tuple[int, ...], words: str
) -> None:
    done = translate(iommu(compatible), values)
    assert (done.ids, done.problem, done.error) == (ids, "bounds", "")
    assert words in done.verdict


def test_older_renesas_parts_are_told_by_their_last_compatible() -> None:
    old = iommu("renesas,ipmmu-r8a7790", "renesas,ipmmu-vmsa")
    assert driver_of(old).below == 32


def test_a_mask_of_the_node_stands_in_for_the_second_cell() -> None:
    masked = iommu("arm,mmu-500", stream_match_mask=0x7F80)
    assert translate(masked, (5,)).ids == (0x7F80_0005,)
    assert translate(masked, (5, 1)).ids == (0x1_0005,), "the cell counts before it"


@pytest.mark.parametrize("compatible", ["mediatek,mt8183-m4u", "apple,t8103-dart"])
@pytest.mark.parametrize("values", [(), (1, 2)])
def test_some_drivers_refuse_other_numbers_of_cells(
    compatible: str, values: tuple[int, ...]
) -> None:
    done = translate(iommu(compatible), values)
    assert (done.error, done.problem, done.ids) == ("-EINVAL", "cells", ())


def test_others_read_a_cell_that_is_not_there() -> None:
    assert translate(iommu("arm,smmu-v3"), ()).problem == "cells"
    assert translate(iommu("arm,mmu-500"), ()) == Translated(
        (0,), "", "cells", "arm-smmu takes the missing cell for id 0"
    )


def test_context_banks_are_children_of_the_iommu() -> None:
    board = board_of(
        """
        q: q { compatible = "qcom,msm-iommu-v1"; #iommu-cells = <1>;
          a@4000 { reg = <0x4000 0x1000>; };
          b@5000 { reg = <0x5000 0x1000>; qcom,ctx-asid = <9>; };
          c@6000 { reg = <0x6000 0x1000>; status = "disabled"; }; };
        """
    )
    banks = node(board, "/q")
    assert translate(banks, (4,)).ids == (4,)
    assert translate(banks, (9,)).ids == (9,)
    for number in (5, 6, 0):
        done = translate(banks, (number,))
        assert (done.error, done.problem) == ("-EINVAL", "bounds")
    assert "banks: 4, 9" in translate(banks, (5,)).verdict


def test_drivers_without_of_xlate_translate_nothing() -> None:
    for name in ("ti,omap2-iommu", "ti,dra7-iommu", "xen,grant-dma", "mediatek,mt2701-m4u"):
        assert driver_of(iommu(name)).translate is None
        assert translate(iommu(name), (1,)) == Translated()


def test_an_unknown_driver_takes_the_cells_as_they_are() -> None:
    unknown = iommu("acme,mmu", "acme,old-mmu")
    assert translate(unknown, (1, 2, 3)) == Translated((1, 2, 3))
    assert driver_of(unknown).name == "acme,mmu"
    assert not xlate.is_known(driver_of(unknown))
    assert driver_of(Node("bare")).name == ""


def test_the_first_compatible_that_is_known_counts() -> None:
    assert driver_of(iommu("qcom,sdm845-smmu-500", "arm,mmu-500")).name == "arm-smmu"
    assert driver_of(iommu("mediatek,mt2701-m4u")).name == "mtk-iommu-v1"


def test_two_compatibles_of_one_driver_are_one_driver() -> None:
    assert same_driver(iommu("arm,mmu-401"), iommu("arm,mmu-500"))
    assert not same_driver(iommu("arm,mmu-401"), iommu("arm,smmu-v3"))
    assert same_driver(iommu("acme,new", "acme,mmu"), iommu("acme,mmu"))
    assert not same_driver(iommu("acme,mmu"), iommu("other,mmu"))


def test_the_table_is_whole() -> None:
    """Each driver says where its facts come from, and counts its cells."""
    for driver in drivers():
        assert driver.source.startswith("kernel ")
        assert driver.cells
        assert driver.compatible
        assert driver.group in ("id", "iommu", "device")


@pytest.fixture
def own() -> Iterator[Driver]:
    """A driver of one's own, in the registry for one test."""

    def swap(driver: Driver, provider: Node, values: tuple[int, ...]) -> Translated:
        return Translated(tuple(reversed(values)))

    driver = Driver("acme-mmu", ("acme,*-mmu", "arm,mmu-500"), (2,), swap)
    xlate.register(driver)
    yield driver
    xlate.unregister(driver)


def test_a_registered_driver_comes_first(own: Driver) -> None:
    assert drivers()[0] is own
    assert translate(iommu("acme,x1-mmu"), (1, 2)).ids == (2, 1)
    assert translate(iommu("arm,mmu-500"), (1, 2)).ids == (2, 1)
    assert driver_of(iommu("acme,mmu")).name == "acme,mmu", "the star wants its part"


def test_an_unregistered_driver_is_gone() -> None:
    assert drivers()[0].name == "arm-smmu"
    with pytest.raises(ValueError, match="not in list"):
        xlate.unregister(Driver("none", (), (), None))
