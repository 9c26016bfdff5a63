"""PS140 to PS149, PS154, PS201 to PS208: what the log shows beside operations, and bad input."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

GAP = Code(
    "PS140",
    "gap",
    Severity.INFO,
    message="something was cut out of the log here",
    suggestion="replay the whole log",
    source="a line of its own with nothing but dots",
    explanation="""\
Whoever quoted the log left lines out. A delete without an add after it may have had one in the
part that is missing, so what became of its node is marked as assumed.

    mobility: removing node /ibm,platform-facilities/ibm,random-v1:4294967285
    ...""",
)

COUNT_EVIDENCE = Code(
    "PS141",
    "count-evidence",
    Severity.WARNING,
    message="the machine reported {what}",
    suggestion="this tells what happened there; the verdict is about the policy replayed here",
    source="kernel refcount_warn_saturate, of_node_release, safe_name",
    explanation="""\
A line of the log shows that a reference count or a name went wrong on the machine that wrote it.
It is evidence of what its kernel did and never changes the verdict of the policy replayed here.

    refcount_t: addition on 0; use-after-free.
    OF: ERROR: Bad of_node_put() on /ibm,platform-facilities""",
)

LINK_EVIDENCE = Code(
    "PS142",
    "link-evidence",
    Severity.WARNING,
    message="the of_node link of {device} was broken: it holds a node that is not in the tree",
    suggestion="this tells what happened there; the verdict is about the policy replayed here",
    source="sysfs; file(1) or ls on /sys/devices/vio",
    explanation="""\
A listing in the log shows a device whose of_node link leads nowhere: it holds the node of that
path. The device is taken as a holder of the node from the start.

    /sys/devices/vio/ibm,random-v1/of_node: broken symbolic link to ../base/ibm,...""",
)

KERNEL_FAILURE = Code(
    "PS143",
    "failure-reported",
    Severity.WARNING,
    message="a failure was reported: {what}",
    suggestion="look in the log for what came before it",
    source="kernel pseries_devicetree_update, dlpar_configure_connector; PAPR return codes",
    explanation="""\
Kernel or firmware said that a step failed. A work area that comes with such a return code is not
decoded, and the sequence of calls ends there; an add whose connector call failed is dropped.

    mobility: device tree update failed: -3
    Unexpected Error (5) returned from configure-connector""",
)

VALUE_UNKNOWN = Code(
    "PS144",
    "value-unknown",
    Severity.INFO,
    message="{what}: the value is not in the log",
    suggestion="record the answers of ibm,update-properties, or dump the tree afterwards",
    source="kernel update_dt_property prints the name only",
    explanation="""\
The log says that a property, or a node, was updated, and not to what. The old value is no longer
right and the new one not known; comparisons leave the property out. Likewise where a listing of
`lsprop -R` is the base and has the first 128 bytes of a value only: an add that names the property
may change it, or not.

    mobility: updating node /cpus/PowerPC,POWER9@0 property ibm,pa-features""",
)

NODE_MISSING = Code(
    "PS145",
    "node-missing",
    Severity.WARNING,
    message="the listing in the log does not have this node, the tree of the replay has it",
    suggestion="this tells what happened there; the verdict is about the policy replayed here",
    source="tree -d of /proc/device-tree or /sys/firmware/devicetree/base",
    explanation="""\
A listing after the migration lacks a node that is in the tree under the policy replayed here. The
kernel of that machine did something else, for example lost the children of an added node.

    $ tree -d /sys/firmware/devicetree/base/ibm,platform-facilities/
    0 directories""",
)

OPCODE_UNKNOWN = Code(
    "PS146",
    "opcode-unknown",
    Severity.WARNING,
    message="operator 0x{word:08x} is unknown: its operands are passed over",
    suggestion="check that the dump is of an ibm,update-nodes work area",
    source="PAPR ibm,update-nodes; drmgr: Unknown update_nodes op",
    explanation="""\
An operator of the list has an opcode other than 1, 2 or 3. Linux looks its operands up as
phandles and does nothing with them. A newer firmware, or a list read one word off, as after an
add below an unknown parent.

    04000001 00000030    passed over
    01000001 00000030    delete of phandle 0x30""",
)

NO_TERMINATOR = Code(
    "PS147",
    "no-terminator",
    Severity.WARNING,
    message="the list has no terminator: read up to byte 4096",
    suggestion="check that the whole work area was dumped",
    source="PAPR ibm,update-nodes",
    explanation="""\
The last operator of a list is followed by a word of zeros. Without one, Linux reads on behind the
work area and takes what stands there for operators.

    01000001 00000030 and so on up to the end of the page
    01000001 00000030 00000000""",
)

VALUE_INCOMPLETE = Code(
    "PS148",
    "value-incomplete",
    Severity.WARNING,
    message="a value that comes in pieces is never completed: {name} is not applied",
    suggestion="check that the answers to all calls are in the log",
    source="PAPR ibm,update-properties, value descriptor; kernel update_dt_property",
    explanation="""\
A long value comes in pieces, over several calls, and the last piece has a positive length. It
never came, or the property was deleted before. Linux forgets the pieces and leaks their memory.

    piece of 0x7f0 bytes with rc 1, then a call with rc 0 that has other properties only""",
)

NAME_ONLY_IGNORED = Code(
    "PS149",
    "name-only-ignored",
    Severity.INFO,
    message="{name} is sent as a name without a value, which Linux passes over",
    suggestion="replay with --policy preserve to have the property set to length 0",
    source="PAPR ibm,update-properties: 0x00000000 is a property with a name only; "
    "kernel update_dt_node does nothing with it",
    explanation="""\
