"""The places where applying or removing an overlay can fail, and what holds after each failure.

Sources: kernel drivers/of/overlay.c, dynamic.c, base.c (A and R sites); D sites are dtovl's own.
"""

from __future__ import annotations

from typing import NamedTuple


class Site(NamedTuple):
    """One place where an operation can fail.

    id          A: while applying, R: while removing, D: around both
    op          apply or remove
    step        what goes wrong
    function    of the kernel in which it does
    errno       what the caller gets: an errno; `notifier` and `entry`: what those answered; `0`:
                it is no error; `any`: several
    messages    what the kernel may log, without its prefix; <words> stand for what varies
    number      id of the overlay afterwards: kept, freed, `0` for none
    tree        the tree afterwards: before, applied, partly, unknown
    memory      what becomes of what was allocated
    flags       what becomes of the flags that say the tree is not to be trusted
    told        who of the overlay chain has heard by then
    invariants  names of what must hold, parted by blanks
    """

    id: str
    op: str
    step: str
    function: str
    errno: str
    messages: tuple[str, ...]
    number: str
    tree: str
    memory: str
    flags: str
    told: str
    invariants: str


INVARIANTS = {
    "I1": "the tree, the order in it, and its flags are as before",
    "I2": "the tree, the order in it, and its flags are those of an apply without fault",
    "I3": "whatever was allocated has an owner that a removal reaches, or a holder",
    "I4": "base nodes are counted as before, and once for what a kept overlay holds of them",
    "I5": "kept ids are listed, freed ones are not, others stay in order, the lowest is given next",
    "I6": "the tree becomes suspect at A16 and R06 alone",
    "I7": "each fragment hears its actions in order; who refuses is the last to hear",
    "I8": "the same again without the fault comes to the same as if there had been none",
    "I9": "no file is written or left",
}
"""What must hold, by name."""

_FACTS = (
    ("A01", "apply", "of_overlay_fdt_apply", "EBUSY", "0", "before", "same"),
    ("A02", "apply", "of_overlay_fdt_apply", "EINVAL", "0", "before", "same"),
    ("A03", "apply", "of_overlay_fdt_apply", "EINVAL", "0", "before", "same"),
    ("A04", "apply", "of_overlay_fdt_apply", "ENOMEM", "0", "before", "same"),
    ("A05", "apply", "of_overlay_fdt_apply", "ENOMEM", "0", "before", "same"),
    ("A06", "apply", "of_overlay_fdt_apply", "ENOMEM", "0", "before", "same"),
    ("A07", "apply", "of_overlay_fdt_apply", "EINVAL", "0", "before", "same"),
    ("A08", "apply", "of_resolve_phandles", "EINVAL", "kept", "before", "same"),
    ("A09", "apply", "init_overlay_changeset", "EINVAL", "kept", "before", "same"),
    ("A10", "apply", "init_overlay_changeset", "EINVAL", "kept", "before", "same"),
    ("A11", "apply", "init_overlay_changeset", "EINVAL", "kept", "before", "same"),
    ("A12", "apply", "overlay_notify", "notifier", "kept", "before", "same"),
    ("A13", "apply", "build_changeset", "ENOMEM", "kept", "before", "same"),
    ("A14", "apply", "build_changeset", "EINVAL", "kept", "before", "same"),
    ("A15", "apply", "__of_changeset_apply_entries", "entry", "kept", "before", "same"),
    ("A16", "apply", "__of_changeset_apply_entries", "entry", "kept", "unknown", "APPLY_FAIL set"),
    ("A17", "apply", "__of_changeset_apply_notify", "notifier", "kept", "applied", "same"),
    ("A18", "apply", "overlay_notify", "notifier", "kept", "applied", "same"),
    ("A19", "apply", "caller", "any", "kept", "as at the fault", "same"),
    ("A20", "apply", "__of_changeset_apply_entries", "entry", "kept", "before", "same"),
    ("A21", "apply", "__of_changeset_entry_apply", "ENOMEM", "kept", "applied", "same"),
    ("R01", "remove", "of_overlay_remove", "EBUSY", "kept", "applied", "same"),
    ("R02", "remove", "of_overlay_remove", "ENODEV", "-", "applied", "same"),
    ("R03", "remove", "overlay_removal_is_ok", "EBUSY", "kept", "applied", "same"),
    ("R04", "remove", "overlay_notify", "notifier", "kept", "applied", "same"),
    ("R05", "remove", "__of_changeset_revert_entries", "entry", "kept", "applied", "same"),
    (
        "R06",
        "remove",
        "__of_changeset_revert_entries",
        "entry",
        "kept",
        "unknown",
        "REVERT_FAIL set",
    ),
    ("R07", "remove", "__of_changeset_revert_notify", "notifier", "freed", "before", "same"),
    ("R08", "remove", "overlay_notify", "notifier", "freed", "before", "same"),
    ("R09", "remove", "__of_changeset_entry_destroy", "0", "freed", "before", "same"),
    ("R10", "remove", "of_node_release", "0", "freed", "before", "same"),
    ("R11", "remove", "of_node_release", "0", "freed", "before", "same"),
    ("R12", "remove", "__of_changeset_entry_revert", "0", "freed", "before", "same"),
    ("R13", "remove", "of_overlay_remove_all", "any", "kept for j and below", "partly", "same"),
    ("D01", "apply", "dtovl", "-", "-", "before", "same"),
    ("D02", "apply", "dtovl", "-", "-", "applied in memory", "same"),
)

