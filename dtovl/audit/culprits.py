"""What a call trace gives away: rows of functions, and the cause that they mean together.

A row fits a report when one function of each of its sets is in the section of that name; the first
row that fits counts. Names are those of Linux 6.1 and 7.2, without what compilers put behind them
(`.cold`, `.constprop.0`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dtovl.audit.reports import ACCESS, ALLOCATED, FREED

if TYPE_CHECKING:
    from dtovl.audit.patterns import Found
    from dtovl.audit.reports import Report

_DEVICETREE = re.compile(
    r"(?:__)?of_(?!file|type)\w+|fdt_\w+|__?unflatten\w+|unflatten_\w+|\w*_?fwnode_\w+|\w*changeset\w*"
    r"|init_overlay\w*|build_changeset\w*|find_target|adjust_\w*phandle\w*|overlay_\w+"
    r"|update_usages_of_a_phandle\w*"
)


class Culprit(NamedTuple):
    """A row: kinds of reports, the fault (a part of it), functions by section; what they mean."""

    kinds: frozenset[str]
    fault: str
    access: frozenset[str]
    allocated: frozenset[str]
    freed: frozenset[str]
    code: str
    means: str
    fix: str


def _row(
    kinds: str,
    fault: str,
    code: str,
    means: str,
    fix: str,
    *,
    access: str = "",
    allocated: str = "",
    freed: str = "",
) -> Culprit:
    def names(text: str) -> frozenset[str]:
        return frozenset(text.split())

    stacks = names(access), names(allocated), names(freed)
    return Culprit(names(kinds), fault, *stacks, code, means, fix)


_MAKERS = "of_overlay_fdt_apply of_overlay_apply of_resolve_phandles __of_prop_dup"
_NODE_USE = (
    "fwnode_count_parents fwnode_get_name_prefix fwnode_get_name fwnode_get_nth_parent "
    "fwnode_handle_put fwnode_full_name_string device_node_string string kernel_strrchr strlen "
    "of_fwnode_get_name_prefix of_fwnode_get_name of_fwnode_get_parent of_get_parent"
)

CULPRITS = (
    _row(
        "kasan",
        "",
        "DT202",
        "the sysfs name of a property was freed, and is freed or used once more: two parties have "
        "updated the property, or one changeset holds two updates of it",
        "let only one party change the property; revert in reverse order",
        freed="__of_update_property_sysfs",
    ),
    _row(
        "kasan",
        "use-after-free",
        "DT220",
        "of_overlay_remove_all has freed overlays and left them in the kernel's list, which is "
        "read here",
        "remove overlays one by one, the latest first; reboot now",
        freed="free_overlay_changeset",
        access="of_overlay_remove of_overlay_remove_all of_overlay_fdt_apply __list_add_valid "
        "node_overlaps_later_cs idr_remove __list_del_entry_valid",
    ),
    _row(
        "kasan",
        "use-after-free",
        "DT201",
        "a node is used after its overlay was removed, or after its parent was freed with one: "
        "somebody kept a pointer to it, or held the child alone",
        "let the holder put the node before the overlay is removed, at the latest in a listener "
        "at pre-remove",
        freed="of_node_release",
        access=_NODE_USE,
    ),
    _row(
        "kasan",
        "use-after-free",
        "DT223",
        "a node is used after it was freed with its overlay: somebody kept a pointer without a "
        "reference, or put it more often than it was taken",
        "take a reference with of_node_get() for as long as the pointer is kept",
        freed="of_node_release",
    ),
    _row(
        "kasan",
        "use-after-free",
        "DT219",
        "what belonged to an overlay is used after it was freed with it: somebody kept a pointer "
        "into its tree",
        "copy what is needed; drop the pointer in a listener at post-remove",
        freed="free_overlay_changeset of_changeset_destroy",
    ),
    _row(
        "kasan",
        "out-of-bounds",
        "DT222",
        "a string or table of the overlay ends too early, without the NUL or the cells that belong "
        "there: the kernel reads beyond it",
        "compile the overlay with dtc, which ends strings; `dtovl apply` names the property",
        allocated=_MAKERS + " add_changeset_property dup_and_fixup_symbol_prop",
    ),
    _row(
        "kasan",
        "double-free",
        "T003",
        "memory is freed twice: two error paths, or an error path and a release, free the same",
        "let one owner free it, once",
    ),
    _row(
        "kasan",
        "invalid-free",
        "T003",
        "memory is freed that was not allocated, or was freed already",
        "let one owner free it, once",
    ),
    _row(
        "kasan",
        "use-after-free",
        "T001",
        "memory is used after it was freed; the functions below tell who",
        "take a counted reference, or end the use before the memory is freed",
    ),
    _row(
        "kasan",
        "data-race",
        "T020",
        "two use one field at the same time, without a lock that both take",
        "take one lock in both paths",
    ),
    _row(
        "kasan",
        "",
        "DT747",
        "memory beside a piece that was allocated is read or written",
        "look at the functions below, the innermost first",
    ),
    _row(
        "warning",
        "",
        "DT211",
        "a node is detached that is detached already",
        "detach it once; a changeset that was reverted has detached it",
        access="__of_detach_node",
    ),
    _row(
        "warning",
        "",
        "DT138",
        "the overlay is nested so deeply that nodes are dropped",
        "flatten it: 62 levels below the root are kept",
        access="unflatten_dt_nodes",
    ),
    _row(
        "warning",
        "",
        "DT204",
        "a reference count was used after it had reached 0, or has run over: memory may be in use "
        "for something else",
        "find who puts more often than it gets",
        access="refcount_warn_saturate",
    ),
    _row(
        "warning",
        "",
        "DT220",
        "a list of overlays has an entry in it that was freed",
        "remove overlays one by one, the latest first; reboot now",
        access="__list_add_valid __list_add_valid_or_report __list_del_entry_valid "
        "__list_del_entry_valid_or_report",
        freed="",
        allocated="of_overlay_fdt_apply",
    ),
    _row(
        "warning",
        "",
        "T012",
        "something is put into a list that it is in already, or the list is damaged",
        "add it once; make a new entry for each change",
        access="__list_add_valid __list_add_valid_or_report __list_del_entry_valid "
        "__list_del_entry_valid_or_report",
    ),
    _row(
        "kmemleak",
        "",
        "DT209",
        "the value of a property that an overlay has set in a node which it did not bring: it is "
        "never freed",
        "put the property on a node of the overlay where that is possible",
        allocated="__of_prop_dup add_changeset_property dup_and_fixup_symbol_prop",
    ),
    _row(
        "kmemleak",
        "",
        "DT206",
        "a node of an overlay that was held when the overlay was removed: it is never freed",
        "let the holder put it when its device goes, at the latest in a listener at pre-remove",
        allocated="__of_node_dup",
    ),
    _row(
        "kmemleak",
        "",
        "DT202",
        "the sysfs name of a property or node, lost when it was renamed or put back",
        "revert what others have changed before the overlay is removed",
        allocated="safe_name __of_add_property_sysfs __of_attach_node_sysfs",
    ),
    _row(
        "kmemleak",
        "",
        "T015",
        "the kernel's copy of an overlay, or the tree made of it, which is kept on purpose where "
        "somebody may still point into it",
        "nothing, unless overlays are applied in a loop; see that no apply fails",
        allocated="of_overlay_fdt_apply of_fdt_unflatten_tree __unflatten_device_tree "
        "of_resolve_phandles",
    ),
    _row(
        "kmemleak",
        "",
        "T002",
        "memory of devicetree code that nobody points to any more",
        "release it at the end of what it was made for; the functions below name the place",
        allocated="of_changeset_action of_changeset_create_node of_node_get of_find_node_by_path "
        "of_parse_phandle_with_args of_iommu_configure iommu_fwspec_init of_iommu_xlate",
    ),
)
"""Every row; of two that fit a report the first counts."""


def find_culprit(found: Found, report: Report) -> Culprit | None:
    """Tell what a report comes from, None when none of the rows fits."""
    fault = found.facts.get("fault", "")
    for row in CULPRITS:
        if found.kind.name in row.kinds and row.fault in fault and _fits(row, found, report):
            return row
    return None


def of_devicetree(report: Report) -> list[str]:
    """List the functions of devicetree code in a report, those of the access first."""
    names = [name for part in (ACCESS, ALLOCATED, FREED) for name in report.functions(part)]
    return [name for name in dict.fromkeys(names) if _DEVICETREE.fullmatch(name)]


def _fits(row: Culprit, found: Found, report: Report) -> bool:
    access = {found.facts.get("function", "").split(".", 1)[0], *report.functions(ACCESS)}
    allocated, freed = set(report.functions(ALLOCATED)), set(report.functions(FREED))
    if found.kind.name in ("kmemleak", "warning"):
        # Their one call trace is that of the allocation, or of whoever is warned.
        allocated |= access
    if not freed and row.freed and row.access:
        # A report that was cut short: what only devicetree code does speaks for itself.
        return any(_DEVICETREE.fullmatch(name) for name in row.access & access)
    return all(
        not wanted or wanted & there
        for wanted, there in ((row.access, access), (row.allocated, allocated), (row.freed, freed))
    )
