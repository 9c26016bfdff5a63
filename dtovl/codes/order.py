"""What two overlays on one base do to each other (DT63x)."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

WRITE_WRITE = Code(
    "DT630",
    "write-write",
    Severity.WARNING,
    message="{place} is {one} after {first}, {second} but {other} after {second}, {first}",
    suggestion="say which of them is to win and apply that one last, or let only one set it",
    source="libfdt fdt_setprop; kernel __of_update_property",
    explanation="""\
Both overlays set one property, to different values: the later one wins, without a word. A write of
the value that the base has already is a write all the same, for it undoes what the other overlay
did. References are compared by the node they lead to, not by number.

    a.dtso: &spi0 { status = "okay"; };         b.dtso: &spi0 { status = "disabled"; };
    Loaded as a, b the bus is off, as b, a it is on: leave `status` to one of the two.""",
)

MUST_COME_AFTER = Code(
    "DT631",
    "must-come-after",
    Severity.INFO,
    message="{second} must come after {first}: {reason}",
    suggestion="apply {first} first",
    source="libfdt overlay_fixup_phandle, fdt_overlay_target_offset; kernel of_resolve_phandles",
    explanation="""\
The one overlay needs a label, node, alias or phandle that the base lacks and the other brings. In
this order both apply, in the other one the second is refused: FDT_ERR_NOTFOUND, -EINVAL. That is
no fault, as long as every list of overlays keeps the order.

    adapter.dtso: / { mikrobus_spi: spi-bus { ... }; };     click.dtso: &mikrobus_spi { ... };
    fdtoverlay -i base.dtb -o out.dtb adapter.dtbo click.dtbo      never click.dtbo first""",
)

ORDER_MATTERS = Code(
    "DT632",
    "order-matters",
    Severity.WARNING,
    message="{place} is {one} after {first}, {second} but {other} after {second}, {first}",
    suggestion="{cure}",
    source="libfdt fdt_subnode_offset_namelen, overlay_symbol_update; kernel of_resolve_phandles",
    explanation="""\
Both overlays apply in either order, and yet the results differ, although they set no property in
common to different values. One changes what a name means to the other: libfdt finds a child whose
unit address is left out by the first that fits, and the newest stands first; a label or alias that
is set anew leads to another node; a number of a phandle that nobody has goes to who comes next.

    base: bus { eeprom@50 { }; };      a.dtso makes bus/eeprom@51
    b.dtso: target-path = "/bus/eeprom";     eeprom@50 before a.dtbo, eeprom@51 after it
    b.dtso: target-path = "/bus/eeprom@50";  the same node in either order""",
)

REFUSED_AFTER = Code(
    "DT633",
    "refused-after",
    Severity.WARNING,
    message="{second} is refused after {first}, but not before it: {reason}",
    suggestion="apply {second} first, or make it independent of {first}",
    source="libfdt fdt_overlay_apply; kernel of_overlay_fdt_apply",
    explanation="""\
Each of the two overlays applies to the base, and in one order both do; in the other the second one
is refused for what the first has changed.

    base: bus { dev { }; };          a.dtso makes bus/dev@1
    b.dtso: target-path = "/bus/dev/port" is found in libfdt as long as dev stands first
    b.dtso: target-path by label, or with all unit addresses, is found in either order""",
)

NEVER_TOGETHER = Code(
    "DT634",
    "never-together",
    Severity.WARNING,
    message="{first} and {second} cannot be used together: {reason}",
    suggestion="use one of them; where both are meant to be used, let only one bring this",
    source="kernel add_changeset_node, add_changeset_property; libfdt fdt_overlay_apply",
    explanation="""\
Each of the two overlays applies to the base, but in neither order to what the other has made of it.
At run time Linux refuses a label that is exported twice, a node with phandle that is brought twice,
and another value for #address-cells or #size-cells.

    a.dtso: / { osc: osc { ... }; };     b.dtso: / { osc: osc { ... }; };   both built with -@
    Name the label, and the node, of the second one differently.""",
)

DEVICE_TWICE = Code(
    "DT635",
    "device-twice",
    Severity.WARNING,
    message="{first} and {second} both make {node}: there is one device, not two",
    suggestion="leave out one of the two overlays, or the node in one of them",
    source="libfdt overlay_apply_node; kernel add_changeset_node",
    explanation="""\
Both overlays describe a device at one address of one bus, and it is the same device: the nodes
merge, nobody is told. In either order the result is the same. Where two devices are meant, one of
the addresses is wrong; where one is meant, the second overlay is there for nothing, and at run time
the first cannot be removed before it.

    a.dtso: &i2c0 { codec@1a { ... }; };     b.dtso: &i2c0 { codec@1a { ... }; };""",
)

NEEDS_SEVERAL = Code(
    "DT636",
    "needs-several",
    Severity.INFO,
    message="{second} must come after {first}, and after others: {reason}",
    suggestion="apply {order}",
    source="libfdt overlay_fixup_phandle; kernel of_resolve_phandles",
    explanation="""\
The one overlay needs what several others bring together, or what another brings only after a third
one. Any two of them alone fail in both orders.

    panel.dtso refers to &mikrobus_spi of adapter.dtso and to &backlight of light.dtso:
    fdtoverlay -i base.dtb -o out.dtb adapter.dtbo light.dtbo panel.dtbo""",
)

NEED_EACH_OTHER = Code(
    "DT637",
    "need-each-other",
    Severity.WARNING,
    message="{names} need each other: no order works",
    suggestion="put what they share into one overlay, which comes first",
    source="libfdt overlay_fixup_phandle; kernel of_resolve_phandles",
    explanation="""\
Each of the overlays refers to a label that the next one defines, and the last to one of the first.
Whichever is applied first is refused, as its label is not there yet.

    a.dtso: / { la: a { peer = <&lb>; }; };     b.dtso: / { lb: b { peer = <&la>; }; };
    One overlay with both nodes needs no label of its own from outside.""",
)

MORE_PAIRS = Code(
    "DT638",
    "more-pairs",
    Severity.INFO,
    message="{count} of overlays on {base} to tell of, besides the {most} that are listed",
    suggestion="list overlays that are never used together as such: their pairs are left out",
    source="dtovl",
    explanation="""\
So many overlays of one base set the same properties that a list of all pairs would help nobody.
Commonly they are variants of which a board uses one at a time, displays for example.

    dtovl.yaml:  apart: ["overlays/display-*.dtbo"]      the pairs among them are not looked at""",
)

PAIRS_UNTRIED = Code(
    "DT639",
    "pairs-untried",
    Severity.WARNING,
    message="{count} of overlays on {base} not tried in both orders",
    suggestion="list overlays that are never used together as such, or check fewer at a time",
    source="dtovl",
    explanation="""\
Whether the order of two overlays matters follows for nearly all pairs from what they write and look
up. The few others are applied in both orders; there is a bound on that, so that no input, made for
it or damaged, can make a check endless. These pairs lie beyond it: nothing is known of them.

    dtovl.yaml:  apart: ["overlays/display-*.dtbo"]      the pairs among them are not looked at""",
)
