"""Surveys of a whole matrix: those of source text are kept, and made in several processes.

To tell which overlays go with which boards, every file is looked into. Of a blob that takes less
than to look up what is known of it. Source has to be read, which takes 20 to 200 ms; so what is
found is kept in the folder of the cache, for the next plan, and found by as many processes as the
tasks are worked on by.

An entry belongs to the content of one file, and to all that reading it depends on: the version of
dtovl, the file's name and how it is read. In it stand the digests of every further file that the
source looked at, those among them that were not there. Digests are of the bytes that were read.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl._version import __version__
from dtovl.codes.engine import WORKER_DIED
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError
from dtovl.fdt.header import MAGIC_BYTES
from dtovl.files import file_size, read_bytes, read_included
from dtovl.inputs import Kind, recognise
from dtovl.matrix.plainform import from_plain, to_plain
from dtovl.matrix.result import BaseResult, as_finding
from dtovl.matrix.run import defect, patient_collector, tuned
from dtovl.matrix.shards import reading
from dtovl.matrix.store import Store
from dtovl.matrix.survey import Surveyed, Surveyor, read_through, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dtovl.matrix.tasks import Source

    Progress = Callable[[int, int], None]
    Work = Callable[["Ask"], Surveyed]
    Make = Callable[[], Work]

_ABSENT = ""
"""Instead of the digest of a file that is not there."""

_EACH = 2  # a process that has less than so many files to read is not worth being started


class Ask(NamedTuple):
    """A file of source to be read, and the paths that are asked about."""

    source: Source
    paths: frozenset[str]


class Surveys(Surveyor):
    """Surveys the files of a matrix on this machine, each once.

    jobs is the number of processes that read source; what comes out is the same for any. A file at
    which a process dies twice is one that cannot be read (DT660). cache_folder is where what was
    found is kept, None for nowhere. progress is called with the files read and all to be read. make
    gives, in the process that calls it, the function that reads a file: that of station with the
    cache, if not given. It has to be known by name where processes are not forked.
    """

    def __init__(
        self,
        jobs: int = 1,
        cache_folder: str | None = None,
        progress: Progress | None = None,
        make: Make | None = None,
    ) -> None:
        super().__init__()
        self._jobs = jobs
        self._folder = cache_folder
        self._kept = None if cache_folder is None else Kept(cache_folder)
        self._progress = progress
        self._make = make

    def _survey(self, sources: Sequence[Source], paths: frozenset[str]) -> Iterable[Surveyed]:
        found: dict[Source, Surveyed] = {}
        asks: list[Ask] = []
        for source in sources:
            one = self._at_once(source, paths)
            if one is None:
                asks.append(Ask(source, paths))
            else:
                found[source] = one
        if asks:
            self._read_all(asks, found)
        return [found[source] for source in sources]

    def _at_once(self, source: Source, paths: frozenset[str]) -> Surveyed | None:
        """Survey what is no source, and look up what is; None for what has to be read."""
        try:
            data = self._read(source.path)
        except InputError as error:
            return unreadable(error)
        if data.startswith(MAGIC_BYTES) or recognise(data) is not Kind.DTS:
            return self._look(source, data, paths)
        return None if self._kept is None else self._kept.recall(source, data, paths)

    def _read_all(self, asks: Sequence[Ask], found: dict[Source, Surveyed]) -> None:
        folder = self._folder if self._kept is not None and self._kept.prepare() else None
        known = len(found)

        def take(index: int, surveyed: Surveyed) -> None:
            found[asks[index].source] = surveyed
            if self._progress is not None:
                self._progress(len(found) - known, len(asks))

        make = self._make or partial(station, folder)
        jobs = min(self._jobs, len(asks) // _EACH)
        if jobs > 1:
            _apart(asks, jobs, make, take)
            return
        work = make()
        with patient_collector():
            for index, ask in enumerate(asks):
                take(index, work(ask))


def _apart(
    asks: Sequence[Ask],
    jobs: int,
    make: Make,
    take: Callable[[int, Surveyed], None],
) -> None:
    """Read files in processes of their own."""
    # What is imported before they are forked is imported once.
    import dtovl.dts.reader  # noqa: F401  # for what it loads
    from dtovl.matrix.pool import Pool

    efforts = [reading(ask.source.path, file_size) for ask in asks]
    with Pool(asks, partial(tuned, make), take) as pool:
        for index, ending in pool.run(efforts, range(len(asks)), jobs).items():
            lost = Diagnostic(WORKER_DIED, what=asks[index].source.path, why=ending)
            take(index, Surveyed(findings=(as_finding(lost),)))


def station(cache_folder: str | None) -> Work:
    """Give the function that reads files of source, and keeps what it finds, unless in None."""
    kept = None if cache_folder is None else Kept(cache_folder)

    def work(ask: Ask) -> Surveyed:
        source = ask.source
        try:
            data = read_bytes(source.path)
            found, looked_at = read_through(source, data, ask.paths, read_included)
        except InputError as error:
            return unreadable(error)
        except MemoryError:
            raise
        except Exception as error:
            # It must not take the plan of all the others with it.
            return Surveyed(findings=(as_finding(defect(error, source.path)),))
        if kept is not None:
            kept.keep(source, data, found, looked_at)
        return found

    return work


class Kept:
    """The surveys of source that are kept in a folder."""

    def __init__(self, folder: str) -> None:
        self._store = Store(folder)
        self._included: dict[str, str | None] = {}

    def prepare(self) -> bool:
        """Make the folder; tell whether anything can be kept there."""
        try:
            self._store.prepare()
        except (OSError, ValueError):
            # The results of the run go there as well, and it says so.
            return False
        return True

    def recall(self, source: Source, data: bytes, paths: frozenset[str]) -> Surveyed | None:
        """Give what was found in a file, None when that is not known, or not of all the paths."""
        key = _key(source, data)
        content = self._store.get(key)
        if content is None:
            return None
        from json import loads

        try:
            kept_key, looked_at, plain = loads(content)
            if kept_key != key or not all(self._same(*one) for one in looked_at.items()):
                return None
            found = _from_plain(plain)
        except (ValueError, TypeError, AttributeError, RecursionError):
            return None
        return found if not found.readable or paths <= found.asked else None

    def keep(
        self, source: Source, data: bytes, found: Surveyed, looked_at: Mapping[str, bytes | None]
    ) -> None:
        """Keep what was found; looked_at are the further files. Nothing is raised."""
        from json import dumps

        key = _key(source, data)
        digests = {
            path: _ABSENT if content is None else sha256(content).hexdigest()
            for path, content in looked_at.items()
        }
        entry = dumps([key, digests, _to_plain(found)], separators=(",", ":")).encode("ascii")
        with suppress(OSError, ValueError):
            self._store.put(key, entry)

    def _same(self, path: str, digest: object) -> bool:
        """Tell whether a file that a source looked at is as it was."""
        if path not in self._included:
            try:
                content = read_included(path)
                found = _ABSENT if content is None else sha256(content).hexdigest()
            except (OSError, ValueError):
                found = None
            self._included[path] = found
        return self._included[path] == digest


def _key(source: Source, data: bytes) -> str:
    what = "survey", __version__, tuple(source), sha256(data).hexdigest()
    return sha256(repr(what).encode()).hexdigest()


# -- as JSON ---------------------------------------------------------------------------------------


def _to_plain(found: Surveyed) -> list[object]:
    sets = (found.labels, found.wanted, found.paths, found.asked)
    findings = None
    if found.findings:
        findings = to_plain(BaseResult("", (), inputs=tuple(("", one) for one in found.findings)))
    return [found.is_overlay, found.compatible, *map(sorted, sets), findings]


def _from_plain(plain: Any) -> Surveyed:
    """Give what _to_plain wrote. Raises ValueError, TypeError for anything else."""
    is_overlay, *columns, said = plain
    if type(is_overlay) is not bool or len(columns) != 5:
        raise ValueError("no survey")
    for column in columns:
        if type(column) is not list or not {str}.issuperset(map(type, column)):
            raise ValueError("no list of texts")
    labels, wanted, paths, asked = map(frozenset, columns[1:])
    inputs = () if said is None else from_plain(said).inputs
    findings = tuple(finding for _, finding in inputs)
    return Surveyed(is_overlay, tuple(columns[0]), labels, wanted, paths, asked, findings)
