"""The address of a device as a CPU sees it, asked of a live tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.live.addresses import AddressSpace
from dtovl.script.lookup import visit

if TYPE_CHECKING:
    from dtovl.live.state import Live
    from dtovl.model.node import Node


def find_resource(live: Live, device: Node, index: int) -> tuple[int, int] | str:
    """Give first and last address of an entry of `reg`, or an error. Raises Oops.

    Source: kernel of_address_to_resource.
    """
    live.check_path(device)
    space = AddressSpace(
        live.dialect,
        live.property,
        lambda line: live.print(3, line),
        lambda node: visit(live, node),
    )
    return space.resource(device, index)
