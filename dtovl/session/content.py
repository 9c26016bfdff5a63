"""What a session keeps of its inputs: blobs, as they were given or made of source."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl.api import STANDARD_INPUT, load
from dtovl.fdt.header import MAGIC_BYTES
from dtovl.fdt.write import flatten
from dtovl.files import STANDARD_STREAM, is_directory, read_bytes

if TYPE_CHECKING:
    from typing import TypeAlias

    from dtovl.model.tree import Tree

    Source: TypeAlias = str | os.PathLike[str] | bytes | Tree | "Content"


class Content(NamedTuple):
    """An input: its name for messages, its blob, and how it was read.

    origin is `blob` (data is as given), `source` or `directory` (data was made of it) or `tree`.
    """

    name: str
    data: bytes
    origin: str


def read_content(source: Source, *, name: str | None = None, **options: Any) -> Content:
    """Read an input as `dtovl.load` does, but keep a blob as it is, however odd.

    The kernel has its own opinion about odd blobs, and the session asks it. options are those of
    `dtovl.load` for source.

    Raises InputError (DT001 to DT048) for what is neither a blob nor can be made one.
    """
    if isinstance(source, Content):
        return source
    if not isinstance(source, str | bytes | os.PathLike):
        return Content(name or "<tree>", flatten(source), "tree")
    if isinstance(source, bytes):
        shown, data = name or "<bytes>", source
    else:
        path = os.fspath(source)
        shown = name or (STANDARD_INPUT if path == STANDARD_STREAM else path)
        if is_directory(path):
            return Content(shown, flatten(load(path, name=shown, **options)), "directory")
        data = read_bytes(path)
    if data.startswith(MAGIC_BYTES):
        return Content(shown, data, "blob")
    # Source may include files beside it: the loader has to know where it lies.
    given = data if isinstance(source, bytes) or os.fspath(source) == STANDARD_STREAM else source
    return Content(shown, flatten(load(given, name=shown, **options)), "source")
