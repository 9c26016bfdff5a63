"""Findings of links in words: what is wrong, what the kernel does, who brought it, the cure.

The details of a finding stay in the fields of its diagnostic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes import iommu, link_classes, link_interrupts, links
from dtovl.codes.base import Code, Severity
from dtovl.diagnostics import Diagnostic
from dtovl.links.classwords import CLASSES
from dtovl.links.iommuwords import IOMMU
from dtovl.links.listwords import LISTS
from dtovl.links.maprows import ID_MAPS, is_wide
from dtovl.links.mapwords import MAPS
from dtovl.links.telling import Telling, origin_words
from dtovl.model.supplierbindings import BINDINGS

if TYPE_CHECKING:
    from dtovl.links.link import Finding
    from dtovl.links.telling import Blame
    from dtovl.model.supplierbindings import Bindings
    from dtovl.model.tree import Tree

LINK_CODES: dict[str, Code] = {
    code.number: code
    for table in (links, link_interrupts, link_classes, iommu)
    for code in vars(table).values()
    if isinstance(code, Code)
}
"""Rule (`L001`, `DT680`) -> its code."""

_TOLD = {**LISTS, **MAPS, **CLASSES, **IOMMU}

# What is an error, or a warning of L013 and L027, where its node is enabled.
_EASED = ("L013", "L027")

# What a map of ids that is read in the wrong way seems to have.
_OF_ROWS = ("L001", "L018", "L019", "L020")
_UNREAD = "the node is disabled: nobody reads it until it is enabled"
_NEWER = "Linux 7.1 and newer read rows as wide as their targets want, and this map fits them"
_NEWER_FIX = "boot such a kernel (`--kernel 7.2` reads the map so), or write rows of four cells"


def as_diagnostic(
    finding: Finding, tree: Tree, bindings: Bindings = BINDINGS, *, wide_maps: bool = False
) -> Diagnostic:
    """Put a finding into words, by the tree as it is now; that must be the one judged.

    wide_maps: it was judged so (dtovl.links.board.Board).

    The place is that of the property in source text, where known; an overlay is named as the one
    who did it where it brought the property, or what makes it wrong.
    """
    code = LINK_CODES[finding.rule]
    telling = Telling(finding, tree, bindings)
    words = _TOLD[finding.rule](telling)
    severity, unread, fix = finding.severity, "", words.fix
    if _is_eased(finding, code):
        unread = f"; {_UNREAD}"
    elif not wide_maps and _is_for_newer(finding, tree):
        severity, unread, fix = Severity.INFO, f"; {_NEWER}", _NEWER_FIX
    fields = {"property": finding.property, **finding.details, **words.more}
    return Diagnostic(
        code,
        path=finding.node.path,
        at=telling.place(finding.node, finding.property),
        why=f"{words.why}{unread}",
        who=words.who or _who(finding, tree, words.blamed),
        fix=fix,
        notes=words.notes,
        kernel=() if unread else words.kernel,
        severity=severity,
        **fields,
    )


def _is_eased(finding: Finding, code: Code) -> bool:
    """Tell whether a finding weighs less because its node is disabled."""
    if finding.severity is not Severity.INFO:
        return False
    if finding.rule == "L005":
        return "value" in finding.details
    return code.severity is Severity.ERROR or finding.rule in _EASED


def _is_for_newer(finding: Finding, tree: Tree) -> bool:
    """Tell whether a map of ids is only written for kernels that are newer than the one asked."""
    name = finding.property
    if name not in ID_MAPS or finding.rule not in _OF_ROWS:
        return False
    return is_wide(name, finding.node.properties.get(name, b""), tree.by_phandle)


def _who(finding: Finding, tree: Tree, blamed: tuple[Blame, ...]) -> str:
    """Name the overlay that brought the property, and others that have a part in it."""
    if not tree.origins:
        return ""
    first = tree.origin_of(finding.node, finding.property or None)
    shown = [] if first is None else [origin_words(first)]
    for one in blamed:
        origin = tree.origin_of(one.node, one.key)
        if origin is not None and (first is None or origin[:2] != first[:2]):
            shown.append(f"{one.words} {origin_words(origin)}")
    return "; ".join(shown)
