"""Codes of comparing a live tree with its overlays: DT290 to DT299."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

UNEXPLAINED = Code(
    "DT290",
    "unexplained-change",
    Severity.WARNING,
    message="neither {base} nor an overlay given explains {what} of {live}",
    suggestion="give the overlay that brings this, or the base that the board was booted with",
    source="dtovl itself",
    explanation="""\
The live tree has something that the base does not have, or lacks something, and none of the
overlays given brings it. Either an overlay is in force that was not among them, or the board was
booted with another base (another kernel brings another one), or boot loader, firmware or a driver
have changed the tree. What boot loaders are known to write is listed apart and is no finding.

    dtovl identify --base board.dtb --live /proc/device-tree uart1.dtbo
    dtovl identify --base board.dtb --live /proc/device-tree /boot/overlays""",
)

PARTLY = Code(
    "DT291",
    "partly-in-force",
    Severity.WARNING,
    message="{live} has {found} of {changes} that {overlay} makes, and lacks {missing}",
    suggestion="give the very file that the board applied, or look for what changes it back",
    source="dtovl itself",
    explanation="""\
Part of what an overlay does is in the live tree, and for another part the live tree has what the
base has. The board may have applied another version of the overlay, or one very much like it; or
something, such as a boot loader that switches off what is not fitted, has changed it back.

    camera.dtbo of last year: camera@10 without `rotation`
    camera.dtbo as the board has it: take it from its /boot""",
)

UNDECIDED = Code(
    "DT292",
    "overlay-undecided",
    Severity.INFO,
    message="whether {overlay} is in force cannot be told: {reason}",
    suggestion="look into the configuration of the boot loader, or leave the overlay out",
    source="dtovl itself",
    explanation="""\
The live tree is the same with this overlay and without it: it sets what the base has already, or
all that it sets is set by another overlay that is in force, or is set otherwise by a later one.

    uart1-okay.dtbo: &uart1 { status = "okay"; };            in force, or not?
    uart1-modem.dtbo: &uart1 { status = "okay"; modem { }; };   in force""",
)

ANOTHER_BASE = Code(
    "DT293",
    "another-base",
    Severity.ERROR,
    message="{live} does not come from {base}: {what}",
    suggestion="give the base that this board was booted with",
    source="Devicetree Specification v0.4, 2.3.1",
    explanation="""\
The live tree is that of another board than the base, or of another kernel: `compatible` of the
roots share no string, or most nodes of the base are missing. What is said of the overlays is then
worth little.

    dtovl identify --base rock-pi-s.dtb --live /proc/device-tree ...   on a Rock S0
    dtovl identify --base rock-s0.dtb --live /proc/device-tree ...""",
)

ORDER_UNKNOWN = Code(
    "DT294",
    "order-unknown",
    Severity.WARNING,
    message="the order of {overlays} matters and cannot be told: {what}",
    suggestion="look into the configuration of the boot loader for the order",
    source="dtovl itself",
    explanation="""\
Two overlays in force set one property to different values, so the later one wins. But the live
tree has neither value, as something else has changed it since; or each of them has won somewhere,
which no single order does.

    a.dtbo: bootargs = "quiet";   b.dtbo: bootargs = "debug";   live: "quiet root=/dev/mmcblk0p2"
    one of them in force, or a property that nobody changes afterwards""",
)

NOT_APPLICABLE = Code(
    "DT295",
    "overlay-not-applicable",
    Severity.INFO,
    message="{overlay} is not in force: {reason}",
    suggestion="`dtovl apply {base} {overlay}` tells more",
    source="dtovl itself",
    explanation="""\
Neither a boot loader nor Linux can apply this overlay to the base, alone or with the overlays that
are in force. Mostly it wants a label that only an overlay has which is not in force, or it is made
for another board.

    display.dtbo wants label slot of connector.dtbo          connector.dtbo is not in force""",
)

WRONG_ROLE = Code(
    "DT296",
    "wrong-role",
    Severity.ERROR,
    message="{name} is {what}, and was given as {role}",
    suggestion="{cure}",
    source="dtovl itself",
    explanation="""\
`dtovl identify` wants the devicetree of the board before overlays (--base), the one that the board
runs with (--live), and overlays. One of the first two is an overlay: it has fragments or fixups.

    dtovl identify --base uart1.dtbo --live /proc/device-tree board.dtb
    dtovl identify --base board.dtb --live /proc/device-tree uart1.dtbo""",
)

NO_OVERLAYS = Code(
    "DT297",
    "no-overlays",
    Severity.ERROR,
    message="there is no overlay in the folder {name}",
    suggestion="give the folder that holds the .dtbo or .dtso files, or the files",
    source="dtovl itself",
    explanation="""\
A folder given as overlay stands for the .dtbo and .dtso files in it; folders below it are not
looked into. This one has none.

    dtovl identify --base board.dtb --live /proc/device-tree /boot
    dtovl identify --base board.dtb --live /proc/device-tree /boot/overlays""",
)

PASSED_OVER = Code(
    "DT298",
    "overlay-passed-over",
    Severity.WARNING,
    message="{name} is passed over: {reason}",
    suggestion="mend the file or take it out of the folder",
    source="dtovl itself",
    explanation="""\
A file of a folder of overlays cannot be read, or is no overlay: it has no fragments. The others are
looked at all the same. A file that is named on the command line itself has to be readable.

    overlays/readme.dtbo: a text
    overlays/uart1.dtbo: a blob with fragments""",
)

NO_LABELS = Code(
    "DT299",
    "live-without-symbols",
    Severity.INFO,
    message="{live} has no /__symbols__, so labels that overlays export tell nothing",
    suggestion="nothing has to be done; some boot loaders drop the labels",
    source="dtovl itself",
    explanation="""\
The base has labels in /__symbols__ and the live tree has none: a boot loader has dropped them, as
Linux needs them only to apply overlays at run time. Which labels an overlay exports is then no
evidence for it.

    base: /__symbols__ { uart0 = "/soc/serial@30000"; };     live: none""",
)
