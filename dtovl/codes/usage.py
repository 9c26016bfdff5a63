"""DT06x: what was asked for does not fit what was given."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

PATH_NOT_FOUND = Code(
    "DT060",
    "path-not-found",
    Severity.ERROR,
    message="{name} has no such node",
    suggestion="`dtovl show {tree} --depth 2` lists what is there",
    source="dtovl itself",
    explanation="""\
A path on the command line may lack unit addresses, and may be an alias, a label (`uart0` or
`&uart0`), or one of these with a path below. This one leads to no node.

    dtovl show board.dtb /soc/serial@1234            no such address
    dtovl show board.dtb /soc/serial@1000
    dtovl show board.dtb uart0                       the label of the same node""",
)

PATH_AMBIGUOUS = Code(
    "DT061",
    "path-ambiguous",
    Severity.ERROR,
    message="{what} of {name} fit this path",
    suggestion="give one of the whole paths",
    source="dtovl itself",
    explanation="""\
A name without its unit address stands for every node of that name. Here several fit; libfdt would
take the first one without a word, the kernel none.

    dtovl show board.dtb /soc/serial                 serial@1000 and serial@2000
    dtovl show board.dtb /soc/serial@1000""",
)

BASE_IS_OVERLAY = Code(
    "DT062",
    "base-is-overlay",
    Severity.WARNING,
    message="{base} is an overlay itself",
    suggestion="give the devicetree of the board first, then the overlays in order",
    source="dtovl itself",
    explanation="""\
The first argument of `dtovl apply` is the base that overlays are merged into: the devicetree of a
board. This one has fragments or fixups, as overlays have. Merging goes on, but what it gives is
neither a board nor, as fragments are not merged with fragments, one overlay made of two.

    dtovl apply camera.dtbo board.dtb                the wrong way round
    dtovl apply board.dtb camera.dtbo""",
)

UNKNOWN_APPLIER = Code(
    "DT063",
    "unknown-applier",
    Severity.ERROR,
    message="there is no applier {applier}",
    suggestion="use one of {known}",
    source="dtovl itself",
    explanation="""\
An applier is a way to apply an overlay: that of boot loaders and builds, or that of Linux at run
time. `dtovl.apply_overlay` was asked for one that dtovl does not know.

    dtovl.apply_overlay(board, camera, applier="u-boot")
    dtovl.apply_overlay(board, camera, applier="libfdt")     U-Boot applies with libfdt""",
)

OVERLAY_NOT_IN_FORCE = Code(
    "DT064",
    "overlay-not-in-force",
    Severity.ERROR,
    message="{overlay} is not in force in this tree",
    suggestion="give the outcome that `dtovl.apply_overlay` gave for this very tree, once",
    source="dtovl itself",
    explanation="""\
`dtovl.remove_overlay` takes the outcome of an overlay that was applied to the same tree and has not
been removed since. This one was refused, removed already, or belongs to another tree.

    dtovl.remove_overlay(board, outcome); dtovl.remove_overlay(board, outcome)     twice
    outcome = dtovl.apply_overlay(board, camera)
    dtovl.remove_overlay(board, outcome)""",
)

UNKNOWN_POLICY = Code(
    "DT065",
    "unknown-policy",
    Severity.ERROR,
    message="there is no policy {policy}",
    suggestion="use one of {known}",
    source="dtovl itself",
    explanation="""\
A policy is a way to carry out what firmware asks for after a migration: that of Linux before and
since its fix, updates in place, or whole subtrees attached. `dtovl.replay_stream` was asked for one
that dtovl does not know.

    dtovl.replay_stream("dmesg.txt", policy="best")
    dtovl.replay_stream("dmesg.txt", policy="preserve")""",
)
