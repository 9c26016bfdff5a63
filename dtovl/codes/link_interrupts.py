"""Interrupts, `interrupt-map`, and the maps of IOMMU and MSI ids (L012 to L019)."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

NO_PARENT = Code(
    "L012",
    "no-interrupt-parent",
    Severity.ERROR,
    message="{property}: no interrupt parent",
    suggestion="add `interrupt-parent = <&controller>;` to the node, or to one above it",
    source="kernel of_irq_find_parent, of_irq_parse_one (drivers/of/irq.c)",
    explanation="""A node has `interrupts`, and nobody who could read them: going from the node to
its `interrupt-parent`, or without one to its parent, up to the root, no node has
`#interrupt-cells`. The lookup fails with -EINVAL, and drivers mostly fail to probe.

    / { soc { uart@100 { interrupts = <0 5 4>; }; gic: gic@0 { #interrupt-cells = <3>; }; }; };

Mended: commonly once for all, at the root.

    / { interrupt-parent = <&gic>; soc { ... }; };""",
)

NOT_A_CONTROLLER = Code(
    "L013",
    "no-interrupt-controller",
    Severity.WARNING,
    message="{property}: {supplier} is no interrupt controller",
    suggestion="add `interrupt-controller;` to {supplier}, or name another interrupt parent",
    source="kernel of_irq_find_parent, of_irq_parse_raw (drivers/of/irq.c)",
    explanation="""The first node with `#interrupt-cells` on the way up from the device is its
interrupt parent, whatever it is. This one has neither `interrupt-controller` nor `interrupt-map`.
The kernel passes the interrupt on, unchanged, to the interrupt parent of that node, where the same
cells mean something else.

    bus { #interrupt-cells = <2>; dev@0 { interrupts = <5 4>; }; };
    bus { #interrupt-cells = <2>; interrupt-controller; dev@0 { interrupts = <5 4>; }; };

Also an `interrupt-parent` that names a node without `#interrupt-cells` leads here: the walk goes on
from that node and ends wherever the next count stands.""",
)

INTERRUPT_CELLS = Code(
    "L014",
    "interrupt-cells",
    Severity.ERROR,
    message="{property}: {counted}, {supplier} wants multiples of {want}",
    suggestion="write {want} cells for each interrupt",
    source="kernel of_irq_parse_one (drivers/of/irq.c)",
    explanation="""Each interrupt has as many cells as the interrupt parent's `#interrupt-cells`
says. Cells that are left over at the end are never read; mostly a cell is missing further in front,
and all interrupts behind it are wrong.

    gic: gic@0 { #interrupt-cells = <3>; interrupt-controller; };
    interrupts = <5 4>;                     # written for a parent that takes 2
    interrupts = <0 5 4>;""",
)

BOTH_FORMS = Code(
    "L015",
    "interrupts-ignored",
    Severity.WARNING,
    message="{property} is ignored, interrupts-extended is there",
    suggestion="keep one of the two",
    source="kernel of_irq_parse_one (drivers/of/irq.c)",
    explanation="""A node has `interrupts` and `interrupts-extended`. The kernel takes the second
and looks at the first only for an index that the second cannot answer. When an overlay adds one of
them to a node that has the other, this is easily missed.

    interrupts = <5 4>;
    interrupts-extended = <&gpio1 3 2>;     # the device now has this one alone

Mended: `/delete-property/ interrupts;` where both are source of the base, or write the one form in
the overlay that the base has. It is info when both begin with the same line: boards add a wake-up
interrupt that way.""",
)

MAP_MALFORMED = Code(
    "L016",
    "interrupt-map-malformed",
    Severity.ERROR,
    message="{property}{row_words}: {fault}",
    suggestion="write each row as: child address, child interrupt, parent, parent's address "
    "(`#address-cells` of the parent itself, none: 0 cells), parent's interrupt",
    source="kernel of_irq_parse_raw (drivers/of/irq.c)",
    explanation="""A row of `interrupt-map` cannot be read. How long it is depends on two nodes: the
node itself counts what stands before the phandle (`#address-cells`, `#interrupt-cells`), the parent
what stands behind it (its own `#address-cells`, none counts as 0, and `#interrupt-cells`).
Interrupts that have not been found in a row before then fail, and mostly all of them do. The mask
must have as many cells as address and interrupt of the child together.

    gic: gic@0 { #address-cells = <1>; #interrupt-cells = <3>; interrupt-controller; };
    interrupt-map = <0 0 0 1 &gic 0 5 4>, <0 0 0 2 &gic 0 6 4>;       # the address is missing

Mended:

    interrupt-map = <0 0 0 1 &gic 0 0 5 4>, <0 0 0 2 &gic 0 0 6 4>;

Some controllers have an `interrupt-map` of their own form, which the kernel does not read this way;
those are left out.""",
)

NO_ROW = Code(
    "L017",
    "interrupt-not-mapped",
    Severity.ERROR,
    message="{property}: no row of {supplier} matches",
    suggestion="add a row to interrupt-map of {supplier}, or mend its mask",
    source="kernel of_irq_parse_raw (drivers/of/irq.c)",
    explanation="""The interrupt parent translates by `interrupt-map`, and none of its rows fits the
unit address and interrupt of this device: address and interrupt, both cut by `interrupt-map-mask`,
must equal those of the row. Rows whose parent is disabled do not count. The device gets no
interrupt.

    interrupt-map-mask = <0 0 0 7>;
    interrupt-map = <0 0 0 1 &gic 0 5 4>;
    dev@0,0 { reg = <0 0 0 0 0>; interrupts = <2>; };   # INTB has no row

Mended: `interrupt-map = <0 0 0 1 &gic 0 5 4>, <0 0 0 2 &gic 0 6 4>;`""",
)

MAP_LENGTH = Code(
    "L018",
    "id-map-length",
    Severity.ERROR,
    message="{property}: {length} bytes, want multiples of 16",
    suggestion="write rows of four cells: id, phandle, id there, how many",
    source="kernel of_map_id (drivers/of/base.c)",
    explanation="""`iommu-map` and `msi-map` have rows of four cells: first id, phandle, first id at
the target, number of ids. The kernel refuses the whole map when its length is 0 or no multiple of
16 bytes. With `iommu-map` the devices behind the bridge then bypass the IOMMU.

    iommu-map = <0x0 &smmu 0x100>;
    iommu-map = <0x0 &smmu 0x100 0x10>;""",
)

MASKED_BASE = Code(
    "L019",
    "id-outside-mask",
    Severity.ERROR,
    message="{property} row {row}: mask {mask_hex} hides id {base_hex}",
    suggestion="let {property}-mask keep all bits of {base_hex}, or mend the row",
    source="kernel of_map_id (drivers/of/base.c)",
    explanation="""The id of a device is cut by the mask before it is compared with the rows. A row
that begins at an id with bits outside the mask can never be right; the kernel refuses it with
-EFAULT and does not look at the rows behind it.

    iommu-map-mask = <0xff>;
    iommu-map = <0x100 &smmu 0x0 0x10>;

Mended: `iommu-map-mask = <0xffff>;`""",
)
