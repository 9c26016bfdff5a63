"""What the drivers of IOMMUs make of the cells behind their phandle: the registry of `of_xlate`.

The table below is read at first use. A driver that it does not have is added with register().
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from dtovl.links.board import compatibles, is_okay
from dtovl.model.cells import cell
from dtovl.model.entries import read_count

if TYPE_CHECKING:
    from dtovl.model.node import Node

Group = Literal["id", "iommu", "device"]
Problem = Literal["", "bounds", "cells"]

# driver    who registers the operations; two drivers cannot serve one master
# how       the function below that says what ids become of the cells; `own`: the driver has no
#           of_xlate in Linux 6.1 and reads `iommus` itself
# cells     the numbers of cells that the driver takes, a comma between; the first is the usual one
# below     ids are below this number, `-` where only the hardware knows
# group     who shares a group: masters with one `id`, all of one `iommu`, each `device` is alone
# keeps     what of_xlate allocates or takes for a master besides the fwspec, `-` for nothing
# compatible  as the driver's match table has them; `*` stands for any characters
TABLE = """
# driver          how      cells  below  group   keeps           compatible
arm-smmu          stream   1,2    65536  id      -               arm,smmu-v1 arm,smmu-v2
arm-smmu          stream   1,2    65536  id      -               arm,mmu-400 arm,mmu-401 arm,mmu-500
arm-smmu          stream   1,2    65536  id      -               cavium,smmu-v2 nvidia,smmu-500
arm-smmu          stream   1,2    65536  id      -               qcom,smmu-v2 qcom,smmu-500
arm-smmu-v3       first    1      -      device  -               arm,smmu-v3
rockchip          none     0      -      iommu   rk_iommudata    rockchip,iommu
rockchip          none     0      -      iommu   rk_iommudata    rockchip,rk3568-iommu
exynos-sysmmu     none     0      -      device  iommu_owner     samsung,exynos-sysmmu
mtk-iommu-v1      own      1      1024   device  -               mediatek,mt2701-m4u
mtk-iommu-v1      own      1      1024   device  -               mediatek,mt7623-m4u
mtk-iommu         exact    1      1024   iommu   -               mediatek,mt*-m4u
mtk-iommu         exact    1      1024   iommu   -               mediatek,mt*-iommu-*
ipmmu-vmsa        first    1      32     iommu   -               renesas,ipmmu-vmsa
ipmmu-vmsa        first    1      48     iommu   -               renesas,ipmmu-r8a774a1
ipmmu-vmsa        first    1      48     iommu   -               renesas,ipmmu-r8a774b1
ipmmu-vmsa        first    1      48     iommu   -               renesas,ipmmu-r8a774c0
ipmmu-vmsa        first    1      48     iommu   -               renesas,ipmmu-r8a774e1
ipmmu-vmsa        first    1      48     iommu   -               renesas,ipmmu-r8a7795
ipmmu-vmsa        first    1      48     iommu   -               renesas,ipmmu-r8a7796*
ipmmu-vmsa        first    1      48     iommu   -               renesas,ipmmu-r8a7797*
ipmmu-vmsa        first    1      48     iommu   -               renesas,ipmmu-r8a7798*
ipmmu-vmsa        first    1      48     iommu   -               renesas,ipmmu-r8a7799*
ipmmu-vmsa        first    1      64     iommu   -               renesas,ipmmu-r8a779a0
ipmmu-vmsa        first    1      64     iommu   -               renesas,ipmmu-r8a779f0
ipmmu-vmsa        first    1      64     iommu   -               renesas,rcar-gen4-ipmmu-vmsa
sun50i-iommu      first    1      6      iommu   -               allwinner,sun50i-*-iommu
qcom-iommu        context  1      -      device  -               qcom,msm-iommu-v1
qcom-iommu        context  1      -      device  -               qcom,msm-iommu-v2
msm-iommu         first    1      -      device  msm_ctx_dev     qcom,apq8064-iommu
tegra-smmu        first    1      -      device  -               nvidia,tegra30-mc
tegra-smmu        first    1      -      device  -               nvidia,tegra114-mc
tegra-smmu        first    1      -      device  -               nvidia,tegra124-mc
tegra-smmu        first    1      -      device  -               nvidia,tegra132-mc
tegra-smmu        first    1      -      device  -               nvidia,tegra210-mc
tegra-gart        none     0      -      device  -               nvidia,tegra20-mc-gart
apple-dart        exact    1      256    id      dart_cfg        apple,t8110-dart
apple-dart        exact    1      64     id      dart_cfg        apple,t*-usb4-dart
apple-dart        exact    1      16     id      dart_cfg        apple,t*-dart apple,s5l*-dart
virtio-iommu      first    1      -      device  -               virtio,mmio virtio,pci-iommu
virtio-iommu      first    1      -      device  -               pci1af4,1057
riscv-iommu       first    1      -      device  -               riscv,iommu riscv,pci-iommu
sprd-iommu        none     0      -      iommu   -               sprd,iommu-v1
omap-iommu        own      0      -      iommu   -               ti,omap2-iommu ti,omap4-iommu
omap-iommu        own      0      -      iommu   -               ti,dra7-iommu ti,dra7-dsp-iommu
xen-grant-dma     own      1      -      device  -               xen,grant-dma
"""

_SOURCES = {
    "arm-smmu": "arm_smmu_of_xlate, arm_smmu_probe_device (arm/arm-smmu/arm-smmu.c)",
    "arm-smmu-v3": "arm_smmu_of_xlate, arm_smmu_insert_master (arm/arm-smmu-v3/arm-smmu-v3.c)",
    "rockchip": "rk_iommu_of_xlate (rockchip-iommu.c)",
    "exynos-sysmmu": "exynos_iommu_of_xlate (exynos-iommu.c)",
    "mtk-iommu": "mtk_iommu_of_xlate (mtk_iommu.c), MTK_M4U_ID (mtk-memory-port.h)",
    "mtk-iommu-v1": "mtk_iommu_v1_create_mapping (mtk_iommu_v1.c)",
    "ipmmu-vmsa": "ipmmu_of_xlate, struct ipmmu_features (ipmmu-vmsa.c)",
    "sun50i-iommu": "sun50i_iommu_of_xlate, NUM_MASTERS (sun50i-iommu.c)",
    "qcom-iommu": "qcom_iommu_of_xlate, get_asid (arm/arm-smmu/qcom_iommu.c)",
    "msm-iommu": "qcom_iommu_of_xlate, insert_iommu_master (msm_iommu.c)",
    "tegra-smmu": "tegra_smmu_of_xlate (tegra-smmu.c)",
    "tegra-gart": "gart_iommu_of_xlate (tegra-gart.c)",
    "apple-dart": "apple_dart_of_xlate, DART_MAX_STREAMS (apple-dart.c)",
    "virtio-iommu": "viommu_of_xlate (virtio-iommu.c)",
    "riscv-iommu": "riscv_iommu_of_xlate (riscv/iommu.c), newer than 6.1",
    "sprd-iommu": "sprd_iommu_of_xlate (sprd-iommu.c)",
    "omap-iommu": "omap_iommu_probe_device (omap-iommu.c)",
    "xen-grant-dma": "grant_dma_iommu_ops (drivers/xen/grant-dma-iommu.c)",
}

# What the kernel keeps of a master besides its fwspec, in words.
_KEPT = {
    "-": "",
    "rk_iommudata": "a struct rk_iommudata, anew at each call, freed with the DMA device only",
    "iommu_owner": "a struct exynos_iommu_owner, made by the first entry",
    "msm_ctx_dev": "a struct msm_iommu_ctx_dev on the list of the IOMMU",
    "dart_cfg": "a struct apple_dart_master_cfg, made by the first entry",
}

_REFUSED = "-EINVAL"
_CONTEXT_BYTES = 0x1000  # context banks of qcom,msm-iommu-v* are so far apart
_MOST_BANKS = 256  # the driver counts them in eight bits
_MASK_SHIFT = 16
_LOW = 0xFFFF


class Translated(NamedTuple):
    """What of_xlate makes of one entry.

    ids are added to the fwspec; error is what it returns ("" for success), problem what is wrong
    with the entry, verdict says so in words (empty: nothing is wrong).
    """

    ids: tuple[int, ...] = ()
    error: str = ""
    problem: Problem = ""
    verdict: str = ""


class Translate(Protocol):
    """Says what a driver makes of the cells; values may be fewer or more than it takes."""

    def __call__(self, driver: Driver, provider: Node, values: tuple[int, ...]) -> Translated:
        """Give what becomes of one entry; provider is the IOMMU's node."""


