"""Devices that are to be tried again, because a supplier was missing or their driver said so.

A device waits in the list of pending ones; whenever some device is bound, all pending ones become
active, and a worker tries those again, one after the other, when it gets its turn.
Source: kernel drivers/base/dd.c (deferred_probe_*).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.live.devices import Device


class Retries:
    """The devices that wait; enabled once the kernel has started; count tells of triggers."""

    def __init__(self) -> None:
        self.enabled = False
        self.count = 0
        self._pending: dict[Device, None] = {}
        self._active: dict[Device, None] = {}

    def put_off(self, device: Device) -> None:
        """Note that a device is to be tried again. Source: kernel driver_deferred_probe_add."""
        if device.claimed and device not in self._active:
            self._pending[device] = None

    def forget(self, device: Device) -> None:
        """Note that a device does not wait any more."""
        self._pending.pop(device, None)
        self._active.pop(device, None)

    def trigger(self) -> None:
        """Have all pending devices tried again, later. Source: driver_deferred_probe_trigger."""
        if self.enabled:
            self.count += 1
            self._active |= self._pending
            self._pending.clear()

    def waiting(self) -> list[Device]:
        """List the devices that wait."""
        return [*self._active, *self._pending]

    def run(self, attach: Callable[[Device], None], devices: int) -> None:
        """Do the work of the worker: attach tries a device; devices is how many there are.

        Ends after as many tries as can change anything, where the kernel would go on for ever.
        """
        tries = (devices + 1) * (len(self._active) + 1)
        while self._active and tries:
            tries -= 1
            device = next(iter(self._active))
            del self._active[device]
            attach(device)