_STEPS = {
    "A01": "the tree is suspect",
    "A02": "the header is wrong",
    "A03": "the blob is larger than the buffer",
    "A04": "no memory for the changeset",
    "A05": "no memory for the id",
    "A06": "no memory for the copy of the blob",
    "A07": "the blob cannot be unflattened",
    "A08": "a label is missing",
    "A09": "the target of a fragment is missing",
    "A10": "neither fragments nor symbols",
    "A11": "symbols, but none in the base",
    "A12": "a listener refuses at pre-apply",
    "A13": "no memory for a new node",
    "A14": "two fragments bring the same",
    "A15": "an entry fails, those before go back",
    "A16": "an entry fails, going back too",
    "A17": "a listener fails about an entry",
    "A18": "a listener fails at post-apply",
    "A19": "the caller forgets the id",
    "A20": "the first entry fails",
    "A21": "no memory for a file in sysfs",
    "R01": "the tree is suspect",
    "R02": "nobody has that id",
    "R03": "a later overlay is in the way",
    "R04": "a listener refuses at pre-remove",
    "R05": "an entry cannot be reverted",
    "R06": "nor can the others come back",
    "R07": "a listener fails about an entry",
    "R08": "a listener fails at post-remove",
    "R09": "somebody holds a new node",
    "R10": "a new node was put too often",
    "R11": "others gave a new node a property",
    "R12": "a property of the base was updated",
    "R13": "removing all stops",
    "D01": "Ctrl-C between two entries",
    "D02": "the output cannot be written",
}

_MESSAGES: dict[str, tuple[str, ...]] = {
    "A01": ("devicetree state suspect, refuse to apply overlay",),
    "A02": ("Invalid overlay_fdt header",),
    "A07": ("unable to unflatten overlay_fdt",),
    "A09": ("init_overlay_changeset() failed, ret = -22",),
    "A10": ("no fragments or symbols in overlay",),
    "A11": ("symbols in overlay, but not in live tree",),
    "A12": ("overlay changeset pre-apply notifier error <n>, target: <path>",),
    "A14": (
        "ERROR: multiple fragments add and/or delete node <path>",
        "ERROR: multiple fragments add, update, and/or delete property <path>/<name>",
    ),
    "A15": ("Error applying changeset (<n>)",),
    "A16": ("Error applying changeset (<n>)",),
    "A17": ("overlay apply changeset entry notify error <n>",),
    "A18": ("overlay changeset post-apply notifier error <n>, target: <path>",),
    "A20": ("Error applying changeset (<n>)",),
    "R01": ("suspect devicetree state, refuse to remove overlay",),
    "R02": ("remove: Could not find overlay #<id>",),
    "R03": ("overlay #<id> is not topmost",),
    "R04": ("overlay changeset pre-remove notifier error <n>, target: <path>",),
    "R05": ("Error reverting changeset (<n>)",),
    "R06": ("Error reverting changeset (<n>)",),
    "R07": ("overlay remove changeset entry notify error <n>",),
    "R08": ("overlay changeset post-remove notifier error <n>, target: <path>",),
    "R09": (
        "ERROR: memory leak, expected refcount 1 instead of <n>, of_node_get()/of_node_put() "
        "unbalanced - destroy cset entry: attach overlay node <path>",
    ),
    "R10": ("ERROR: memory leak before free overlay changeset,  <path>",),
    "R11": ("ERROR: of_node_release(), unexpected properties in <path>",),
}

