"""Suppliers that nodes name in lists, whether usable, and cycles of them (L001 to L011)."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

DANGLING = Code(
    "L001",
    "phandle-dangling",
    Severity.ERROR,
    message="{property}[{index}]: no node has phandle {number}",
    suggestion="name the label that was meant; a compiled overlay needs an entry of `__fixups__`",
    source="kernel of_phandle_iterator_next (drivers/of/base.c); of_map_id for maps of ids",
    explanation="""A cell that names a supplier is no node's phandle: the number was written by
hand, the node was removed, or an overlay has lost the entry of `__fixups__` that resolves a label.
Where entries have arguments the kernel cannot tell where the next entry begins: the lookup fails
with -EINVAL, and so do those of all entries behind it. In lists without arguments that entry alone
is lost. In a row of `iommu-map` the device silently works without its IOMMU.

    uart@100 { clocks = <0x42 1>; };        # no node has phandle 0x42
    uart@100 { clocks = <&clk 1>; };

In a disabled node it is info: an overlay may be meant to bring what is missing.""",
)

UNCOUNTED = Code(
    "L002",
    "supplier-without-cells",
    Severity.ERROR,
    message="{property}[{index}]: {supplier} has no {missing}",
    suggestion="give {supplier} a {missing}, or refer to the node that has it",
    source="kernel __of_parse_phandle_with_args, of_phandle_iterator_next (drivers/of/base.c)",
    explanation="""The node that a list refers to does not say how many cells stand behind its
