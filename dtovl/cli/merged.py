"""A base with overlays on it, for commands that look at what came of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import click

    from dtovl.cli.inputs import Reading
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay
    from dtovl.overlay.outcome import Outcome
    from dtovl.overlay.owners import Owners, Placed
    from dtovl.overlay.stack import Stack

_MOST_NAMES = 3


class Merged(NamedTuple):
    """A base with overlays in force, and whose everything in it is; or a session, named by base."""

    tree: Tree
    owners: Owners
    base: str
    overlays: list[Placed]
    in_session: bool = False

    @property
    def look(self) -> str:
        """Give what `dtovl show` takes to show the base, or the session, quoted for a shell."""
        from shlex import quote

        return f"{'--session ' * self.in_session}{quote(self.base)}"

    @property
    def name(self) -> str:
        """Name the base and the overlays; very many are counted."""
        names = [placed.overlay.name for placed in self.overlays]
        if len(names) > _MOST_NAMES:
            return f"{self.base} with {len(names)} overlays"
        return f"{self.base} with {', '.join(names)}" if names else self.base


def merge(
    reading: Reading,
    files: Sequence[str],
    dialect: Dialect,
    look_at: Callable[[Tree], None] | None = None,
) -> Merged:
    """Read a base and overlays, and apply them in order.

    look_at is called with the base before anything changes it.
    Raises InputError when one cannot be read, or is refused.
    """
    from dtovl.overlay.fragments import Overlay

    base = files[0]
    tree = reading.load(base)
    if look_at is not None:
        look_at(tree)
    overlays = [Overlay(reading.load(name), name) for name in files[1:]]
    return apply_all(tree, overlays, dialect, base)[0]


def apply_all(
    tree: Tree, overlays: Sequence[Overlay], dialect: Dialect, base: str
) -> tuple[Merged, Stack]:
    """Apply overlays in order to the tree of a file called base.

    Raises InputError when one is refused.
    """
    from dtovl.overlay.owners import Placed, apply_owned

    stack, owners = apply_owned(tree, overlays, dialect, base)
    if stack.failed is not None:
        _refuse(stack.failed, tree, base, overlays, len(stack.outcomes))
    placed = [Placed(n, one.overlay, one.targets) for n, one in enumerate(stack.outcomes, 1)]
    return Merged(tree, owners, base, placed), stack


def refuse_overlay(base: Tree, name: str) -> None:
    """Refuse an overlay in the place of the base: its phandles mean nothing yet.

    Raises UsageError (DT296).
    """
    from dtovl.model.specifiers import is_overlay

    if is_overlay(base):
        cure = "give the devicetree of the board first, and the overlay behind it"
        _refuse_role(name, "an overlay", "FILE", cure)


def refuse_base(overlay: Overlay, cure: str) -> None:
    """Refuse what is no overlay in the place of one. Raises UsageError (DT296)."""
    if not overlay.fragments:
        _refuse_role(overlay.name, "no overlay, as it has no fragments", "OVERLAY", cure)


def _refuse_role(name: str, what: str, role: str, cure: str) -> None:
    from dtovl.codes.identify import WRONG_ROLE
    from dtovl.diagnostics import Diagnostic

    raise UsageError(Diagnostic(WRONG_ROLE, name=name, what=what, role=role, cure=cure))


_LOOK_WITH_BASE = ("applier", "include_dirs", "defines", "cpp")


def open_owned(ctx: click.Context, path: str) -> tuple[Merged, dict[str, Any]]:
    """Open a session to look at it; give also what a document about it begins with.

    Raises InputError, click.UsageError for options that go with a base alone.
    """
    from dtovl.cli.session import open_session, refuse_with_session, session_object

    refuse_with_session(ctx, _LOOK_WITH_BASE)
    with open_session(path) as session:
        tree, owners, overlays = session.ownership()
        about = session_object(session)
    return Merged(tree, owners, path, overlays, in_session=True), about


def _refuse(
    outcome: Outcome, tree: Tree, base: str, overlays: Sequence[Overlay], number: int
) -> None:
    from dtovl.checks.refusal import explain
    from dtovl.checks.subject import Subject
    from dtovl.diagnostics import Sink

    sink = Sink()
    explain(Subject(outcome, tree, sink, base, None, overlays, number))
    raise InputError(*sink)


def find_subject(merged: Merged, wanted: str) -> tuple[Node, str | None]:
    """Find the node, or the node and key of the property, that a path as typed means.

    A property is written `PATH/property` or `PATH:property`; a node comes first.

    Raises UsageError (DT060, DT061, DT244).
    """
    from dtovl.cli.show import find_node
    from dtovl.model.lookup import find_lenient

    tree = merged.tree
    exact = tree.find(wanted)
    if exact is not None:
        return exact, None
    for mark in (":", "/"):
        head, found, name = wanted.rpartition(mark)
        nodes = find_lenient(tree, head or "/") if found and name else []
        if len(nodes) != 1:
            continue
        keys = [*nodes[0].properties, *merged.owners.removed_properties(nodes[0])]
        if name in keys:
            return nodes[0], name
        if mark == ":" or not find_lenient(tree, wanted):
            _refuse_property(merged, nodes[0], name, keys, sure=mark == ":")
    return find_node(tree, wanted, merged.base, merged.look), None


def _refuse_property(merged: Merged, node: Node, name: str, keys: list[str], *, sure: bool) -> None:
    """Say that a node has no such property; if not sure, only when one of its own is like it."""
    from shlex import quote

    from dtovl.codes.ownership import NO_SUCH_PROPERTY
    from dtovl.diagnostics import Diagnostic, Note
    from dtovl.model.lookup import nearest
    from dtovl.model.node import plain_name

    near = nearest(name, (plain_name(key) for key in keys))
    if not near and not sure:
        return
    notes = tuple(Note(f"did you mean {node.path}:{one}?") for one in near)
    raise UsageError(
        Diagnostic(
            NO_SUCH_PROPERTY,
            notes=notes,
            node=node.path,
            name=merged.base,
            property=name,
            tree=f"{merged.look} {quote(node.path)}",
        )
    )
