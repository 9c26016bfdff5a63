"""Files and folders at the edge: bounded reading, walking a folder, writing in one step.

os and os.path alone: every command starts with this module, and pathlib takes longer to import
than a board takes to read.
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import contextmanager, suppress
from errno import EBADF, ENOTSUP, EPERM
from io import BufferedReader, BytesIO, FileIO, RawIOBase
from typing import TYPE_CHECKING

from dtovl.codes.input import FILE_UNREADABLE, FILE_UNWRITABLE, OUTPUT_IS_INPUT, TOO_LARGE
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError
from dtovl.fdt.header import MAGIC_BYTES
from dtovl.model.limits import (
    MAX_BLOB_BYTES,
    MAX_DEPTH,
    MAX_DIRECTORY_ENTRIES,
    MAX_SOURCE_BYTES,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from _typeshed import WriteableBuffer

STANDARD_STREAM = "-"
"""The path that means standard input, or standard output."""

_CHUNK = 1 << 20
_READ = os.O_RDONLY | os.O_CLOEXEC


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Read a file whole, or standard input for `-`.

    The size is looked at before anything is read, and again while reading, since pipes and files
    of /proc do not tell theirs. Devices are refused, pipes are read. Nothing but a blob is read
    beyond the bound of source: what is none is refused by what it begins with.

    Raises InputError (DT001, DT009, DT011).
    """
    shown = os.fspath(path)
    if shown == STANDARD_STREAM:
        return _read_standard_input()
    try:
        file = os.open(shown, _READ)
        try:
            return _read_open(file, shown, only_blobs_beyond=MAX_SOURCE_BYTES)
        finally:
            os.close(file)
    except (OSError, ValueError) as error:
        raise InputError(_unreadable(shown, error)) from error


@contextmanager
def open_bytes(
    path: str | os.PathLike[str], tell: Callable[[int, int], None] | None = None
) -> Iterator[BufferedReader]:
    """Open a file to be read in pieces, or standard input for `-`; it is closed in the end.

    For what may be larger than memory: a log. Folders and devices are refused, pipes are read. tell
    is called after each piece with the bytes read so far and those of the whole file, 0 where that
    is not known, as of a pipe.

    Raises InputError (DT011), also from the reads inside the `with` statement.
    """
    shown = os.fspath(path)
    try:
        raw = _raw_file(shown)
    except (OSError, ValueError, AttributeError) as error:
        raise _not_open(shown, error) from error
    with raw:
        try:
            yield BufferedReader(raw if tell is None else _Counted(raw, tell), _CHUNK)
        except OSError as error:
            raise InputError(_unreadable(shown, error)) from error


def _raw_file(shown: str) -> FileIO:
    """Open a regular file or pipe without a buffer; standard input stays open when it is closed."""
    own = shown != STANDARD_STREAM
    file = os.open(shown, _READ) if own else sys.stdin.fileno()
    try:
        _refuse_devices(os.fstat(file).st_mode, file)
        return FileIO(file, closefd=own)
    except OSError:
        if own:
            os.close(file)
        raise


class _Counted(RawIOBase):
    """A file that tells how far it has been read."""

    def __init__(self, raw: FileIO, tell: Callable[[int, int], None]) -> None:
        self._raw = raw
        self._tell = tell
        self._done = 0
        self._size = os.fstat(raw.fileno()).st_size

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        """Read into a buffer; give the number of bytes."""
        size = self._raw.readinto(buffer)
        self._done += size or 0
        self._tell(self._done, self._size)
        return size


def read_included(path: str) -> bytes | None:
    """Read a file that another file names, None when there is none; `-` is a file of that name.

    Only regular files are read: whoever wrote the path must not make the reader wait for a pipe.

    Raises OSError with the reason, ValueError for a path that no file can have.
    """
    try:
        file = os.open(path, _READ | os.O_NONBLOCK)
    except FileNotFoundError:
        if not os.path.lexists(path):
            return None
        raise
    try:
        mode = os.fstat(file).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise OSError(None, "it is a pipe, device or socket, no regular file")
        return _read_open(file, path)
    except InputError as error:
        raise OSError(None, str(error.diagnostic.fields["what"])) from error
    finally:
        os.close(file)


