"""DT13x: what an overlay does silently, without use or with harm, although it applies."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

NO_EFFECT = Code(
    "DT130",
    "no-effect",
    Severity.WARNING,
    message="{count} without `compatible` {verb} made of {properties} only: no device results",
    suggestion="{cure}",
    source="kernel of_platform_notify; Devicetree Specification v0.4, 2.3.1",
    explanation="""\
The overlay wants to change a node, commonly to set its `status`, but the base has no such node:
path or unit address differ, or it is another board. So a new node is made that holds nothing else.
It has no `compatible`, so no driver binds to it: the overlay applies and nothing happens.

    &ocp { P9_40_pinmux { status = "disabled"; }; }; the base has no node of this name
    &P9_40_pinmux { status = "disabled"; };          by label: missing ones are an error""",
)

SAME_VALUE = Code(
    "DT131",
    "same-value",
    Severity.WARNING,
    message="{property} is set to {value}, the value it has{more}",
    suggestion="leave out what does not change",
    source="kernel add_changeset_property",
    explanation="""\
The property already has this value. It does no harm in a boot loader; at run time Linux records
an update all the same, leaks the copy when the overlay is removed, and ties the order of removal
of overlays to it.""",
)

LOOSE_SYMBOL = Code(
    "DT132",
    "loose-symbol",
    Severity.WARNING,
    message="label {label} is {value} in /__symbols__ of {base}, and only resolves to {found}",
    suggestion="rebuild the base from source, so that /__symbols__ fits its nodes",
    source="libfdt fdt_path_offset; kernel of_find_node_opts_by_path",
    explanation="""\
What /__symbols__ says of the label is not the path of the node it leads to: the unit address is
left out or stale, or it is an alias. libfdt takes the first node that fits, which may be another
one than meant; Linux wants the whole path.""",
)

SYMBOL_TO_NOWHERE = Code(
    "DT133",
    "symbol-to-nowhere",
    Severity.WARNING,
    message="label {label} in /__symbols__ is {value}, which is no node",
    suggestion="{cure}",
    source="kernel dup_and_fixup_symbol_prop; libfdt overlay_symbol_update",
    explanation="""\
An entry of /__symbols__ names a path that does not exist. Nobody notices until an overlay uses
the label: then it fails with FDT_ERR_NOTFOUND or -ENOENT. An overlay that leaves out the unit
address of a node merges into that node of the base in libfdt, but its label is written with the
name as the overlay has it; symbols edited by hand lead nowhere as well.

    &ports { p: port { }; };                         the base has port@0
    &ports { p: port@0 { }; };""",
)

REG_LENGTH = Code(
    "DT134",
    "reg-length",
    Severity.WARNING,
    message="reg has {length}; under {parent} an entry has {entry}",
    suggestion="write `reg` with {address} and {size} per entry, as {parent} demands",
    source="Devicetree Specification v0.4, 2.3.6",
    explanation="""\
`reg` is a list of entries of #address-cells + #size-cells cells, as the parent in the merged tree
says. dtc cannot check this in an overlay, as it does not see the parent. The driver reads wrong
addresses, or none.

    &soc { dev@0 { reg = <0>; }; };                  soc has #address-cells 1, #size-cells 1
    &soc { dev@0 { reg = <0 0x100>; }; };""",
)

UNIT_ADDRESS = Code(
    "DT135",
    "unit-address",
    Severity.WARNING,
    message="unit address and reg do not fit: {what}",
    suggestion="{cure}",
    source="Devicetree Specification v0.4, 2.2.1.1",
    explanation="""\
The unit address in a node's name is the first address of its `reg`, in hexadecimal without
leading zeros. Where they differ, overlays and people that go by the name hit the wrong device.

    temp@48 { reg = <0x4a>; };
    temp@4a { reg = <0x4a>; };""",
)

SAME_UNIT_ADDRESS = Code(
    "DT136",
    "same-unit-address",
    Severity.WARNING,
    message="{bus} address {unit}: {one} and {two} are both enabled",
    suggestion="give one of them another address, or disable it",
    source="Devicetree Specification v0.4, 2.2.1.1; kernel of_platform_notify",
    explanation="""\
Two devices on one bus at one address. The second cannot be registered: on a platform bus Linux
returns -EINVAL from applying the overlay although the tree has changed; on I2C the device is
refused with -EBUSY.

    codec@1a { ... };  mic@1a { ... };               on one I2C bus""",
)

PHANDLE_DROPPED = Code(
    "DT137",
    "phandle-dropped",
    Severity.WARNING,
    message="Linux drops the phandle that the overlay gives to {base_path}; {count} to it will "
    "point to nothing",
    suggestion="do not label it in the overlay: refer to it by a label of the base (`dtc -@`)",
    source="kernel add_changeset_property (is_pseudo_property)",
    explanation="""\
The overlay labels a node that exists in the base without a phandle, and refers to it. libfdt adds
the phandle to the node of the base. Linux never adds `phandle` to a live node: the reference holds
a number that no node has, and drivers that follow it find nothing.""",
)

TOO_DEEP = Code(
    "DT138",
    "too-deep",
    Severity.WARNING,
    message="{count} more than 62 levels below the root of the overlay: Linux drops what is there",
    suggestion="nest less deeply",
    source="kernel unflatten_dt_nodes (FDT_MAX_DEPTH)",
    explanation="""\
Linux keeps nodes up to 63 levels when it unflattens a tree; what lies deeper is dropped with a
warning. libfdt has no such bound.""",
)

NAME_SHARED = Code(
    "DT139",
    "name-shared",
    Severity.INFO,
    message="a property and a child of one node share a name: Linux shows one as {shown}",
    suggestion="rename one of them",
    source="kernel safe_name (drivers/of/kobj.c)",
    explanation="""\
Properties and children of a node are entries of one directory in /proc/device-tree. The later of
two with the same name is shown as `name#1`; look-ups in the kernel are not affected.""",
)

ALIAS = Code(
    "DT140",
    "alias-to-nowhere",
    Severity.WARNING,
    message="alias {label} in /aliases is {value}, which is no node",
    suggestion="give the alias the path of a node, or drop it",
    source="Devicetree Specification v0.4, 3.3; kernel of_alias_scan",
    explanation="""\
An alias names a path that does not exist. Look-ups through it fail; numbering of devices by
alias (`serial0`, `i2c1`) passes it over.

    aliases { serial0 = "/soc/serial@0"; };          the node is serial@1000
    aliases { serial0 = &uart0; };                   dtc writes the path""",
)
