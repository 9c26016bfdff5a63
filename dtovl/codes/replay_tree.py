"""PS101 to PS124: what a stream of migration messages does to nodes, holders and references."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

HELD_NODE_DETACHED = Code(
    "PS101",
    "held-node-detached",
    Severity.ERROR,
    message="the node leaves the tree while {holders} holds it",
    suggestion="replay with --policy preserve: the node stays and its properties are updated",
    source="kernel dlpar_detach_node, vio_register_device_node",
    explanation="""\
Firmware deletes the node, Linux takes it out of the tree, and a device or driver still has a
reference to it. The device works on with a node that nobody can find any more: its of_node link
in sysfs is broken, its properties are never updated again, and it cannot be bound anew.

    delete of /ibm,platform-facilities/ibm,random-v1, which the vio device ibm,random-v1 holds
    a delete and an add with the same phandle become updates of the node in place""",
)

PARENT_COUNT_ZERO = Code(
    "PS102",
    "parent-count-zero",
    Severity.ERROR,
    message="the node is held, but its parent {parent} is gone with count 0: "
    "walking up to it is use-after-free",
    suggestion="do not print the path of the node, nor read its devspec, until the next boot",
    source="kernel dlpar_detach_node, devspec_show, of_get_parent",
    explanation="""\
A detached node still points at its parent. When the parent was detached too and nobody holds it,
its count is 0, and the first who asks for the full path of the node takes a reference on a dead
object. A parent of boot stays in memory; one that came with a migration is freed memory.

    delete of the leaf, delete of /ibm,platform-facilities, then
    cat /sys/devices/vio/ibm,random-v1/devspec
    refcount_t: addition on 0; use-after-free.""",
)

NODE_LEAKED = Code(
    "PS103",
    "node-leaked",
    Severity.ERROR,
    message="the node came with the add, but only the top node is attached: it is leaked",
    suggestion="replay with --policy subtree-attach or preserve to see the whole answer attached",
    source="kernel __of_attach_node, dlpar_configure_connector",
    explanation="""\
ibm,configure-connector answers with a whole subtree, but Linux attaches the first node alone and
clears its list of children. Nodes below it, and siblings of it, have been allocated, are reachable
from nowhere, and are never freed.

    add below /: ibm,platform-facilities with ibm,random-v1 below it
    only /ibm,platform-facilities is in the tree afterwards""",
)

CHILDREN_GONE = Code(
    "PS104",
    "children-gone",
    Severity.ERROR,
    message="the node is back, but not the {count} below it that left in this session",
    suggestion="look in /proc/device-tree of the machine whether the nodes below it are there",
    source="kernel __of_attach_node clears the children of the node it attaches",
    explanation="""\
The log has an add without the answer of the connector. Nodes below the old node left in the same
session, so the answer most likely brought them back, and a kernel that attaches the top node only
lost them. The nodes listed as leaked are assumed to have been as they were.

    mobility: removing node /ibm,platform-facilities/ibm,random-v1:4294967285
    mobility: removing node /ibm,platform-facilities:4294967286
    mobility: added node /ibm,platform-facilities:4294967286""",
)

NAME_TAKEN = Code(
    "PS105",
    "name-taken",
    Severity.ERROR,
    message="a node of this name is attached below the parent already: sysfs shows {name}#1",
    suggestion="delete the old node first, or replay with --policy preserve",
    source="kernel safe_name, __of_attach_node",
    explanation="""\
An add brings a node whose name is taken. Linux does not refuse it: both nodes are attached, and
the directory of the new one gets another name in sysfs. A look-up by path finds one of the two.

    add of /ibm,platform-facilities, then delete of /ibm,platform-facilities
    Duplicate name in base, renamed to "ibm,platform-facilities#1\"""",
)

PHANDLE_TAKEN = Code(
    "PS106",
    "phandle-taken",
    Severity.ERROR,
    message="its phandle is that of {other}, which is attached",
    suggestion="delete the old node first, or replay with --policy preserve",
    source="kernel of_find_node_by_phandle",
    explanation="""\
Two nodes of one phandle are in the tree. Who looks the phandle up gets the node that was found
before, else the newer one; after one of them has left, the other. Messages of firmware that name
the phandle reach one of the two by chance.

    add of a node with ibm,phandle 0x30 while /l2-cache@0 with 0x30 is in the tree
    delete 0x30 first""",
)

