"""The files that a check is to write: looked at before the work is done, not only after it."""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from dtovl.codes.input import FILE_UNWRITABLE, OUTPUT_IS_INPUT
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError
from dtovl.files import STANDARD_STREAM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# Which files source includes is known when it has been read, and a cached result does not tell. So
# nothing that has the name of source is ever overwritten, included or not.
_SOURCES = (".dts", ".dtsi", ".dtso", ".overlay", ".dtb", ".dtbo", ".h", ".inc")
_MEND = "name another file"


def refuse_targets(targets: Sequence[str], inputs: Iterable[str]) -> None:
    """Refuse files that cannot or must not be written; `-` is standard output.

    Two reports in one file would leave the last of them; inputs are not overwritten, nor is what
    may be one. What goes wrong later all the same, dtovl.files tells.

    Raises click.UsageError, InputError (DT012, DT013).
    """
    _refuse_repeated(targets)
    files = [target for target in targets if target != STANDARD_STREAM]
    if any(Path(target).is_file() for target in files):
        read = set(_identities(inputs))
        for target in files:
            _refuse_inputs(target, read)
    for target in files:
        _refuse_places(target)


def _refuse_repeated(targets: Sequence[str]) -> None:
    seen: set[str] = set()
    for target in targets:
        if target == STANDARD_STREAM:
            shown, real = "standard output", target
        else:
            shown, real = target, os.path.realpath(target)
            if _is_device(Path(target)):
                continue
        if real in seen:
            raise click.UsageError(f"Two reports cannot go to {shown}: give each its own file.")
        seen.add(real)


def _is_device(path: Path) -> bool:
    """Tell whether something takes as many reports as are wanted: /dev/null, a pipe."""
    return path.exists() and not (path.is_file() or path.is_dir())


def _identities(paths: Iterable[str]) -> Iterator[tuple[int, int]]:
    for path in paths:
        try:
            found = Path(path).stat()
        except (OSError, ValueError):
            continue
        yield found.st_dev, found.st_ino


def _refuse_inputs(target: str, read: set[tuple[int, int]]) -> None:
    path = Path(target)
    if not path.is_file():
        return
    if not read.isdisjoint(_identities((target,))):
        what = "an input"
    elif path.resolve().name.lower().endswith(_SOURCES):
        what = "by its name a devicetree or a part of one, perhaps an input"
    else:
        return
    raise InputError(Diagnostic(OUTPUT_IS_INPUT, name=target, what=what, fix=_MEND))


def _refuse_places(target: str) -> None:
    """Refuse what lies in no folder, is a folder, or may not be written."""
    path = Path(target)
    if _is_device(path):
        return
    real = path.resolve()
    folder = real.parent
    fix = None
    if real.is_dir():
        what, fix = "it is a folder", f"name a file in it, such as {path / 'report'}"
    elif not folder.is_dir():
        shown = str(path.parent)
        what, fix = f"there is no folder {shown}", f"make it (`mkdir -p {quote(shown)}`)"
    elif not os.access(folder if not real.exists() else real, os.W_OK):
        what = "permission denied"
    else:
        return
    raise InputError(Diagnostic(FILE_UNWRITABLE, name=target, what=what, fix=fix))
