"""The files that a matrix is chosen from: those of a folder, or of anything that is like one.

Folders are looked into when a glob asks for them, and once. Paths are relative, with `/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.config import GLOBS_TOO_COSTLY
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError
from dtovl.files import scan_directory
from dtovl.matrix.globs import Glob, is_glob
from dtovl.model.limits import MAX_DEPTH, MAX_GLOB_STEPS
from dtovl.model.lookup import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dtovl.matrix.globs import Segment

_NEVER = ".git"


class Entries(NamedTuple):
    """What is in a folder, sorted: names of files, of folders, of links that lead outside."""

    files: tuple[str, ...]
    folders: tuple[str, ...]
    outside: tuple[str, ...]


_NOTHING = Entries((), (), ())


class Listing:
    """The files below a folder, found by name and by glob.

    Wildcards pass over hidden files and folders, as a shell does; a glob that spells the dot finds
    them. Nothing is found in `.git`. outside collects the links that lead out of the folder and
    would have been found: such a file is none of the repository, whoever may read it.
    """

    def __init__(self, scan: Callable[[str], Entries]) -> None:
        self.outside: set[str] = set()
        self._scan = scan
        self._entries: dict[str, Entries] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._found: dict[str, tuple[str, ...]] = {}
        self._steps = 0

    @classmethod
    def of_folder(cls, folder: str) -> Listing:
        """List a folder of the disk. Looking into one raises InputError (DT009, DT011)."""

        def scan(below: str) -> Entries:
            found = scan_directory(_join(folder, below) or ".", folder or ".")
            return Entries(*(tuple(sorted(names)) for names in found))

        return cls(scan)

    @classmethod
    def of_paths(cls, paths: Iterable[str]) -> Listing:
        """List files by their paths, such as those of a commit."""
        files: dict[str, set[str]] = {}
        folders: dict[str, set[str]] = {}
        for path in paths:
            folder, _, name = path.rpartition("/")
            files.setdefault(folder, set()).add(name)
            while folder:
                above, _, name = folder.rpartition("/")
                folders.setdefault(above, set()).add(name)
                folder = above

        def scan(below: str) -> Entries:
            names = tuple(sorted(files.get(below, ())))
            return Entries(names, tuple(sorted(folders.get(below, ()))), ())

        return cls(scan)

    def entries(self, folder: str) -> Entries:
        """Give what is in a folder; "" is the top."""
        found = self._entries.get(folder)
        if found is None:
            too_deep = folder.count("/") >= MAX_DEPTH
            found = _NOTHING if too_deep else self._scan(folder)
            found = found._replace(folders=tuple(n for n in found.folders if n != _NEVER))
            self._entries[folder] = found
        return found

    def has(self, path: str) -> bool:
        """Tell whether there is a file of exactly this path."""
        folder, _, name = path.rpartition("/")
        names = self._names.get(folder)
        if names is None:
            # Asked for from the top down: what lies below a link to a folder is not there.
            there = not folder or self._has_folder(folder)
            names = frozenset(self.entries(folder).files if there else ())
            self._names[folder] = names
        if name not in names and name in self.entries(folder).outside:
            self.outside.add(path)
        return name in names

    def _has_folder(self, path: str) -> bool:
        at = ""
        for name in path.split("/"):
            if name not in self.entries(at).folders:
                return False
            at = f"{at}/{name}" if at else name
        return True

    def find(self, text: str) -> tuple[str, ...]:
        """List the files that a glob or a plain path stands for, sorted.

        Raises GlobError; InputError (DT616) when the globs of a configuration cost too much.
        """
        if self.has(text):
            return (text,)
        if not is_glob(text):
            return ()
        found = self._found.get(text)
        if found is None:
            paths: set[str] = set()
            for segments in Glob(text).alternatives:
                self._walk(segments, paths)
            found = self._found[text] = tuple(sorted(paths))
        return found

    def near(self, text: str) -> str:
        """Say, as the end of a message, what a path or glob that finds nothing may have meant."""
        names = text.split("/")
        at = ""
        for number, name in enumerate(names[:-1]):
            if is_glob(name):
                return ""
            if name not in self.entries(at).folders:
                near = nearest(name, self.entries(at).folders, 1)
                rest = "/".join([*near, *names[number + 1 :]])
                return f", did you mean {_join(at, rest)!r}?" if near else f": no folder {name!r}"
            at = _join(at, name)
        entries = self.entries(at)
        if names[-1] in entries.folders:
            return f": it is a folder, did you mean {text + '/**'!r}?"
        if not is_glob(names[-1]):
            near = nearest(names[-1], entries.files, 1)
            return f", did you mean {_join(at, near[0])!r}?" if near else ""
        files = entries.files
        return f"; of {len(files)} files there, the first is {files[0]}" if files else ""

    def _walk(self, segments: list[Segment | None], paths: set[str]) -> None:
        """Add the files that the segments of a glob lead to."""
        pending = [("", 0)]
        seen = set(pending)
        last = len(segments) - 1
        while pending:
            folder, at = pending.pop()
            segment = segments[at]
            entries = self.entries(folder)
            following: list[tuple[str, int]] = []
            if segment is None:
                shown = [name for name in entries.folders if not name.startswith(".")]
                following.extend((_join(folder, name), at) for name in shown)
                if at < last:
                    following.append((folder, at + 1))
                else:
                    self._add(folder, _fitting(None, entries.files), entries, None, paths)
            elif at == last:
                self._add(folder, _fitting(segment, entries.files), entries, segment, paths)
            else:
                names = _fitting(segment, entries.folders)
                following.extend((_join(folder, name), at + 1) for name in names)
            self._count(len(entries.files) + len(entries.folders) + 1)
            for step in following:
                if step not in seen:
                    seen.add(step)
                    pending.append(step)

    def _add(
        self,
        folder: str,
        names: list[str],
        entries: Entries,
        segment: Segment | None,
        paths: set[str],
    ) -> None:
        paths.update(_join(folder, name) for name in names)
        out = _fitting(segment, entries.outside) if entries.outside else ()
        self.outside.update(_join(folder, name) for name in out)

    def _count(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MAX_GLOB_STEPS:
            raise InputError(Diagnostic(GLOBS_TOO_COSTLY, limit=MAX_GLOB_STEPS))


def _fitting(segment: Segment | None, names: Iterable[str]) -> list[str]:
    if segment is None:
        return [name for name in names if not name.startswith(".")]
    hidden = segment.hidden
    return [
        name for name in names if (hidden or not name.startswith(".")) and segment.matches(name)
    ]


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder and name else folder or name
