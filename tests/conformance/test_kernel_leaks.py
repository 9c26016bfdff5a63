"""Leaks by kind: every stack of the recordings has one, and another is named."""

from __future__ import annotations

import pytest
from conformance.kernel_leaks import KINDS, UnknownStack, folded, kind_of


@pytest.mark.parametrize(
    ("stack", "kind"),
    [
        ("__of_node_dup build_changeset_next_level", "node"),
        ("kstrdup __of_node_dup", "node-name"),
        ("__of_prop_dup add_changeset_property", "property"),
        ("kstrdup __of_prop_dup add_changeset_property", "property-name"),
        ("kmemdup_noprof __of_prop_dup", "property-value"),
        ("add_changeset_property of_overlay_fdt_apply", "symbol-property"),
        ("kstrdup add_changeset_property", "property-name"),
        ("prop_make", "case-property"),
        ("kmemdup prop_make", "case-property"),
        ("kstrdup prop_make", "case-property-name"),
        ("kstrdup safe_name __of_add_property_sysfs", "sysfs-name"),
        ("kstrdup_const kvasprintf_const kobject_set_name_vargs kobject_add", "sysfs-name"),
        ("of_overlay_fdt_apply", "fdt-copy"),
        ("__unflatten_device_tree of_fdt_unflatten_tree", "unflattened-tree"),
    ],
)
def test_kinds_of_leaks(stack: str, kind: str) -> None:
    assert kind_of(stack.split()) == kind
    assert kind in KINDS


def test_our_kinds_are_folded_to_what_recordings_tell_apart() -> None:
    assert folded(["node", "case-property-value", "case-property"]) == [
        "case-property",
        "case-property",
        "node",
    ]


@pytest.mark.parametrize("stack", ["", "kstrdup", "somebody of_overlay_fdt_apply"])
def test_a_leak_without_a_kind_is_named(stack: str) -> None:
    with pytest.raises(UnknownStack, match="has no kind in kernel_leaks"):
        kind_of(stack.split())
