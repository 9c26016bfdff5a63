"""DT1xx: overlays, their targets and fixups, and what applying them does."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

BASE_WITHOUT_SYMBOLS = Code(
    "DT101",
    "base-without-symbols",
    Severity.ERROR,
    message="{base} has no /__symbols__; {count} of {overlays} cannot be resolved",
    suggestion="build the base with `dtc -@` (Linux: `DTC_FLAGS_{stem} := -@` in the Makefile of "
    "its folder), or give its source with `--symbols-from {stem}.dts`",
    source="libfdt overlay_fixup_phandle; kernel of_resolve_phandles",
    explanation="""\
An overlay names nodes of the base by label. Labels exist in source only; `dtc -@` keeps them in
the node /__symbols__ of the blob. This base was built without -@, so no label can be found.
libfdt says FDT_ERR_BADOFFSET (to 1.7.0: FDT_ERR_NOTFOUND), Linux `no symbols in root of device
tree.` and -EINVAL. A boot loader that goes on after this has spoilt the base: the next overlay
then fails with FDT_ERR_BADMAGIC.

    dtc -I dts -O dtb board.dts > board.dtb          no symbols
    dtc -@ -I dts -O dtb board.dts > board.dtb       with symbols""",
)

WRONG_BOARD = Code(
    "DT102",
    "wrong-board",
    Severity.WARNING,
    message="{overlay} is for {wanted}, the base is {found}",
    suggestion="check that this is the overlay for this board",
    source="root `compatible` of overlay and base (Devicetree Specification v0.4, 2.3.1)",
    explanation="""\
The root node of the overlay has a `compatible` that shares no string with the base's. Neither
libfdt nor Linux looks at it, so the overlay may apply and do harm; some loaders (NixOS, for one)
skip it without a word. Often it explains labels or paths that are missing.

    / { compatible = "radxa,rock-s0"; };             in the overlay
    / { compatible = "radxa,rockpis"; };             in the base: another board""",
)

TARGET_PATH_MISSING = Code(
    "DT103",
    "target-path-missing",
    Severity.ERROR,
    message="{fragment} targets {target}, which is no node of {base}",
    suggestion="name the node by its label, or by the path it has in this base",
    source="libfdt fdt_overlay_target_offset; kernel find_target",
    explanation="""\
The `target-path` of a fragment leads to no node. Paths move between kernel releases and boards
(bus nodes are added, unit addresses change); labels mostly stay. Linux finds all targets before it
changes anything, so a fragment cannot target what an earlier fragment of the same overlay adds;
libfdt goes fragment by fragment. Linux wants every unit address, libfdt takes the first match
when it is left out; Linux takes no `//` and no `/` at the end.

    target-path = "/ocp/rtc@44e3e000";               worked with 4.19
    target = <&rtc>;                                 works wherever the label exists""",
)

LABEL_NOT_IN_BASE = Code(
    "DT104",
    "label-not-in-base",
    Severity.ERROR,
    message="label {label} is not in /__symbols__ of {base}",
    suggestion="use a label of this base, or define {label} in its source",
    source="libfdt overlay_fixup_phandle; kernel of_resolve_phandles",
    explanation="""\
The overlay refers to a node of the base by a label that the base does not have. All that libfdt
says is FDT_ERR_NOTFOUND; Linux prints `OF: resolver: node label '...' not found in live devicetree
symbols table`. Reasons: a typing error, the overlay of another board or kernel release, a label
that another overlay brings (which must then be applied before), a base built without `-@`.

    &uart6 { status = "okay"; };                     the base knows uart5 and uart4
    &uart5 { status = "okay"; };                     resolves""",
)

TARGET_PHANDLE_MISSING = Code(
    "DT105",
    "target-phandle-missing",
    Severity.ERROR,
    message="{fragment} targets phandle {phandle}, which no node of {base} has",
    suggestion="target a label (`target = <&label>`), and compile with a dtc that writes fixups",
    source="libfdt fdt_node_offset_by_phandle; kernel find_target",
    explanation="""\
