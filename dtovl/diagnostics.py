"""Findings: what was found, where, why, who, how to mend it; and the sink that collects them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.codes.base import Code, Severity


class Location(NamedTuple):
    """A place in a source text. line and column count from 1; 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Write the place as editors read it: file:line:column."""
        if not self.line:
            return self.file
        return (
            f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"
        )


class Note(NamedTuple):
    """A further line of a diagnostic, with the place it speaks of where there is one."""

    text: str
    location: Location | None = None


class Diagnostic:
    """One finding.

    path is the node path in the tree at hand ("" where none is known), where the place in the
    source text, why the reason, who the overlay or holder, fix the suggestion, notes further
    lines, kernel the lines that the kernel would print, excerpt the source line and caret.
    All texts are raw: whoever prints them escapes them for the medium.
    """

    __slots__ = (
        "code",
        "excerpt",
        "fields",
        "fix",
        "kernel",
        "notes",
        "path",
        "severity",
        "where",
        "who",
        "why",
    )

    def __init__(
        self,
        code: Code,
        *,
        path: str = "",
        at: Location | None = None,
        why: str = "",
        who: str = "",
        fix: str | None = None,
        notes: tuple[Note, ...] = (),
        kernel: tuple[str, ...] = (),
        excerpt: str = "",
        severity: Severity | None = None,
        **fields: object,
    ) -> None:
        self.code = code
        self.severity = code.severity if severity is None else severity
        self.path = path
        self.where = at
        self.why = why
        self.who = who
        self.fix = code.suggestion.format(path=path, **fields) if fix is None else fix
        self.notes = notes
        self.kernel = kernel
        self.excerpt = excerpt
        self.fields = fields

    @property
    def message(self) -> str:
        """Give the code's message with the fields of this finding in it."""
        return self.code.message.format(path=self.path, **self.fields)

    def __repr__(self) -> str:
        """Show code, path and message, for test failures."""
        return f"<{self.severity.label}[{self.code.number}] {self.path}: {self.message}>"


class Sink:
    """Collects diagnostics while work goes on."""

    __slots__ = ("diagnostics",)

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []

    def report(
        self,
        code: Code,
        *,
        path: str = "",
        at: Location | None = None,
        why: str = "",
        who: str = "",
        fix: str | None = None,
        notes: tuple[Note, ...] = (),
        kernel: tuple[str, ...] = (),
        excerpt: str = "",
        severity: Severity | None = None,
        **fields: object,
    ) -> Diagnostic:
        """Add a finding; the arguments are those of Diagnostic."""
        found = Diagnostic(
            code,
            path=path,
            at=at,
            why=why,
            who=who,
            fix=fix,
            notes=notes,
            kernel=kernel,
            excerpt=excerpt,
            severity=severity,
            **fields,
        )
        self.diagnostics.append(found)
        return found

    def __iter__(self) -> Iterator[Diagnostic]:
        """Run over the findings in the order they were made."""
        return iter(self.diagnostics)

    def __len__(self) -> int:
        """Count the findings."""
        return len(self.diagnostics)
