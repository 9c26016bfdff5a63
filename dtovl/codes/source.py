"""DT020 to DT039: devicetree source text, its words, names, values and references."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

SYNTAX = Code(
    "DT020",
    "syntax-error",
    Severity.ERROR,
    message="found {found} where {expected} is expected",
    suggestion="write {expected} here",
    source="Devicetree Specification v0.4, chapter 6; dtc grammar (dtc-parser.y)",
    explanation="""\
The text does not follow the grammar of devicetree source. The place is that of the first word
which does not fit; the mistake is often at the end of the line before, mostly a missing `;`.
Properties, nodes and directives all end with `;`, also after a closing brace.

Bad:

    node {
            status = "okay"
            reg = <1>;
    }

Mended:

    node {
            status = "okay";
            reg = <1>;
    };""",
)

NO_VERSION = Code(
    "DT021",
    "no-version-line",
    Severity.ERROR,
    message="the source does not begin with /dts-v1/; but with {found}",
    suggestion="write `/dts-v1/;` as the first line, then `/plugin/;` if it is an overlay",
    source="Devicetree Specification v0.4, 6.3; dtc grammar (header)",
    explanation="""\
Devicetree source names its version first. Only version 1 is known; text without the line is of
the version 0 that was given up in 2008 and wrote numbers in another way, or no source at all.
`/plugin/;` follows it directly in the source of an overlay. Comments and #include may stand
before; an included file may repeat the line, but then with the same `/plugin/`.

Bad:

    /plugin/;
    &i2c1 { status = "okay"; };

Mended:

    /dts-v1/;
    /plugin/;
    &i2c1 { status = "okay"; };""",
)

NOT_CLOSED = Code(
    "DT022",
    "not-closed",
    Severity.ERROR,
    message="the {what} that begins here is never closed",
    suggestion="close it with {closing}",
    source="Devicetree Specification v0.4, 6.2; dtc lexer",
    explanation="""\
A string, a comment, a character or a byte string begins and the end of the file comes first.
Strings may go over several lines, so the end may have been swallowed by the next string: the
place given is where the open one begins.

Bad:

    model = "Gateway;
    compatible = "acme,gateway";

Mended:

    model = "Gateway";
    compatible = "acme,gateway";""",
)

BAD_LITERAL = Code(
    "DT023",
    "bad-literal",
    Severity.ERROR,
    message="{found} is no {what}: {reason}",
    suggestion="{mend}",
    source="Devicetree Specification v0.4, 6.2; dtc lexer",
    explanation="""\
Numbers are written as in C: decimal, `0x` and hexadecimal, or with a leading `0` octal, up to 64
bits, with U, L, UL, LL or ULL after them if need be. A character stands in single quotes and is
one byte, or one escape such as '\\n', '\\x41' or '\\101'. `\\x` needs a hexadecimal digit after it.

Bad:

    reg = <08 'ab'>;

Mended:

    reg = <8 'a' 'b'>;""",
)

TRUNCATED_NUMBER = Code(
    "DT024",
    "number-cut",
    Severity.WARNING,
    message="{found} does not fit {bits} bits and is cut to {cut}",
    suggestion="split the number into cells (<high low>), or write /bits/ 64 <...>",
    source="dtc (dtc-parser.y, arrayprefix): a warning; an error up to dtc 1.6",
    explanation="""\
A number in <...> takes 32 bits, or what /bits/ says. What stands above is cut off, which is
seldom what was meant: an address of 64 bits takes two cells. Negative numbers are fine as long
as they fit, (-1) is 0xffffffff.

Bad:

    reg = <0x100000000 0x1000>;

Mended:

    reg = <0x1 0x0 0x0 0x1000>;       with #address-cells and #size-cells of 2""",
)

BAD_BITS = Code(
    "DT025",
    "bad-bits",
    Severity.ERROR,
    message="{what}",
    suggestion="use /bits/ 8, 16, 32 or 64; references need 32",
    source="dtc (dtc-parser.y, arrayprefix)",
    explanation="""\
/bits/ sets the size of the numbers of one <...>: 8, 16, 32 or 64 bits. A reference such as &clk
becomes a phandle, which has 32 bits, so it cannot stand in an array of another size.

Bad:

    levels = /bits/ 12 <1 2 3>;
    clocks = /bits/ 64 <&clk>;

Mended:

    levels = /bits/ 16 <1 2 3>;
    clocks = <&clk>;""",
)

