"""What is wrong with a scenario file: a line per error, as compilers write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.report.spans import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.diagnostics import Diagnostic


def refusal_lines(errors: Iterable[Diagnostic]) -> Iterator[Line]:
    """Write `file:line:column: error: message` for each error, and how to mend it."""
    for found in errors:
        yield Line(
            (
                ("place", f"{found.where}"),
                ("", ": "),
                ("error", "error"),
                ("", f": {found.message}"),
            )
        )
        if found.why:
            yield Line((("label", "  why     "), ("", found.why)), hang=10)
        fix = f"{found.fix} (dtovl explain {found.code.number})"
        yield Line((("label", "  fix     "), ("", fix)), hang=10)