REFERENCE_BROKEN = Code(
    "PS107",
    "reference-broken",
    Severity.ERROR,
    message="{name} refers to phandle {value}, which no node of the tree has",
    suggestion="add the node it refers to, or update the property",
    source="kernel cacheinfo, irq core: of_find_node_by_phandle",
    explanation="""\
A property holds a phandle that no longer leads to a node: the node was deleted, or came back
under another phandle, or the new value never was one. A warning for ibm,shared-interrupt-pool,
which Linux does not read; an error for the properties of caches and interrupts.

    delete of /l2-cache@0 (phandle 0x30) while a cpu has l2-cache = <0x30>
    firmware must update l2-cache of the cpu in the same session""",
)

CONTENT_IGNORED = Code(
    "PS108",
    "content-ignored",
    Severity.WARNING,
    message="the add is ignored, and with it {what}",
    suggestion="replay with --policy preserve to have the difference applied",
    source="kernel add_dt_node since v5.16 (319fa1a52e43)",
    explanation="""\
A fixed kernel ignores an add of ibm,platform-facilities as a whole. Where the answer differs from
the node in the tree, the tree stays as it was before the migration and no longer tells what the
machine is like.

    the answer has ibm,shared-interrupt-pool 0x99, the node in the tree 0x40
    preserve updates the property in place""",
)

RESOURCE_ID_CHANGED = Code(
    "PS110",
    "resource-id-changed",
    Severity.ERROR,
    message="ibm,resource-id of a held node changes from {old} to {new}: the bus cannot follow",
    suggestion="unbind the driver, and boot the partition anew",
    source="kernel vio_register_device_node copies the number once",
    explanation="""\
The vio bus reads ibm,resource-id once, when it makes the device, and the device goes on using
that number in its hypervisor calls. No way of updating the tree reaches it: the device talks to
the wrong resource, or to none.

    ibm,random-v1 had ibm,resource-id 1 before the migration and has 2 after it""",
)

EVENT_MISSING = Code(
    "PS111",
    "event-missing",
    Severity.WARNING,
    message="{name} changes, but the driver of the node gets no update event",
    suggestion="replay with --policy preserve: an update in place is announced",
    source="kernel nx842_OF_notifier (drivers/crypto/nx/nx-common-pseries.c)",
    explanation="""\
The compression driver listens to updates of status, ibm,max-sync-cop and ibm,max-sg-len of its
node. A remove and an add of the node, an ignored add, the removal of the property, and an
add_property written to ofdt send other events or none, so the driver keeps its old limits.

    delete and add of ibm,compression-v1 with another ibm,max-sync-cop
    update of ibm,max-sync-cop in place""",
)

EVENT_DELIVERED = Code(
    "PS112",
    "event-delivered",
    Severity.INFO,
    message="{name} changes in place: the update event is delivered to the driver",
    suggestion="",
    source="kernel of_update_property, nx842_OF_notifier",
    explanation="""\
A property that the compression driver listens to was updated in place, so the event reaches its
notifier. Whether the driver acts on it is another matter: in Linux 6.1 nx842_OF_upd compares the
name with all three names at once and leaves when any of them differs.

    update of ibm,max-sync-cop of /ibm,platform-facilities/ibm,compression-v1""",
)

BINDING_CHANGED = Code(
    "PS113",
    "binding-changed",
    Severity.ERROR,
    message="{name} of a held node changes: driver and bus were chosen by the old value",
    suggestion="unbind the driver first, or boot the partition anew",
    source="kernel vio_bus_match, vio_register_device_node",
    explanation="""\
compatible, device_type and name decide which bus makes the device and which driver binds to it.
Both are asked once. When the property of a node in use changes, the wrong driver goes on driving
the device.

    compatible of ibm,compression-v1 becomes "ibm,compression-v2" while nx-compress is bound""",
)

IDENTITY_UPDATED = Code(
    "PS114",
    "identity-updated",
    Severity.ERROR,
    message="{name} is updated: the value changes, the node answers to its old phandle",
    suggestion="delete the node and add it with the new phandle",
    source="kernel of_update_property does not touch device_node.phandle; seen on Linux 6.1",
    explanation="""\
The phandle of a node is read from phandle, linux,phandle or ibm,phandle once, when the node is
made. An update of the property changes the bytes that others read and leaves the number that
look-ups compare: references to the new number lead nowhere.

    update_property 48 ibm,phandle 4 \\x00\\x00\\x00\\x31
    remove_node, then add_node with the new number""",
)