DIVISION_BY_ZERO = Code(
    "DT026",
    "division-by-zero",
    Severity.ERROR,
    message="division by zero",
    suggestion="see what the divisor's macro expands to; an undefined name counts as no number",
    source="dtc (dtc-parser.y, integer_mul)",
    explanation="""\
Expressions are computed with 64 bits and without sign. / and % refuse a zero on the right, also
in the branch of ?: that is not taken.

Bad:

    clock-div = <(24000000 / 0)>;

Mended:

    clock-div = <(24000000 / 4)>;""",
)

SOURCE_LIMIT = Code(
    "DT027",
    "source-limit",
    Severity.ERROR,
    message="more than {limit} {what}",
    suggestion="make the source smaller or flatter; real boards stay far below this bound",
    source="dtovl: bounds on what comes from strangers",
    explanation="""\
Source text is read within bounds: bytes of all files together, nested #include and /include/,
steps of macro expansion, nested nodes, nested brackets, bytes from /incbin/. They are far above
what boards need and keep a hostile or runaway source (macros that double at every step, a file
that includes itself) from taking all memory or time.

Bad:

    #define A 1 1
    #define B A A
    #define C B B       ... and thirty more

Mended: the numbers that are meant, written out.""",
)

FILE_NOT_FOUND = Code(
    "DT028",
    "included-file-not-found",
    Severity.ERROR,
    message="{directive} {file}: {reason}",
    suggestion="check the name, or add the folder that holds it with -I DIR",
    source="dtc srcfile_relative_open; cpp #include",
    explanation="""\
A file named by #include, /include/ or /incbin/ is looked for beside the file that names it, then
in the folders given with -I, in their order. #include <...> looks in the -I folders only. The
kernel's sources want -I scripts/dtc/include-prefixes.

Bad:

    #include <dt-bindings/gpio/gpio.h>          without -I

Mended:

    dtovl convert -I linux/scripts/dtc/include-prefixes board.dts -o board.dtb""",
)

FILE_REFUSED = Code(
    "DT029",
    "included-file-outside",
    Severity.ERROR,
    message="{directive} {file} leads out of the folders that source may be read from",
    suggestion="give its folder with -I DIR if the file is meant to be read",
    source="dtovl: included files are confined to the source's folder and those of -I",
    explanation="""\
Source may come from strangers, so #include, /include/ and /incbin/ read only below the folder of
the source and below the folders given with -I. Absolute paths and `..` may be used inside them.

Bad:

    key = /incbin/("/etc/shadow");
    #include "../../other/board.dtsi"

Mended:

    #include "board.dtsi"                       with -I ../../other""",
)

UNKNOWN_REFERENCE = Code(
    "DT030",
    "unknown-reference",
    Severity.ERROR,
    message="{reference} refers to nothing: {reason}",
    suggestion="{mend}",
    source="dtc checks phandle_references and path_references; dtc grammar (devicetree)",
    explanation="""\
&label and &{/path} name a node of this source, as it is at this point: a node has to be there
before it is extended or deleted, while a value may refer to any node that is left in the end.
Paths are full, with unit addresses. In an overlay (/plugin/) a label that is not defined is
looked for in the base when the overlay is applied, so it is no mistake there in <...> and before
{ }; as a string (`path = &label`), in /delete-node/ and after a label it is.

Bad:

    / { uart: serial@1000 { }; };
    &uart1 { status = "okay"; };

Mended:

    / { uart1: serial@1000 { }; };
    &uart1 { status = "okay"; };""",
)

DUPLICATE_LABEL = Code(
    "DT031",
    "label-twice",
    Severity.ERROR,
    message="label {label} is on {first} and on {second}",
    suggestion="rename one of the two, or delete the node that is not wanted",
    source="dtc check duplicate_label",
    explanation="""\
A label stands for one place. Labels of nodes, of properties and inside of values share one set
of names. One node may carry several labels, and a label may be repeated on the same node.

Bad:

    led: led-0 { };
    led: led-1 { };

Mended:

    led0: led-0 { };
    led1: led-1 { };""",
)

DUPLICATE_NODE = Code(
    "DT032",
    "node-twice",
    Severity.ERROR,
    message="node {name} is defined twice in one block",
    suggestion="put both parts into one node, or extend it by a block of its own (&label {{ }})",
    source="dtc check duplicate_node_names",
    explanation="""\
Within the braces of a new node each child has a name of its own. To add to a node later, open
its parent again at the top level; then both definitions become one node.

Bad:

    / {
            leds { a; };
            leds { b; };
    };

Mended:

    / { leds { a; }; };
    / { leds { b; }; };""",
)

