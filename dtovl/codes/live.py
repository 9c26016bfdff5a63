"""DT200 to DT224: what changesets, removals and references do to a live tree."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

KERNEL_CRASH = Code(
    "DT200",
    "kernel-crash",
    Severity.ERROR,
    message="Linux would crash here: {what}",
    suggestion="do not do this on a board; {cure}",
    source="kernel drivers/of; recorded with KASAN",
    explanation="""\
What was asked for makes the running kernel follow a pointer that is not there, or walk a list
that never ends. dtovl stops instead: what comes after such a step on a board is chance.

    removing an overlay whose build failed after it recorded an update (Linux 6.1)
    reboot, or let the overlay fail before anything is recorded: run `dtovl apply` on it first""",
)

FREED_PARENT = Code(
    "DT201",
    "parent-freed",
    Severity.ERROR,
    message="the node is used after its parent {parent} was freed",
    suggestion="release the node before the overlay is removed",
    source="kernel of_node_release: nodes do not hold their parents",
    explanation="""\
Somebody still holds this node, but its overlay is gone and the parent has been freed. A node does
not hold its parent: whoever prints its path, or climbs to the parent, reads freed memory.

    hold /soc/na/nb; remove the overlay that brought /soc/na and /soc/na/nb; print the path
    release /soc/na/nb in the driver's remove function, or in a notifier at pre-remove""",
)

NAME_FREED_TWICE = Code(
    "DT202",
    "name-freed-twice",
    Severity.ERROR,
    message="the sysfs name of property {name} is freed twice",
    suggestion="let only one party change the property; revert in reverse order",
    source="kernel __of_update_property_sysfs (Linux 6.1)",
    explanation="""\
A changeset remembers the property that an update replaces when it is recorded. If somebody else
has replaced it since, applying or reverting frees the name of a sysfs file that is already freed:
memory of the kernel is corrupted. Linux 7.2 looks the old property up when it applies.

    an overlay updates `status`, a driver updates it again, the overlay is removed
    revert the driver's change before the overlay is removed""",
)

LIST_CUT = Code(
    "DT203",
    "property-list-cut",
    Severity.ERROR,
    message="property {name} is put in while it is there: properties behind it are lost",
    suggestion="make a new property object for each change",
    source="kernel __of_add_property, __of_update_property",
    explanation="""\
The list of properties is linked through the properties themselves. Putting one in that is in the
list already overwrites its link: the properties that stood behind it are no longer found.

    of_changeset_apply() of one changeset twice
    revert it first, or record a new changeset""",
)

COUNT_BROKEN = Code(
    "DT204",
    "count-broken",
    Severity.ERROR,
    message="a reference is {verb} although the count has reached 0",
    suggestion="find who puts the node more often than it gets it",
    source="kernel refcount_warn_saturate (lib/refcount.c)",
    explanation="""\
The reference count of the node was used after it had reached 0. The kernel warns, pins the count
at a value that never reaches 0 again, and goes on: the memory may be in use for something else.

    of_node_put() once too often, then a look-up that finds the node
    every of_node_put() belongs to one of_node_get() or look-up""",
)

PUT_TOO_MANY = Code(
    "DT205",
    "put-too-many",
    Severity.ERROR,
    message="the count reached 0 while the node is in the tree",
    suggestion="find who puts the node more often than it gets it",
    source="kernel of_node_release",
    explanation="""\
The last reference of a node that is attached was dropped. The kernel prints this line with a
stack, frees nothing, and the node stays in the tree with a count of 0: every further use warns.

    for_each_child_of_node(parent, child) { ... of_node_put(child); }
    the loop drops the reference itself: put only when leaving it early""",
)

NODE_HELD = Code(
    "DT206",
    "node-held",
    Severity.WARNING,
    message="the node was removed, but {holders} holds it: count {count} instead of 1",
    suggestion="release it before the overlay is removed",
    source="kernel __of_changeset_entry_destroy",
    explanation="""\
The overlay that brought the node has been removed while somebody had a reference to it. The node
is out of the tree, but its memory stays, also after the last reference is dropped: a node of an
overlay that was held at removal is never freed.

    a driver's probe takes of_node_get(np), its remove function does not put it
    put every node in remove; in a notifier, at pre-remove of the overlay""",
)