class Driver(NamedTuple):
    """A driver of IOMMUs, as the table describes it.

    translate is None when the driver has no of_xlate; below 0: no bound is known; keeps is what
    of_xlate allocates per master, in words; source names the functions.
    """

    name: str
    compatible: tuple[str, ...]
    cells: tuple[int, ...]
    translate: Translate | None
    below: int = 0
    group: Group = "device"
    keeps: str = ""
    source: str = ""

    @property
    def wanted(self) -> str:
        """Give the numbers of cells in words: `1 or 2`."""
        return " or ".join(map(str, self.cells))


# -- what drivers do with the cells ----------------------------------------------------------------


def no_id(driver: Driver, provider: Node, values: tuple[int, ...]) -> Translated:
    """Take no id: the IOMMU serves all that its masters do."""
    return Translated()


def first(driver: Driver, provider: Node, values: tuple[int, ...]) -> Translated:
    """Take the first cell as it is; nobody looks whether it is there."""
    if not values:
        return Translated((), "", "cells", f"{driver.name} reads a cell that is not there")
    number = values[0]
    if driver.below and number >= driver.below:
        return Translated((number,), "", "bounds", _too_large(driver, number))
    return Translated((number,))


def stream(driver: Driver, provider: Node, values: tuple[int, ...]) -> Translated:
    """Take 16 bits of stream id, and 16 bits of mask: second cell, or `stream-match-mask`."""
    number = values[0] if values else 0
    mask = values[1] if len(values) > 1 else read_count(provider, "stream-match-mask") or 0
    ids = (number & _LOW | (mask & _LOW) << _MASK_SHIFT,)
    if not values:
        return Translated(ids, "", "cells", f"{driver.name} takes the missing cell for id 0")
    if number > _LOW:
        return Translated(ids, "", "bounds", f"cuts id {number:#x} to {number & _LOW:#x}")
    if mask > _LOW:
        return Translated(ids, "", "bounds", f"cuts mask {mask:#x} to {mask & _LOW:#x}")
    return Translated(ids)