def is_directory(path: str | os.PathLike[str]) -> bool:
    """Tell whether a path that a user gave is a folder; `-` is none."""
    shown = os.fspath(path)
    return shown != STANDARD_STREAM and os.path.isdir(shown)


def list_directory(path: str | os.PathLike[str]) -> list[str]:
    """List the names of the files in a folder, sorted; links to files are of them.

    Names are as the operating system functions of Python take them. Raises InputError (DT009,
    DT011).
    """
    shown = os.fspath(path)
    names: list[str] = []
    try:
        with os.scandir(shown) as entries:
            for entry in entries:
                if entry.is_file():
                    names.append(entry.name)
                if len(names) > MAX_DIRECTORY_ENTRIES:
                    what = f"the bound is {MAX_DIRECTORY_ENTRIES} entries"
                    raise InputError(Diagnostic(TOO_LARGE, name=shown, what=what))
    except (OSError, ValueError) as error:
        raise InputError(_unreadable(shown, error)) from error
    return sorted(names)


def scan_directory(path: str, top: str) -> tuple[list[str], list[str], list[str]]:
    """List the files and the folders in a folder, and the links that lead out of top.

    Links to files below top are files, as are those to nothing: who reads them tells why. Links to
    folders are left out, so that nothing is met twice. In a folder that is not there is nothing.

    Raises InputError (DT009, DT011).
    """
    files: list[str] = []
    folders: list[str] = []
    outside: list[str] = []
    try:
        with os.scandir(path) as entries:
            for number, entry in enumerate(entries):
                if number >= MAX_DIRECTORY_ENTRIES:
                    what = f"the bound is {MAX_DIRECTORY_ENTRIES} entries"
                    raise InputError(Diagnostic(TOO_LARGE, name=path, what=what))
                if entry.is_symlink():
                    inside, there = is_inside(entry.path, top), os.path.exists(entry.path)
                    if not (inside and there) or entry.is_file():
                        (files if inside else outside).append(entry.name)
                elif entry.is_dir():
                    folders.append(entry.name)
                elif entry.is_file():
                    files.append(entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return [], [], []
    except (OSError, ValueError) as error:
        raise InputError(_unreadable(path, error)) from error
    return files, folders, outside


def is_inside(path: str, top: str) -> bool:
    """Tell whether a path lies in a folder when all links are followed, there or not."""
    real, within = os.path.realpath(path), os.path.realpath(top)
    return real == within or real.startswith(os.path.join(within, ""))


def file_size(path: str) -> int:
    """Give the bytes of a file, 0 where there is none: to estimate work by, not to rely on."""
    try:
        return os.stat(path).st_size
    except (OSError, ValueError):
        return 0


def is_file(path: str | os.PathLike[str]) -> bool:
    """Tell whether a path that a user gave is a regular file, or a link to one."""
    return os.path.isfile(path)


def walk_directory(path: str | os.PathLike[str]) -> Iterator[tuple[str, bytes | None]]:
    """Give the entries of a folder as dtovl.inputs.from_directory takes them.

    Entries are (path below the folder, content or None for a folder), files before folders, each
    by name: the order in which a file system lists them means nothing. Links, devices, sockets and
    pipes below the folder are left out; path itself may be a link, as /proc/device-tree is.
    Names are latin-1.

    Raises InputError (DT009, DT011).
    """
    shown = os.fspath(path)
    count = 0
    pending = [""]
    while pending:
        below = pending.pop()
        if below:
            yield below, None
        files, folders = _list(shown, below)
        count += len(files) + len(folders)
        if count > MAX_DIRECTORY_ENTRIES or below.count("/") > MAX_DEPTH:
            what = f"the bound is {MAX_DIRECTORY_ENTRIES} entries, {MAX_DEPTH} levels deep"
            raise InputError(Diagnostic(TOO_LARGE, name=shown, what=what))
        for name in files:
            content = _read_entry(shown, _join(below, name))
            if content is not None:
                yield _join(below, name), content
        pending.extend(_join(below, name) for name in reversed(folders))


def write_atomically(
    path: str | os.PathLike[str],
    data: bytes,
    *,
    force: bool = False,
    inputs: Iterable[str | os.PathLike[str]] = (),
) -> None:
    """Write a file in one step: it has its old content or the new one, at any moment.

    A temporary file in the folder of the target is filled, brought to disk and put in its place,
    with the mode of the file that was there. A link is followed. What is no regular file
    (/dev/null, a pipe) is written to directly. inputs are what the command has read: none of them
    is overwritten, and nothing is put into a folder among them, without force. After a failure the
    target is as before, and nothing else stays.

    Raises InputError (DT012, DT013).
    """
    shown = os.fspath(path)
    try:
        target = os.path.realpath(shown)
        # What /dev/stderr and /dev/fd/63 are links to, a pipe, has no path of its own.
        before = os.stat(shown) if os.path.lexists(target) or os.path.exists(shown) else None
        if not force:
            _refuse_inputs(shown, target, before, inputs)
        if before is None or stat.S_ISREG(before.st_mode):
            _replace(target, data, before)
        else:
            _write_to(os.open(shown, os.O_WRONLY | os.O_CLOEXEC), data)
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(Diagnostic(FILE_UNWRITABLE, name=shown, what=_reason(error))) from error


def create_atomically(path: str | os.PathLike[str], data: bytes) -> bool:
    """Make a file in one step, whole, where there is none; False when there is one.

    Raises OSError or ValueError with the reason when it cannot be made; then nothing stays.
    """
    shown = os.fspath(path)
    if os.path.lexists(shown):
        return False
    with _temporary(shown, data) as temporary:
        try:
            # Unlike a rename, a link never takes the place of a file that has come meanwhile.
            os.link(temporary, shown)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in (EPERM, ENOTSUP):
                raise
            # A file system without links, such as that of memory cards.
            os.rename(temporary, shown)
    return True


# -- reading -------------------------------------------------------------------------------------


def _read_standard_input() -> bytes:
    try:
        return _read_chunks(sys.stdin.fileno(), "standard input", MAX_SOURCE_BYTES)
    except (OSError, ValueError, AttributeError) as error:
        raise _not_open(STANDARD_STREAM, error) from error


def _not_open(shown: str, error: Exception) -> InputError:
    """Say why an input that a user gave cannot be read."""
    if shown != STANDARD_STREAM:
        return InputError(_unreadable(shown, error))
    # Python has None for a stream that is closed when it starts.
    if sys.stdin is None or sys.stdin.closed or getattr(error, "errno", None) == EBADF:
        fix = "name a file, or pipe something in"
        what = "standard input is closed"
        return InputError(Diagnostic(FILE_UNREADABLE, name=STANDARD_STREAM, what=what, fix=fix))
    return InputError(_unreadable("standard input", error))


def _read_open(file: int, shown: str, only_blobs_beyond: int = MAX_BLOB_BYTES) -> bytes:
    found = os.fstat(file)
    _refuse_devices(found.st_mode, file)
    if found.st_size > MAX_BLOB_BYTES:
        raise InputError(_too_large(shown, f"it has {found.st_size} bytes"))
    return _read_chunks(file, shown, only_blobs_beyond)


def _refuse_devices(mode: int, file: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError("it is a folder")
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or os.isatty(file)):
        raise OSError("it is a device or socket, no file; copy it to a file first")


def _read_chunks(file: int, shown: str, only_blobs_beyond: int) -> bytes:
    """Read to the end, into one buffer, which getvalue hands over without a copy."""
    kept = BytesIO()
    while part := os.read(file, _CHUNK):
        kept.write(part)
        size = kept.tell()
        if size > MAX_BLOB_BYTES:
            raise InputError(_too_large(shown, "there is more in it"))
        if size > only_blobs_beyond and kept.getbuffer()[:4] != MAGIC_BYTES:
            raise InputError(_no_large_blob(kept.getvalue(), shown))
    return kept.getvalue()


def _no_large_blob(start: bytes, shown: str) -> Diagnostic:
    """Say why a file that begins like this, and is larger than source may be, is not read."""
    from dtovl.inputs import Kind, recognise, refusal

    if recognise(start) in (Kind.DTS, Kind.GZIP):
        what = f"source and compressed data have at most {MAX_SOURCE_BYTES} bytes"
        return Diagnostic(TOO_LARGE, name=shown, what=what)
    return refusal(start, shown)


def _too_large(shown: str, what: str) -> Diagnostic:
    return Diagnostic(TOO_LARGE, name=shown, what=f"{what}, the bound is {MAX_BLOB_BYTES} bytes")


def _unreadable(shown: str, error: Exception) -> Diagnostic:
    what, fix = _reason(error), None
    if isinstance(error, FileNotFoundError):
        what = "it is a link to nothing" if os.path.islink(shown) else what
        fix = _similar(shown) or "check the path"
    return Diagnostic(FILE_UNREADABLE, name=shown, what=what, fix=fix)


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file or folder"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error) or type(error).__name__


def _similar(shown: str) -> str:
    """Ask for the file beside a missing one whose name is nearest, "" where none is near."""
    from difflib import get_close_matches

    folder, name = os.path.split(shown)
    try:
        names = sorted({*os.listdir(folder or ".")} - {name})[:10_000]
    except (OSError, ValueError):
        return ""
    near = get_close_matches(name, names, n=1, cutoff=0.75)
    return f"did you mean {os.path.join(folder, near[0])}?" if near else ""


# -- folders -------------------------------------------------------------------------------------


def _join(below: str, name: str) -> str:
    return f"{below}/{name}" if below else name


def _real(top: str, below: str) -> bytes:
    """Give the path of an entry as the operating system knows it."""
    return os.path.join(os.fsencode(top), below.encode("latin-1"))


def _list(top: str, below: str) -> tuple[list[str], list[str]]:
    files = []
    folders = []
    try:
        with os.scandir(_real(top, below)) as entries:
            for entry in entries:
                name = entry.name.decode("latin-1")
                if entry.is_dir(follow_symlinks=False):
                    folders.append(name)
                elif entry.is_file(follow_symlinks=False):
                    files.append(name)
    except (OSError, ValueError) as error:
        raise InputError(_unreadable(_join(top, below), error)) from error
    return sorted(files), sorted(folders)


def _read_entry(top: str, below: str) -> bytes | None:
    """Read a file of a folder; None when it has become something else since it was listed."""
    shown = _join(top, below)
    try:
        # Should a pipe or link have taken its place: no waiting, no following.
        file = os.open(_real(top, below), _READ | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                return None
            return _read_open(file, shown)
        finally:
            os.close(file)
    except OSError as error:
        raise InputError(_unreadable(shown, error)) from error


# -- writing -------------------------------------------------------------------------------------


def _refuse_inputs(
    shown: str,
    target: str,
    before: os.stat_result | None,
    inputs: Iterable[str | os.PathLike[str]],
) -> None:
    """Raise DT012 for a target that is one of the inputs, or would lie in a folder among them."""
    for one in inputs:
        given = os.fspath(one)
        try:
            found = os.stat(sys.stdin.fileno() if given == STANDARD_STREAM else given)
        except (OSError, ValueError, AttributeError):
            continue
        mode = found.st_mode
        if before is not None and os.path.samestat(found, before):
            # What comes from a terminal may go there again.
            if given != STANDARD_STREAM or stat.S_ISREG(mode):
                raise InputError(Diagnostic(OUTPUT_IS_INPUT, name=shown, what="an input"))
        elif stat.S_ISDIR(mode) and target.startswith(os.path.join(os.path.realpath(given), "")):
            raise InputError(Diagnostic(OUTPUT_IS_INPUT, name=shown, what="inside an input"))


def _replace(target: str, data: bytes, before: os.stat_result | None) -> None:
    with _temporary(target, data, before) as temporary:
        os.replace(temporary, target)


@contextmanager
def _temporary(target: str, data: bytes, before: os.stat_result | None = None) -> Iterator[str]:
    """Fill a file in the folder of the target, and bring it to disk; it is gone in the end."""
    folder = os.path.dirname(target)
    temporary = os.path.join(folder, f".dtovl-{os.getpid()}-{os.urandom(4).hex()}.tmp")
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        _write_to(file, data, before, sync=True)
        yield temporary
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def _write_to(
    file: int, data: bytes, before: os.stat_result | None = None, *, sync: bool = False
) -> None:
    """Write everything to an open file, give it the mode of the one before it, and close it."""
    try:
        if before is not None:
            os.fchmod(file, stat.S_IMODE(before.st_mode))
        left = memoryview(data)
        while left:
            left = left[os.write(file, left) :]
        if sync:
            os.fsync(file)
    finally:
        os.close(file)
