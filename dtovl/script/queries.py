"""Steps that ask and change nothing: look-ups, phandle arguments, interrupts, addresses.

Each answers with the keys that recordings have for its op, but for the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.live.objects import Oops
from dtovl.script import lookup
from dtovl.script.addresses import find_resource
from dtovl.script.interrupts import parse_interrupt
from dtovl.script.parameters import Step
from dtovl.script.reading import compatible_score, is_available
from dtovl.script.specifier import Given, count_entries, parse, parse_mapped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dtovl.live.state import Live
    from dtovl.model.node import Node

    NodeOf = Callable[[str], Node]
    Answer = dict[str, object]

_NO_CELLS = "-"
"""What stands in a step for no name of a property that counts arguments (NULL in the kernel)."""


def _find(live: Live, step: Step, _: NodeOf) -> Answer:
    return _found(lookup.find_by_path(live, step.text("path"))[0])


def _find_opts(live: Live, step: Step, _: NodeOf) -> Answer:
    node, options = lookup.find_by_path(live, step.text("path"))
    return {**_found(node), "opts": options or ""}


def _find_phandle(live: Live, step: Step, _: NodeOf) -> Answer:
    return _found(lookup.find_phandle(live, step.number("phandle")))


def _find_name(live: Live, step: Step, _: NodeOf) -> Answer:
    return _found(lookup.find_name(live, _c_text(step, "name")))


def _find_compatible(live: Live, step: Step, _: NodeOf) -> Answer:
    return _found(lookup.find_compatible(live, _c_text(step, "compatible")))


def _child(live: Live, step: Step, node_of: NodeOf) -> Answer:
    return _found(lookup.find_child(live, _node(live, step, node_of), _c_text(step, "name")))


def _parse_args(live: Live, step: Step, node_of: NodeOf) -> Answer:
    node, name, index = _node(live, step, node_of), _c_text(step, "list"), step.number("index")
    cells_name = _cells_name(step)
    count = 0 if cells_name is None else -1
    return _given(parse(live, node, name, cells_name, count, index))


def _parse_fixed_args(live: Live, step: Step, node_of: NodeOf) -> Answer:
    node, name, index = _node(live, step, node_of), _c_text(step, "list"), step.number("index")
    return _given(parse(live, node, name, None, step.number("count"), index))


def _parse_args_map(live: Live, step: Step, node_of: NodeOf) -> Answer:
    node, name, index = _node(live, step, node_of), _c_text(step, "list"), step.number("index")
    return _given(parse_mapped(live, node, name, _c_text(step, "stem"), index))


def _count_args(live: Live, step: Step, node_of: NodeOf) -> Answer:
    node, name = _node(live, step, node_of), _c_text(step, "list")
    return {"ret": count_entries(live, node, name, _cells_name(step))}


def _alias_id(live: Live, step: Step, node_of: NodeOf) -> Answer:
    number = lookup.alias_number(live, _node(live, step, node_of), _c_text(step, "stem"))
    return {"ret": "-ENODEV" if number is None else number}


def _is_available(live: Live, step: Step, node_of: NodeOf) -> Answer:
    return {"available": int(is_available(live, _node(live, step, node_of)))}


def _is_compatible(live: Live, step: Step, node_of: NodeOf) -> Answer:
    node = _node(live, step, node_of)
    return {"score": compatible_score(live, node, _c_text(step, "compatible"))}


def _irq(live: Live, step: Step, node_of: NodeOf) -> Answer:
    return _given(parse_interrupt(live, _node(live, step, node_of), step.number("index")))


def _address(live: Live, step: Step, node_of: NodeOf) -> Answer:
    found = find_resource(live, _node(live, step, node_of), step.number("index"))
    if isinstance(found, str):
        return {"ret": found}
    return {"ret": 0, "start": hex(found[0]), "end": hex(found[1])}


def _node(live: Live, step: Step, node_of: NodeOf) -> Node:
    """Give the node of the step. Raises Oops when its memory has been given back."""
    node = node_of(step.text("node"))
    if node in live.freed:
        raise Oops("the node has been freed; whoever asks about it reads freed memory", node)
    return node


def _cells_name(step: Step) -> str | None:
    name = _c_text(step, "cells")
    return None if name == _NO_CELLS else name


def _c_text(step: Step, name: str) -> str:
    return lookup.c_text(step.text(name))


def _found(node: Node | None) -> Answer:
    return {"node": None if node is None else node.path}


def _given(given: Given | str) -> Answer:
    if isinstance(given, str):
        return {"ret": given}
    return {"ret": 0, **_found(given.node), "args": list(given.arguments)}


def _entry(
    query: Callable[[Live, Step, NodeOf], Answer],
) -> Callable[[Live, Mapping[str, object], NodeOf], Answer]:
    return lambda live, values, node_of: query(live, Step(values), node_of)


QUERIES: dict[str, Callable[[Live, Mapping[str, object], NodeOf], Answer]] = {
    "find": _entry(_find),
    "find_opts": _entry(_find_opts),
    "find_phandle": _entry(_find_phandle),
    "find_name": _entry(_find_name),
    "find_compatible": _entry(_find_compatible),
    "child": _entry(_child),
    "parse_args": _entry(_parse_args),
    "parse_fixed_args": _entry(_parse_fixed_args),
    "parse_args_map": _entry(_parse_args_map),
    "count_args": _entry(_count_args),
    "alias_id": _entry(_alias_id),
    "is_available": _entry(_is_available),
    "is_compatible": _entry(_is_compatible),
    "irq": _entry(_irq),
    "address": _entry(_address),
}
"""Op -> function(live, step, node_of) -> answer; node_of finds the node of a path or label.

They raise InputError for a step that is wrong in itself, and Oops where the kernel would crash.
"""
