"""A folder of sealed entries, each found by its key: what a cache lies in.

Entries are files in 256 folders, made whole under another name and then put in place, so that any
number of runs may read and write at once. Each begins with a line that says how long it is and what
its SHA-256 is. Whatever is not as it was written (cut, changed, a link, a pipe, a folder) is no
entry, and the next that is written takes its place. Nothing is brought to disk with a sync: an
entry that a crash spoils is one that is not there.

The seal finds damage, not forgery: whoever may write to the folder decides what is found there.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ENTRY_BYTES = 16 << 20
"""Largest entry that is written or read."""

_HEAD = b"dtovl-cache 1 %s %d\n"
_FOLDER = re.compile(r"[0-9a-f]{2}\Z")
# An entry, or one that is not finished, as a run that was killed leaves it.
_OURS = re.compile(r"[0-9a-f]{62}\.json\Z|\.dtovl-[0-9a-f-]+\.tmp\Z")

# Backup programs leave such a folder out (https://bford.info/cachedir/), and so does git.
_TAGS = {
    "CACHEDIR.TAG": b"Signature: 8a477f597d28d172789f06886806bc55\n"
    b"# Results that dtovl keeps; they may be deleted at any time.\n",
    ".gitignore": b"*\n",
}


class _Kept(NamedTuple):
    """A file below the folder: when it was last used, how large it is, where it lies."""

    used: float
    size: int
    path: str


class Store:
    """The entries below a folder. Keys are 64 hexadecimal digits."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def prepare(self) -> None:
        """Make the folder with the files that tell others to leave it alone.

        Raises OSError, ValueError when nothing can be written there.
        """
        if os.path.islink(self.folder):
            # One that comes with what is checked would have entries of another folder deleted.
            raise NotADirectoryError(None, "it is a link: name the folder itself")
        os.makedirs(self.folder, exist_ok=True)
        for name, content in _TAGS.items():
            path = os.path.join(self.folder, name)
            if not os.path.lexists(path):
                self._write(self.folder, name, content)
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise PermissionError(None, "the folder is write-protected")

    def get(self, key: str) -> bytes | None:
        """Give the content of an entry, None when there is no sound one."""
        try:
            return self._get(key)
        except (OSError, ValueError):
            return None

    def _get(self, key: str) -> bytes | None:
        path = os.path.join(self.folder, key[:2], f"{key[2:]}.json")
        # No link is followed, no pipe waited for.
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            found = os.fstat(file)
            if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_ENTRY_BYTES:
                return None
            # os.read gives at most what is asked for; a file that grows meanwhile is no entry.
            data = os.read(file, found.st_size + 1)
            # Entries in use are the last to go; one that may only be read is still of use.
            with suppress(OSError):
                os.utime(file)
        finally:
            os.close(file)
        head, _, content = data.partition(b"\n")
        return content if head + b"\n" == _head(content) else None

    def put(self, key: str, content: bytes) -> None:
        """Write an entry, in place of one that is there; one beyond the bound is left out.

        Raises OSError, ValueError with the reason when it cannot be written.
        """
        if len(content) > MAX_ENTRY_BYTES - len(_HEAD) - 100:
            return
        folder = os.path.join(self.folder, key[:2])
        self._write(folder, f"{key[2:]}.json", _head(content) + content)

    def _write(self, folder: str, name: str, data: bytes) -> None:
        """Write a file under another name, then give it its own."""
        place = _open_folder(folder)
        try:
            unfinished = f".dtovl-{os.getpid()}-{os.urandom(6).hex()}.tmp"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            file = os.open(unfinished, flags, 0o666, dir_fd=place)
            try:
                with os.fdopen(file, "wb", buffering=0) as stream:
                    left = memoryview(data)
                    while left:
                        left = left[stream.write(left) :]
                os.replace(unfinished, name, src_dir_fd=place, dst_dir_fd=place)
            except BaseException:
                with suppress(OSError):
                    os.unlink(unfinished, dir_fd=place)
                raise
        finally:
            os.close(place)

    def trim(self, most: int) -> None:
        """Delete entries, the longest unused first, until at most this many bytes are left.

        Only files of the names that are written here are looked at. Nothing is raised: another run
        may delete at the same time, or nobody may.
        """
        kept = sorted(self._kept())
        size = sum(one.size for one in kept)
        for one in kept:
            if size <= most:
                break
            with suppress(OSError):
                os.unlink(one.path)
            size -= one.size

    def _kept(self) -> Iterator[_Kept]:
        for folder in _listed(self.folder):
            if not _FOLDER.match(folder.name) or not folder.is_dir(follow_symlinks=False):
                continue
            for entry in _listed(folder.path):
                with suppress(OSError):
                    found = entry.stat(follow_symlinks=False)
                    if _OURS.match(entry.name) and not stat.S_ISDIR(found.st_mode):
                        yield _Kept(found.st_mtime, found.st_size, entry.path)


def _head(content: bytes) -> bytes:
    return _HEAD % (sha256(content).hexdigest().encode(), len(content))


def _listed(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (OSError, ValueError):
        return []


def _open_folder(path: str) -> int:
    """Open a folder, made if it is not there; a link to one would lead out of the cache."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        os.makedirs(path, exist_ok=True)
        return os.open(path, flags)
