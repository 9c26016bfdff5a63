"""DT05x: what devicetree source cannot say of a tree that is written as source."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

NOT_IN_SOURCE = Code(
    "DT050",
    "not-in-source",
    Severity.ERROR,
    message="{what} cannot be written as source and is left out: {reason}",
    suggestion="keep the blob as the original, or rename {what} in the tool that made it",
    source="Devicetree Specification v0.4, 6.2 and 6.3; names that dtc's lexer accepts",
    explanation="""\
A blob can hold what source has no words for: two properties or two subnodes of one name in one
node, or names with blanks, quotes, slashes or control characters. Linux and libfdt look up the
first of two equal names and never see the second; a second mention in source would overwrite the
first instead. So the text leaves these out, with a comment where they stood.

Bad, in a blob:     node { status = "okay"; status = "disabled"; };
In the source:      node { status = "okay"; /* left out: ... */ };

The mending is done where the blob came from: most such blobs were made by a tool that appends
without looking, or are damaged.""",
)

REFUSED_SOURCE = Code(
    "DT051",
    "refused-source",
    Severity.WARNING,
    message="the source will be refused when it is compiled: {reason}",
    suggestion="mend the tree before it is written, or compile with `dtc -f`",
    source="dtc checks.c: explicit_phandles, node_name_chars, property_name_chars, name_properties",
    explanation="""\
dtc checks what it compiles. Some trees that boot loaders pass on do not survive its checks: two
nodes with one phandle, a phandle of 0 or 0xffffffff or of another size than 4 bytes, a name with
characters outside its set, a `name` property that differs from the node's name. The text says
what the tree holds, but reading it needs dtc -f, which then makes no promise about references.

Bad:     a { phandle = <5>; };  b { phandle = <5>; };
Mended:  a { phandle = <5>; };  b { phandle = <6>; };  and every reference to b changed""",
)

LOST_IN_SOURCE = Code(
    "DT052",
    "lost-in-source",
    Severity.WARNING,
    message="{what} is lost when the source is compiled: {reason}",
    suggestion="keep the blob where {what} matters",
    source="dtc checks.c name_properties; dtc guess_boot_cpuid",
    explanation="""\
Source has no place for the number of the boot CPU: a compiler takes the `reg` of the first node
in /cpus. And a `name` property that repeats the name of its node, as /proc/device-tree shows and
very old blobs hold, is dropped by dtc. Nothing on a board of today reads either of them.

    dtc -b 1 board.dts      compiles with boot CPU 1""",
)
