"""What a migration changed in a tree, carried out again as one step.

A step `migrate` has `changes`, a list of lists, in the order in which Linux makes them:

    ["attach-node", "#1", PARENT, NAME, [[PROPERTY, HEX], ...]]
    ["detach-node", NODE]
    ["update-property", NODE, PROPERTY, HEX]       replaces a property, or adds it
    ["add-property", NODE, PROPERTY, HEX]
    ["remove-property", NODE, PROPERTY]

NODE and PARENT are the path of a node that was there before the step, or `#1`, `#2`, ... for one
that the step brings: after an add before the delete two nodes have one path. A node that is
detached loses the reference of the tree, as in dlpar_detach_node; whoever holds it keeps it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.codes import script as codes
from dtovl.live.objects import Maker, Property
from dtovl.model.cells import cell
from dtovl.script import direct
from dtovl.script.lookup import find_by_path
from dtovl.script.parameters import wrong

if TYPE_CHECKING:
    from dtovl.live.state import Live
    from dtovl.model.node import Node
    from dtovl.script.parameters import Step

_FORMS = {
    "attach-node": (str, str, str, list),
    "detach-node": (str,),
    "update-property": (str, str, str),
    "add-property": (str, str, str),
    "remove-property": (str, str),
}


def migrate(live: Live, step: Step) -> int:
    """Carry out the changes of a step; give how many there were.

    Raises InputError (DT28x) for a change that is none, or on a node that is not there; then
    nothing has happened.
    """
    changes = step.values.get("changes")
    if not isinstance(changes, list):
        raise _wrong(changes)
    nodes = _named_nodes(live, changes)
    for action, name, *values in changes:
        if action == "attach-node":
            parent = nodes[values[0]]
            node = nodes[name] = direct.new_node(live, parent, values[1])
            for key, value in values[2]:
                direct.new_property(live, node, _property(live, key, value))
            direct.attach_node(live, node)
            _renumber(live, node)
        elif action == "detach-node":
            direct.detach_node(live, nodes[name])
            live.put(nodes[name])
        elif action == "remove-property":
            direct.remove_property(live, nodes[name], values[0])
        else:
            change = direct.add_property if action == "add-property" else direct.update_property
            change(live, nodes[name], _property(live, *values))
    return len(changes)


def _renumber(live: Live, node: Node) -> None:
    """Take `ibm,phandle` as the last resort, as kernels built for these machines do.

    Source: kernel __of_attach_node, CONFIG_PPC_PSERIES.
    """
    value = node.properties.get("ibm,phandle", b"")
    if not node.phandle and len(value) == 4:
        live.tree.unindex(node)
        node.phandle = cell(value)
        live.tree.index(node)


def _property(live: Live, name: str, value: str) -> Property:
    prop = Property(name, bytes.fromhex(value), Maker.CALLER)
    live.made_properties.append(prop)
    return prop


def _named_nodes(live: Live, changes: list[Any]) -> dict[str, Node]:
    """Check all changes; give the nodes that they name by path."""
    nodes: dict[str, Node] = {}
    brought: set[str] = set()
    for change in changes:
        _check(change)
        names = change[1:2]
        if change[0] == "attach-node":
            names = change[2:3]
            if change[1] in brought or not change[1].startswith("#"):
                raise _wrong(change)
            brought.add(change[1])
        for name in names:
            if name in nodes or name in brought:
                continue
            node = find_by_path(live, name)[0] if name.startswith("/") else None
            if node is None:
                raise wrong(codes.NAME_UNKNOWN, op="migrate", kind="node", name=name, hint="")
            nodes[name] = node
    return nodes


def _check(change: Any) -> None:
    """Refuse what is no change: its action, its parts, values that are no hex digits."""
    form = _FORMS.get(change[0]) if isinstance(change, list) and change else None
    if form is None or [type(part) for part in change[1:]] != list(form):
        raise _wrong(change)
    values = [change[3]] if form == (str, str, str) else []
    if change[0] == "attach-node":
        for pair in change[4]:
            if not isinstance(pair, list) or [type(part) for part in pair] != [str, str]:
                raise _wrong(change)
            values.append(pair[1])
    for value in values:
        try:
            bytes.fromhex(value)
        except ValueError as error:
            raise _wrong(change) from error


def _wrong(got: object) -> Exception:
    text = repr(got)
    text = text if len(text) <= 60 else f"{text[:57]}..."
    wanted = "a list of changes: [ACTION, NODE, ...]"
    return wrong(codes.PARAMETER_WRONG, op="migrate", name="changes", wanted=wanted, got=text)