DUPLICATE_PROPERTY = Code(
    "DT033",
    "property-twice",
    Severity.ERROR,
    message="property {name} is set twice in one block",
    suggestion="keep the one that is meant; to override, open the node again (&label {{ }})",
    source="dtc check duplicate_property_names",
    explanation="""\
Within the braces of a new node each property is set once. A later block for the same node may
set it again, and then the later value counts.

Bad:

    led { gpios = <&gpio 1 0>; gpios = <&gpio 2 0>; };

Mended:

    led: led { gpios = <&gpio 1 0>; };
    ...
    &led { gpios = <&gpio 2 0>; };""",
)

PROPERTY_AFTER_NODE = Code(
    "DT034",
    "property-after-node",
    Severity.ERROR,
    message="property {name} stands behind a subnode",
    suggestion="move it up, before the first subnode of its block",
    source="Devicetree Specification v0.4, 6.3; dtc grammar (subnodes)",
    explanation="""\
In a block all properties come first, then all subnodes, as in the blob. /delete-property/ counts
as a property, /delete-node/ as a subnode.

Bad:

    bus { dev { }; ranges; };

Mended:

    bus { ranges; dev { }; };""",
)

BAD_NAME = Code(
    "DT035",
    "bad-name",
    Severity.ERROR,
    message="{kind} name {name} is not allowed: {reason}",
    suggestion="use letters, digits and , . _ + - in names{more}",
    source="Devicetree Specification v0.4, 2.2.1 and 2.2.4.1; dtc checks node_name_chars, "
    "node_name_format, property_name_chars",
    explanation="""\
Names of nodes are made of letters, digits and , . _ + -, with one @ before the unit address.
Names of properties may hold # ? * as well, but no @.

Bad:

    #sensor@48@1 { };
    reg@0 = <1>;

Mended:

    sensor@48 { };
    reg = <1>;""",
)

BAD_PHANDLE = Code(
    "DT036",
    "bad-phandle",
    Severity.ERROR,
    message="{property} cannot be the phandle of this node: {reason}",
    suggestion="leave the property out: a node that is referred to gets a free phandle by itself",
    source="dtc check explicit_phandles",
    explanation="""\
A phandle is one cell, from 1 to 0xfffffffe, and each node has a number of its own. Writing
`phandle = <&label>` is allowed on the node that carries the label, and asks for any free number.

Bad:

    a { phandle = <0>; };
    b { phandle = <7>; linux,phandle = <8>; };

Mended:

    a: a { };
    b { phandle = <7>; };""",
)

DUPLICATE_PHANDLE = Code(
    "DT037",
    "phandle-twice",
    Severity.ERROR,
    message="phandle {number} is already that of {other}",
    suggestion="leave one of the two out, or give it another number",
    source="dtc check explicit_phandles; Devicetree Specification v0.4, 2.3.3",
    explanation="""\
Two nodes name the same phandle, so a reference by that number would be ambiguous: consumers would
find the first of them. Numbers are best left to the compiler.

Bad:

    a { phandle = <1>; };
    b { phandle = <1>; };

Mended:

    a: a { };
    b: b { };""",
)

NAME_PROPERTY = Code(
    "DT038",
    "name-property-wrong",
    Severity.ERROR,
    message="the property name is {found}, not the node's own name {wanted}",
    suggestion="remove the property; for a text to show, use label or model",
    source="dtc checks name_is_string and name_properties",
    explanation="""\
`name` is reserved: old firmware stores the node's name without the unit address in it, and the
kernel makes it up by itself. It may only repeat that name, and is then left out of the result.

Bad:

    sensor@48 { name = "kitchen"; };

Mended:

    sensor@48 { label = "kitchen"; };""",
)

DELETE_IN_OVERLAY = Code(
    "DT039",
    "delete-in-overlay",
    Severity.WARNING,
    message="{directive} {name} has no effect in an overlay",
    suggestion="{mend}",
    source="format of overlays: a blob can add and set, not remove",
    explanation="""\
Deleting happens while source is compiled, in the tree of that source. An overlay is compiled
alone: what it wants to delete is in the base, which is not there, and the blob has no way to say
that something is to go. fdtoverlay, boot loaders and Linux apply it without a word, and the node
or property stays. Set `status = "disabled"` to switch a device off; set a property to the value
that is wanted. Deleting what the same overlay source added before does work.

Bad:

    &i2c1 { /delete-node/ codec@1a; };

Mended:

    &i2c1 { codec@1a { status = "disabled"; }; };""",
)
