"""Commands on a session, from init to export, and what goes wrong with one."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.blob import blob
from support.overlays import at, overlay_content

from dtovl import Session, load
from dtovl.fdt.write import flatten

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

    Run = Callable[..., object]

SESSION = ("--session", "bench.dtovl")
SENSOR = "/soc/i2c@41000/sensor@48"


@pytest.fixture
def run(dtovl: Run) -> Run:
    """Give a function that runs a command on a session, which is made first."""
    assert "exit 0" in str(dtovl("init", "bench.dtovl", "gateway.dtb"))

    def call(command: str, *arguments: str) -> str:
        return str(dtovl(command, *SESSION, *arguments))

    return call


def told(run: Run, *commands: str) -> str:
    """Run commands; give them with what they say."""
    return "\n".join(f"$ {command}\n{run(*command.split())}" for command in commands)


def test_from_init_to_export(dtovl: Run, run: Run, snapshot: SnapshotAssertion) -> None:
    said = told(
        run,
        "apply connector.dtbo display.dtbo",
        "status -v",
        "remove 1",
        "remove 2",
        "undo",
        "log",
        "apply sensor.dtbo",
        "export -o merged.dts",
        "remove --all",
        "status",
        "redo",
        "undo -n 5",
    )
    assert said == snapshot
    Path("both.dtb").write_bytes(flatten(load("merged.dts")))
    assert load("both.dtb").find(SENSOR) is not None


def test_a_node_that_is_held_when_its_overlay_goes(run: Run, snapshot: SnapshotAssertion) -> None:
    """Need 7: remove does not bring back what was there."""
    said = told(
        run,
        "apply sensor.dtbo --quiet",
        "hold temperature --as tmp102",
        "status",
        "remove 1",
        "status",
        f"release {SENSOR} --as tmp102",
        "status",
        "log -v",
    )
    assert said == snapshot


def test_what_dangles(run: Run, snapshot: SnapshotAssertion) -> None:
    alias = overlay_content(at("/aliases", {"temp0": SENSOR}))
    Path("alias.dtbo").write_bytes(blob(alias))
    said = told(run, "apply sensor.dtbo alias.dtbo -q", "remove 1 -q", "status --fail-on warning")
    assert said == snapshot


def test_whose_everything_is(run: Run, snapshot: SnapshotAssertion) -> None:
    run("apply", "connector.dtbo", "display.dtbo")
    edit = {"op": "update_property", "node": "/soc/spi@50000", "name": "status", "value": "6e6f00"}
    update = {**edit, "op": "cs_update", "cs": "it's", "node": "/soc/spi@50000/slot@0"}
    steps = [{"op": "cs_new", "cs": "it's"}, update, {"op": "cs_apply", "cs": "it's"}]
    with Session.open("bench.dtovl") as session:
        session.do(*steps, edit)
    said = told(
        run,
        "blame slot:spi-max-frequency",
        "blame slot",
        "blame spi0:status",
        "blame spi0:status --format json",
        "show spi0 --blame",
        "show slot:",
        "blame spi0:statsu",
        "blame gateway.dtb spi0",
        "show gateway.dtb spi0",
        "blame spi0 --applier linux",
    )
    assert said == snapshot
    assert str(run("show", "--format", "dts")) == str(
        run("export", "-o", "-", "--out-format", "dts")
    )


def test_quiet_leaves_what_is_wrong(run: Run, dtovl: Run, snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("init", "other.dtovl", "gateway.dtb", "-q")) == "--- exit 0"
    run("apply", "sensor.dtbo", "uart1-okay.dtbo")
    nothing = ("status", "log", "export -o out.dtb", "undo", "redo")
    assert [run(*f"{command} --quiet".split()) for command in nothing] == ["--- exit 0"] * 5
    assert '"operations"' in run("undo", "-q", "--format", "json")
    run("hold", "temperature", "--as", "tmp102")
    said = told(run, "remove 1 -q", "remove 7 -q", "status -q", "log -q")
    assert said == snapshot


def test_what_linux_refuses(run: Run, snapshot: SnapshotAssertion) -> None:
    said = told(
        run,
        "apply display.dtbo sensor.dtbo",
        "apply missing-label.dtbo",
        "remove 7",
        "remove 0",
        "status",
    )
    assert said == snapshot


def test_an_overlay_that_is_in_force_already(
    dtovl: Run, run: Run, snapshot: SnapshotAssertion
) -> None:
    Path("copy.dtbo").write_bytes(Path("sensor.dtbo").read_bytes())
    said = told(run, "apply sensor.dtbo -q", "apply sensor.dtbo", "apply copy.dtbo -q")
    assert said == snapshot
    assert "in force already" not in run("apply", "missing-label.dtbo")
    twice = ("apply", "gateway.dtb", "sensor.dtbo", "copy.dtbo", "--applier", "linux")
    assert "copy.dtbo is in force already as overlay 1, called sensor.dtbo" in str(dtovl(*twice))


def test_what_would_crash_linux_is_refused(run: Run, snapshot: SnapshotAssertion) -> None:
    status = at("/soc/spi@50000", {"status": "okay"})
    Path("twice.dtbo").write_bytes(blob(overlay_content(status, status)))
    assert told(run, "apply twice.dtbo", "remove 1", "status") == snapshot


@pytest.mark.parametrize(
    "arguments",
    [
        ["status", "--session", "none"],
        ["status", "--session", "gateway.dtb"],
        ["status", "--session", "."],
        ["status"],
        ["init", "bench.dtovl", "gateway.dtb"],
        ["init", "gateway.dtb", "bench.dtovl"],
        ["init", "new.dtovl", "gateway.dtb", "--kernel", "5.15"],
        ["init", "new.dtovl", "include/pins.h"],
        ["init", "no/new.dtovl", "gateway.dtb"],
        ["init", "-", "gateway.dtb"],
        ["show", "bench.dtovl"],
        ["init", "new.dtovl", "sensor.dtbo"],
        ["apply", *SESSION],
        ["apply", *SESSION, "nothing.dtbo"],
        ["apply", *SESSION, "sensor.dtbo", "-o", "out.dtb"],
        ["apply", *SESSION, "sensor.dtbo", "--applier", "linux"],
        ["apply", *SESSION, "-", "-"],
        ["remove", *SESSION],
        ["remove", *SESSION, "1", "--all"],
        ["remove", *SESSION, "one"],
        ["hold", *SESSION, "/soc/nothing", "--as", "me"],
        ["hold", *SESSION, "/soc"],
        ["hold", *SESSION, "/soc", "--as", ""],
        ["release", *SESSION, "/soc", "--as", "me"],
        ["undo", *SESSION],
        ["redo", *SESSION, "-n", "2"],
        ["undo", *SESSION, "-n", "0"],
        ["undo", *SESSION, "-n", "two"],
        ["export", *SESSION],
        ["export", *SESSION, "-o", "bench.dtovl"],
        ["init", "--help"],
    ],
    ids=" ".join,
)
def test_output(dtovl: Run, run: Run, arguments: list[str], snapshot: SnapshotAssertion) -> None:
    before = Path("bench.dtovl").read_bytes()
    files = sorted(Path().iterdir())
    assert str(dtovl(*arguments)) == snapshot
    assert Path("bench.dtovl").read_bytes() == before
    assert set(Path().iterdir()) - set(files) <= {Path("new.dtovl")}


JSON = (
    "apply sensor.dtbo",
    "hold temperature --as tmp102",
    "remove 1",
    "status",
    "undo",
    "redo",
    "log",
    "release temperature --as tmp102",
    "export -o merged.dtb",
)


def test_json(dtovl: Run, run: Run, snapshot: SnapshotAssertion) -> None:
    said = str(dtovl("init", "other.dtovl", "gateway.dts", "--kernel", "7.2", "--format", "json"))
    commands = [*JSON[:-2], f"release {SENSOR} --as tmp102", JSON[-1]]
    for command in commands:
        one = str(run(*command.split(), "--format", "json"))
        document = json.loads(one.partition("--- ")[0])
        name = "session-apply" if command.startswith("apply") else command.split()[0]
        assert document["schema"] == f"dtovl-{name}/1"
        said += f"$ {command}\n{one}\n"
    assert said == snapshot


def test_export_as_it_is_named(run: Run) -> None:
    for form in ("dtb", "dts"):
        run("export", "-o", f"out.{form}")
        assert flatten(load(f"out.{form}")) == flatten(load("gateway.dtb"))
    assert str(run("export", "-o", "-", "--out-format", "dts")).startswith("/dts-v1/;")


def test_hostile_names_do_not_reach_the_terminal(dtovl: Run) -> None:
    evil = "evil\x1b[2J\u202e.dtbo"
    content = overlay_content(at("/soc", {"bad\x1b[2Jnode": {"x": 1}, "p\x07": 1}))
    Path(evil).write_bytes(blob(content))
    dtovl("init", "s\x1b[2J", "gateway.dtb")
    said = ""
    node = "/soc/bad\x1b[2Jnode"
    for arguments in (
        ("apply", evil),
        ("hold", node, "--as", "me\x1b[2J"),
        ("status",),
        ("remove", "1"),
        ("status",),
        ("log", "-v"),
        ("release", node, "--as", "you\x1b"),
        ("status", "--format", "json"),
        ("hold", "/\x1b", "--as", "me"),
    ):
        command, *rest = arguments
        said += str(dtovl(command, "--session", "s\x1b[2J", *rest))
    assert not set(said) & {"\x1b", "\x07", "\u202e"}
    assert r"bad\x1b[2Jnode" in said


def test_one_waits_for_another_and_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other process ends as soon as the message about it is written."""
    from dtovl.cli import terminal
    from dtovl.session import store

    other = sqlite3.connect("bench.dtovl", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    write = terminal.write_text

    def write_and_end(stream: object, text: str) -> None:
        write(stream, text)  # type: ignore[arg-type]
        if other.in_transaction:
            other.execute("COMMIT")

    monkeypatch.setattr(terminal, "write_text", write_and_end)
    monkeypatch.setattr(store, "PATIENCE", 0.0)
    result = str(run("apply", "sensor.dtbo", "-q"))
    other.close()
    assert "another process keeps bench.dtovl; waiting for it" in result
    assert result.endswith("exit 0")
