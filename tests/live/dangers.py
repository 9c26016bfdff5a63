"""One way to each code of live trees, as steps, for the test that raises every code there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from support.blob import blob
from support.overlays import at, overlay_content
from support.trees import Content, tree_of

from dtovl.live.primitives import new_node
from dtovl.script.machine import Machine

if TYPE_CHECKING:
    from dtovl.diagnostics import Sink

Step = dict[str, Any]

BASE: Content = {
    "soc": {"compatible": "simple-bus", "status": "okay", "u": {"status": "okay", "x": 1, "y": 2}}
}
NODES = at("/soc", {"new": {"in": {"v": 1}}})
TWICE = overlay_content(at("/soc/u", {"x": 9}), at("/soc/u", {"x": 8}))
OVERLAYS = {
    "nodes": overlay_content(NODES),
    "property": overlay_content(at("/soc/u", {"z": 1})),
    "update": overlay_content(at("/soc/u", {"x": 9})),
    "inside": overlay_content(at("/soc/new", {"w": 1})),
    "nowhere": overlay_content(at("/nowhere", {"w": 1})),
    "twice": TWICE,
    "open-ended": overlay_content(at("/soc", {"d@1": {"compatible": b"acme,d"}})),
}


def apply(name: str) -> Step:
    return {"op": "apply", "overlay": name, "as": name}


def remove(name: str) -> Step:
    return {"op": "remove", "overlay": name}


def hold(path: str) -> Step:
    return {"op": "hold", "label": "h", "path": path}


def change(op: str, name: str, node: str = "/soc/u") -> Step:
    return {"op": op, "node": node, "name": name, "value": "01", "cs": "c"}


def fail(action: str) -> Step:
    return {"op": "fail", "chain": "overlay", "action": action, "errno": "EBUSY"}


PUT: Step = {"op": "put", "label": "h"}


class Danger(NamedTuple):
    """Steps that raise a code; faults strike in the kernel at their places during the last one."""

    steps: list[Step]
    faults: tuple[tuple[str, str], ...] = ()


DANGERS: dict[str, Danger] = {
    "DT200": Danger([apply("twice"), remove("twice")]),
    "DT201": Danger([apply("nodes"), hold("/soc/new/in"), remove("nodes"), PUT]),
    "DT202": Danger([apply("update"), change("update_property", "x"), remove("update")]),
    "DT203": Danger(
        [
            {"op": "cs_new", "cs": "c"},
            change("cs_add", "z"),
            {"op": "cs_apply", "cs": "c"},
            change("add_property", "last"),
            {"op": "cs_apply", "cs": "c"},
        ]
    ),
    "DT204": Danger([hold("/soc/u"), PUT, PUT, PUT, {"op": "find", "path": "/soc/u"}]),
    "DT205": Danger([hold("/soc/u"), PUT, PUT, PUT]),
    "DT206": Danger([apply("nodes"), hold("/soc/new/in"), remove("nodes")]),
    "DT207": Danger([apply("nodes"), hold("/soc/new"), remove("nodes"), PUT]),
    "DT208": Danger([apply("nodes"), change("add_property", "z", "/soc/new"), remove("nodes")]),
    "DT209": Danger([apply("property"), remove("property")]),
    "DT210": Danger([hold("/soc/u"), {"op": "attach_node", "node": "h"}]),
    "DT211": Danger([hold("/soc/u"), *[{"op": "detach_node", "node": "h"}] * 2]),
    "DT212": Danger([apply("nowhere")]),
    "DT213": Danger([apply("twice")]),
    "DT214": Danger([{"op": "remove", "id": 7}]),
    "DT215": Danger([apply("nodes"), apply("inside"), remove("nodes")]),
    "DT216": Danger([apply("nodes"), fail("pre-remove"), remove("nodes")]),
    "DT217": Danger([apply("property"), change("remove_property", "z"), remove("property")]),
    "DT218": Danger([fail("post-apply"), apply("nodes")]),
    "DT219": Danger(
        [apply("nodes"), {"op": "keep", "overlay": "nodes", "as": "spy"}, remove("nodes")]
    ),
    "DT220": Danger(
        [apply("nodes"), apply("property"), {"op": "remove_all"}, {"op": "remove_all"}]
    ),
    "DT224": Danger([apply("nodes"), {"op": "remove_all"}]),
    "DT221": Danger(
        [apply("nodes")], (("apply-entry-2", "-ENOMEM"), ("rollback-entry", "-ENOMEM"))
    ),
    "DT222": Danger([apply("open-ended")]),
}


def run_into(danger: Danger, sink: Sink) -> None:
    """Carry out the steps of a danger; their findings go to sink."""
    machine = Machine(tree_of(BASE), read=lambda name: blob(OVERLAYS[name]))
    for number, step in enumerate(danger.steps, 1):
        if number == len(danger.steps):
            machine.live.faults.update(danger.faults)
        sink.diagnostics.extend(machine.step(step)["findings"])


def free_twice(sink: Sink) -> None:
    """Drop a reference to a node that is gone."""
    live = Machine(tree_of(BASE)).live
    node = new_node(live, "n", live.tree.root)
    live.put(node)
    live.put(node)
    sink.diagnostics.extend(live.take_findings())
