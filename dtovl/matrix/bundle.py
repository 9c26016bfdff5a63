"""Files that go to another machine with the tasks that need them.

Of a blob that is itself; of source also what it includes, found by looking for the directives
where they stand in plain sight. What only the preprocessor can tell, such as a name that a macro
makes, is not found: the one who reads the source there notices that it was not sent.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dtovl.diagnostics import Diagnostic
from dtovl.dts.includes import Files
from dtovl.dts.lexer import file_name
from dtovl.errors import InputError
from dtovl.inputs import Kind, recognise
from dtovl.model.limits import MAX_INCLUDES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.matrix.inputs import ReadFile, ReadIncluded
    from dtovl.matrix.tasks import Source, Task

MAX_BUNDLE_BYTES = 64 << 20
"""Most bytes of files that are sent in one go; gathering them stops there."""

_DIRECTIVE = re.compile(
    rb"^[ \t]*+#[ \t]*+include[ \t]*+(?:\"([^\"\n]++)\"|<([^>\n]++)>)"
    rb"|/inc(?:lude/[ \t\r\n]*+|bin/[ \t\r\n]*+\([ \t\r\n]*+)\"((?:[^\\\"]|\\.)*+)\"",
    re.MULTILINE,
)


class Bundle(NamedTuple):
    """Files by their paths, with what reading them gave, an error being one of the answers.

    plan has the files of the plan: their bytes, or why they cannot be read. included has those that
    sources look for: None where there is none, or the exception that reading raises.
    """

    plan: dict[str, bytes | tuple[Diagnostic, ...]]
    included: dict[str, bytes | OSError | ValueError | None]

    @property
    def size(self) -> int:
        """Give the bytes of all files."""
        kept = (*self.plan.values(), *self.included.values())
        return sum(len(content) for content in kept if isinstance(content, bytes))

    def read(self, path: str) -> bytes:
        """Give a file of the plan as it was read; raises InputError, LookupError for another."""
        content = self.plan[path]
        if isinstance(content, bytes):
            return content
        raise InputError(*content)

    def read_included(self, path: str) -> bytes | None:
        """Give an included file as it was read; raises OSError, ValueError, LookupError."""
        content = self.included[path]
        if isinstance(content, bytes | None):
            return content
        raise content


def pack(task: Task, read: ReadFile, read_included: ReadIncluded, have: Bundle) -> Bundle:
    """Gather the files of a task that a bundle does not have.

    read and read_included are as for a Worker. Nothing is raised for files that cannot be read. A
    bundle of more than MAX_BUNDLE_BYTES is not whole.
    """
    packer = _Packer(read, read_included, have)
    for source in (task.base, *task.overlays):
        packer.add(source)
        if packer.size > MAX_BUNDLE_BYTES:
            break
    return packer.bundle


class _Packer:
    """Fills a bundle with what another one lacks."""

    def __init__(self, read: ReadFile, read_included: ReadIncluded, have: Bundle) -> None:
        self.bundle = Bundle({}, {})
        self.size = 0
        self._have = have
        self._read = read
        self._read_included = read_included

    def add(self, source: Source) -> None:
        """Add a file of the plan, and what it includes."""
        path = source.path
        content = self.bundle.plan.get(path, self._have.plan.get(path))
        if content is None:
            try:
                content = self._read(path)
                self.size += len(content)
            except InputError as error:
                content = error.diagnostics
            self.bundle.plan[path] = content
        if isinstance(content, bytes) and recognise(content) is Kind.DTS:
            self._follow(source, content)

    def _follow(self, source: Source, text: bytes) -> None:
        """Add all that a source includes, and what those files include."""
        files = Files(self._look, source.path, source.include_dirs)
        waiting = [(source.path, text)]
        seen = {source.path}
        while waiting and len(seen) < MAX_INCLUDES:
            path, content = waiting.pop()
            for name, beside in _named(content, path, source.path):
                if self.size > MAX_BUNDLE_BYTES:
                    return
                try:
                    found, data = files.find(name, beside, "", Diagnostic)
                except InputError:
                    continue
                if found not in seen:
                    seen.add(found)
                    waiting.append((found, data))

    def _look(self, path: str) -> bytes | None:
        """Read an included file once, and note what came of it."""
        for bundle in (self.bundle, self._have):
            if path in bundle.included:
                return bundle.read_included(path)
        try:
            self.bundle.included[path] = content = self._read_included(path)
            self.size += len(content or b"")
        except (OSError, ValueError) as error:
            # Without its traceback, which would keep what is around it.
            self.bundle.included[path] = error.with_traceback(None)
        return self.bundle.read_included(path)


def _named(text: bytes, path: str, top: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give the names after the directives of a file, and beside which files to look for them.

    The reader of /include/ and /incbin/ sees preprocessed text, which is called by its first file.
    """
    for quoted, angled, other in _DIRECTIVE.findall(text):
        if other:
            yield file_name(other.decode("latin-1")), (top, path)
        else:
            yield file_name((quoted or angled).decode("latin-1")), (path,) if quoted else ()
