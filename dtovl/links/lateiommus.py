"""Masters that were probed before their IOMMU had registered, and have none for good.

Reading `iommus` happens when the master's driver is probed, not when the device is added. What the
kernel does then depends on what else may still come: see dtovl.links.fwspec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes.base import Severity
from dtovl.links.fwspec import Providers, configure, event_lines
from dtovl.links.link import Finding
from dtovl.links.masters import entries, masters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dtovl.links.board import Board
    from dtovl.links.fwspec import Configured, Fwspec
    from dtovl.links.link import Judged
    from dtovl.links.masters import Master
    from dtovl.model.node import Node

Attempt = tuple[str, "Node", str, str]
"""A line of the log of a simulation: stage, device, driver, result (dtovl.links.probe.Try)."""

_BOUND = "bound"
_DEFERRED = "deferred: "

# Reasons that the driver core has before it comes to `iommus`: suppliers, and pins.
_BEFORE = ("supplier ", "wait for ", "pinctrl ")


def late_findings(
    board: Board,
    log: Iterable[Attempt],
    judged: Mapping[Node, Judged] | None = None,
    *,
    modules: bool = True,
    ready: Iterable[Node] = (),
) -> list[Finding]:
    """Find masters that bind without their IOMMU, as it registers too late or never (DT682).

    log are the attempts of a simulation, in order. An IOMMU registers when its device is bound.
    modules tells whether the kernel waits for modules after its initcalls; ready are IOMMUs that
    no log has, as they are set up before there are drivers.

    Source: kernel of_dma_configure_id in really_probe; iommu_device_register.
    """
    watched = {one.node: one for one in masters(board, judged) if one.property == "iommus"}
    there = set(ready)
    kept: dict[Node, Fwspec] = {}
    found: dict[Node, Finding] = {}
    for _, device, _, result in log:
        master = watched.get(device)
        reason = _reason(result)
        if master is not None and not reason.startswith(_BEFORE) and result != "sync_state":
            waits = reason.startswith("iommu ")
            late = _wanted(board, master) - there
            patience = "waiting" if waits else "timeout" if modules else "no modules"
            state = Providers(late, patience)  # type: ignore[arg-type]  # three of its words
            done = configure(board, master, state, before=kept.pop(device, None))
            if done.fwspec is not None:
                kept[device] = done.fwspec
            if late and done.result == "bypass":
                found[device] = _finding(master, state, done)
        if result == _BOUND:
            there.add(device)
    return list(found.values())


def _reason(result: str) -> str:
    """Give the reason of a deferral, "" for another result."""
    return result.removeprefix(_DEFERRED) if result.startswith(_DEFERRED) else ""


def _wanted(board: Board, master: Master) -> frozenset[Node]:
    found = (entry.node for entry in entries(board, master) if not entry.problem)
    return frozenset(node for node in found if node is not None and board.available(node))


def _finding(master: Master, state: Providers, done: Configured) -> Finding:
    taken = done.fwspec.providers if done.fwspec is not None else ()
    first = next((one for one in taken if one in state.late), None)
    supplier = first if first is not None else min(state.late, key=lambda one: one.path)
    details = {
        "supplier": supplier.path,
        "outcome": f"{done.error}, it works without IOMMU until it is unbound and bound again",
        "events": event_lines(done.events),
    }
    return Finding("DT682", Severity.WARNING, master.node, master.property, details)
