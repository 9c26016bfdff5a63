"""Rules of lifetimes that a run of events breaks (T001 to T022)."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

USE_AFTER_FREE = Code(
    "T001",
    "use-after-free",
    Severity.ERROR,
    message="use after free: {actor} uses {used} {when}; {object} was freed at {freed}",
    suggestion="take a counted reference to {object}, or end the use before the free",
    source="kernel lib/refcount.c, mm/kasan; Documentation/core-api/kref.rst",
    explanation="""An event touches an object whose memory is gone already. On a running kernel it
reads or writes whatever is there by then: wrong values, a crash far away, with KASAN a report of
`use-after-free`. Each object and hold is reported once, in addition to what freed it too early.

    - {actor: cb, do: borrow, object: node, as: saved}
    - {actor: core, do: free, object: node}
    - {actor: cb, do: use, via: saved}

Mended, with a reference that counts; the free then comes with the last put:

    - {actor: cb, do: get, object: node, as: saved}
    - {actor: core, do: put, object: node}
    - {actor: cb, do: use, via: saved}
    - {actor: cb, do: put, hold: saved}""",
)

OBJECT_LEAKED = Code(
    "T002",
    "object-leaked",
    Severity.ERROR,
    message="leak: {object} is still allocated {when}; {held}",
    suggestion="release {object} where its owner goes; drop every reference that is named",
    source="kernel mm/kmemleak.c; drivers/of/dynamic.c, of_node_release",
    explanation="""An object is allocated when all events are over, and is not meant to be
(`survives`). Of a counted object the references that keep it are named: the owner of one of them
has forgotten its put. On a running kernel the memory is lost until the next boot; kmemleak lists it
if nothing points to it.

    - {actor: of, do: get, object: node, as: fwspec.node}
    - {actor: of, do: put, object: node}

Mended:

    - {actor: of, do: get, object: node, as: fwspec.node}
    - {actor: of, do: put, object: node}
    - {actor: of, do: put, hold: fwspec.node}""",
)

RELEASED_TWICE = Code(
    "T003",
    "released-twice",
    Severity.ERROR,
    message="released twice: {actor} releases {used} {when}; {reason}",
    suggestion="give the object one owner, and let it release once",
    source="kernel lib/refcount.c (refcount_t: underflow), mm/slub.c",
    explanation="""Something is freed or put that is freed already, or a reference is put that was
not taken or is gone. The second free hits memory that may belong to someone else by then; a put too
much ends the life of an object that others still count on. Usual causes: two error paths that both
clean up, and a helper that releases on failure what its caller releases as well.

    - {actor: probe, do: free, object: priv}
    - {actor: remove, do: free, object: priv}

Mended: one of the two.

    - {actor: remove, do: free, object: priv}""",
)

NOT_INITIALISED = Code(
    "T004",
    "not-initialised",
    Severity.ERROR,
    message="not initialised: {actor} does {op} on {object} {when} before init",
    suggestion="initialise {object} early, or test `state_initialized` before",
    source="kernel lib/kobject.c, kobject_put, kobject_get, kobject_add, kobject_del",
    explanation="""A kobject or list is added, deleted, got or put before its init. The kernel warns
(`kobject: ... is not initialized, yet kobject_put() is being called`) and goes on with a count that
means nothing. Error paths do this that release a whole set, of which only a part had been
initialised.

    - {actor: enable, do: alloc, object: patch}
    - {actor: enable, do: put, object: patch}

Mended:

    - {actor: enable, do: alloc, object: patch}
    - {actor: enable, do: init, object: patch}
    - {actor: enable, do: put, object: patch}""",
)

DEADLOCK = Code(
    "T005",
    "deadlock",
    Severity.ERROR,
    message="deadlock: {waits} ({when})",
    suggestion="move the wait behind the unlock, or into a work",
    source="kernel kernel/locking/lockdep.c, kernel/hung_task.c",
    explanation="""Actors wait for each other in a circle: each has what the next one needs. None of
