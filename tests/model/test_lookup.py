from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.trees import tree_of

from dtovl.model.lookup import find_lenient, nearest, same_unit

if TYPE_CHECKING:
    from dtovl.model.tree import Tree


def board() -> Tree:
    tree = tree_of(
        {
            "aliases": {
                "serial0": "/soc/serial@1000",
                "gone": "/nowhere",
                "loop": "loop",
                "bad": b"/soc",
            },
            "soc": {
                "serial@1000": {"port": {"endpoint@0": {}}},
                "serial@2000": {"port": {"endpoint@0": {}}},
                "i2c@3000": {"rtc@68": {}, "codec@1a": {}},
                "i2c": {},
            },
            "bus@1": {"rtc@68": {}, "eeprom@1a": {}, "serial": {}},
            "__symbols__": {"uart1": "/soc/serial@2000", "rtc": "/soc/i2c@3000/rtc@68"},
            "__local_fixups__": {"rtc@68": {}},
        }
    )
    rtc = tree.find("/bus@1/rtc@68")
    assert rtc is not None
    tree.labels[rtc] = ("clock", "backup_rtc")
    return tree


@pytest.mark.parametrize(
    ("wanted", "paths"),
    [
        ("/", ["/"]),
        ("", []),
        ("   ", []),
        ("/soc/serial@1000", ["/soc/serial@1000"]),
        (" /soc/serial@1000/ ", ["/soc/serial@1000"]),
        ("soc/serial@1000", ["/soc/serial@1000"]),
        ("soc", ["/soc"]),
        ("/soc/serial", ["/soc/serial@1000", "/soc/serial@2000"]),
        ("/soc/i2c", ["/soc/i2c"]),  # exact before lenient
        ("/bus/rtc", ["/bus@1/rtc@68"]),
        (
            "/soc/serial/port/endpoint",
            ["/soc/serial@1000/port/endpoint@0", "/soc/serial@2000/port/endpoint@0"],
        ),
        ("/soc/serial@3", []),
        ("/soc/ser", []),
        ("serial0", ["/soc/serial@1000"]),
        ("serial0:115200n8", ["/soc/serial@1000"]),
        ("/soc/serial@1000:115200n8", ["/soc/serial@1000"]),
        ("serial0/port", ["/soc/serial@1000/port"]),
        ("serial0/endpoint", []),
        ("uart1", ["/soc/serial@2000"]),
        ("&uart1", ["/soc/serial@2000"]),
        ("&uart1/port", ["/soc/serial@2000/port"]),
        ("backup_rtc", ["/bus@1/rtc@68"]),
        ("&{/soc/serial@1000}", ["/soc/serial@1000"]),
        ("&serial0", []),  # an alias is no label
        ("gone", []),
        ("loop", []),
        ("bad", []),
        ("nothing", []),
        ("&", []),
        ("//soc//serial@1000", ["/soc/serial@1000"]),
        ("/soc/serial@1000/port/endpoint@0/deeper/still", []),
    ],
)
def test_what_people_type(wanted: str, paths: list[str]) -> None:
    assert [node.path for node in find_lenient(board(), wanted)] == paths


def test_an_alias_wins_over_a_label_and_that_over_a_path() -> None:
    tree = tree_of(
        {
            "aliases": {"a": "/one"},
            "__symbols__": {"a": "/two", "b": "/two"},
            "one": {},
            "two": {},
            "a": {},
            "b": {},
        }
    )
    assert [node.path for node in find_lenient(tree, "a")] == ["/one"]
    assert [node.path for node in find_lenient(tree, "&a")] == ["/two"]
    assert [node.path for node in find_lenient(tree, "b")] == ["/two"]
    assert [node.path for node in find_lenient(tree, "/a")] == ["/a"]


@given(st.text(st.sampled_from("/&{}:@ abs0\0é"), max_size=12))
def test_wild_text_finds_nodes_or_nothing(wanted: str) -> None:
    tree = board()
    nodes = set(tree.walk())
    found = find_lenient(tree, wanted)
    assert nodes.issuperset(found)
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("path", "paths"),
    [
        # The same name, then the same name with another address, then the same address.
        (
            "/soc/spi@0/rtc@68",
            ["/soc/i2c@3000/rtc@68", "/bus@1/rtc@68"],
        ),
        ("/soc/serial@9:115200", ["/soc/serial@1000", "/soc/serial@2000", "/bus@1/serial"]),
        ("/x/mic@1a", ["/soc/i2c@3000/codec@1a", "/bus@1/eeprom@1a"]),
        ("/x/codec@1a/", ["/soc/i2c@3000/codec@1a", "/bus@1/eeprom@1a"]),
        ("/x/nothing", []),
        ("/", []),
        ("", []),
    ],
)
def test_nodes_of_the_same_name_or_unit_elsewhere(path: str, paths: list[str]) -> None:
    assert [node.path for node in same_unit(board(), path)] == paths


LABELS = [
    "uart0",
    "uart1",
    "uart4",
    "uart5",
    "i2c0",
    "i2c1",
    "gpio",
    "lcdc",
    "usb0_phy",
    "P9_41_pin",
]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("uart6", ["uart5", "uart4", "uart1"]),
        ("uart_0", ["uart0", "uart1", "uart4"]),
        ("UART0", ["uart0", "uart1", "uart4"]),
        ("i2c2", ["i2c1", "i2c0"]),
        ("usb_phy", ["usb0_phy"]),
        ("gpoi", ["gpio"]),
        ("P9_42_pin", ["P9_41_pin"]),
        ("xyzzy", []),
        ("", []),
        ("a", []),
        ("mdio_mux_controller", []),
    ],
)
def test_did_you_mean(wanted: str, found: list[str]) -> None:
    assert nearest(wanted, LABELS) == found


def test_no_more_suggestions_than_asked_for_and_each_once() -> None:
    assert nearest("uart6", [*LABELS, "uart5"], count=1) == ["uart5"]


def test_of_very_many_names_the_best_are_found() -> None:
    many = [f"/soc/bus@{number:x}/device" for number in range(20000)]
    assert nearest("/soc/bus@1f2/devise", many)[0] == "/soc/bus@1f2/device"
    assert nearest("x" * 100000, many) == []
    assert nearest("abc", ["y" * 100000]) == []