Firmware sets a property without a value. Linux neither creates it nor empties the old value.
preserve and subtree-attach set it to length 0, as the platform specification says.

    ibm,dynamic 00000000""",
)

SECOND_FIRST_CHILD = Code(
    "PS154",
    "second-first-child",
    Severity.WARNING,
    message="the answer gives {parent} a first child twice",
    suggestion="Linux loses the first of the two; dtovl keeps both",
    source="kernel dlpar_configure_connector overwrites last->child",
    explanation="""\
ibm,configure-connector said "next child" below a node that has a child already, where "next
sibling" was due. Linux overwrites its pointer to the first child, which is lost with all below it.

    rc 2 (top), rc 2 (child a), rc 4 (up), rc 2 (child b)
    rc 2 (top), rc 2 (child a), rc 1 (sibling b)""",
)

NO_OPERATION = Code(
    "PS201",
    "no-operation",
    Severity.ERROR,
    message="no operation found",
    suggestion="give a log with lines of mobility, drmgr or ofdt, a dump of work areas, "
    "or an operation list",
    source="dtovl.replay",
    explanation="""\
Nothing in the input asks for a delete, an update or an add. It may be another log, or the lines
may be missing because the kernel prints them only with dynamic debug switched on.

    echo 'file mobility.c +p' > /sys/kernel/debug/dynamic_debug/control
    then migrate, and save dmesg""",
)

BAD_LIST = Code(
    "PS202",
    "bad-operation-list",
    Severity.ERROR,
    message="{what}",
    suggestion="see docs/commands.md, `dtovl migrate`, for the keys of an operation list",
    source="operation list, dtovl-replay 1",
    explanation="""\
An operation list is YAML with the key dtovl-replay: 1 first, and a list ops of deletes, updates
and adds. Unknown keys, wrong types, numbers outside 0..0xffffffff, a phandle 0, anchors and
aliases are refused. In a flow map {...} a comma ends a key: quote names such as "ibm,phandle".

    - update: 0x30
      props: {ibm,max-sg-len: 1}
    - update: 0x30
      props: {"ibm,max-sg-len": 1}""",
)

BAD_OFDT = Code(
    "PS203",
    "bad-ofdt-line",
    Severity.ERROR,
    message="{what}",
    suggestion="write NAME LENGTH VALUE with exactly LENGTH bytes of value, then a blank",
    source="kernel parse_next_property (arch/powerpc/platforms/pseries/reconfig.c)",
    explanation="""\
A line for /proc/ppc64/ofdt cannot be read as the kernel reads it: a length that does not fit the
value, a number that is none, an escape that is unknown.

    update_property 48 status 4 okay
    update_property 48 status 5 okay\\0""",
)

BAD_KERNEL_LINE = Code(
    "PS204",
    "bad-kernel-line",
    Severity.ERROR,
    message="{what}",
    suggestion="mend the line, or replay the rest with --keep-going",
    source="kernel mobility.c prints %pOFfp: path, colon, phandle in decimal",
    explanation="""\
A line of a form that is known has no path, or a phandle that is not a decimal number of 32 bits.
Usually a mail program or a terminal cut it.

    mobility: removing node /ibm,platform-facilities:42949672
    mobility: removing node /ibm,platform-facilities:4294967286""",
)

BAD_WORK_AREA = Code(
    "PS205",
    "bad-work-area",
    Severity.ERROR,
    message="{what}",
    suggestion="dump the 4096 bytes again, as bytes: xxd, hexdump -C or od -A x -t x1",
    source="PAPR ibm,update-nodes; kernel pseries_devicetree_update does not check",
    explanation="""\
A dump cannot be read as a work area: digits that are none, offsets that leap, operands that run
past byte 4096, bytes of each word swapped (od -t x2 on a little-endian machine).

    0100ffff 00000030    65535 operands do not fit into 4096 bytes
    01000001 00000030 00000000""",
)

BAD_DESCRIPTOR = Code(
    "PS206",
    "bad-property-descriptor",
    Severity.ERROR,
    message="{what}",
    suggestion="check that the dump has every call, in order, from byte 0",
    source="PAPR ibm,update-properties, property value descriptor",
    explanation="""\
An answer of ibm,update-properties breaks off inside a name or a value, is for another node than
its header says, or mixes pieces of two properties. Linux would join the pieces of the two into
one value under the first name.

    piece of "a", then the final piece of "b"
    every piece of "a" with the name "a\"""",
)

BAD_CONNECTOR = Code(
    "PS207",
    "bad-connector-answer",
    Severity.ERROR,
    message="{what}",
    suggestion="check that the dump has every call of the sequence, up to return code 0",
    source="PAPR ibm,configure-connector; kernel dlpar_configure_connector does not check",
    explanation="""\
A sequence of ibm,configure-connector answers makes no tree: a sibling or a property before the
first node, a step up from the top, names or values outside the 4096 bytes, no end, or more than
64 levels.

    rc 3 (property) as the first answer
    rc 2 (top node), rc 3 (property), rc 0""",
)

BAD_BASE = Code(
    "PS208",
    "bad-base",
    Severity.ERROR,
    message="{what}",
    suggestion="give a DTB, a DTS, a directory like /proc/device-tree, or a listing of lsprop -R",
    source="dtovl.replay",
    explanation="""\
The base of a replay is the tree of the machine before it migrated. What was given cannot be read
as one in any of the four forms, or is larger than the bounds allow: 64 MiB of regular files, and
links are not followed.

    --base /proc/device-tree/chosen/bootargs
    --base /proc/device-tree""",
)
