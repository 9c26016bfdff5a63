"""Predicts in which order devices bind, which never do, and why.

The simulation is a state machine over devices. A device is not added, added, bound or failed, and
an added one may wait: in *pending*, or in *active* to be tried again. What moves it:

- a device is added at the end of level arch (children of the root, of buses below it), and when the
  driver of its parent makes devices of child nodes; it is tried at once, by the first registered
  driver that matches;
- a driver registers, at its level or as a module: it tries every device that it matches and that is
  not bound;
- the deferral work takes the head of active: one try.

A try ends in one of three ways. *Bound*: children are made, then the trigger moves all of pending
behind active, then whoever waits for its consumers to be bound may get its sync_state. *Deferred*:
into pending, at the tail. *Failed*: never tried again. What a try asks for is found once per device
(see dtovl.links.needs), only whether it is there changes.

It ends: a device binds once, only binding moves devices from pending to active (twice at late, once
at the timeout, the kernel does it too), and the work takes one out of active with every try. So
there are at most (devices + 3) * devices tries beside those of registering drivers. As that is too
many for a tree that somebody made for it, MAX_PROBE_STEPS bounds them all.

Source: kernel drivers/base/dd.c, drivers/base/core.c, drivers/of/platform.c (6.1).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes.probe import TOO_LONG
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError
from dtovl.links.board import compatibles
from dtovl.links.drivertable import LEVELS
from dtovl.links.early import Early
from dtovl.links.lenient import Leniency, drivers_for, unserved
from dtovl.links.needs import Asking
from dtovl.links.population import Population
from dtovl.links.prediction import BOUND, SYNC_STATE, Prediction, Try, Wait
from dtovl.links.syncstates import SyncStates, consumers_by_supplier
from dtovl.model.limits import MAX_PROBE_STEPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dtovl.links.board import Board
    from dtovl.links.drivertable import Driver, DriverTable
    from dtovl.links.link import Judged, Link
    from dtovl.links.needs import Need, Needs
    from dtovl.model.node import Node

_EINVAL = -22
_ENODEV = -19
_ETIMEDOUT = -110

_POWER_DOMAINS = "power-domains"

_TRY_STEPS = 50
"""What a try costs beside the needs it looks at: a line of the log that is kept."""


def predict(
    board: Board,
    judged: Mapping[Node, Judged],
    table: DriverTable | None,
    fw_devlink: str = "on",
    *,
    strict: bool = False,
    modules: bool = True,
) -> Prediction:
    """Predict the probing of a judged tree.

    Without a table there is a driver for everything, and what shipping boards do without is not
    needed: what does not bind then cannot bind at all. fw_devlink, strict and modules are the
    kernel's settings in that case. Raises InputError (DT694) when it would take too long.
    """
    early = Early(table.early if table is not None else ())
    leniency = None
    if table is None:
        early = Early((), unserved(board, early))
        table = drivers_for(board, fw_devlink, strict=strict, modules=modules)
        leniency = Leniency(early)
    asking = Asking(board, judged, early, strict=table.strict, leniency=leniency)
    simulation = _Simulation(board, table, early, asking, lenient=leniency is not None)
    if any(driver.sync_state for driver in table.drivers):
        simulation.watch(link for one in judged.values() for link in one.links)
    simulation.run()
    return simulation.result()


class Blocker(NamedTuple):
    """What ended a try: what was needed, the reason in the words of the log, the error.

    errno is 0 where the device is tried again; own: its driver says so, not the driver core.
    """

    need: Need | None
    reason: str
    errno: int = 0
    own: bool = True


class _Drivers:
    """The drivers that have registered, by what they match."""

    def __init__(self) -> None:
        self._by_name: dict[str, tuple[int, Driver]] = {}
        self._count = 0

    def register(self, driver: Driver) -> None:
        self._count += 1
        for name in driver.match:
            self._by_name.setdefault(name, (self._count, driver))

    def first(self, names: Iterable[str]) -> Driver | None:
        """Give the driver that registered first of those that match one of names."""
        found = [self._by_name[name] for name in names if name in self._by_name]
        return min(found, key=lambda one: one[0])[1] if found else None


class _Simulation:
    """The devices and what became of them so far."""

    def __init__(
        self, board: Board, table: DriverTable, early: Early, asking: Asking, *, lenient: bool
    ) -> None:
        self._board = board
        self._table = table
        self._early = early
        self._asking = asking
        self._lenient = lenient
        self._devices: dict[Node, int] = {}
        self._names: dict[Node, list[str]] = {}
        self._population = Population(board, early, self._devices, containers=lenient)
        self._by_name: dict[str, list[Node]] = {}
        self._drivers = _Drivers()
        self._syncs: SyncStates | None = None
        self._log: list[Try] = []
        self._bound: dict[Node, Driver] = {}
        self._tried: dict[Node, Driver] = {}
        self._failed: dict[Node, int] = {}
        self._pending: dict[Node, None] = {}
        self._active: OrderedDict[Node, None] = OrderedDict()
        self._blockers: dict[Node, Blocker] = {}
        self._bypassed: list[Node] = []
        self._stage = ""
        self._blocking = table.fw_devlink in ("on", "rpm")
        self._steps = MAX_PROBE_STEPS
        self._deferring = False  # since late
        self._syncing = False  # since late
        self._relaxed = False  # suppliers that no driver tried hold nobody back
        self._gave_up = 0  # error in place of a deferral, once initcalls or the timeout are over

    def watch(self, links: Iterable[Link]) -> None:
        """Have the consumers of devices counted; without fw_devlink there are none."""
        links = () if self._table.fw_devlink == "off" else links
        consumers = consumers_by_supplier(self._board, links, self._early)
        self._syncs = SyncStates(self._board, consumers)

    # -- the boot ------------------------------------------------------------------------------

    def run(self) -> None:
        """Go through all stages. Raises InputError."""
        for level in LEVELS[:-1]:
            self._stage = level
            self._register_level(level)
            if level == "arch":
                self._add_all(self._population.at_boot())
        self._late()
        self._stage = "module"
        for driver in self._table.drivers:
            if driver.module:
                self._register(driver)
        if self._table.modules:
            self._stage = "timeout"
            self._relaxed = True
            self._gave_up = _ETIMEDOUT
            self._retry_all()

    def _late(self) -> None:
        """Release sync_state, enable deferral, end initcalls; then the late drivers register.

        Source: kernel sync_state_resume_initcall, deferred_probe_initcall.
        """
        self._stage = "late"
        self._syncing = True
        self._release_syncs(self._stage)
        self._deferring = True
        self._retry_all()
        if not self._table.modules:
            self._relaxed = True
            self._gave_up = _ENODEV
        self._retry_all()
        self._register_level("late")

    def _register_level(self, level: str) -> None:
        for driver in self._table.drivers:
            if driver.level == level and not driver.module:
                self._register(driver)

    def _register(self, driver: Driver) -> None:
        """Let a driver register: it tries the devices that are there and not bound."""
        self._drivers.register(driver)
        for device in self._matching(driver):
            if device not in self._bound and device not in self._failed:
                self._probe(device, driver, self._stage)
        self._work()

    def _matching(self, driver: Driver) -> list[Node]:
        """List the devices that a driver matches, in the order in which they were added."""
        names = dict.fromkeys(driver.match)
        if len(names) == 1:
            return list(self._by_name.get(driver.match[0], ()))
        found = {device for name in names for device in self._by_name.get(name, ())}
        return sorted(found, key=self._devices.__getitem__)

    def _add_all(self, nodes: Iterator[Node]) -> None:
        for node in nodes:
            driver = self._add(node)
            if driver is not None:
                self._probe(node, driver, self._stage)

    def _add(self, node: Node) -> Driver | None:
        """Add a device; give the driver that tries it first."""
        if self._syncs is not None:
            self._spend(self._syncs.added(node, self._device_at(node.parent)))
        self._devices[node] = len(self._devices)
        # Drivers that are made up match the first string alone.
        names = list(dict.fromkeys(compatibles(node)[: 1 if self._lenient else None]))
        self._names[node] = names
        for name in names:
            self._by_name.setdefault(name, []).append(node)
        return self._drivers.first(names)

    # -- deferral ------------------------------------------------------------------------------

    def _retry_all(self) -> None:
        self._trigger()
        self._work()

    def _trigger(self) -> None:
        """Have all that wait tried again. Source: kernel driver_deferred_probe_trigger."""
        if self._deferring:
            self._active.update(self._pending)
            self._pending.clear()

    def _work(self) -> None:
        """Try what is to be tried again. Source: kernel deferred_probe_work_func."""
        stage = f"{self._stage}+"
        while self._active:
            device, _ = self._active.popitem(last=False)
            driver = self._drivers.first(self._names[device])
            if driver is not None:
                self._probe(device, driver, stage)

    # -- one try, and what follows -------------------------------------------------------------

    def _probe(self, device: Node, driver: Driver, stage: str) -> None:
        """Try a device; when it is bound, add and try its children, and so on."""
        if not self._try(device, driver, stage):
            return
        open_: list[Iterator[Node]] = [self._children(device, driver)]
        while open_:
            child = next(open_[-1], None)
            if child is None:
                open_.pop()
                self._trigger()
                self._release_syncs(stage)
                continue
            its = self._add(child)
            if its is not None and self._try(child, its, stage):
                open_.append(self._children(child, its))

    def _children(self, device: Node, driver: Driver) -> Iterator[Node]:
        return self._population.below(device) if driver.populates else iter(())

    def _try(self, device: Node, driver: Driver, stage: str) -> bool:
        """Try a device once, and tell whether it is bound."""
        needs = self._asking.of(device)
        self._spend(_TRY_STEPS + needs.total)
        self._tried[device] = driver
        blocker = (
            self._core_waits(needs)
            or self._early_waits(needs)
            or self._driver_waits(needs, driver)
            or (Blocker(None, "", driver.fails) if driver.fails else None)
        )
        if blocker is not None:
            self._put_off(device, driver, stage, blocker)
            return False
        self._leave(device)
        self._blockers.pop(device, None)
        self._bound[device] = driver
        if any(one.disabled or one.anchor not in self._bound for one in needs.iommus):
            self._bypassed.append(device)
        if self._syncs is not None:
            self._syncs.bound(device, wants=driver.sync_state)
        self._log.append(Try(stage, device, driver.name, BOUND))
        return True

    def _core_waits(self, needs: Needs) -> Blocker | None:
        """Ask as the driver core does: first for suppliers that are no devices yet."""
        if not self._blocking:
            return None
        for need in needs.links:
            supplier = need.supplier
            if supplier not in self._devices:
                above = self._device_at(supplier)
                if above is None or above not in self._bound:
                    return Blocker(need, need.absent, own=False)
        for need in needs.links:
            supplier = need.supplier
            if supplier in self._devices and supplier not in self._bound:
                if self._relaxed and supplier not in self._tried:
                    continue
                return Blocker(need, need.reason, own=False)
        return None

    def _early_waits(self, needs: Needs) -> Blocker | None:
        """Ask for pins and IOMMUs, before the driver's probe."""
        for need in needs.pins:
            if need.anchor not in self._bound:
                return Blocker(need, need.reason)
        if not self._gave_up:
            for need in needs.iommus:
                if need.disabled:
                    return None
                if need.anchor not in self._bound:
                    return Blocker(need, need.reason)
        return None

    def _driver_waits(self, needs: Needs, driver: Driver) -> Blocker | None:
        """Ask as the driver does, in the order of the device's properties."""
        for need in needs.asked:
            if need.property in driver.optional:
                continue
            if need.supplier is None:
                return Blocker(need, "", _EINVAL)
            if need.disabled or need.anchor not in self._bound:
                errno = self._gave_up if need.property == _POWER_DOMAINS else 0
                return Blocker(need, need.reason, errno)
        return None

    def _device_at(self, node: Node | None) -> Node | None:
        """Give the nearest device at or above a node."""
        while node is not None:
            node = self._board.device_of(node)
            if node is None or node in self._devices:
                return node
            node = node.parent
        return None

    def _put_off(self, device: Node, driver: Driver, stage: str, blocker: Blocker) -> None:
        """Note that a device waits, at the tail of pending if in no list yet, or has failed."""
        self._blockers[device] = blocker
        if blocker.errno:
            self._leave(device)
            self._failed[device] = blocker.errno
            result = f"failed {blocker.errno}"
        else:
            if device not in self._active:
                self._pending.setdefault(device)
            result = f"deferred: {blocker.reason}"
        self._log.append(Try(stage, device, driver.name, result))

    def _leave(self, device: Node) -> None:
        """Take a device out of all lists. While a driver registers it may be in active, too."""
        self._pending.pop(device, None)
        self._active.pop(device, None)

    def _release_syncs(self, stage: str) -> None:
        """Tell drivers whose devices have no unbound consumer any more."""
        if self._syncs is None or not self._syncing:
            return
        for device in self._syncs.take():
            self._log.append(Try(stage, device, self._bound[device].name, SYNC_STATE))

    def _spend(self, steps: int) -> None:
        self._steps -= steps
        if self._steps < 0:
            found = Diagnostic(TOO_LONG, most=MAX_PROBE_STEPS, tries=len(self._log))
            raise InputError(found)

    # -- the end -------------------------------------------------------------------------------

    def result(self) -> Prediction:
        """Give what became of the devices."""
        return Prediction(
            order=list(self._bound),
            log=self._log,
            deferred={device: self._reason(device) for device in self._pending},
            failed=self._failed,
            unmatched=[device for device in self._devices if device not in self._tried],
            never_added=list(self._population.left_out()),
            sync_pending={} if self._syncs is None else dict(self._syncs.held_back()),
            waits={device: self._wait(device) for device in (*self._pending, *self._failed)},
            bypassed=self._bypassed,
            board=self._board,
            table=self._table,
            lenient=self._lenient,
        )

    def _reason(self, device: Node) -> str:
        blocker = self._blockers[device]
        if not blocker.own:
            return blocker.reason
        return f"{self._tried[device].name}: {blocker.reason}"

    def _wait(self, device: Node) -> Wait:
        need, reason, errno, _ = self._blockers[device]
        if errno:
            reason = f"failed {errno}"
        if need is None:
            return Wait(None, None, "", 0, reason)
        at = None if need.supplier is None or need.disabled else self._device_at(need.supplier)
        if at in self._bound:
            at = None
        return Wait(need.supplier, at, need.property, need.index, reason)
