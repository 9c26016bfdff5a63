"""Fitting an overlay to a base: what is planned once, what differs by base, which problem counts.

The rules one by one are rows in tests/conformance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.overlays import PLACEHOLDER, at, inside, lines, overlay_content, to
from support.trees import Content, cells, tree_of

from dtovl.model.dialect import LIBFDT, LINUX, Dialect, Problem
from dtovl.resolve import Refused, Resolved, plan, resolve

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

BOTH = pytest.mark.parametrize("dialect", [LIBFDT, LINUX], ids=lambda dialect: dialect.name)

BASE: Content = {
    "soc": {"phandle": 5, "u@2": {"phandle": 7}},
    "__symbols__": {"soc": "/soc", "u": "/soc/u@2"},
}
OVERLAY = overlay_content(
    to("soc", {"n": {"phandle": 1, "refs": [PLACEHOLDER, 1, 4, PLACEHOLDER]}}),
    fixups={
        "u": "/fragment@0/__overlay__/n:refs:0",
        "soc": "/fragment@0/__overlay__/n:refs:12",
    },
    local=inside({"n": {"refs": 4}}),
)
N = "/fragment@0/__overlay__/n"


def at_path(tree: Tree, path: str) -> Node:
    found = tree.find(path)
    assert found is not None
    return found


def fit(overlay: Tree, base: Content, dialect: Dialect) -> Resolved:
    return resolve(plan(overlay, dialect), tree_of(base), dialect)


def refusal(overlay: Content, base: Content, dialect: Dialect) -> Refused:
    with pytest.raises(Refused) as caught:
        fit(tree_of(overlay), base, dialect)
    return caught.value


@BOTH
def test_phandles_local_and_outside_references_are_filled_in(dialect: Dialect) -> None:
    overlay = tree_of(OVERLAY)
    before = lines(overlay)
    resolved = fit(overlay, BASE, dialect)
    n = at_path(overlay, N)
    own = 1 + 7 + dialect.delta_extra
    assert resolved.phandles == {n: own}
    assert resolved.properties(n) == {"phandle": cells(own), "refs": cells(7, own, 4, 5)}
    assert resolved.properties(at_path(overlay, "/fragment@0"))["target"] == cells(5)
    assert lines(overlay) == before


@BOTH
def test_what_does_not_differ_is_not_copied(dialect: Dialect) -> None:
    overlay = tree_of(OVERLAY)
    resolved = fit(overlay, BASE, dialect)
    content = at_path(overlay, "/fragment@0/__overlay__")
    assert resolved.properties(content) is content.properties


@BOTH
def test_one_plan_fits_any_number_of_bases(dialect: Dialect) -> None:
    overlay = tree_of(OVERLAY)
    found = plan(overlay, dialect)
    other: Content = {**BASE, "last": {"phandle": 0x100}}
    first, second = (resolve(found, tree_of(base), dialect) for base in (BASE, other))
    assert second.delta - first.delta == 0x100 - 7
    n = at_path(overlay, N)
    assert first.properties(n)["refs"][4:8] != second.properties(n)["refs"][4:8]
    assert resolve(found, tree_of(BASE), dialect).values == first.values


@BOTH
def test_two_patches_of_one_value_are_both_made(dialect: Dialect) -> None:
    content = overlay_content(
        at("/soc", {"n": {"r": [PLACEHOLDER, 2]}}),
        fixups={"u": "/fragment@0/__overlay__/n:r:0"},
        local=inside({"n": {"r": 4}}),
    )
    overlay = tree_of(content)
    resolved = fit(overlay, BASE, dialect)
    expected = cells(7, 2 + 7 + dialect.delta_extra)
    assert resolved.properties(at_path(overlay, N))["r"] == expected


@BOTH
def test_a_label_wanted_in_several_places_is_looked_up_once(dialect: Dialect) -> None:
    content = overlay_content(
        to("soc", {"n": {"r": PLACEHOLDER}}),
        to("soc", {}),
        fixups={"soc": "/fragment@0/__overlay__/n:r:0"},
    )
    found = plan(tree_of(content), dialect)
    assert [(fixup.label, len(fixup.sites)) for fixup in found.fixups] == [("soc", 3)]


# -- which of several problems counts ----------------------------------------------------------

MISSING = {"fixups": {"gone": "/fragment@0:target:0"}}
BAD_LOCAL = {"local": inside({"gone": {"r": 0}})}


@BOTH
def test_local_fixups_come_before_labels(dialect: Dialect) -> None:
    content = overlay_content(at("/soc", {}), **MISSING, **BAD_LOCAL)
    assert refusal(content, BASE, dialect).problem is Problem.LOCAL_NODE


def test_phandles_come_before_local_fixups() -> None:
    content = overlay_content(at("/soc", {"n": {"phandle": [1, 2]}}), **BAD_LOCAL)
    assert refusal(content, BASE, LIBFDT).problem is Problem.PHANDLE_LENGTH


def test_the_first_phandle_that_has_no_room_counts_before_a_malformed_one() -> None:
    content = overlay_content(
        at("/soc", {"n": {"phandle": 0xFFFFFFFE}, "m": {"phandle": [1, 2]}}), **BAD_LOCAL
    )
    refused = refusal(content, BASE, LIBFDT)
    assert refused.problem is Problem.PHANDLE_OVERFLOW
    assert refused.facts["phandle"] == 0xFFFFFFFE


@BOTH
def test_labels_are_looked_up_in_the_order_of_fixups(dialect: Dialect) -> None:
    content = overlay_content(
        to("soc", {}), fixups={"bad": "nonsense", "gone": "/fragment@0:target:0"}
    )
    assert refusal(content, BASE, dialect).facts["label"] == "bad"
    there: Content = {**BASE, "__symbols__": {"soc": "/soc", "bad": "/soc"}}
    assert refusal(content, there, dialect).problem is Problem.FIXUP_SYNTAX


@BOTH
def test_an_entry_is_refused_at_its_first_fault(dialect: Dialect) -> None:
    """Syntax, then number, then node, then property, then bounds."""
    names = [":x", ":x:y", "/gone:x:0", f"{N}:gone:0", f"{N}:r:4", f"{N}:r:0"]
    expected = [
        Problem.FIXUP_SYNTAX,
        Problem.FIXUP_SYNTAX,
        Problem.FIXUP_NODE if dialect is LIBFDT else Problem.FIXUP_PROPERTY,
        Problem.FIXUP_PROPERTY,
        Problem.FIXUP_RANGE,
        None,
    ]
    found = []
    for start in range(len(names)):
        content = overlay_content(
            at("/soc", {"n": {"r": PLACEHOLDER}}), fixups={"u": tuple(names[start:])}
        )
        refused = plan(tree_of(content), dialect).fixups[0].refused
        found.append(refused.problem if refused is not None else None)
    assert found == expected


def test_what_linux_passes_over_is_kept_for_a_warning() -> None:
    content = overlay_content(
        at("/soc", {"n": {"r": PLACEHOLDER}}), fixups={"u": ("/gone:r:0", f"{N}:r:0")}
    )
    fixup = plan(tree_of(content), LINUX).fixups[0]
    assert fixup.passed == ["/gone:r:0"]
    assert [site.key for site in fixup.sites] == ["r"]


def test_the_kernels_own_name_property_can_be_patched_without_effect() -> None:
    content = overlay_content(at("/soc", {"n": {}}), fixups={"u": f"{N}:name:0"})
    refused = refusal(content, BASE, LINUX)
    assert refused.problem is Problem.FIXUP_RANGE
    longer = overlay_content(
        at("/soc", {"node": {}}), fixups={"u": "/fragment@0/__overlay__/node:name:0"}
    )
    assert fit(tree_of(longer), BASE, LINUX).values == {}


@BOTH
def test_an_overlay_as_deep_as_it_may_be_is_no_problem(dialect: Dialect) -> None:
    content: Content = {"r": 1}
    local: Content = {"r": 0}
    for _ in range(500):
        content, local = {"n": content}, {"n": local}
    overlay = tree_of(overlay_content(at("/soc", content), local=inside(local)))
    assert len(plan(overlay, dialect).recipes) == 1
