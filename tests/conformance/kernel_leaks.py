"""Leaked objects by kind, told from the functions that kmemleak saw allocating them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

# Functions that allocate for others; what they are called by tells the kind.
_COPIERS = frozenset(
    {
        "kasprintf",
        "kmemdup",
        "kstrdup",
        "kstrdup_const",
        "kvasprintf",
        "kvasprintf_const",
        "kzalloc",
    }
)
_SYSFS = "sysfs-name"

# The function that asked for the memory: kind when it allocates itself or through kmemdup, and kind
# of a string that it copies. The struct and the value of a property that a case or a symbol
# makes are allocated in one function, so that nothing but the size, which says little, parts them.
_KINDS = {
    "__of_node_dup": ("node", "node-name"),
    "__of_prop_dup": ("property", "property-name"),
    "add_changeset_property": ("symbol-property", "property-name"),
    "prop_make": ("case-property", "case-property-name"),
    "of_overlay_fdt_apply": ("fdt-copy", "fdt-copy"),
    "__unflatten_device_tree": ("unflattened-tree", "unflattened-tree"),
    "of_fdt_unflatten_tree": ("unflattened-tree", "unflattened-tree"),
    "safe_name": (_SYSFS, _SYSFS),
    "kobject_set_name": (_SYSFS, _SYSFS),
    "kobject_set_name_vargs": (_SYSFS, _SYSFS),
}

# What the allocation does not tell apart: kind of ours, and the one that it counts as.
_FOLDED = {"case-property-value": "case-property"}

KINDS = frozenset(kind for pair in _KINDS.values() for kind in pair) | {"property-value"}


class UnknownStack(Exception):
    """A leak was allocated where nobody has said yet what it is: a gap of this module."""


def kinds(leaks: Iterable[dict[str, Any]]) -> list[str]:
    """Give the kinds of recorded leaks, sorted. Raises UnknownStack."""
    return sorted(kind_of(leak["alloc"]) for leak in leaks)


def folded(ours: Iterable[str]) -> list[str]:
    """Give our kinds of leaks as far as recordings can tell them apart, sorted."""
    return sorted(_FOLDED.get(kind, kind) for kind in ours)


def kind_of(stack: list[str]) -> str:
    """Give the kind of an object from its allocation stack, innermost function first.

    Raises UnknownStack.
    """
    # Newer kernels allocate in functions of the same names with an ending.
    names = [name.removesuffix("_noprof") for name in stack]
    copied_by = ""
    for name in names:
        if name in _COPIERS:
            copied_by = name
            continue
        if name not in _KINDS:
            break
        if name == "__of_prop_dup" and copied_by == "kmemdup":
            return "property-value"
        itself, text = _KINDS[name]
        return itself if copied_by in ("", "kmemdup", "kzalloc") else text
    raise UnknownStack(f"a leak allocated by {' < '.join(stack)} has no kind in kernel_leaks.py")
