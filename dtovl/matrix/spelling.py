"""Files of a folder written as few globs, such as a person would write."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Literal

from dtovl.matrix.config import Files
from dtovl.matrix.globs import is_glob

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

What = Literal["base", "overlay"]

_MOST_EXCEPTIONS = 12
_LEAST_SHARE = 0.75
"""Of the files that a glob stands for, how many have to be of its kind."""

_SURROGATE = re.compile("[\ud800-\udfff]")


def ending_of(path: str) -> str:
    """Give what stands behind the last dot of a path."""
    return path.rpartition(".")[2]


class Spelling:
    """Writes files as globs of folders, where nearly all are of one kind, with the exceptions.

    kinds says of files whether they are taken, and as what; files are all that globs may find,
    left_out folders with files of which nothing is known.
    """

    def __init__(
        self, kinds: Mapping[str, What], files: Sequence[str], left_out: Iterable[str]
    ) -> None:
        self._kinds = kinds
        self._files = files
        # By (folder, ending): files of each kind below it, and files in folders below it.
        self._below: dict[tuple[str, str], Counter[What | None]] = {}
        self._nested: set[tuple[str, str]] = set()
        for path in files:
            folder, ending = path.rpartition("/")[0], ending_of(path)
            for above in _above(folder):
                self._below.setdefault((above, ending), Counter())[kinds.get(path)] += 1
                if above != folder:
                    self._nested.add((above, ending))
        self._partly = {above for folder in left_out for above in _above(folder)[:-1]}

    def of(self, kind: What) -> Iterator[Files]:
        """Give the entries for the files of a kind, each file in one of them."""
        done: dict[str, None] = {}
        for path in self._files:
            if self._kinds.get(path) != kind:
                continue
            folder, ending = path.rpartition("/")[0], ending_of(path)
            top = next((one for one in _above(folder) if self._speaks_for(one, ending, kind)), None)
            if top is None or is_glob(top):
                # A name that is not UTF-8 cannot be written down in YAML.
                yield Files((_SURROGATE.sub("?", path),))
                continue
            start = f"{top}/" if top else ""
            deep = "**/" if (top, ending) in self._nested else ""
            glob = f"{start}{deep}*.{ending}"
            if glob not in done:
                done[glob] = None
                yield Files((glob,), excluded=tuple(self._exceptions(start, ending, kind)))

    def _speaks_for(self, folder: str, ending: str, kind: What) -> bool:
        """Tell whether a folder has next to nothing but files of a kind, of those of an ending."""
        found = self._below[folder, ending]
        others = found.total() - found[kind]
        if not folder and (folder, ending) in self._nested:
            return False  # `**` from the top is what nobody means
        if folder in self._partly or others > _MOST_EXCEPTIONS:
            return False
        return found[kind] >= _LEAST_SHARE * found.total()

    def _exceptions(self, start: str, ending: str, kind: What) -> Iterator[str]:
        for path in self._files:
            if not path.startswith(start) or ending_of(path) != ending:
                continue
            if self._kinds.get(path) != kind:
                yield _SURROGATE.sub("?", path)


def _above(folder: str) -> list[str]:
    """Give a folder and those it lies in, the topmost ("") first."""
    names = folder.split("/") if folder else []
    return ["/".join(names[:count]) for count in range(len(names) + 1)]
