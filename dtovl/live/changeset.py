"""Changesets of a live tree: five actions, recorded, applied, reverted and destroyed.

States of a changeset: recorded -> applied <-> reverted; destroyed at any time, which undoes
nothing. An entry holds one reference on its node from recording to destruction. A failing entry
stops applying, and those done are reverted newest first; a failing revert stops reverting, and
those reverted are applied again in list order. Listeners are told after all entries are in force;
their errors are logged, the last one is returned, nothing is undone.
Source: kernel of_changeset_* and __of_changeset_* (drivers/of/dynamic.c).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes import live as codes
from dtovl.live.notify import tell_all
from dtovl.live.objects import Flag, Holder
from dtovl.live.primitives import (
    add_property,
    attach,
    attach_sysfs,
    detach,
    detach_sysfs,
    remove_property,
    update_property,
)
from dtovl.model.errnos import error_number

if TYPE_CHECKING:
    from dtovl.live.objects import Property
    from dtovl.live.state import Live
    from dtovl.model.node import Node
    from dtovl.model.tree import Origin


class Action:
    """What an entry does: the words of notifications."""

    ATTACH = "attach-node"
    DETACH = "detach-node"
    ADD = "add-property"
    REMOVE = "remove-property"
    UPDATE = "update-property"


_INVERSE = {
    Action.ATTACH: Action.DETACH,
    Action.DETACH: Action.ATTACH,
    Action.ADD: Action.REMOVE,
    Action.REMOVE: Action.ADD,
    Action.UPDATE: Action.UPDATE,
}
_KERNEL_NAMES = {
    Action.ATTACH: "ATTACH_NODE",
    Action.DETACH: "DETACH_NODE",
    Action.ADD: "ADD_PROPERTY",
    Action.REMOVE: "REMOVE_PROPERTY",
    Action.UPDATE: "UPDATE_PROPERTY",
}


class Entry:
    """One recorded change (kernel struct of_changeset_entry).

    prop is the property object it puts in or takes out, old the one an update replaces. origin is
    who brings a node or property in, for those who ask later whose it is.
    """

    __slots__ = ("action", "node", "old", "origin", "prop", "was")

    def __init__(
        self,
        action: str,
        node: Node,
        prop: Property | None = None,
        old: Property | None = None,
        origin: Origin | None = None,
    ) -> None:
        self.action = action
        self.node = node
        self.prop = prop
        self.old = old
        self.origin = origin
        self.was: Origin | None = None

    def inverse(self) -> tuple[str, Property | None, Property | None]:
        """Give what undoes this entry: action, property, old property.

        Source: kernel __of_changeset_entry_invert.
        """
        if self.action != Action.UPDATE:
            return _INVERSE[self.action], self.prop, self.old
        if self.old is None:
            return Action.REMOVE, self.prop, self.prop
        return Action.UPDATE, self.old, self.prop


class LiveChangeset:
    """A list of entries for a live tree (kernel struct of_changeset); label names it in words.

    failed is the entry at which the last revert stopped.
    """

    __slots__ = ("applied", "destroyed", "entries", "failed", "label")

    def __init__(self, label: str) -> None:
        self.label = label
        self.entries: list[Entry] = []
        self.applied = False
        self.destroyed = False
        self.failed: Entry | None = None

    def record(
        self,
        live: Live,
        action: str,
        node: Node,
        prop: Property | None = None,
        origin: Origin | None = None,
    ) -> Entry:
        """Append an entry; what an update replaces is looked up now (dialect: or when applied).

        Source: kernel of_changeset_action.
        """
        live.get(node)
        old = None
        if action == Action.UPDATE and prop is not None and not live.dialect.late_old_property:
            old = find_property(live, node, prop.name)
        entry = Entry(action, node, prop, old, origin)
        self.entries.append(entry)
        return entry

    def apply(self, live: Live) -> str:
        """Apply all entries and tell of them. Source: kernel of_changeset_apply."""
        error, _ = self.apply_entries(live)
        return error or self.notify_applied(live)

    def revert(self, live: Live) -> str:
        """Revert all entries and tell of them. Source: kernel of_changeset_revert."""
        error, _ = self.revert_entries(live)
        return error or self.notify_reverted(live)

    def apply_entries(self, live: Live) -> tuple[str, bool]:
        """Apply all entries, telling nobody. Give the error, and whether rolling back failed."""
        entries = self.entries
        for place, entry in enumerate(entries):
            error = (live.faults and live.fault(f"apply-entry-{place}")) or _apply(live, entry)
            if error:
                live.print(3, f"OF: Error applying changeset ({error_number(error)})")
                failed = False
                for done in reversed(entries[:place]):
                    again = live.fault("rollback-entry") or _revert(live, done)
                    failed = failed or bool(again)
                return error, failed
        self.applied = True
        return "", False

    def revert_entries(self, live: Live) -> tuple[str, bool]:
        """Revert all entries, newest first. Give the error, and whether applying again failed."""
        entries = self.entries
        for place in range(len(entries) - 1, -1, -1):
            error = (live.faults and live.fault(f"revert-entry-{place}")) or _revert(
                live, entries[place]
            )
            if error:
                self.failed = entries[place]
                live.print(3, f"OF: Error reverting changeset ({error_number(error)})")
                failed = False
                for entry in entries[place + 1 :]:
                    again = live.fault("reapply-entry") or _apply(live, entry)
                    failed = failed or bool(again)
                return error, failed
        self.applied = False
        return "", False

    def notify_applied(self, live: Live) -> str:
        """Tell of all entries in order; the last error is given."""
        told = [(entry.action, entry.node, entry.prop, entry.old) for entry in self.entries]
        return tell_all(live, told)

    def notify_reverted(self, live: Live) -> str:
        """Tell of the inverse of all entries, newest first; the last error is given."""
        told = []
        for entry in reversed(self.entries):
            action, prop, old = entry.inverse()
            told.append((action, entry.node, prop, old))
        return tell_all(live, told)

    def destroy(self, live: Live) -> None:
        """Drop the entries and their references, newest first; nothing is undone.

        Source: kernel of_changeset_destroy, __of_changeset_entry_destroy.
        """
        if live.platform is not None:
            live.platform.wait_for_links()
        counts = live.counts
        for entry in reversed(self.entries):
            node = entry.node
            if entry.prop is not None and counts[node] > 1:
                counts[node] -= 1
                continue
            if entry.action == Action.ATTACH and live.has_flag(node, Flag.OVERLAY):
                _check_unheld(live, node)
            live.put(node)
        self.entries.clear()
        self.destroyed = True
        if self in live.changesets:
            live.changesets.remove(self)

    def drop(self, live: Live) -> None:
        """Free entries that are not in force, with the properties that no node has or had."""
        for entry in self.entries:
            prop, node = entry.prop, entry.node
            if prop is not None and prop not in live.dead.get(node, ()):
                live.freed_properties.add(prop)
        self.destroy(live)


def find_property(live: Live, node: Node, name: str) -> Property | None:
    """Find the property object of a name in a node (kernel of_find_property)."""
    if name == "name":
        live.spell_name(node)
    return live.object_of(node, name) if name in node.properties else None


def _check_unheld(live: Live, node: Node) -> None:
    count = live.count(node)
    if count <= 1:
        live.set_flag(node, Flag.OVERLAY_FREE_CSET)
        return
    path = node.kernel_path
    live.print(
        3,
        f"OF: ERROR: memory leak, expected refcount 1 instead of {count}, "
        "of_node_get()/of_node_put() unbalanced - destroy cset entry: attach overlay node ",
        path,
    )
    live.find(codes.NODE_HELD, node, count=count, holders=holder_words(live, node))


def holder_words(live: Live, node: Node) -> str:
    """Name those who hold a node, in words."""
    holders = [*live.holders.get(node, ()), *changeset_holders(live, node)]
    words = [f"{one.name} ({one.where})" if one.where else one.name for one in holders]
    return ", ".join(words) or "a caller that did not give its name"


def changeset_holders(live: Live, node: Node) -> list[Holder]:
    """List the changesets of callers that are not destroyed and have entries for a node."""
    found = []
    for changeset in live.changesets:
        count = sum(entry.node is node for entry in changeset.entries)
        if count:
            found.append(Holder(f"{changeset.label}, not destroyed", f"{count} of its entries"))
    return found


def _revert(live: Live, entry: Entry) -> str:
    """Undo an entry. Source: kernel __of_changeset_entry_revert."""
    node, prop = entry.node, entry.prop
    if prop is None:
        _change_node(live, _INVERSE[entry.action], node)
    elif entry.action == Action.ADD and entry.origin is None:
        # Most entries: properties of new nodes.
        error = remove_property(live, node, prop)
        if error:
            _print_failed(live, Action.REMOVE, node, prop)
        return error
    else:
        error = ""
        action, prop, old = entry.inverse()
        assert prop is not None
        if action == Action.REMOVE:
            error = remove_property(live, node, prop)
        elif action == Action.ADD:
            error = add_property(live, node, prop)
        else:
            late = live.dialect.late_old_property
            update_property(live, node, prop, old, late=late)
        if error:
            _print_failed(live, action, node, prop)
            return error
    if entry.origin is not None:
        withdraw_origin(live, entry)
    return ""


def _apply(live: Live, entry: Entry) -> str:
    """Carry out an entry. Source: kernel __of_changeset_entry_apply."""
    node, prop, action = entry.node, entry.prop, entry.action
    if prop is None:
        _change_node(live, action, node)
    else:
        error = ""
        if action == Action.ADD:
            error = add_property(live, node, prop)
        elif action == Action.REMOVE:
            error = remove_property(live, node, prop)
        else:
            late = live.dialect.late_old_property
            replaced = update_property(live, node, prop, entry.old, late=late)
            if late:
                entry.old = replaced
        if error:
            _print_failed(live, action, node, prop)
            return error
    if entry.origin is not None:
        enter_origin(live, entry)
    return ""


def _change_node(live: Live, action: str, node: Node) -> None:
    if action == Action.ATTACH:
        attach(live, node)
        attach_sysfs(live, node)
    else:
        detach(live, node)
        detach_sysfs(live, node)


def _print_failed(live: Live, action: str, node: Node, prop: Property) -> None:
    verb = f"{_KERNEL_NAMES[action]:<15}"
    live.print(3, f"OF: changeset: apply failed: {verb} ", node.kernel_path, ":", prop.name)


def enter_origin(live: Live, entry: Entry) -> None:
    """Note whose it is what an entry brings; the entry must have an origin."""
    assert entry.origin is not None
    origins = live.tree.origins
    if entry.prop is None:
        origins[entry.node] = entry.origin
    else:
        key = (entry.node, entry.prop.name)
        entry.was = origins.get(key)
        origins[key] = entry.origin


def withdraw_origin(live: Live, entry: Entry) -> None:
    """Give what an entry brought back to whom it was before."""
    origins = live.tree.origins
    if entry.prop is None:
        origins.pop(entry.node, None)
    elif entry.was is None:
        origins.pop((entry.node, entry.prop.name), None)
    else:
        origins[entry.node, entry.prop.name] = entry.was
