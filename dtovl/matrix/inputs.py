"""Reading the bases and overlays of a matrix: what is in a file, or why it cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.api import load
from dtovl.diagnostics import Sink
from dtovl.errors import InputError
from dtovl.files import is_inside, read_bytes, read_included
from dtovl.matrix.result import as_finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.matrix.result import Finding
    from dtovl.matrix.tasks import Source
    from dtovl.model.tree import Tree

    ReadFile = Callable[[str], bytes]
    ReadIncluded = Callable[[str], bytes | None]


class Input(NamedTuple):
    """A file that was read: its tree, None when it holds none, and what there is to say about it.

    looked_at has each further file that its source asked for, None for one that is not there.
    """

    tree: Tree | None
    findings: tuple[Finding, ...]
    looked_at: dict[str, bytes | None]


class Reader:
    """Reads sources and blobs; where files come from is the caller's business.

    read gives the bytes of a file that the plan names, and raises InputError; read_included those
    of one that a source includes, None where there is none, and raises OSError or ValueError.
    """

    __slots__ = ("_read", "_read_included")

    def __init__(
        self, read: ReadFile = read_bytes, read_included: ReadIncluded = read_included
    ) -> None:
        self._read = read
        self._read_included = read_included

    def input(self, source: Source) -> Input:
        """Read one file. Nothing is raised for what is wrong with it."""
        sink = Sink()
        looked_at: dict[str, bytes | None] = {}

        def look_at(path: str) -> bytes | None:
            looked_at[path] = None
            content = self._read_included(path)
            if content is not None and source.roots:
                _refuse_link(path, source.roots)
            looked_at[path] = content
            return content

        tree = None
        try:
            tree = load(
                self._read(source.path),
                name=source.path,
                include_dirs=source.include_dirs,
                defines=dict(source.defines),
                sink=sink,
                read_file=look_at,
            )
        except InputError as error:
            sink.diagnostics.extend(error.diagnostics)
        return Input(tree, tuple(map(as_finding, sink)), looked_at)


def _refuse_link(path: str, roots: tuple[str, ...]) -> None:
    """Refuse a file that lies elsewhere than its path says: a stranger may have put the link there.

    What source includes shows in excerpts and values, which a log of CI makes public. Raises
    OSError.
    """
    if not any(is_inside(path, root) for root in roots):
        raise OSError(None, "it is a link that leads out of the folder that is checked")
