"""The claims of overlays that are each alone on a base, held against each other."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING

from dtovl.changeset import AttachNode, SetProperty
from dtovl.checks.baseclaims import BaseClaims, Shipped, fresh_claims
from dtovl.checks.claimkinds import ADDRESSES, PINS
from dtovl.checks.claimwords import Side, Teller, left_out, tell
from dtovl.checks.clashes import PHY, Clashes, gives_addresses, roles_agree, severity_of
from dtovl.checks.nodes import enabled
from dtovl.codes.base import Severity

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from dtovl.checks.baseclaims import Fresh
    from dtovl.checks.claimkinds import Claim, Resource
    from dtovl.diagnostics import Diagnostic
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome

MOST_PAIRS = 20_000
"""Most pairs of overlays of one base that get findings."""

_MOST_STEPS = 2_000_000
_MOST_CLASHES = 20
_MOST_CLAIMS = 200


class _Entry:
    """A claim of an overlay, that others claim as well.

    identity is the device's node, or its path where the overlay made it: two overlays that make a
    node of one path make one node when both are applied. side is the claim in words, None at first.
    """

    __slots__ = ("claim", "identity", "side")

    def __init__(self, identity: Node | str, claim: Claim) -> None:
        self.identity = identity
        self.claim = claim
        self.side: Side | None = None


_Pairs = dict[tuple[int, int], list[tuple[_Entry, _Entry]]]


class ClaimIndex:
    """Claims of each overlay of a base, of the devices that it changed or brought."""

    __slots__ = ("_fresh", "_known", "_tree")

    def __init__(self, tree: Tree, base: str, known: BaseClaims | None = None) -> None:
        self._tree = tree
        self._known = BaseClaims(tree) if known is None else known
        self._fresh: dict[int, Fresh] = {}

    def add(self, number: int, outcome: Outcome) -> None:
        """Take in the claims of an overlay that is in force, alone, in the tree."""
        fresh = fresh_claims(self._known, (outcome,))
        if fresh is not None:
            self._fresh[number] = fresh

    def findings(
        self, apart: Container[tuple[int, int]] = ()
    ) -> Iterator[tuple[int, int, Diagnostic]]:
        """Give the clashes of overlays, as (smaller number, larger number, finding), in order.

        The tree must be the plain base; overlays are applied and reverted. apart are pairs that
        are never used together.
        """
        met = self._met(apart)
        dead = self._look(met.pairs)
        last = (0, 0)
        shipped = Shipped(self._known)
        for (first, second), pairs in sorted(met.pairs.items(), key=lambda item: item[0]):
            clashes = Clashes(_MOST_CLASHES)
            sides: dict[int, Side] = {}
            for one, other in pairs:
                if (second, one.claim.device) in dead or (first, other.claim.device) in dead:
                    continue
                if one.side and other.side and not _go_together(one, other):
                    sides[id(one.claim)], sides[id(other.claim)] = one.side, other.side
                    clashes.add(one.claim, other.claim)
            new = [self._fresh[number].touched.new for number in (first, second)]
            for clash in clashes:
                side_one, side_other = sides[id(clash.first)], sides[id(clash.second)]
                # Out of the tree, a chip does not show which bus it is on.
                chips = side_one.role == side_other.role == PHY
                if not chips and severity_of(clash) is Severity.INFO:
                    continue
                if all(one.isdisjoint(clash.parties) for one in new) and shipped(clash):
                    continue
                last = (first, second)
                yield first, second, tell(clash, side_one, side_other, Severity.WARNING)
        if met.left_out:
            yield *last, left_out(met.left_out)

    def _shared(self) -> Iterator[dict[int, list[_Entry]]]:
        """Give, for each resource that several overlays claim, the claims of each, in order."""
        seen: set[Resource] = set()
        several: set[Resource] = set()
        for fresh in self._fresh.values():
            several.update(seen.intersection(fresh.claims))
            seen.update(fresh.claims)
        found: dict[Resource, dict[int, list[_Entry]]] = {}
        for number, fresh in self._fresh.items() if several else ():
            new = _New(fresh)
            for resource in fresh.claims:
                if resource in several:
                    found.setdefault(resource, {})[number] = [
                        _Entry(new.identity(claim.device), claim)
                        for claim in fresh.claims[resource]
                    ]
        return iter(found.values())

    def _met(self, apart: Container[tuple[int, int]]) -> _Met:
        met = _Met()
        for claims in self._shared():
            for (first, ones), (second, others) in combinations(claims.items(), 2):
                if (first, second) in apart or (second, first) in apart:
                    continue
                met.hold(first, ones, second, others)
                if met.steps > 2 * _MOST_STEPS:
                    met.left_out += 1
                    return met
        return met

    def _look(self, pairs: _Pairs) -> set[tuple[int, Node]]:
        """Describe each claim while its overlay is in force, and see whom that overlay disables.

        Returns (overlay, device of another's claim) where this overlay turns the device off.
        """
        own: dict[int, list[_Entry]] = {}
        rivals: dict[int, set[Node]] = {}
        for (first, second), met in pairs.items():
            for one, other in met:
                own.setdefault(first, []).append(one)
                own.setdefault(second, []).append(other)
                if not isinstance(one.identity, str):
                    rivals.setdefault(second, set()).add(one.claim.device)
                if not isinstance(other.identity, str):
                    rivals.setdefault(first, set()).add(other.claim.device)
        dead: set[tuple[int, Node]] = set()
        for number, entries in own.items():
            fresh = self._fresh[number]
            outcomes = fresh.outcomes
            for outcome in outcomes:
                outcome.changeset.apply(self._tree)
            teller = Teller(self._known, fresh.touched)
            for entry in entries:
                entry.side = entry.side or teller.describe(entry.claim)
            off = _disabled_by(outcomes)
            dead.update((number, node) for node in rivals.get(number, ()) if _is_below(node, off))
            for outcome in reversed(outcomes):
                outcome.changeset.revert(self._tree)
        return dead


class _New:
    """Tells the paths of nodes that an overlay brought, while it is out of the tree."""

    __slots__ = ("_new", "_parents")

    def __init__(self, fresh: Fresh) -> None:
        self._new = fresh.touched.new
        self._parents = {
            entry.node: entry.parent
            for outcome in fresh.outcomes
            for entry in outcome.changeset.entries
            if isinstance(entry, AttachNode)
        }

    def identity(self, device: Node) -> Node | str:
        """Give the path of a node that the overlay brought, any other node itself."""
        if device not in self._new:
            return device
        path = ""
        node: Node | None = device
        while node is not None:
            above = node.parent or self._parents.get(node)
            if above is not None:
                path = f"/{node.name}{path}"
            node = above
        return path


def _go_together(first: _Entry, second: _Entry) -> bool:
    """Tell what clashes.harmless tells, of devices whose overlays are out of the tree again."""
    one, other, kind = first.side, second.side, first.claim.kind
    if one is None or other is None or kind == PINS:
        return False
    if one.path.startswith(other.path + "/") or other.path.startswith(one.path + "/"):
        return True
    if kind == ADDRESSES:
        return not (gives_addresses(first.claim) and gives_addresses(second.claim))
    return roles_agree(one.role, other.role)


class _Met:
    """Pairs of overlays with the pairs of their claims on one resource."""

    __slots__ = ("left_out", "pairs", "steps")

    def __init__(self) -> None:
        self.pairs: _Pairs = {}
        self.left_out = 0
        self.steps = 0

    def hold(self, first: int, ones: list[_Entry], second: int, others: list[_Entry]) -> None:
        """Hold the claims of two overlays on one resource against each other.

        Of two overlays the first _MOST_CLAIMS pairs of claims count. Past bounds new pairs of
        overlays are only counted.
        """
        turned = first > second
        key = (second, first) if turned else (first, second)
        met = self.pairs.get(key, [])
        for one, other in product(ones, others):
            self.steps += 1
            if one.identity == other.identity:
                if self.steps > 2 * _MOST_STEPS:
                    break
                continue
            if not met:
                if self.steps > _MOST_STEPS or len(self.pairs) >= MOST_PAIRS:
                    self.left_out += 1
                    break
                self.pairs[key] = met
            elif len(met) >= _MOST_CLAIMS:
                break
            met.append((other, one) if turned else (one, other))


def _disabled_by(outcomes: Iterable[Outcome]) -> set[Node]:
    """Give the nodes whose `status` overlays in force have set to anything but okay."""
    return {
        entry.node
        for outcome in outcomes
        for entry in outcome.changeset.entries
        if isinstance(entry, SetProperty) and entry.key == "status" and not enabled(entry.node)
    }


def _is_below(node: Node, tops: set[Node]) -> bool:
    one: Node | None = node if tops else None
    while one is not None:
        if one in tops:
            return True
        one = one.parent
    return False