_MEMORY = dict.fromkeys(("A01", "A02", "A03", "A04"), "nothing is allocated") | {
    "A05": "the changeset goes; no id is given back, as there is none",
    "A06": "changeset and id are given back",
    "A07": "copy, changeset and id are given back",
    "A08": "everything stays until it is removed; no fragment is known",
    "A09": "targets found so far stay held until it is removed",
    "A10": "everything stays until it is removed; no fragment is known",
    "A11": "all targets stay held until it is removed",
    "A12": "everything stays; who heard of it may have pointers until post-remove",
    "A13": "entries built so far hold a node each",
    "A14": "entries built so far hold a node each",
    "A15": "everything stays",
    "A16": "everything stays",
    "A17": "everything stays",
    "A18": "everything stays",
    "A19": "lost to all but a removal of everything",
    "A20": "everything stays, nothing was to be taken back",
    "A21": "the tree is whole, the file is missing",
    "R07": "freed",
    "R08": "freed all the same",
    "R09": "the node and its properties leak, the rest is freed",
    "R10": "the node leaks",
    "R11": "freed",
    "R12": "the old property is back at its place, the new one on the list of dead ones",
    "R13": "what is above is freed, it and what is below stay",
    "D01": "all is freed",
    "D02": "freed when the command ends",
}

_TOLD = {
    "A12": "pre-apply up to that fragment",
    "A13": "pre-apply of all",
    "A14": "pre-apply of all",
    "A15": "pre-apply of all, nobody of an entry",
    "A16": "pre-apply of all",
    "A17": "all entries, then post-apply; the last error is given",
    "A18": "post-apply up to that fragment",
    "A20": "pre-apply of all",
    "R03": "nobody",
    "R04": "pre-remove up to that fragment, again the next time",
    "R05": "pre-remove of all",
    "R06": "pre-remove of all",
    "R07": "all entries, then post-remove",
    "R08": "post-remove up to that fragment",
}

_HOLDS = {
    "A01": "I1 I3 I4 I5 I6 I9",
    "A02 A03 A04 A05 A06 A07 A08 A09 A10 A11": "I1 I3 I4 I5 I6 I8 I9",
    "A12": "I1 I3 I4 I5 I6 I7 I8 I9",
    "A13 A14 R07 R08 R12": "I1 I3 I4 I5 I6 I7 I9",
    "A15 A20 R09 R10": "I1 I3 I5 I6 I7 I9",
    "A16 R06 R11": "I3 I5 I6 I7 I9",
    "A17 A18 R03 R04 R05": "I2 I3 I5 I6 I7 I8 I9",
    "A19": "I3 I5 I6 I9",
    "A21": "I2 I3 I5 I6 I8 I9",
    "R01 R02": "I2 I3 I5 I6 I9",
    "R13": "I3 I5 I6 I7 I8 I9",
    "D01": "I1 I3 I4 I5 I9",
    "D02": "I2 I3 I9",
}


def _sites() -> tuple[Site, ...]:
    holds = {id_: names for ids, names in _HOLDS.items() for id_ in ids.split()}
    found = []
    for id_, op, function, errno, number, tree, flags in _FACTS:
        memory, told = _MEMORY.get(id_, "as before"), _TOLD.get(id_, "")
        words = (_STEPS[id_], function, errno, _MESSAGES.get(id_, ()))
        found.append(Site(id_, op, *words, number, tree, memory, flags, told, holds[id_]))
    return tuple(found)


SITES = _sites()
"""All places, in the order of the code."""
