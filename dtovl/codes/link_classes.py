"""Kinds of links that have rules of their own (L020 to L037)."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

MAP_ROW = Code(
    "L020",
    "id-map-row",
    Severity.WARNING,
    message="{property} row {row}: {reason}",
    suggestion="let each id stand in one row",
    source="kernel of_map_id (drivers/of/base.c)",
    explanation="""Two rows of `iommu-map` or `msi-map` hold the same ids. The first one counts; the
device works with another id, or another IOMMU, than the second row says.

    iommu-map = <0x0 &smmu 0x0 0x20>, <0x10 &smmu 0x80 0x10>;
    iommu-map = <0x0 &smmu 0x0 0x10>, <0x10 &smmu 0x80 0x10>;

A row of length 0 fits no id at all. It is info: the firmware of the board often fills such rows in
before it starts the kernel.""",
)

IOMMU_DRIVERS = Code(
    "L021",
    "iommu-drivers-differ",
    Severity.ERROR,
    message="{property}[{index}]: {supplier} and {other} have different drivers",
    suggestion="give a master IOMMUs of one driver alone",
    source="kernel iommu_fwspec_init (drivers/iommu/iommu.c), of_iommu_configure",
    explanation="""A device has several IOMMUs, and they share no string of `compatible`, so that
different drivers take them. The kernel keeps one set of operations for a device: at the second
IOMMU it gives up with -EINVAL, logs that at debug level only, and the device works without any.

    gpu { iommus = <&smmu 1>, <&acme_mmu 2>; };
    gpu { iommus = <&smmu 1>, <&smmu 2>; };

Several IOMMUs of one driver are fine.""",
)

IOMMU_SHARED = Code(
    "L022",
    "iommu-id-shared",
    Severity.INFO,
    message="{property}[{index}]: shares id {shared_id} of {supplier} with {other}",
    suggestion="give each master an id of its own where the hardware has one",
    source="kernel iommu_group_get_for_dev (drivers/iommu/iommu.c)",
    explanation="""Two devices have the same id at the same IOMMU, so it cannot tell them apart and
puts them into one group: they share one address space, and can be handed to a virtual machine only
together. A device that joins late finds the choices for the group already made.

    dpu { iommus = <&smmu 2>; };
    vpu { iommus = <&smmu 2>; };

It is right where the hardware has one id for both.""",
)

IOMMU_BYPASS = Code(
    "L023",
    "iommu-disabled",
    Severity.WARNING,
    message="{property}[{index}]: {supplier} is disabled, {consumer} bypasses {bypassed}",
    suggestion="enable {disabled}, or drop the entry",
    source="kernel of_iommu_configure, of_iommu_xlate (drivers/iommu/of_iommu.c)",
    explanation="""At the first IOMMU that is disabled the kernel stops reading `iommus`: there is
none, it says, and the device works with physical addresses. Also IOMMUs named before it no longer
count, and those named behind it are not looked at. Nothing is logged. An IOMMU below a disabled
node never registers, which comes to the same once the kernel waits for it no longer.

    gpu { iommus = <&smmu0 1>, <&smmu1 1>; };           # smmu1 is disabled
    &smmu1 { status = "okay"; };

It is info when all IOMMUs of the device are disabled, as is common and mostly on purpose, and for
rows of `iommu-map`, which bypass for their own ids alone.""",
)

NAMES = Code(
    "L024",
    "names-differ",
    Severity.WARNING,
    message="{property}: {entry_count}, {name_count}",
    suggestion="give each entry a name, in the same order",
    source="kernel of_property_match_string; Devicetree bindings of the list",
    explanation="""Drivers look entries up by name: the place of the name in `clock-names` is that
of the entry in `clocks`. A name without entry fails with -ENOENT when the driver asks for it; an
entry without name can only be had by its number. A hole (`<0>`) counts as an entry. Overlays that
replace one of the two properties, and not the other, bring this about.

    clocks = <&clk 1>;
    clock-names = "core", "bus";

Mended: `clocks = <&clk 1>, <&clk 2>;`. Entries of `interconnects` come in pairs, with one name for
a pair; an odd number is info.""",
)

PIN_STATES = Code(
    "L025",
    "pinctrl-states",
    Severity.WARNING,
    message="{what}",
    suggestion="number the states pinctrl-0, pinctrl-1 ... without gap, and name each",
    source="kernel pinctrl_dt_to_map (drivers/pinctrl/devicetree.c)",
    explanation="""The kernel reads `pinctrl-0`, `pinctrl-1` and so on until one is missing; states
