"""`dtovl audit`: what a kernel log tells about overlays, their nodes, and who held them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtovl.cli.options import (
    PATH,
    colour_option,
    fail_on_option,
    format_option,
    input_argument,
    kernel_option,
    quiet_option,
    source_options,
)
from dtovl.cli.outcome import FINDINGS, OK, Outcome
from dtovl.model.dialect import KERNELS
from dtovl.model.limits import MAX_OVERLAYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.audit.board import Board
    from dtovl.audit.result import Audit
    from dtovl.cli.inputs import Reading
    from dtovl.codes.base import Severity


@click.command("audit", short_help="What a kernel log tells about nodes and overlays.")
@input_argument("log", metavar="LOG")
@input_argument("overlays", nargs=-1, metavar="[OVERLAY]...")
@click.option(
    "--base", metavar="FILE", type=PATH, help="The devicetree that the board booted with."
)
@kernel_option()
@fail_on_option
@format_option("text", "json")
@click.option(
    "-v", "--verbose", is_flag=True, help="Show every line, call traces, and info findings."
)
@quiet_option
@source_options
@colour_option
def command(
    log: str,
    overlays: tuple[str, ...],
    base: str | None,
    kernel: str,
    fail_on: Severity | None,
    form: str,
    verbose: bool,
    quiet: bool,
    include_dirs: tuple[str, ...],
    defines: dict[str, str],
    cpp: str | None,
) -> Outcome:
    """Explain what a kernel log tells about devicetrees, overlays, and their lifetimes.

    LOG is what dmesg, journalctl or a serial console wrote, of any size; - is standard input.
    With --base and the overlays, in the order in which the board applied them, each line is tied
    to the nodes it is about, and to the overlay and fragment that brought them. Lines about other
    things are left alone.
    """
    from dtovl.cli.inputs import Reading

    _check(log, base, overlays)
    reading = Reading(include_dirs, defines, cpp)
    board = None if base is None else _board(reading, base, overlays, kernel)
    found = _audit(log, board)
    failing = fail_on is not None and any(one.severity >= fail_on for one in found.findings)
    return _outcome(reading, log, found, form, FINDINGS if failing else OK, verbose, quiet)


def _outcome(
    reading: Reading,
    log: str,
    found: Audit,
    form: str,
    exit_code: int,
    verbose: bool,
    quiet: bool,
) -> Outcome:
    from dtovl.api import STANDARD_INPUT
    from dtovl.files import STANDARD_STREAM

    shown = STANDARD_INPUT if log == STANDARD_STREAM else log
    if form == "json":
        from dtovl.report.audit_json import audit_document

        return Outcome(exit_code, audit_document(found, shown, reading.sink))
    from dtovl.report.audit import audit_lines

    return reading.outcome(audit_lines(found, shown, verbose=verbose, quiet=quiet), exit_code)


def _check(log: str, base: str | None, overlays: Sequence[str]) -> None:
    if overlays and base is None:
        raise click.UsageError(
            "Overlays are tied to nodes of a tree: give the board's with --base FILE."
        )
    if [log, base, *overlays].count("-") > 1:
        raise click.UsageError("Standard input (-) can be read only once.")
    if len(overlays) > MAX_OVERLAYS:
        raise click.UsageError(f"At most {MAX_OVERLAYS} overlays can be applied at once.")


def _board(reading: Reading, base: str, overlays: Sequence[str], kernel: str) -> Board:
    """Read the base and the overlays, damaged ones as they are. Raises InputError, UsageError."""
    from dtovl.audit.board import make_board
    from dtovl.cli.merged import refuse_overlay

    tree = reading.load(base)
    refuse_overlay(tree, base)
    blobs = [(name, _blob(reading, name)) for name in overlays]
    return make_board(tree, base, blobs, KERNELS[kernel])


def _blob(reading: Reading, name: str) -> bytes:
    """Give an overlay as a board gets it; source is compiled. Raises InputError."""
    from dtovl.fdt.write import flatten
    from dtovl.files import STANDARD_STREAM, is_directory, read_bytes
    from dtovl.inputs import Kind, recognise

    if name == STANDARD_STREAM or is_directory(name):
        return flatten(reading.load(name))
    data = read_bytes(name)
    if recognise(data) in (Kind.DTS, Kind.GZIP):
        return flatten(reading.load(name))
    reading.files.append(name)
    return data


def _audit(log: str, board: Board | None) -> Audit:
    """Read the log, with a progress bar where that takes long. Raises InputError."""
    from dtovl.audit.reading import audit
    from dtovl.cli.progress import Progress
    from dtovl.files import open_bytes

    with Progress("reading") as tell, open_bytes(log, tell) as file:
        _refuse_other(log, file.peek(_HEAD)[:_HEAD])
        return audit(file, board)


_HEAD = 64
_OTHERS = (
    (b"LPKSHHRH", "the journal of systemd", "pipe it in: journalctl -k -b | dtovl audit -"),
    (b"\x1f\x8b", "a file compressed with gzip", "pipe it in: zcat LOG | dtovl audit -"),
    (b"\x28\xb5\x2f\xfd", "a file compressed with zstd", "pipe it in: zstdcat LOG | dtovl audit -"),
    (b"\xfd7zXZ\0", "a file compressed with xz", "pipe it in: xzcat LOG | dtovl audit -"),
    (b"BZh", "a file compressed with bzip2", "pipe it in: bzcat LOG | dtovl audit -"),
    (b"\xd0\x0d\xfe\xed", "a devicetree", "the log comes first, then --base FILE and the overlays"),
    (b"/dts-v1/", "devicetree source", "the log comes first, then --base FILE and the overlays"),
    (b"\x7fELF", "a program", "give what dmesg or journalctl -k wrote"),
)


def _refuse_other(log: str, head: bytes) -> None:
    """Refuse what is plainly no log. Raises InputError (DT740)."""
    from dtovl.codes.audit import NO_LOG
    from dtovl.diagnostics import Diagnostic
    from dtovl.errors import InputError

    for start, looks, cure in _OTHERS:
        if head.startswith(start):
            raise InputError(Diagnostic(NO_LOG, name=log, looks=looks, cure=cure))
