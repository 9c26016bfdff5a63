"""Codes of replacing overlays by others: DT270 to DT279."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

OVERLAY_UNKNOWN = Code(
    "DT270",
    "overlay-not-listed",
    Severity.ERROR,
    message="{wanted} is no overlay in {name}{hint}",
    suggestion="`dtovl status --session {session}` lists them with their ids; use one of these",
    source="dtovl itself",
    explanation="""\
--old takes overlays by the id that they got when they were applied, or by name. A name has to be
the whole one that `dtovl status` shows, or its last part, and only one overlay may have it.

    dtovl replace --session bench.dtovl --old camera --new camera2.dtbo        no such name
    dtovl replace --session bench.dtovl --old camera.dtbo --new camera2.dtbo""",
)

DOES_NOT_FIT = Code(
    "DT271",
    "replacement-does-not-fit",
    Severity.ERROR,
    message="{overlay} does not fit the tree after the replacement: {what}",
    suggestion="replace {overlay} in the same step, or keep in the new set what it needs",
    source="kernel of_overlay_fdt_apply, on the tree without the old overlays",
    explanation="""\
What stays in force above the replaced overlays, and each new one, is resolved against the tree as
it would be, before anything changes. Here a label, a target or a node is missing there, or is there
twice. Nothing was changed; a finding beside this one says what is wrong in the overlay.

    uses.dtbo refers to the label `codec`, which codec.dtbo exports, and codec2.dtbo does not:
    dtovl replace --session bench.dtovl --old codec.dtbo --new codec2.dtbo
    dtovl replace --session bench.dtovl --old codec.dtbo,uses.dtbo --new codec2.dtbo,uses2.dtbo""",
)

REPLACEMENT_PENDING = Code(
    "DT272",
    "replacement-pending",
    Severity.ERROR,
    message="a replacement is not over: {overlays} left the tree, but this node is still held by "
    "{holders}",
    suggestion="let the holder go (`dtovl release`), go back with `dtovl replace --reverse`, or "
    "give up what is held with `dtovl replace --force`",
    source="kernel klp_enable_patch: one transition at a time",
    explanation="""\
Nodes of overlays that were replaced are out of the tree, but somebody still has references to
them. Until the last one is dropped they stay allocated, the ids of their overlays stay taken, and
no other replacement begins, since it could not be said any more what to go back to.

    dtovl replace --session bench.dtovl --old 2 --new c.dtbo                 -EBUSY
    dtovl release --session bench.dtovl /soc/codec@1a --as sound
    dtovl replace --session bench.dtovl --old 2 --new c.dtbo""",
)

NOTHING_PENDING = Code(
    "DT273",
    "no-replacement-pending",
    Severity.ERROR,
    message="no replacement is pending that could be {verb}",
    suggestion="`dtovl undo` goes back over one that is over",
    source="dtovl itself",
    explanation="""\
A replacement can be reversed, or what it waits for given up, while nodes that it took out of the
tree are still held. Once they are free it is over, and its overlays are ordinary ones: replace
them by the former ones, or take the operation back in the journal.

    dtovl replace --session bench.dtovl --reverse                        -ENOENT: it is over
    dtovl replace --session bench.dtovl --old b.dtbo --new a.dtbo        the other way""",
)

STACK_CHANGED = Code(
    "DT274",
    "stack-changed",
    Severity.ERROR,
    message="{overlays} cannot come back: overlays were applied or removed since it was replaced",
    suggestion="remove what was applied since, then reverse; or let the holders go",
    source="dtovl itself",
    explanation="""\
Reversing puts back the overlays and nodes that were replaced, by identity. What was applied
meanwhile was resolved against the new ones, and what was removed is not there to be taken out.

    dtovl replace --session bench.dtovl --old a.dtbo --new b.dtbo     a node of a.dtbo is held
    dtovl apply --session bench.dtovl c.dtbo
    dtovl replace --session bench.dtovl --reverse                     -EBUSY
    dtovl remove --session bench.dtovl 3; dtovl replace --session bench.dtovl --reverse""",
)

FOREIGN_NODE = Code(
    "DT275",
    "nodes-changed-by-others",
    Severity.ERROR,
    message="{overlay} cannot be replaced, or stay above what is: its node {what}",
    suggestion="take back what was done to the node by hand or by a changeset first",
    source="kernel __of_attach_node forgets the children of a node that is attached again",
    explanation="""\
Nodes that overlays brought are kept, or leave, with all below them. A node that somebody else
attached below one of them would go astray with it, one that somebody else detached would come back
unasked. Properties that others changed are no obstacle: they stay, unless the replacement changes
the same ones.

    apply codec.dtbo, then a driver attaches a node below /soc/codec@1a: -EBUSY
    the driver takes its node away, then replace""",
)

REPLACEMENT_FAILED = Code(
    "DT276",
    "replacement-failed",
    Severity.ERROR,
    message="the replacement failed with {error}: {overlays} not in force, all is as before",
    suggestion="ask the listener that refused, or read the kernel log for the entry that failed",
    source="kernel __of_changeset_apply_entries, overlay_notify",
    explanation="""\
A listener refused, before anything was changed, or an entry of the changeset failed, and those
before it were taken back. The old overlays are in force with their ids, and nothing of the new ones
is left, neither ids nor memory. Listeners hear pre-apply of the new overlays first, and pre-remove
of the old ones only when all have agreed.""",
)

ID_RESERVED = Code(
    "DT277",
    "id-reserved",
    Severity.ERROR,
    message="#{number} ({overlay}) was replaced; its id stays taken while its nodes are held",
    suggestion="remove the overlay that took its place",
    source="dtovl itself",
    explanation="""\
An overlay that was replaced is out of force. Until the last of its nodes is free its id is given to
nobody else, and there is nothing to remove.

    dtovl replace --session bench.dtovl --old 1 --new b.dtbo          in force as #2
    dtovl remove --session bench.dtovl 1                              -EBUSY
    dtovl remove --session bench.dtovl 2""",
)
