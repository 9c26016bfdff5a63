"""Pins, lines, addresses and channels that two enabled devices claim at once.

Within a case the overlays are in force together, and every clash in which something takes part
that they changed is a finding. Between overlays that are each alone on a base the claims of one are
held against those of the other. Clashes among devices of the base alone are none of ours: boards
ship with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.checks.baseclaims import BaseClaims, Shipped, fresh_claims
from dtovl.checks.claimants import Reader
from dtovl.checks.claimindex import ClaimIndex
from dtovl.checks.claimwords import Teller, left_out, tell
from dtovl.checks.clashes import Clashes, harmless
from dtovl.codes.claims import ADDRESS_CONFLICT
from dtovl.codes.effects import SAME_UNIT_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.checks.baseclaims import Fresh
    from dtovl.diagnostics import Diagnostic, Sink
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome

__all__ = ["BaseClaims", "ClaimIndex", "check_claims"]

MOST_CLASHES = 100
"""Most clashes of one case that become findings."""


def check_claims(
    tree: Tree,
    outcomes: Sequence[Outcome],
    base: str,
    sink: Sink,
    known: BaseClaims | None = None,
) -> None:
    """Report what two enabled devices claim, where overlays in force changed one of the claims.

    outcomes are the overlays in force in the tree, in order; base is the display name of the base;
    known has the claims of the base, to be kept for the next case (None: they are found anew).
    """
    known = BaseClaims(tree) if known is None else known
    fresh = fresh_claims(known, outcomes)
    if fresh is None:
        return
    clashes = _clashes(fresh, known)
    teller = Teller(known, fresh.touched)
    shipped = _shipped(clashes, fresh, known)
    told = [
        tell(clash, teller.describe(clash.first), teller.describe(clash.second))
        for clash in clashes
        if clash.parties not in shipped
    ]
    _replace(sink, told)
    sink.diagnostics.extend(told)
    if clashes.left_out:
        sink.diagnostics.append(left_out(clashes.left_out))


def _shipped(clashes: Clashes, fresh: Fresh, known: BaseClaims) -> set[tuple[Node, ...]]:
    """Tell which clashes the base has without the overlays, which are taken out meanwhile."""
    new, was_off = fresh.touched.new, fresh.touched.was_off
    asked = [
        clash
        for clash in clashes
        if new.isdisjoint(clash.parties)
        and known.may_ship(clash)
        and not any(map(was_off, clash.parties))
    ]
    if not asked:
        return set()
    for outcome in reversed(fresh.outcomes):
        outcome.changeset.revert(known.tree)
    shipped = Shipped(known)
    found = {clash.parties for clash in asked if shipped(clash)}
    for outcome in fresh.outcomes:
        outcome.changeset.apply(known.tree)
    return found


def _replace(sink: Sink, told: Sequence[Diagnostic]) -> None:
    """Take back what was said of the unit addresses of devices that share an address."""
    known = {found.path for found in told if found.code is ADDRESS_CONFLICT}
    if known:
        sink.diagnostics[:] = [
            found
            for found in sink
            if found.code is not SAME_UNIT_ADDRESS
            or known.isdisjoint((found.path, found.fields.get("other")))
        ]


def _clashes(fresh: Fresh, known: BaseClaims) -> Clashes:
    """Find the clashes of devices that overlays touched, with each other and with all else."""
    shared = {resource for resource in fresh.claims if fresh.may_be_shared(resource)}
    known.prepare(shared, fresh)
    clashes = Clashes(MOST_CLASHES)
    reader = Reader(known.tree)
    for resource, claims in fresh.claims.items():
        rivals = known.rivals(resource, fresh.touched, reader) if resource in shared else ()
        if not rivals and len(claims) == 1:
            continue
        older = (rivals or claims)[0]
        for claim in claims if rivals else claims[1:]:
            if clashes.full or not harmless(older, claim):
                clashes.add(older, claim)
        for rival in rivals[1:]:
            if clashes.full or not harmless(rival, claims[0]):
                clashes.add(rival, claims[0])
    clashes.left_out += known.unasked
    return clashes