behind a gap do not exist for it. `pinctrl-names` gives them names by their place. A state without
name is called by its number: then there is no state `default`, and the pins are not set up when the
driver probes. Names without a state are never found.

    pinctrl-names = "default", "sleep";
    pinctrl-0 = <&uart_pins>;
    pinctrl-2 = <&uart_sleep>;              # never reached

Mended: `pinctrl-1 = <&uart_sleep>;`. An overlay that only sets `pinctrl-0` needs `pinctrl-names`,
unless the base has it.""",
)

SUPPLY_CELLS = Code(
    "L026",
    "supply-with-arguments",
    Severity.WARNING,
    message="{property}: only the first cell is read",
    suggestion="name one regulator, without arguments",
    source="kernel of_get_regulator (drivers/regulator/core.c)",
    explanation="""A `-supply` property holds the phandle of one regulator. What stands behind it is
ignored: a second regulator is not switched on.

    vcc-supply = <&ldo1 &ldo2>;
    vcc-supply = <&ldo1>;
    vio-supply = <&ldo2>;""",
)

GRAPH = Code(
    "L027",
    "graph-one-way",
    Severity.WARNING,
    message="{property}: {supplier} {fault}",
    suggestion="let the endpoints at both ends refer to each other",
    source="Devicetree graph bindings; kernel of_graph_get_remote_endpoint",
    explanation="""A link between two devices, such as camera and receiver, is written at both ends:
each endpoint names the other one. Here the other end has no `remote-endpoint`, or it names a third
endpoint. Drivers that start from the other end do not find this device. Two overlays that both
connect to one endpoint of the base look so: the later one wins.

    camera { port { cam: endpoint { remote-endpoint = <&csi>; }; }; };
    csi { port { csi: endpoint { }; }; };

Mended: `csi: endpoint { remote-endpoint = <&cam>; };`. It is an error when the target is no
endpoint at all, commonly the device or its port.""",
)

CELLS_TOO_LARGE = Code(
    "L028",
    "too-many-cells",
    Severity.ERROR,
    message="{property}[{index}]: {cells_property} of {supplier} is {cells}, at most 16",
    suggestion="mend {cells_property} of {supplier}",
    source="kernel of_phandle_iterator_args, MAX_PHANDLE_ARGS (drivers/of/base.c)",
    explanation="""A supplier asks for more arguments than the kernel can hold: it warns with a
