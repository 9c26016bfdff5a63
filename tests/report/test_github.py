from __future__ import annotations

import re
from posixpath import normpath
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from support.checked import HOSTILE, checked, finding, group, hostile, hostiles, sample

from dtovl.matrix.checked import Place
from dtovl.matrix.result import Spot
from dtovl.report import github
from dtovl.report.causes import headline
from dtovl.report.escape import terminal

COMMANDS = {"error", "warning", "notice", "debug", "group", "endgroup", "add-mask", "add-matcher"}
MESSAGE = 4_096


class Command(NamedTuple):
    name: str
    properties: dict[str, str]
    message: str


def parse(line: str) -> Command | None:
    """Read a line of a log as GitHub's runner does, in its newer form and then in the older one."""
    start = line.lstrip()
    end = start.find("::", 2)
    if start.startswith("::") and end > 0:
        name, _, rest = start[2:end].partition(" ")
        if name in COMMANDS:
            pairs = (one.partition("=") for one in rest.strip().split(",") if one)
            properties = {key: plain(value, property=True) for key, _, value in pairs if value}
            return Command(name, properties, plain(start[end + 2 :]))
    older = re.search(r"##\[([^\] ]*)", line)
    if older and older[1] in COMMANDS:
        return Command(f"##[{older[1]}", {}, line)
    return None


def plain(text: str, *, property: bool = False) -> str:
    pairs = [("%0D", "\r"), ("%0A", "\n"), ("%25", "%")]
    for coded, character in ([("%3A", ":"), ("%2C", ",")] if property else []) + pairs:
        text = text.replace(coded, character)
    return text


def commands(text: str) -> list[Command]:
    """Read a report: commands first, then a line in words."""
    *lines, last = re.split(r"\r\n|\r|\n", text.removesuffix("\n"))
    assert parse(last) is None
    found = [parse(line) for line in lines]
    assert None not in found
    for word in ("error", "warning", "notice"):
        assert sum(one.name == word for one in found if one) <= 10
    for one in found:
        assert one is not None
        assert one.name in ("error", "warning", "notice")
        assert set(one.properties) <= {"file", "line", "col", "title"}
        assert len(one.message) <= MESSAGE
    return [one for one in found if one]


def test_one_command_for_a_cause_with_file_line_and_boards() -> None:
    text = github.render(sample())
    missing = next(one for one in commands(text) if "cam_vdd" in one.message)
    assert missing.name == "error"
    assert missing.properties == {
        "file": "overlays/cam.dts",
        "line": "14",
        "col": "9",
        "title": "DT104 n",
    }
    assert missing.message.split("\n") == [
        "/fragment@0: label cam_vdd is not in /__symbols__",
        "on 40 boards: boards/b00.dtb, boards/b01.dtb, boards/b02.dtb and 37 more",
        "with overlays/cam.dts",
        "why: vdd-supply refers to it",
        "who: overlay 1 (overlays/cam.dts)",
        "boards/c.dts:3:1: defined here by another board",
        "fix: build the base with `dtc -@`",
    ]
    assert text.splitlines()[-1] == (
        "dtovl: 45 cases: 1 ok, 1 with warnings, 41 failed, 1 known, 1 expected to fail"
    )


def test_only_what_is_new_is_annotated_and_the_rest_counted() -> None:
    found = commands(github.render(sample()))
    assert [one.name for one in found] == [
        "error", "error", "warning", "warning", "notice", "notice",
    ]  # fmt: skip
    assert found[-1].message == "not new: 1 known, 1 expected"
    assert not any("old.dtbo" in one.message for one in found)


def test_blobs_have_a_file_and_no_line() -> None:
    [one] = commands(
        github.render(checked([group([Place("a.dtb", ("o.dtbo",), "", finding())])]), "fw")
    )
    assert one.properties == {"file": "fw/o.dtbo", "title": "DT104 n"}


def test_other_places_of_a_cause_are_named() -> None:
    spots = [Spot("o.dts", 3), Spot("p.dts", 9, 2)]
    places = [Place("a.dtb", (at.file,), "", finding(at=at)) for at in spots]
    [one] = commands(github.render(checked([group(places)])))
    assert one.properties["file"] == "o.dts"
    assert one.message.endswith("\nalso at p.dts:9:2")


def test_ten_of_a_kind_the_widespread_ones_first() -> None:
    many = [
        group(
            Place(f"b{board}.dtb", ("o.dtbo",), "", finding(f"m{number}", severity=severity))
            for board in range(number + 1)
        )
        for severity in (1, 2, 3)
        for number in range(12)
    ]
    found = commands(github.render(checked(many)))
    assert [one.name for one in found].count("notice") == 10
    assert "m11" in found[0].message
    assert found[-1].message.startswith("2 errors, 2 warnings, 3 info more without an annotation")


def test_nothing_found_is_one_line() -> None:
    assert github.render(checked()) == "dtovl: 0 cases: nothing to check\n"


def test_long_texts_are_cut_so_that_the_message_is_kept() -> None:
    long = finding("m" * 9_000, why="w" * 9_000, who="o" * 9_000, fix="f" * 9_000)
    [one] = commands(github.render(checked([group([Place("a.dtb", ("x" * 9_000,), "", long)])])))
    assert 3_000 < len(one.message) <= MESSAGE


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_starts_no_command(text: str) -> None:
    found = commands(github.render(hostile(text, text)))
    assert [one.name for one in found] == ["error", "error", "notice"]
    for one in found[:-1]:
        assert "forged" not in one.properties.get("line", "")
        assert one.properties.get("line", "3") == "3"
        assert terminal(one.message.replace("\n", "")) == one.message.replace("\n", "")


@settings(max_examples=60)
@given(hostiles())
def test_any_text_comes_back(drawn) -> None:
    found = commands(github.render(drawn))
    heads = {one.message.split("\n")[0] for one in found}
    titles = {one.properties["title"].strip() for one in found}
    files = {one.properties.get("file", "").strip() for one in found}
    for one in drawn.groups:
        [place] = one.places
        if one.standing != "new" or len(one.message) > 900:
            continue
        assert terminal(headline(place.finding.path, one.message)) in heads
        assert len(one.name) > 150 or terminal(f"{one.code} {one.name}").strip() in titles
        at = place.finding.at.file
        assert not at or "=" in at or terminal(normpath(at)).strip() in files


def test_order_of_causes_does_not_matter() -> None:
    whole = sample()
    assert github.render(whole) == github.render(whole._replace(groups=whole.groups[::-1]))
