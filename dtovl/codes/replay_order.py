"""PS130 to PS138, PS150 to PS155: operations too early, too late, or on what is not there."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

OUT_OF_ORDER = Code(
    "PS130",
    "out-of-order",
    Severity.WARNING,
    message="{kind} after {earlier}: firmware sends deletes, then updates, then adds",
    suggestion="check that the log is whole and in order",
    source="PAPR ibm,update-nodes, R1-15 and R1-16",
    explanation="""\
Over a sequence of ibm,update-nodes calls all deletes come first, then all updates, then all adds.
Another order is a fault of the firmware, or of the log: lines of two sessions, or sorted lines.
Linux does not look at the order and works on the messages as they come.

    update 0xfffffff4, then delete 0xfffffff4: the update is lost with the node""",
)

UPDATE_TOO_LATE = Code(
    "PS131",
    "update-of-deleted",
    Severity.WARNING,
    message="the node was deleted before: the update is dropped",
    suggestion="apply updates before the delete, or after the add",
    source="kernel update_dt_node: of_find_node_by_phandle finds attached nodes only",
    explanation="""\
Between its delete and its add a node cannot be found, so an update that names it does nothing.
When the add has no content in the log, nothing says whether the new node has the new value.

    delete 0xfffffff4; update 0xfffffff4; add of the parent""",
)

DELETED_TWICE = Code(
    "PS132",
    "deleted-twice",
    Severity.WARNING,
    message="the node was deleted before in this session",
    suggestion="check that no line stands twice in the log",
    source="kernel pseries_devicetree_update: Failed lookup",
    explanation="""\
A second delete of the same phandle finds nothing. Linux warns and goes on with the next word.

    mobility: Failed lookup: phandle 0xfffffff5 for action 0x1000000""",
)

NOT_FOUND = Code(
    "PS133",
    "not-found",
    Severity.WARNING,
    message="no such {what} in the tree",
    suggestion="check that base and log are of the same machine and the same boot",
    source="kernel pseries_devicetree_update: Failed lookup; ofdt: ENODEV",
    explanation="""\
The message names a phandle, a path or a property that the tree does not have: it never was there,
or it left in an earlier session. Linux warns where firmware asked, and answers -ENODEV to a write
to ofdt.

    mobility: Failed lookup: phandle 0x77 for action 0x1000000
    remove_node /vdevice/nothing@1""",
)

PARENT_NOT_FOUND = Code(
    "PS134",
    "parent-not-found",
    Severity.ERROR,
    message="the parent of the add is not in the tree: the node is dropped{more}",
    suggestion="check why the parent is missing: was it deleted before its new child came?",
    source="kernel pseries_devicetree_update; of_node_put of an error pointer in ofdt_write",
    explanation="""\
When the parent of an add is unknown, Linux skips it without reading its drc-index: that number is
then looked up as the next phandle, and every word behind it is read one place off. A write of
add_node to ofdt below a missing parent crashes Linux 6.1.

    mobility: Failed lookup: phandle 0x88 for action 0x3000000
    mobility: Failed lookup: phandle 0x2f000001 for action 0x3000000""",
)

WENT_WITH_PARENT = Code(
    "PS135",
    "went-with-parent",
    Severity.INFO,
    message="the node left with {parent}, deleted before it",
    suggestion="",
    source="kernel dlpar_detach_node detaches the children first",
    explanation="""\
Linux detaches a node with all below it, so a delete of the child that follows finds nothing. It
is harmless; firmware sends the deletes of the leaves before that of their parent.

    delete of /ibm,platform-facilities, then delete of /ibm,platform-facilities/ibm,random-v1""",
)

NOT_DELETED = Code(
    "PS136",
    "added-without-delete",
    Severity.WARNING,
    message="the node is added although it was never deleted: taken as an update of it",
    suggestion="check that the log is whole: a delete may be missing",
    source="policy preserve; Linux attaches the node a second time",
    explanation="""\
