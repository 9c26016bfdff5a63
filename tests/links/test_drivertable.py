"""Tables of drivers: what is read, and what is refused with its line."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtovl.errors import InputError
from dtovl.links.drivertable import LEVELS, SETTINGS, Driver, DriverTable, read_drivers


def refused(text: str | bytes) -> list[str]:
    """Give what is said of a table that is refused, a line a problem."""
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(InputError) as caught:
        read_drivers(data, "drivers.yaml")
    return [f"{one.where} {one.code.number} {one.message}" for one in caught.value.diagnostics]


def test_a_table_with_everything() -> None:
    text = b"""fw_devlink: permissive
strict: true
modules: false
early: ["acme,intc", "acme,timer"]
drivers:
- {name: uart, match: [a, b], level: postcore, module: true, optional: [resets, vdd-supply],
   populates: true, sync_state: true, fails: -5}
- {name: clk, match: 'acme,clk', optional: clocks}
"""
    assert read_drivers(text, "x") == DriverTable(
        "permissive",
        strict=True,
        modules=False,
        early=frozenset({"acme,intc", "acme,timer"}),
        drivers=(
            Driver(
                "uart",
                ("a", "b"),
                "postcore",
                module=True,
                optional=frozenset({"resets", "vdd-supply"}),
                populates=True,
                sync_state=True,
                fails=-5,
            ),
            Driver("clk", ("acme,clk",), optional=frozenset({"clocks"})),
        ),
    )


def test_what_is_left_out_has_a_default() -> None:
    expected = DriverTable("on", False, True, frozenset(), (Driver("a", ("b",), "device"),))
    assert read_drivers(b"drivers: [{name: a, match: b}]", "x") == expected
    empty = "fw_devlink:\nstrict:\nmodules:\nearly:\ndrivers:\n- {name: a, match: b, level: }\n"
    assert read_drivers(empty.encode(), "x") == expected


@pytest.mark.parametrize("setting", [*SETTINGS, *(f'"{one}"' for one in SETTINGS)])
def test_on_and_off_are_read_with_and_without_quotes(setting: str) -> None:
    table = read_drivers(f"fw_devlink: {setting}\ndrivers: []".encode(), "x")
    assert table.fw_devlink == setting.strip('"')


def test_names_decode_as_those_of_trees_do() -> None:
    table = read_drivers("drivers: [{name: \u00e4, match: \u00e4}]".encode(), "x")
    assert table.drivers[0].match == ("\u00e4".encode().decode("latin-1"),)
    assert read_drivers(b"drivers: [{name: 7, match: 0010}]", "x").drivers[0].match == ("0010",)


def test_every_level_is_known() -> None:
    for level in LEVELS:
        table = read_drivers(f"drivers: [{{name: a, match: a, level: {level}}}]".encode(), "x")
        assert table.drivers[0].level == level


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "drivers.yaml DT690 it cannot be read as a table of drivers: it is empty"),
        ("- a", "drivers.yaml:1 DT690 it cannot be read as a table of drivers: it is a list"),
        ("a", "drivers.yaml:1 DT690 it cannot be read as a table of drivers: it is 'a'"),
        (
            b"a: b\nc: \xff",
            "drivers.yaml:2 DT690 it cannot be read as a table of drivers: byte 8 is not UTF-8",
        ),
        (
            "drivers: []\nmodule: true",
            "drivers.yaml:2 DT691 unknown key 'module', did you mean 'modules'?",
        ),
        (
            "drivers:\n- name: a\n  match: a\n  populate: true",
            "drivers.yaml:4 DT691 unknown key 'populate', did you mean 'populates'?",
        ),
        ("early: []", "drivers.yaml:1 DT692 drivers must be a list of drivers, not nothing"),
        ("\ndrivers: a", "drivers.yaml:2 DT692 drivers must be a list of drivers, not 'a'"),
        (
            "drivers:\n- a",
            "drivers.yaml:2 DT692 a driver must be a mapping with name, match, level, module, "
            "optional, populates, sync_state, fails, not 'a'",
        ),
        (
            "drivers:\n- {match: a}",
            "drivers.yaml:2 DT692 name must be the driver's name, not nothing",
        ),
        (
            "drivers:\n- {name: a}",
            "drivers.yaml:2 DT692 match must be a compatible, or a list of such, not nothing",
        ),
        (
            "drivers:\n- name: a\n  match:\n  - a\n  - {}",
            "drivers.yaml:5 DT692 match must be a compatible, or a list of such, not a mapping",
        ),
        (
            "drivers:\n- {name: a, match: []}",
            "drivers.yaml:2 DT692 match must be a compatible, or a list of such, not a list",
        ),
        (
            "drivers:\n- {name: a, match: a, level: devices}",
            "drivers.yaml:2 DT692 level must be core, postcore, arch, subsys, fs, device or late, "
            "not 'devices', did you mean 'device'?",
        ),
        (
            "drivers: []\nfw_devlink: true",
            "drivers.yaml:2 DT692 fw_devlink must be on, rpm, permissive or off, not true",
        ),
        (
            "drivers: []\nstrict: yes",
            "drivers.yaml:2 DT692 strict must be true or false, not 'yes'",
        ),
        (
            "drivers:\n- {name: a, match: a, fails: 22}",
            "drivers.yaml:2 DT692 fails must be a negative error number, down to -4095, not the "
            "number 22",
        ),
        (
            "drivers:\n- {name: a, match: a, fails: EIO}",
            "drivers.yaml:2 DT692 fails must be a negative error number, down to -4095, not 'EIO'",
        ),
        (
            "drivers: []\nearly: [7, true]",
            "drivers.yaml:2 DT692 early must be a compatible, or a list of such, not true",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str | bytes, said: str) -> None:
    assert refused(text) == [said]


def test_every_mistake_is_listed_up_to_a_bound() -> None:
    two = refused("fw_devlink: no\ndrivers:\n- {name: a, match: a, levl: core}")
    assert [one.partition(" ")[0] for one in two] == ["drivers.yaml:3", "drivers.yaml:1"]
    assert len(refused("drivers:\n" + "- a\n" * 1000)) == 100


@pytest.mark.parametrize(
    "text",
    ["drivers: !!python/object:os.system []", "a: &a [*a]", "[" * 100, "drivers: []\ndrivers: []"],
)
def test_hostile_yaml_is_refused(text: str) -> None:
    assert "DT287" in refused(text)[0]


@given(
    st.binary(max_size=80) | st.text("ab:-[]{},'\"&*!\n drivesnmtch", max_size=80).map(str.encode)
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(InputError):
        read_drivers(data, "x")
