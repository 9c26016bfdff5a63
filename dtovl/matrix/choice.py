"""Which files a configuration chooses: its bases and overlays, and those that entries name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from dtovl.codes import config as codes
from dtovl.diagnostics import Diagnostic, Location
from dtovl.errors import InputError
from dtovl.matrix.config import Files, prefix_of
from dtovl.matrix.globs import Glob, Globs, is_glob
from dtovl.matrix.result import as_finding
from dtovl.matrix.tasks import Source
from dtovl.model.limits import MAX_GLOB_STEPS
from dtovl.model.lookup import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.codes.base import Code
    from dtovl.matrix.config import Config
    from dtovl.matrix.listing import Listing
    from dtovl.matrix.result import Finding

    Kind = Literal["base", "overlay"]

_MOST_LINKS = 100
_MOST_HINTS = 20
"""Names in vain for which it is looked up what was meant: each takes milliseconds."""


class Choice:
    """The files chosen so far, and what is wrong with how they are named.

    bases and overlays are by path below the folder of the configuration; prefix stands before such
    a path for whoever opens the file. listed are the overlays that stand under `overlays`, not only
    in a pair or stack; lines tells where in the configuration a file was chosen, as what.
    """

    def __init__(self, config: Config, listing: Listing) -> None:
        self.bases: dict[str, Source] = {}
        self.overlays: dict[str, Source] = {}
        self.lines: dict[tuple[Kind, str], int] = {}
        self.findings: list[Finding] = []
        self.prefix = prefix_of(config.folder)
        self._config = config
        self._listing = listing
        self._selected: dict[tuple[str, str], tuple[str, ...]] = {}
        self._listed: set[str] = set()
        self._how: dict[str, list[tuple[Globs, Files]]] = {}
        self._steps = 0
        self._hints = 0
        self._told: set[str] = set()

    @property
    def listed(self) -> set[str]:
        """Give the overlays that stand under `overlays`."""
        return self._listed & self.overlays.keys()

    def choose(self) -> None:
        """Find the files of `bases` and `overlays`, and say of each glob that finds none."""
        self._choose("base", self._config.bases, self.bases)
        self._choose("overlay", self._config.overlays, self.overlays)
        self._listed = set(self.overlays)
        self._say_links()

    def _choose(self, kind: Kind, entries: Iterable[Files], chosen: dict[str, Source]) -> None:
        limit = self._config.limits.files
        for files in entries:
            excluded = Globs(files.excluded)
            for glob in files.globs:
                paths = self._listing.find(glob)
                left = [path for path in paths if not excluded.matches(path)]
                if not left:
                    self._say_nothing(glob, f"{kind}s", files.line, len(paths))
                for path in left:
                    if path not in chosen:
                        chosen[path] = self._made(path, files)
                        self.lines[kind, path] = files.line
                if len(chosen) > limit:
                    raise self.too_many(f"{kind}s", len(chosen), limit, "files", files.line)

    def _made(self, path: str, files: Files) -> Source:
        roots = (self._config.folder or ".", *self._config.trusted)
        return Source(self.prefix + path, files.include_dirs, files.defines, roots)

    def select(self, kind: Kind, texts: Iterable[str], key: str, line: int) -> list[str]:
        """Give the bases or overlays that paths and globs of an entry name, in their order."""
        found: dict[str, None] = {}
        for text in texts:
            paths = self._selected.get((kind, text))
            if paths is None:
                paths = self._selected[kind, text] = self._select(kind, text, key, line)
            found.update(dict.fromkeys(paths))
            self.count(len(paths))
        return list(found)

    def _select(self, kind: Kind, text: str, key: str, line: int) -> tuple[str, ...]:
        chosen = self.bases if kind == "base" else self.overlays
        if text in chosen:
            return (text,)
        if self._listing.has(text):
            chosen[text] = self._source(kind, text)
            self.lines[kind, text] = line
            return (text,)
        if not is_glob(text):
            self._say_missing(kind, text, key, line)
            return ()
        glob = Glob(text)
        self.count(len(chosen))
        paths = tuple(sorted(filter(glob.matches, chosen)))
        if not paths:
            self.note(codes.NOT_AMONG, line, glob=text, key=key, kind=kind)
        return paths

    def _source(self, kind: Kind, path: str) -> Source:
        """Tell how a file that an entry names alone is read: as the files it would stand among."""
        if kind not in self._how:
            entries = self._config.bases if kind == "base" else self._config.overlays
            self._how[kind] = [(Globs(files.globs), files) for files in entries]
        for globs, files in self._how[kind]:
            if globs.matches(path):
                return self._made(path, files)
        return self._made(path, Files(()))

    # -- what is wrong -----------------------------------------------------------------------------

    def note(self, code: Code, line: int, **fields: Any) -> None:
        """Report a finding at a line of the configuration."""
        at = Location(self._config.path, line) if self._config.path and line else None
        self.findings.append(as_finding(Diagnostic(code, at=at, **fields)))

    def too_many(self, what: str, count: object, limit: int, key: str, line: int = 0) -> InputError:
        """Give the error of a plan that would be larger than the configuration allows."""
        at = Location(self._config.path, line) if self._config.path else None
        return InputError(
            Diagnostic(codes.TOO_MANY, at=at, what=what, count=count, limit=limit, key=key)
        )

    def _say_nothing(self, glob: str, key: str, line: int, excepted: int) -> None:
        """Say that a glob finds nothing, or only so many files that `except` takes away again."""
        if glob not in self._listing.outside:
            hint = self._listing.near(glob) if not excepted and self._may_hint() else ""
            hint = f": `except` leaves out all {excepted} it finds" if excepted else hint
            self.note(codes.MATCHES_NOTHING, line, glob=glob, key=key, kind="file", hint=hint)

    def _say_missing(self, kind: Kind, text: str, key: str, line: int) -> None:
        """Say that an entry names a file that is not there; the same name in a folder is meant."""
        if text in self._listing.outside:
            self._say_links()
            return
        hint = self._meant(kind, text) if self._may_hint() else ""
        self.note(codes.MATCHES_NOTHING, line, glob=text, key=key, kind="file", hint=hint)

    def _meant(self, kind: Kind, text: str) -> str:
        chosen = self.bases if kind == "base" else self.overlays
        name = text.rpartition("/")[2]
        near = [path for path in sorted(chosen) if path.rpartition("/")[2] == name]
        near = near or nearest(text, chosen, 1)
        return f", did you mean {near[0]!r}?" if near else self._listing.near(text)

    def _may_hint(self) -> bool:
        self._hints += 1
        return self._hints <= _MOST_HINTS

    def _say_links(self) -> None:
        """Say which links lead out of the folder, each once."""
        without = Globs(
            glob
            for files in (*self._config.bases, *self._config.overlays)
            for glob in files.excluded
        )
        for path in sorted(self._listing.outside - self._told)[:_MOST_LINKS]:
            self._told.add(path)
            if not without.matches(path):
                self.note(codes.LINK_OUTSIDE, 0, file=self.prefix + path)

    def count(self, steps: int) -> None:
        """Count work on what the configuration names. Raises InputError (DT616)."""
        self._steps += steps
        if self._steps > MAX_GLOB_STEPS:
            raise InputError(Diagnostic(codes.GLOBS_TOO_COSTLY, limit=MAX_GLOB_STEPS))
