"""`dtovl replace` from the command line: what it tells, in text and JSON, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from golden.conftest import Result
    from syrupy.assertion import SnapshotAssertion

    Run = Callable[..., Result]

SESSION = ("--session", "bench.dtovl")
SENSOR = "/soc/i2c@41000/sensor@48"


@pytest.fixture
def run(dtovl: Run) -> Run:
    """Give a function that runs a command on a session with one overlay."""
    dtovl("init", "bench.dtovl", "gateway.dtb")
    dtovl("apply", *SESSION, "sensor.dtbo")

    def call(command: str, *arguments: str) -> Result:
        return dtovl(command, *SESSION, *arguments)

    return call


def told(run: Run, *commands: str) -> str:
    """Run commands; give them with what they say."""
    return "\n".join(f"$ {command}\n{run(*command.split())}" for command in commands)


def test_the_same_nodes_stay(run: Run, snapshot: SnapshotAssertion) -> None:
    said = told(
        run,
        "hold temperature --as tmp102",
        "replace --old sensor.dtbo --new sensor-fast.dtbo --dry-run",
        "log -q",
        "replace --old sensor.dtbo --new sensor-fast.dtbo,uart1-okay.dtbo",
        "status",
        "blame i2c1:clock-frequency",
        "undo",
        "replace --old 1 -v",
        "log",
    )
    assert said == snapshot


def test_what_waits_for_its_holder(run: Run, snapshot: SnapshotAssertion) -> None:
    said = told(
        run,
        "hold temperature --as tmp102",
        "replace --old 1 --new sensor-other.dtbo",
        "status",
        "replace --old sensor-other.dtbo",
        "replace --old sensor.dtbo",
        "remove 1",
        "replace --reverse",
        "replace --old 1 --new sensor-other.dtbo --quiet",
        f"release {SENSOR} --as tmp102",
        "replace --reverse",
        "log",
    )
    assert said == snapshot


def test_giving_up(run: Run, snapshot: SnapshotAssertion) -> None:
    said = told(
        run,
        "hold temperature --as tmp102",
        "replace --old 1 --new sensor-other.dtbo --quiet",
        "replace --force",
        "status",
        "status --format json",
    )
    assert said == snapshot


def test_what_does_not_fit(run: Run, snapshot: SnapshotAssertion) -> None:
    said = told(
        run,
        "replace --old 1 --new missing-label.dtbo",
        "replace --old sensr.dtbo --new sensor-fast.dtbo",
        "replace --old 1 --new nowhere.dtbo",
        "replace --old 1 --new gateway.dtb",
    )
    assert said == snapshot


def test_as_json(run: Run, snapshot: SnapshotAssertion) -> None:
    done = run("replace", "--old", "1", "--new", "sensor-fast.dtbo", "--format", "json")
    assert json.loads(done.out)["schema"] == "dtovl-replace/1"
    assert str(done) == snapshot


@pytest.mark.parametrize(
    "given",
    [
        "",
        "--old , --new ,",
        "--reverse --force",
        "--reverse --old 1",
        "--force --dry-run",
        "--new - --new -",
    ],
)
def test_options_that_do_not_go_together(run: Run, given: str) -> None:
    done = run("replace", *given.split())
    assert (done.out, done.code) == ("", 2)
    assert "Error: " in done.err


def test_a_name_with_a_comma_is_one_file(run: Run) -> None:
    Path("a,b.dtbo").write_bytes(Path("sensor-fast.dtbo").read_bytes())
    assert run("replace", "--old", "1", "--new", "a,b.dtbo").code == 0
    assert run("replace", "--old", "a,b.dtbo").code == 0


def test_source_and_several_options(run: Run) -> None:
    done = run("replace", "--old", "1", "--new", "sensor-fast.dtso", "--new", "uart1-okay.dtso")
    assert (done.code, "by sensor-fast.dtso, uart1-okay.dtso" in done.out) == (0, True)


@pytest.mark.parametrize(("given", "code"), [("error", 0), ("warning", 1), ("never", 0)])
def test_fail_on(run: Run, given: str, code: int) -> None:
    run("hold", "temperature", "--as", "tmp102")
    done = run("replace", "--old", "1", "--new", "sensor-other.dtbo", "--fail-on", given)
    assert done.code == code
    refused = run("replace", "--old", "2", "--fail-on", given)
    assert refused.code == (0 if given == "never" else 1)
