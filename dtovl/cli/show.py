"""`dtovl show`: a tree, or part of it, as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtovl.cli.options import (
    Number,
    applier_option,
    colour_option,
    format_option,
    input_argument,
    source_options,
)
from dtovl.cli.session import session_option

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtovl.cli.inputs import Reading
    from dtovl.cli.merged import Merged
    from dtovl.cli.outcome import Outcome, Pieces
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.report.show import Part
    from dtovl.report.spans import Line

_MOST_MATCHES = 20


@click.command("show", short_help="Show a tree or part of it.")
@input_argument("files", nargs=-1, metavar="[FILE [OVERLAY]...] [PATH]")
@session_option(required=False)
@click.option("--blame", is_flag=True, help="Tell beside everything which overlay brought it.")
@click.option(
    "--depth", metavar="N", type=Number(0), help="Levels below PATH; 0 is the node alone."
)
@applier_option
@format_option("text", "json", "dts")
@source_options
@colour_option
def command(
    files: tuple[str, ...],
    session: str | None,
    blame: bool,
    depth: int | None,
    applier: Dialect,
    form: str,
    include_dirs: tuple[str, ...],
    defines: dict[str, str],
    cpp: str | None,
) -> Outcome:
    """Show a tree: a blob, source, or a directory such as /proc/device-tree.

    With overlays: what applying them in order gives. PATH may lack unit addresses, and may be an
    alias or a label. With --session the tree is that of the session, and PATH stands alone.
    """
    from dtovl.cli.inputs import Reading
    from dtovl.cli.merged import merge, open_owned
    from dtovl.report.show import Part

    if blame and form == "dts":
        raise click.UsageError("Source has no room for --blame; use --format text or json.")
    ctx = click.get_current_context()
    reading = Reading(include_dirs, defines, cpp)
    if session is not None:
        if len(files) > 1:
            raise click.UsageError("With --session give PATH alone: the rest is kept there.")
        path = files[0] if files else "/"
        merged, _ = open_owned(ctx, session)
    elif files:
        given, path = split_path(files)
        merged = merge(reading, given, applier)
    else:
        raise click.MissingParameter(ctx=ctx, param_type="argument", param_hint="'FILE'")
    tree = merged.tree
    part = Part(tree, find_node(tree, path, merged.base, merged.look), depth)
    if form == "text":
        return reading.outcome(_lines(merged, part, blame=blame))
    if form == "dts":
        from dtovl.dts.writer import write_node, write_source

        if depth is None and part.start is tree.root:
            return reading.outcome(write_source(tree, sink=reading.sink))
        return reading.outcome(write_node(tree, part.start, depth))
    return reading.outcome(_document(reading, merged, part, blame=blame))


def split_path(arguments: Sequence[str]) -> tuple[list[str], str]:
    """Tell the files from the PATH behind them, `/` when there is none.

    The last argument is a PATH unless it is a file, standard input, or named as files are.
    """
    from dtovl.files import STANDARD_STREAM, is_file

    *given, last = arguments
    named = last == STANDARD_STREAM or last.endswith((".dtb", ".dtbo", ".dts", ".dtso"))
    if not given or named or is_file(last):
        return [*given, last], "/"
    return given, last


def _lines(merged: Merged, part: Part, *, blame: bool) -> Iterator[Line]:
    from dtovl.report.show import tree_lines

    if not blame:
        return tree_lines(part, merged.name)
    from dtovl.report.blame import Gutter

    return tree_lines(part, merged.name, Gutter(merged.tree, merged.owners, merged.overlays))


def _document(reading: Reading, merged: Merged, part: Part, *, blame: bool) -> Pieces:
    from dtovl.cli.outcome import Pieces
    from dtovl.report.json import diagnostics, document_pieces
    from dtovl.report.show import node_objects, overview_object

    content = {
        "file": merged.base,
        "overlays": [placed.overlay.name for placed in merged.overlays],
        **overview_object(merged.tree),
        "path": part.start.path,
        "nodes": None,
        "diagnostics": diagnostics(reading.sink),
    }
    nodes = node_objects(part, merged.owners if blame else None)
    return Pieces(document_pieces("show", content, "nodes", nodes))


def find_node(tree: Tree, wanted: str, name: str, look: str) -> Node:
    """Find the one node that a path as typed means; look is what `dtovl show` takes for the tree.

    Raises UsageError (DT060, DT061) when it is none or several.
    """
    from dtovl.model.lookup import find_lenient

    found = find_lenient(tree, wanted)
    if len(found) == 1:
        return found[0]
    from dtovl.codes.usage import PATH_AMBIGUOUS, PATH_NOT_FOUND
    from dtovl.diagnostics import Diagnostic, Note
    from dtovl.errors import UsageError

    if found:
        notes = [Note(node.path) for node in found[:_MOST_MATCHES]]
        if len(found) > _MOST_MATCHES:
            notes.append(Note(f"and {len(found) - _MOST_MATCHES} more"))
        what = f"{len(found)} nodes"
        raise UsageError(
            Diagnostic(PATH_AMBIGUOUS, path=wanted, notes=tuple(notes), what=what, name=name)
        )
    notes = [Note(f"did you mean {path}?") for path in _near(tree, wanted)]
    raise UsageError(
        Diagnostic(PATH_NOT_FOUND, path=wanted, notes=tuple(notes), name=name, tree=look)
    )


def _near(tree: Tree, wanted: str) -> list[str]:
    from dtovl.model.lookup import nearest, same_unit

    found = [node.path for node in same_unit(tree, wanted)[:3]]
    if not found and wanted.startswith("/"):
        found = nearest(wanted, (node.path for node in tree.walk()))
    if not found:
        labels = {label: node for node in tree.walk() for label in tree.labels_of(node)}
        found = [f"{one} ({labels[one].path})" for one in nearest(wanted.lstrip("&"), labels)]
    if not found and not wanted.startswith("&"):
        names = {node.name.partition("@")[0]: node.path for node in tree.walk()}
        found = [names[one] for one in nearest(wanted.rpartition("/")[2], names)]
    return found
