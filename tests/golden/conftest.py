"""Commands run on the compiled fixtures, in a folder of their own, at 80 columns."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from write_docs import make_workspace

from dtovl.cli import run

if TYPE_CHECKING:
    from collections.abc import Callable


class Result(NamedTuple):
    """What a command wrote, and its exit code."""

    out: str
    err: str
    code: int

    def __str__(self) -> str:
        parts = [self.out, f"--- stderr\n{self.err}" if self.err else "", f"--- exit {self.code}"]
        return "".join(parts)


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the sources and the blobs of all fixtures."""
    folder = tmp_path_factory.mktemp("fixtures")
    make_workspace(folder)
    return folder


@pytest.fixture
def dtovl(
    compiled: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Callable[..., Result]:
    """Give a function that runs a command line in a folder that holds the fixtures."""
    for path in compiled.iterdir():
        (tmp_path / path.name).symlink_to(path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def call(*arguments: str) -> Result:
        capfdbinary.readouterr()
        code = run(arguments)
        out, err = capfdbinary.readouterr()
        return Result(out.decode(), err.decode(), code)

    return call


@pytest.fixture
def process(compiled: Path) -> Callable[..., Result]:
    """Give a function that runs a shell command, with `dtovl` in it, as a process of its own."""
    folder = Path(sys.executable).parent

    def call(command: str, **environment: str) -> Result:
        done = subprocess.run(
            ["bash", "-c", f"dtovl() {{ '{folder}/python' -m dtovl \"$@\"; }}; {command}"],
            cwd=compiled,
            env={**os.environ, "COLUMNS": "80", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Result(done.stdout, done.stderr, done.returncode)

    return call