them gets further, and with a lock of the system in the circle soon nobody else does either. The
actors are listed with what they wait for: a lock, a completion, `work:` an actor's work, `gate:` a
section, `active:` the operations in the directory of an object.

    - {actor: writer, do: enter_sysfs, object: patch}
    - {actor: disable, do: lock, lock: klp_mutex}
    - {actor: writer, do: lock, lock: klp_mutex}
    - {actor: disable, do: put, object: patch}
    - {actor: disable, do: unlock, lock: klp_mutex}

The put waits for the writer, who waits for the lock. Mended, with the put behind the unlock:

    - {actor: disable, do: lock, lock: klp_mutex}
    - {actor: disable, do: unlock, lock: klp_mutex}
    - {actor: disable, do: put, object: patch}""",
)

DEADLOCK_POSSIBLE = Code(
    "T006",
    "deadlock-possible",
    Severity.WARNING,
    message="possible deadlock: {steps}",
    suggestion="move the wait behind the unlock, or into a work",
    source="kernel kernel/locking/lockdep.c",
    explanation="""In this order of events nobody got stuck, but things were asked for in a circle:
had the actors come between each other, they would wait for ever. This is what lockdep reports. A
flush under a lock that the work takes is found the same way.

    - {actor: remove, do: lock, lock: mode}
    - {actor: remove, do: flush, work: commit}
    - {actor: commit, do: start}
    - {actor: commit, do: lock, lock: mode}

Mended:

    - {actor: remove, do: flush, work: commit}
    - {actor: remove, do: lock, lock: mode}""",
)

POINTER_DANGLING = Code(
    "T007",
    "pointer-dangling",
    Severity.ERROR,
    message="dangling pointer: {by} still keeps {hold} to {object}, freed at {freed}",
    suggestion="copy, take a counted reference, or clear the pointer before the free",
    source="kernel drivers/of/overlay.c (of_overlay_remove); drivers/gpu/drm",
    explanation="""When all events are over, somebody who is still there keeps a bare pointer to
memory that is gone. Nothing has used it in this order of events; the next use would be T001.

    - {actor: driver, do: borrow, object: property, as: name}
    - {actor: core, do: free, object: property}

Mended, with the pointer cleared when its object goes:

    - {actor: driver, do: borrow, object: property, as: name}
    - {actor: driver, do: forget, hold: name}
    - {actor: core, do: free, object: property}""",
)

FREED_UNDER_OPEN_FILE = Code(
    "T008",
    "freed-under-open-file",
    Severity.ERROR,
    message=(
        "{object} is freed {when} when scope {scope} closes, but {by} lives on for an open "
        "file and keeps {hold}"
    ),
    suggestion=(
        "tie {object} to the life of {by} (drmm instead of devm), or clear every pointer to "
        "it first"
    ),
    source="kernel drivers/base/dd.c, device_unbind_cleanup; drivers/gpu/drm/drm_managed.c",
    explanation="""Memory in a `devm` scope, or in the group of a component, goes when the driver is
unbound. An object that points to it stays since an open file counts on it, and its next use by that
file reads freed memory. Resources of the hardware (`kind: resource`) are right there; what belongs
to the interface for user space is not.

    - {actor: probe, do: alloc, object: crtc, scope: binding}
    - {actor: probe, do: borrow, object: crtc, as: drm.crtc, by: drm}
    - {actor: app, do: get, object: drm, as: fd}
    - {actor: unbind, do: close_scope, scope: binding}

Mended, in a `drmm` scope that the release of the device closes:

    - {actor: probe, do: alloc, object: crtc, scope: managed}""",
)

FREED_BEFORE_DEPENDENT = Code(
    "T009",
    "freed-before-dependent",
    Severity.ERROR,
    message=(
        "wrong order: {actor} frees {object} {when} while {dependent}, which needs it, is alive"
    ),
    suggestion="free {dependent} first: release in the reverse order of acquisition",
    source="kernel drivers/of/overlay.c, free_overlay_changeset",
    explanation="""An object is freed while another that is built on it is alive (`needs`). The