phandle. The count is read from that very node, never from one above or below it, and without it the
kernel can read neither this entry nor any behind it: the driver gets -EINVAL.

    mfd { #clock-cells = <1>; clk: oscillator { }; };
    uart@100 { clocks = <&clk 0>; };

Mended: the count stands where the phandle leads.

    mfd { clk: oscillator { #clock-cells = <1>; }; };

Often the label of the parent was taken where that of its child was meant, or the other way round.
An overlay may add the count to a node of the base: what counts is the merged tree.""",
)

SHORT = Code(
    "L003",
    "arguments-short",
    Severity.ERROR,
    message="{property}[{index}]: {supplier} wants {wanted}, {have} left",
    suggestion="count the cells of each entry against the supplier's `#...-cells`",
    source="kernel of_phandle_iterator_next (drivers/of/base.c)",
    explanation="""The value ends before the last entry has all the arguments that its supplier
wants. The kernel refuses that entry with -EINVAL. It need not be the wrong one: with an argument
missing further in front, a phandle is taken for an argument and all that follows is shifted.

    gpio0: gpio@0 { #gpio-cells = <2>; };
    reset-gpios = <&gpio0 7>;               # the flags are missing
    reset-gpios = <&gpio0 7 0>;""",
)

NOT_CELLS = Code(
    "L004",
    "not-whole-cells",
    Severity.ERROR,
    message="{property}: {length} bytes, not whole cells",
    suggestion="write it as cells, `<...>`",
    source="kernel of_phandle_iterator_init (drivers/of/base.c)",
    explanation="""A property that lists suppliers is no multiple of 4 bytes long. The kernel drops
the bytes at the end without a word and reads the rest. Commonly a string or a list of bytes was
written where cells were meant.

    clocks = "osc24m";
    clocks = <&osc24m>;""",
)

HOLE = Code(
    "L005",
    "empty-entry",
    Severity.INFO,
    message="{property}[{index}]: empty entry{behind}",
    suggestion="order the entries so that the optional one comes last",
    source="kernel of_phandle_iterator_next (drivers/of/base.c), of_link_property",
    explanation="""A cell 0 stands in place of a phandle. That is allowed: it keeps the indices of
the entries behind it, and asking for it gives -ENOENT. But fw_devlink asks for entry 0, 1, 2 ...
and stops at the first that gives no answer. It does not see the suppliers behind the hole, so it
does not wait for them; their driver has to defer by itself.

    clocks = <0>, <&clk 1>;                 # fw_devlink never waits for clk
    clocks = <&clk 1>, <0>;

dtc also takes -1 (0xffffffff) for an empty entry. The kernel looks that number up and finds
nothing: a list with arguments ends there, which is an error; in one without, this entry has
no node, which is a warning.

    clocks = <(-1)>, <&clk 1>;
    clocks = <0>, <&clk 1>;""",
)

DISABLED = Code(
    "L006",
    "supplier-disabled",
    Severity.WARNING,
    message="{property}[{index}]: {supplier} is disabled",
    suggestion="enable {supplier}, or drop the reference",
    source="kernel fw_devlink_create_devlink (drivers/base/core.c); drivers' lookups",
    explanation="""A node needs a supplier whose `status` is not okay, so that no driver takes it.
fw_devlink makes no link to it and does not wait. The driver asks for it and mostly gets
-EPROBE_DEFER, again and again: it never binds, and nothing is logged as an error. The device stands
in /sys/kernel/debug/devices_deferred. Where the driver takes the supplier as optional, it does
without.

    &i2c3 { status = "okay"; };             # its vcc-supply = <&reg_cam>, and
    reg_cam: regulator-cam { status = "disabled"; };

Mended: enable the two together.

    &reg_cam { status = "okay"; };
    &i2c3 { status = "okay"; };

It is info where the kernel does not wait for such a supplier by itself (`dmas`, plain references).
""",
)

BELOW_DISABLED = Code(
    "L007",
    "supplier-below-disabled",
    Severity.WARNING,
    message="{property}[{index}]: {supplier} lies below disabled {disabled}",
    suggestion="enable {disabled}, or drop the reference",
    source="kernel fw_devlink_create_devlink (drivers/base/core.c); of_platform_bus_create",
    explanation="""The supplier is okay by itself, but a node above it is disabled. The devices
below a disabled bus or chip are never made, so the supplier is as good as disabled: whoever needs
it mostly waits for good.

    &i2c1 { status = "disabled"; };         # has the PMIC on it
    sdhci { vmmc-supply = <&ldo3>; };       # a regulator of that PMIC

Mended: `&i2c1 { status = "okay"; };`.""",
)

NO_DEVICE = Code(
    "L008",
    "supplier-no-device",
    Severity.INFO,
    message="{property}[{index}]: {supplier} never becomes a device",
    suggestion="give {supplier}, or the node that it belongs to, a `compatible`",
    source="kernel fw_devlink_create_devlink (drivers/base/core.c)",
    explanation="""Neither the supplier nor any node above it, below the root, has `compatible`. So
no device is made that a driver could bind to, and fw_devlink, where it waits for suppliers of this
kind, waits for one that cannot come.

    reg: regulator-dummy { regulator-name = "dummy"; };
    reg: regulator-dummy { compatible = "regulator-fixed"; regulator-name = "dummy"; };

It is normal for reserved memory, CPUs, idle states and tables of operating points, which are no
devices and are not reported.""",
)

CYCLE = Code(
    "L009",
    "dependency-cycle",
    Severity.INFO,
    message="cycle of {count} devices: {listed}",
    suggestion="drop the reference that is not needed before probe, or (newer kernels) name its "
    "supplier in `post-init-providers`",
    source="kernel fw_devlink_relax_cycle (drivers/base/core.c)",
    explanation="""Each of these devices needs another one of them. fw_devlink notices, logs `Fixed
dependency cycle(s) with ...` and no longer waits within the cycle: drivers are probed in any order
and have to defer by themselves. More than half of all boards have such cycles and work: the two
ends of a graph link (`remote-endpoint`) always refer to each other. The JSON says `hard` when the
cycle is one of clocks, power domains, resets, phys, interrupts, supplies and parents alone.

    pll: clock-controller@1000 { clocks = <&phy 0>; };
    phy: phy@2000 { clocks = <&pll 3>; };

What can be done where drivers do not get out of it by themselves (L034): say which of the two is
only needed later. Linux 6.1 does not read this property yet.

    pll: clock-controller@1000 { clocks = <&phy 0>; post-init-providers = <&phy>; };""",
)

SELF = Code(
    "L010",
    "refers-to-itself",
    Severity.INFO,
    message="{property}[{index}]: refers to the device itself",
    suggestion="nothing to mend as a rule: normal for pin controllers and PMICs",
    source="kernel fw_devlink_create_devlink (drivers/base/core.c)",
    explanation="""The supplier belongs to the device that needs it: a pin controller with pins of
its own, a PMIC with one regulator fed by another. The driver core makes no link of a device to
itself; the driver has to register things in the right order.

    pmic@8 { buck1: buck1 { }; ldo1 { vin-supply = <&buck1>; }; };

It is only shown so that the list of links is complete.""",
)

DESCENDANT = Code(
    "L011",
    "supplier-below-consumer",
    Severity.INFO,
    message="{property}[{index}]: {supplier} is below its consumer",
    suggestion="move {property} to the child that needs it",
    source="kernel fw_devlink_create_devlink: fwnode_is_ancestor_of (drivers/base/core.c)",
    explanation="""A device needs something that lies below it in the tree, and that mostly comes
only when the device itself has probed. The driver core never makes such a link and does not wait.
It is common where a driver makes its children before it asks for them.

    usb@1000 {
            phys = <&port_phy>;
            port_phy: phy@0 { compatible = "acme,phy"; #phy-cells = <0>; };
    };

Where the child alone needs it, the reference belongs there.""",
)
