"""Which files source may read, and where they are looked for.

Source may come from strangers. What it names with #include, /include/ or /incbin/ is read only
below certain folders, its roots: the folder of the source and those of -I. The test is made on
the path as written, with `..` taken out, and that path is what is opened, so `..` cannot lead
through a symbolic link to somewhere else. Links themselves are followed: the kernel's
include-prefixes are links, and who may put one into a root may put the file there as well.
"""

from __future__ import annotations

from posixpath import dirname, isabs, join, normpath
from typing import TYPE_CHECKING

from dtovl.codes.source import FILE_NOT_FOUND, FILE_REFUSED
from dtovl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dtovl.diagnostics import Diagnostic

    ReadFile = Callable[[str], bytes | None]
    Complain = Callable[..., Diagnostic]


def folder_of(name: str) -> str:
    """Give the folder of a file by its name; `.` for standard input and for plain names."""
    return normpath(dirname(name) or ".")


def inside(path: str, root: str) -> bool:
    """Tell whether a path, without `..` but at its head, lies in a folder written the same way."""
    if root == ".":
        return not isabs(path) and path != ".." and not path.startswith("../")
    head = root if root.endswith("/") else f"{root}/"
    rest = path.removeprefix(head)
    return path == root or (rest != path and rest != ".." and not rest.startswith("../"))


class Files:
    """Finds and reads the files that a source names.

    read_file gives the bytes of a path, None if there is no such file; OSError counts as that,
    with its reason. include_dirs are the folders of -I. Roots are the folder of the source called
    name, and include_dirs, if not given.
    """

    __slots__ = ("_read_file", "_roots", "include_dirs")

    def __init__(
        self,
        read_file: ReadFile | None,
        name: str,
        include_dirs: Sequence[str] = (),
        roots: Iterable[str] | None = None,
    ) -> None:
        self._read_file = read_file
        self.include_dirs = [normpath(folder) for folder in include_dirs]
        allowed = (folder_of(name), *include_dirs) if roots is None else roots
        self._roots = [normpath(root) for root in allowed]

    def find(
        self, name: str, beside: Iterable[str], directive: str, complain: Complain
    ) -> tuple[str, bytes]:
        """Give path and bytes of the file called name: beside the files given, then in -I.

        complain makes the diagnostic of a code and its fields, at the place of the directive.

        Raises InputError (DT028, DT029) when no candidate is there, or none may be read.
        """
        folders = ["/"] if isabs(name) else [*map(folder_of, beside), *self.include_dirs]
        candidates = dict.fromkeys(normpath(join(folder, name)) for folder in folders)
        refused = False
        reasons = []
        for path in candidates:
            if not any(inside(path, root) for root in self._roots):
                refused = True
                continue
            data, reason = self._read(path)
            if data is not None:
                return path, data
            reasons.append(reason)
        quoted = f'"{name}"'
        if refused:
            raise InputError(complain(FILE_REFUSED, directive=directive, file=quoted))
        where = ", ".join(dict.fromkeys(folders))
        reason = next(filter(None, reasons), "") or f"no such file in {where or 'any -I folder'}"
        raise InputError(complain(FILE_NOT_FOUND, directive=directive, file=quoted, reason=reason))

    def _read(self, path: str) -> tuple[bytes | None, str]:
        if self._read_file is None:
            return None, "files are not read here"
        try:
            return self._read_file(path), ""
        except FileNotFoundError:
            return None, ""
        except (OSError, ValueError) as error:
            # ValueError: a NUL in the name.
            return None, getattr(error, "strerror", None) or "the name is not allowed"
