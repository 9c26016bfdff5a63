"""The places where applying or removing can fail, and what holds after each failure.

number     id of the overlay afterwards: kept, freed (its number can be given out again) or none
tree       the tree afterwards: before (the apply), applied, partly, or unknown
holds      what is checked:
    I1  the tree is the one before: nodes, their order, properties, their order, phandles, flags
    I2  the tree is that of an apply without fault
    I3  whatever was allocated has an owner that a removal reaches, or a holder by name
    I4  base nodes have the counts from before; plus targets and entries of an overlay that is kept
    I5  ids that are kept are in the list, freed ones are not; others stay in their order
    I6  the tree becomes suspect at A16 and R06, and nowhere else
    I7  fragments hear a prefix of pre-apply, post-apply, pre-remove, post-remove; the first that
        refuses is the last to hear
    I8  the same again, without the fault, comes to the same as if there had never been one
    I9  no file is written
"""

from __future__ import annotations

from typing import NamedTuple


class Site(NamedTuple):
    """One place; error is what the table calls it: an errno, or whose error it is."""

    id: str
    what: str
    error: str
    number: str
    tree: str
    holds: str


_REFUSED = "I1 I3 I4 I5 I6 I8 I9"
_BUILT = "I1 I3 I4 I5 I6 I7 I9"
_FAILED_ENTRY = "I1 I3 I5 I6 I7 I9"
_IN_FORCE = "I2 I3 I5 I6 I7 I8 I9"
_REMOVED = "I1 I3 I4 I5 I6 I7 I9"
_LEAKING = "I1 I3 I5 I6 I7 I9"

SITES = (
    Site("A01", "the tree is suspect", "EBUSY", "0", "before", "I1 I3 I4 I5 I6 I9"),
    Site("A02", "the header is wrong", "EINVAL", "0", "before", _REFUSED),
    Site("A03", "the blob is larger than the buffer", "EINVAL", "0", "before", _REFUSED),
    Site("A04", "no memory for the changeset", "ENOMEM", "0", "before", _REFUSED),
    Site("A05", "no memory for the id", "ENOMEM", "0", "before", _REFUSED),
    Site("A06", "no memory for the copy of the blob", "ENOMEM", "0", "before", _REFUSED),
    Site("A07", "the blob cannot be unflattened", "EINVAL", "0", "before", _REFUSED),
    Site("A08", "a label is missing", "EINVAL", "kept", "before", _REFUSED),
    Site("A09", "the target of a fragment is missing", "EINVAL", "kept", "before", _REFUSED),
    Site("A10", "neither fragments nor symbols", "EINVAL", "kept", "before", _REFUSED),
    Site("A11", "symbols, but none in the base", "EINVAL", "kept", "before", _REFUSED),
    Site("A12", "a listener refuses at pre-apply", "notifier", "kept", "before", _REFUSED + " I7"),
    Site("A13", "no memory for a new node", "ENOMEM", "kept", "before", _BUILT),
    Site("A14", "two fragments bring the same", "EINVAL", "kept", "before", _BUILT),
    Site("A15", "an entry fails, those before go back", "entry", "kept", "before", _FAILED_ENTRY),
    Site("A16", "an entry fails, going back too", "entry", "kept", "unknown", "I3 I5 I6 I7 I9"),
    Site("A17", "a listener fails about an entry", "notifier", "kept", "applied", _IN_FORCE),
    Site("A18", "a listener fails at post-apply", "notifier", "kept", "applied", _IN_FORCE),
    Site("A19", "the caller forgets the id", "any", "kept", "as at the fault", "I3 I5 I6 I9"),
    Site("A20", "the first entry fails", "entry", "kept", "before", _FAILED_ENTRY),
    Site("A21", "no memory for a file in sysfs", "ENOMEM", "kept", "applied", "I2 I3 I5 I6 I8 I9"),
    Site("R01", "the tree is suspect", "EBUSY", "kept", "applied", "I2 I3 I5 I6 I9"),
    Site("R02", "nobody has that id", "ENODEV", "-", "applied", "I2 I3 I5 I6 I9"),
    Site("R03", "a later overlay is in the way", "EBUSY", "kept", "applied", _IN_FORCE),
    Site("R04", "a listener refuses at pre-remove", "notifier", "kept", "applied", _IN_FORCE),
    Site("R05", "an entry cannot be reverted", "entry", "kept", "applied", _IN_FORCE),
    Site("R06", "nor can the others come back", "entry", "kept", "unknown", "I3 I5 I6 I7 I9"),
    Site("R07", "a listener fails about an entry", "notifier", "freed", "before", _REMOVED),
    Site("R08", "a listener fails at post-remove", "notifier", "freed", "before", _REMOVED),
    Site("R09", "somebody holds a new node", "0", "freed", "before", _LEAKING),
    Site("R10", "a new node was put too often", "0", "freed", "before", _LEAKING),
    Site("R11", "others gave a new node a property", "0", "freed", "before", "I3 I5 I6 I7 I9"),
    Site("R12", "a property of the base was updated", "0", "freed", "before", _REMOVED),
    Site("R13", "removing all stops", "any", "kept for j and below", "partly", "I3 I5 I6 I7 I8 I9"),
    Site("D01", "Ctrl-C between two entries", "-", "-", "before", "I1 I3 I4 I5 I9"),
    Site("D02", "the output cannot be written", "-", "-", "applied in memory", "I2 I3 I9"),
)