The `target` of a fragment is a number that no node has as its phandle. A number written by hand
is not safe: phandles are renumbered by every build. 0xffffffff is the placeholder of dtc that a
fixup should have replaced: then `__fixups__` was dropped, for instance by decompiling and
compiling again. In Linux a label whose node has no phandle gives 0 here.

    target = <0x42>;                                 a number of some other build
    target = <&i2c1>;                                a fixup is written for it""",
)

TARGET_UNUSABLE = Code(
    "DT106",
    "target-unusable",
    Severity.ERROR,
    message="{fragment} has no usable target: {what}",
    suggestion='give the fragment `target = <&label>;` or `target-path = "/path";`',
    source="libfdt fdt_overlay_target_offset; kernel find_target",
    explanation="""\
Every node with an `__overlay__` child needs `target` (one phandle, 4 bytes) or `target-path` (one
string). libfdt wants exactly 4 bytes and takes `target = <0>` as if absent; Linux takes the first
cell of a longer value and looks up 0 as well. An alias in `target-path` must exist in /aliases.

    fragment@0 { __overlay__ { }; };                 no target
    fragment@0 { target = <&i2c1>; __overlay__ { }; };""",
)

STALE_SYMBOL = Code(
    "DT107",
    "stale-symbol",
    Severity.ERROR,
    message="label {label} of {base} is {value}, which {what}",
    suggestion="rebuild the base from source, so that /__symbols__ fits its nodes",
    source="libfdt fdt_path_offset; kernel of_resolve_phandles",
    explanation="""\
The base has the label, but what /__symbols__ says of it is no path of a node: the node was
deleted or renamed after the symbols were written, or the entry is malformed. libfdt says
FDT_ERR_NOTFOUND or FDT_ERR_BADPATH, Linux -ENOENT without any line in the log.

    __symbols__ { rtc = "/ocp/rtc@44e3e000"; };      the node has moved
    __symbols__ { rtc = "/ocp/.../rtc@0"; };         as dtc -@ writes it""",
)

LABEL_WITHOUT_PHANDLE = Code(
    "DT108",
    "label-without-phandle",
    Severity.ERROR,
    message="label {label} is {path} of {base}, which has no phandle",
    suggestion="rebuild the base with `dtc -@`: it gives every labelled node a phandle",
    source="libfdt overlay_fixup_phandle; kernel of_resolve_phandles",
    explanation="""\
The label exists, its node has no phandle property, so there is no number to refer to it by.
libfdt refuses with FDT_ERR_NOTFOUND. Linux writes 0 without complaint: a reference then points to
nothing, and a fragment with this target fails with `phandle 0x0 not found`.

    __symbols__ { led = "/leds/led"; };  leds { led { }; };
    leds { led { phandle = <7>; }; };                what dtc -@ makes of it""",
)

FIXUP_MALFORMED = Code(
    "DT109",
    "fixup-malformed",
    Severity.ERROR,
    message="__fixups__ entry of label {label} is malformed: {what}",
    suggestion="compile the overlay from source again; do not edit `__fixups__` by hand",
    source="libfdt overlay_fixup_phandle; kernel update_usages_of_a_phandle_reference",
    explanation="""\
Each label in `__fixups__` lists the cells that take its phandle, as strings
`path:property:offset`, each ended by a NUL. An entry is none of these, or names a node or property
that the overlay does not have. libfdt refuses with FDT_ERR_BADOVERLAY, FDT_ERR_BADPATH or
FDT_ERR_NOTFOUND; Linux refuses with -EINVAL, -ERANGE or -ENOENT, but passes over a missing node:
the cell then keeps its placeholder 0xffffffff. A value without NUL makes Linux read beyond it.

    i2c1 = "/fragment@0:target";                     offset missing
    i2c1 = "/fragment@0:target:0";                   well-formed""",
)

FIXUP_OUTSIDE = Code(
    "DT110",
    "fixup-outside",
    Severity.ERROR,
    message="{table} patches offset {offset} of {property}, which has {length} bytes",
    suggestion="compile the overlay from source again; do not feed this blob to a boot loader",
    source="libfdt overlay_fixup_one_phandle, overlay_update_local_node_references; kernel "
    "update_usages_of_a_phandle_reference, adjust_local_phandle_references",
    explanation="""\
