"""What a change of the bases takes from overlays (DT65x)."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

LABEL_GONE = Code(
    "DT650",
    "label-gone",
    Severity.ERROR,
    message="{label} is gone from {base}",
    suggestion="give the node its label back: overlays of other people refer to it as well",
    source="libfdt overlay_fixup_phandle; kernel of_resolve_phandles",
    explanation="""The base that was there before has a label that an overlay refers to; the new
one has not, or its node has no phandle. The overlay is refused on the new base. Labels are what
overlays hold on to, so renaming one breaks all of them, also those nobody here knows:

    uart2: serial@48024000 { ... };          # before
    uart2_serial: serial@48024000 { ... };   # now: &uart2 of an overlay leads nowhere

A node may have several labels, so the old one can stay:

    uart2: uart2_serial: serial@48024000 { ... };

Where the device is in the new base is told by its bus address, `compatible`, label or name.""",
)

PATH_GONE = Code(
    "DT651",
    "path-gone",
    Severity.ERROR,
    message="{what} is gone from {base}",
    suggestion="refer to a label: paths change whenever a bus is put in between",
    source="kernel find_target (drivers/of/overlay.c); libfdt fdt_path_offset",
    explanation="""An overlay names a node by its path, by an alias, or by a phandle that is written
out, and the node is no longer found that way. A fragment with such a target is refused; where the
path is the value of a property, as in /aliases and /chosen, it leads nowhere, without a word.

    target-path = "/ocp/rtc@44e3e000";       # since Linux 5 below /ocp/interconnect@44c00000/...

Mended: `&rtc { ... };`. A label stays with its node when that moves.""",
)

NODE_GONE = Code(
    "DT652",
    "node-gone",
    Severity.ERROR,
    message="{node} is gone from {base}, and an overlay changes it",
    suggestion="name the node as it is called now, or refer to it by a label",
    source="kernel add_changeset_node (drivers/of/overlay.c); libfdt overlay_apply_node",
    explanation="""A fragment has a child that merges with a node of the base, and the new base has
no node of that name there. The overlay still applies: it makes an empty node that has nothing but
what the overlay writes, commonly `status = "okay"`. No driver sees it and nothing is logged.

    &{/soc} {
        leds@44e0b000 { status = "okay"; };  # now called led-controller@44e0b000
    };

Mended: refer to the node by a label (`&leds { status = "okay"; };`): a label that is gone is an
error, and not an empty node.""",
)

COUNT_CHANGED = Code(
    "DT653",
    "cell-count-changed",
    Severity.ERROR,
    message="{property} of {node} is {new} in {base}, and was {old}",
    suggestion="write the property for the new count, or let the provider keep the old one",
    source="kernel of_phandle_iterator_next; of_irq_parse_one; of_n_addr_cells",
    explanation="""An overlay holds values whose length another node decides: arguments behind a
phandle (`#gpio-cells`), `reg` of a new device (`#address-cells`, `#size-cells` of its bus),
`interrupts` (`#interrupt-cells` of the interrupt parent). With another count the same bytes are
taken apart otherwise. The overlay still applies; the driver gets wrong numbers, or none.

    gpio0: gpio@44e07000 { #gpio-cells = <3>; };     # was 2
    reset-gpios = <&gpio0 7 1>;                      # one cell is missing now

Mended: `reset-gpios = <&gpio0 0 7 1>;` in the overlay, together with the base.""",
)

ANOTHER_DEVICE = Code(
    "DT654",
    "another-device",
    Severity.ERROR,
    message="{node} of {base} is another device now: {difference}",
    suggestion="see whether the overlay is right for this device too, and which label it means",
    source="Devicetree Specification v0.4, 2.3.1",
    explanation="""A label or path of an overlay still leads to a node, but to another device than
before: no string of its `compatible` is the same, so another driver takes it; or it has another
address on the bus (a warning, since a base may have been mended so). For the root node it is the
board: an overlay whose root has `compatible` is for boards that share a string with it.

    uart2: serial@48024000 { compatible = "acme,uart"; };   # before
    uart2: spi@48030000 { compatible = "acme,spi"; };       # now

What the overlay sets then goes to a driver that was never meant.""",
)

BOARD_GONE = Code(
    "DT655",
    "board-gone",
    Severity.ERROR,
    message="board {board} is gone: {what}",
    suggestion="keep the board, or say where its users shall go; the overlays for it are useless",
    source="dtovl",
    explanation="""A base that was there before has no counterpart: none of the same path, of the
same file name, or of the same `compatible` and `model`. Overlays that were for it are for nothing
now. When no overlay goes with it this is info. A base that has only moved is compared where it is
now; that its name is another is a warning, as boot configurations and build rules name it.""",
)

REFUSED_NOW = Code(
    "DT656",
    "refused-now",
    Severity.ERROR,
    message="{overlay} is refused now: {error}",
    suggestion="run `dtovl check` for all that is wrong with it",
    source="libfdt fdt_overlay_apply; kernel of_overlay_fdt_apply",
    explanation="""The overlay, or stack of overlays, applied to the base as it was, and does not
apply to the new one, for a reason that is neither a label nor a path or node that is gone. Linux,
for example, refuses an overlay with a label inside `__overlay__` once the base's own node has a
phandle, and one that exports a label which the base has now.""",
)

GIT_FAILED = Code(
    "DT657",
    "git-failed",
    Severity.ERROR,
    message="cannot read {ref} of the repository: {what}",
    suggestion="{cure}",
    source="gitrevisions(7), git-cat-file(1)",
    explanation="""`dtovl compat --against REF` reads what the boards were from the objects of the
git repository that the folder belongs to. It looks at no file of the work tree for that, changes
nothing, and fetches nothing: the commit must be there.

A shallow clone, as CI services make it, has only the newest commit:

    - uses: actions/checkout@v4            # has one commit
      with: {fetch-depth: 0}               # has all of them

or fetch just the one that is compared with: `git fetch --depth=1 origin main`.""",
)

MADE_BY_BASE = Code(
    "DT658",
    "made-by-base",
    Severity.WARNING,
    message="{base} has a node {node} of its own now, which an overlay makes",
    suggestion="leave it out of the overlay where it says the same; else see what the two become",
    source="kernel add_changeset_node (drivers/of/overlay.c); libfdt overlay_apply_node",
    explanation="""An overlay makes a node, and the new base has one of that name in that place. The
two merge: properties of the overlay replace those of the base, and what only the base has stays.
Often the base has taken over what the overlay was for, such as a device on an I2C bus, and the
overlay can go; if it is another device, its driver finds a mixture.""",
)

NEEDS_UNUSABLE = Code(
    "DT659",
    "needs-unusable",
    Severity.ERROR,
    message="{name} is no list of needs: {what}",
    suggestion="write it anew: `dtovl compat --record {name}`",
    source="dtovl",
    explanation="""`dtovl compat --record FILE` writes down what overlays need of each board;
`--needs FILE` reads it back, to hold boards against overlays that are not there. The file has the
schema `dtovl-needs/1`, with one need a line, so that a merge of two branches is rarely a conflict.
It was written by a later version, cut off, or changed by hand.""",
)
