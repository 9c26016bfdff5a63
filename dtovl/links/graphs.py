"""Endpoints of graphs: both ends must point at each other.

Source: kernel of_graph_get_remote_port_parent, parse_remote_endpoint (drivers/of/property.c);
dtc check graph_endpoint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.links.link import Link
from dtovl.links.lists import resolve_one
from dtovl.model.cells import cell

if TYPE_CHECKING:
    from dtovl.links.visit import Visit
    from dtovl.model.node import Node

_NAME = "remote-endpoint"
_PORTS = ("ports", "in-ports", "out-ports")


def port_parent(endpoint: Node) -> Node | None:
    """Give the node above the ports of an endpoint."""
    port = endpoint.parent
    above = None if port is None else port.parent
    if above is not None and above.name.partition("@")[0] in _PORTS:
        return above.parent
    return above


def judge_endpoint(visit: Visit, value: bytes) -> None:
    """Judge `remote-endpoint`; the link is between the nodes above the ports."""
    if len(value) % 4:
        visit.error("L004", _NAME, length=len(value))
    if len(value) < 4:
        if not value:
            visit.info("L005", _NAME, index=0, hides=False)
        return
    remote = resolve_one(visit, _NAME, cell(value))
    if remote is None:
        return
    back = remote.properties.get(_NAME)
    if back is None:
        _no_way_back(visit, remote)
        return
    there = visit.board.tree.by_phandle.get(cell(back)) if len(back) >= 4 else None
    if there is not visit.node:
        visit.warning("L027", _NAME, supplier=remote.path, reason="not bidirectional")
    consumer, supplier = port_parent(visit.node), port_parent(remote)
    if consumer is None or supplier is None:
        return
    usable = visit.available and visit.board.available(remote)
    link = Link(_NAME, 0, "graph", consumer, supplier, mandatory=True, usable=usable)
    visit.links.append(link)
    if usable:
        visit.place(link)


def _no_way_back(visit: Visit, remote: Node) -> None:
    say = visit.warning if remote.name.startswith("endpoint") else visit.error
    say("L027", _NAME, supplier=remote.path, reason="no way back")
