"""`dtovl run`: what it prints for the template, for recordings, and for files that are wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

    Run = Callable[..., Any]

TEMPLATE = "steps/template.yaml"
CRASH = """\
base: gateway.dtb
steps:
- {op: apply, overlay: duplicate-property.dtbo, as: d}
- {op: remove, overlay: d}
- {op: dump}
"""
HELD = """\
base: gateway.dts
steps:
- {op: apply, overlay: sensor.dtso, as: sensor}
- {op: hold, path: "/soc/i2c@41000/sensor@48", as: hwmon, where: probe of tmp102}
- {op: remove, overlay: sensor}
- {op: dump}
- {op: release, path: "/soc/i2c@41000/sensor@48", as: hwmon}
- {op: leak_scan}
"""
ORDER = """\
base: gateway.dtb
kernel: 7.2
steps:
- {op: apply, overlay: connector.dtbo, as: connector}
- {op: apply, overlay: display.dtbo, as: display}
- {op: remove, overlay: connector, result: {ret: -EBUSY}}
- {op: remove, id: 9, result: {ret: 0}}
"""


def written(text: str, name: str = "own.yaml") -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


@pytest.mark.parametrize(
    "options",
    [[], ["--check"], ["-v", "--kernel", "7.2"], ["--quiet"], ["--format", "json"]],
    ids=" ".join,
)
def test_the_template(dtovl: Run, options: list[str], snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("run", TEMPLATE, *options)) == snapshot


@pytest.mark.parametrize("text", [HELD, ORDER, CRASH], ids=["held", "order", "crash"])
def test_steps(dtovl: Run, text: str, snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("run", written(text), "--check")) == snapshot


@pytest.mark.parametrize(
    "text",
    [
        "base: gateway.dtb\nsteps:\n- {op: aply, overlay: sensor.dtbo}\n",
        "base: gateway.dtb\nsteps:\n- {op: apply, overlay: no-such.dtbo}\n",
        "base: gateway.dtb\nsteps:\n- {op: dump, node: /soc/uart}\n- {op: dump, node: /soc}\n",
        "base: gateway.dtb\nsteps:\n- {op: remove, overlay: sensor}\n",
        "steps: []\n",
        "base: no-such.dtb\nsteps: []\n",
        "base: pipe\nsteps: []\n",
        "base: gateway.dtb\nkernel: 5.10\nsteps: []\n",
        "base: &a [*a]\n",
    ],
    ids=["op", "overlay", "node", "label", "no-base", "base", "pipe", "kernel", "yaml"],
)
def test_what_is_wrong(dtovl: Run, text: str, snapshot: SnapshotAssertion) -> None:
    os.mkfifo("pipe")
    result = dtovl("run", written(text))
    assert result.code == 2
    assert str(result) == snapshot


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "no-such.yaml"],
        ["run", "gateway.dtb"],
        ["run", "gateway.dts"],
        ["run", TEMPLATE, "--kernel", "6.6"],
        ["apply", "gateway.dtb", "sensor.dtbo", "--kernel", "6.6"],
        ["apply", "gateway.dtb", "uart1-okay.dtbo", "--kernel", "7.2"],
        ["apply", "gateway.dtb", "label-twice.dtbo", "--kernel", "7.2", "--require", "linux"],
        ["apply", "gateway.dtb", "uart1-okay.dtbo", "--kernel", "7.2", "--applier", "linux"],
        ["run", "--help"],
    ],
    ids=" ".join,
)
def test_arguments(dtovl: Run, arguments: list[str], snapshot: SnapshotAssertion) -> None:
    assert str(dtovl(*arguments)) == snapshot


def test_another_base(dtovl: Run) -> None:
    steps = "base: no-such.dtb\nsteps:\n- {op: find, path: /soc/serial@31000}\n"
    result = dtovl("run", written(steps), "--base", "gateway-b.dtb")
    assert result.code == 0
    assert "on gateway-b.dtb" in result.out
    assert "node none" in result.out


def test_a_recording_is_replayed(dtovl: Run) -> None:
    """A file that says what the run gave is as recorded; a changed one is not."""
    name = written(HELD)
    document = json.loads(dtovl("run", name, "--format", "json").out)
    steps = [
        {"op": step["op"], **step["parameters"], "result": step["result"]}
        for step in document["steps"]
        if step["op"] != "dump"
    ]
    case = {"name": "own", "family": "x", "base": "gateway.dts", "steps": steps}
    recording = written(json.dumps(case), "case.json")
    same = dtovl("run", recording, "--check")
    assert "5 of 5 as recorded" in same.out
    steps[0]["result"]["id"] = 3
    changed = dtovl("run", written(json.dumps(case), "case.json"), "--check", "-q")
    assert "error[DT288] step 1 (apply) is not as recorded: id" in changed.out
    assert changed.code == 1


def test_names_with_escapes_are_harmless(dtovl: Run) -> None:
    text = (
        "base: gateway.dtb\nsteps:\n"
        '- {op: hold, path: /soc, as: "\\e[31mred\\r\\nnext", note: "\\e]0;title\\a"}\n'
        "- {op: dump}\n"
    )
    result = dtovl("run", written(text))
    assert "\x1b" not in result.out
    assert "\\x1b[31mred\\r\\nnext" in result.out
    assert json.loads(dtovl("run", "own.yaml", "--format", "json").out)["total"] == 2


def test_steps_from_standard_input(process: Run, snapshot: SnapshotAssertion) -> None:
    steps = "base: gateway.dtb\\nsteps:\\n- {op: find, path: /soc}\\n"
    assert str(process(f"printf '{steps}' | dtovl run -")) == snapshot
    assert process("dtovl run - --base - < /dev/null").code == 2


def test_a_damaged_overlay_is_given_to_the_kernel_as_it_is(dtovl: Run) -> None:
    blob = Path("sensor.dtbo").read_bytes()
    Path("cut.dtbo").write_bytes(blob[:-40])
    Path("named.dtbo").write_bytes(b"no blob at all")
    names = ("cut.dtbo", "named.dtbo")
    text = "base: gateway.dtb\nsteps:\n" + "".join(
        f"- {{op: apply, overlay: {name}, result: {{ret: -EINVAL, id: 0}}}}\n" for name in names
    )
    result = dtovl("run", written(text), "--check")
    assert "2 of 2 as recorded" in result.out
    assert "OF: overlay: Invalid overlay_fdt header" in result.out
