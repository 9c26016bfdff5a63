"""What holds of every prediction: trees and tables of drivers at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from links.probing import board_of

from dtovl.links.board import is_below
from dtovl.links.cycles import components, device_graph
from dtovl.links.drivertable import LEVELS, SETTINGS, Driver, DriverTable
from dtovl.links.early import Early
from dtovl.links.judge import judge
from dtovl.links.probe import predict
from dtovl.links.waiting import chain, findings_of, first_causes

if TYPE_CHECKING:
    from dtovl.links.board import Board
    from dtovl.links.link import Judged
    from dtovl.links.prediction import Prediction
    from dtovl.model.node import Node

_COUNT = 7
_CELLS = " ".join(
    f"#{kind}-cells = <0>;" for kind in ("clock", "reset", "power-domain", "iommu", "dma", "phy")
)
_KINDS = ("clocks", "resets", "power-domains", "iommus", "dmas", "phys", "x-supply", "pinctrl-0")
_TYPES = ("ca", "cb", "cc", "simple-bus", "fixed-clock")

references = st.tuples(st.sampled_from(_KINDS), st.integers(-1, _COUNT))


def _value(target: int) -> str:
    if target < 0:
        return "0"
    return "99" if target == _COUNT else f"&n{target}"


@st.composite
def sources(draw: st.DrawFn) -> str:
    """Draw a tree of up to seven nodes that name each other."""
    parents = [draw(st.integers(-1, number - 1)) for number in range(_COUNT)]
    bodies: list[str] = []
    for _ in range(_COUNT):
        uses: dict[str, list[str]] = {}
        for kind, target in draw(st.lists(references, max_size=3)):
            uses.setdefault(kind, []).append(_value(target))
        kind = draw(st.sampled_from((*_TYPES, *_TYPES, "")))
        bodies.append(
            (f'compatible = "{kind}"; ' if kind else "")
            + _CELLS
            + ('status = "disabled"; ' if draw(st.integers(0, 9)) == 0 else "")
            + " ".join(f"{name} = <{' '.join(values)}>;" for name, values in uses.items())
        )
    text = [""] * (_COUNT + 1)
    for number in range(_COUNT - 1, -1, -1):
        node = f"n{number}: n{number} {{ {bodies[number]} {text[number]} }};"
        text[parents[number]] = node + text[parents[number]]
    return text[-1]


drivers = st.builds(
    Driver,
    name=st.sampled_from(("da", "db")),
    match=st.lists(st.sampled_from(_TYPES), min_size=1, max_size=2).map(tuple),
    level=st.sampled_from(LEVELS),
    module=st.booleans(),
    optional=st.frozensets(st.sampled_from(_KINDS), max_size=2),
    populates=st.booleans(),
    sync_state=st.booleans(),
    fails=st.sampled_from((0, 0, 0, 0, -5)),
)
tables = st.builds(
    DriverTable,
    fw_devlink=st.sampled_from(SETTINGS),
    strict=st.booleans(),
    modules=st.booleans(),
    early=st.frozensets(st.sampled_from(_TYPES), max_size=1),
    drivers=st.lists(drivers, max_size=5).map(tuple),
)


def _simulate(
    source: str, table: DriverTable | None
) -> tuple[Board, dict[Node, Judged], Prediction]:
    board = board_of(source)
    judged, _ = judge(board)
    return board, judged, predict(board, judged, table)


@given(sources(), st.none() | tables)
def test_every_device_ends_in_one_place_and_is_told_why(
    source: str, table: DriverTable | None
) -> None:
    board, _, found = _simulate(source, table)
    ends = [*found.order, *found.deferred, *found.failed, *found.unmatched, *found.never_added]
    assert len(ends) == len(set(ends))
    tried = {one.device for one in found.log}
    assert tried == {*found.order, *found.deferred, *found.failed}
    assert [one.device for one in found.log if one.result == "bound"] == found.order
    early = Early(found.table.early)
    for node in board.tree.walk():
        if node in early:
            assert node not in ends
    causes = first_causes(found)
    assert set(causes) == set(found.waits) == {*found.deferred, *found.failed}
    for device, cause in causes.items():
        assert chain(found, device)[-1].cause == cause
    assert len(findings_of(found)) == len(found.deferred) + len(found.sync_pending)


@given(sources(), tables)
def test_with_fw_devlink_a_device_binds_after_the_suppliers_it_waits_for(
    source: str, table: DriverTable
) -> None:
    table = table._replace(fw_devlink="on")
    board, judged, found = _simulate(source, table)
    early = Early(table.early)
    links = [link for one in judged.values() for link in one.links]
    circle = {
        node: number
        for number, members in enumerate(components(device_graph(board, links)[0]))
        for node in members
    }
    places = {node: place for place, node in enumerate(found.order)}
    tried = {one.device for one in found.log}
    devices = {*tried, *found.unmatched}
    for link in links:
        consumer, supplier = link.consumer, link.supplier
        if (
            link.mandatory
            and link.usable
            and not link.hidden
            and consumer in places
            and supplier in devices
            and supplier is not consumer
            and not early.covers(supplier)
            and not is_below(supplier, consumer)
            and (consumer not in circle or circle[consumer] != circle.get(supplier))
        ):
            # A supplier that no driver tried is given up in the end.
            assert supplier not in tried or places[supplier] < places[consumer]


@given(sources(), tables)
def test_sync_state_comes_once_and_after_all_consumers_that_are_devices(
    source: str, table: DriverTable
) -> None:
    found = _simulate(source, table)[2]
    wanting = {
        one.device
        for one in found.log
        if one.result == "bound"
        and any(driver.name == one.driver and driver.sync_state for driver in table.drivers)
    }
    synced = [one.device for one in found.log if one.result == "sync_state"]
    assert len(synced) == len(set(synced))
    assert set(synced) <= wanting
    assert not set(synced) & set(found.sync_pending)
    for consumers in found.sync_pending.values():
        assert consumers
        assert not set(consumers) & set(found.order)
        assert [node.path for node in consumers] == sorted(node.path for node in consumers)
