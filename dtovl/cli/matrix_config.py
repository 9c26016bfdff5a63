"""What `dtovl check` and `dtovl compat` begin and end with: the configuration, and the baseline."""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.input import FILE_UNREADABLE, FILE_UNWRITABLE
from dtovl.diagnostics import Diagnostic, Location, Note
from dtovl.errors import InputError
from dtovl.files import is_directory, is_file, is_inside, read_bytes, write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.matrix.baseline import Baseline
    from dtovl.matrix.checked import Checked
    from dtovl.matrix.config import Config

FAIL_ON = {"never": 0, "info": 1, "warning": 2, "error": 3}

# Folders above one with nothing in it that are looked into for a configuration.
_MOST_ABOVE = 8


class Changes(NamedTuple):
    """Options that go before what the configuration says; None and empty leave it."""

    appliers: tuple[str, ...]
    kernel: str | None
    fail_on: str | None
    include_dirs: tuple[str, ...]
    removal: bool = False


def configuration(paths: tuple[str, ...], options: Changes) -> Config:
    """Read the configuration that is named, or find out what there is; options go before it.

    Raises InputError (DT600 to DT606, DT617).
    """
    config = _read(_from_here(paths[0]) if paths else os.curdir)
    changes: dict[str, object] = {}
    if options.appliers:
        changes["appliers"] = options.appliers
    if options.kernel is not None:
        changes["kernel"] = options.kernel
    if options.removal:
        changes["removal"] = True
    if options.fail_on is not None:
        changes["fail_on"] = FAIL_ON[options.fail_on]
    if options.include_dirs:
        changes["trusted"] = options.include_dirs
        for kind in ("bases", "overlays"):
            files = getattr(config, kind)
            changes[kind] = tuple(
                one._replace(include_dirs=(*one.include_dirs, *options.include_dirs))
                for one in files
            )
    return config._replace(**changes)  # type: ignore[arg-type]


def _from_here(path: str) -> str:
    """Write a path below the current folder that is absolute, or goes up, as it is seen from here.

    Scripts of CI give such, and reports are to hold none: what shows them knows the files of the
    repository, not where they lie on the machine.
    """
    if not Path(path).is_absolute() and os.pardir not in Path(path).parts:
        return path
    here = os.path.realpath(os.curdir)
    for whole in (path, os.path.realpath(path)):
        if os.pardir not in Path(whole).parts and Path(whole).is_relative_to(here):
            return str(Path(whole).relative_to(here))
    return path


def _read(path: str) -> Config:
    from dtovl.matrix.reading import FILE_NAME, read_config

    if not path:
        # As by a variable of a script that is not set: the current folder is not what is meant.
        raise InputError(Diagnostic(FILE_UNREADABLE, name="''", what="the name is empty"))
    named = Path(path)
    if is_directory(path):
        named /= FILE_NAME
        if not is_file(named):
            return _discovered(path)
        if not is_inside(str(named), path):
            # One that was not named may come with a change, and mistakes in it are quoted.
            raise outside(str(named))
    folder = str(named.parent)
    data = read_bytes(named)
    try:
        return read_config(_text(data), str(named), "" if folder == os.curdir else folder)
    except InputError as error:
        raise _no_configuration(error, data, str(named)) from error


def _discovered(folder: str) -> Config:
    from dtovl.matrix.discover import discover
    from dtovl.matrix.reading import FILE_NAME

    try:
        return discover(folder)
    except InputError as error:
        above = Path(folder)
        for _ in range(_MOST_ABOVE):
            above /= os.pardir
            if is_file(above / FILE_NAME):
                above = Path(os.path.normpath(above))
                fix = f"there is {above / FILE_NAME}: `dtovl check {quote(str(above))}`"
                error.diagnostic.fix = fix
                break
        raise


def _no_configuration(error: InputError, data: bytes, name: str) -> InputError:
    """Say of a file that is something else what it is, in place of what is wrong with its YAML."""
    from dtovl.codes.config import CONFIG_UNREADABLE
    from dtovl.inputs import Kind, describe, recognise

    kind = recognise(data)
    if error.diagnostic.code is not CONFIG_UNREADABLE or kind in (Kind.YAML, Kind.TEXT, Kind.EMPTY):
        return error
    fix = "give a folder, or a dtovl.yaml, which `dtovl init-config` writes"
    if kind in (Kind.DTS, Kind.DTB):
        fix += "; a board with its overlays is checked by `dtovl apply BASE OVERLAY...`"
    what = f"it looks like {describe(data)}"
    at = Location(name)
    return InputError(Diagnostic(CONFIG_UNREADABLE, at=at, what=what, fix=fix))


def text_of(path: str) -> str:
    """Read a file that should be text. Raises InputError (DT009, DT011)."""
    return _text(read_bytes(path))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def below(config: Config, name: str) -> str:
    """Give the path of a file that the configuration names, to be opened from here.

    Raises InputError (DT617) where a link leads out of the folder: who wrote the configuration may
    not have a say about files elsewhere.
    """
    path = str(Path(config.folder, name))
    if not is_inside(path, config.folder or os.curdir):
        raise outside(path)
    return path


def outside(path: str) -> InputError:
    """Say that a link leads out of the folder of a configuration (DT617)."""
    from dtovl.codes.config import LINK_OUTSIDE

    return InputError(Diagnostic(LINK_OUTSIDE, file=path))


def reports_of(config: Config) -> tuple[tuple[str, str], ...]:
    """Give the reports that the configuration wants, in its folder.

    Raises InputError (DT617; DT013 in `.git`: how git works here no configuration may say).
    """
    reports = tuple((kind, below(config, name)) for kind, name in config.reports)
    top = os.path.realpath(config.folder or os.curdir)
    for _, name in reports:
        places = Path(os.path.relpath(os.path.realpath(name), top)).parts
        if any(place.lower() == ".git" for place in places):
            what, fix = "it belongs to git", "name another file under `reports`"
            raise InputError(Diagnostic(FILE_UNWRITABLE, name=name, what=what, fix=fix))
    return reports


def read_baseline(name: str, folder: str) -> Baseline:
    """Read a baseline; folder is that of the configuration. Raises InputError (DT626)."""
    from dtovl.matrix.baseline import read

    try:
        text = text_of(name)
    except InputError as error:
        if error.diagnostic.code is FILE_UNREADABLE and not Path(name).exists():
            note = Note(f"`--write-baseline {quote(name)}` writes one of what is found today")
            error.diagnostic.notes = (*error.diagnostic.notes, note)
        raise
    return read(text, name, folder)


def write_baseline(checked: Checked, name: str, inputs: Iterable[str]) -> None:
    """Write what was found as a baseline. Raises InputError (DT012, DT013)."""
    from dtovl.matrix.baseline import write

    write_atomically(name, write(checked).encode(), inputs=list(inputs))
