"""The state of a live tree: reference counts, flags, holders, sysfs; and the log of what happens.

Side tables hold what differs from a node as it was at boot; a node that nobody touched costs
nothing. A node's count is 2 (initialised, in sysfs) and one for each child in sysfs, until it is
touched; from then on it is kept explicitly.

A node is attached (in the tree), detached (out of it, alive), or freed. Counts only change by get
and put; at 0 the node is released: freed, or leaked with the line that says why.
Source: kernel of_node_get, of_node_put, of_node_release (drivers/of/dynamic.c), of_core_init.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes import live as codes
from dtovl.diagnostics import Diagnostic
from dtovl.live.boot import BootReferences
from dtovl.live.objects import Flag, Holder, Maker, Property
from dtovl.model.cells import boot_text
from dtovl.model.node import REPEAT, plain_name
from dtovl.overlay.outcome import LogLine

if TYPE_CHECKING:
    from dtovl.codes.base import Code
    from dtovl.live.changeset import LiveChangeset
    from dtovl.live.notify import Listener
    from dtovl.live.objects import DeviceEvent, Injected, Overlaid, Reconfig
    from dtovl.live.platform import PlatformBus
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

    LogEntry = LogLine | Reconfig | Overlaid | DeviceEvent | Injected

SATURATED = -(1 << 30)
"""What a count becomes that was used after it reached 0 (kernel REFCOUNT_SATURATED)."""


class Live:
    """The devicetree of a running kernel.

    counts     node -> reference count (kernel: kobj.kref)
    dead       node -> properties removed or replaced, newest first (kernel: deadprops)
    objects    (node, key) -> the object of a property; what is absent is of boot
    out        nodes that are not in sysfs
    stale_files node -> files in its directory that no property names any more
    in_both    properties that are in the list and on the list of dead ones at once
    holders    node -> who holds references by name
    loose      nodes below a detached one, or dropped from its children: no walk finds them
    freed      nodes whose memory has been given back
    out_of_sight phandle -> node below a detached one, which the phandle cache still gives
    looked_up  phandle -> node that the phandle cache holds since boot, None for nobody
    lost       nodes that were released and can never be freed
    changesets those of callers that are not destroyed
    log        what happened since clear_log, in order
    faults     place in the kernel -> error it returns next time (see fault)
    """

    def __init__(self, tree: Tree, dialect: Dialect) -> None:
        self.tree = tree
        self.dialect = dialect
        self.counts: dict[Node, int] = {}
        self.dead: dict[Node, list[Property]] = {}
        self.objects: dict[tuple[Node, str], Property] = {}
        self.out: set[Node] = set()
        self.made_nodes: list[Node] = []
        self.made_properties: list[Property] = []
        self.kobject_names: set[Node] = set()
        self.renamed: dict[Node, set[str]] = {}
        self.rings: set[Node] = set()
        self.loose: set[Node] = set()
        self.holders: dict[Node, list[Holder]] = {}
        self.freed: set[Node] = set()
        self.freed_properties: set[Property] = set()
        self.lost: set[Node] = set()
        self.out_of_sight: dict[int, Node] = {}
        self.looked_up: dict[int, Node | None] = {}
        self.names: dict[Node, str] = {}
        self.called: dict[Node, str | None] = {}
        self.strings_lost = 0
        self.stray_files = False
        self.stale_files: dict[Node, set[str]] = {}
        self.in_both: set[Property] = set()
        self.boot_files: set[Property] = set()
        self.log: list[LogEntry] = []
        self._found: list[tuple[Code, Node | None, dict[str, object]]] = []
        self.listeners: list[Listener] = []
        self.changesets: list[LiveChangeset] = []
        self.platform: PlatformBus | None = None
        self.faults: dict[str, str] = {}
        self._bits: dict[Node, int] = {}
        self._boot: BootReferences | None = None
        self.spelled: set[Node] = set()

    # -- log -----------------------------------------------------------------------------------

    def print(self, level: int, *parts: str) -> None:
        """Add a line to the kernel log; level as in printk."""
        self.log.append(LogLine(level, parts))

    def emit(self, event: LogEntry) -> None:
        """Add an event to the log."""
        self.log.append(event)

    def find(self, code: Code, node: Node | None = None, **facts: object) -> None:
        """Record a finding about a node."""
        self._found.append((code, node, facts))

    def take_findings(self) -> list[Diagnostic]:
        """Give what was recorded since the last call; put into words only now."""
        found = [
            Diagnostic(code, path="" if node is None else node.path, **facts)  # type: ignore[arg-type]
            for code, node, facts in self._found
        ]
        self._found.clear()
        return found

    def drop_findings(self) -> None:
        """Forget what was recorded since the last call of take_findings."""
        self._found.clear()

    def fault(self, place: str) -> str:
        """Give the error that is to be returned at a place in the kernel, "" for none.

        Each fault strikes once. Places are named as the tests of error paths name them.
        """
        return self.faults.pop(place, "") if self.faults else ""

    # -- flags ---------------------------------------------------------------------------------

    def flags(self, node: Node) -> int:
        """Give the flags of a node."""
        bits = self._bits.get(node, 0)
        return bits if self.platform is None else bits | self.platform.flags(node)

    def detached_of_boot(self) -> list[Node]:
        """List the nodes of boot that are detached."""
        wanted = Flag.DETACHED
        both = Flag.DYNAMIC | Flag.DETACHED
        return [node for node, bits in self._bits.items() if bits & both == wanted]

    def has_flag(self, node: Node, flag: int) -> bool:
        """Tell whether a node carries a flag."""
        return self._bits.get(node, 0) & flag != 0

    def set_flag(self, node: Node, flag: int) -> None:
        """Set a flag of a node."""
        self._bits[node] = self._bits.get(node, 0) | flag

    def clear_flag(self, node: Node, flag: int) -> None:
        """Clear a flag of a node."""
        left = self._bits.get(node, 0) & ~flag
        if left:
            self._bits[node] = left
        else:
            self._bits.pop(node, None)

    def in_sysfs(self, node: Node) -> bool:
        """Tell whether a node has its directory in sysfs (kernel of_node_is_attached)."""
        return node not in self.out

    def attached(self, node: Node) -> bool:
        """Tell whether a node is linked into the tree."""
        return not self._bits.get(node, 0) & Flag.DETACHED

    # -- references ----------------------------------------------------------------------------

    def count(self, node: Node) -> int:
        """Give the reference count of a node."""
        known = self.counts.get(node)
        if known is not None:
            return known
        boot = self._references_of_boot().of(node)
        if self.platform is not None:
            boot += self.platform.boot_references(node)
        return 2 + len(node.children) + boot

    def _references_of_boot(self) -> BootReferences:
        if self._boot is None:
            self._boot = BootReferences(self.tree, self.dialect)
        return self._boot

    def touch(self, node: Node) -> int:
        """Keep the count of a node explicitly from now on; give it."""
        count = self.counts.get(node)
        if count is None:
            count = self.counts[node] = self.count(node)
        return count

    def get(self, node: Node) -> None:
        """Take a reference (kernel of_node_get)."""
        counts = self.counts
        count = counts.get(node)
        if count is None:
            count = self.touch(node)
        if count > 0:
            counts[node] = count + 1
        else:
            self._saturate(node, "taken")

    def put(self, node: Node) -> None:
        """Drop a reference; the last one releases the node (kernel of_node_put)."""
        counts = self.counts
        count = counts.get(node)
        if count is None:
            count = self.touch(node)
        if count > 1:
            counts[node] = count - 1
        elif count == 1:
            counts[node] = 0
            self._release(node)
        else:
            self._saturate(node, "dropped")

    def _saturate(self, node: Node, verb: str) -> None:
        self.counts[node] = SATURATED
        code = codes.FREED_NODE_USED if node in self.freed else codes.COUNT_BROKEN
        self.find(code, node, verb=verb)

    def hold(self, node: Node, holder: str, where: str = "") -> None:
        """Take a reference in somebody's name; where tells the place in words."""
        self.get(node)
        self.holders.setdefault(node, []).append(Holder(holder, where))

    def release(self, node: Node, holder: str) -> bool:
        """Drop a reference that somebody took by hold; False: they hold none."""
        held = self.holders.get(node, [])
        for position in range(len(held) - 1, -1, -1):
            if held[position].name == holder:
                del held[position]
                if not held:
                    del self.holders[node]
                self.put(node)
                return True
        return False

    def _release(self, node: Node) -> None:
        """Free a node whose count reached 0, or say why not.

        Source: kernel of_node_release, kobject_cleanup.
        """
        if self.in_sysfs(node):
            self._clean_sysfs(node)
        self.kobject_names.discard(node)
        if self.attached(node):
            path = self._spelt_path(node)
            if self.dialect.names_parent_of_bad_put:
                self.print(3, "OF: ERROR: of_node_release() detected bad of_node_put() on ", path)
                self.print(
                    3,
                    "OF: ERROR: next of_node_put() on this node will result in a kobject warning "
                    "'refcount_t: underflow; use-after-free.'",
                )
            else:
                self.print(3, "OF: ERROR: Bad of_node_put() on ", path)
            self.find(codes.PUT_TOO_MANY, node)
            return
        if not self.has_flag(node, Flag.DYNAMIC):
            return
        if self.has_flag(node, Flag.OVERLAY):
            if not self.has_flag(node, Flag.OVERLAY_FREE_CSET):
                path = self._spelt_path(node)
                self.print(3, "OF: ERROR: memory leak before free overlay changeset,  ", path)
                self.lost.add(node)
                self.find(codes.NODE_LOST, node)
                return
            if node.properties:
                path = self._spelt_path(node)
                self.print(3, "OF: ERROR: of_node_release(), unexpected properties in ", path)
                self.find(codes.PROPERTIES_LEFT, node, names=", ".join(sorted(node.properties)))
        self._free(node)

    def _clean_sysfs(self, node: Node) -> None:
        """Take the directory of a released node out of sysfs. Source: kernel kobject_cleanup."""
        self.out.add(node)
        if node.parent is not None:
            self.put(node.parent)

    def _free(self, node: Node) -> None:
        for key in node.properties:
            prop = self.objects.pop((node, key), None)
            if prop is not None:
                self.freed_properties.add(prop)
        self.freed_properties.update(self.dead.pop(node, ()))
        node.properties.clear()
        self.freed.add(node)

    def _spelt_path(self, node: Node) -> str:
        self.check_path(node)
        return node.kernel_path

    def check_path(self, node: Node) -> None:
        """Find out whether a freed node is used to spell out the path of another one."""
        above = node.parent
        while above is not None:
            if above in self.freed:
                self.find(codes.FREED_PARENT, node, parent=above.path)
                return
            above = above.parent

    # -- properties ----------------------------------------------------------------------------

    def property(self, node: Node, name: str) -> bytes | None:
        """Give the value of the first property of that name."""
        if name == "name" and self.implies_name(node):
            return own_name(node)
        return node.properties.get(name)

    def implies_name(self, node: Node) -> bool:
        """Tell whether the kernel gave the node a `name` that the tree does not hold (yet)."""
        return node not in self.spelled and "name" not in node.properties

    def spell_name(self, node: Node) -> None:
        """Put the `name` that the kernel made at boot into the properties, before they change."""
        if node not in self.spelled:
            self._references_of_boot()  # aliases count as they were at boot
            self.spelled.add(node)
            node.properties.setdefault("name", own_name(node))

    def enter(self, node: Node, flags: int) -> None:
        """Take up a node that was made since boot; its count is 1, it is not attached."""
        self.counts[node] = 1
        self.out.add(node)
        self._bits[node] = flags | Flag.DYNAMIC | Flag.DETACHED
        self.spelled.add(node)
        self.made_nodes.append(node)

    def called_name(self, node: Node) -> str | None:
        """Give what the kernel calls a node (np->name): the `name` it had when it was attached."""
        if node in self.called:
            return self.called[node]
        value = self.property(node, "name")
        return None if value is None else boot_text(value)

    def keep_called_name(self, node: Node) -> None:
        """Note what the kernel calls a node, before its `name` property changes."""
        if node not in self.called:
            self.called[node] = self.called_name(node)

    def objects_of(self, node: Node) -> list[Property]:
        """List the property objects that are known of a node."""
        found = (self.objects.get((node, key)) for key in node.properties)
        return [prop for prop in found if prop is not None]

    def object_of(self, node: Node, key: str) -> Property:
        """Give the object of a property that the node has under key."""
        found = self.objects.get((node, key))
        if found is None:
            found = Property(plain_name(key), node.properties[key], Maker.BOOT)
            found.sysfs = key.replace(REPEAT, "#") if self.in_sysfs(node) else None
            self.objects[node, key] = found
        return found


def own_name(node: Node) -> bytes:
    """Give the `name` that unflattening makes: the node's name up to the last `@`, with NUL.

    Of a name with slashes only what stands behind the last one counts.

    Source: kernel populate_properties (drivers/of/fdt.c).
    """
    name = node.name.rpartition("/")[2] if "/" in node.name else node.name
    stem = name.rpartition("@")[0] if "@" in name else name
    return stem.encode("latin-1") + b"\0"