NODE_LOST = Code(
    "DT207",
    "node-lost",
    Severity.WARNING,
    message="the last reference was dropped after the overlay had gone: the node is lost",
    suggestion="release the node before the overlay is removed",
    source="kernel of_node_release",
    explanation="""\
The node's overlay was removed while the node was held. Now the last reference went, and the
kernel refuses to free the node, since pointers into the overlay may still exist: the memory of
node and properties is lost until reboot.""",
)

PROPERTIES_LEFT = Code(
    "DT208",
    "properties-left",
    Severity.WARNING,
    message="the node is freed with properties that others added: {names}",
    suggestion="take out what was added before the overlay is removed",
    source="kernel of_node_release",
    explanation="""\
Somebody else than the overlay, a driver or another overlay, added properties to a node of the
overlay and did not take them out. Node and properties are freed together; whoever still has a
pointer to such a property uses freed memory.""",
)

PROPERTY_LEAKED = Code(
    "DT209",
    "property-leaked",
    Severity.INFO,
    message="{overlay} has set properties of nodes that it did not bring, which stay in memory for "
    "good: {name}{more}",
    suggestion="put the property on a node of the overlay where that is possible",
    source="kernel of_changeset_destroy",
    explanation="""\
Properties that an overlay adds or updates on nodes of the base are not freed when it is removed:
they hang on the node's list of dead properties. Each apply and remove leaks one more copy. This
is what "memory leak will occur if overlay removed" announces.""",
)

CHILD_RING = Code(
    "DT210",
    "child-ring",
    Severity.ERROR,
    message="the node was attached twice: the children of {parent} are a ring now",
    suggestion="detach the node before it is attached again",
    source="kernel __of_attach_node",
    explanation="""\
Attaching does not look whether the node is attached. Done twice, the list of children of the
parent becomes a ring: the next walk over it never ends, and the siblings behind are lost.""",
)

DETACHED_TWICE = Code(
    "DT211",
    "detached-twice",
    Severity.WARNING,
    message="the node is detached already",
    suggestion="let one party alone detach the node",
    source="kernel __of_detach_node",
    explanation="""\
The kernel warns with a stack and returns success. Linux 6.1 drops one more reference doing so,
which later leads to a node that is released too early.""",
)

FAILED_KEPT = Code(
    "DT212",
    "failed-kept",
    Severity.INFO,
    message="{overlay} failed but keeps id #{number}",
    suggestion="remove id #{number}: `of_overlay_remove` cleans up",
    source="kernel of_overlay_fdt_apply",
    explanation="""\
An overlay that fails after its id was given out stays in the kernel's list with its memory, and
takes part in nothing. The caller has to remove it by the id that came together with the error.""",
)

FAILED_STUCK = Code(
    "DT213",
    "failed-stuck",
    Severity.ERROR,
    message="{overlay} failed with {count} recorded entries and keeps id "
    "#{number}: it can never be removed",
    suggestion="run `dtovl apply` on the overlay before the board does; reboot to get rid of it",
    source="kernel __of_changeset_revert_entries",
    explanation="""\
The overlay failed while its changeset was built. The entries recorded so far were never applied,
but removing the id tries to revert them: -ENODEV each time, or a crash in Linux 6.1 when the last
one is an update. Until reboot it blocks the removal of lower overlays on the same nodes.""",
)

UNKNOWN_ID = Code(
    "DT214",
    "unknown-overlay",
    Severity.ERROR,
    message="there is no overlay #{number}; ids in the list: {known}",
    suggestion="see `dtovl status` for the ids",
    source="kernel of_overlay_remove",
    explanation="""\
Ids are given out from 1, the smallest free one first, and are free again after removal: an id
kept in a variable may name another overlay by now, or none.

    of_overlay_remove(&id); of_overlay_remove(&id);
    the kernel sets the variable to 0 when the overlay has gone: test it before""",
)

NOT_TOPMOST = Code(
    "DT215",
    "not-topmost",
    Severity.ERROR,
    message="overlay #{number} ({overlay}) cannot be removed before #{later} ({other})",
    suggestion="remove #{later} first",
    source="kernel overlay_removal_is_ok",
    explanation="""\
A later overlay has changed this node, something below it, or something it lies in. Overlays are
removed in reverse order of application wherever the nodes they touch lie inside one another; two
that both export labels always do, as both touch /__symbols__.""",
)