property values of an unflattened tree, for instance, are pointers into the flattened one.

    objects: {fdt: {}, tree: {needs: [fdt]}}
    - {actor: core, do: free, object: fdt}
    - {actor: core, do: free, object: tree}

Mended:

    - {actor: core, do: free, object: tree}
    - {actor: core, do: free, object: fdt}""",
)

NOTIFIER_KEEPS_POINTER = Code(
    "T010",
    "notifier-keeps-pointer",
    Severity.ERROR,
    message="notifier {actor} keeps {hold} to {object} beyond POST_REMOVE ({when})",
    suggestion="use it inside the callback only, and clear it before POST_REMOVE",
    source="kernel drivers/of/overlay.c, overlay_notify",
    explanation="""A notifier of overlays may keep pointers into the overlay from PRE_APPLY to
POST_REMOVE and no longer: after that the core frees the memory. Here the last phase is over and the
notifier has not cleared its pointer.

    - {actor: cb, do: borrow, object: fragment, as: saved}
    - {actor: core, do: phase, object: ovcs, phase: post_remove}

Mended:

    - {actor: cb, do: borrow, object: fragment, as: saved}
    - {actor: cb, do: forget, hold: saved}
    - {actor: core, do: phase, object: ovcs, phase: post_remove}""",
)

FREED_UNDER_WORK = Code(
    "T011",
    "freed-under-work",
    Severity.ERROR,
    message="missing drain: {object} is freed {when} while {actor}, which uses it, is {pending}",
    suggestion="flush or cancel {actor} before the free",
    source="kernel kernel/workqueue.c, cancel_work_sync; drivers/gpu/drm/drm_atomic_helper.c",
    explanation="""A work, timer, interrupt or commit that uses the object is queued or running when
it is freed. It will run on memory that is gone. To keep new ones from starting is not enough: those
that are on their way have to be waited for as well.

    actors: {commit: {kind: commit, uses: [plane]}}
    - {actor: app, do: queue, work: commit}
    - {actor: remove, do: free, object: plane}

Mended:

    - {actor: app, do: queue, work: commit}
    - {actor: remove, do: cancel, work: commit}
    - {actor: remove, do: free, object: plane}""",
)

DONE_TWICE = Code(
    "T012",
    "done-twice",
    Severity.ERROR,
    message="{actor} does {op} on {object} a second time {when}",
    suggestion="pair each {op} with its release",
    source="kernel lib/kobject.c, kobject_init; drivers/base/component.c",
    explanation="""An object that is alive is allocated again, one that is initialised is
initialised again, or one in sysfs is added again. The first life is lost from sight: references
counted until then are forgotten. The kernel warns of the second init (`tried to init an initialized
object`).

    - {actor: bind, do: alloc, object: encoder}
    - {actor: bind, do: alloc, object: encoder}

Mended:

    - {actor: bind, do: alloc, object: encoder}
    - {actor: unbind, do: free, object: encoder}
    - {actor: bind, do: alloc, object: encoder}""",
)

REPLACED_TOO_EARLY = Code(
    "T013",
    "replaced-too-early",
    Severity.ERROR,
    message="replaced object {object} is {what}",
    suggestion="finish the transition first, then release the whole set that was replaced",
    source="kernel kernel/livepatch/transition.c, klp_complete_transition",
    explanation="""An object that was replaced by another is freed while somebody who is alive still
points to it, or it is never released at all. Between the replacement and the end of the transition
both are in use: a task that has not switched yet runs the old function.

    - {actor: enable, do: replace, old: f1, new: f2}
    - {actor: enable, do: free, object: f1}
    - {actor: transition, do: forget, hold: stack.f1}

