"""`dtovl probe`: in which order devices bind, what never does, and what overlays change in that."""

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
    quiet_option,
    source_options,
)
from dtovl.cli.outfile import form_of, is_form_given

if TYPE_CHECKING:
    from dtovl.cli.outcome import Outcome
    from dtovl.codes.base import Severity
    from dtovl.model.dialect import Dialect


_FORMS = ("text", "json", "dot", "html")


@click.command("probe", short_help="In which order devices bind; what never does, and why.")
@input_argument("file", metavar="FILE")
@input_argument("overlays", nargs=-1, metavar="[OVERLAY]...")
@click.option(
    "--fw-devlink",
    type=click.Choice(("on", "rpm", "permissive", "off")),
    help="As on the kernel's command line.  [default: what the table of drivers says, or on]",
)
@click.option(
    "--strict/--no-strict",
    default=None,
    help="fw_devlink.strict: wait for optional suppliers (iommus, dmas) as well.",
)
@click.option(
    "--modules/--no-modules",
    default=None,
    help="Whether the kernel loads modules: then what is deferred waits for a timeout.",
)
@click.option(
    "--drivers",
    metavar="TABLE",
    type=PATH,
    help="The drivers of the kernel, as YAML; without, any driver that a device could have.",
)
@click.option("--order", is_flag=True, help="Write only the paths of what binds, in that order.")
@click.option("--why", metavar="NODE", help="Tell what one device waits for, down to the cause.")
@click.option("--groups", is_flag=True, help="Write the groups of masters behind each IOMMU.")
@click.option("--dot", is_flag=True, help="The same as --format dot.")
@click.option(
    "--all", "everything", is_flag=True, help="With overlays: also what the base has by itself."
)
@click.option("-o", "--output", "out", metavar="OUT", help="Write the report here; - is stdout.")
@force_option
@applier_option
@kernel_option()
@bindings_option
@fail_on_option
@format_option(*_FORMS)
@click.option(
    "-v", "--verbose", is_flag=True, help="With overlays: every try. Show info findings too."
)
@quiet_option
@source_options
@colour_option
def command(
    file: str,
    overlays: tuple[str, ...],
    fw_devlink: str | None,
    strict: bool | None,
    modules: bool | None,
    drivers: str | None,
    order: bool,
    why: str | None,
    groups: bool,
    dot: bool,
    everything: bool,
    out: str | None,
    force: bool,
    applier: Dialect,
    kernel: str,
    config: str | None,
    fail_on: Severity | None,
    form: str,
    verbose: bool,
    quiet: bool,
    include_dirs: tuple[str, ...],
    defines: dict[str, str],
    cpp: str | None,
) -> Outcome:
    """Predict in which order the devices of FILE bind, and what never does and why.

    With overlays: what applying them before the boot changes in that. TABLE says which drivers
    there are and when they register; without it every device has one that needs nothing but what
    its node names, so what does not bind then cannot bind whatever the drivers are like.
    """
    from dtovl.cli.probing import Request, carry_out

    return carry_out(
        Request(
            file,
            overlays,
            fw_devlink,
            strict,
            modules,
            drivers,
            order,
            why,
            groups,
            everything,
            out,
            force,
            applier,
            kernel,
            config,
            fail_on,
            _form(form, out, dot=dot),
            verbose,
            quiet,
            include_dirs,
            defines,
            cpp,
        )
    )


def _form(form: str, out: str | None, *, dot: bool) -> str:
    """Tell the form of the report. Raises click.UsageError."""
    if not dot:
        return form_of(form, out, _FORMS)
    if is_form_given() and form != "dot":
        raise click.UsageError(f"--dot does not go with --format {form}.")
    return "dot"
