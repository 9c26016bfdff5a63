"""All that a report of `dtovl probe` tells, and how much of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dtovl.diagnostics import Diagnostic
    from dtovl.report.probe.difference import Difference
    from dtovl.report.probe.seen import Seen


class Settings(NamedTuple):
    """What was predicted for; drivers is the file with the table, None: any drivers there are."""

    fw_devlink: str
    strict: bool
    modules: bool
    drivers: str | None


class Told(NamedTuple):
    """A finding, and the device it is about; caused: there is none like it without the overlays."""

    device: str
    diagnostic: Diagnostic
    caused: bool


class Answer(NamedTuple):
    """A prediction with its difference from that of the base alone (None: there are no overlays).

    everything: problems that the base has by itself are shown and count too.
    """

    base: str
    overlays: tuple[str, ...]
    settings: Settings
    seen: Seen
    difference: Difference | None
    findings: tuple[Told, ...]
    everything: bool

    @property
    def name(self) -> str:
        """Name the base and the overlays; very many are counted."""
        if len(self.overlays) > 3:
            return f"{self.base} with {len(self.overlays)} overlays"
        if self.overlays:
            return f"{self.base} with {', '.join(self.overlays)}"
        return self.base

    @property
    def problems(self) -> Seen | Difference:
        """Give what is shown of what never binds: fields deferred, failed, unmatched and so on."""
        if self.difference is None or self.everything:
            return self.seen
        return self.difference

    @property
    def hidden(self) -> int:
        """Count the devices that never bind, but are not shown, as the base has them so."""
        seen, shown = self.seen, self.problems
        return len(seen.deferred) + len(seen.failed) - len(shown.deferred) - len(shown.failed)

    def shows(self, told: Told) -> bool:
        """Tell whether a finding is shown, and counts for the exit code."""
        return told.caused or self.problems is self.seen


def headline(answer: Answer) -> str:
    """Say in a line how many devices bind, and how many never do."""
    from dtovl.report.spans import amount

    seen = answer.seen
    verb = "binds" if len(seen.order) == 1 else "bind"
    parts = [amount(seen.devices, "device"), f"{len(seen.order):,} {verb}"]
    if seen.deferred:
        verb = "waits" if len(seen.deferred) == 1 else "wait"
        parts.append(f"{len(seen.deferred):,} {verb} for ever")
    if seen.failed:
        verb = "fails" if len(seen.failed) == 1 else "fail"
        parts.append(f"{len(seen.failed):,} {verb}")
    if seen.unmatched:
        verb = "has" if len(seen.unmatched) == 1 else "have"
        parts.append(f"{len(seen.unmatched):,} {verb} no driver")
    return ", ".join(parts)


def mode(settings: Settings) -> str:
    """Say what counts as driver."""
    if settings.drivers is not None:
        return f"those of {settings.drivers}"
    return "any (no --drivers): what does not bind here cannot bind whatever the drivers are like"


def kernel(settings: Settings) -> str:
    """Say how the kernel is set, as on its command line."""
    parts = [f"fw_devlink={settings.fw_devlink}"]
    if settings.strict:
        parts.append("fw_devlink.strict=1")
    parts.append("modules, deferral ends after the timeout" if settings.modules else "no modules")
    return ", ".join(parts)
