"""`dtovl links`: what every node needs of which other one, and what an overlay makes of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtovl.cli.options import (
    PATH,
    applier_option,
    bindings_option,
    colour_option,
    fail_on_option,
    force_option,
    format_option,
    input_argument,
    kernel_option,
    source_options,
)
from dtovl.cli.outcome import FINDINGS, OK, Outcome
from dtovl.cli.outfile import form_of, write_report
from dtovl.model.dialect import KERNELS
from dtovl.model.limits import MAX_OVERLAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dtovl.cli.inputs import Reading
    from dtovl.codes.base import Severity
    from dtovl.model.dialect import Dialect
    from dtovl.model.supplierbindings import Bindings
    from dtovl.report.links.answer import Answer
    from dtovl.report.spans import Line

_FORMS = ("text", "json", "dot", "svg", "html")
_OVERLAYS = (".dtbo", ".dtso", ".dtb", ".dts")


def _kinds(value: str, bindings: Bindings) -> frozenset[str]:
    """Split the kinds of links. Raises click.BadParameter for one there is not."""
    from dtovl.links.selection import known_kinds
    from dtovl.model.lookup import nearest

    wanted = [one.strip() for one in value.split(",")]
    known = known_kinds(one.kind for one in bindings.more)
    for one in filter(None, wanted):
        if one not in known:
            near = nearest(one, known, 1)
            meant = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(known)}."
            raise click.BadParameter(f"there is no kind {one!r}. {meant}", param_hint="'--kind'")
    return frozenset(filter(None, wanted))


@click.command("links", short_help="What nodes need of others; what overlays change in that.")
@input_argument("files", nargs=-1, required=True, metavar="FILE [OVERLAY]... [PATH]")
@click.option("--node", "wanted", metavar="PATH", help="The node to tell about, beyond doubt.")
@click.option("--reverse", is_flag=True, help="Tell only who needs the node.")
@click.option(
    "--kind",
    "kinds",
    default="",
    metavar="KINDS",
    help="Only links of these kinds: clock,iommu,...",
)
@click.option("--all", "whole", is_flag=True, help="With overlays: also what did not change.")
@click.option(
    "--remove",
    metavar="OVERLAY",
    type=PATH,
    help="Remove this one of the overlays again, as Linux does: what still refers to it?",
)
@click.option("-o", "--output", "out", metavar="OUT", help="Write here; - is stdout.")
@force_option
@applier_option
@kernel_option()
@bindings_option
@fail_on_option
@format_option(*_FORMS)
@click.option(
    "-v",
    "--verbose",
    count=True,
    help="Show infos, and how the IOMMUs of PATH are set up; -vv: all infos.",
)
@source_options
@colour_option
def command(
    files: tuple[str, ...],
    wanted: str | None,
    reverse: bool,
    kinds: str,
    whole: bool,
    remove: str | None,
    out: str | None,
    force: bool,
    applier: Dialect,
    kernel: str,
    config: str | None,
    fail_on: Severity | None,
    form: str,
    verbose: int,
    include_dirs: tuple[str, ...],
    defines: dict[str, str],
    cpp: str | None,
) -> Outcome:
    """Tell what each node of FILE needs of which other one, or one node's suppliers and consumers.

    FILE is a blob, source, or a directory such as /proc/device-tree. With overlays: what applying
    them changes. PATH is a node as `show` takes it: it may lack unit addresses, and may be an
    alias or a label.
    """
    from dtovl.cli.bindings import bindings_of
    from dtovl.cli.inputs import Reading
    from dtovl.cli.linking import Request, find_answer

    reading = Reading(include_dirs, defines, cpp)
    given, path = _split(files, wanted)
    linux, bindings = KERNELS[kernel], bindings_of(config)
    wanted_kinds = _kinds(kinds, bindings)
    request = Request(wanted_kinds, path, reverse, whole, remove or "", linux, bindings)
    answer = find_answer(reading, given, linux if applier.kernel else applier, request)
    found = (*reading.sink, *(one for _, one in answer.findings))
    failing = fail_on is not None and any(one.severity >= fail_on for one in found)
    exit_code = FINDINGS if failing else OK
    remarks = reading.outcome(()).remarks
    report = _report(reading, answer, form_of(form, out, _FORMS), verbose)
    if out is None or out == "-":
        return Outcome(exit_code, report, remarks)
    return Outcome(exit_code, write_report(reading, out, report, force=force), remarks)


def _split(arguments: Sequence[str], wanted: str | None) -> tuple[list[str], str]:
    """Tell the files from the PATH behind them, "" when there is none.

    The last argument is a PATH unless it is a file, standard input, or named as overlays are.
    Raises click.UsageError.
    """
    from dtovl.files import STANDARD_STREAM, is_file

    files, path = list(arguments), wanted or ""
    last = files[-1]
    if len(files) > 1 and last != STANDARD_STREAM and not last.endswith(_OVERLAYS):
        named = last.startswith("&") or last == "/"
        if named or not is_file(last):
            if wanted is not None:
                raise click.UsageError(f"{last!r} is no file, and --node names a node already.")
            files.pop()
            path = last
    if len(files) > MAX_OVERLAYS + 1:
        raise click.UsageError(f"At most {MAX_OVERLAYS} overlays can be applied at once.")
    return files, "" if path == "/" else path


def _report(reading: Reading, answer: Answer, form: str, verbose: int) -> Iterable[Line] | str:
    """Write the answer in a form."""
    if form == "text":
        from dtovl.report.links.text import links_lines

        return links_lines(answer, verbose=verbose)
    if form == "json":
        from dtovl.report.json import diagnostics, listing
        from dtovl.report.links.json import links_object

        return listing({**links_object(answer), "diagnostics": diagnostics(reading.sink)})
    if form == "html":
        from dtovl.report.links.html import render

        return render(answer)
    from dtovl.report.links.picture import picture_of

    picture = picture_of(answer)
    if form == "dot":
        from dtovl.report.links.dot import dot

        return dot(picture)
    from dtovl.report.links.svg import svg

    return svg(picture)
