"""DT040 to DT049: preprocessing of source text, and what compiling it finds besides mistakes."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

NUL_IN_STRING = Code(
    "DT040",
    "nul-in-string",
    Severity.WARNING,
    message="a NUL byte stands inside a string of the text",
    suggestion="remove the byte, or write two strings: {mended}",
    source="Devicetree Specification v0.4, 2.2.4: strings end at the first NUL",
    explanation="""\
The source file holds a byte 0 between two quotes. It goes into the value as it is, so readers see
two strings, or only the first. Mostly the file was damaged or saved in another encoding.

Bad:

    compatible = "acme,a<NUL>acme,b";

Mended:

    compatible = "acme,a", "acme,b";""",
)

PREPROCESSOR = Code(
    "DT041",
    "preprocessor-error",
    Severity.ERROR,
    message="{what}",
    suggestion="{mend}",
    source="C preprocessor (ISO C, 6.10), as `cpp -nostdinc -undef -x assembler-with-cpp`",
    explanation="""\
The source has directives such as #include, #define or #if, and carrying them out failed: #error
was reached, #if has no #endif, a macro got the wrong number of arguments. Names are as in C;
nothing is predefined but what -D gives.

Bad:

    #ifdef BOARD_A
    status = "okay";

Mended:

    #ifdef BOARD_A
    status = "okay";
    #endif""",
)

PREPROCESSOR_WARNING = Code(
    "DT042",
    "preprocessor-warning",
    Severity.WARNING,
    message="#warning {text}",
    suggestion="",
    source="C preprocessor, #warning",
    explanation="""\
The source, or a file that it includes, asks for this text to be shown. It is for people: reading
goes on.

    #warning "pins.h is deprecated, use pinctrl.h" """,
)

EXTERNAL_CPP = Code(
    "DT043",
    "external-cpp-failed",
    Severity.ERROR,
    message="the preprocessor {program} failed: {reason}",
    suggestion="run it by hand to see more, or leave --cpp out to use the built-in one",
    source="--cpp PROGRAM",
    explanation="""\
With --cpp a program is run to preprocess source: it gets the text on standard input and the
options -nostdinc -undef -D__DTS__ -x assembler-with-cpp, -I and -D. It was not found, took too
long, or ended with an error that names no line.

Bad:

    dtovl convert --cpp ccp board.dts -o board.dtb

Mended:

    dtovl convert --cpp cpp board.dts -o board.dtb""",
)

PATH_FIXUP = Code(
    "DT044",
    "path-into-base",
    Severity.ERROR,
    message="{reference} cannot be a cell of an overlay: no node of the overlay has this path",
    suggestion="refer to the node by its label; only labels can be looked up in the base",
    source="dtc add_fixup_entry",
    explanation="""\
A reference in <...> to a node of the base becomes an entry of /__fixups__, which names a label.
There is no entry for a path. As target of a fragment a path is fine: &{/path} { }.

Bad:

    &i2c1 { codec { clocks = <&{/clocks/osc}>; }; };

Mended:

    &i2c1 { codec { clocks = <&osc>; }; };""",
)

SHORT_INCBIN = Code(
    "DT045",
    "incbin-short",
    Severity.WARNING,
    message="{file} has only {have} of the {wanted} bytes that /incbin/ asks for from offset "
    "{offset} on",
    suggestion="correct offset and length, or leave them out to take the whole file",
    source="dtc data_copy_file: takes what is there",
    explanation="""\
/incbin/("file", offset, length) takes length bytes. The file ends before, so the value is shorter
than the source says; dtc does the same without a word.

Bad:

    table = /incbin/("table.bin", 0, 4096);      the file has 4000 bytes

Mended:

    table = /incbin/("table.bin");""",
)

SYMBOL_TAKEN = Code(
    "DT046",
    "symbol-taken",
    Severity.WARNING,
    message="label {label} is not added to /__symbols__: a property of that name is there already",
    suggestion="remove the property from the /__symbols__ of the source",
    source="dtc generate_label_tree",
    explanation="""\
The source has a node /__symbols__ of its own, and it holds a property called like a label. With
-@ all labels go there, but what the source wrote stays, even if it names another node.

Bad:

    / { __symbols__ { led = "/old"; }; led: led { }; };

Mended:

    / { led: led { }; };""",
)

MISPLACED = Code(
    "DT047",
    "misplaced",
    Severity.ERROR,
    message="{what}",
    suggestion="{mend}",
    source="dtc grammar (dtc-parser.y)",
    explanation="""\
The words are known, but not at this place: `/memreserve/` stands between the version line and
the first node, a second `/plugin/` has to agree with the first, the first node of a source is the
root (or in an overlay a reference), the root node cannot be deleted.

Bad:

    /dts-v1/;
    / { };
    /memreserve/ 0x1000 0x1000;

Mended:

    /dts-v1/;
    /memreserve/ 0x1000 0x1000;
    / { };""",
)

MALFORMED_TABLE = Code(
    "DT048",
    "table-malformed",
    Severity.WARNING,
    message="property {name} of {table} cannot take all entries: {reason}",
    suggestion="remove {table} from the source: it is made by the compiler",
    source="dtc generate_fixups_tree, generate_local_fixups_tree",
    explanation="""\
The source of an overlay has a /__fixups__ or /__local_fixups__ of its own. New entries are added
to it, but a value there is no list of strings, or no list of cells, so an entry is lost and the
reference will keep a wrong number when the overlay is applied.

Bad:

    / { __fixups__ { i2c1 = <1>; }; };
    &i2c1 { };

Mended:

    &i2c1 { };""",
)

DELETE_OF_NEW = Code(
    "DT049",
    "delete-of-new-node",
    Severity.ERROR,
    message="/delete-node/ {name} stands in the block that brings the node",
    suggestion="leave the node out, or delete it in a later block",
    source="dtc merge_nodes, check duplicate_node_names",
    explanation="""\
A block is added to the tree as a whole, so a deletion in it can only act on what was there
before. dtc keeps both the node and the deletion, and then complains that the name is used twice.

Bad:

    bus { dev { }; /delete-node/ dev; };

Mended:

    bus: bus { dev { }; };
    ...
    &bus { /delete-node/ dev; };""",
)
