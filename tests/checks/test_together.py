"""What is said about two overlays on one base."""

from __future__ import annotations

import pytest
from checks.meeting import BOARD, CASES, CODEC, DISABLE, ENABLE, brings, meet, wants
from support.orders import met
from support.overlays import at, overlay_content, overlay_of, state, to
from support.trees import Content, tree_of

from dtovl.codes.base import Severity
from dtovl.diagnostics import Location
from dtovl.model.dialect import LIBFDT, LINUX
from dtovl.overlay.fragments import Overlay

MESSAGES = {
    "DT630": '/soc/spi@0:status is "disabled" after A.dtbo, B.dtbo but "okay" after B.dtbo, A.dtbo',
    "DT631": "B.dtbo must come after A.dtbo: label 'mikrobus' is defined by A.dtbo",
    "DT632": "/soc/i2c@1/eeprom@51:x is <1> after A.dtbo, B.dtbo but absent after B.dtbo, A.dtbo",
    "DT635": "A.dtbo and B.dtbo both make /soc/i2c@1/codec@1a: there is one device, not two",
    "DT636": "C.dtbo must come after A.dtbo, and after others: label 'la' is defined by A.dtbo",
    "DT637": "A.dtbo and B.dtbo need each other: no order works",
    "DT638": "1 more pair of overlays on base.dtb to tell of, besides the 1 that are listed",
    "DT639": "1 pair of overlays on base.dtb not tried in both orders",
}


@pytest.mark.parametrize("number", MESSAGES)
def test_the_message_names_place_and_both_results(number: str) -> None:
    assert MESSAGES[number] in [found.message for found in CASES[number]()]


@pytest.mark.parametrize("number", CASES)
def test_nothing_else_is_said(number: str) -> None:
    beside = {"DT638": {"DT630"}}.get(number, set())
    assert {found.code.number for found in CASES[number]()} == {number, *beside}


def test_a_need_is_normal_and_a_conflict_is_not() -> None:
    for number, case in CASES.items():
        normal = number in ("DT631", "DT636", "DT638")
        wanted = Severity.INFO if normal else Severity.WARNING
        assert wanted in [found.severity for found in case()]


def test_a_write_of_the_value_of_the_base_undoes_the_other() -> None:
    assert [found.code.number for found in meet(ENABLE, DISABLE)] == ["DT630"]


def test_equal_values_are_no_conflict() -> None:
    assert meet(ENABLE, ENABLE) == []


def test_pairs_that_are_never_used_together_are_left_out() -> None:
    assert meet(ENABLE, DISABLE, apart={(0, 1)}) == []


def refers(name: str) -> Content:
    """Make an overlay with a node of its own, and a reference to that in a node of the base."""
    return overlay_content(
        at("/soc", {name: {"phandle": 1}}),
        at("/soc/spi@0", {"peer": 1}),
        local={"fragment@1": {"__overlay__": {"peer": 0}}},
    )


def test_references_are_compared_by_node_not_by_number() -> None:
    # Alone, both are phandle 5.
    (found,) = meet(refers("one@1"), refers("two@2"))
    assert found.code.number == "DT630"
    assert "peer is <&{/soc/two@2}> after A.dtbo, B.dtbo but <&{/soc/one@1}> after" in found.message


def test_references_to_one_node_are_equal_whatever_the_numbers() -> None:
    (found,) = meet(refers("one@1"), refers("one@1"))
    assert found.code.number == "DT635"


def test_a_reference_to_a_node_of_the_base_is_called_by_its_label() -> None:
    def gpio(label: str) -> Content:
        fragment = to("spi0", {"cs-gpios": [0xFFFFFFFF, 7]})
        return overlay_content(fragment, fixups={label: "/fragment@0/__overlay__:cs-gpios:0"})

    (found,) = meet(gpio("gpio"), gpio("i2c1"))
    assert "cs-gpios is <&i2c1 7> after A.dtbo, B.dtbo but <&gpio 7> after" in found.message


def test_other_places_are_counted() -> None:
    names = [f"p{number}" for number in range(9)]
    one, other = (dict.fromkeys(names, value) for value in (1, 2))
    (found,) = meet(overlay_content(to("soc", {**one})), overlay_content(to("soc", {**other})))
    assert [note.text for note in found.notes][-2:] == [
        "so is /soc:p3: <2>, <1>",
        "and 5 more properties",
    ]


def test_where_both_write_is_told_as_the_source_has_it() -> None:
    overlays = []
    for name, value in (("a", 1), ("b", 2)):
        tree = tree_of(overlay_content(at("/soc", {"p": value})))
        content = tree.root.children["fragment@0"].children["__overlay__"]
        tree.positions[content, "p"] = Location(f"{name}.dtso", 4)
        overlays.append(Overlay(tree, f"{name}.dtbo"))
    ((_, _, found),) = met(tree_of(BOARD), overlays, LIBFDT).findings()
    assert [str(note.location) for note in found.notes] == ["a.dtso:4", "b.dtso:4"]


NEEDS = {
    "label 'l' is defined by A.dtbo": (brings("l"), wants("l")),
    "/soc/bus@9 is made by A.dtbo": (brings("l"), overlay_content(at("/soc/bus@9", {"x": 1}))),
    "alias 'al' is set by A.dtbo": (
        overlay_content(at("/aliases", {"al": "/soc"})),
        overlay_content(at("al", {"x": 1})),
    ),
    "/soc/dev (label 'dev') gets a phandle by A.dtbo": (
        overlay_content(at("/soc/dev", {"phandle": 1})),
        wants("dev"),
    ),
    "its target is a phandle that A.dtbo gives": (
        brings("l"),
        overlay_content({"target": 5, "__overlay__": {"x": 1}}),
    ),
}