Mended:

    - {actor: enable, do: replace, old: f1, new: f2}
    - {actor: transition, do: forget, hold: stack.f1}
    - {actor: transition, do: free, object: f1}""",
)

CODE_GONE = Code(
    "T014",
    "code-gone",
    Severity.ERROR,
    message="code of module {module} is gone {when} {reason}",
    suggestion="pin {module} until the last access to its code",
    source="kernel kernel/module/main.c; drivers/gpu/drm/drm_managed.c, drmm_add_action",
    explanation="""A module is unloaded while an object whose release is code of that module is
alive, or such code runs when the module is gone: a release, the action of a scope, an actor. The
kernel jumps to an address where no code is any more.

    objects: {drm: {kind: kref, code: drv}}
    - {actor: probe, do: alloc, object: drm}
    - {actor: rmmod, do: unload, module: drv}
    - {actor: app, do: put, object: drm}

Mended, with the module pinned for as long as the object lives:

    - {actor: probe, do: pin, module: drv, as: drm.owner}
    - {actor: probe, do: alloc, object: drm}
    - {actor: app, do: put, object: drm}
    - {actor: app, do: unpin, module: drv, as: drm.owner}
    - {actor: rmmod, do: unload, module: drv}""",
)

WINDOW_MEMORY = Code(
    "T015",
    "window-memory",
    Severity.WARNING,
    message="memory of {object} is {what} {when}",
    suggestion="free it in POST_REMOVE, under the convention for notifiers",
    source="kernel drivers/of/overlay.c, free_overlay_changeset",
    explanation="""Memory of an overlay is freed while notifiers may point into it (between
PRE_APPLY and POST_REMOVE), or it is never freed since the design keeps it (`policy`). Linux 4.17 to
5.18 kept all of it for that reason; 6.1 frees it in POST_REMOVE and keeps it in case of errors
only.

    objects: {tree: {window: ovcs}, ovcs: {}}
    - {actor: core, do: phase, object: ovcs, phase: pre_remove}
    - {actor: core, do: free, object: tree}

Mended:

    - {actor: core, do: phase, object: ovcs, phase: pre_remove}
    - {actor: core, do: phase, object: ovcs, phase: post_remove}
    - {actor: core, do: free, object: tree}""",
)

WAITS_FOR_EVER = Code(
    "T016",
    "waits-for-ever",
    Severity.ERROR,
    message="{actor} waits for {waits_for} for ever (since {event})",
    suggestion="wait only for what was started",
    source="kernel kernel/hung_task.c; kernel/livepatch/core.c, klp_free_patch_finish",
    explanation="""An actor waits for something that nobody is going to do: a completion that no
release signals, a work that never finishes, a lock whose owner is through with all its events. No
circle, but no way out.

    - {actor: disable, do: wait, completion: released}

Mended, with the wait only where the put is:

    objects: {patch: {kind: kobject, release: {completes: [released]}}}
    - {actor: disable, do: put, object: patch}
    - {actor: disable, do: wait, completion: released}""",
)

ERROR_PATH_LEAKS = Code(
    "T017",
    "error-path-leaks",
    Severity.ERROR,
    message=(
        "error path leaves {object} allocated: failed at {failed}, unwound at {event} by {actor}"
    ),
    suggestion=(
        "release all that was allocated, not only what comes before the first that was not "
        "initialised"
    ),
    source="kernel kernel/livepatch/core.c, klp_init_patch; drivers/iommu, of_xlate",
    explanation="""An actor has failed and has undone what it did, but an object that it allocated
is still there. The caller believes that nothing was done and will not release it either.

    - {actor: xlate, do: alloc, object: priv}
    - {actor: xlate, do: fail}
    - {actor: xlate, do: unwound}

Mended:

    - {actor: xlate, do: alloc, object: priv}
    - {actor: xlate, do: fail}
    - {actor: xlate, do: free, object: priv}
    - {actor: xlate, do: unwound}""",
)

LINK_BROKEN = Code(
    "T018",
    "link-broken",
    Severity.WARNING,
    message="broken link: {hold} of {by} names {object}, removed from sysfs {when}",
    suggestion="remove the owner of the link first, or update the object in place",
    source="kernel fs/sysfs/symlink.c; drivers/of/kobj.c",
    explanation="""An object leaves sysfs while a link to it exists, as the `of_node` link of a
