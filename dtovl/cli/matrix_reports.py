"""The reports of a matrix: one on standard output, any number in files."""

from __future__ import annotations

from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from dtovl.cli.outcome import FINDINGS, OK, Outcome
from dtovl.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dtovl.matrix.checked import Checked

KINDS = ("text", "json", "sarif", "junit", "github", "markdown", "html")

# Kinds whose module in dtovl.report has another name.
_MODULES = {"json": "check_json"}
# Those name files from the root of the repository, wherever the command runs.
_BY_PREFIX = frozenset({"sarif", "github"})


class Writing(NamedTuple):
    """How reports are written.

    form is the kind for standard output; files are (kind, file), `-` being standard output; prefix
    is what leads from the root of the repository to the current folder.
    """

    form: str
    files: Sequence[tuple[str, str]]
    prefix: str
    verbose: bool
    quiet: bool


def write_reports(checked: Checked, writing: Writing, inputs: Iterable[str]) -> Outcome:
    """Write all reports; give the one for standard output, with the exit code.

    inputs are files that must not be overwritten. Raises InputError (DT012, DT013).
    """
    shown: list[str] = []
    read = list(inputs)
    for kind, name in writing.files:
        text = render(kind, checked, writing.prefix)
        if name == "-":
            shown.append(text)
        else:
            write_atomically(name, text.encode("utf-8", "backslashreplace"), inputs=read)
    exit_code = FINDINGS if checked.fails else OK
    if shown:
        return Outcome(exit_code, "".join(shown))
    if writing.form != "text":
        return Outcome(exit_code, render(writing.form, checked, writing.prefix))
    from dtovl.report.check_text import check_lines

    return Outcome(exit_code, check_lines(checked, verbose=writing.verbose, quiet=writing.quiet))


def known_from_now_on(outcome: Outcome, name: str, *, quiet: bool) -> Outcome:
    """Say that a baseline was written. Nothing in it fails a run, this one neither."""
    outcome = outcome._replace(exit_code=OK)
    if quiet:
        return outcome
    from dtovl.report.spans import Line

    said = Line((("", "wrote "), ("path", name), ("", ": what was found is known from now on")))
    if isinstance(outcome.report, str):
        return outcome._replace(remarks=[said])
    return outcome._replace(report=chain(outcome.report, (said,)))  # type: ignore[arg-type]


def render(kind: str, checked: Checked, prefix: str) -> str:
    """Write a report of a kind; `text` is plain, with every place."""
    if kind == "text":
        from dtovl.cli.terminal import plain_text
        from dtovl.report.check_text import check_lines

        return plain_text(check_lines(checked, verbose=True))
    write = import_module(f"dtovl.report.{_MODULES.get(kind, kind)}").render
    text: str = write(checked, prefix) if kind in _BY_PREFIX else write(checked)
    return text