A fixup or local fixup points outside the property it patches. This is worse than a refusal: for
negative and very large offsets libfdt of every version crashes or writes elsewhere, and from
1.7.1 it does not check the offsets of `__local_fixups__` at all: it silently changes other
properties and reports success. Linux checks, but for offsets of 0xfffffffc and above, which crash
it. dtovl refuses such a blob in any case.

    __local_fixups__ { n { ref = <4>; }; };          ref has 4 bytes: offsets 0 to 0
    __local_fixups__ { n { ref = <0>; }; };          the only cell""",
)

LOCAL_FIXUP_MALFORMED = Code(
    "DT111",
    "local-fixup-malformed",
    Severity.ERROR,
    message="__local_fixups__ is malformed: {what}",
    suggestion="compile the overlay from source again; do not edit `__local_fixups__` by hand",
    source="libfdt overlay_update_local_node_references; kernel adjust_local_phandle_references",
    explanation="""\
`__local_fixups__` mirrors the overlay's nodes and lists, per property, the byte offsets of cells
that hold a phandle of the overlay itself. It names a node or property that the overlay does not
have, or its value is no list of cells. libfdt says FDT_ERR_BADOVERLAY, Linux -EINVAL without any
line in the log. An empty value is an error in Linux only.

    __local_fixups__ { n { gone = <0>; }; };         n has no property `gone`
    __local_fixups__ { n { ref = <0>; }; };""",
)

PHANDLES_EXHAUSTED = Code(
    "DT112",
    "phandles-exhausted",
    Severity.ERROR,
    message="phandle {phandle} of the overlay has no room above {largest}, the largest of {base}",
    suggestion="renumber the phandles of {base}: rebuild it from source",
    source="libfdt overlay_phandle_add_offset; kernel adjust_overlay_phandles (does not check)",
    explanation="""\
The overlay's phandles are moved above the largest of the base. The sum does not fit 32 bits, or
is 0xffffffff, which is no phandle. libfdt says FDT_ERR_NOPHANDLES. Linux does not check: numbers
wrap and collide with those of the base.

    phandle = <0xfffffffe>;                          in the base, written by hand
    phandle = <0x42>;                                as dtc numbers""",
)

PHANDLE_MALFORMED = Code(
    "DT113",
    "phandle-malformed",
    Severity.ERROR,
    message="property {property} of the overlay has {length} bytes, a phandle has 4",
    suggestion="leave phandles to dtc: refer to nodes by label",
    source="libfdt overlay_phandle_add_offset",
    explanation="""\
A `phandle` or `linux,phandle` property of the overlay is not one cell. libfdt refuses with
FDT_ERR_BADPHANDLE; Linux takes the first cell of a longer one and ignores a shorter one.

    phandle = <1 2>;
    phandle = <1>;""",
)

PHANDLE_CLASH = Code(
    "DT114",
    "phandle-clash",
    Severity.ERROR,
    message="{base_path} has phandle {base_phandle} from {owner}, and the overlay brings another"
    "{because}",
    suggestion="{cure}",
    source="kernel add_changeset_node; libfdt overlay_prevent_phandle_overwrite",
    explanation="""\
The overlay adds to a node that exists in the base, and gives it a phandle of its own; `dtc -@`
gives one to every labelled node, so a label on a node that merges with one of the base is enough.
Linux refuses the whole overlay with -EINVAL and prints nothing. libfdt from 1.7.1 keeps the base's
phandle and turns the overlay's references to it; to 1.7.0 it overwrites the base's: references to
that node then dangle.

    &port { ep: endpoint { }; };                     the base has this endpoint, with a phandle
    &ep_of_base { };                                 refer to it by the label of the base""",
)

CELLS_CHANGED = Code(
    "DT115",
    "cells-changed",
    Severity.ERROR,
    message="the overlay changes {property} of {base_path} from {old} to {new}",
    suggestion="keep the value of the base, and write `reg` of the children in that form",
    source="kernel add_changeset_property",
    explanation="""\
