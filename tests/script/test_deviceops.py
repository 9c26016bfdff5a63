"""Steps about drivers and devices."""

from __future__ import annotations

from typing import Any

import pytest
from support.trees import Content, tree_of

from dtovl.errors import InputError
from dtovl.script.machine import Machine

BASE: Content = {
    "#address-cells": 1,
    "#size-cells": 1,
    "b": {
        "compatible": "simple-bus",
        "ranges": None,
        "x@1": {"compatible": "acme,x", "reg": [1, 1]},
    },
    "plain": {"n": {"compatible": "acme,x"}, "bare": {}},
}


def machine() -> Machine:
    return Machine(tree_of(BASE))


def drivers(made: Machine) -> dict[str, str | None]:
    return {one["device"]: one["driver"] for one in made.state()["devices"]}


def told(answer: dict[str, Any]) -> list[str]:
    return [entry.get("action", entry.get("event")) for entry in answer["log"]]


def test_a_driver_is_registered_and_taken_away() -> None:
    made = machine()
    answer = made.step({"op": "driver", "name": "acme", "compatible": ["acme,x"]})
    assert (answer["ret"], told(answer)) == (0, ["bind", "bound"])
    assert drivers(made) == {"b": "simple-pm-bus", "1.x": "acme"}
    assert made.step({"op": "driver", "name": "acme", "compatible": "acme,y"})["ret"] == "-EBUSY"
    answer = made.step({"op": "driver", "name": "acme", "off": True})
    assert told(answer) == ["unbind", "unbound"]
    assert drivers(made)["1.x"] is None


def test_a_driver_that_fails() -> None:
    made = machine()
    answer = made.step({"op": "driver", "name": "bad", "compatible": "acme,x", "fails": "EIO"})
    assert answer["log"][1]["text"] == "bad: probe of 1.x failed with error -5"


@pytest.mark.parametrize("error", ["EBOGUS", "5", "-"])
def test_an_error_that_is_none(error: str) -> None:
    made = machine()
    with pytest.raises(InputError, match="such as EBUSY"):
        made.step({"op": "driver", "name": "bad", "compatible": "acme,x", "fails": error})
    with pytest.raises(InputError, match="such as EBUSY"):
        made.step({"op": "fail", "chain": "reconfig", "action": "add-property", "errno": error})


@pytest.mark.parametrize("error", ["EPERM", "-ETIMEDOUT", "ENOTSUPP"])
def test_listeners_fail_with_any_error(error: str) -> None:
    made = machine()
    made.step({"op": "cs_new", "cs": "c"})
    made.step({"op": "cs_add", "cs": "c", "node": "/plain/bare", "name": "p", "value": "00"})
    made.step({"op": "fail", "chain": "reconfig", "action": "add-property", "errno": error})
    answer = made.step({"op": "cs_apply", "cs": "c"})
    assert answer["ret"] == f"-{error.removeprefix('-')}"
    assert {"event": "inject", "errno": error.removeprefix("-")} in answer["log"]


def test_the_driver_of_the_recorder_goes_and_comes() -> None:
    made = machine()
    assert made.step({"op": "driver"})["ret"] == "-EBUSY"
    assert made.step({"op": "driver", "off": True})["ret"] == 0
    assert made.step({"op": "driver"})["ret"] == 0


def test_binding_and_unbinding() -> None:
    made = machine()
    made.step({"op": "driver", "name": "acme", "compatible": "acme,x"})
    assert made.step({"op": "unbind", "node": "/b/x@1"})["ret"] == 0
    assert made.step({"op": "unbind", "device": "1.x"})["ret"] == "-ENODEV"
    assert made.step({"op": "bind", "device": "1.x", "driver": "dtovl-test"})["ret"] == "-ENODEV"
    assert made.step({"op": "bind", "device": "1.x", "driver": "acme"})["ret"] == 0
    assert made.step({"op": "unbind", "device": "1.x"})["ret"] == 0
    assert made.step({"op": "bind", "device": "1.x"})["ret"] == 0


def test_populating_a_node() -> None:
    made = machine()
    answer = made.step({"op": "populate", "node": "/plain"})
    assert (answer["ret"], told(answer)) == (0, ["add"])
    assert "plain:n" in drivers(made)


@pytest.mark.parametrize(
    "step",
    [
        {"op": "unbind", "device": "nobody"},
        {"op": "unbind", "node": "/plain"},
        {"op": "bind", "device": "1.x", "driver": "nobody"},
        {"op": "driver", "name": "nobody", "off": True},
    ],
)
def test_names_that_nobody_has(step: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="DT284"):
        machine().step(step)


def test_what_was_put_off_is_tried_again_when_the_kernel_has_time() -> None:
    base = tree_of({**BASE, "late": {"compatible": "dtovl,test-device", "dtovl,probe-error": 517}})
    made = Machine(base)
    made.state()
    made.live.tree.root.children["late"].properties["dtovl,probe-error"] = bytes(4)
    made.step({"op": "driver", "name": "acme", "compatible": "acme,x"})
    assert told(made.step({"op": "leak_scan"})) == ["bind", "probe", "bound"]