@pytest.mark.parametrize("reason", NEEDS)
def test_what_one_needs_of_the_other_is_told(reason: str) -> None:
    board = {**BOARD, "__symbols__": {"soc": "/soc", "dev": "/soc/dev"}}
    for turned in (False, True):
        one, other = NEEDS[reason]
        (found,) = meet(*((other, one) if turned else (one, other)), board=board)
        name = "B.dtbo" if turned else "A.dtbo"
        assert found.code.number == "DT631"
        assert found.fields["reason"] == reason.replace("A.dtbo", name)


def test_symbols_of_a_base_without_any_may_come_from_an_overlay() -> None:
    board = {key: entry for key, entry in BOARD.items() if key != "__symbols__"}
    (found,) = meet(brings("l"), wants("l"), board=board)
    assert found.code.number == "DT631"
    assert found.fields["reason"] == "label 'l' is defined by A.dtbo"


def test_a_valid_order_is_shown() -> None:
    found = meet(wants("l"), brings("l"), wants("l", y=1))
    assert [note.text for one in found for note in one.notes] == [
        "a valid order is B.dtbo, A.dtbo, C.dtbo"
    ] * 2
    chain = meet(
        wants("lb"), brings("la"), overlay_content(to("la", {"b": {"phandle": 1}}), symbols={
            "lb": "/fragment@0/__overlay__/b"})
    )  # fmt: skip
    several = [one for one in chain if one.code.number == "DT636"]
    assert several[0].fields["order"] == "B.dtbo, C.dtbo, A.dtbo"


def test_no_cycle_is_told_where_a_third_one_helps() -> None:
    codes = [
        found.code.number
        for found in meet(
            brings("la", to("lb", {"x": 1})),
            brings("lb", to("la", {"x": 1}), name="bus@8"),
            brings("lb", name="bus@7"),
        )
    ]
    assert "DT637" not in codes
    assert "DT631" in codes


def test_linux_refuses_what_libfdt_merges() -> None:
    node = overlay_content(to("soc", {"osc": {"phandle": 1}}))
    assert meet(node, node) == []
    (found,) = meet(node, node, dialect=LINUX)
    assert found.code.number == "DT634"
    assert found.why == "-EINVAL"
    cells = [overlay_content(to("soc", {"#size-cells": size})) for size in (1, 2)]
    assert [found.code.number for found in meet(*cells, dialect=LINUX)] == ["DT634"]


def test_nodes_without_address_that_two_make_are_one_by_intent() -> None:
    def leds(name: str) -> Content:
        return overlay_content(at("/", {"leds": {"compatible": "gpio-leds", name: {}}}))

    assert meet(leds("one"), leds("two")) == []


def test_overlays_that_never_meet_are_proven_to_without_a_try() -> None:
    others = [overlay_content(to("soc", {f"n{n}@1": {"phandle": 1}})) for n in range(20)]
    labels = [brings(f"l{number}", name=f"bus@{number}") for number in range(20)]
    tree = tree_of(BOARD)
    parts = [Overlay(tree_of(one)) for one in (*others, *labels, ENABLE)]
    before = state(tree)
    together = met(tree, parts, LIBFDT)
    assert list(together.findings()) == []
    assert together.tried == 0
    assert state(tree) == before


def test_a_failing_overlay_is_tried_only_with_what_it_lacks() -> None:
    tree = tree_of(BOARD)
    parts = [overlay_of(to("gone", {"x": 1})), *(Overlay(tree_of(brings(n))) for n in ("la", "lb"))]
    together = met(tree, parts, LIBFDT)
    assert list(together.relations()) == []
    assert together.tried == 0


def test_names_of_strangers_are_printable() -> None:
    odd = overlay_content(at("/soc", {"\x1b[31m": 1}))
    (found,) = meet(odd, overlay_content(at("/soc", {"\x1b[31m": 2})))
    assert found.message.isprintable()


def test_the_same_device_twice_is_told_once() -> None:
    deep = overlay_content(to("i2c1", {"mux@70": {"i2c@0": {"codec@1a": {}}}}))
    assert [found.path for found in meet(deep, deep)] == ["/soc/i2c@1/mux@70"]
    assert [found.code.number for found in meet(CODEC, CODEC, apart={(0, 1)})] == []


def test_no_cycle_is_told_where_another_one_may_help() -> None:
    codes = [
        found.code.number
        for found in meet(
            brings("la", to("lb", {"x": 1})),
            brings("lb", to("la", {"x": 1}), name="bus@8"),
            brings("lb", to("gone", {"x": 1}), name="bus@7"),
        )
    ]
    assert codes == []


def test_a_place_that_one_order_leaves_alone_has_what_the_base_has() -> None:
    board = tree_of(BOARD)
    eeprom = board.find("/soc/i2c@1/eeprom@50")
    assert eeprom is not None
    eeprom.properties["x"] = b"\0\0\0\1"
    loose = Overlay(tree_of(overlay_content(at("/soc/i2c@1/eeprom", {"x": 1}))), "B.dtbo")
    made = overlay_of(to("i2c1", {"eeprom@51": {}}), name="A.dtbo")
    ((_, _, found),) = met(board, [made, loose], LIBFDT).findings()
    assert found.path == "/soc/i2c@1/eeprom@51"
    assert found.notes == ()