device does to its node. The link leads nowhere from then on; tools that follow it see no node, or
after a new node of that name came, the wrong one.

    - {actor: vio, do: link, object: node, as: of_node, by: device}
    - {actor: dlpar, do: del, object: node}

Mended:

    - {actor: vio, do: link, object: node, as: of_node, by: device}
    - {actor: vio, do: unlink, hold: of_node}
    - {actor: dlpar, do: del, object: node}""",
)

ENTRY_NOT_FENCED = Code(
    "T019",
    "entry-not-fenced",
    Severity.WARNING,
    message="entry not fenced: {actor} touches {used} {when} after gate {gate} was closed",
    suggestion="fence the access: drm_dev_enter before, drm_dev_exit behind it",
    source="kernel drivers/gpu/drm/drm_drv.c, drm_dev_enter, drm_dev_unplug",
    explanation="""An entry point touches what lies behind a gate that is closed, and does not ask
for the gate. The device is unplugged, its registers and clocks are gone; the file that calls is
still open.

    - {actor: unbind, do: unplug, gate: drm}
    - {actor: ioctl, do: use, object: regs, entry: drm}

Mended: the entry point asks, and does nothing when the gate is closed.

    - {actor: unbind, do: unplug, gate: drm}
    - {actor: ioctl, do: use, object: regs, entry: drm, guard: drm}""",
)

DATA_RACE = Code(
    "T020",
    "data-race",
    Severity.ERROR,
    message=(
        "data race: {actor} and {other} access {object}.{field} without a common lock ({when})"
    ),
    suggestion="take one lock on both paths",
    source="kernel Documentation/dev-tools/kcsan.rst; drivers/iommu/iommu.c",
    explanation="""Two actors access one field of an object, at least one of them writes, and no
lock is held by both. The order of their accesses is a matter of luck, and so is what is read. An
order by other means than locks does not count here.

    - {actor: probe, do: write, object: dev_iommu, field: fwspec}
    - {actor: bus, do: read, object: dev_iommu, field: fwspec}

Mended, each of them:

    - {actor: probe, do: lock, lock: probe_lock}
    - {actor: probe, do: write, object: dev_iommu, field: fwspec}
    - {actor: probe, do: unlock, lock: probe_lock}""",
)

LEFT_HELD = Code(
    "T021",
    "left-held",
    Severity.ERROR,
    message="left held: {actor} still holds {hold} {when}",
    suggestion="release {hold} on every path",
    source="kernel kernel/locking/lockdep.c (lock held when returning to user space)",
    explanation="""When all events are over an actor holds a lock, is inside a section of a gate or
an operation in sysfs, or is a work that never finished. The next one who wants it waits for ever.

    - {actor: enable, do: lock, lock: klp_mutex}
    - {actor: enable, do: fail}

Mended, on the path of the error too:

    - {actor: enable, do: lock, lock: klp_mutex}
    - {actor: enable, do: fail}
    - {actor: enable, do: unlock, lock: klp_mutex}""",
)

REFERENCE_LOST = Code(
    "T022",
    "reference-lost",
    Severity.ERROR,
    message="reference lost: {by}, freed at {freed}, never put {hold} on {object}",
    suggestion="put {hold} before {by} is freed",
    source="kernel drivers/iommu/iommu.c, iommu_fwspec_free",
    explanation="""An object is freed that had a counted reference to another, and has not put it.
Nobody knows of the reference any more, so nobody can: what it is on stays for good.

    - {actor: of, do: get, object: node, as: fwspec.node, by: fwspec}
    - {actor: of, do: free, object: fwspec}

Mended:

    - {actor: of, do: get, object: node, as: fwspec.node, by: fwspec}
    - {actor: of, do: put, hold: fwspec.node}
    - {actor: of, do: free, object: fwspec}""",
)