def exact(driver: Driver, provider: Node, values: tuple[int, ...]) -> Translated:
    """Take the one cell; any other number of cells is refused."""
    if len(values) != 1:
        return _refuse_cells(driver, values)
    return first(driver, provider, values)


def context(driver: Driver, provider: Node, values: tuple[int, ...]) -> Translated:
    """Take the number of a context bank, which is a child of the IOMMU; another is refused."""
    if len(values) != 1:
        return _refuse_cells(driver, values)
    banks = _context_banks(provider)
    number = values[0]
    if number not in banks:
        known = ", ".join(map(str, sorted(banks))) or "none"
        verdict = f"has no context bank {number} (banks: {known}): {driver.name} refuses it"
        return Translated((), _REFUSED, "bounds", verdict)
    return Translated((number,))


def _context_banks(provider: Node) -> set[int]:
    found = set()
    for child in islice(provider.children.values(), _MOST_BANKS):
        place = child.properties.get("reg", b"")
        if len(place) >= 4 and is_okay(child):
            given = read_count(child, "qcom,ctx-asid")
            found.add(cell(place) // _CONTEXT_BYTES if given is None else given)
    return found


def _too_large(driver: Driver, number: int) -> str:
    return f"has ids below {driver.below}, {number:#x} is none of {driver.name}"


def _refuse_cells(driver: Driver, values: tuple[int, ...]) -> Translated:
    verdict = f"is given {len(values)} cells: {driver.name} refuses all but {driver.wanted}"
    return Translated((), _REFUSED, "cells", verdict)


_FUNCTIONS: dict[str, Translate | None] = {
    "none": no_id,
    "first": first,
    "stream": stream,
    "exact": exact,
    "context": context,
    "own": None,
}


def generic(driver: Driver, provider: Node, values: tuple[int, ...]) -> Translated:
    """Take the cells as they are: what is known of a driver that nobody described."""
    return Translated(values)


# -- the registry ----------------------------------------------------------------------------------

_added: list[Driver] = []
_tabled: list[Driver] = []

# What was found for a `compatible`; boards name the same few again and again.
_known: dict[str, Driver | None] = {}
_MOST_KNOWN = 4096


def register(driver: Driver) -> None:
    """Add a driver, which comes before those of the table and those added before."""
    _added.insert(0, driver)
    _known.clear()


def unregister(driver: Driver) -> None:
    """Take an added driver out again. Raises ValueError when it is not there."""
    _added.remove(driver)
    _known.clear()


def drivers() -> tuple[Driver, ...]:
    """List all drivers, in the order in which they are looked for."""
    if not _tabled:
        _tabled.extend(_parse(line) for line in TABLE.splitlines() if line and line[0] != "#")
    return (*_added, *_tabled)


def driver_of(provider: Node) -> Driver:
    """Give the driver of an IOMMU: the first `compatible` that one knows, else a generic one.

    The generic driver is called by the first `compatible` ("" without), and takes any cells.
    """
    names = compatibles(provider)
    for name in names:
        driver = _known[name] if name in _known else _look_for(name)
        if driver is not None:
            return driver
    first_name = names[0] if names else ""
    count = read_count(provider, "#iommu-cells")
    wanted = () if count is None else (count,)
    return Driver(first_name, tuple(names), wanted, generic, group="id")


def _look_for(name: str) -> Driver | None:
    """Find the driver of a `compatible`, and remember it."""
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    found = next(
        (one for one in drivers() if any(_fits(pattern, name) for pattern in one.compatible)), None
    )
    _known[name] = found
    return found


def is_known(driver: Driver) -> bool:
    """Tell whether a driver was described, and is not the generic one."""
    return driver.translate is not generic


def same_driver(one: Node, other: Node) -> bool:
    """Tell whether two IOMMUs have one driver, hence one set of operations.

    Where the table knows both it decides; else they must have a `compatible` in common.
    """
    first_driver, second = driver_of(one), driver_of(other)
    if is_known(first_driver) and is_known(second):
        return first_driver.name == second.name
    return not set(compatibles(one)).isdisjoint(compatibles(other))


def translate(provider: Node, values: tuple[int, ...]) -> Translated:
    """Say what the driver of an IOMMU makes of one entry; nothing where it has no of_xlate."""
    driver = driver_of(provider)
    if driver.translate is None:
        return Translated()
    return driver.translate(driver, provider, values)


def _fits(pattern: str, name: str) -> bool:
    """Tell whether a name is as a pattern says; `*` stands for any characters."""
    if "*" not in pattern:
        return pattern == name
    beginning, *middle, ending = pattern.split("*")
    if not (name.startswith(beginning) and name.endswith(ending)):
        return False
    place, end = len(beginning), len(name) - len(ending)
    for part in middle:
        place = name.find(part, place, end)
        if place < 0:
            return False
        place += len(part)
    return place <= end


def _parse(line: str) -> Driver:
    name, how, counts, below, group, keeps, *compatible = line.split()
    return Driver(
        name,
        tuple(compatible),
        tuple(map(int, counts.split(","))),
        _FUNCTIONS[how],
        0 if below == "-" else int(below),
        group,  # type: ignore[arg-type]  # the table is ours
        _KEPT[keeps],
        f"kernel {_SOURCES[name]}",
    )
