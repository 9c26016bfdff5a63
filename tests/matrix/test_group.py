"""Forty boards that lack a label are one finding with forty places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matrix.runs import Run, idle, missing, runs
from support.checked import HOSTILE

from dtovl.matrix.checked import Place
from dtovl.matrix.group import cause_of, group, named, short_name
from dtovl.matrix.result import Finding

if TYPE_CHECKING:
    from random import Random

BOARDS = [f"boards/b{number}.dtb" for number in range(40)]


def grouped(*places: Place) -> list[tuple[str, int]]:
    """Group findings that are new: messages and numbers of places."""
    found = group(dict.fromkeys(places, "new"))
    return [(one.message, len(one.places)) for one in found]


def test_a_label_that_boards_lack_is_one_cause_whichever_overlay_wants_it() -> None:
    places = [
        Place(board, (name,), "", missing(board, overlay=name))
        for board in BOARDS
        for name in ("uart.dtbo", "spi.dtbo", "i2c.dtbo", "can.dtbo", "adc.dtbo")
    ]
    assert grouped(*places) == [("label uart6 is not in /__symbols__ of the base", 200)]


def test_one_board_alone_is_named() -> None:
    places = [Place("a.dtb", (name,), "", missing("a.dtb")) for name in ("x.dtbo", "y.dtbo")]
    assert grouped(*places) == [("label uart6 is not in /__symbols__ of a.dtb", 2)]


def test_another_label_is_another_cause() -> None:
    places = [
        Place(board, ("x.dtbo",), "", missing(board, label))
        for board in BOARDS
        for label in ("uart6", "uart7")
    ]
    assert len(grouped(*places)) == 2


def test_what_an_overlay_does_on_every_board_is_one_cause_for_each_overlay() -> None:
    places = [
        Place(board, (name,), "", idle(name, f"/soc{number}/led@1"))
        for number, board in enumerate(BOARDS)
        for name in ("x.dtbo", "y.dtbo")
    ]
    assert [count for _, count in grouped(*places)] == [40, 40]


def test_the_same_message_about_another_node_is_another_cause() -> None:
    places = [Place("a.dtb", ("x.dtbo",), "", idle("x.dtbo", path)) for path in ("/a", "/b")]
    assert len(grouped(*places)) == 2


def test_two_overlays_that_clash_on_many_boards_are_one_cause() -> None:
    def clash(board: str, first: str, second: str) -> Place:
        found = Finding("DT630", 2, "/soc/x", f"{first} and {second} set /soc/x:status on {board}")
        return Place(board, (first, second), "", found)

    pairs = [("a.dtbo", "b.dtbo"), ("a.dtbo", "c.dtbo")]
    places = [clash(board, *pair) for board in BOARDS for pair in pairs]
    assert sorted(grouped(*places)) == [
        ("a.dtbo and b.dtbo set /soc/x:status on the base", 40),
        ("a.dtbo and c.dtbo set /soc/x:status on the base", 40),
    ]


def test_a_stack_shows_the_cause_of_the_overlay_that_is_to_blame() -> None:
    in_stack = idle()._replace(who="overlay 2 (adc.dtbo)")
    places = [
        Place("a.dtb", ("adc.dtbo",), "", idle()),
        Place("a.dtb", ("cam.dtbo", "adc.dtbo"), "all", in_stack),
        Place("a.dtb", ("cam.dtbo", "adc.dtbo"), "all", idle()._replace(who="overlay 9 (x)")),
    ]
    assert [count for _, count in grouped(*places)] == [2, 1]
    plain = Place("a.dtb", ("cam.dtbo", "adc.dtbo"), "all", idle())
    assert [count for _, count in grouped(places[0], plain)] == [2]


def test_stacks_show_the_cause_of_two_overlays_that_clash_in_them() -> None:
    def clash(*overlays: str) -> Place:
        found = Finding("DT640", 3, "/soc/a", "cam.dtbo and mic.dtbo claim pin 3 of a.dtb")
        return Place("a.dtb", overlays, "s", found._replace(who="cam.dtbo and mic.dtbo"))

    places = [clash("cam.dtbo", "mic.dtbo", "x.dtbo"), clash("y.dtbo", "cam.dtbo", "mic.dtbo")]
    texts = {cause_of(place).overlays for place in places}
    assert texts == {()}  # the message speaks of the base
    assert grouped(*places) == [("cam.dtbo and mic.dtbo claim pin 3 of a.dtb", 2)]
    other = [
        place._replace(finding=place.finding._replace(message="both claim pin 3"))
        for place in places
    ]
    assert {cause_of(place).overlays for place in other} == {("cam.dtbo", "mic.dtbo")}


def test_what_differs_from_board_to_board_does_not_part_a_cause() -> None:
    def no_symbols(board: str, count: int) -> Place:
        text = f"{board} has no /__symbols__; {count} labels of x.dtbo cannot be resolved"
        return Place(board, ("x.dtbo",), "", Finding("DT101", 3, "/__symbols__", text))

    def clash(board: str, phandle: int) -> Place:
        text = f"/soc has phandle {phandle:#x} from {board}, and the overlay brings another"
        return Place(board, ("x.dtbo",), "", Finding("DT114", 3, "/soc", text))

    def other(board: str) -> Place:
        text = f"x.dtbo is for acme,one, the base is acme,{board}"
        return Place(board, ("x.dtbo",), "", Finding("DT102", 2, "/", text))

    assert grouped(
        *(no_symbols(board, number) for number, board in enumerate(BOARDS)),
        *(clash(board, 16 + number) for number, board in enumerate(BOARDS)),
        *(other(board) for board in BOARDS),
    ) == [
        ("the base has no /__symbols__", 40),
        ("/soc has a phandle from the base, and the overlay brings another", 40),
        ("x.dtbo is for acme,one", 40),
    ]


@pytest.mark.parametrize("message", ["in aa.dtb there", "in a.dtbo there", "in x/a.dtb there"])
def test_a_name_inside_another_one_is_left_alone(message: str) -> None:
    assert cause_of(Place("a.dtb", (), "", Finding("DT104", 3, "", message))).text == message


def test_standing_and_severity_part_groups() -> None:
    place = Place("a.dtb", ("x.dtbo",), "", missing("a.dtb"))
    other = Place("b.dtb", ("x.dtbo",), "", missing("b.dtb"))
    mild = Place("c.dtb", ("x.dtbo",), "", missing("c.dtb")._replace(severity=1))
    found = group({place: "new", other: "known", mild: "new"})
    assert [(one.standing, one.severity) for one in found] == [
        ("new", 3),
        ("known", 3),
        ("new", 1),
    ]


def test_order_is_severity_then_size_then_code_then_message() -> None:
    def at(board: str, code: str, severity: int, message: str) -> Place:
        return Place(board, ("x.dtbo",), "", Finding(code, severity, "/a", message))

    found = group(
        dict.fromkeys(
            [
                at("a", "DT131", 3, "one"),
                at("a", "DT130", 3, "two"),
                at("a", "DT130", 3, "more"),
                at("a", "DT102", 2, "often"),
                at("b", "DT102", 2, "often"),
                at("b", "DT104", 3, "twice"),
                at("c", "DT104", 3, "twice"),
            ],
            "new",
        )
    )
    assert [one.message for one in found] == ["twice", "more", "two", "one", "often"]
    assert [one.name for one in found][:2] == ["label-not-in-base", "no-effect"]


def test_names_are_put_where_it_is_clear_which_is_meant() -> None:
    text = "{overlay} and {overlay2} on {base}"
    assert named(text, "a.dtb", ("x.dtbo",)) == "x.dtbo and {overlay2} on a.dtb"
    assert named("{overlay} on {base}", "", ("x", "y")) == "the overlay on {base}"


def test_a_code_that_there_is_not_has_no_name() -> None:
    assert short_name("DT104") == "label-not-in-base"
    assert short_name("label-not-in-base") == ""
    assert short_name("\x1b") == ""


@given(runs(), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_groups_are_the_same_in_any_order_and_hold_every_place_once(run: Run, rnd: Random) -> None:
    checked = run.finish()
    standings = {place: one.standing for one in checked.groups for place in one.places}
    places = list(standings.items())
    rnd.shuffle(places)
    found = group(dict(places))
    assert found == checked.groups
    assert sum(len(one.places) for one in found) == len(standings)
    for one in found:
        assert list(one.places) == sorted(one.places)
        assert len({cause_of(place) for place in one.places}) == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_names(text: str) -> None:
    places = [Place(board + text, (text,), "", missing(board + text, text, text)) for board in "ab"]
    if not text[-1].isalnum():
        assert len(grouped(*places)) == 1
    assert sum(count for _, count in grouped(*places)) == 2
