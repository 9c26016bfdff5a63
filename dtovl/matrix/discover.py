"""A configuration for a folder that has none: what is in the files tells bases from overlays.

Names decide only which files are looked into. What is found becomes globs, one for each folder and
kind of name, so that `dtovl init-config` can write them down and a new board is found as well.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from dtovl.codes.config import NOTHING_TO_CHECK, TOO_MANY
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError
from dtovl.files import read_bytes
from dtovl.inputs import Kind, read_blob, recognise
from dtovl.matrix.config import Config, Limits, prefix_of
from dtovl.matrix.globs import clean, leads_outside
from dtovl.matrix.listing import Listing
from dtovl.matrix.spelling import Spelling
from dtovl.matrix.spelling import ending_of as _ending
from dtovl.matrix.survey import survey
from dtovl.model.specifiers import is_overlay

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dtovl.matrix.spelling import What

_ENDINGS = ("dtb", "dts", "dtbo", "dtso", "overlay")
_KINDS: tuple[What, ...] = ("base", "overlay")
_SOURCES = frozenset({"dts", "dtso", "overlay"})
_OVERLAYS = frozenset({"dtbo", "dtso", "overlay"})
_BUILT = re.compile(r"_?build([-_.].*)?|cmake-build.*|bazel-.*|out|output|dist|target|tmp|obj")
_FOREIGN = frozenset({"node_modules", "__pycache__", "site-packages", "venv"})
_INCLUDES = ("include", "dts/include")
_MOST_FOLLOWED = 16
"""Most sources that are followed from one to the next to tell what the first is."""

_COMMENT = re.compile(rb"//[^\n]*|/\*(?:.*?\*/|.*\Z)", re.DOTALL)
_INCLUDED = re.compile(rb'^[ \t]*(?:#[ \t]*|/)include/?[ \t]*"([^"\n]+\.dts[io]?)"', re.MULTILINE)


def discover(
    folder: str, listing: Listing | None = None, read: Callable[[str], bytes] = read_bytes
) -> Config:
    """Find the bases and overlays of a folder that has no configuration.

    Hidden folders and those of other people's packages are left out; folders of build output too,
    unless bases or overlays are found nowhere else. Of a blob beside its source the source is
    taken: messages can point into it. Files that are neither base nor overlay are passed over.

    Raises InputError (DT618) when bases or overlays are missing, DT011 for an unreadable folder.
    """
    config, missing = sketch(folder, listing, read)
    if missing is not None:
        raise InputError(missing)
    return config


def sketch(
    folder: str, listing: Listing | None = None, read: Callable[[str], bytes] = read_bytes
) -> tuple[Config, Diagnostic | None]:
    """Do the same where bases or overlays may be missing: then say so (DT618) beside the rest.

    Raises InputError (DT011) for an unreadable folder.
    """
    folder = "" if folder == "." else folder
    finder = _Finder(listing or Listing.of_folder(folder), prefix_of(folder), read)
    for built in (False, True):
        kinds = finder.kinds(built=built)
        missing = [kind for kind in _KINDS if kind not in kinds.values()]
        if not missing:
            break
    told = _nothing(folder or ".", missing, len(kinds)) if missing else None
    spelling = Spelling(kinds, finder.files, finder.left_out)
    include = finder.include_dirs()
    bases, overlays = (
        tuple(
            files._replace(include_dirs=include) if _ending(files.globs[0]) in _SOURCES else files
            for files in spelling.of(kind)
        )
        for kind in _KINDS
    )
    return Config("", folder, bases, overlays), told


def _nothing(folder: str, missing: Sequence[str], others: int) -> Diagnostic:
    endings = ", ".join(f"*.{ending}" for ending in _ENDINGS)
    why = f"no file of {endings} in it is one, going by its content"
    if others:
        why += f"; of the other kind there are {others}"
    return Diagnostic(NOTHING_TO_CHECK, folder=folder, missing=" and no ".join(missing), why=why)


class _Finder:
    """Looks through a folder.

    files are all that could count, whether or not they were taken; left_out are the folders that
    were not looked into.
    """

    def __init__(self, listing: Listing, prefix: str, read: Callable[[str], bytes]) -> None:
        self.files: list[str] = []
        self.left_out: list[str] = []
        self._listing = listing
        self._prefix = prefix
        self._read = read

    def kinds(self, *, built: bool) -> dict[str, What]:
        """Tell of each file that is a base or an overlay which of them; built: of builds, too."""
        self._walk(built=built)
        sources = {path.rpartition(".")[0] for path in self.files if _ending(path) in _SOURCES}
        found: dict[str, What] = {}
        seen: dict[bytes, str] = {}
        for path in sorted(self.files, key=lambda path: (path.count("/"), path)):
            if _ending(path) not in _SOURCES and not sources.isdisjoint(_stems(path)):
                continue
            kind, digest = self._kind(path)
            # The same bytes once more are a copy, such as one for an image.
            if kind is not None and seen.setdefault(digest, path) == path:
                found[path] = kind
        return found

    def include_dirs(self) -> tuple[str, ...]:
        """Give the folders that source will want to include from."""
        return tuple(self._prefix + name for name in _INCLUDES if self._has_folder(name))

    def _has_folder(self, path: str) -> bool:
        above, _, name = path.rpartition("/")
        return name in self._listing.entries(above).folders

    def _walk(self, *, built: bool) -> None:
        self.files.clear()
        self.left_out.clear()
        pending = [""]
        while pending:
            folder = pending.pop()
            entries = self._listing.entries(folder)
            start = f"{folder}/" if folder else ""
            self.files.extend(
                start + name
                for name in entries.files
                if not name.startswith(".") and _ending(name) in _ENDINGS
            )
            for name in entries.folders:
                if name.startswith("."):
                    continue  # globs do not look into it either
                foreign = name in _FOREIGN or (_BUILT.fullmatch(name) and not built)
                (self.left_out if foreign else pending).append(start + name)
        limit = Limits().files
        if len(self.files) > limit:
            count = len(self.files)
            what = "files to look into"
            raise InputError(Diagnostic(TOO_MANY, what=what, count=count, limit=limit, key="files"))
        self.files.sort()

    def _kind(self, path: str) -> tuple[What | None, bytes]:
        """Tell what a file is, None when it is neither, and give a digest of its bytes."""
        try:
            data = self._read(self._prefix + path)
            if _ending(path) in _SOURCES and recognise(data) is Kind.DTS:
                kind = self._kind_of_source(path, data)
            else:
                kind = _kind_of_blob(data, path)
            return kind, sha256(data).digest()
        except InputError:
            # What is broken has to be checked all the same: the check says what is wrong with it.
            kind = "overlay" if _ending(path) in _OVERLAYS else "base"
            return kind, path.encode("utf-8", "replace")

    def _kind_of_source(self, path: str, data: bytes) -> What | None:
        """Tell what source makes; a variant of a board takes its first line from what it includes.

        What is no whole source, such as an overlay of Zephyr, is neither.
        """
        pending = [(path, data)]
        seen = {path}
        while pending:
            at, text = pending.pop(0)
            bare = _COMMENT.sub(b" ", text)
            if b"/plugin/" in bare or b"__overlay__" in bare:
                return "overlay"
            if b"/dts-v1/" in bare:
                return "base"
            for match in _INCLUDED.finditer(bare):
                other = self._beside(at, match[1].decode("utf-8", "surrogateescape"))
                if other and other not in seen and len(seen) < _MOST_FOLLOWED:
                    seen.add(other)
                    pending.append((other, self._read(self._prefix + other)))
        return None

    def _beside(self, path: str, name: str) -> str:
        """Give the path of a file that source names beside itself, "" if there is none."""
        folder = path.rpartition("/")[0]
        other = clean(f"{folder}/{name}" if folder else name)
        return "" if leads_outside(other) or not self._listing.has(other) else other


def _kind_of_blob(data: bytes, path: str) -> What | None:
    if recognise(data) not in (Kind.DTB, Kind.GZIP):
        return None
    found = survey(data, path)
    if found is not None:
        overlay, board = found.is_overlay, bool(found.compatible)
    else:
        tree = read_blob(data, path)
        overlay, board = is_overlay(tree), "compatible" in tree.root.properties
    # What has no fragments and is no board either is an overlay that lacks something.
    return "overlay" if overlay or (_ending(path) == "dtbo" and not board) else "base"


def _stems(path: str) -> set[str]:
    """Give what the source of a blob may be called, without its ending."""
    stem = path.rpartition(".")[0]
    short = stem.rpartition(".")
    # `cam.dtso` makes `cam.dtbo`, or `cam.dtso.dtb` in some builds.
    return {stem, short[0]} if short[2] in _SOURCES else {stem}
