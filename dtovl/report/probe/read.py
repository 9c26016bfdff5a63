"""Simulates probing, and writes down what came of it before the tree changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.base import Severity
from dtovl.links.groups import groups
from dtovl.links.lateiommus import late_findings
from dtovl.links.waiting import findings_of, first_causes
from dtovl.report.probe.seen import Cause, Group, Master, Need, Seen, Try, Wait

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dtovl.links.board import Board
    from dtovl.links.drivertable import DriverTable
    from dtovl.links.link import Finding, Judged
    from dtovl.links.prediction import Prediction
    from dtovl.model.node import Node
    from dtovl.report.probe.answer import Settings


class Simulated(NamedTuple):
    """A prediction, how it is shown, its findings."""

    seen: Seen
    prediction: Prediction
    findings: tuple[Finding, ...]

    def otherwise(self, device: Node) -> str:
        """Say why a node is no device that drivers try."""
        return f"not probed: {_States(self.prediction)[device]}"

    def device_of(self, node: Node) -> Node | None:
        """Give the nearest node, itself first, that could be a device; None: there is none."""
        return self.prediction.board.device_of(node)


def simulate(board: Board, settings: Settings, table: DriverTable | None) -> Simulated:
    """Judge a board and predict its probing.

    Raises InputError (DT694) when that would take too long.
    """
    from dtovl.links.judge import judge
    from dtovl.links.probe import predict

    judged, _ = judge(board)
    if table is not None:
        table = table._replace(
            fw_devlink=settings.fw_devlink, strict=settings.strict, modules=settings.modules
        )
    prediction = predict(
        board,
        judged,
        table,
        settings.fw_devlink,
        strict=settings.strict,
        modules=settings.modules,
    )
    findings = (
        *findings_of(prediction),
        *_wrong_entries(prediction, judged),
        *_late_iommus(prediction, judged),
    )
    return Simulated(_seen(prediction, judged), prediction, findings)


def _wrong_entries(prediction: Prediction, judged: Mapping[Node, Judged]) -> Iterator[Finding]:
    """Give what is wrong with the entries by which devices fail."""
    for node in prediction.failed:
        named = prediction.waits[node].property
        for finding in judged[node].findings if named and node in judged else ():
            if finding.property == named and finding.severity is Severity.ERROR:
                yield finding


def _late_iommus(prediction: Prediction, judged: Mapping[Node, Judged]) -> list[Finding]:
    """Give the masters that bypass their IOMMU for good, as it registered after they were bound.

    Without a table of drivers nobody knows when an IOMMU registers.
    """
    if prediction.lenient:
        return []
    links = (link for one in judged.values() for link in one.links)
    iommus = {link.supplier for link in links if link.property == "iommus"}
    if not iommus:
        return []
    tried = (one.device for one in prediction.log)
    ready = iommus.difference(tried, prediction.unmatched, prediction.never_added)
    modules = prediction.table.modules
    return late_findings(prediction.board, prediction.log, judged, modules=modules, ready=ready)


def _seen(prediction: Prediction, judged: Mapping[Node, Judged]) -> Seen:
    paths = _Paths()
    return Seen(
        order=tuple(map(paths.__getitem__, prediction.order)),
        log=tuple(Try(one[0], paths[one[1]], one[2], one[3]) for one in prediction.log),
        deferred={paths[node]: reason for node, reason in prediction.deferred.items()},
        failed={paths[node]: errno for node, errno in prediction.failed.items()},
        unmatched=tuple(map(paths.__getitem__, prediction.unmatched)),
        never_added=tuple(map(paths.__getitem__, prediction.never_added)),
        sync_pending={
            paths[node]: tuple(map(paths.__getitem__, held_by))
            for node, held_by in prediction.sync_pending.items()
        },
        waits={
            paths[node]: Wait(
                paths[one.supplier] if one.supplier is not None else "",
                paths[one.device] if one.device is not None else "",
                one.property,
                one.index,
                one.reason,
            )
            for node, one in prediction.waits.items()
        },
        causes={
            paths[node]: Cause(paths[one.node], one.kind, one.words)
            for node, one in first_causes(prediction).items()
        },
        needs=_needs(prediction, judged, paths),
        groups=tuple(_groups(prediction, judged, paths)),
    )


class _Paths(dict["Node", str]):
    """The paths of nodes, each made once."""

    def __missing__(self, node: Node) -> str:
        path = self[node] = node.path
        return path


class _States(dict["Node", str]):
    """Why nodes are no devices that drivers try, in a few words."""

    def __init__(self, prediction: Prediction) -> None:
        self._board = prediction.board
        self._never_added = frozenset(prediction.never_added)

    def __missing__(self, node: Node) -> str:
        words = self[node] = self._words(node)
        return words

    def _words(self, node: Node) -> str:
        off = self._board.disabled_at(node)
        if off is node:
            return "disabled"
        if off is not None:
            return f"below {off.path}, which is disabled"
        if node in self._never_added:
            return "never added: nobody populates its parent"
        if self._board.device_of(node) is None:
            return "no device: it has no compatible"
        return "set up early, before there are drivers"


def _needs(
    prediction: Prediction, judged: Mapping[Node, Judged], paths: _Paths
) -> dict[str, tuple[Need, ...]]:
    """Give the suppliers of each device; those of nodes that lie in it are its own."""
    board = prediction.board
    listed = (prediction.order, prediction.deferred, prediction.failed, prediction.unmatched)
    devices = frozenset(node for nodes in listed for node in nodes)
    states = _States(prediction)
    found: dict[str, list[Need]] = {}
    for one in judged.values():
        for link in one.links:
            consumer, supplier = board.ends(link)
            if link.supplier in devices:
                supplier = link.supplier
            if consumer is None or consumer not in devices or supplier is consumer:
                continue
            if not (link.mandatory or link.optional) or not board.available(link.consumer):
                continue
            if supplier not in devices or not board.available(link.supplier):
                supplier = None
            found.setdefault(paths[consumer], []).append(
                Need(
                    link.property,
                    link.index,
                    paths[link.supplier],
                    paths[supplier] if supplier is not None else "",
                    states[link.supplier] if supplier is None else "",
                )
            )
    return {path: tuple(needs) for path, needs in found.items()}


def _groups(
    prediction: Prediction, judged: Mapping[Node, Judged], paths: _Paths
) -> Iterator[Group]:
    for iommu, identity, members in groups(prediction, judged):
        masters = (Master(paths[one.device], one.place, one.late, one.bypasses) for one in members)
        yield Group(paths[iommu], identity, tuple(masters))
