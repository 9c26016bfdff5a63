"""The listener of a script: it fails when it was told to, and may keep pointers it must not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.live.objects import Injected

if TYPE_CHECKING:
    from dtovl.live.state import Live
    from dtovl.model.node import Node

CHAINS = ("overlay", "reconfig", "reconfig-first")
OVERLAY_ACTIONS = ("pre-apply", "post-apply", "pre-remove", "post-remove")
RECONFIG_ACTIONS = (
    "attach-node",
    "detach-node",
    "add-property",
    "remove-property",
    "update-property",
)


class Order(NamedTuple):
    """What a chain answers to an action: error, from the first-th call on, as often as times."""

    action: str
    error: str
    first: int
    times: int


class ScriptListener:
    """Listens to all chains of one live tree (see dtovl.live.notify.Listener)."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._orders: dict[str, Order] = {}
        self._seen: dict[str, int] = {}

    def order(self, chain: str, order: Order | None) -> None:
        """Let a chain fail from now on as ordered, or no more."""
        self._seen[chain] = 0
        if order is None:
            self._orders.pop(chain, None)
        else:
            self._orders[chain] = order

    def reconfig(self, place: str, action: str, node: Node) -> str:
        """Hear of an entry."""
        return self._answer(place, action)

    def overlay(self, action: str, target: Node, content: Node) -> str:
        """Hear of a fragment."""
        return self._answer("overlay", action)

    def _answer(self, chain: str, action: str) -> str:
        order = self._orders.get(chain)
        if order is None or order.action != action:
            return ""
        self._seen[chain] += 1
        if not order.first <= self._seen[chain] < order.first + order.times:
            return ""
        self._live.emit(Injected(order.error))
        return f"-{order.error}"
