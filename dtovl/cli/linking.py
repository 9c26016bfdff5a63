"""What `dtovl links` answers: trees judged before and after overlays, and what is asked of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.errors import InputError, UsageError
from dtovl.report.links.answer import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.cli.inputs import Reading
    from dtovl.cli.merged import Merged
    from dtovl.diagnostics import Diagnostic
    from dtovl.links.board import Board
    from dtovl.links.changes import Graph
    from dtovl.links.link import Finding
    from dtovl.links.removal import Removed
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.supplierbindings import Bindings
    from dtovl.model.tree import Tree
    from dtovl.overlay.stack import Stack


_NODE_OR_OVERLAY = (
    "give overlays behind the devicetree of the board; a node is PATH, or --node PATH"
)


class Request(NamedTuple):
    """What is asked for: kinds of links (none: all), path of a node ("": all nodes).

    remove is the overlay to remove again, "" for none; linux the kernel that does it, and reads
    the tree.
    """

    kinds: frozenset[str]
    path: str
    reverse: bool
    whole: bool
    remove: str
    linux: Dialect
    bindings: Bindings


class _Judged(NamedTuple):
    """A tree that was judged, and its findings as they read then."""

    board: Board
    graph: Graph
    known: frozenset[str]


def find_answer(
    reading: Reading, files: Sequence[str], dialect: Dialect, request: Request
) -> Answer:
    """Judge the base, apply the overlays in a dialect, judge what came of it.

    Raises DtovlError.
    """
    from dtovl.cli.merged import merge, refuse_base, refuse_overlay

    if request.remove:
        return _after_removal(reading, files, request)
    before: list[_Judged] = []

    def look_at(base: Tree) -> None:
        refuse_overlay(base, files[0])
        if len(files) > 1:
            before.append(_judge(base, request, at_boot=True))

    merged = merge(reading, files, dialect, look_at)
    for one in merged.overlays:
        refuse_base(one.overlay, _NODE_OR_OVERLAY)
    was = before[0] if before else None
    judged = _judge(merged.tree, request, at_boot=not dialect.kernel)
    return _told(merged, judged, was, request, ())


def _told(
    merged: Merged,
    judged: _Judged,
    was: _Judged | None,
    request: Request,
    more: Sequence[Finding],
) -> Answer:
    """Pick what is asked for; more are findings about what was done, besides those of the tree."""
    from dtovl.links.changes import difference, end_of
    from dtovl.links.dmawindows import dma_reach
    from dtovl.links.selection import Selection, scope_of

    node = _find(merged, request.path) if request.path else None
    scope = None if node is None else scope_of(node)
    selection = Selection(request.kinds, scope, request.reverse)
    changes = None if was is None else difference(was.graph, judged.graph)
    findings = selection.findings(judged.board, judged.graph.findings)
    if was is not None and not request.whole:
        findings = _caused(merged, findings, was.known)
    # What is left of a removal says more than that the phandle leads nowhere.
    left = {_place(one) for one in more}
    findings = [one for one in findings if one.rule != "L001" or _place(one) not in left]
    findings = [*selection.findings(judged.board, more), *findings]
    return Answer(
        board=judged.board,
        name=merged.name,
        base=merged.base,
        overlays=[one.overlay.name for one in merged.overlays],
        removed=request.remove,
        graph=judged.graph,
        changes=None if changes is None else selection.changes(changes),
        selection=selection,
        node=None if node is None else end_of(judged.board, node),
        was=None if node is None or was is None else was.graph.end(node.path),
        findings=_worded(merged, request, findings),
        whole=request.whole,
        events=() if node is None else _events(judged.board, node),
        dma=None if node is None else dma_reach(node, judged.board.tree.by_phandle),
    )


def _events(board: Board, node: Node) -> list[str]:
    """Tell how the kernel sets up the IOMMUs of a node, all of which register in time."""
    from dtovl.links.fwspec import configure, event_lines
    from dtovl.links.masters import masters

    found = (configure(board, one).events for one in masters(board, (node,)))
    return [line for events in found for line in event_lines(events)]


def _judge(tree: Tree, request: Request, *, at_boot: bool) -> _Judged:
    """Judge a tree as Linux reads it; at_boot: overlays were applied before the kernel started."""
    from dtovl.links.board import Board
    from dtovl.links.changes import look
    from dtovl.links.fwspec import iommu_findings
    from dtovl.links.judge import judge
    from dtovl.links.lateregions import region_findings

    board = Board(tree, request.bindings, wide_maps=request.linux.wide_id_maps)
    judged, found = judge(board)
    findings = [*found, *iommu_findings(board, judged), *region_findings(board, at_boot=at_boot)]
    return _Judged(board, look(board, judged, findings), frozenset(map(_key, findings)))


def _place(finding: Finding) -> tuple[Node, str, object]:
    return finding.node, finding.property, finding.details.get("index")


def _key(finding: Finding) -> str:
    return repr(sorted(finding.as_object().items()))


def _find(merged: Merged, path: str) -> Node:
    """Find the node that PATH means. Raises UsageError (DT060, DT061)."""
    from dtovl.cli.show import find_node
    from dtovl.codes.usage import PATH_NOT_FOUND
    from dtovl.diagnostics import Note

    try:
        return find_node(merged.tree, path, merged.base, merged.look)
    except UsageError as error:
        found = error.diagnostic
        if found.code is PATH_NOT_FOUND and not path.startswith(("/", "&")):
            found.notes = (*found.notes, Note(_no_file(path)))
        raise


def _no_file(name: str) -> str:
    """Say that there is no file of a name either, and which one may be meant."""
    from dtovl.files import read_bytes

    told = "nor is there a file of this name"
    try:
        read_bytes(name)
    except InputError as error:
        near = error.diagnostic.fix
        return f"{told}; {near}" if near.startswith("did you mean") else told
    return told


def _caused(merged: Merged, findings: Sequence[Finding], before: frozenset[str]) -> list[Finding]:
    """Give the findings that overlays had a hand in.

    Those are the ones about a node that an overlay brought or changed, be it consumer or supplier;
    and those that are new, as what is below a node that was enabled.
    """
    from dtovl.links.selection import paths_in

    owners, base = merged.owners, merged.owners.base

    def touched(node: Node | None) -> bool:
        return node is not None and (
            owners.owner_of(node) != base
            or any(owners.owner_of(node, key) != base for key in node.properties)
            or any(True for _ in owners.removed_properties(node))
        )

    return [
        one
        for one in findings
        if _key(one) not in before
        or touched(one.node)
        or any(touched(merged.tree.find(path)) for path in paths_in(one))
    ]


def _worded(
    merged: Merged, request: Request, findings: Sequence[Finding]
) -> list[tuple[Finding, Diagnostic]]:
    from dtovl.links.words import as_diagnostic

    wide_maps = request.linux.wide_id_maps
    return [
        (one, as_diagnostic(one, merged.tree, request.bindings, wide_maps=wide_maps))
        for one in findings
    ]


# -- removal ---------------------------------------------------------------------------------------


def _after_removal(reading: Reading, files: Sequence[str], request: Request) -> Answer:
    """Judge what is left when one of the overlays is removed again, as Linux does it.

    Raises DtovlError; InputError (DT243, DT200) when Linux refuses, or would crash.
    """
    from dtovl.cli.merged import apply_all, refuse_base, refuse_overlay
    from dtovl.fdt.read import unflatten
    from dtovl.fdt.write import flatten
    from dtovl.links.removal import remove_and_judge
    from dtovl.overlay.fragments import Overlay
    from dtovl.overlay.owners import OVERLAY, Owner

    linux = request.linux
    number = _number(files, request.remove)
    tree = reading.load(files[0])
    refuse_overlay(tree, files[0])
    overlays = [Overlay(reading.load(name), name) for name in files[1:]]
    for overlay in overlays:
        refuse_base(overlay, _NODE_OR_OVERLAY)
    # Applying writes into overlays: the running kernel gets what they are now.
    blobs = [(one.name, flatten(one.tree)) for one in overlays]
    running = unflatten(flatten(tree), files[0])
    merged, stack = apply_all(tree, overlays, linux, files[0])
    was = _judge(tree, request, at_boot=False)
    removed = remove_and_judge(running, blobs, [number], linux, request.bindings)
    if removed.errno is not None:
        raise InputError(_refused(tree, stack, files[0], number, removed))
    gone = stack.outcomes[number - 1]
    gone.changeset.revert(tree)
    merged.owners.withdraw(Owner(OVERLAY, number, gone.overlay.name))
    found = [
        one._replace(node=tree.find(one.node.path) or one.node)
        for one in (*removed.findings, *removed.iommu)
    ]
    return _told(merged, _judge(tree, request, at_boot=False), was, request, found)


def _number(files: Sequence[str], name: str) -> int:
    """Give the place of an overlay among those given, the last of several.

    Raises click.UsageError.
    """
    import click

    from dtovl.model.lookup import nearest

    overlays = list(files[1:])
    for known in (overlays, [one.rpartition("/")[2] for one in overlays]):
        places = [place for place, one in enumerate(known, 1) if one == name]
        if places:
            return places[-1]
    near = nearest(name, overlays, 1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    raise click.UsageError(f"--remove names none of the overlays given: {name!r}.{meant}")


def _refused(tree: Tree, stack: Stack, base: str, number: int, removed: Removed) -> Diagnostic:
    """Say why Linux does not remove an overlay."""
    from dtovl.checks.forecast import foresee
    from dtovl.checks.removal import removal_findings
    from dtovl.codes.base import Severity
    from dtovl.codes.live import KERNEL_CRASH
    from dtovl.codes.ownership import REMOVAL_BLOCKED
    from dtovl.diagnostics import Diagnostic

    name = stack.outcomes[number - 1].overlay.name
    for found in removal_findings(foresee(tree, stack, base), tree):
        if found.code is REMOVAL_BLOCKED and found.fields.get("overlay") == name:
            found.severity = Severity.ERROR
            return found
    what = f"{removed.at} gives {removed.errno}"
    return Diagnostic(KERNEL_CRASH, what=what, kernel=removed.log)
