"""What a simulation of probing gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dtovl.links.board import Board
    from dtovl.links.drivertable import DriverTable
    from dtovl.model.node import Node

BOUND = "bound"
SYNC_STATE = "sync_state"


class Try(NamedTuple):
    """One line of the log.

    stage   level of the drivers, `module` or `timeout`; with `+` behind it the deferral work
    driver  its name
    result  `bound`, `deferred: <reason>`, `failed <errno>`, `sync_state`
    """

    stage: str
    device: Node
    driver: str
    result: str


class Wait(NamedTuple):
    """Why a device that was tried is not bound.

    supplier  node that it names; None: nothing is named, or the entry does not decode
    device    device that the supplier is, or lies in, where that is not bound either
    property, index  where the device names it; "": its driver fails by itself
    reason    in the words of the log
    """

    supplier: Node | None
    device: Node | None
    property: str
    index: int  # type: ignore[assignment]  # a place; nobody looks for a value in it
    reason: str


class Prediction(NamedTuple):
    """What is predicted of a tree.

    order         devices as they bind
    log           every try, and every sync_state
    deferred      devices that wait for good, and what for, as the kernel's devices_deferred has it
    failed        devices whose probe fails, and the error
    unmatched     devices that no driver ever tried
    never_added   nodes with `compatible` that became no device
    sync_pending  bound devices whose sync_state is held back, by whom
    waits         why a device in deferred or failed is not bound
    bypassed      masters that bound although an IOMMU of theirs was not there
    table         the drivers; without a table those that were made up, lenient is true then
    """

    order: list[Node]
    log: list[Try]
    deferred: dict[Node, str]
    failed: dict[Node, int]
    unmatched: list[Node]
    never_added: list[Node]
    sync_pending: dict[Node, list[Node]]
    waits: dict[Node, Wait]
    bypassed: list[Node]
    board: Board
    table: DriverTable
    lenient: bool