`#address-cells` and `#size-cells` say how the `reg` of all children is read. Changing them under
existing children breaks these; Linux refuses with -EINVAL. libfdt changes them without a word.

    &soc { #address-cells = <2>; };                  the base has 1
    &soc { #address-cells = <1>; };                  equal values are passed over""",
)

CHANGED_TWICE = Code(
    "DT116",
    "changed-twice",
    Severity.ERROR,
    message="the overlay brings {what} more than once",
    suggestion="merge the fragments that touch it into one, with one value",
    source="kernel changeset_dup_entry_check",
    explanation="""\
Two fragments (or one, repeatedly) set one property, or add one node. Linux refuses the whole
overlay with -EINVAL, even when the values are equal. libfdt merges: the last value wins.

    &i2c1 { status = "okay"; };  &i2c1 { status = "okay"; };
    &i2c1 { status = "okay"; };                      once""",
)

NO_FRAGMENTS = Code(
    "DT117",
    "no-fragments",
    Severity.WARNING,
    message="{overlay} has no fragment: it changes nothing",
    suggestion="write `/plugin/;` and `&label {{ ... }};`, or fragments with `__overlay__`",
    source="kernel init_overlay_changeset; libfdt overlay_merge",
    explanation="""\
A fragment is a child of the root that has a child called `__overlay__`. This blob has none: it may
be a base, or be compiled from a source without /plugin/. libfdt applies it, to no effect; Linux
refuses with `no fragments or symbols in overlay` and -EINVAL.

    /dts-v1/; / { node { }; };                       a base
    /dts-v1/; /plugin/; &label { };                  an overlay""",
)

SYMBOL_EXISTS = Code(
    "DT118",
    "symbol-exists",
    Severity.ERROR,
    message="the overlay exports label {label}, which {owner} already has",
    suggestion="rename the label in the overlay, or compile it without `-@`",
    source="kernel add_changeset_property; libfdt overlay_symbol_update",
    explanation="""\
Labels of an overlay compiled with -@ are added to /__symbols__ of the base. Linux refuses one
that is there already, with -EINVAL and no line in the log; so one overlay with a label cannot be
applied twice. libfdt replaces the old one: overlays applied later resolve to the new node.

    sensor: temp@48 { };                             the base has a label `sensor`
    my_sensor: temp@48 { };""",
)

SYMBOL_UNUSABLE = Code(
    "DT119",
    "symbol-unusable",
    Severity.ERROR,
    message="the overlay exports label {label} as {value}, which {what}",
    suggestion="put labels on nodes inside a fragment only, or compile without `-@`",
    source="kernel dup_and_fixup_symbol_prop; libfdt overlay_symbol_update",
    explanation="""\
A symbol of the overlay must be `/fragment/__overlay__/...`, one string. Linux refuses anything
else with -ENOMEM (although no memory is short) and no line in the log, also a label on a fragment
node itself. libfdt passes over labels outside fragments, and refuses malformed ones with
FDT_ERR_BADVALUE or FDT_ERR_BADOVERLAY after it has merged the rest.

    f0: fragment@0 { __overlay__ { }; };             label outside
    fragment@0 { __overlay__ { n: node { }; }; };""",
)

SYMBOLS_WITHOUT_BASE = Code(
    "DT120",
    "symbols-without-base-symbols",
    Severity.ERROR,
    message="{overlay} exports labels, {base} has no /__symbols__ to put them in",
    suggestion="compile the overlay without `-@`, or the base with it",
    source="kernel init_overlay_changeset; libfdt overlay_symbol_update",
    explanation="""\
An overlay compiled with -@ wants to add its labels to /__symbols__ of the base, and the base has
none. Linux refuses with `symbols in overlay, but not in live tree`; libfdt creates the node.""",
)

STATUS_EMPTY = Code(
    "DT121",
    "status-empty",
    Severity.ERROR,
    message="{path} has a `status` without value: it crashes the kernel",
    suggestion='write `status = "okay";`, or leave it out',
    source="kernel of_reconfig_get_state_change (6.1)",
    explanation="""\
When a node or its status comes in at run time, Linux 6.1 compares the value of `status` as a
string. A value of length 0 has no byte to compare: the kernel faults. Linux 7.2 takes it as
disabled; libfdt copies it.

    status;
    status = "okay";""",
)

COMPATIBLE_UNTERMINATED = Code(
    "DT122",
    "compatible-unterminated",
    Severity.WARNING,
    message="`compatible` does not end in NUL: the kernel reads beyond it",
    suggestion='write it as a string: `compatible = "vendor,device";`',
    source="kernel of_device_uevent, of_match_device (6.1)",
    explanation="""\
A string ends at its NUL. When a device is made of this node, Linux 6.1 reads `compatible` on past
its end (KASAN: slab-out-of-bounds).

    compatible = [61 2c 62];
    compatible = "a,b";""",
)

FIXUP_PASSED_OVER = Code(
    "DT123",
    "fixup-passed-over",
    Severity.WARNING,
    message="label {label} is wanted by {entry}, and the overlay has no such node",
    suggestion="compile the overlay from source again",
    source="kernel update_usages_of_a_phandle_reference",
    explanation="""\
Linux passes over a fixup whose node it does not find in the overlay (its look-up wants unit
addresses and the exact case of letters). The cell keeps its placeholder, mostly 0xffffffff: a
reference to nothing. libfdt refuses the overlay.""",
)

BLOB_REFUSED = Code(
    "DT125",
    "blob-refused",
    Severity.ERROR,
    message="Linux cannot read {overlay}: {what}",
    suggestion="compile the overlay from source again; check how the file was copied",
    source="kernel of_overlay_fdt_apply, of_fdt_unflatten_tree",
    explanation="""\
The kernel checks the header of an overlay blob (`Invalid overlay_fdt header`), compares its size
with what it was given (no line in the log), and unflattens it (`unable to unflatten overlay_fdt`).
Any of these ends in -EINVAL. It checks less than libfdt: a missing end tag, a bad name offset or
a strange version may pass.""",
)

LISTENER_REFUSED = Code(
    "DT126",
    "listener-refused",
    Severity.ERROR,
    message="a listener refused the overlay with {error} before it was applied",
    suggestion="see which subsystem listens to overlays (`of_overlay_notifier_register`)",
    source="kernel overlay_notify",
    explanation="""\
Subsystems can listen to overlays. One of them answered the pre-apply notification with an error,
so nothing was built; the overlay's id stays taken until it is removed.""",
)

LABELS_WITHOUT_NODE = Code(
    "DT127",
    "labels-without-node",
    Severity.WARNING,
    message="{count} of {name} have no node in {base}",
    suggestion="give the source that {base} was built from",
    source="dtc generate_label_tree (livetree.c)",
    explanation="""\
`--symbols-from` takes labels from a source and looks up their nodes in the base by path. Some
paths are not there: the source is another version, or needs other `-D` definitions. Overlays that
use these labels are refused; those that use others may still apply.""",
)

DEVICE_NAME_TAKEN = Code(
    "DT128",
    "device-name-taken",
    Severity.ERROR,
    message="no device can be made of {path}: {other} has the same name and address",
    suggestion="give it another address, or disable {other}",
    source="kernel of_platform_notify, of_device_make_bus_id",
    explanation="""\
Linux names a platform device by its address and the name of its node without unit address. A
second device of one name cannot be registered. of_overlay_fdt_apply then returns -EINVAL, but the
overlay stays in the tree: the caller has to remove it. libfdt does not look at devices.

    dev@2000 { reg = <0x2000 0x10>; };  dev@2000,0 { reg = <0x2000 0x10>; };""",
)

TARGET_LATER = Code(
    "DT124",
    "target-in-same-overlay",
    Severity.ERROR,
    message="{fragment} targets {target}, which another fragment of the overlay adds",
    suggestion="write the content into the fragment that adds the node",
    source="kernel init_overlay_changeset; libfdt overlay_merge",
    explanation="""\
Linux looks up the targets of all fragments before it changes anything, so a fragment cannot
target a node that the same overlay adds. libfdt merges fragment by fragment and accepts it when
the fragments stand in that order.

    &soc { n { }; };  fragment@1 { target-path = "/soc/n"; ... };
    &soc { n { x; }; };""",
)
