"""What can be wrong with a table of drivers, and with questions about probing (DT69x)."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

_SOURCE = "dtovl probe"

TABLE_UNREADABLE = Code(
    "DT690",
    "drivers-unreadable",
    Severity.ERROR,
    message="it cannot be read as a table of drivers: {what}",
    suggestion="write a mapping with a list under `drivers`; `dtovl explain DT690` has an example",
    source=_SOURCE,
    explanation="""A table of drivers is YAML, read safely: no tags, bounded size and depth. It says
which drivers the kernel has, what they match, and when they register. Words such as on, off and
no mean something else in YAML, so they need quotes.

    - acme-uart: acme,uart

Mended:

    fw_devlink: "on"         # or rpm, permissive, off
    modules: true
    early: ['acme,intc']
    drivers:
    - {name: acme-clk, match: 'acme,clk', level: core}
    - {name: acme-uart, match: ['acme,uart', 'acme,uart2'], level: device, module: true}""",
)

KEY_UNKNOWN = Code(
    "DT691",
    "drivers-key-unknown",
    Severity.ERROR,
    message="unknown key {key}{hint}",
    suggestion="{where} has the keys {known}",
    source=_SOURCE,
    explanation="""A key of the table of drivers means nothing to dtovl. It is refused, since what
is misspelled would be passed over, and the order would be foretold for another kernel.

    drivers: [{name: acme-i2c, match: 'acme,i2c', populate: true}]
    drivers: [{name: acme-i2c, match: 'acme,i2c', populates: true}]""",
)

VALUE_WRONG = Code(
    "DT692",
    "drivers-value-wrong",
    Severity.ERROR,
    message="{key} must be {wanted}, not {got}{hint}",
    suggestion="mend `{key}`",
    source=_SOURCE,
    explanation="""A value of the table of drivers is of the wrong kind, none of the words that may
stand there, or missing. Each driver needs a name and what it matches; `fails` is a negative error
number, as the kernel has it.

    drivers: [{name: acme-uart, match: 'acme,uart', level: devices, fails: 22}]
    drivers: [{name: acme-uart, match: 'acme,uart', level: device, fails: -22}]""",
)

NOTHING_TO_EXPLAIN = Code(
    "DT693",
    "nothing-to-explain",
    Severity.ERROR,
    message="there is nothing to explain about {wanted}: {what}{hint}",
    suggestion="`dtovl probe` without --why lists the devices that wait",
    source=_SOURCE,
    explanation="""`dtovl probe --why NODE` follows the chain of suppliers that a device waits for,
down to the first cause. The node may be named by its path, a label or an alias; it must be one that
the kernel could make a device of.

    dtovl probe board.dtb --why /soc/serial@1234         no such node
    dtovl probe board.dtb --why uart0                    the label of a device""",
)

TOO_LONG = Code(
    "DT694",
    "probe-too-long",
    Severity.ERROR,
    message="the prediction takes too long: it is given up after {tries:,} tries",
    suggestion="look at the tree: a large board takes some thousand tries",
    source=_SOURCE,
    explanation="""Whenever a device binds, the kernel tries all those again that wait. Where many
devices each wait for the next one, that grows with the square of their number (and with drivers
that want sync_state, with the depth of the tree times its suppliers): the kernel takes its time,
dtovl stops at a bound and gives no verdict. No tree of a board comes near it.

    a2000 { clocks = <&a1999>; }; a1999 { clocks = <&a1998>; };    and so on, back to front
    a1 { }; a2 { clocks = <&a1>; };    suppliers first: each device is tried once""",
)
