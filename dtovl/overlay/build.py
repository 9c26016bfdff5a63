"""Building the changeset of an overlay before anything is changed (the kernel's way)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from dtovl.changeset import AttachNode, Entry, SetProperty
from dtovl.model.cells import cell
from dtovl.model.dialect import Problem
from dtovl.model.node import Node, plain_name
from dtovl.model.paths import find_merge_child
from dtovl.model.tree import Origin, Tree
from dtovl.overlay.fragments import Fragment, find_target, live_symbol, symbol_entries
from dtovl.overlay.outcome import LogLine
from dtovl.resolve import Refused, Resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from dtovl.changeset import Positions
    from dtovl.diagnostics import Location
    from dtovl.overlay.outcome import Outcome

_PSEUDO = frozenset({"name", "phandle", "linux,phandle"})
_CELLS = frozenset({"#address-cells", "#size-cells"})
_LEAK = "OF: overlay: WARNING: memory leak will occur if overlay removed, property: "


def build(
    tree: Tree,
    outcome: Outcome,
    resolved: Resolved,
    number: int,
    announce: Callable[[], None] | None = None,
    recorder: Recorder | None = None,
) -> list[Entry]:
    """Find all targets, then list the entries that bring the overlay in. Nothing is changed.

    Log lines that the kernel prints on the way go to outcome.lines. announce is called between
    the two, once all targets are in outcome.targets. A recorder takes the entries instead of the
    list, one by one. Raises Refused.
    Source: kernel init_overlay_changeset, build_changeset, changeset_dup_entry_check.
    """
    overlay, dialect = outcome.overlay, outcome.dialect
    for fragment in overlay.fragments:
        outcome.targets[fragment.node] = find_target(tree, fragment, resolved, dialect)
    if overlay.symbols is not None and tree.symbols is None:
        raise Refused(Problem.SYMBOLS_NO_BASE, node=overlay.symbols)
    if not overlay.fragments and overlay.symbols is None:
        raise Refused(Problem.NO_FRAGMENTS)
    if announce is not None:
        announce()
    builder = _Builder(tree, outcome, resolved, number, recorder)
    # What was listed before a refusal matters to a kernel that keeps it.
    outcome.changeset.entries = builder.entries
    for fragment in overlay.fragments:
        builder.fragment(fragment)
    builder.symbols()
    builder.refuse_duplicates()
    if builder.crash is not None:
        raise builder.crash
    return builder.entries


class Recorder(Protocol):
    """Takes the entries of an overlay as they are found; may raise Refused."""

    def attach(self, parent: Node, node: Node, origin: Origin, positions: Positions | None) -> None:
        """Take a new node."""

    def add(self, node: Node, name: str, value: bytes, position: Location | None) -> None:
        """Take a property of a new node."""

    def change(
        self, node: Node, name: str, value: bytes, origin: Origin, position: Location | None
    ) -> None:
        """Take a property of a node of the base, added or updated."""


class _Lister:
    """Makes a list of plain changeset entries."""

    __slots__ = ("_entries",)

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = entries

    def attach(self, parent: Node, node: Node, origin: Origin, positions: Positions | None) -> None:
        self._entries.append(AttachNode(parent, node, origin, positions=positions))

    def add(self, node: Node, name: str, value: bytes, position: Location | None) -> None:
        self._entries.append(SetProperty(node, name, value, position=position))

    def change(
        self, node: Node, name: str, value: bytes, origin: Origin, position: Location | None
    ) -> None:
        self._entries.append(SetProperty(node, name, value, origin, position=position))


class Doubled(NamedTuple):
    """A node (property is None) or property that one overlay brings more than once."""

    path: str
    property: str | None
    sources: list[tuple[Node, str | None]]


class _Builder:
    """The list in the making. identities name nodes by path without spelling the path out.

    touched has, per entry in list order, what the duplicate check compares: (identity, None) for a
    node that is added, (identity, property) for a property; sources has, for each of these, the
    node of the overlay, and the key of its property, that it comes from.
    """

    __slots__ = (
        "crash",
        "entries",
        "number",
        "origin",
        "outcome",
        "positions",
        "recorder",
        "resolved",
        "sources",
        "touched",
        "tree",
    )

    def __init__(
        self,
        tree: Tree,
        outcome: Outcome,
        resolved: Resolved,
        number: int,
        recorder: Recorder | None,
    ) -> None:
        self.tree = tree
        self.outcome = outcome
        self.resolved = resolved
        self.number = number
        self.positions = outcome.overlay.tree.positions
        self.crash: Refused | None = None
        self.entries: list[Entry] = []
        self.recorder: Recorder = _Lister(self.entries) if recorder is None else recorder
        self.touched: list[tuple[Hashable, str | None]] = []
        self.sources: list[tuple[Node, str | None]] = []
        self.origin = Origin(number, outcome.overlay.name, "")

    def fragment(self, fragment: Fragment) -> None:
        """List the entries of one fragment: properties first, then children, depth first.

        Source: kernel build_changeset_next_level.
        """
        self.origin = Origin(self.number, self.outcome.overlay.name, fragment.name)
        stack = [(fragment.content, self.outcome.targets[fragment.node])]
        while stack:
            node, base = stack.pop()
            if node is not fragment.content and self._is_new(node, base):
                self._add_subtree(node, base)
                continue
            live = base if node is fragment.content else self._live_child(node, base)
            if self.resolved.number(node):
                self.outcome.dropped.append((node, live))
            self._live_properties(node, live)
            stack.extend((child, live) for child in self._children(node))

    def _children(self, node: Node) -> Iterable[Node]:
        """Give the children in the order a stack wants, without those the kernel drops."""
        children = reversed(node.children.values())
        deep = self.outcome.overlay.deep
        if not deep or not self.outcome.dialect.max_depth:
            return children
        return [child for child in children if child not in deep]

    def _is_new(self, node: Node, base: Node) -> bool:
        return find_merge_child(self.tree, base, node.name, self.outcome.dialect) is None

    def _live_child(self, node: Node, base: Node) -> Node:
        """Find the node of the base that a child merges with; both having phandles is refused."""
        live = find_merge_child(self.tree, base, node.name, self.outcome.dialect)
        assert live is not None
        if live.phandle and self.resolved.number(node):
            raise Refused(Problem.PHANDLE_CLASH, node=node, base_node=live)
        return live

    def _live_properties(self, node: Node, live: Node) -> None:
        """List the entries for the properties of a node that is in the base.

        Source: kernel add_changeset_property.
        """
        warns = live not in self.tree.origins
        path = None
        for key, value in self.resolved.properties(node).items():
            name = plain_name(key)
            if name in _PSEUDO:
                continue
            if name in _CELLS:
                old = live.properties.get(name)
                if old == value:
                    continue
                if old is not None:
                    facts = {"node_path": live.kernel_path, "base_node": live, "old": old}
                    raise Refused(
                        Problem.CELLS_CHANGED, property=name, node=node, new=value, **facts
                    )
            if name == "status" and not value:
                self._note_crash(node, name, value)
            self._set(node, key, live, name, value)
            if warns:
                path = live.kernel_path if path is None else path
                self.outcome.lines.append(LogLine(3, (_LEAK, path, "/", name)))

    def _note_crash(self, node: Node, name: str, value: bytes) -> None:
        """Note what the kernel's listeners crash on, once all is applied, or read beyond its end.

        Source: kernel of_reconfig_get_state_change (string comparison of `status`), of_device_add.
        """
        hazards = self.outcome.dialect.hazards
        if name == "status" and not value and Problem.STATUS_EMPTY in hazards and not self.crash:
            self.crash = Refused(Problem.STATUS_EMPTY, node=node, property=name)
        overread = Problem.COMPATIBLE_UNTERMINATED in hazards
        if name == "compatible" and value and value[-1] and overread:
            danger = Refused(Problem.COMPATIBLE_UNTERMINATED, node=node, property=name)
            self.outcome.dangers.append(danger)

    def _set(self, node: Node, key: str, live: Node, name: str, value: bytes) -> None:
        place = self.positions.get((node, key)) if self.positions else None
        self.recorder.change(live, name, value, self.origin, place)
        self.touched.append((live, name))
        self.sources.append((node, key))

    def _add_subtree(self, start: Node, base: Node) -> None:
        """List the entries that add a node, its properties and all below it.

        Source: kernel add_changeset_node.
        """
        stack: list[tuple[Node, Node, Hashable]] = [(start, base, base)]
        while stack:
            node, parent, above = stack.pop()
            identity = (above, node.name)
            fresh = Node(node.name)
            properties = self.resolved.properties(node)
            own = properties.get("phandle")
            if own is not None and len(own) == 4:
                fresh.phandle = cell(own)
            self.recorder.attach(parent, fresh, self.origin, self._place(node, fresh))
            self.touched.append((identity, None))
            self.sources.append((node, None))
            for key, value in properties.items():
                name = plain_name(key)
                self._note_crash(node, name, value)
                place = self.positions.get((node, key)) if self.positions else None
                self.recorder.add(fresh, name, value, place)
                self.touched.append((identity, name))
                self.sources.append((node, key))
            if "name" not in properties:
                self.touched.append((identity, "name"))
                self.sources.append((node, None))
            stack.extend((child, fresh, identity) for child in self._children(node))

    def _place(self, node: Node, fresh: Node) -> Positions | None:
        return {fresh: self.positions[node]} if node in self.positions else None

    def symbols(self) -> None:
        """List the entries for the labels the overlay exports.

        Source: kernel add_changeset_property, symbols fragment; dup_and_fixup_symbol_prop.
        """
        overlay, dialect = self.outcome.overlay, self.outcome.dialect
        live = self.tree.symbols
        if overlay.symbols is None or live is None:
            return
        self.origin = Origin(self.number, overlay.name, overlay.symbols.name)
        path = live.kernel_path
        for label, value in symbol_entries(overlay, dialect):
            if label in live.properties:
                raise Refused(Problem.SYMBOL_EXISTS, label=label, base_node=live)
            exported = live_symbol(overlay, label, value, self.outcome.targets)
            self._set(overlay.symbols, label, live, label, exported)
            self.outcome.lines.append(LogLine(3, (_LEAK, path, "/", label)))

    def refuse_duplicates(self) -> None:
        """Refuse when one node is added twice, or one property changed twice.

        Each entry is held against all later ones, so n equal ones give n - 1 lines.
        Source: kernel changeset_dup_entry_check.
        """
        touched = self.touched
        if len(set(touched)) == len(touched):
            return
        left: dict[tuple[Hashable, str | None], int] = {}
        for entry in touched:
            left[entry] = left.get(entry, 0) + 1
        first: Refused | None = None
        for identity, name in touched:
            left[identity, name] -= 1
            if not left[identity, name]:
                continue
            path = _spell(identity)
            problem = Problem.DUPLICATE_NODE if name is None else Problem.DUPLICATE_PROPERTY
            self.outcome.print(problem, node_path=path, property=name)
            first = first or Refused(problem, doubled=self._doubled(), printed=True)
        if first is not None:
            raise first

    def _doubled(self) -> list[Doubled]:
        """List what is changed more than once, with all places in the overlay that do it."""
        places: dict[tuple[Hashable, str | None], list[tuple[Node, str | None]]] = {}
        for entry, source in zip(self.touched, self.sources, strict=True):
            places.setdefault(entry, []).append(source)
        return [
            Doubled(_spell(identity), name, sources)
            for (identity, name), sources in places.items()
            # A doubled node brings a doubled `name`, which nobody wrote.
            if len(sources) > 1 and not (name == "name" and sources[0][1] is None)
        ]


def sysfs_names(entries: list[Entry]) -> Iterator[LogLine]:
    """Give the lines for names that a property and a child of one node share.

    Both are entries of one sysfs directory; the later one is renamed there.
    Source: kernel safe_name (drivers/of/kobj.c).
    """
    taken: set[tuple[Node, str]] = set()
    for entry in entries:
        if isinstance(entry, AttachNode):
            node, name = entry.parent, entry.node.name
            shared = name in node.properties
        elif isinstance(entry, SetProperty):
            node, name = entry.node, entry.key
            if name in node.properties:
                continue
            shared = name in node.children
        else:
            continue
        if shared or (node, name) in taken:
            where = node.name or "base"
            yield LogLine(4, (f'Duplicate name in {where}, renamed to "{name}#1"',))
        taken.add((node, name))


def _spell(identity: Hashable) -> str:
    names = []
    while isinstance(identity, tuple):
        identity, name = identity
        names.append(name)
    start = identity.kernel_path if isinstance(identity, Node) else ""
    return "/".join([start, *reversed(names)])
