"""The claims of overlays that are each alone on a base, held against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.changeset import SetProperty
from dtovl.checks.baseclaims import BaseClaims, fresh_claims
from dtovl.checks.claimwords import Side, Teller, left_out, tell
from dtovl.checks.clashes import Clashes, severity_of
from dtovl.checks.nodes import enabled
from dtovl.codes.base import Severity

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

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


class _Entry(NamedTuple):
    """A claim of an overlay; identity is the device's node, or its path where the overlay made it.

    Two overlays that make a node of one path make one node when both are applied.
    """

    number: int
    identity: Node | str
    claim: Claim


class ClaimIndex:
    """Claims of each overlay of a base, of the devices that it changed or brought."""

    __slots__ = ("_entries", "_known", "_outcomes", "_tree")

    def __init__(self, tree: Tree, base: str, known: BaseClaims | None = None) -> None:
        self._tree = tree
        self._known = BaseClaims(tree) if known is None else known
        self._outcomes: dict[int, Outcome] = {}
        self._entries: dict[Resource, list[_Entry]] = {}

    def add(self, number: int, outcome: Outcome) -> None:
        """Take in the claims of an overlay that is in force, alone, in the tree."""
        fresh = fresh_claims(self._known, (outcome,))
        if fresh is None:
            return
        self._outcomes[number] = outcome
        new = fresh.touched.new
        for resource, claims in fresh.claims.items():
            entries = self._entries.setdefault(resource, [])
            for claim in claims:
                device = claim.device
                identity = device.path if device in new else device
                entries.append(_Entry(number, identity, claim))

    def findings(
        self, apart: Container[tuple[int, int]] = ()
    ) -> Iterator[tuple[int, int, Diagnostic]]:
        """Give the clashes of overlays, as (smaller number, larger number, finding), in order.

        The tree must be the plain base; overlays are applied and reverted. apart are pairs that
        are never used together.
        """
        met = self._met(apart)
        sides, dead = self._look(met.pairs)
        last = (0, 0)
        for (first, second), pairs in sorted(met.pairs.items(), key=lambda item: item[0]):
            clashes = Clashes(_MOST_CLASHES)
            for one, other in pairs:
                if (second, one.claim.device) in dead or (first, other.claim.device) in dead:
                    continue
                if not _go_together(sides[first, one.claim], sides[second, other.claim]):
                    clashes.add(one.claim, other.claim)
            for clash in clashes:
                if severity_of(clash) is Severity.INFO:
                    continue
                last = (first, second)
                side_one, side_other = sides[first, clash.first], sides[second, clash.second]
                yield first, second, tell(clash, side_one, side_other, Severity.WARNING)
        if met.left_out:
            yield *last, left_out(met.left_out)

    def _met(self, apart: Container[tuple[int, int]]) -> _Met:
        met = _Met()
        steps = 0
        for entries in self._entries.values():
            if len(entries) < 2 or len({entry.identity for entry in entries}) < 2:
                continue
            for place, one in enumerate(entries):
                for other in entries[place + 1 :]:
                    if one.number == other.number or one.identity == other.identity:
                        continue
                    steps += 1
                    if steps > 2 * _MOST_STEPS:
                        met.left_out += 1
                        return met
                    if (one.number, other.number) in apart or (other.number, one.number) in apart:
                        continue
                    met.add(one, other, full=steps > _MOST_STEPS)
        return met

    def _look(
        self, pairs: dict[tuple[int, int], list[tuple[_Entry, _Entry]]]
    ) -> tuple[dict[tuple[int, Claim], Side], set[tuple[int, Node]]]:
        """Describe each claim while its overlay is in force, and see whom that overlay disables.

        Returns the descriptions by overlay, and (overlay, device of another's claim) where this
        overlay turns the device off.
        """
        own: dict[int, dict[Claim, None]] = {}
        rivals: dict[int, dict[Node, None]] = {}
        for (first, second), met in pairs.items():
            for one, other in met:
                own.setdefault(first, {})[one.claim] = None
                own.setdefault(second, {})[other.claim] = None
                if not isinstance(one.identity, str):
                    rivals.setdefault(second, {})[one.claim.device] = None
                if not isinstance(other.identity, str):
                    rivals.setdefault(first, {})[other.claim.device] = None
        sides: dict[tuple[int, Claim], Side] = {}
        dead: set[tuple[int, Node]] = set()
        for number, claims in own.items():
            changeset = self._outcomes[number].changeset
            changeset.apply(self._tree)
            teller = Teller(self._known)
            sides.update({(number, claim): teller.describe(claim) for claim in claims})
            off = _disabled_by(self._outcomes[number])
            dead.update((number, node) for node in rivals.get(number, ()) if _is_below(node, off))
            changeset.revert(self._tree)
        return sides, dead


def _go_together(one: Side, other: Side) -> bool:
    """Tell what clashes.harmless tells, of devices whose overlays are out of the tree again."""
    if one.path.startswith(other.path + "/") or other.path.startswith(one.path + "/"):
        return True
    return one.regulator and other.regulator


class _Met:
    """Pairs of overlays with the pairs of their claims on one resource."""

    __slots__ = ("left_out", "pairs")

    def __init__(self) -> None:
        self.pairs: dict[tuple[int, int], list[tuple[_Entry, _Entry]]] = {}
        self.left_out = 0

    def add(self, one: _Entry, other: _Entry, *, full: bool) -> None:
        """Enter two claims; full: count new pairs of overlays, and keep none."""
        if one.number > other.number:
            one, other = other, one
        key = (one.number, other.number)
        met = self.pairs.get(key)
        if met is not None:
            if len(met) < _MOST_CLAIMS:
                met.append((one, other))
        elif full or len(self.pairs) >= MOST_PAIRS:
            self.left_out += 1
        else:
            self.pairs[key] = [(one, other)]


def _disabled_by(outcome: Outcome) -> set[Node]:
    """Give the nodes whose `status` an overlay in force has set to anything but okay."""
    return {
        entry.node
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
