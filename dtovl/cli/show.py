"""`dtovl show`: a tree, or part of it, as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dtovl.cli.options import colour_option, format_option, input_argument, source_options

if TYPE_CHECKING:
    from dtovl.cli.outcome import Outcome
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

_MOST_MATCHES = 20


@click.command("show", short_help="Show a tree or part of it.")
@input_argument("file")
@click.argument("path", metavar="[PATH]", default="/")
@click.option("--depth", type=click.IntRange(min=0), help="Levels below PATH; 0 is the node alone.")
@format_option("text", "json", "dts")
@source_options
@colour_option
def command(
    file: str,
    path: str,
    depth: int | None,
    form: str,
    include_dirs: tuple[str, ...],
    defines: dict[str, str],
    cpp: str | None,
) -> Outcome:
    """Show a tree: a blob, source, or a directory such as /proc/device-tree.

    PATH may lack unit addresses, and may be an alias or a label.
    """
    from dtovl.cli.inputs import Reading
    from dtovl.report.show import Part, node_objects, overview_object, tree_lines

    reading = Reading(include_dirs, defines, cpp)
    tree = reading.load(file)
    part = Part(tree, find_node(tree, path, file), depth)
    if form == "text":
        return reading.outcome(tree_lines(part, file))
    if form == "dts":
        from dtovl.dts.writer import write_node, write_source

        if depth is None and part.start is tree.root:
            return reading.outcome(write_source(tree, sink=reading.sink))
        return reading.outcome(write_node(tree, part.start, depth))
    from dtovl.cli.outcome import Pieces
    from dtovl.report.json import diagnostics, document_pieces

    content = {
        "file": file,
        **overview_object(tree),
        "path": part.start.path,
        "nodes": None,
        "diagnostics": diagnostics(reading.sink),
    }
    return reading.outcome(Pieces(document_pieces("show", content, "nodes", node_objects(part))))


def find_node(tree: Tree, wanted: str, name: str) -> Node:
    """Find the one node that a path as typed means.

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
    raise UsageError(Diagnostic(PATH_NOT_FOUND, path=wanted, notes=tuple(notes), name=name))


def _near(tree: Tree, wanted: str) -> list[str]:
    from dtovl.model.lookup import nearest, same_unit

    found = [node.path for node in same_unit(tree, wanted)[:3]]
    if not found and wanted.startswith("/"):
        found = nearest(wanted, (node.path for node in tree.walk()))
    if not found:
        labels = {label: node for node in tree.walk() for label in tree.labels_of(node)}
        found = [f"{one} ({labels[one].path})" for one in nearest(wanted.lstrip("&"), labels)]
    return found
