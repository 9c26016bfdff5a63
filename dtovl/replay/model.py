"""The tree of a replay: nodes, what is known of their properties, who holds them, how to find them.

A node is the same Node object from the first line to the last: only what leaves the tree, and what
an add attaches, changes the tree's shape. Nodes never move, so a node that left keeps its parent,
and its path. Every look-up is by an index; nothing walks the tree but the one walk at the start.

opaque nodes are those of which nothing tells the properties: nodes of a tree that is inferred from
the log, and nodes that were added without content. What an operation tells of them is known.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from dtovl.model.cells import boot_text, cell
from dtovl.model.limits import MAX_REPLAY_EVENTS
from dtovl.model.node import REPEAT, Node, plain_name
from dtovl.replay.phandles import Phandles
from dtovl.replay.records import ATTACHED, LEFT, UNKNOWN, Event, Record, Step, Value
from dtovl.replay.references import References, names_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.model.tree import Tree
    from dtovl.replay.stream import Base, Content
    from dtovl.update import Difference

FACILITIES = "ibm,platform-facilities"
"""The device_type, and the name, of the node whose children are the platform's accelerators."""


class Model:
    """The tree of a replay.

    inferred    no base was given: the tree is what the log names
    facilities  nodes of the inferred tree that are taken to be of type ibm,platform-facilities
    holders     node -> who holds it, from the start of the replay on
    records     node -> what is noted of it; a node that nothing concerned has none
    leaked      records of nodes that were never attached
    cut         node -> properties of which the base has a part only
    steps       every change of the tree, in order
    left_paths  paths of all nodes that left; left_numbers their phandles, with the last that left
    """

    def __init__(self, base: Base, *, inferred: bool) -> None:
        self.tree: Tree = base.tree
        self.inferred = inferred
        self.opaque: set[Node] = set()
        self.facilities: set[Node] = set()
        self.holders: dict[Node, list[str]] = {}
        self.records: dict[Node, Record] = {}
        self.leaked: list[Record] = []
        self.steps: list[Step] = []
        self.left_paths: set[str] = set()
        self.dangling_below: dict[Node, list[Node]] = {}
        self.left_numbers: dict[int, Node] = {}
        self.phandles = Phandles(self._key)
        self.references = None if inferred else References()
        self.cut = base.unknown
        self._unknown: dict[Node, set[str]] = {
            node: set(keys) for node, keys in base.unknown.items()
        }
        self._absent: dict[Node, set[str]] = {}
        self._ranks: dict[Node, int] = {}
        self._newest = 0
        self._headed: set[Node] = set()
        self._keys: dict[Node, str] = {}
        self._twins: dict[tuple[Node, str], deque[Node]] = {}
        self._paths: dict[Node, str] = {self.tree.root: ""}
        self._events = 0
        self._survey()

    # -- the start -----------------------------------------------------------------------------

    def _survey(self) -> None:
        """Enter every node of the base into the indices."""
        references = self.references
        for rank, node in enumerate(self.tree.walk(), 1):
            self._ranks[node] = rank
            if self.inferred:
                self.opaque.add(node)
            self.phandles.enter(node)
            if references is not None:
                self._refer(node, references)
            for key, child in node.children.items():
                if REPEAT in key:
                    self._enter_twin(child, key)
        for parent, count in self.tree.head_children.items():
            self._headed.update(list(parent.children.values())[-count:])
        if references is not None:
            references.begin()
            return
        facilities = self.tree.root.children.get(FACILITIES)
        if facilities is not None:
            self.facilities.add(facilities)

    def _refer(self, node: Node, references: References) -> None:
        unknown = self._unknown.get(node, ())
        for name in names_in(node.properties):
            if name not in unknown:
                references.note(node, name, node.properties[name])

    def _enter_twin(self, node: Node, key: str) -> None:
        parent = node.parent
        assert parent is not None
        self._keys[node] = key
        twins = self._twins.get((parent, node.name))
        if twins is None:
            twins = self._twins[parent, node.name] = deque([parent.children[node.name]])
        twins.append(node)

    def _key(self, node: Node) -> tuple[int, ...]:
        """Give the rank of a node among those of its phandle: of boot first, in tree order."""
        ranks = self._ranks
        first = ranks[node] < 0
        places = []
        above: Node | None = node
        while above is not None:
            places.append(ranks[above])
            above = above.parent
        places.append(first)
        return tuple(reversed(places))

    # -- finding -------------------------------------------------------------------------------

    def child(self, parent: Node, name: str) -> Node | None:
        """Find the attached child of a name; of several the oldest."""
        twins = self._twins.get((parent, name))
        if twins is None:
            return parent.children.get(name)
        while twins and not self.attached(twins[0]):
            twins.popleft()
        return twins[0] if twins else None

    def find(self, path: str) -> Node | None:
        """Find the attached node of a path; where several have a name, the oldest."""
        if not path.startswith("/"):
            return None
        node: Node | None = self.tree.root
        for name in path.split("/"):
            if name and node is not None:
                node = self.child(node, name)
        return node

    def came(self, node: Node) -> bool:
        """Tell whether a node came with an add."""
        record = self.records.get(node)
        return record is not None and record.came

    def attached(self, node: Node) -> bool:
        """Tell whether a node is in the tree."""
        record = self.records.get(node)
        return record is None or record.state == ATTACHED

    def path(self, node: Node) -> str:
        """Give the path of a node, also of one that left."""
        return self._path(node) or "/"

    def below(self, parent: Node, name: str) -> str:
        """Give the path of a child of parent."""
        return f"{self._path(parent)}/{name}"

    def _path(self, node: Node) -> str:
        paths = self._paths
        known = paths.get(node)
        if known is not None:
            return known
        climbed = [node]
        above = node.parent
        while above is not None and above not in paths:
            climbed.append(above)
            above = above.parent
        path = "" if above is None else paths[above]
        for one in reversed(climbed):
            path = paths[one] = f"{path}/{one.name}"
        return path

    def depth(self, node: Node) -> int:
        """Count the nodes above a node."""
        count = 0
        above = node.parent
        while above is not None:
            count += 1
            above = above.parent
        return count

    # -- shape ---------------------------------------------------------------------------------

    def attach(self, node: Node, line: int | None) -> Record:
        """Link a new node below its parent, first among the children."""
        parent = node.parent
        assert parent is not None
        children = parent.children
        self._newest -= 1
        self._ranks[node] = self._newest
        record = self.records[node] = Record(node, len(self.records), came=True)
        if node.name in children or (parent, node.name) in self._twins:
            self._attach_twin(parent, node)
        else:
            children[node.name] = node
        heads = self.tree.head_children
        heads[parent] = heads.get(parent, 0) + 1
        self._headed.add(node)
        self._touch(node.phandle)
        self.phandles.enter(node)
        if self.references is not None:
            self._refer(node, self.references)
        unknown = self._unknown.get(node, ())
        brings = tuple(pair for pair in node.properties.items() if pair[0] not in unknown)
        self.steps.append(Step(line, "attach-node", node, brings=brings))
        return record

    def _attach_twin(self, parent: Node, node: Node) -> None:
        name = node.name
        if (parent, name) not in self._twins:
            self._twins[parent, name] = deque([parent.children[name]])
        key = name if name not in parent.children else f"{name}{REPEAT}new{-self._newest}"
        self._keys[node] = key
        self._twins[parent, name].append(node)
        parent.children[key] = node

    def detach(self, top: Node, line: int | None) -> list[Node]:
        """Unlink a node with all below it; give these, parents first."""
        parent = top.parent
        assert parent is not None
        taken = list(top.walk())
        del parent.children[self._keys.get(top, top.name)]
        if top in self._headed:
            heads = self.tree.head_children
            heads[parent] -= 1
            if not heads[parent]:
                del heads[parent]
        for node in taken:
            self.record(node).state = LEFT
            self._touch(node.phandle)
            self.phandles.leave(node)
            self.left_numbers[node.phandle] = node
            self.left_paths.add(self.path(node))
            if self.references is not None:
                self.references.drop(node)
        self.steps.extend(Step(line, "detach-node", node) for node in reversed(taken))
        return taken

    def take_phandle(self, node: Node, number: int) -> None:
        """Give a node whose phandle was not known the one that the log tells."""
        if number and not node.phandle:
            self._touch(number)
            self.phandles.renumber(node, number)

    def _touch(self, number: int) -> None:
        if self.references is not None:
            self.references.touch(number, resolved=self.phandles.attached(number))

    # -- properties ----------------------------------------------------------------------------

    def value(self, node: Node, name: str) -> Value:
        """Give the value of a property: bytes, None where it is not there, else UNKNOWN."""
        if name in self._unknown.get(node, ()):
            return UNKNOWN
        found = node.properties.get(name)
        if found is None and node in self.opaque and name not in self._absent.get(node, ()):
            return UNKNOWN
        return found

    def values(self, node: Node) -> Iterator[tuple[str, Value]]:
        """Give the properties that are known to be there, in order."""
        unknown = self._unknown.get(node, ())
        for key, value in node.properties.items():
            yield plain_name(key), UNKNOWN if key in unknown else value

    def put(self, node: Node, name: str, value: Value) -> None:
        """Give a property of an attached node a value, or take it away."""
        self._set(node, name, value)
        if self.references is not None:
            self.references.note(node, name, value if isinstance(value, bytes) else None)

    def _set(self, node: Node, name: str, value: Value) -> None:
        unknown = self._unknown.get(node)
        if unknown is not None:
            unknown.discard(name)
        absent = self._absent.get(node)
        if absent is not None:
            absent.discard(name)
        if value is None:
            node.properties.pop(name, None)
            if node in self.opaque:
                self._absent.setdefault(node, set()).add(name)
        elif isinstance(value, bytes):
            node.properties[name] = value
        else:
            node.properties.setdefault(name, b"")
            self._unknown.setdefault(node, set()).add(name)

    def fill(self, node: Node, content: Content) -> None:
        """Give a node that is not attached yet the properties of an answer."""
        for name, value in content.properties:
            self._set(node, name, UNKNOWN if value is None else value)

    def reveal(self, node: Node, content: Content) -> None:
        """Give an opaque node the properties of an answer: from now on they are all known."""
        told = dict(content.properties)
        for key in list(node.properties):
            if key not in told:
                self.put(node, key, None)
        self.opaque.discard(node)
        self._absent.pop(node, None)
        for name, value in told.items():
            self.put(node, name, UNKNOWN if value is None else value)

    def copy_properties(self, old: Node, new: Node) -> None:
        """Give a node that is not attached yet what another one has, as far as it is known."""
        new.properties.update(old.properties)
        for table in (self._unknown, self._absent):
            if old in table:
                table[new] = set(table[old])
        for group in (self.opaque, self.facilities):
            if old in group:
                group.add(new)

    def device_type(self, node: Node) -> str | None:
        """Give the device_type of a node, None where it has none or it is not known."""
        if node in self.facilities:
            return FACILITIES
        value = self.value(node, "device_type")
        return boot_text(value) if isinstance(value, bytes) else None

    def is_facilities(self, node: Node | None) -> bool:
        """Tell whether a node is of type ibm,platform-facilities."""
        return node is not None and self.device_type(node) == FACILITIES

    def drc_index(self, node: Node) -> int | None:
        """Give the ibm,my-drc-index of a node, None where it is not known."""
        value = self.value(node, "ibm,my-drc-index")
        return cell(value) if isinstance(value, bytes) and len(value) >= 4 else None

    def step(self, line: int | None, action: str, node: Node, change: Difference) -> None:
        """Note a change of a property among the changes of the tree."""
        self.steps.append(Step(line, action, node, change.name, change.old, change.new))

    # -- notes ---------------------------------------------------------------------------------

    def record(self, node: Node) -> Record:
        """Give the record of a node; it is made when it is first asked for."""
        record = self.records.get(node)
        if record is None:
            record = self.records[node] = Record(node, len(self.records), came=False)
        return record

    def leak(self, node: Node) -> Record:
        """Note a node that the connector made and nobody attaches."""
        number = len(self.records) + len(self.leaked)
        record = Record(node, number, came=True, state="leaked")
        self.leaked.append(record)
        return record

    def tell(self, record: Record, line: int | None, predicate: str) -> None:
        """Note what happened to a node, for those who ask why."""
        self._events += 1
        kept = len(record.events)
        if kept < MAX_REPLAY_EVENTS:
            record.events.append(Event(self._events, line, predicate))
        elif kept == MAX_REPLAY_EVENTS:
            record.events.append(Event(self._events, line, "has more happen to it than is kept"))
