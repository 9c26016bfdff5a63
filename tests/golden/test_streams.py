"""The same commands as processes: pipes, colour, signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

    Run = Callable[..., object]


def test_a_pipe_has_no_colour(process: Run, snapshot: SnapshotAssertion) -> None:
    assert str(process("dtovl apply gateway.dtb uart1-okay.dtbo | cat")) == snapshot


def test_colour_can_be_demanded(process: Run, snapshot: SnapshotAssertion) -> None:
    command = "dtovl apply gateway.dtb missing-label.dtbo --color always"
    assert str(process(command, NO_COLOR="1")).replace("\x1b", "<ESC>") == snapshot


def on_terminal(command: str, folder: Path, **environment: str) -> str:
    """Run a command on a terminal; give what it wrote there."""
    import pty

    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "dtovl", *command.split()],
        cwd=folder,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80", **environment},
        stdin=child,
        stdout=child,
        stderr=child,
    )
    os.close(child)
    written = b""
    while True:
        try:
            chunk = os.read(parent, 4096)
        except OSError:
            break
        if not chunk:
            break
        written += chunk
    os.close(parent)
    process.wait(60)
    return written.decode()


def test_a_terminal_has_colour(compiled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    command = "apply gateway.dtb uart1-okay.dtbo"
    assert "\x1b[" in on_terminal(command, compiled)
    assert "\x1b[" not in on_terminal(command, compiled, NO_COLOR="1")
    assert "\x1b[" not in on_terminal(command, compiled, TERM="dumb")
    assert "\x1b[" not in on_terminal(f"{command} --color never", compiled)


def test_a_narrow_terminal_keeps_words_whole(compiled: Path) -> None:
    written = on_terminal(
        "apply gateway.dtb missing-label.dtbo --quiet", compiled, COLUMNS="50", NO_COLOR="1"
    )
    lines = written.replace("\r", "").splitlines()
    assert "error[DT104] /fragment@0/__overlay__: label" in lines
    # A line of the kernel's log stays whole, so that it can be searched for.
    wrapped = [line for line in lines if not line.startswith("  kernel")]
    assert all(len(line) <= 50 for line in wrapped if " " in line[10:].strip())


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("apply gateway.dtb missing-label.dtbo", 1),
        ("apply gateway.dtb sensor.dtbo", 0),
        ("show gateway.dtb", 0),
        ("diff gateway.dtb gateway-b.dtb", 1),
        ("show nothing.dtb", 2),
        ("--help", 0),
        ("--version", 0),
    ],
)
def test_a_closed_pipe_keeps_the_verdict(compiled: Path, command: str, code: int) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "dtovl", *command.split()],
        cwd=compiled,
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(writing)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr


def test_a_full_disk_is_told(process: Run) -> None:
    result = str(process("dtovl show gateway.dtb > /dev/full"))
    assert "cannot write the output: No space left on device" in result
    assert result.endswith("--- exit 2")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("apply gateway.dtb missing-label.dtbo >&- 2>&-", 1),
        ("apply gateway.dtb sensor.dtbo >&-", 0),
        ("apply gateway.dtb sensor.dtbo >/dev/null 2>&-", 0),
        ("apply gateway.dtb sensor.dtbo -o - >&-", 0),
        ("show gateway.dtb --format json >&-", 0),
        ("show nothing.dtb 2>&-", 2),
        ("show --no-such-option 2>&-", 2),
        ("show gateway.dtb >/dev/full 2>&-", 2),
        ("--version >&-", 0),
        ("--help >&-", 0),
    ],
)
def test_closed_streams_keep_the_verdict(process: Run, command: str, code: int) -> None:
    result = str(process(f"dtovl {command}"))
    assert "Traceback" not in result
    assert "DT901" not in result
    assert result.endswith(f"--- exit {code}")


def test_a_stream_closed_below_python_is_one_without_reader(process: Run) -> None:
    script = "import os; from dtovl.cli import run; os.close(1)"
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    command = f'python3 -c \'{script}; os._exit(run(["explain", "DT104"]))\''
    assert str(process(command, PATH=path)) == "--- exit 0"


def test_closed_standard_input_is_told(process: Run) -> None:
    result = str(process("dtovl show - <&-"))
    assert "standard input is closed" in result
    assert result.endswith("--- exit 2")


def test_standard_input_and_output(process: Run) -> None:
    command = (
        "dtovl apply - sensor.dtbo -o - <gateway.dtb | dtovl diff gateway.dtb - "
        "| grep sensor@48 | wc -l"
    )
    assert str(process(command)).startswith("2\n")


def test_standard_input_is_read_once(process: Run) -> None:
    result = process("dtovl diff - - <gateway.dtb")
    assert "Standard input (-) can be read only once." in str(result)
    assert str(result).endswith("--- exit 2")


def test_source_from_standard_input(process: Run) -> None:
    result = process("dtovl show - <broken/missing-semicolon.dts")
    assert "<stdin>:6:2" in str(result)


def test_a_pipe_on_the_command_line_is_read(process: Run) -> None:
    result = str(process("dtovl show <(cat gateway.dtb) /soc --depth 0"))
    assert result.endswith("--- exit 0")


def test_control_c_ends_with_130(compiled: Path) -> None:
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "dtovl", "show", "-"],
        cwd=compiled,
        stdin=reading,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        # Where the tests run in the background, the shell has it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    os.close(reading)
    try:
        # Once it has read what is written, it waits for more.
        os.write(writing, b"/dts-v1/;")
        while select_read(writing):
            pass
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        os.close(writing)
    assert process.returncode == 130
    assert b"Traceback" not in err


def select_read(writing: int) -> bool:
    """Tell whether bytes are still in the pipe."""
    import fcntl
    import struct
    import termios

    return bool(struct.unpack("i", fcntl.ioctl(writing, termios.FIONREAD, b"\0" * 4))[0])


def test_defects_are_told_without_traceback(process: Run) -> None:
    script = "import dtovl.cli.explain as e; e.all_codes = None; from dtovl.cli import run"
    command = f'python3 -c \'{script}; raise SystemExit(run(["explain", "--list"]))\''
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    result = str(process(command, PATH=path))
    assert "error[DT901] dtovl failed: TypeError" in result
    assert "Traceback" not in result
    assert result.endswith("--- exit 2")
    assert "Traceback" in str(process(command, PATH=path, DTOVL_TRACEBACK="1"))
