"""Codes of ownership and of what removals would leave behind: DT240 to DT249."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

LEAK = Code(
    "DT240",
    "leak-on-removal",
    Severity.INFO,
    message="{count} stay allocated each time {overlay} is applied and removed; harmless unless "
    "that is done in a loop",
    suggestion="{cure}",
    source="kernel add_changeset_property, __of_remove_property_from_list (deadprops)",
    explanation="""\
The overlay sets properties of nodes that it did not make. When it is removed, Linux takes its
values out of sight but keeps them allocated for ever, since somebody may still be reading them. It
warns of each one while the overlay is applied. The amount is the same every time: harmless unless
overlays are loaded and removed in a loop. Each label that the overlay exports counts, too: it is a
property of /__symbols__.

    &i2c1 { status = "okay"; };                      leaks "okay" and its name
    &soc { i2c@41000 { ... status = "okay"; }; };    the overlay brings the whole node: no leak""",
)

DANGLING_PHANDLE = Code(
    "DT241",
    "dangling-phandle",
    Severity.WARNING,
    message="{property} holds the phandle of {target}, which goes with {overlay}",
    suggestion="{cure}",
    source="kernel of_overlay_remove: phandles are not considered",
    explanation="""\
Linux lets an overlay go although properties that stay refer to its nodes. The phandle in them then
leads nowhere; and since numbers are given anew from the largest one up, the next overlay to be
applied may get the very number, so that the reference leads to a node that has nothing to do with
it.

    first overlay:   &soc { codec: codec { ... }; };
    second overlay:  &{/soc/sound} { cpu = <&codec>; };
    removed first:   the second one, then the first; or both are made one overlay""",
)

DANGLING_PATH = Code(
    "DT242",
    "dangling-path",
    Severity.WARNING,
    message="{kind} {property} is the path of {target}, which goes with {overlay}",
    suggestion="{cure}",
    source="kernel of_overlay_remove: paths are not considered",
    explanation="""\
A label in /__symbols__, or an alias, names a node of an overlay that can be removed on its own.
After that, overlays that use the label are refused, and look-ups through the alias fail.

    first overlay:   &soc { uart9: serial@9000 { ... }; };
    second overlay:  &{/aliases} { serial9 = "/soc/serial@9000"; };
    better:          the alias in the first overlay, with the node""",
)

REMOVAL_BLOCKED = Code(
    "DT243",
    "removal-blocked",
    Severity.INFO,
    message="{overlay} cannot be removed while {blockers} {verb} in force: -EBUSY",
    suggestion="{cure}",
    source="kernel overlay_removal_is_ok, node_overlaps_later_cs",
    explanation="""\
Linux removes an overlay only if no later one has a change at, above or below a node that this one
changes or makes. So a property set on a bus keeps all overlays applied before from being removed
that have devices there; and of two overlays that export labels the earlier one cannot go first, as
both change /__symbols__.

    first overlay:   &i2c1 { sensor@48 { ... }; };
    second overlay:  &i2c1 { clock-frequency = <400000>; };
    removing the first one: -EBUSY until the second one has gone""",
)

NO_SUCH_PROPERTY = Code(
    "DT244",
    "no-such-property",
    Severity.ERROR,
    message="{node} of {name} has no property {property}",
    suggestion="`dtovl show {tree} --depth 0` lists its properties",
    source="dtovl itself",
    explanation="""\
A path given to `dtovl blame` names a node, or a property as `PATH/property` or `PATH:property`.
The node is there, the property is not, and no overlay has taken it away.

    dtovl blame board.dtb cam.dtbo /soc/i2c@41000:statsu
    dtovl blame board.dtb cam.dtbo /soc/i2c@41000:status""",
)
