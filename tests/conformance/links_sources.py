"""Source text of cases as a blob or a tree, by dtc; where dtc is not installed, by our reader."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from dtovl import api

if TYPE_CHECKING:
    from pathlib import Path

    from dtovl.model.tree import Tree

DTC = shutil.which("dtc")

COMPILED_BY = (
    "compiled by dtc"
    if DTC
    else "dtc is not installed: compiled by dtovl, which refuses some trees that are wrong"
)


class NotCompiledError(Exception):
    """Raised for source of which no blob comes."""


def compile_source(path: Path, *, symbols: bool = True) -> bytes:
    """Compile a file, wrong as its tree may be: checks and exit status of dtc do not count.

    symbols is `-@`. Raises NotCompiledError, or what our reader raises.
    """
    if DTC is None:
        blob = api.dump(api.load(path, form="dts", symbols=symbols))
        assert blob is not None
        return blob
    done = subprocess.run(
        [DTC, "-I", "dts", "-O", "dtb", *(["-@"] if symbols else []), "-f", "-q", path.name],
        cwd=path.parent,
        capture_output=True,
        check=False,
        timeout=60,
    )
    if not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise NotCompiledError(f"{path.name} does not compile: {said}")
    return done.stdout


def tree_of(path: Path) -> Tree:
    """Compile a file with symbols, and read the blob."""
    return api.load(compile_source(path), name=path.name, form="dtb")
