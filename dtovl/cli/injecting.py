"""The work of `dtovl simulate --inject`: the overlay, the faults, the report."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, NamedTuple

import click

from dtovl.cli.outcome import FINDINGS, NO_VERDICT, OK, Outcome
from dtovl.errors import InputError
from dtovl.files import list_directory, write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.lifetimes.faultsites import Site
    from dtovl.lifetimes.injection import Result
    from dtovl.report.spans import Line


class Request(NamedTuple):
    """The options of the command, by name; base and overlay are None for those that come along."""

    site: str
    base: str | None
    overlay: str | None
    out: str | None
    force: bool
    fails: bool
    form: str
    verbose: bool
    quiet: bool


class _Folder:
    """A folder of its own for output (see dtovl.lifetimes.injection.Outlet)."""

    def __init__(self, path: str) -> None:
        self._path = path

    def refuse(self) -> bool:
        """Write into a folder that is gone."""
        try:
            write_atomically(f"{self._path}/gone/out.dtb", b"\0")
        except InputError:
            return True
        return False

    def names(self) -> list[str]:
        """List what is there."""
        return list_directory(self._path)


def carry_out(request: Request) -> Outcome:
    """Do what was asked for. Raises InputError, click.UsageError."""
    from dtovl.lifetimes.injection import inject
    from dtovl.lifetimes.strikes import Unfit
    from dtovl.live.objects import Oops
    from dtovl.model.dialect import LINUX

    if request.form in ("dot", "svg"):
        raise click.UsageError(f"--inject gives no {request.form}; it gives text or json.")
    sites = _sites(request.site)
    base, overlay = _blobs(request)
    try:
        with tempfile.TemporaryDirectory(prefix="dtovl-") as folder:
            results = list(inject(base, overlay, sites, LINUX, _Folder(folder)))
    except Unfit as unfit:
        return _refused(request, str(unfit), unfit.lines)
    except Oops as oops:
        return _refused(request, oops.what, [])
    report = _report(results, request)
    bad = request.fails and not all(result.holds for result in results)
    exit_code = FINDINGS if bad else OK
    if request.out is None or request.out == "-":
        return Outcome(exit_code, report)
    return Outcome(exit_code, _write(report, request.out, request))


def _sites(name: str) -> tuple[Site, ...]:
    """Find the places by name. Raises click.UsageError."""
    from dtovl.lifetimes.faultsites import SITES
    from dtovl.lifetimes.injection import find_sites

    try:
        return find_sites(name)
    except KeyError:
        from difflib import get_close_matches

        near = get_close_matches(name.upper(), [site.id for site in SITES], n=1)
        meant = f"Did you mean {near[0]}?" if near else "It is A01 to A21, R01 to R13, D01, D02."
        raise click.UsageError(f"No such place {name!r}. {meant} Or all.") from None


def _blobs(request: Request) -> tuple[bytes, bytes]:
    """Give base and overlay as blobs. Raises InputError, click.UsageError."""
    if request.base is None:
        from dtovl.lifetimes.faultblobs import shipped_base, shipped_overlay

        return shipped_base(), shipped_overlay()
    if request.overlay is None:
        raise click.UsageError("--inject takes a base and an overlay, or neither.")
    from dtovl.cli.inputs import Reading
    from dtovl.fdt.write import flatten

    reading = Reading((), {}, None)
    return flatten(reading.load(request.base)), flatten(reading.load(request.overlay))


def _refused(request: Request, what: str, lines: list[str]) -> Outcome:
    from dtovl.report.spans import Line

    name = request.overlay or "the overlay"
    text = f"{name} cannot be applied and removed without any fault: {what}"
    remarks = [Line((("error", "error"), ("", f": {text}")), hang=2)]
    remarks += (Line((("dim", f"  {line}"),)) for line in lines)
    return Outcome(NO_VERDICT, remarks=remarks)


def _report(results: list[Result], request: Request) -> list[Line] | str:
    from dtovl.report.lifetimes.injected import injected_lines, injected_object

    if request.form == "json":
        from dtovl.report.json import listing

        files = {"base": request.base, "overlay": request.overlay, "inject": request.site}
        return listing({"schema": "dtovl-simulate-inject/1", **files, **injected_object(results)})
    return list(injected_lines(results, verbose=request.verbose, quiet=request.quiet))


def _write(report: list[Line] | str, out: str, request: Request) -> Iterable[Line]:
    """Write the report to a file; say so. Raises InputError (DT012, DT013)."""
    from dtovl.cli.terminal import plain_text
    from dtovl.report.spans import Line

    text = report if isinstance(report, str) else plain_text(report)
    inputs = [path for path in (request.base, request.overlay) if path is not None]
    data = text.encode("utf-8", "backslashreplace")
    write_atomically(out, data, force=request.force, inputs=inputs)
    return [] if request.quiet else [Line((("", "wrote "), ("path", out)))]
