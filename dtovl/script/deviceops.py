"""Steps about devices and drivers of the platform bus: populate, driver, bind, unbind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.codes import script as codes
from dtovl.live.drivers import TEST_DRIVER, Driver
from dtovl.script.parameters import wrong

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.live.devices import Device
    from dtovl.live.platform import PlatformBus
    from dtovl.model.node import Node
    from dtovl.script.parameters import Step


def operate(platform: PlatformBus, step: Step, find: Callable[[str], Node]) -> dict[str, Any]:
    """Carry out a step about devices; find gives the node that a step names.

    Raises InputError when the step names what is not there.
    """
    if step.op == "populate":
        platform.populate(find(step.text("node")))
        return {"ret": 0}
    if step.op == "driver":
        return {"ret": _change_driver(platform, step) or 0}
    device = _device(platform, step, find)
    if step.op == "unbind":
        return {"ret": platform.unbind(device) or 0}
    driver = _driver(platform, step, step.text("driver")) if step.has("driver") else None
    return {"ret": platform.bind(device, driver) or 0}


def _change_driver(platform: PlatformBus, step: Step) -> str:
    """Register a driver, or take it away with `off`; without a name it is the test driver.

    `compatible` lists what it claims, `fails` names the error of its probe.
    """
    name = step.text("name", TEST_DRIVER.name)
    if step.values.get("off"):
        platform.unregister(_driver(platform, step, name))
        return ""
    if any(one.name == name for one in platform.drivers):
        return "-EBUSY"
    if name == TEST_DRIVER.name:
        platform.register(TEST_DRIVER)
        return ""
    kinds = step.values.get("compatible")
    claimed = kinds if isinstance(kinds, list) else [step.text("compatible")]
    fails = f"-{step.error('fails')}" if step.text("fails", "") else ""
    platform.register(Driver(name, tuple(map(str, claimed)), fails))
    return ""


def _driver(platform: PlatformBus, step: Step, name: str) -> Driver:
    found = next((one for one in platform.drivers if one.name == name), None)
    if found is None:
        raise wrong(codes.NAME_UNKNOWN, op=step.op, kind="driver", name=name, hint="")
    return found


def _device(platform: PlatformBus, step: Step, find: Callable[[str], Node]) -> Device:
    """Give the device that a step names, by its own name or by its node."""
    if step.has("device") or not step.has("node"):
        name = step.text("device")
        found = platform.core.devices.get(name)
    else:
        name = step.text("node")
        found = platform.core.by_node.get(find(name))
    if found is None:
        raise wrong(codes.NAME_UNKNOWN, op=step.op, kind="device", name=name, hint="")
    return found