stack trace and cuts them to 16. In practice the count is wrong, say a phandle or an address that
got into it.

    clk: clock-controller@1000 { #clock-cells = <0x1000>; };
    clk: clock-controller@1000 { #clock-cells = <1>; };""",
)

ASSIGNED = Code(
    "L029",
    "assigned-clocks-mismatch",
    Severity.ERROR,
    message="{property}: {what}",
    suggestion="write one value for each entry of assigned-clocks, in the same order",
    source="kernel __set_clk_parents, __set_clk_rates (drivers/clk/clk-conf.c)",
    explanation="""Parents and rates belong to the entries of `assigned-clocks` by their place. A
parent without clock lets the probe of the device fail, with -ENOENT. A rate without clock is
ignored (a warning). A hole in `assigned-clocks` with a rate other than 0 stops the count of Linux
6.1, and all later rates are lost (a warning).

    assigned-clocks = <&clk 1>;
    assigned-clock-parents = <&pll 0>, <&pll 1>;
    assigned-clocks = <&clk 1>, <&clk 2>;

A hole among the parents, or a rate of 0, leaves that clock as it is.""",
)

HOG = Code(
    "L030",
    "gpio-hog-wrong",
    Severity.ERROR,
    message="gpio hog: {fault}",
    suggestion="put the hog below a gpio-controller, with whole specifiers in `gpios` and one of "
    "`input`, `output-low`, `output-high`",
    source="kernel of_parse_own_gpio (drivers/gpio/gpiolib-of.c)",
    explanation="""A hog takes lines of the GPIO controller that it stands in: its `gpios` holds
bare specifiers, without phandle, as many cells as the controller's `#gpio-cells` for each
line. One of `input`, `output-low`, `output-high` says what becomes of it; without any the kernel
skips the hog (`no hogging state specified, bailing out`), and the line stays as it was.

    gpio0: gpio@0 { gpio-controller; #gpio-cells = <2>;
            led-hog { gpio-hog; gpios = <3 0>; };
    };

Mended: `led-hog { gpio-hog; gpios = <3 0>; output-high; };`. An overlay adds a hog to the
controller: `&gpio0 { led-hog { ... }; };`.""",
)

SINGULAR = Code(
    "L032",
    "gpio-singular",
    Severity.INFO,
    message="{property}: use {plural}",
    suggestion="write `{plural}`",
    source="Devicetree bindings: gpio.txt; kernel of_find_gpio (drivers/gpio/gpiolib-of.c)",
    explanation="""`-gpio` and `gpio` are the old names of `-gpios` and `gpios`. The kernel reads
both; bindings of today want the plural, also for a single line.

    reset-gpio = <&gpio0 7 0>;
    reset-gpios = <&gpio0 7 0>;

An overlay must spell it as the base does, or the node has both in the end: the plural wins.""",
)

REMOVED = Code(
    "L033",
    "reference-to-removed",
    Severity.ERROR,
    message="{property}[{index}] still refers to {was}, removed with {overlay}",
    suggestion="remove the overlay that refers to it first",
    source="kernel of_overlay_remove, node_overlaps_later_cs (drivers/of/overlay.c)",
    explanation="""The kernel refuses to remove an overlay only when a later one changed the same
nodes. That a property elsewhere holds the phandle of a node that goes, it does not see: the value
stays and leads nowhere. When the overlay comes back its nodes may get other phandles, and a number
that is free again may become that of an unrelated node.

    a.dtso    &soc { pll: pll@200 { ... }; };
    b.dtso    &soc { spi@300 { clocks = <&pll>; }; };

Removing a while b is there leaves spi@300 without its clock. Mended: remove b first, then a.""",
)

DEFERRED = Code(
    "L034",
    "deferred-for-good",
    Severity.ERROR,
    message="{path}: {reason}",
    suggestion="mend the first cause of the chain: `dtovl probe --why` with this node shows it",
    source="kernel driver_deferred_probe_add (drivers/base/dd.c); fw_devlink (drivers/base/core.c)",
    explanation="""In the simulation this device is never bound: it waits for a supplier that does
not come, because that is disabled, never becomes a device, has no driver, or waits itself. On the
board nothing is logged as an error; the device is missing, and stands in
/sys/kernel/debug/devices_deferred.

    display@0 { backlight = <&bl>; };
    bl: backlight { compatible = "pwm-backlight"; pwms = <&pwm 0 5000>; };
    pwm: pwm@1000 { compatible = "acme,pwm"; #pwm-cells = <2>; status = "disabled"; };

Mended where the chain ends: `&pwm { status = "okay"; };`. Without a table of drivers this means
that it cannot bind whatever the drivers are like.""",
)

DMA_RANGES = Code(
    "L035",
    "dma-ranges-wrong",
    Severity.WARNING,
    message="{property}{row_words}: {fault}",
    suggestion="write rows of: address of the devices, address of the parent bus, size",
    source="kernel of_dma_get_range (drivers/of/address.c), of_dma_configure_id",
    explanation="""`dma-ranges` says which addresses the devices of a bus reach in memory. Its rows
have as many cells as the bus's own `#address-cells`, the parent's, and the bus's `#size-cells`
together. A size of 0 lets the devices fail to probe with -EINVAL. A size with its last bit set is
taken for a mask, and 1 is added, with a warning in the log.

    dma-ranges = <0x0 0x0 0x3fffffff>;      # the last address in place of the size
    dma-ranges = <0x0 0x0 0x40000000>;""",
)

SYNC_STATE = Code(
    "L036",
    "sync-state-held-back",
    Severity.INFO,
    message="{path}: sync_state waits for {waiting}",
    suggestion="let the consumers bind, or disable those that are not there",
    source="kernel device_links_flush_sync_list, dev_has_sync_state (drivers/base/core.c)",
    explanation="""Clocks, regulators and power domains that the boot loader left on stay on until
all consumers of the supplier have bound; then its driver is told (`sync_state`) and turns off what
nobody uses. Here a consumer never binds, so that never happens: the board works and uses more power
than it should.

    &wifi { status = "okay"; };             # its driver is not in this kernel
    &wifi { status = "disabled"; };""",
)

PARENT_DANGLING = Code(
    "L037",
    "interrupt-parent-dangling",
    Severity.ERROR,
    message="{property}: no node has phandle {number}{named_by}",
    suggestion="let interrupt-parent name an interrupt controller by its label",
    source="kernel of_irq_find_parent (drivers/of/irq.c)",
    explanation="""`interrupt-parent` holds a number that is no node's phandle (0 is none either),
and the search for the interrupt parent ends there. All devices below that have `interrupts`, and no
`interrupt-parent` nearer by, have none: each of them is reported as well.

    soc { interrupt-parent = <0x1>; uart@100 { interrupts = <0 5 4>; }; };
    soc { interrupt-parent = <&gic>; uart@100 { interrupts = <0 5 4>; }; };""",
)
