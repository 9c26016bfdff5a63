"""What goes wrong between masters and their IOMMU, and with reserved memory (DT68x)."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

ID_OUT_OF_BOUNDS = Code(
    "DT680",
    "iommu-id-out-of-bounds",
    Severity.WARNING,
    message="{property}[{index}]: {supplier} {verdict}",
    suggestion="write the id that the hardware has for this master",
    source="kernel of_iommu_xlate; of_xlate of the IOMMU driver",
    explanation="""The driver of an IOMMU takes the cells of `iommus` as an id, and knows how large
one may be. One that is too large is refused: the master works without IOMMU, which is logged at
debug level only. Or its high bits are cut off, and it is the id of another master. Which of the two
differs from driver to driver.

    smmu: iommu@1000 { #iommu-cells = <1>; };
    gpu { iommus = <&smmu 0x12345>; };
    gpu { iommus = <&smmu 0x2345>; };""",
)

FWSPEC_LEAK = Code(
    "DT681",
    "iommu-fwspec-leak",
    Severity.WARNING,
    message="{property}: {step} leaves the fwspec behind, and with it a reference on {supplier}",
    suggestion="let all entries lead to IOMMUs that are enabled and of one driver",
    source="kernel of_iommu_configure, iommu_fwspec_init, iommu_fwspec_free (drivers/iommu)",
    explanation="""The first entry of `iommus` makes the fwspec of the master, which holds a
reference on the IOMMU's node. When an entry fails after that (its IOMMU is disabled, of another
driver, not there in time, or refuses the id) the master works without IOMMU, but the fwspec stays
until the master is released. As long as it does, the node cannot be freed: removing the overlay
that brought the IOMMU leaves it behind. An entry that cannot be decoded does not count as failed:
the list just ends there.

    gpu { iommus = <&smmu0 1>, <&smmu1 1>; };           # smmu1 is disabled
    &smmu1 { status = "okay"; };""",
)

LATE_PROVIDER = Code(
    "DT682",
    "iommu-late-provider",
    Severity.WARNING,
    message="{path} probes before {supplier} registers: {outcome}",
    suggestion="bring the IOMMU's driver in before those of its masters, and built in",
    source="kernel of_iommu_configure, driver_deferred_probe_check_state (drivers/base/dd.c)",
    explanation="""A master is configured when its own driver probes, and its IOMMU has not been
registered by then. The kernel defers the master, and tries again once the IOMMU is there. But it
does so for a limited time: without modules until the initcalls are done, with them until the
deferral timeout. After that the master is probed without IOMMU, and stays so when the IOMMU comes:
until its driver is unbound and bound again.

    modules: false
    drivers:
    - {name: acme-smmu, match: 'acme,smmu', level: late}
    - {name: acme-gpu, match: 'acme,gpu', level: device}

Mended: `level: core` for the IOMMU's driver. On a kernel with modules it must come before the
deferral timeout.""",
)

REMOVED_PROVIDER = Code(
    "DT683",
    "iommu-removed-provider",
    Severity.ERROR,
    message="{path} keeps a fwspec for {supplier}, removed with {overlay}",
    suggestion="unbind and release the master first, or bring the IOMMU in the base",
    source="kernel iommu_fwspec_init (drivers/iommu/iommu.c); of_overlay_remove",
    explanation="""An overlay brings an IOMMU, and a device that it did not bring is its master. The
master's fwspec holds one counted reference, on the node of the first IOMMU that it names. When the
overlay is removed that node is taken out of the tree and cannot be freed (`ERROR: memory leak,
expected refcount 1 instead of 2`); further IOMMUs are not even held. The master goes on with the
operations of an IOMMU that is gone.

    board     gpu@1000 { compatible = "acme,gpu"; };
    overlay   &gpu { iommus = <&mmu 1>; };
              &soc { mmu: iommu@2000 { compatible = "acme,mmu"; #iommu-cells = <1>; }; };

Mended: let the base have the IOMMU, and the overlay enable both.""",
)

LATE_MEMORY = Code(
    "DT684",
    "late-reserved-memory",
    Severity.WARNING,
    message="{property}[{index}]: {supplier} is reserved memory that came after boot, {by}",
    suggestion="apply the overlay in the boot loader, or reserve the memory in the base",
    source="kernel fdt_init_reserved_mem, of_reserved_mem_lookup (drivers/of/of_reserved_mem.c)",
    explanation="""Memory is reserved once, when the kernel boots, from the tree that the boot
loader hands over. A region that an overlay adds later is only a node: nothing is reserved, and a
driver whose `memory-region` names it finds no region of that name.

    &{/reserved-memory} { cam_mem: cam@90000000 { reg = <0x90000000 0x1000000>; no-map; }; };
    &cam { memory-region = <&cam_mem>; };

It is right in an overlay that the boot loader applies, before the kernel starts.""",
)

IOMMU_CELLS = Code(
    "DT685",
    "iommu-wrong-cells",
    Severity.WARNING,
    message="#iommu-cells of {supplier} is {cells}, its driver takes {wanted}",
    suggestion="mend #iommu-cells of {supplier}, and the entries that refer to it",
    source="Devicetree bindings of the IOMMU; of_xlate of its driver",
    explanation="""How many cells stand behind the phandle of an IOMMU is not free: its driver reads
so many of them. With fewer it refuses, or reads what happens to stand in memory there; with more it
refuses, or ignores some.

    smmu: iommu@1000 { compatible = "arm,mmu-500"; #iommu-cells = <0>; };
    smmu: iommu@1000 { compatible = "arm,mmu-500"; #iommu-cells = <1>; };""",
)

MEMORY_PLACE = Code(
    "DT686",
    "reserved-memory-place",
    Severity.WARNING,
    message="{property}[{index}]: {supplier} {fault}",
    suggestion="make the region a child of /reserved-memory, with no-map or reusable, not both",
    source="Devicetree Specification v0.4, 3.5; kernel of_reserved_mem.c",
    explanation="""`memory-region` must name children of /reserved-memory: only these are reserved
when the kernel boots, and a driver finds no region for any other node. A region that the kernel
must not map (`no-map`) cannot also be lent to it while nobody uses it (`reusable`).

    / { buffer: buffer@90000000 { reg = <0x90000000 0x1000000>; }; };
    / { reserved-memory { buffer: buffer@90000000 { reg = <0x90000000 0x1000000>; no-map; }; }; };
""",
)
