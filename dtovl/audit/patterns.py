"""The kinds of log lines beyond those of checks.kernel_kinds, and finding the kind of a line.

A row is a kind: what it begins with or has in it, the pattern, what it means, how to mend it, the
code, the function of the kernel that prints it. Named groups are the facts of a line:

    node, other         paths in the tree ("" for the root, as the kernel prints it)
    device, supplier    a device by name; a supplier may be a path as well
    property, label, path, phandle, count, error, number, later     as in kernel_kinds
    function, fault     of a report of the kernel about itself

Every pattern is anchored at both ends. Names in it are of bounded length, or the text between two
fixed words; a line has at most lines.MAX_LINE_BYTES characters.
Source: drivers/of/dynamic.c, overlay.c; drivers/base dd.c, core.c; drivers/iommu; lib/kobject.c;
mm/kasan, mm/kmemleak.c of Linux 6.1 and 7.2.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from dtovl.checks.kernel_kind import ERROR, NODE, NODE_PROPERTY, Kind
from dtovl.checks.kernel_kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEVICE = r"(?:[^ ]{1,64} )?(?P<device>[^ ]{1,256}): "
_SUPPLIER = r"(?P<supplier>[^ ]{1,1024})"
_SUPPLIER_IN = re.compile(r"\bsupplier ([^ ]{1,1024})")
_ENTRY = r"[A-Z]{3,6}_(?:NODE|PROPERTY) {1,15}"
_OBJECT = r"(?:'(?P<name>[^']{0,256})' )?\((?:0x)?[0-9a-zA-Z_()]{1,32}\): "
_WELL = "a step of the kernel that went as it should, told because dynamic debug is on"
_WAITS = "the device waits for something that never comes; it is not there, though its node is"
_WAITS_FIX = "ask `dtovl probe --why NODE` for the chain down to the cause"

_OVERLAY_STEPS = (
    Kind(
        "node-failed",
        "OF: overlay: Failed to apply node @",
        NODE + ", err=" + ERROR,
        "the node cannot be taken into the tree; most often both the overlay and the tree have "
        "given it a phandle",
        "leave the label of the node out of the overlay where the base has one",
        "DT114",
        function="add_changeset_node",
    ),
    Kind(
        "property-failed",
        "OF: overlay: Failed to apply prop @",
        NODE_PROPERTY + ", err=" + ERROR,
        "the property cannot be taken into the tree; a line before says why",
        function="add_changeset_property",
        follows=True,
    ),
    Kind(
        "symbol-failed",
        "OF: overlay: Failed to apply symbols prop @",
        NODE_PROPERTY + ", err=" + ERROR,
        "a label that the overlay exports is there already, or leads to no node of a fragment",
        "name the label otherwise; `dtovl apply --applier linux` tells which of both it is",
        "DT118",
        function="add_changeset_property",
    ),
    Kind(
        "fragment-failed",
        "OF: overlay: ",
        r"(?:symbols )?fragment apply failed '(?P<node>.*)'",
        "the overlay is refused because of this fragment, which a line before tells more about",
        function="build_changeset",
        follows=True,
    ),
    Kind(
        "root-not-dynamic",
        "OF: overlay: init_overlay_changeset() ovcs->overlay_root is not dynamic",
        "",
        _WELL,
        code="DT749",
        function="init_overlay_changeset",
        severity="info",
    ),
    Kind(
        "step-done",
        "OF: overlay: ",
        r"of_overlay_(?:apply|remove)\(\) err=0",
        _WELL,
        code="DT749",
        function="of_overlay_apply, of_overlay_remove",
        severity="info",
    ),
    Kind(
        "step-failed",
        "OF: overlay: ",
        r"of_overlay_(?:apply|remove)\(\) err=" + ERROR,
        "applying or removing the overlay gave this error; a line before says why",
        function="of_overlay_apply, of_overlay_remove",
        follows=True,
    ),
    Kind(
        "changeset-step",
        "OF: changeset: ",
        r"(?:applying\.\.\.|reverting\.\.\.|emitting notifiers\.|notifiers sent\.)",
        _WELL,
        code="DT749",
        function="__of_changeset_apply_entries",
        severity="info",
    ),
    Kind(
        "entry-step",
        "OF: changeset: ",
        r"(?:apply|notify): " + _ENTRY + r"(?P<node>[^:]*)(?::(?P<property>.*))?",
        _WELL,
        code="DT749",
        function="__of_changeset_entry_apply",
        severity="info",
    ),
)

_KOBJECTS = (
    Kind(
        "kobject-not-initialised",
        "kobject: ",
        _OBJECT + r"is not initialized, yet kobject_(?:get|put)\(\) is being called\.",
        "an object is counted that was never set up: an error path releases more than it made",
        "initialise it early, or ask kobj.state_initialized before the put",
        "T004",
        function="kobject_get, kobject_put",
    ),
    Kind(
        "kobject-added-raw",
        "kobject: ",
        _OBJECT + "tried to add an uninitialized object, something is seriously wrong.",
        "an object is added to sysfs that was never set up",
        "call kobject_init() before kobject_add()",
        "T004",
        function="kobject_add",
    ),
    Kind(
        "kobject-initialised-twice",
        "kobject",
        r"(?:: '(?P<name>[^']{0,256})')? ?(?:: )?\([0-9a-zA-Z_()]{1,32}\): tried to init an "
        r"initialized object, something is seriously wrong\.",
        "an object is set up again while it is in use: its count begins anew, and whoever held it "
        "holds nothing",
        "allocate a new one, or wait for the release of the old one",
        "T012",
        function="kobject_init",
    ),
    Kind(
        "kobject-without-name",
        "kobject: ",
        r"\([0-9a-zA-Z_()]{1,32}\): attempted to be registered with empty name!",
        "an object without a name cannot be in sysfs",
        "name it before it is added",
        "DT743",
        function="kobject_add_internal",
    ),
    Kind(
        "kobject-not-added",
        "kobject",
        r"(?:: kobject)?_add_internal failed for (?P<name>[^ ]{0,256}) \(error: "
        + ERROR
        + r" parent: (?P<parent>[^ ]{0,256})\)",
        "an object is not added to sysfs: its parent has gone, or the name is no good",
        "see that the parent is added first, and outlives it",
        "DT743",
        function="kobject_add_internal",
    ),
)

_DEVICES = (
    Kind(
        "deferred-pending",
        "",
        _DEVICE + r"deferred probe pending(?:: (?P<reason>.*))?",
        _WAITS,
        _WAITS_FIX,
        "L034",
        function="deferred_probe_timeout_work_func",
        hook="deferred probe pending",
    ),
    Kind(
        "deferred-listed",
        "",
        r"(?P<device>[^ \t/:][^ \t]{0,255})\t"
        r"(?P<reason>(?:[^ :]{1,64}: )?(?:wait for supplier|supplier|failed|probe|cannot|no) .*)?",
        _WAITS,
        _WAITS_FIX,
        "L034",
        function="deferred_devs_show",
        hook="\t",
    ),
    Kind(
        "dependency-ignored",
        "",
        _DEVICE + r"(?:deferred probe timeout, ignoring dependency"
        r"|ignoring dependency for device, assuming no driver)",
        "the device has waited long enough for a supplier, and goes on without it",
        "give the kernel the driver of the supplier; `dtovl probe --why NODE` names it",
        "DT745",
        function="driver_deferred_probe_check_state",
        severity="warning",
        hook="ignoring dependency",
    ),
    Kind(
        "sync-state-pending",
        "",
        _DEVICE + r"sync_state\(\) pending due to " + _SUPPLIER,
        "a supplier keeps what the boot loader switched on, as a consumer has not bound yet",
        "see why the consumer does not bind: `dtovl probe --why NODE`",
        "L036",
        function="fw_devlink_dev_sync_state",
        severity="warning",
        hook="sync_state() pending",
    ),
    Kind(
        "sync-state-forced",
        "",
        _DEVICE + r"Timed out\. (?:Forcing|Calling) sync_state\(\)",
        "a supplier switches off what nobody has asked for, though consumers have not bound yet",
        "see why the consumers do not bind: `dtovl probe`",
        "DT745",
        function="fw_devlink_dev_sync_state",
        severity="warning",
        hook="sync_state()",
    ),
    Kind(
        "device-link-failed",
        "",
        _DEVICE + r"Failed to create device link (?:\(0x[0-9a-f]{1,8}\) )?(?:with |to )"
        r"(?:supplier )?" + _SUPPLIER + r"(?: for (?P<node>/[^ ]{0,1024}))?",
        "the order of binding and unbinding is not kept between these two",
        "see whether one lies inside the other, or whether they wait for each other",
        "DT746",
        function="fw_devlink_create_devlink",
        severity="warning",
        hook="Failed to create device link",
    ),
    Kind(
        "dependency-cycle",
        "",
        _DEVICE + r"Fixed dependency cycle\(s\) with (?P<other>/.*)",
        "two nodes refer to each other, so none is made to wait for the other: nothing is wrong",
        code="L009",
        function="fw_devlink_create_devlink",
        severity="info",
        hook="dependency cycle(s) with ",
    ),
)

_IOMMUS = (
    Kind(
        "iommu-bypassed",
        "",
        _DEVICE + r"Adding to IOMMU failed: " + ERROR,
        "the device goes on without its IOMMU: its DMA is not translated",
        "see with `dtovl links --kind iommu` which entry of `iommus` cannot be read",
        "DT744",
        function="of_iommu_configure",
        severity="warning",
        hook="Adding to IOMMU failed",
    ),
    Kind(
        "iommu-group-failed",
        "",
        _DEVICE + r"Failed to (?:add to|attach to|add device to) iommu group \d{1,6}: " + ERROR,
        "the device could not join the group of its IOMMU",
        "see with `dtovl probe --groups` who shares the group, and who comes late",
        "DT744",
        function="iommu_group_add_device",
        hook=" iommu group ",
    ),
    Kind(
        "iommu-not-got",
        "",
        _DEVICE + r"(?:[Ff]ailed|[Uu]nable) to (?:get|attach|find|set ?up|configure|initialize) "
        r"(?:the |an )?(?:IOMMU|iommu)\b[^:]{0,80}(?::? ?" + ERROR + ")?",
        "the driver asks for an IOMMU that it does not get",
        "see with `dtovl links --kind iommu` what the node refers to",
        "DT744",
        function="a driver",
        hook=" to ",
    ),
    Kind(
        "iommu-not-set-up",
        "Failed to set up IOMMU for device ",
        r"(?P<device>[^ ]{1,256}); retaining platform DMA ops",
        "the device goes on without its IOMMU: its DMA is not translated",
        "see with `dtovl links --kind iommu` which entry of `iommus` cannot be read",
        "DT744",
        function="arm_setup_iommu_dma_ops, iommu_setup_dma_ops",
        severity="warning",
    ),
    Kind(
        "dma-range-dropped",
        "OF: translation of DMA address(",
        r"(?:0x)?[0-9a-f]{1,16}\) to CPU address failed node\((?P<node>[^)]{0,1024})\)",
        "an entry of dma-ranges leads nowhere and is left out",
        "see with `dtovl links` how the entries fit the bus above",
        "L035",
        function="of_dma_get_range",
    ),
)

_REPORTS = (
    Kind(
        "kasan",
        "BUG: ",
        r"K(?:A|C|M)?(?:SAN|FENCE): (?P<fault>[a-z-]{3,40}(?: or [a-z-]{3,40})?)"
        r"(?: (?:read|write|on address|in range .{0,60}))? ?(?:in )?"
        r"(?P<function>[A-Za-z_][A-Za-z0-9_.]{0,127})?(?:[+ /].*)?",
        "memory is used that is not there any more, or never was",
        "look at the functions below, the innermost first",
        function="mm/kasan, mm/kfence",
    ),
    Kind(
        "warning",
        "WARNING: ",
        r"(?:CPU: \d{1,5} PID: \d{1,10} )?(?:at )?(?P<file>[A-Za-z0-9_./-]{1,128}):\d{1,6}"
        r" (?:at )?(?P<function>[A-Za-z_][A-Za-z0-9_.]{0,127})(?:[+,/ ].*)?",
        "the kernel found something that must never be",
        "look at the functions below, the innermost first",
        function="WARN_ON",
    ),
    Kind(
        "crash",
        "Kernel panic - not syncing: ",
        r"(?P<what>Kernel mode fault.*|Kernel tried to access.*|Fatal exception.*|.{0,80}Oops.*"
        r"|Unable to handle.*|Segfault.*|stack-protector.*|Unrecoverable.*)",
        "the kernel followed a pointer that leads nowhere, and stopped",
        "look at the lines before it, and at the functions below",
        "DT200",
        function="panic",
    ),
    Kind(
        "crash",
        "",
        r"(?P<what>Unable to handle kernel [^:]{1,120}|BUG: unable to handle [^:]{1,120}"
        r"|BUG: kernel NULL pointer dereference[^:]{0,80}|Internal error: Oops|Oops"
        r"|general protection fault[^:]{0,120})(?::.*)?",
        "the kernel followed a pointer that leads nowhere",
        "look at the lines before it, and at the functions below",
        "DT200",
        function="die",
        hook="",
    ),
    Kind(
        "kmemleak",
        "unreferenced object 0x",
        r"[0-9a-zA-Z]{1,16} \(size (?P<size>\d{1,10})\):",
        "memory that nobody points to any more",
        "look at the functions below: the innermost allocated it",
        function="mm/kmemleak.c",
        severity="warning",
    ),
)

PATTERNS = (*_OVERLAY_STEPS, *_DEVICES, *_IOMMUS, *KINDS, *_KOBJECTS, *_REPORTS)
"""Every kind of line that an audit knows; of two that fit a line the first counts."""

REPORTS = frozenset(kind.name for kind in _REPORTS)
"""Kinds that begin a report of several lines, with call traces."""

TRACED = frozenset({"bad-put", "count-underflow", "kobject-twice", "sysfs-twice"}) | frozenset(
    kind.name for kind in _KOBJECTS
)
"""Kinds of one line behind which the kernel prints where it was called from."""


class Found:
    """A line whose kind is known; facts are what its named groups hold."""

    __slots__ = ("facts", "kind", "text")

    def __init__(self, kind: Kind, text: str, facts: dict[str, str]) -> None:
        self.kind = kind
        self.text = text
        self.facts = facts


@lru_cache(maxsize=1024)
def find_kind(text: str) -> Found | None:
    """Tell the kind of a message, None for one that is not known; a log repeats itself."""
    for kind in _candidates(text):
        found = _pattern(kind.rest).fullmatch(text, len(kind.start))
        if found is not None:
            return Found(kind, text, _facts(found))
    return None


def _facts(found: re.Match[str]) -> dict[str, str]:
    """Give the groups that hold something; the kernel prints the root as nothing."""
    facts = {name: value for name, value in found.groupdict().items() if value}
    if found.re.groupindex.get("node") and found["node"] == "":
        facts["node"] = "/"
    named = _SUPPLIER_IN.search(facts.get("reason", ""))
    if named is not None:
        facts["supplier"] = named[1]
    return facts


def _candidates(text: str) -> Iterator[Kind]:
    first = text[:1]
    for kind in _BY_FIRST.get(first, ()):
        if text.startswith(kind.start):
            yield kind
    for kind in _ANYWHERE:
        if kind.hook in text:
            yield kind


_ANYWHERE = tuple(kind for kind in PATTERNS if not kind.start)
_BY_FIRST: dict[str, tuple[Kind, ...]] = {
    first: tuple(kind for kind in PATTERNS if kind.start[:1] == first)
    for first in {kind.start[:1] for kind in PATTERNS if kind.start}
}

HOOKS = tuple(
    sorted(
        {
            b"OF: ",
            b"object",  # kobject, unreferenced object
            b"BUG: ",
            b"WARNING: ",
            b"panic",
            b"refcount_t: ",
            b"Duplicate name in ",
            b"sysfs: cannot",
            b"kernel taint",
            b"Unable to handle",
            b"Oops",
            b"general protection",
            b"ommu",
            b"IOMMU",
        }
        | {kind.hook.encode() for kind in _ANYWHERE if len(kind.hook) > len(" to ")}
        | {b"\t"}
    )
)
"""A line without any of these is of no kind."""


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)
