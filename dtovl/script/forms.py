"""The operations of steps as people write them: parameters, and what each does.

Needed to refuse parameters that mean nothing, and for the list of operations in the help.
"""

from __future__ import annotations

from typing import NamedTuple


class Form(NamedTuple):
    """An operation: the parameters it must have, those it may have, and what it does."""

    needs: tuple[str, ...]
    may: tuple[str, ...]
    does: str


ALWAYS = ("op", "note", "result")
"""Keys that every step may have: note is printed, result is what was recorded or is expected."""

_VALUE = ("node", "name"), ("value", "string", "strings", "cells")
_DEVICE = (), ("node", "device", "driver")

FORMS = {
    "apply": Form(("overlay",), ("as", "size"), "apply an overlay; `as` names it for later"),
    "remove": Form((), ("overlay", "id"), "remove an overlay, by name or id"),
    "remove_all": Form((), (), "remove all overlays"),
    "replace": Form(("old", "new"), (), "replace overlays by others as one step: lists of both"),
    "replace_reverse": Form((), (), "go back over a replacement that is pending"),
    "replace_force": Form((), (), "give up what a pending replacement waits for"),
    "keep": Form(("overlay", "as"), (), "somebody keeps a pointer into the overlay's own tree"),
    "hold": Form(("path",), ("label", "as", "where"), "take a reference to the node at a path"),
    "hold_phandle": Form(("phandle",), ("label", "as", "where"), "the same by phandle"),
    "release": Form(("path", "as"), (), "drop the reference that somebody took"),
    "get": Form(("label",), (), "take one more reference"),
    "put": Form(("label",), (), "drop a reference"),
    "refs": Form(("node",), (), "tell the reference count"),
    "print_path": Form(("label",), (), "print the path of a held node"),
    "dump": Form((), ("node",), "tell counts, flags, holders, dead properties"),
    "new_node": Form(("label", "parent", "name"), (), "make a node that is not attached"),
    "dup_node": Form(("label", "source"), ("parent", "name"), "copy a node, not attached"),
    "new_property": Form(*_VALUE, "give a property to a node that is not attached"),
    "cs_new": Form(("cs",), (), "begin a changeset"),
    "cs_attach": Form(("cs", "node"), (), "record: attach a node"),
    "cs_detach": Form(("cs", "node"), (), "record: detach a node"),
    "cs_add": Form(("cs", *_VALUE[0]), _VALUE[1], "record: add a property"),
    "cs_update": Form(("cs", *_VALUE[0]), _VALUE[1], "record: replace a property, or add it"),
    "cs_remove": Form(("cs", "node", "name"), (), "record: remove a property"),
    "cs_remove_stale": Form(
        ("cs", *_VALUE[0]), _VALUE[1], "record: remove a property that is not in the node"
    ),
    "cs_apply": Form(("cs",), (), "apply a changeset"),
    "cs_revert": Form(("cs",), (), "revert a changeset"),
    "cs_destroy": Form(("cs",), (), "drop a changeset and its references; nothing is undone"),
    "attach_node": Form(("node",), (), "attach a node at once"),
    "detach_node": Form(("node",), (), "detach a node at once"),
    "add_property": Form(*_VALUE, "add a property at once"),
    "update_property": Form(*_VALUE, "replace a property at once, or add it"),
    "remove_property": Form(("node", "name"), (), "remove a property at once"),
    "migrate": Form(("changes",), ("log", "policy"), "make the changes of a replayed migration"),
    "fail": Form(
        ("chain", "action", "errno"),
        ("nth", "count"),
        "let a listener answer an error at the nth call of an action, count times",
    ),
    "fail_off": Form((), ("chain",), "let it fail no more"),
    "populate": Form(("node",), (), "make devices of the children of a node"),
    "driver": Form(
        (),
        ("name", "compatible", "fails", "off"),
        "register a driver for compatibles, or take it away; without a name the recorder's",
    ),
    "unbind": Form(*_DEVICE, "part a device from its driver"),
    "bind": Form(*_DEVICE, "let a driver take a device"),
    "leak_scan": Form((), (), "list what nobody can reach any more, by kind"),
    "find": Form(("path",), (), "find a node by path or alias"),
    "find_opts": Form(("path",), (), "the same, and what follows the colon"),
    "find_phandle": Form(("phandle",), (), "find a node by phandle"),
    "find_name": Form(("name",), (), "find a node by name"),
    "find_compatible": Form(("compatible",), (), "find a node by compatible"),
    "child": Form(("node", "name"), (), "find a child by name"),
    "parse_args": Form(("node", "list", "cells", "index"), (), "phandle with arguments"),
    "parse_fixed_args": Form(("node", "list", "count", "index"), (), "the same, fixed count"),
    "parse_args_map": Form(("node", "list", "stem", "index"), (), "the same, through a map"),
    "count_args": Form(("node", "list", "cells"), (), "count phandles with arguments"),
    "alias_id": Form(("node", "stem"), (), "the number of a node's alias"),
    "is_available": Form(("node",), (), "status okay, or none?"),
    "is_compatible": Form(("node", "compatible"), (), "how well a compatible fits"),
    "irq": Form(("node", "index"), (), "the parent and cells of an interrupt"),
    "address": Form(("node", "index"), (), "an address as the processor sees it"),
}
"""Operation -> its form, in the order of the help."""


def all_parameters(op: str) -> list[str]:
    """List the parameters that an operation may have."""
    form = FORMS[op]
    return [*form.needs, *form.may]
