"""`dtovl identify` as people run it: which overlays are in force on this board?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dtovl import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

    from dtovl.model.tree import Tree

    Run = Callable[..., Any]

BASE = ("identify", "--base", "gateway.dtb")
STACK = ("sensor.dtbo", "connector.dtbo", "display.dtbo")


def write_folder(tree: Tree, folder: str) -> None:
    """Write a tree as the kernel shows it in /proc/device-tree."""
    stack = [(tree.root, Path(folder))]
    while stack:
        node, path = stack.pop()
        path.mkdir()
        (path / "name").write_bytes(node.name.partition("@")[0].encode() + b"\0")
        for key, value in node.properties.items():
            (path / key).write_bytes(value)
        stack.extend((child, path / child.name) for child in node.children.values())


@pytest.fixture
def board(dtovl: Run) -> Run:
    """Give the command in a folder with a board that runs: as a blob, and as a folder of files."""
    assert dtovl("apply", "gateway.dtb", *STACK, "boot-changes.dtbo", "-o", "live.dtb").code == 0
    write_folder(load("live.dtb"), "device-tree")
    Path("overlays").mkdir()
    for name in (*STACK, "uart1-okay.dtbo", "uart1-okay.dtso", "same-value.dtbo"):
        Path("overlays", name).write_bytes(Path(name).read_bytes())
    return dtovl


def test_which_overlays_are_in_force_on_this_board(board: Run, snapshot: SnapshotAssertion) -> None:
    assert str(board(*BASE, "--live", "device-tree", "overlays")) == snapshot


def test_the_same_for_machines(board: Run, snapshot: SnapshotAssertion) -> None:
    result = board(*BASE, "--live", "device-tree", "overlays", "--format", "json")
    assert str(result) == snapshot


def test_a_blob_and_a_folder_give_the_same_answer(board: Run) -> None:
    answers = []
    for live in ("live.dtb", "device-tree"):
        found = json.loads(board(*BASE, "--live", live, "overlays", "--format", "json").out)
        del found["live"], found["diagnostics"]
        # What the boot loader brought is listed in the order of the tree, which a folder has not.
        found["differences"].sort(key=lambda one: (one["path"], one["name"]))
        answers.append(found)
    assert answers[0] == answers[1]


def test_an_overlay_of_another_version(board: Run, snapshot: SnapshotAssertion) -> None:
    source = Path("sensor.dtso").read_text(encoding="utf-8").replace("polling-delay", "interval")
    Path("newer.dtso").write_text(source, encoding="utf-8")
    assert str(board(*BASE, "--live", "live.dtb", "newer.dtso", "display.dtbo", "-v")) == snapshot


@pytest.mark.parametrize(
    "arguments",
    [
        (*BASE, "--live", "tracker.dtb", "uart1-okay.dtbo", "-q"),
        (*BASE, "--live", "gateway.dtb", "uart1-okay.dtbo"),
        (*BASE, "--live", "sensor.dtbo", "uart1-okay.dtbo"),
        ("identify", "--base", "sensor.dtbo", "--live", "gateway.dtb", "uart1-okay.dtbo"),
        (*BASE, "--live", "gateway.dtb", "gateway.dtb"),
        (*BASE, "--live", "gateway.dtb", "include"),
        (*BASE, "--live", "include", "uart1-okay.dtbo"),
        (*BASE, "--live", "gateway.dtb", "uart2-okay.dtbo"),
        (*BASE, "uart1-okay.dtbo"),
        (*BASE, "--live", "gateway.dtb"),
        ("identify", "--help"),
    ],
    ids=" ".join,
)
def test_wrong_and_odd_arguments(
    dtovl: Run, arguments: tuple[str, ...], snapshot: SnapshotAssertion
) -> None:
    assert str(dtovl(*arguments)) == snapshot


def test_the_exit_code_follows_fail_on(board: Run) -> None:
    arguments = (*BASE, "--live", "live.dtb", *STACK)
    assert board(*arguments).code == 0
    assert board(*arguments, "--fail-on", "warning").code == 1
    assert board(*BASE, "--live", "tracker.dtb", *STACK).code == 1
    assert board(*BASE, "--live", "tracker.dtb", *STACK, "--fail-on", "never").code == 0


def test_a_damaged_file_of_a_folder_is_passed_over(board: Run) -> None:
    Path("overlays/broken.dtbo").write_bytes(Path("sensor.dtbo").read_bytes()[:99])
    Path("overlays/board.dtbo").write_bytes(Path("gateway.dtb").read_bytes())
    result = board(*BASE, "--live", "live.dtb", "overlays", "-q")
    assert result.out.count("DT298") == 2
    assert "it has no fragments" in result.out
    assert result.code == 0
    assert board(*BASE, "--live", "live.dtb", "overlays/broken.dtbo").code == 2


def test_source_beside_its_blob_is_taken_once(board: Run) -> None:
    result = board(*BASE, "--live", "live.dtb", "overlays", "--format", "json")
    names = [one["overlay"] for one in json.loads(result.out)["overlays"]]
    assert "overlays/uart1-okay.dtbo" in names
    assert "overlays/uart1-okay.dtso" not in names


def test_hostile_names_do_not_reach_the_terminal(board: Run) -> None:
    evil = "ev\x1b[2Jil\u202e.dtbo"
    Path(evil).write_bytes(Path("sensor.dtbo").read_bytes())
    live = load("live.dtb")
    live.root.properties["\x1b[31m"] = b"\x1b[0m\0"
    write_folder(live, "hostile")
    Path("hostile/link").symlink_to("/etc/passwd")
    result = board(*BASE, "--live", "hostile", evil, "--color", "never")
    assert not {"\x1b", "\u202e"} & set(str(result))
    assert r"ev\x1b[2Jil\u202e.dtbo" in str(result)
    assert r"/:\x1b[31m" in str(result)
    assert "passwd" not in str(result)


def test_lines_fit_a_narrow_terminal(board: Run) -> None:
    result = board(*BASE, "--live", "device-tree", "overlays", "-v")
    long = [line for line in result.out.splitlines() if len(line) > 80]
    assert not [line for line in long if " " in line.strip()], long


def test_a_reader_that_goes_away(process: Run) -> None:
    command = "dtovl identify --base gateway.dtb --live {} *-okay.dtbo"
    assert process(f"set -o pipefail; {command.format('gateway.dtb')} | true").code == 0
    assert process(f"cat gateway.dtb | {command.format('-')}").code == 0


def test_standard_input_is_read_once(process: Run) -> None:
    command = "dtovl identify --base - --live - uart1-okay.dtbo < gateway.dtb"
    result = process(command)
    assert result.code == 2
    assert "read only once" in result.err
