"""The tree a replay starts from: a blob, source, a folder like /proc/device-tree, a listing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes.replay_input import BAD_BASE
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError
from dtovl.inputs import Kind, from_directory, read_blob, recognise
from dtovl.replay.lsprop import is_listing, read_lsprop
from dtovl.replay.stream import Base

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dtovl.diagnostics import Sink

MAX_FOLDER_BYTES = 64 << 20
"""Most bytes of a folder, all files together."""


def read_base(
    source: bytes | Iterable[tuple[str, bytes | None]],
    name: str,
    *,
    read_file: Callable[[str], bytes | None] | None = None,
    sink: Sink | None = None,
) -> Base:
    """Read the tree a replay starts from, with the phandles that Linux takes at boot.

    source is the content of a file: a blob (also gzip-compressed), source, or a listing of
    `lsprop -R`; or the entries of a folder, as dtovl.files.walk_directory gives them. name is what
    messages call it. read_file gives the bytes of a file that source includes, None if there is
    none; without it source may include nothing. Warnings go to sink.

    Raises InputError with one diagnostic, PS208.
    """
    try:
        if not isinstance(source, bytes):
            return Base(from_directory(_bounded(source, name), name, sink), {})
        kind = recognise(source)
        if kind is Kind.DTS:
            from dtovl.dts.reader import read

            return Base(read(source, name, read_file=read_file, sink=sink), {})
        if kind in (Kind.TEXT, Kind.YAML) and is_listing(source):
            return read_lsprop(source, name, sink)
        return Base(read_blob(source, name, sink), {})
    except InputError as error:
        raise unreadable(name, error) from error


def unreadable(name: str, error: InputError) -> InputError:
    """Make the refusal of a base (PS208) of whatever kept it from being read."""
    found = error.diagnostic
    if found.code is BAD_BASE:
        return error
    where = f"{found.where}: " if found.where else ""
    message = f"{where}{found.message}"
    if name not in message:
        message = f"{name}: {message}"
    return InputError(
        Diagnostic(BAD_BASE, at=found.where, why=found.why, fix=found.fix or None, what=message)
    )


def _bounded(
    entries: Iterable[tuple[str, bytes | None]], name: str
) -> Iterator[tuple[str, bytes | None]]:
    """Pass the entries of a folder on, up to the bound of their bytes."""
    total = 0
    for path, content in entries:
        total += len(content or b"")
        if total > MAX_FOLDER_BYTES:
            what = f"{name}: its files have more than {MAX_FOLDER_BYTES} bytes in all"
            raise InputError(Diagnostic(BAD_BASE, what=what))
        yield path, content
