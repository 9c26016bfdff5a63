"""Masters that share an id of an IOMMU, and which of them came late.

The firmware's description of a master is read when its driver probes. Masters with one id share a
group, whose domain and owner are settled when the first of them binds: those that bind later join
what was settled without them.
Source: kernel of_iommu_configure, iommu_group_get_for_dev, iommu_device_use_default_domain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dtovl.links.link import Judged
    from dtovl.links.prediction import Prediction
    from dtovl.model.node import Node


class Member(NamedTuple):
    """A master, bound as the place-th device (from 1), 0 where it is not bound.

    bypasses: it bound although an IOMMU of its was not there, so it is in no group.
    late: it joined after another one was bound.
    """

    device: Node
    place: int
    bypasses: bool
    late: bool


class Group(NamedTuple):
    """The masters with one id of an IOMMU, in tree order; id holds the cells of the specifier.

    Without cells there is no id, and the IOMMU's driver decides who shares: nobody is late then.
    """

    iommu: Node
    id: tuple[int, ...]
    members: tuple[Member, ...]


def groups(prediction: Prediction, judged: Mapping[Node, Judged]) -> list[Group]:
    """List the ids of all IOMMUs that devices use, in tree order of the first who does."""
    found: dict[tuple[Node, tuple[int, ...]], dict[Node, None]] = {}
    for node, one in judged.items():
        for link in one.links:
            if link.property == "iommus" and link.usable:
                found.setdefault((link.supplier, link.values), {})[node] = None
    places = {node: place for place, node in enumerate(prediction.order, 1)}
    bypassed = set(prediction.bypassed)
    return [_group(*key, masters, places, bypassed) for key, masters in found.items()]


def _group(
    iommu: Node,
    number: tuple[int, ...],
    masters: Mapping[Node, None],
    places: Mapping[Node, int],
    bypassed: set[Node],
) -> Group:
    joined = [places[node] for node in masters if node in places and node not in bypassed]
    first = min(joined, default=0)
    members = []
    for node in masters:
        place, bypasses = places.get(node, 0), node in bypassed
        late = bool(number) and place > first and not bypasses
        members.append(Member(node, place, bypasses, late))
    return Group(iommu, number, tuple(members))
