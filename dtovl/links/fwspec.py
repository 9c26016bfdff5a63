"""What becomes of a master's IOMMU specification (fwspec), step by step.

States of a master: nothing -> fwspec without operations (its IOMMU is not registered: deferred)
-> freed, from scratch; or -> fwspec with operations and ids -> in a group (translated). Every error
but a deferral means bypass: the device works without IOMMU, and nobody is told. What was
allocated until then stays: only a next try frees a fwspec without operations, and only the
release of the device one with them.

Who owns what: the device owns dev->iommu, that owns the fwspec, and the fwspec one counted
reference, on the node of the first IOMMU. All later IOMMUs are only compared with the first.

Source: kernel of_iommu_configure, of_iommu_xlate (drivers/iommu/of_iommu.c), iommu_fwspec_init,
iommu_fwspec_add_ids, iommu_fwspec_free, dev_iommu_free (drivers/iommu/iommu.c), Linux 6.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from dtovl.codes.base import Severity
from dtovl.links.link import Finding
from dtovl.links.masters import Master, Wish, masters, ranges, wishes
from dtovl.links.xlate import driver_of, is_known, same_driver

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dtovl.links.board import Board
    from dtovl.links.link import Judged
    from dtovl.model.node import Node

Patience = Literal["waiting", "no modules", "timeout"]
Result = Literal["translated", "own", "bypass", "deferred"]

_MOST_SHOWN = 20
_NO_IOMMU = "no IOMMU"
_DEFER = "-EPROBE_DEFER"
_INVALID = "-EINVAL"
_GIVEN_UP: dict[str, tuple[str, str]] = {
    "waiting": (_DEFER, "the master is tried again when something has bound"),
    "no modules": ("-ENODEV", "log: ignoring dependency for device, assuming no driver"),
    "timeout": ("-ETIMEDOUT", "log: deferred probe timeout, ignoring dependency"),
}


class Providers(NamedTuple):
    """How far the IOMMUs are when a master is configured.

    late are those that have not registered yet; patience is what the kernel does about them:
    waiting while it may still come; no modules: initcalls are done, nothing can come any more;
    timeout: the time for deferred probes is over.
    Source: kernel driver_deferred_probe_check_state (drivers/base/dd.c).
    """

    late: frozenset[Node] = frozenset()
    patience: Patience = "waiting"


ALL_THERE = Providers()


class Event(NamedTuple):
    """One step: its number in the description of of_iommu_configure, who acts, what happens."""

    step: str
    actor: str
    text: str

    def __str__(self) -> str:
        """Write the step as one line."""
        return f"{self.step:<3} {self.actor}: {self.text}"


def event_lines(events: Sequence[Event]) -> list[str]:
    """Write events as lines; of very many the first and the last, which tell how it ended."""
    if len(events) <= 2 * _MOST_SHOWN:
        return [str(event) for event in events]
    left_out = f"... {len(events) - 2 * _MOST_SHOWN} more"
    first, last = events[:_MOST_SHOWN], events[-_MOST_SHOWN:]
    return [*map(str, first), left_out, *map(str, last)]


class Fwspec(NamedTuple):
    """The specification that a device keeps.

    held      node of the first IOMMU, on which it has a counted reference
    driver    whose operations it has, "" while the IOMMU has not registered
    ids       as of_xlate added them
    providers of the entries that were taken, in order; all but the first are not held
    """

    held: Node
    driver: str
    ids: tuple[int, ...] = ()
    providers: tuple[Node, ...] = ()


class Configured(NamedTuple):
    """What came of it.

    result    translated; own: the driver reads `iommus` by itself; bypass; deferred
    error     what ended it, "" for nothing: `no IOMMU`, or an errno
    fwspec    what the device keeps afterwards
    left_over it keeps a fwspec although it is in bypass
    keeps     what drivers allocated for the master besides, in words
    """

    events: tuple[Event, ...]
    fwspec: Fwspec | None
    result: Result
    error: str
    left_over: bool
    keeps: tuple[str, ...]
    findings: tuple[Finding, ...]


def configure(
    board: Board,
    master: Master,
    providers: Providers = ALL_THERE,
    *,
    before: Fwspec | None = None,
    requester: int | None = None,
) -> Configured:
    """Run of_iommu_configure for a master, and say what happens.

    before is the fwspec that an earlier try has left. requester is the id of the device behind a
    bus (PCI: bus, device, function; fsl-mc: icid); by default the first one of the first row of
    the map. For a master with `iommus` it means nothing.

    Source: kernel of_iommu_configure (drivers/iommu/of_iommu.c) of Linux 6.1.
    """
    run = _Run(board, master, providers)
    if before is not None and not run.start_again(before):
        return run.result("translated", "")
    error = _NO_IOMMU
    for wish in wishes(board, master, requester):
        if wish.node is None:
            error = run.stop_reading(wish, error)
            break
        error = run.xlate(wish, wish.node)
        if error:
            break
    return run.finish(error)


class _Run:
    """One call of of_iommu_configure under way."""

    def __init__(self, board: Board, master: Master, providers: Providers) -> None:
        self.board = board
        self.master = master
        self.providers = providers
        self.events: list[Event] = []
        self.keeps: list[str] = []
        self.findings: list[Finding] = []
        self.fwspec: Fwspec | None = None
        self.own = False
        self.stopped_by = ""

    def say(self, step: str, actor: str, text: str) -> None:
        self.events.append(Event(step, actor, text))

    def start_again(self, before: Fwspec) -> bool:
        """Look at what an earlier try left; False: there is nothing more to do."""
        if before.driver:
            self.fwspec = before
            self.say("1", "of_iommu_configure", f"finds a fwspec of {before.driver}: done already")
            return False
        text = f"frees the fwspec of an earlier try, puts {before.held.path}; from scratch"
        self.say("1", "iommu_fwspec_free", text)
        return True

    def stop_reading(self, wish: Wish, error: str) -> str:
        """End at an entry that cannot be decoded; what was taken before counts."""
        self.say("2", "of_parse_phandle_with_args", f"entry {wish.index}: {wish.problem}")
        if self.fwspec is not None:
            self.say("2", "of_iommu_configure", "ends the list there; later entries are ignored")
        return wish.error or error

    def xlate(self, wish: Wish, node: Node) -> str:
        """Take one entry. Source: kernel of_iommu_xlate."""
        driver = driver_of(node)
        late = node in self.providers.late
        disabled = self.board.disabled_at(node)
        self.say("2", "of_iommu_xlate", f"entry {wish.index}: {node.path}{_cells(wish.values)}")
        if disabled is None:
            self.findings += _cells_of(self.master, wish, node)
        if disabled is node or (not late and driver.translate is None):
            return self._no_iommu(wish, node, disabled=disabled is node)
        if disabled is not None:
            late = True  # nobody makes a device below a disabled node: it never registers
        error = self._init(wish, node, "" if late else driver.name or "its driver")
        if error:
            return error
        if late:
            error, text = _GIVEN_UP[self.providers.patience]
            self.say("2c", "driver_deferred_probe_check_state", f"{error}: {text}")
            self.stopped_by = f"{node.path}, which has not registered,"
            return error
        return self._translate(wish, node)

    def _no_iommu(self, wish: Wish, node: Node, *, disabled: bool) -> str:
        why = "is disabled" if disabled else "has a driver without of_xlate"
        self.own = not disabled and self.fwspec is None
        self.say("2a", "of_iommu_xlate", f"{node.path} {why}: no IOMMU, later entries are ignored")
        if self.own:
            self.say("2a", driver_of(node).name, "reads iommus by itself when it probes the master")
        self.stopped_by = f"entry {wish.index}, whose IOMMU {why},"
        return _NO_IOMMU

    def _init(self, wish: Wish, node: Node, driver: str) -> str:
        """Make the fwspec, or compare with it. Source: kernel iommu_fwspec_init."""
        kept = self.fwspec
        if kept is None:
            self.say("2b", "dev_iommu_get", "allocates dev->iommu, unless it is there")
            with_ops = f"operations of {driver}" if driver else "no operations yet"
            text = f"allocates the fwspec, takes a reference on {node.path}; {with_ops}"
            self.say("2b", "iommu_fwspec_init", text)
            self.fwspec = Fwspec(node, driver, (), (node,))
            return ""
        if bool(driver) == bool(kept.driver) and same_driver(kept.held, node):
            text = f"same operations; {node.path} is not held"
            self.say("2b", "iommu_fwspec_init", text)
            self.fwspec = kept._replace(providers=(*kept.providers, node))
            return ""
        why = f"{driver} is not {kept.driver}" if driver else f"{node.path} has no operations yet"
        self.say("2b", "iommu_fwspec_init", f"{_INVALID}: {why}; nothing is freed")
        self.stopped_by = f"entry {wish.index}, of other operations than the first,"
        return _INVALID

    def _translate(self, wish: Wish, node: Node) -> str:
        driver = driver_of(node)
        assert driver.translate is not None
        name = driver.name or "its driver"
        done = driver.translate(driver, node, wish.values)
        self.say("2d", "try_module_get", f"pins the module of {name} for the call")
        self.findings += _bounds(self.master, wish, node)
        if driver.keeps and (driver.keeps not in self.keeps or "anew" in driver.keeps):
            self.say("2d", "of_xlate", f"allocates {driver.keeps}")
            self.keeps.append(driver.keeps)
        if done.error:
            self.say("2d", "of_xlate", f"{done.error}: {node.path} {done.verdict}")
            self.stopped_by = f"entry {wish.index}, refused by {name},"
        elif done.ids:
            shown = ", ".join(f"{one:#x}" for one in done.ids)
            self.say("2d", "iommu_fwspec_add_ids", f"adds {shown}; the fwspec may move")
        else:
            self.say("2d", "of_xlate", "adds no id")
        self.say("2d", "module_put", f"lets {name} go")
        assert self.fwspec is not None
        self.fwspec = self.fwspec._replace(ids=(*self.fwspec.ids, *done.ids))
        return done.error

    def finish(self, error: str) -> Configured:
        """End the call as it does. Source: kernel of_iommu_configure, behind the loop."""
        kept = self.fwspec
        if not error and kept is not None:
            self.say("3", "of_iommu_configure", f"reads the fwspec again: {kept.driver}")
            text = "probe_device of the driver, group, default domain; on error dev_iommu_free"
            self.say("3", "iommu_probe_device", f"unless in a group: {text}")
            return self.result("translated", "")
        if error == _DEFER:
            text = "the fwspec stays without operations; the next try frees it"
            self.say("4", "of_iommu_configure", f"{_DEFER} reaches the caller; {text}")
            return self.result("deferred", error)
        how = "" if error == _NO_IOMMU else f"debug log: Adding to IOMMU failed: {error}; "
        if self.own:
            return self.result("own", error)
        self.say("4", "of_iommu_configure", f"{how}bypass, nobody is told")
        if kept is not None:
            self.say("4", "device", f"keeps dev->iommu, fwspec, {_kept_until(kept)}")
            if kept.driver:
                self.findings.append(self._left_over(kept))
        return self.result("bypass", error)

    def _left_over(self, kept: Fwspec) -> Finding:
        """Report a fwspec with operations, kept by a master that has no IOMMU."""
        details = {
            "supplier": kept.held.path,
            "step": self.stopped_by,
            "events": event_lines(self.events),
        }
        return Finding("DT681", Severity.WARNING, self.master.node, self.master.property, details)

    def result(self, result: Result, error: str) -> Configured:
        kept = self.fwspec
        return Configured(
            tuple(self.events),
            kept,
            result,
            error,
            result == "bypass" and kept is not None,
            tuple(self.keeps),
            tuple(self.findings),
        )


def _kept_until(kept: Fwspec) -> str:
    reference = f"and the reference on {kept.held.path}"
    return f"{reference}, until it is released" if kept.driver else f"{reference}, until a next try"


def _cells(values: tuple[int, ...]) -> str:
    return "".join(f" {one:#x}" for one in values)


def _cells_of(master: Master, wish: Wish, node: Node) -> list[Finding]:
    """Report a number of cells that the driver does not take; of a map it is one whatever."""
    driver = driver_of(node)
    count = len(wish.values)
    if master.property != "iommus" or not is_known(driver) or count in driver.cells:
        return []
    return [wrong_cells(node, count)]


def _bounds(master: Master, wish: Wish, node: Node) -> list[Finding]:
    """Report an id out of bounds, be it the first or the last of a row."""
    driver = driver_of(node)
    assert driver.translate is not None
    for values in (wish.values, wish.last):
        done = driver.translate(driver, node, values)
        if done.problem == "bounds":
            details = {"index": wish.index, "supplier": node.path, "verdict": done.verdict}
            return [Finding("DT680", Severity.WARNING, master.node, master.property, details)]
    return []


def wrong_cells(provider: Node, count: int) -> Finding:
    """Report an IOMMU whose #iommu-cells its driver does not take.

    An error where cells are missing or refused; further cells are ignored, which is a warning.
    """
    driver = driver_of(provider)
    refused = False
    if driver.translate is not None:
        refused = bool(driver.translate(driver, provider, (0,) * count).error)
    worse = refused or count < min(driver.cells) or driver.translate is None
    severity = Severity.ERROR if worse else Severity.WARNING
    details = {"supplier": provider.path, "cells": count, "wanted": driver.wanted}
    return Finding("DT685", severity, provider, "#iommu-cells", details)


def iommu_findings(board: Board, judged: Mapping[Node, Judged] | None = None) -> list[Finding]:
    """Find what goes wrong between masters and IOMMUs, all of which register in time.

    Each master is configured once; of a map every row is looked at. In tree order of masters; what
    is wrong with an IOMMU itself is told once. DT680, DT681, DT685.
    """
    found: dict[tuple[str, Node, str, int], Finding] = {}
    for master in masters(board, judged):
        for one in _of_master(board, master):
            key = (one.rule, one.node, one.property, one.details.get("index", 0))
            found.setdefault(key, one)
    return list(found.values())


def _of_master(board: Board, master: Master) -> Iterator[Finding]:
    if master.property == "iommus":
        yield from configure(board, master).findings
        return
    for row in ranges(board, master):
        node = row.node
        if node is None or row.last < row.first or not board.available(node):
            continue
        if driver_of(node).translate is not None:
            wish = Wish(row.row, node, row.outs, row.values(row.last))
            yield from _bounds(master, wish, node)