An add names a node that is in the tree, with the same path and phandle. preserve takes the answer
as the new properties of that node. Linux attaches a second node of the same name and phandle.

    add of ibm,random-v1 with phandle 0xfffffff5 below /ibm,platform-facilities, no delete""",
)

OUT_OF_SCOPE = Code(
    "PS137",
    "out-of-scope",
    Severity.WARNING,
    message="a migration may not {kind} this node",
    suggestion="check the scope of the ibm,update-nodes call",
    source="PAPR ibm,update-nodes, table of scopes; kernel MIGRATION_SCOPE",
    explanation="""\
In the scope of a migration firmware may delete and add caches, the platform facilities and the
reconfigurable memory node only; every other node may be updated, or not be named at all. A delete
of something else comes from another scope, or is a fault of the firmware.

    delete of /vdevice/v-scsi@71000003 in scope 1""",
)

BLOCK_NOT_NAMED = Code(
    "PS138",
    "update-without-operation",
    Severity.WARNING,
    message="property updates of phandle {number}, which no ibm,update-nodes list names",
    suggestion="check that the block of ibm,update-nodes is in the log, too",
    source="PAPR ibm,update-properties",
    explanation="""\
The log has answers of ibm,update-properties for a node that no list of updated nodes names. They
are applied after everything else, since Linux would not have asked for them otherwise.

    rtas ibm,update-properties phandle=0xfffffff4 rc=0    and no ibm,update-nodes block""",
)

DELETE_IGNORED = Code(
    "PS150",
    "delete-ignored",
    Severity.INFO,
    message="the delete is ignored: platform facilities stay",
    suggestion="",
    source="kernel delete_dt_node since v5.16 (319fa1a52e43)",
    explanation="""\
A fixed kernel ignores the delete of a node of type ibm,platform-facilities and of its direct
children, so devices keep a node that is in the tree.

    mobility: ignoring remove operation for /ibm,platform-facilities:4294967286""",
)

ADD_IGNORED = Code(
    "PS151",
    "add-ignored",
    Severity.INFO,
    message="the add is ignored: platform facilities stay as they are",
    suggestion="",
    source="kernel add_dt_node since v5.16 (319fa1a52e43)",
    explanation="""\
A fixed kernel frees the whole answer of the connector when its top node is of type
ibm,platform-facilities. What is new in the answer is lost; PS108 tells where that matters.

    mobility: ignoring add operation for /ibm,platform-facilities""",
)

REMOVE_REFUSED = Code(
    "PS152",
    "remove-refused",
    Severity.WARNING,
    message="the node has children: the write fails with EBUSY",
    suggestion="remove its children first",
    source="kernel pSeries_reconfig_remove_node",
    explanation="""\
A remove_node written to ofdt is refused while the node has children. User space removes them one
by one, the deepest first.

    remove_node /ibm,platform-facilities
    remove_node /ibm,platform-facilities/ibm,random-v1, then the parent""",
)

ADD_REFUSED = Code(
    "PS153",
    "add-refused",
    Severity.WARNING,
    message="the path is there already: the write fails with EINVAL",
    suggestion="remove the node first, or update its properties",
    source="kernel do_add_node",
    explanation="""\
An add_node written to ofdt is refused when a node of that path is in the tree. The node keeps
the properties it has.

    add_node /vdevice/l-lan@30000002 ... while the node is there
    update_property 30000002 local-mac-address 8 ...""",
)

PROPERTY_THERE = Code(
    "PS155",
    "property-there",
    Severity.WARNING,
    message="{name} is there already: the write succeeds and nothing changes",
    suggestion="write update_property instead of add_property",
    source="kernel do_add_property drops the result of of_add_property; seen on Linux 6.1",
    explanation="""\
An add_property written to ofdt fails inside the kernel when the property exists, but the writer
is told that all went well. The old value stays.

    add_property 48 status 5 okay
    update_property 48 status 5 okay""",
)
