"""What was found on a base, kept for the next run, which then looks only at what has changed.

An entry belongs to the content of one base, and to all that its results depend on besides the other
files: the version of dtovl, the settings, the base's name and how its source is read. In it stand
the digests of the overlays, and of every file that a source looked at, those among them that were
not there. Once all of them are as before, the whole result is; where only overlays have changed,
the cases of the others are.

Why an entry holds a base and not a case: five thousand small files cost more than they save, and
what overlays of one base do to each other has to be kept with all of them in any case. After a
change of one overlay that is found anew for all pairs: it is found by what each overlay touches,
which is no part of a result, and costs little beside the cases.

Digests are of the bytes that the work was done with, as both read through the cache: a file that
changes while a run goes on cannot give an entry that is wrong.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl._version import __version__
from dtovl.codes.cache import CACHE_UNWRITABLE
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError
from dtovl.files import read_bytes, read_included
from dtovl.matrix.plainform import from_plain, to_plain
from dtovl.matrix.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtovl.matrix.inputs import ReadFile, ReadIncluded
    from dtovl.matrix.result import BaseResult, Case
    from dtovl.matrix.tasks import Settings, Task

MAX_CACHE_BYTES = 512 << 20
"""Size of all entries beyond which the longest unused are deleted, in bytes."""

_ABSENT = ""
"""Instead of the digest of a file that is not there."""


class _Identity(NamedTuple):
    """What a task is: the key of its base, the digest of all of it, one for each overlay."""

    key: str
    whole: str
    overlays: list[str]


class _Entry(NamedTuple):
    """A sound entry whose further files are as they were.

    whole and overlays are as in the identity of the task it was kept for; cases are places of
    overlays and names, as JSON has them.
    """

    whole: str
    overlays: Any
    cases: Any
    result: BaseResult

    def by_overlays(self) -> dict[tuple[tuple[str, ...], str], Case]:
        """Give the cases by the digests of their overlays and by name.

        Raises TypeError, ValueError, LookupError for what keep never wrote.
        """
        return {
            (tuple(self.overlays[place] for place in places), name): case
            for (places, name), case in zip(self.cases, self.result.cases, strict=True)
        }


class Cache:
    """Recalls and keeps what tasks came to, in a folder.

    read and read_included are as for dtovl.matrix.work.Worker, which takes the cache's own `read`:
    what has been read by it is what an entry is valid for. Every process may have its own Cache of
    one folder. problem says why results are not kept, None while they are.
    """

    def __init__(
        self,
        folder: str,
        settings: Settings,
        read: ReadFile = read_bytes,
        read_included: ReadIncluded = read_included,
    ) -> None:
        self.problem: Diagnostic | None = None
        self._store = Store(folder)
        self._settings = settings
        self._read = read
        self._read_included = read_included
        # Of the files of the plan, and of those that sources include: a name may mean another file
        # for the one than for the other.
        self._digests: dict[str, str] = {}
        self._included: dict[str, str | None] = {}

    def prepare(self) -> Diagnostic | None:
        """Make the folder; say why nothing can be kept there, None when all is well.

        For the one that starts a run; without it nothing but the two files that mark the folder is
        missed.
        """
        try:
            self._store.prepare()
        except (OSError, ValueError) as error:
            self._give_up(error)
        return self.problem

    def read(self, path: str) -> bytes:
        """Read a file of the plan, and remember its digest.

        Raises InputError (DT001, DT009, DT011).
        """
        self._digests.pop(path, None)
        content = self._read(path)
        self._digests[path] = sha256(content).hexdigest()
        return content

    def recall(self, task: Task) -> BaseResult | None:
        """Give the result of a task whose files are all as they were, None without one."""
        identity = self._identity(task)
        entry = None if identity is None else self._entry(identity.key)
        if identity is None or entry is None or entry.whole != identity.whole:
            return None
        return entry.result if _fits(entry.result, task) else None

    def known(self, task: Task) -> dict[int, Case]:
        """Give the cases of a task that another result has, by their places in the task.

        For a task that recall does not have: base and overlays of these cases are as they were.
        """
        identity = self._identity(task)
        entry = None if identity is None else self._entry(identity.key)
        if identity is None or entry is None:
            return {}
        try:
            kept = entry.by_overlays()
        except (TypeError, ValueError, LookupError):
            return {}
        known = {}
        for place, wanted in enumerate(task.cases):
            overlays = tuple(identity.overlays[index] for index in wanted.overlays)
            case = kept.get((overlays, wanted.name))
            if case is not None and case[:3] == _names(task, place):
                known[place] = case
        return known

    def keep(self, task: Task, result: BaseResult, deps: Mapping[str, bytes | None]) -> None:
        """Keep the result of a task; deps are the further files that its sources looked at.

        Nothing is kept when a file of the plan could not be read, and nothing is raised.
        """
        identity = self._identity(task)
        if identity is None:
            return
        from json import dumps

        looked_at = {
            path: _ABSENT if content is None else sha256(content).hexdigest()
            for path, content in deps.items()
        }
        cases = [(wanted.overlays, wanted.name) for wanted in task.cases]
        data = [*identity, cases, looked_at, to_plain(result)]
        try:
            self._store.put(identity.key, dumps(data, separators=(",", ":")).encode("ascii"))
        except (OSError, ValueError) as error:
            self._give_up(error)

    def trim(self, most: int = MAX_CACHE_BYTES) -> None:
        """Delete the entries that have not been used for longest; once a run, at its end."""
        self._store.trim(most)

    def _give_up(self, error: Exception) -> None:
        if self.problem is None:
            what = getattr(error, "strerror", None) or str(error) or type(error).__name__
            folder = self._store.folder
            self.problem = Diagnostic(CACHE_UNWRITABLE, folder=folder, what=what.lower())

    # -- what an entry is valid for ----------------------------------------------------------------

    def _identity(self, task: Task) -> _Identity | None:
        """Say what a task is; None when a file of it cannot be read."""
        base = self._digest(task.base.path)
        digests = [self._digest(source.path) for source in task.overlays]
        if not base or "" in digests:
            return None
        key = _digest_of(__version__, tuple(self._settings), tuple(task.base), base)
        overlays = [
            _digest_of(tuple(source), digest)
            for source, digest in zip(task.overlays, digests, strict=True)
        ]
        cases = [tuple(wanted) for wanted in task.cases]
        return _Identity(key, _digest_of(overlays, cases, sorted(task.apart)), overlays)

    def _digest(self, path: str) -> str:
        """Give the digest of a file of the plan, "" for one that cannot be read."""
        if path not in self._digests:
            try:
                self.read(path)
            except InputError:
                return ""
        return self._digests[path]

    def _same(self, path: str, digest: object) -> bool:
        """Tell whether a file that a source looked at is as it was."""
        if path not in self._included:
            try:
                content = self._read_included(path)
                found = _ABSENT if content is None else sha256(content).hexdigest()
            except (OSError, ValueError):
                found = None
            self._included[path] = found
        return self._included[path] == digest

    def _entry(self, key: str) -> _Entry | None:
        content = self._store.get(key)
        if content is None:
            return None
        from json import loads

        try:
            kept_key, whole, overlays, cases, looked_at, result = loads(content)
            if kept_key != key or not all(self._same(*one) for one in looked_at.items()):
                return None
            return _Entry(whole, overlays, cases, from_plain(result))
        except (ValueError, TypeError, AttributeError, RecursionError):
            return None


def _digest_of(*values: object) -> str:
    """Give the digest of texts, numbers, and plain tuples and lists of them."""
    return sha256(repr(values).encode()).hexdigest()


def _names(task: Task, place: int) -> tuple[str, tuple[str, ...], str]:
    wanted = task.cases[place]
    overlays = tuple(task.overlays[index].path for index in wanted.overlays)
    return task.base.path, overlays, wanted.name


def _fits(result: BaseResult, task: Task) -> bool:
    """Tell whether a result speaks of the files and cases of a task, and of no others."""
    overlays = {source.path for source in task.overlays}
    return (
        result.base == task.base.path
        and len(result.cases) == len(task.cases)
        and all(case[:3] == _names(task, place) for place, case in enumerate(result.cases))
        and overlays.issuperset(name for one in result.between for name in (one.first, one.second))
        and all(file == result.base or file in overlays for file, _ in result.inputs)
    )