PHANDLES_DISAGREE = Code(
    "PS115",
    "phandles-disagree",
    Severity.WARNING,
    message="phandle properties of the node disagree: {values}",
    suggestion="give phandle, linux,phandle and ibm,phandle one value",
    source="kernel populate_properties, __of_attach_node",
    explanation="""\
At boot ibm,phandle wins over the other two properties; in a node that is attached at run time
phandle wins, then linux,phandle, then ibm,phandle. With different values the same node has one
identity after boot and another after a migration.

    phandle = <0x7e01>; ibm,phandle = <0x7e02>;
    phandle = <0x7e01>; ibm,phandle = <0x7e01>;""",
)

BASE_DISAGREES = Code(
    "PS116",
    "base-disagrees",
    Severity.WARNING,
    message="the log calls this node {logged}, the tree has {here}",
    suggestion="check that base and log are of the same machine and the same boot",
    source="mobility.c prints path and phandle of one node",
    explanation="""\
A line of the log names a path and a phandle, and the node of that path in the tree has another
phandle. As firmware does, the phandle of the log decides. The usual reason is that log and base
come from different machines, or that the base was dumped after another migration.

    mobility: removing node /l2-cache@0:77    the base has /l2-cache@0 with phandle 48
    dump /proc/device-tree of the machine before it migrates""",
)

HELD_NODE_RETAINED = Code(
    "PS120",
    "held-node-retained",
    Severity.ERROR,
    message="firmware deletes the node and never adds it back, but {holders} holds it: "
    "it is kept in the tree",
    suggestion="unbind the driver before the migration, or find out why the node did not come back",
    source="policy preserve: nothing held leaves the tree",
    explanation="""\
The session ends, and no add brought the deleted node back. Taking it out would leave its holder
with a dangling node, so preserve keeps it. The function behind it is gone, though, and calls of
the driver will fail.

    delete of ibm,random-v1, delete of its parent, add of the parent without ibm,random-v1""",
)

CONTENT_ASSUMED = Code(
    "PS121",
    "content-assumed",
    Severity.INFO,
    message="the added subtree is taken as equal to what was deleted; "
    "its content is not in the log",
    suggestion="record the answers of ibm,configure-connector, or dump the tree afterwards",
    source="kernel add_dt_node prints path and phandle only",
    explanation="""\
Kernel logs name the node of an add, not what is in it. dtovl pairs it with the node that was
deleted, with all below it, and says so: the verdict is ok-if-equivalent at best. A dump of the
work areas, or an operation list with the nodes, decides it.

    mobility: added node /ibm,platform-facilities:4294967286""",
)

CONTENT_UNKNOWN = Code(
    "PS122",
    "content-unknown",
    Severity.WARNING,
    message="the content of the add is not in the log, and there is nothing to compare it with",
    suggestion="record the answers of ibm,configure-connector, or dump the tree afterwards",
    source="kernel add_dt_node prints path and phandle only",
    explanation="""\
An add without content brings a node that was not there before, or under another path or phandle.
Nothing says what is in it, so there is no verdict about it: it is unknown.

    mobility: added node /l3-cache@5:99    no /l3-cache@5 was deleted
    record the work areas of ibm,configure-connector""",
)

PHANDLE_CHANGED = Code(
    "PS123",
    "phandle-changed",
    Severity.WARNING,
    message="the node had phandle {old} before: it is taken as another node",
    suggestion="check what refers to the old phandle",
    source="PAPR: a node that stays the same keeps its ibm,phandle",
    explanation="""\
An add brings a node at a path that was there, with another phandle. It is another node: the old
one leaves with all below it, and references to its phandle lead nowhere.

    delete of /l2-cache@0 (0x30), add of l2-cache@0 with ibm,phandle 0x31
    firmware must also update l2-cache of the cpus to 0x31""",
)

PATH_CHANGED = Code(
    "PS124",
    "path-changed",
    Severity.WARNING,
    message="the phandle was that of {old} before: the node has moved",
    suggestion="check who holds the old node: references by phandle stay good",
    source="PAPR: ibm,phandle names the node in ibm,update-nodes",
    explanation="""\
An add brings a phandle that a deleted node of another path had. References by phandle lead to the
new node, but whoever holds the old node has one that left the tree.

    delete of /l2-cache@0 (0x30), add of l2-cache@4 with ibm,phandle 0x30""",
)
