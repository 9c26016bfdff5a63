"""Both orders of two overlays, really applied."""

from __future__ import annotations

from checks.meeting import BOARD, CASES, DISABLE, EEPROM, ENABLE, brings, wants
from support.orders import depends
from support.overlays import at, overlay_content, state
from support.trees import Content, tree_of

from dtovl.checks.orders import Tried, try_both
from dtovl.model.dialect import LIBFDT, LINUX, Dialect
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.fragments import Overlay


def tried(one: Content, other: Content, dialect: Dialect = LIBFDT) -> Tried:
    tree = tree_of(BOARD)
    before = state(tree)
    alone = []
    for overlay in (Overlay(tree_of(one)), Overlay(tree_of(other))):
        alone.append(apply_overlay(tree, overlay, dialect))
        alone[-1].changeset.revert(tree)
    found = try_both(tree, *alone, dialect)
    assert state(tree) == before
    overlays = (outcome.overlay for outcome in alone)
    assert found.depends == depends(tree, *overlays, dialect, made_up=True)
    return found


def test_the_places_that_differ_are_given() -> None:
    (place,) = tried(ENABLE, DISABLE).places
    assert (place.key, place.one, place.other) == ("status", b"disabled\0", b"okay\0")


def test_only_numbers_of_phandles_differ() -> None:
    assert not tried(brings("la"), brings("lb", name="bus@8")).depends


def test_one_order_is_refused() -> None:
    found = tried(brings("l"), wants("l"))
    assert found.refused is None
    assert found.refused_back is not None
    assert found.depends


def test_both_orders_are_refused() -> None:
    found = tried(brings("l"), brings("l"), LINUX)
    assert found.refused is not None
    assert found.refused_back is not None
    assert not found.depends


def test_a_node_of_one_order_is_one_place() -> None:
    loose = overlay_content(at("/soc/i2c@1/eeprom", {"page": {"x": 1, "y": 1}}))
    places = tried(EEPROM, loose).places
    assert [(place.key, place.one is None, place.other is None) for place in places] == [
        ("", False, True),
        ("", True, False),
    ]


def test_the_cases_are_as_many_as_the_codes() -> None:
    assert sorted(CASES) == [f"DT63{digit}" for digit in range(10)]
