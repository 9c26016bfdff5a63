"""What the library offers to programs: reading and writing trees by path, applying overlays."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from dtovl.files import (
    STANDARD_STREAM,
    is_directory,
    read_bytes,
    read_included,
    walk_directory,
    write_atomically,
)
from dtovl.inputs import Kind, from_directory, read_blob, recognise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dtovl.diagnostics import Sink
    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome

Format = Literal["dtb", "dts"]

STANDARD_INPUT = "<stdin>"
"""What messages call standard input."""


def load(
    source: str | os.PathLike[str] | bytes,
    *,
    name: str | None = None,
    form: Format | None = None,
    include_dirs: Sequence[str | os.PathLike[str]] = (),
    defines: Mapping[str, str] | None = None,
    cpp: str | None = None,
    symbols: bool = True,
    sink: Sink | None = None,
    included: Callable[[str], object] | None = None,
) -> Tree:
    """Read a tree from a file, a folder such as /proc/device-tree, or bytes.

    A file or bytes may be a blob (also gzip-compressed) or source; the content decides, unless
    form says what it has to be. `-` is standard input. name is what messages call it: the path
    if not given. For source: include_dirs are searched for included files, which must lie there
    or beside the source; defines are macros; cpp is a program to preprocess with, for trusted
    source only; symbols is `dtc -@`, which overlays need of a base. Warnings go to sink;
    included is called with the path of each file that source includes, but not by way of cpp.

    Raises InputError (DT001 to DT048).
    """
    if isinstance(source, bytes):
        data, shown = source, name or "<bytes>"
    else:
        path = os.fspath(source)
        shown = name or (STANDARD_INPUT if path == STANDARD_STREAM else path)
        if is_directory(path):
            return from_directory(walk_directory(path), shown, sink)
        data = read_bytes(path)
    if form == "dtb" or (form is None and recognise(data) is not Kind.DTS):
        return read_blob(data, shown, sink)
    from dtovl.dts.reader import read

    def read_file(path: str) -> bytes | None:
        content = read_included(path)
        if included is not None and content is not None:
            included(path)
        return content

    return read(
        data,
        shown,
        read_file=read_file,
        include_dirs=[os.fspath(folder) for folder in include_dirs],
        defines=defines,
        cpp=cpp,
        symbols=symbols,
        sink=sink,
    )


def dump(
    tree: Tree,
    path: str | os.PathLike[str] | None = None,
    *,
    form: Format = "dtb",
    padding: int | None = None,
    force: bool = False,
    inputs: Iterable[str | os.PathLike[str]] = (),
    sink: Sink | None = None,
) -> bytes | None:
    """Write a tree as a blob of version 17, or as source; without path give the bytes.

    padding is the number of bytes to leave behind the blob for later overlays; None keeps what
    the tree's own blob had. The file appears in one step, whole. inputs are files that must not be
    overwritten without force. What source cannot say goes to sink.

    Raises InputError (DT012, DT013).
    """
    data = _dumped(tree, form, padding, sink)
    if path is None:
        return data
    write_atomically(path, data, force=force, inputs=inputs)
    return None


def apply_overlay(
    tree: Tree,
    overlay: Tree,
    *,
    applier: Literal["libfdt", "linux"] = "libfdt",
    name: str = "overlay",
    base: str = "base",
    sink: Sink | None = None,
) -> Outcome:
    """Apply an overlay to a tree as a boot loader (libfdt) or the running kernel (linux) does.

    The outcome tells whether it applies, and the error if not; then the tree is as before.
    `outcome.changeset.revert(tree)` takes the overlay out again. The overlay is not changed. sink
    takes what there is to say: why it was refused, what it does without use, what the other
    applier makes of it. name and base are what messages call overlay and tree.

    Raises UsageError (DT063) for an applier that is none.
    """
    from dtovl.model.dialect import DIALECTS
    from dtovl.overlay.apply import apply_overlay as apply_one
    from dtovl.overlay.fragments import Overlay

    dialect, parts = DIALECTS.get(applier), Overlay(overlay, name)
    if dialect is None:
        from dtovl.codes.usage import UNKNOWN_APPLIER
        from dtovl.diagnostics import Diagnostic
        from dtovl.errors import UsageError

        known = ", ".join(DIALECTS)
        raise UsageError(Diagnostic(UNKNOWN_APPLIER, applier=repr(applier), known=known))
    if sink is None:
        return apply_one(tree, parts, dialect)
    from dtovl.checks.verdicts import apply_checked

    result = apply_checked(tree, [parts], dialect, base=base)
    sink.diagnostics.extend(result.findings)
    return result.stack.outcomes[0]


def _dumped(tree: Tree, form: Format, padding: int | None, sink: Sink | None) -> bytes:
    if form == "dts":
        from dtovl.dts.writer import write_source

        return write_source(tree, sink=sink).encode("latin-1")
    from dtovl.fdt.write import flatten

    return flatten(tree, padding=None if padding is None else bytes(padding))
