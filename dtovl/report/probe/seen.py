"""A prediction as reports show it: paths in place of nodes.

A tree changes when an overlay comes, and what was predicted of it before must still have its names.
"""

from __future__ import annotations

from typing import NamedTuple

BOUND = "bound"
SYNC_STATE = "sync_state"
DEFERRED = "deferred: "
FAILED = "failed "


class Try(NamedTuple):
    """One line of the log: a driver tried a device in a stage, with a result."""

    stage: str
    device: str
    driver: str
    result: str


class Wait(NamedTuple):
    """What a device waits for, or fails by, that never binds.

    supplier  path of the node that the property names, "" where there is none
    device    path of the device that it is, or lies in; "" where there is none
    named, entry  property and index where the consumer says so; "" for a wait without one
    reason    in the words of the log
    """

    supplier: str
    device: str
    named: str
    entry: int
    reason: str

    @property
    def place(self) -> str:
        """Name the property, with the index of the entry but for the first."""
        return f"{self.named}[{self.entry}]" if self.entry else self.named


class Need(NamedTuple):
    """A supplier that a device names, and the device that it is or lies in.

    device is "" where there is none that drivers try; state says why then.
    """

    named: str
    entry: int
    supplier: str
    device: str
    state: str

    @property
    def place(self) -> str:
        """Name the property, with the index of the entry but for the first."""
        return f"{self.named}[{self.entry}]" if self.entry else self.named


class Cause(NamedTuple):
    """Where a chain of waiting devices ends: a node, and what is wrong with it.

    kind is one word for machines; words follow the path in a sentence.
    """

    node: str
    kind: str
    words: str


class Master(NamedTuple):
    """A master behind an IOMMU, bound as the place-th device (0: never).

    late      it joins a group that is in use already
    bypasses  it works without the IOMMU, which was not there when it was bound
    """

    device: str
    place: int
    late: bool = False
    bypasses: bool = False

    @property
    def words(self) -> str:
        """Say how it joins."""
        if not self.place:
            return "never binds"
        how = f"binds as number {self.place}"
        if self.bypasses:
            return f"{how}, without the IOMMU: that comes later, or never"
        return f"{how}, late: the group is in use by then" if self.late else how


class Group(NamedTuple):
    """The masters that share an id of an IOMMU."""

    iommu: str
    id: tuple[int, ...]
    masters: tuple[Master, ...]


class Seen(NamedTuple):
    """What is predicted of a tree; see dtovl.links.probe.Prediction.

    waits and causes are of the devices in deferred and failed: what each waits for, where its
    chain ends.
    needs has the suppliers that each device names, in order of its properties.
    """

    order: tuple[str, ...]
    log: tuple[Try, ...]
    deferred: dict[str, str]
    failed: dict[str, int]
    unmatched: tuple[str, ...]
    never_added: tuple[str, ...]
    sync_pending: dict[str, tuple[str, ...]]
    waits: dict[str, Wait]
    causes: dict[str, Cause]
    needs: dict[str, tuple[Need, ...]]
    groups: tuple[Group, ...]

    @property
    def devices(self) -> int:
        """Count the devices, bound or not."""
        return len(self.order) + len(self.deferred) + len(self.failed) + len(self.unmatched)

    def standing(self) -> dict[str, str]:
        """Say of each device in a few words how it ends."""
        found = {path: f"bound as number {place}" for place, path in enumerate(self.order, 1)}
        found.update(dict.fromkeys(self.deferred, "deferred for good"))
        found.update((path, f"failed with {errno}") for path, errno in self.failed.items())
        found.update(dict.fromkeys(self.unmatched, "without driver"))
        return found
