"""Why a device never binds: the chain of suppliers that it waits for, down to the first cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from dtovl.codes.base import Severity
from dtovl.links.link import Finding

if TYPE_CHECKING:
    from dtovl.links.prediction import Prediction, Wait
    from dtovl.model.node import Node

Kind = Literal[
    "disabled", "undecodable", "no device", "never added", "no driver", "fails", "timeout", "cycle"
]


class Cause(NamedTuple):
    """What a chain ends at: a node, and what is wrong with it; words follow its path in a sentence.

    disabled     the node is, and the supplier is it or lies below it
    undecodable  an entry of a list of the node does not decode
    no device    neither the node nor one above it has `compatible`
    never added  nobody makes a device of the node
    no driver    no driver matches the node
    fails        the driver of the node fails by itself
    timeout      the node waits for a device that is bound, but came too late
    cycle        the node waits for devices that wait for it
    """

    node: Node
    kind: Kind
    words: str


class Step(NamedTuple):
    """A device of a chain and what it waits for; cause is there in the last step alone."""

    device: Node
    wait: Wait
    cause: Cause | None = None


def chain(prediction: Prediction, node: Node) -> list[Step]:
    """Follow what a device waits for, to the first cause; nothing where it does not wait.

    A device without driver, or that was never added, does not wait: see Prediction.
    """
    ahead_of = _Ahead(prediction)
    steps: list[Step] = []
    places: dict[Node, int] = {}
    device = node
    while device in prediction.waits:
        places[device] = len(steps)
        wait = prediction.waits[device]
        ahead = ahead_of(device)
        if isinstance(ahead, Cause):
            return [*steps, Step(device, wait, ahead)]
        if ahead in places:
            around = list(places)[places[ahead] :]
            return [*steps, Step(device, wait, _circle(around))]
        steps.append(Step(device, wait))
        device = ahead
    return steps


def first_causes(prediction: Prediction) -> dict[Node, Cause]:
    """Give the first cause of every device that waits for good, or has failed."""
    ahead_of = _Ahead(prediction)
    found: dict[Node, Cause] = {}
    for start in prediction.waits:
        places: dict[Node, int] = {}
        device = start
        while device not in found:
            places[device] = len(places)
            ahead = ahead_of(device)
            if isinstance(ahead, Cause):
                found[device] = ahead
            elif ahead in places:
                around = list(places)[places[ahead] :]
                found.update(dict.fromkeys(around, _circle(around)))
            else:
                device = ahead
        found.update((one, found[device]) for one in places if one not in found)
    return found


class _Ahead:
    """Gives the device that a waiting one waits for, if that waits itself, or what is wrong."""

    def __init__(self, prediction: Prediction) -> None:
        self._prediction = prediction
        self._bound = frozenset(prediction.order)

    def __call__(self, device: Node) -> Node | Cause:
        wait = self._prediction.waits[device]
        supplier, board = wait.supplier, self._prediction.board
        if not wait.property:
            return Cause(device, "fails", f"fails with {self._prediction.failed[device]}")
        if supplier is None:
            return Cause(device, "undecodable", f"has a wrong entry: {wait.property}[{wait.index}]")
        disabled = board.disabled_at(supplier)
        if disabled is not None:
            return Cause(disabled, "disabled", "is disabled")
        if wait.device is not None:
            if wait.device in self._prediction.waits:
                return wait.device
            return Cause(wait.device, "no driver", "has no driver")
        node = board.device_of(supplier)
        if node is None:
            return Cause(supplier, "no device", "never becomes a device: it has no compatible")
        if node in self._bound:
            return Cause(device, "timeout", f"gave up on {node.path} before that was bound")
        return Cause(node, "never added", "never becomes a device: no driver makes one of it")


def _circle(around: list[Node]) -> Cause:
    """Give the cause of devices that wait for one another, at the one that sorts first."""
    paths = sorted(node.path for node in around)
    node = next(one for one in around if one.path == paths[0])
    if len(paths) == 1:
        return Cause(node, "cycle", "waits for itself")
    shown = ", ".join(paths[1 : 1 + _SHOWN])
    more = f" and {len(paths) - 1 - _SHOWN} more" if len(paths) - 1 > _SHOWN else ""
    return Cause(node, "cycle", f"waits for itself by way of {shown}{more}")


_SHOWN = 5
"""Devices of a circle that are named."""


def findings_of(prediction: Prediction) -> list[Finding]:
    """Give L034 for every device that waits for good, L036 for every sync_state held back."""
    causes = first_causes(prediction)
    found = []
    for device, reason in prediction.deferred.items():
        cause = causes[device]
        details = {"reason": reason, "cause": f"{cause.node.path} {cause.words}"}
        named = prediction.waits[device].property
        name = named if named in device.properties else ""
        found.append(Finding("L034", Severity.ERROR, device, name, details))
    for device, consumers in prediction.sync_pending.items():
        waiting = {"consumers": [consumer.path for consumer in consumers]}
        found.append(Finding("L036", Severity.INFO, device, "", waiting))
    return found
