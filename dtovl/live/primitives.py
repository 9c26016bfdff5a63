"""The single changes of a live tree, each with what it does in sysfs; nobody is told of them.

Properties are known by object: a name that is there again is not the property that was there. A
property taken out goes to the head of the node's dead list, from where putting it in takes it.
Sysfs refuses two entries of one name: the later one gets another name.
Source: kernel __of_attach_node, __of_detach_node, __of_add_property, __of_remove_property,
__of_update_property (drivers/of/base.c, dynamic.c) and their _sysfs halves (drivers/of/kobj.c).
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from dtovl.codes import live as codes
from dtovl.live.cache import drop_cached, keep_cached
from dtovl.live.files import add_file, free_name, remove_file
from dtovl.live.objects import Flag, Oops, Property
from dtovl.model.cells import cell
from dtovl.model.node import REPEAT, Node, free_key, plain_name
from dtovl.model.tree import PHANDLE_NAMES

if TYPE_CHECKING:
    from dtovl.live.state import Live

_FIRST_REPEAT = f"{REPEAT}1"
_SYMBOLS = "__symbols__"

# -- nodes -----------------------------------------------------------------------------------------


def new_node(live: Live, name: str, parent: Node, phandle: int = 0) -> Node:
    """Make a node that is not attached yet; its count is 1, the caller's.

    Source: kernel __of_node_dup.
    """
    node = Node(name, parent, phandle)
    live.enter(node, 0)
    return node


def attach(live: Live, node: Node) -> None:
    """Link a node under its parent, first among the children; its own children are forgotten.

    Nothing checks that it is detached: attaching twice closes the list of children to a ring.
    Source: kernel __of_attach_node.
    """
    parent = node.parent
    if parent is None:
        raise Oops("a node without parent is attached", node)
    if parent in live.rings:
        _stop_at_ring(node)
    again = live.attached(node) and _is_listed(parent, node)
    if again and node not in live.loose:
        live.tree.unindex(node)
    if not live.has_flag(node, Flag.OVERLAY):
        node.phandle = _phandle(node)
        live.called.pop(node, None)
    if node.children:
        live.touch(node)  # its count is told by its children otherwise
        for child in node.children.values():
            _cut_off(live, child)
        node.children.clear()
        live.tree.head_children.pop(node, None)
        live.tree.forget_children(node)
    if again:
        _close_ring(live, parent, node)
    else:
        _link(live, parent, node)
    live.clear_flag(node, Flag.DETACHED)


def _cut_off(live: Live, top: Node) -> None:
    """Note that no walk over the tree finds a node, and what is below it, any more."""
    tree, loose = live.tree, live.loose
    for one in top.walk():
        if one not in loose:
            if one.phandle:
                keep_cached(live, one)
            tree.unindex(one)
            loose.add(one)


def _is_listed(parent: Node, node: Node) -> bool:
    children = parent.children
    return children.get(node.name) is node or any(one is node for one in children.values())


def _link(live: Live, parent: Node, node: Node) -> None:
    tree = live.tree
    live.touch(parent)
    name = node.name
    children = parent.children
    children[name if name not in children else free_key(name, children)] = node
    tree.head_children[parent] = tree.head_children.get(parent, 0) + 1
    tree.note_child(parent, node, head=True)
    if name == _SYMBOLS:
        tree.forget_labels()
    loose = live.loose
    if loose:
        if parent in loose or live.has_flag(parent, Flag.DETACHED):
            loose.add(node)
            return
        loose.discard(node)
    tree.index(node)


def _close_ring(live: Live, parent: Node, node: Node) -> None:
    """Model the ring: the node becomes the first child, and its next sibling is the old first."""
    live.touch(parent)
    siblings = list(live.tree.children_of(parent))
    position = next(place for place, child in enumerate(siblings) if child is node)
    ring = [node, *siblings[:position]]
    for lost in siblings[position + 1 :]:
        _cut_off(live, lost)
    parent.children.clear()
    for child in ring:
        parent.children[free_key(child.name, parent.children)] = child
    live.tree.head_children.pop(parent, None)
    live.tree.forget_children(parent)
    live.rings.add(parent)
    if node not in live.loose:
        live.tree.index(node)
    live.find(codes.CHILD_RING, node, parent=parent.path)


def _stop_at_ring(node: Node) -> None:
    raise Oops("the list of children has become a ring: a walk over it never ends", node)


def _phandle(node: Node) -> int:
    for name in PHANDLE_NAMES:
        value = node.properties.get(name)
        if value is not None:
            return cell(value) if len(value) >= 4 else 0
    return 0


def detach(live: Live, node: Node) -> None:
    """Unlink a node; a detached one only makes the kernel warn. It keeps its parent pointer.

    Source: kernel __of_detach_node.
    """
    parent = node.parent
    if not live.attached(node) or parent is None:
        live.find(codes.DETACHED_TWICE, node)
        return
    if parent in live.rings:
        _stop_at_ring(node)
    tree = live.tree
    live.touch(parent)
    _take_child(live, parent, node)
    if node.phandle:
        drop_cached(live, node)
    for child in node.children.values():
        _cut_off(live, child)
    if node not in live.loose:
        tree.unindex(node)
    if node.name == _SYMBOLS:
        tree.forget_labels()
    tree.forget_children(parent)
    live.set_flag(node, Flag.DETACHED)


def _take_child(live: Live, parent: Node, node: Node) -> None:
    children = parent.children
    heads = live.tree.head_children
    key = node.name
    if children.get(key) is not node:
        if not _is_listed(parent, node):
            raise Oops(f"{node.path} is detached, which its parent does not list any more", node)
        key = next(key for key, child in reversed(children.items()) if child is node)
    headed = heads.get(parent, 0)
    if headed and (headed == len(children) or key in islice(reversed(children), headed)):
        heads[parent] = headed - 1
        if headed == 1:
            del heads[parent]
    del children[key]
    _rename_repeats(children, key)


def attach_sysfs(live: Live, node: Node) -> None:
    """Make the directory of a node, and a file for each property; takes two references.

    One on the node, one on its parent (the parent of the kobject).
    Source: kernel __of_attach_node_sysfs.
    """
    parent = node.parent
    assert parent is not None
    if not live.in_sysfs(parent):
        raise Oops(f"{node.path} is attached before its parent: the parent has no directory", node)
    name = free_name(live, parent, node.name, node)
    if name != node.name:
        live.renamed.setdefault(parent, set()).add(name)
        live.names[node] = name
    live.out.discard(node)
    live.kobject_names.add(node)
    live.get(parent)
    for key in node.properties:
        add_file(live, node, live.object_of(node, key), key.replace(REPEAT, "#"))
    live.get(node)


def detach_sysfs(live: Live, node: Node) -> None:
    """Remove the directory of a node; drops the two references. Source: __of_detach_node_sysfs."""
    there = live.in_sysfs(node)
    if there:
        parent = node.parent
        live.spell_name(node)
        for key in node.properties:
            remove_file(live, node, live.object_of(node, key))
        live.out.add(node)
        live.stale_files.pop(node, None)
        if parent is not None:
            if node in live.names:
                live.renamed[parent].discard(live.names.pop(node))
            live.put(parent)
    if there or not live.dialect.keeps_count_of_detached:
        live.put(node)


# -- properties ------------------------------------------------------------------------------------


def add_property(live: Live, node: Node, prop: Property) -> str:
    """Append a property and make its file; `-EEXIST` when the node has one of that name.

    Source: kernel __of_add_property, __of_add_property_sysfs.
    """
    name = prop.name
    if node not in live.spelled or name == "name":
        _spell(live, node, prop)
    properties = node.properties
    if node in live.dead:
        _take_dead(live, node, prop)
    if name in properties:
        _cut_behind(live, node, prop)
        return "-EEXIST"
    properties[name] = prop.value
    live.objects[node, name] = prop
    if name in PHANDLE_NAMES or node.name == _SYMBOLS:
        _note_change(live, node)
    if node not in live.out:
        add_file(live, node, prop)
    return ""


def remove_property(live: Live, node: Node, prop: Property) -> str:
    """Move a property to the dead list, its file goes; `-ENODEV` when the node does not have it.

    Source: kernel __of_remove_property, __of_remove_property_sysfs.
    """
    key: str | None = prop.name
    if node not in live.spelled or key == "name":
        _spell(live, node, prop)
    objects = live.objects
    if objects.get((node, prop.name)) is not prop:
        key = _key_of(live, node, prop)
    if key is None:
        return "-ENODEV"
    del node.properties[key]
    del objects[node, key]
    if key + _FIRST_REPEAT in node.properties:
        _rename_repeated(live, node, key)
    _bury(live, node, prop)
    if prop.name in PHANDLE_NAMES or node.name == _SYMBOLS:
        _note_change(live, node)
    if node not in live.out:
        remove_file(live, node, prop)
    return ""


def update_property(
    live: Live, node: Node, prop: Property, recorded: Property | None, *, late: bool = True
) -> Property | None:
    """Put a property in the place of the first one of its name, or at the end; give the old one.

    The file that goes is that of the old one, or, unless late, of the recorded one, whether it was
    replaced or not. Source: kernel __of_update_property, __of_update_property_sysfs.
    """
    name = prop.name
    if node not in live.spelled or name == "name":
        _spell(live, node, prop)
    if node in live.dead:
        _take_dead(live, node, prop)
    old = live.object_of(node, name) if name in node.properties else None
    if old is prop:
        _tie_to_dead(live, node, prop)
    else:
        node.properties[name] = prop.value
        live.objects[node, name] = prop
        if old is not None:
            _bury(live, node, old)
        if name in PHANDLE_NAMES or node.name == _SYMBOLS:
            _note_change(live, node)
    gone = old if late else recorded
    if gone is not old:
        live.stray_files = True
    if gone is not None:
        remove_file(live, node, gone)
    if node not in live.out:
        add_file(live, node, prop)
    return old


def _note_change(live: Live, node: Node) -> None:
    """Keep what is known of phandle properties and of labels in step with the properties."""
    live.tree.forget_labels()
    if live.attached(node) and node not in live.loose:
        live.tree.note_phandle(node)


def _bury(live: Live, node: Node, prop: Property) -> None:
    """Put a property at the head of the dead list."""
    if live.in_both and prop in live.in_both:
        raise Oops(f"the list of dead properties becomes a ring at {prop.name}", node)
    dead = live.dead.get(node)
    if dead is None:
        live.dead[node] = [prop]
    else:
        dead.insert(0, prop)


def _spell(live: Live, node: Node, prop: Property) -> None:
    """Make the implied `name` a property like others, before the list changes."""
    live.spell_name(node)
    if prop.name != "name" or not live.attached(node):
        return
    # A node of an overlay is called so from the start, before its `name` is added.
    if "name" in node.properties or not live.has_flag(node, Flag.OVERLAY):
        live.keep_called_name(node)


def _key_of(live: Live, node: Node, prop: Property) -> str | None:
    """Find the key under which a node has a property object."""
    for key in node.properties:
        if plain_name(key) == prop.name and live.objects.get((node, key)) is prop:
            return key
    return None


def _take_dead(live: Live, node: Node, prop: Property) -> None:
    dead = live.dead.get(node)
    if dead and prop in dead:
        dead.remove(prop)
        if not dead:
            del live.dead[node]


def _cut_behind(live: Live, node: Node, prop: Property) -> None:
    """Drop what follows a property that is added while it is in the list: its link is cleared.

    Source: kernel __of_add_property sets prop->next before it looks at the list.
    """
    key = _key_of(live, node, prop)
    keys = list(node.properties)
    if key is None or keys[-1] == key:
        return
    _lose_behind(live, node, keys, key)
    live.find(codes.LIST_CUT, node, name=prop.name)


def _tie_to_dead(live: Live, node: Node, prop: Property) -> None:
    """Put a property in its own place: what followed it is lost, the dead list follows it now.

    Source: kernel __of_update_property sets the link of the old property last.
    """
    _lose_behind(live, node, list(node.properties), prop.name)
    dead = live.dead.setdefault(node, [])
    for other in dead:
        key = free_key(other.name, node.properties)
        node.properties[key] = other.value
        live.objects[node, key] = other
    dead.insert(0, prop)
    live.in_both.add(prop)
    live.find(codes.LIST_CUT, node, name=prop.name)


def _lose_behind(live: Live, node: Node, keys: list[str], last: str) -> None:
    """Drop all properties behind one of a node; what the node is called stays."""
    if live.attached(node):
        live.spell_name(node)
        live.keep_called_name(node)
    for lost in keys[keys.index(last) + 1 :]:
        del node.properties[lost]
        live.objects.pop((node, lost), None)
    _note_change(live, node)


def _rename_repeated(live: Live, node: Node, key: str) -> None:
    """Let the next property of a name that occurred more than once be found by that name."""
    name = plain_name(key)
    if name in node.properties:
        return
    heir = next(other for other in node.properties if plain_name(other) == name)
    order = [(name if other == heir else other, value) for other, value in node.properties.items()]
    node.properties.clear()
    node.properties.update(order)
    found = live.objects.pop((node, heir), None)
    if found is not None:
        live.objects[node, name] = found


def _rename_repeats(children: dict[str, Node], key: str) -> None:
    """Let the next child of a name that occurred more than once be found by that name."""
    if REPEAT in key or key + _FIRST_REPEAT not in children:
        return
    heir = next(other for other in children if plain_name(other) == key)
    order = [(key if other == heir else other, child) for other, child in children.items()]
    children.clear()
    children.update(order)
