"""DT0xx: what is given cannot be read as a devicetree, or holds what readers do not agree about."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

NOT_A_TREE = Code(
    "DT001",
    "not-a-devicetree",
    Severity.ERROR,
    message="{name} is no devicetree: it looks like {looks}",
    suggestion="give a devicetree blob (.dtb, .dtbo), devicetree source (.dts, .dtso), or a "
    "directory like /proc/device-tree",
    source="Devicetree Specification v0.4, 5.2 (magic 0xd00dfeed); libfdt FDT_ERR_BADMAGIC",
    explanation="What a file is gets decided by its content, never by its name. A flattened "
    "devicetree starts with the bytes d0 0d fe ed; source is text with /dts-v1/, a root node or "
    "references such as &label { }; a gzip-compressed blob is read too.\n\n"
    "Bad: board.dtb is the HTML page that a download server sent instead of the file.\n"
    "Mended: fetch it again (curl --fail), then `file board.dtb` says `Device Tree Blob`.\n\n"
    "Bad: board.itb is a FIT image, which holds kernels and trees as data of its nodes.\n"
    "Mended: take the tree out with dumpimage and give that.",
)

TRUNCATED = Code(
    "DT002",
    "file-truncated",
    Severity.ERROR,
    message="{name} is cut off: it has {have} of the {total} bytes that its header promises",
    suggestion="copy or build the file again; {missing} bytes at its end are missing",
    source="Devicetree Specification v0.4, 5.2 (totalsize); libfdt FDT_ERR_TRUNCATED",
    explanation="The header of a blob tells its whole size. A file that is shorter was cut: by a "
    "copy that broke off, a full disk, a flash partition that is too small, or a build that was "
    "stopped. A boot loader that does not look at the size reads whatever lies behind it in "
    "memory.\n\n"
    "Bad: a blob of 84,000 bytes in a partition of 65,536.\n"
    "Mended: a partition that holds the whole blob.",
)

BAD_VERSION = Code(
    "DT003",
    "blob-version",
    Severity.ERROR,
    message="{name} has format version {version}, readable by readers of version {compatible} "
    "on: {what}",
    suggestion="write it again as version 17 (`dtc -V 17`)",
    source="Devicetree Specification v0.4, 5.2 (version, last_comp_version); libfdt "
    "FDT_ERR_BADVERSION",
    explanation="Two numbers in the header tell the version of the format and the oldest version "
    "whose readers can read the blob. dtovl reads what libfdt reads: versions 2 to 17, and later "
    "ones that say they can be read as 17 or older. Everything of today is version 17, readable "
    "from 16 on; other numbers mostly mean a damaged header.\n\n"
    "Bad: version 18, last_comp_version 18.\n"
    "Mended: version 17, last_comp_version 16, which dtc and libfdt write.",
)

BAD_HEADER = Code(
    "DT004",
    "header-inconsistent",
    Severity.ERROR,
    message="the header of {name} contradicts itself: {what}",
    suggestion="build or fetch the file again: its header is damaged",
    source="Devicetree Specification v0.4, 5.2; libfdt fdt_check_header, FDT_ERR_TRUNCATED",
    explanation="The header names where the memory reservations, the structure block and the "
    "strings block begin, and how long they are. Each has to lie behind the header and inside "
    "totalsize. A program that believes other numbers reads foreign memory; some releases of "
    "libfdt crash on them.\n\n"
    "Bad: off_dt_strings 0x393 in a blob of 0x392 bytes.\n"
    "Mended: the blob as dtc wrote it; edit blobs with fdtput or dtovl, not with a hex editor.",
)

BAD_STRUCTURE = Code(
    "DT005",
    "structure-broken",
    Severity.ERROR,
    message="the structure block of {name} is broken at byte {offset} of the file: {what}",
    suggestion="build or fetch the file again: its content is damaged",
    source="Devicetree Specification v0.4, 5.4; libfdt fdt_check_full, FDT_ERR_BADSTRUCTURE",
    explanation="The structure block is a sequence of tokens: BEGIN_NODE, PROP, END_NODE, NOP and "
    "one END, each at a multiple of 4 bytes, one root node with an empty name around all others. "
    "The message names the first token that does not fit, and the node in which it stands. "
    "A single flipped byte is enough: damaged flash, a file edited by hand, a transfer as text "
    "that changed line ends.\n\n"
    "Bad: BEGIN_NODE without its END_NODE.\n"
    "Mended: as many END_NODE as BEGIN_NODE, then END.",
)

BAD_STRING = Code(
    "DT006",
    "property-name-outside-strings",
    Severity.ERROR,
    message="a property in {name} has no readable name: {what}",
    suggestion="build or fetch the file again: its content is damaged",
    source="Devicetree Specification v0.4, 5.4.1 (nameoff), 5.5; libfdt fdt_get_string",
    explanation="A property stores the place of its name in the strings block. The place has to "
    "be inside the block, and the name has to end with a NUL inside it.\n\n"
    "Bad: nameoff 0x3000 with a strings block of 0x200 bytes.\n"
    "Mended: the blob as dtc wrote it.",
)

BAD_RESERVATIONS = Code(
    "DT007",
    "reservations-unterminated",
    Severity.ERROR,
    message="the memory reservations of {name} have no end: no entry of zeros from byte {offset} "
    "to the end of the blob",
    suggestion="build or fetch the file again; the list ends with an entry of 16 zero bytes",
    source="Devicetree Specification v0.4, 5.3; libfdt fdt_num_mem_rsv, FDT_ERR_TRUNCATED",
    explanation="The memory reservations are pairs of address and size of 8 bytes each, ended by "
    "a pair of zeros. Without the end a boot loader takes what follows for reservations, and the "
    "kernel loses memory at random places.\n\n"
    "Bad: <0x80000000 0x10000>, then the structure block.\n"
    "Mended: <0x80000000 0x10000>, <0 0>, then the structure block.",
)

TOO_DEEP = Code(
    "DT008",
    "tree-too-deep",
    Severity.ERROR,
    message="nodes of {name} are nested {depth} levels deep; {reader} stops at {limit}",
    suggestion="make the tree flatter; real boards stay below 20 levels",
    source="kernel drivers/of/fdt.c FDT_MAX_DEPTH; dtovl's own bound",
    explanation="Linux leaves out every node 63 or more levels below the root and warns once with "
    "a stack dump; libfdt keeps it. dtovl warns at that depth and refuses a tree deeper than its "
    "own bound, which only a damaged or hostile file reaches.\n\n"
    "Bad: a generated tree that nests each device in the one before.\n"
    "Mended: devices beside each other, below their bus.",
)

TOO_LARGE = Code(
    "DT009",
    "input-too-large",
    Severity.ERROR,
    message="{name} is too large: {what}",
    suggestion="check that it is the right file; a board's devicetree is below 1 MiB",
    source="dtovl's own bound",
    explanation="Input is bounded, so that no file, however it was made, can use up memory: 256 "
    "MiB for a blob or a directory, 64 MiB for a blob after decompression, 64 KiB for one name, as "
    "much text in names as a blob of that size can need. Real devicetrees are far below.\n\n"
    "Bad: a gzip file of 1 MiB that unpacks to 1 GiB.\n"
    "Mended: the blob that the build made, packed with `gzip -k board.dtb`.",
)

BAD_GZIP = Code(
    "DT010",
    "gzip-damaged",
    Severity.ERROR,
    message="{name} is gzip-compressed and cannot be unpacked: {what}",
    suggestion="copy or build the file again; `gzip -t FILE` shows whether it is whole",
    source="RFC 1952",
    explanation="A file that starts with 1f 8b is unpacked, and its checksum is compared. If it "
    "is cut off or damaged, nothing of it is used.\n\n"
    "Bad: board.dtb.gz after a copy that broke off.\n"
    "Mended: the same file, copied again.",
)

FILE_UNREADABLE = Code(
    "DT011",
    "file-unreadable",
    Severity.ERROR,
    message="cannot read {name}: {what}",
    suggestion="check the path and its permissions",
    source="open(2), read(2)",
    explanation="The operating system refused to open or read the file, or what lies there is "
    "nothing that can be read as a file: a device, a socket.\n\n"
    "Bad: dtovl show bord.dtb\n"
    "Mended: dtovl show board.dtb",
)

OUTPUT_IS_INPUT = Code(
    "DT012",
    "output-is-input",
    Severity.ERROR,
    message="{name} is {what} of this command: it is not overwritten",
    suggestion="name another file with -o, or add --force",
    source="dtovl itself",
    explanation="Writing the result over the base loses the base, and applying the overlay again "
    "would then fail or do it twice. Files that source includes are inputs as well, and so is all "
    "that lies in a folder read as a tree. Links are followed before files are compared.\n\n"
    "Bad: dtovl apply board.dtb cam.dtbo -o board.dtb\n"
    "Mended: dtovl apply board.dtb cam.dtbo -o board-cam.dtb",
)

FILE_UNWRITABLE = Code(
    "DT013",
    "file-unwritable",
    Severity.ERROR,
    message="cannot write {name}: {what}",
    suggestion="check that the folder exists, that you may write there and that space is left",
    source="open(2), write(2), rename(2)",
    explanation="Output is written to a temporary file beside the target, which then takes its "
    "place in one step. If that fails, the target is as it was before and the temporary file is "
    "gone.\n\n"
    "Bad: -o /boot/board.dtb without the right to write to /boot\n"
    "Mended: -o board.dtb, then sudo install board.dtb /boot",
)

REPEATED_NAME = Code(
    "DT014",
    "repeated-name",
    Severity.WARNING,
    message="{kind} {name} is there {count} times in one node; look-ups find the first alone",
    suggestion="keep one of them: the later ones are dead, or meant to be called otherwise",
    source="Devicetree Specification v0.4, 2.2.1 and 2.2.4; libfdt fdt_getprop and "
    "fdt_subnode_offset; kernel of_find_property",
    explanation="Two properties, or two subnodes, of one node have the same name. libfdt and the "
    "kernel find the first one; the later ones stay in the tree and are dead weight, or for "
    "nodes: a second device at the same path. dtovl keeps all of them and writes all of them. "
    "dtc merges them in source text, so a blob with such names was put together by a program.\n\n"
    'Bad: status = "okay" and later status = "disabled" in the same node.\n'
    "Mended: the one that is meant.",
)

LATE_PROPERTY = Code(
    "DT015",
    "property-after-subnode",
    Severity.WARNING,
    message="not kept, since no reader sees what stands behind a subnode: {names}",
    suggestion="move the properties of a node before its subnodes and build the blob again",
    source="Devicetree Specification v0.4, 5.4.2; libfdt fdt_first_property_offset; kernel "
    "populate_properties",
    explanation="In the structure block the properties of a node come before its subnodes. "
    "Neither libfdt nor the kernel sees one that stands behind; fdt_check_full lets it pass. "
    "dtovl sees the tree as they do, and does not write these properties.\n\n"
    "Bad: BEGIN_NODE a, BEGIN_NODE b, END_NODE, PROP reg, END_NODE.\n"
    "Mended: BEGIN_NODE a, PROP reg, BEGIN_NODE b, END_NODE, END_NODE.",
)

ODD_NAME = Code(
    "DT016",
    "odd-name",
    Severity.WARNING,
    message="{kind} name {name} {what}",
    suggestion="rename it: letters, digits and , . _ + - are allowed (? and # in property names); "
    "a unit address follows a single @",
    source="Devicetree Specification v0.4, 2.2.1 and 2.2.4.1; dtc checks node_name_chars, "
    "property_name_chars, node_name_format",
    explanation="The specification fixes the characters of names. Others come through some tools "
    "and not through others: a name with / can be reached by no path, an empty one neither, . "
    "and .. collide with the folders of /proc/device-tree, and dtc refuses most of the rest. "
    "Characters that dtc itself allows beyond the specification are reported as info.\n\n"
    "Bad: uart@1@2, sensor/left\n"
    "Mended: uart@1, sensor-left",
)

UNREAD_BYTES = Code(
    "DT017",
    "unread-bytes",
    Severity.WARNING,
    message="not read and not kept: {size} {where}",
    suggestion="nothing to do if they are known; else find out which program put them there",
    source="Devicetree Specification v0.4, 5.2 (totalsize), 5.4 (FDT_END)",
    explanation="A blob ends at totalsize, its structure block at FDT_END. What stands behind, or "
    "between the blocks, belongs to nobody: no reader looks at it and dtovl does not write it. "
    "Zero bytes between blocks are usual and not reported; zero or 0xff bytes behind the blob are "
    "reported as info. Bytes between the last block and totalsize are kept: that is room to "
    "grow.\n\n"
    "Bad: cat base.dtb other.dtb > both.dtb, of which every reader sees the first alone.\n"
    "Mended: two files.",
)

ODD_LAYOUT = Code(
    "DT018",
    "odd-layout",
    Severity.WARNING,
    message="{name} is put together in an unusual way: {what}",
    suggestion="use the blob that dtovl or dtc writes from it; it has the usual layout",
    source="Devicetree Specification v0.4, 5.2 to 5.5; libfdt fdt_num_mem_rsv, fdt_next_node",
    explanation="The blob can be read, but readers do not agree about it: blocks that overlap (a "
    "change to one changes the other), a NOP before the root node (libfdt finds no root), a "
    "reservation of size 0 before the end of the list (libfdt and the kernel stop there, and what "
    "follows is not reserved).\n\n"
    "Bad: reservations <0x80000000 0>, <0x90000000 0x1000>, <0 0>\n"
    "Mended: reservations <0x90000000 0x1000>, <0 0>",
)

ODD_PHANDLE = Code(
    "DT019",
    "odd-phandle",
    Severity.WARNING,
    message="the phandle of this node cannot be relied on: {what}",
    suggestion="give every node that is referred to one phandle of its own, 4 bytes, from 1 to "
    "0xfffffffe (dtc does so for every label that is used)",
    source="Devicetree Specification v0.4, 2.3.3; libfdt fdt_get_phandle; kernel "
    "populate_properties",
    explanation="References find a node by its phandle. Two nodes with one number, a number of "
    "other than 4 bytes, 0, 0xffffffff, or a `linux,phandle` that says something else than "
    "`phandle`: each reader makes something else of it, and a reference may reach the wrong "
    "device.\n\n"
    "Bad: phandle = <5> in /clocks/osc and in /soc/uart@0.\n"
    "Mended: two numbers, or no explicit phandle at all, then dtc chooses.",
)
