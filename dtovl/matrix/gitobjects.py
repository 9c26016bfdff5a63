"""The files of a commit, read from git's objects: the one door to git.

Only plumbing is called, on objects that are there: no work tree, no index, no hook, no network. So
whatever a checkout holds, and whoever wrote it, nothing of it runs and nothing of it changes.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.compat import GIT_FAILED
from dtovl.codes.input import FILE_UNREADABLE
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError
from dtovl.model.limits import MAX_BLOB_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
_LINK, _SUBMODULE = "120000", "160000"
_MOST_LINKS = 16
_MOST_LINK_BYTES = 4096
_LISTS = "`git log --oneline` lists commits, `git branch --all` branches"
_POINTER = b"version https://git-lfs.github.com/spec/"


class _Entry(NamedTuple):
    """A file of a commit: its mode as git writes it, and the name of its object."""

    mode: str
    name: str


class GitTree:
    """The files of one commit, named as they would be in the work tree. A context.

    ref is what git calls a revision; folder lies in the repository, and paths given to read are
    relative to where folder is relative to. shown is how messages call the commit.
    """

    def __init__(self, ref: str, folder: str) -> None:
        self.shown = ref
        self._folder = folder
        self._prefix = self._ask("rev-parse", "--show-prefix").rstrip("\n")
        self._commit = self._resolve()
        self._entries = dict(self._list())
        self._batch: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> GitTree:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process that gives objects."""
        if self._batch is not None:
            self._batch.kill()
            self._batch.communicate()
            self._batch = None

    def paths(self) -> list[str]:
        """List the files below the folder, relative to it, sorted."""
        start = len(self._prefix)
        return sorted(
            path[start:]
            for path, entry in self._entries.items()
            if path.startswith(self._prefix) and entry.mode != _SUBMODULE
        )

    def covers(self, path: str) -> bool:
        """Tell whether a path lies in the repository, be there a file or not."""
        within = os.path.relpath(path, self._folder)
        return os.path.normpath(self._prefix + within).partition("/")[0] != ".."

    def read(self, path: str) -> bytes:
        """Give the bytes of a file. Raises InputError (DT011)."""
        try:
            content = self.read_included(path)
        except OSError as error:
            raise self._unreadable(path, str(error.strerror or error)) from error
        if content is None:
            raise self._unreadable(path, f"it is not in {self.shown}")
        return content

    def read_included(self, path: str) -> bytes | None:
        """Give the bytes of a file that another one names, None when there is none.

        Raises OSError for one that git holds no content of.
        """
        entry = self._find(path)
        if entry is None:
            return None
        if entry.mode == _SUBMODULE:
            raise OSError(None, "it is a submodule, whose files are in another repository")
        content = self._object(entry.name, MAX_BLOB_BYTES)
        if content.startswith(_POINTER):
            raise OSError(None, "it is kept by git LFS: the commit has a pointer only")
        return content

    # -- paths -------------------------------------------------------------------------------------

    def _find(self, path: str) -> _Entry | None:
        """Find the entry of a path, links of the commit being followed inside of it."""
        within = os.path.relpath(path, self._folder)
        names = os.path.normpath(self._prefix + within).split("/")
        for _ in range(_MOST_LINKS):
            entry, linked = self._step(names)
            if linked is None:
                return entry
            names = linked
        raise OSError(None, "it is a ring of links")

    def _step(self, names: list[str]) -> tuple[_Entry | None, list[str] | None]:
        """Look a path up; give its entry, or the path it stands for where a part is a link."""
        for count in range(1, len(names) + 1):
            entry = self._entries.get("/".join(names[:count]))
            if entry is None:
                continue
            if entry.mode != _LINK:
                # A submodule stands for all below it, a file for itself.
                whole = count == len(names) or entry.mode == _SUBMODULE
                return (entry if whole else None), None
            target = self._object(entry.name, _MOST_LINK_BYTES).decode("utf-8", "surrogateescape")
            joined = os.path.normpath("/".join([*names[: count - 1], target, *names[count:]]))
            if target.startswith("/") or joined.startswith(".."):
                raise OSError(None, "it is a link that leads out of the repository")
            return None, joined.split("/")
        return None, None

    def _unreadable(self, path: str, what: str) -> InputError:
        return InputError(Diagnostic(FILE_UNREADABLE, name=f"{self.shown}:{path}", what=what))

    # -- git ---------------------------------------------------------------------------------------

    def _resolve(self) -> str:
        """Give the name of the commit object. Raises InputError (DT657)."""
        asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{self.shown}^{{commit}}")
        done = self._run(*asked)
        if done.returncode:
            raise self._failed("there is no such commit here", self._cure())
        return done.stdout.decode("ascii").strip()

    def _cure(self) -> str:
        """Say what to do about a revision that is not there."""
        if self._ask("rev-parse", "--is-shallow-repository").strip() == "true":
            return "the clone is shallow: fetch the commit first, `git fetch --unshallow`"
        from difflib import get_close_matches

        known = self._ask("for-each-ref", "--format=%(refname:short)").splitlines()
        near = get_close_matches(self.shown, known, n=3)
        if near:
            return f"did you mean {' or '.join(near)}?"
        return _LISTS

    def _list(self) -> Iterator[tuple[str, _Entry]]:
        listing = self._run("ls-tree", "-r", "-z", "--full-tree", self._commit)
        if listing.returncode:
            raise self._failed(_said(listing.stderr), "`git fsck` tells what is missing")
        for line in listing.stdout.decode("utf-8", "surrogateescape").split("\0"):
            head, tab, path = line.partition("\t")
            if tab:
                mode, _, name = head.split(" ")
                yield path, _Entry(mode, name)

    def _object(self, name: str, most: int) -> bytes:
        """Give the content of an object. Raises OSError, and InputError (DT657)."""
        if self._batch is None:
            self._batch = self._start("cat-file", "--batch")
        reader = self._batch
        assert reader.stdin is not None
        assert reader.stdout is not None
        try:
            reader.stdin.write(f"{name}\n".encode())
            reader.stdin.flush()
            words = reader.stdout.readline().split()
            if len(words) != 3:
                raise OSError(None, "its object is not in this clone")
            size = int(words[2])
            if size > most:
                # The content is on its way: nothing is to be had of this process any more.
                self.__exit__(None, None, None)
                raise OSError(None, f"it has {size} bytes, the bound is {most}")
            content = reader.stdout.read(size + 1)
        except BrokenPipeError as error:
            raise self._failed("git ended while it was asked", "try it again") from error
        return content[:-1]

    def _ask(self, *arguments: str) -> str:
        done = self._run(*arguments)
        if done.returncode:
            raise self._failed(_said(done.stderr), _advice(done.stderr))
        return done.stdout.decode("utf-8", "surrogateescape")

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        process = self._start(*arguments)
        out, err = process.communicate()
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = ["git", "--no-pager", "-c", "core.fsmonitor=false", "-C", self._folder or "."]
        batch = arguments[0] == "cat-file"
        try:
            return subprocess.Popen(
                [*command, *arguments],
                stdin=subprocess.PIPE if batch else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL if batch else subprocess.PIPE,
                env={**os.environ, **_ENVIRONMENT},
            )
        except OSError as error:
            raise self._failed("git cannot be started", "install git") from error
        except ValueError as error:
            raise self._failed("no commit has a NUL in its name", _LISTS) from error

    def _failed(self, what: str, cure: str) -> InputError:
        return InputError(Diagnostic(GIT_FAILED, ref=self.shown, what=what, cure=cure))


def _said(words: bytes) -> str:
    """Give the first line of what git wrote."""
    lines = words.decode("utf-8", "replace").strip().splitlines()
    return lines[0].removeprefix("fatal: ") if lines else "git failed without a word"


def _advice(words: bytes) -> str:
    if b"safe.directory" in words:
        return "tell git to trust it: `git config --global --add safe.directory FOLDER`"
    return "give a folder inside a git repository, or --against a folder with the old boards"