REMOVAL_REFUSED = Code(
    "DT216",
    "removal-refused",
    Severity.ERROR,
    message="a listener refused the removal of {overlay} with {error}",
    suggestion="ask its driver; the overlay stays in force",
    source="kernel overlay_notify",
    explanation="""\
A listener of the overlay chain answered with an error before anything was removed. Fragments that
were told of the removal are not told that it did not happen.""",
)

NOT_REMOVABLE = Code(
    "DT217",
    "not-removable",
    Severity.ERROR,
    message="{overlay} (#{number}) cannot be removed: what it changed has been changed by others",
    suggestion="undo the later change, then remove the overlay",
    source="kernel __of_changeset_revert_entries",
    explanation="""\
Somebody else removed or replaced a property that this overlay added, so taking it out fails
with -ENODEV. What was taken out before is put back in; every further try fails the same way.""",
)

LISTENER_FAILED = Code(
    "DT218",
    "listener-failed",
    Severity.WARNING,
    message="a listener answered {error} at {when} of {overlay}: it was carried out all the same",
    suggestion="remove the overlay if its devices are incomplete",
    source="kernel __of_changeset_apply_notify, overlay_notify",
    explanation="""\
Listeners are told after the change has been made. Their error is what the caller gets, but
nothing is undone: the tree has changed although the call failed.""",
)

POINTER_KEPT = Code(
    "DT219",
    "pointer-kept",
    Severity.ERROR,
    message="{listener} kept a pointer into the tree of {overlay}, which is freed now",
    suggestion="copy what is needed; let go of it at post-remove",
    source="kernel free_overlay_changeset",
    explanation="""\
A listener of the overlay chain may look at the overlay's own tree during the call only. The tree
and the copy of the blob are freed with the overlay: a pointer kept from pre-apply dangles.""",
)

FREED_OVERLAY_USED = Code(
    "DT220",
    "freed-overlay-used",
    Severity.ERROR,
    message="the kernel reads overlays that were freed: {overlay}",
    suggestion="remove overlays one by one; do not call of_overlay_remove_all",
    source="kernel of_overlay_remove_all",
    explanation="""\
of_overlay_remove_all frees each overlay but leaves it in the list and in the table of ids. The
next apply, removal or second remove_all reads, and writes, freed memory.""",
)

SUSPECT = Code(
    "DT221",
    "state-suspect",
    Severity.ERROR,
    message="a change of {overlay} could not be taken back: nothing can be applied "
    "or removed any more",
    suggestion="reboot",
    source="kernel devicetree_corrupt",
    explanation="""\
A change failed half way, and so did taking back what was done. The kernel does not trust its tree
any more: every apply and every removal is refused with -EBUSY until reboot.""",
)

READ_BEYOND = Code(
    "DT222",
    "read-beyond-end",
    Severity.ERROR,
    message="property {name} ends too early: the kernel reads beyond its end",
    suggestion="end strings with NUL; give masks a cell for each cell they are laid over",
    source="kernel of_device_uevent, of_find_node_opts_by_path, of_irq_parse_raw (Linux 6.1)",
    explanation="""\
The kernel takes strings for terminated, and masks of maps for as long as what they are laid over,
where it has not checked. What stands behind the value in memory becomes part of it.

    gpio-map-mask = <0xf>;      with #gpio-cells = <2>
    gpio-map-mask = <0xf 0>;""",
)

FREED_NODE_USED = Code(
    "DT223",
    "freed-node-used",
    Severity.ERROR,
    message="a reference is {verb} to a node whose memory was freed",
    suggestion="do not use a node after its last reference was dropped",
    source="kernel of_node_release",
    explanation="""\
The node was freed when its last reference went. Whoever still has a pointer to it, and takes or
drops a reference, writes to memory that may belong to somebody else by now.

    of_node_put(np); ... of_node_get(np);
    of_node_get(np) before the other reference is put""",
)

FREED_OVERLAYS_LISTED = Code(
    "DT224",
    "freed-overlays-listed",
    Severity.WARNING,
    message="of_overlay_remove_all has freed {overlay}{more}, and left that in the kernel's list: "
    "nothing can be applied or removed safely any more",
    suggestion="remove overlays one by one, by their ids; on a board, reboot now",
    source="kernel of_overlay_remove_all",
    explanation="""\
of_overlay_remove_all gives the tree back as removals one by one would, but it frees the records of
the overlays without taking them out of the list and of the table of ids. Whatever walks that list
next, an apply or a removal, reads and writes freed memory (DT220).

    of_overlay_remove_all();
    of_overlay_remove(&id);     newest first, one for each id""",
)
