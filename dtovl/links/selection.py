"""Which links of a tree are asked for: of some kinds, of one node, those that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.model.supplierbindings import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.links.board import Board
    from dtovl.links.changes import Change, Graph, Seen
    from dtovl.links.link import Finding
    from dtovl.model.node import Node

_NODES = ("supplier", "other", "disabled", "via", "was")
"""Keys of a finding's details that hold the path of a node."""


class Scope(NamedTuple):
    """A node that is asked about: its path, and those of it and of what belongs to it.

    To a device belong the nodes below it that are no devices themselves: the regulators of a PMIC,
    the states of a pin controller, ports and endpoints.
    """

    path: str
    paths: frozenset[str]

    def consumes(self, seen: Seen) -> bool:
        """Tell whether a link is a need of the node."""
        return seen.node.path in self.paths or seen.consumer.path in self.paths

    def supplies(self, seen: Seen) -> bool:
        """Tell whether others need the node by a link; what it needs of itself is left out."""
        return seen.supplier.path in self.paths and not self.consumes(seen)


def scope_of(node: Node) -> Scope:
    """Find what belongs to a node."""
    paths = [node.path]
    stack = list(node.children.values()) if node.parent is not None else []
    while stack:
        one = stack.pop()
        if "compatible" not in one.properties:
            paths.append(one.path)
            stack.extend(one.children.values())
    return Scope(node.path, frozenset(paths))


class Selection(NamedTuple):
    """What is asked for: links of kinds (none: all) around a node (None: everywhere).

    reverse: only those by which others need the node.
    """

    kinds: frozenset[str] = frozenset()
    scope: Scope | None = None
    reverse: bool = False

    def suppliers(self, seen: Iterable[Seen]) -> Iterator[Seen]:
        """Give what the node needs; without one everything."""
        if self.reverse and self.scope is not None:
            return
        for one in seen:
            if self._kind(one) and (self.scope is None or self.scope.consumes(one)):
                yield one

    def consumers(self, seen: Iterable[Seen]) -> Iterator[Seen]:
        """Give by what others need the node."""
        if self.scope is None:
            return
        for one in seen:
            if self._kind(one) and self.scope.supplies(one):
                yield one

    def links(self, seen: Iterable[Seen]) -> list[Seen]:
        """Give all links asked for, in the order given."""
        every = list(seen)
        wanted = {id(one) for one in self.suppliers(every)}
        wanted.update(id(one) for one in self.consumers(every))
        return [one for one in every if id(one) in wanted]

    def changes(self, changes: Iterable[Change]) -> list[Change]:
        """Give the changes of links asked for."""
        return [one for one in changes if self.links([one.seen])]

    def findings(self, board: Board, findings: Iterable[Finding]) -> list[Finding]:
        """Give the findings about links asked for."""
        return [one for one in findings if self._about(board, one)]

    def _kind(self, seen: Seen) -> bool:
        return not self.kinds or seen.link.kind in self.kinds

    def _about(self, board: Board, finding: Finding) -> bool:
        if self.kinds and kind_of(board, finding.property) not in self.kinds:
            return False
        if self.scope is None:
            return True
        own = finding.node.path in self.scope.paths
        others = any(path in self.scope.paths for path in paths_in(finding))
        return others if self.reverse else own or others


def kind_of(board: Board, name: str) -> str:
    """Tell of which kind the links of a property are; "" for none."""
    if name.startswith("interrupt"):
        return "interrupt"
    for start, kind in (
        ("#iommu", "iommu"),
        ("iommu-map", "iommu"),
        ("msi-map", "msi"),
        ("gpio-hog", "gpio"),
    ):
        if name.startswith(start):
            return kind
    if name.startswith("assigned-clock"):
        return "clock"
    binding = board.bindings.find(name)
    return binding.kind if binding is not None else ""


def paths_in(finding: Finding) -> Iterator[str]:
    """Give the paths of the nodes that a finding speaks of, besides the one it is about."""
    details = finding.details
    for key in _NODES:
        path = details.get(key)
        if isinstance(path, str):
            yield path
    yield from details.get("members", ())


def known_kinds(board_kinds: Iterable[str] = ()) -> tuple[str, ...]:
    """List the kinds of links that there are, with those of further bindings."""
    return tuple(sorted({*KINDS, *board_kinds}))


def interrupt_path(graph: Graph, scope: Scope) -> list[Seen]:
    """Follow the interrupts of a node from controller to controller.

    The first entry of each counts, as one line leads on: the links give the way to the last
    controller, which has no interrupts of its own.
    """
    first: dict[str, Seen] = {}
    for one in graph.seen:
        if one.link.property in ("interrupts", "interrupts-extended"):
            first.setdefault(one.consumer.path, one)
    way: list[Seen] = []
    passed: set[str] = set()
    at = scope.path
    while at in first and at not in passed:
        passed.add(at)
        if first[at].supplier.path == at:  # a controller may interrupt itself, as GICs do
            break
        way.append(first[at])
        at = first[at].supplier.path
    return way
