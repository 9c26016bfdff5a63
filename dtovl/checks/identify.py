"""Which overlays are in force in a live tree, in which order, and what none of them explains.

The way: hold every overlay against the live tree (traces), choose those that explain it (choice),
find the order where it matters (sequence), rebuild the tree and compare (leftovers).
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from dtovl.checks.choice import Choice
from dtovl.checks.leftovers import Leftover, Rebuilt, rebuild
from dtovl.checks.sequence import Order, find_order
from dtovl.checks.subject import counted
from dtovl.checks.survey import survey
from dtovl.checks.traces import Fact, Places, Spot, State, Trace, Untraced
from dtovl.codes import identify as codes
from dtovl.diagnostics import Note, Sink
from dtovl.model.cells import strings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dtovl.diagnostics import Diagnostic
    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay


_MOST = 5


class Status(Enum):
    """What can be said of one overlay."""

    IN_FORCE = "in-force"
    PARTLY = "partly-in-force"
    UNDECIDED = "undecided"
    ABSENT = "not-in-force"
    REFUSED = "not-applicable"


class Candidate(NamedTuple):
    """One overlay and its status.

    changes is how many it would make to the base, found how many the live tree has, overridden
    how many a chosen overlay has set otherwise, changed how many somebody else has; missing are
    those of which the live tree has what the base has. others are chosen overlays that explain
    what was found or overridden; instead are overlays not chosen that could be in force in its
    place. reason is for what cannot be applied.
    """

    overlay: Overlay
    number: int
    status: Status
    changes: int = 0
    found: int = 0
    overridden: int = 0
    changed: int = 0
    missing: Sequence[Fact] = ()
    others: Sequence[Trace] = ()
    instead: Sequence[Trace] = ()
    reason: str = ""


class Identification(NamedTuple):
    """The answer: candidates in the order of the overlays given, and the rest by its parts."""

    candidates: list[Candidate]
    order: Order
    rebuilt: Rebuilt
    places: Places
    findings: list[Diagnostic]

    def in_force(self) -> list[Candidate]:
        """List the overlays in force, wholly or partly, in their order."""
        return [self.candidates[trace.number - 1] for trace in self.order.order]

    def spot(self, spot: Spot) -> str:
        """Name a spot: a path, or path and property."""
        place, key = spot
        return self.places.path(place) + (f":{key}" if key else "")

    def of(self, *statuses: Status) -> list[Candidate]:
        """List the candidates of some statuses, as given."""
        return [one for one in self.candidates if one.status in statuses]


def identify(
    base: Tree,
    live: Tree,
    overlays: Sequence[Overlay],
    *,
    base_name: str = "base",
    live_name: str = "the live tree",
) -> Identification:
    """Find out which overlays are in force in a live tree, in which order, and what is left.

    base is the tree before any overlay, live the one that a board runs with; both are as before
    afterwards. The names are what findings call them. No order of overlays is tried: time grows
    with what the overlays change and with the size of the trees.
    """
    places = Places(live)
    traces, untraced = survey(base, overlays, places, base_name)
    choice = Choice(traces, places.symbols)
    order = find_order(choice, base.largest_phandles()[1], places.symbols)
    found = [_candidate(trace, choice) for trace in traces]
    suppliers = _suppliers(overlays)
    found += [_refused(one, suppliers) for one in untraced]
    found.sort(key=lambda one: one.number)
    doubtful = {one.number for one in found if one.status is Status.UNDECIDED}
    complete = not any(one.numbers for one in traces if one.number in doubtful)
    rebuilt = rebuild(base, live, order.order, places, complete=complete)
    result = Identification(found, order, rebuilt, places, [])
    _Reporter(result, base, live, base_name, live_name).report()
    return result


def _candidate(trace: Trace, choice: Choice) -> Candidate:
    telling = [fact for fact in trace.facts.values() if fact.telling]
    missing = choice.missing(trace)
    found = [fact for fact in telling if fact.state is State.FOUND]
    if trace.number in choice.chosen:
        status = Status.PARTLY if missing else Status.IN_FORCE
    else:
        status = Status.ABSENT if missing else Status.UNDECIDED
    overridden = [
        fact for fact in telling if fact.state is not State.FOUND and choice.setters(fact.spot)
    ]
    changed = len(telling) - len(found) - len(overridden) - len(missing)
    return Candidate(
        trace.overlay,
        trace.number,
        status,
        len(telling),
        len(found),
        len(overridden),
        changed,
        missing,
        [one for one in choice.explainers(trace) if one is not trace],
        choice.stand_ins(trace),
    )


def _refused(one: Untraced, suppliers: Mapping[str, str]) -> Candidate:
    reason, supplier = one.reason, suppliers.get(one.label)
    if supplier is not None:
        reason = f"it needs label {one.label} of {supplier}, which is not in force"
    return Candidate(one.overlay, one.number, Status.REFUSED, reason=reason)


def _suppliers(overlays: Sequence[Overlay]) -> dict[str, str]:
    """Map labels to the first overlay that brings them."""
    found: dict[str, str] = {}
    for overlay in overlays:
        for label in overlay.symbols.properties if overlay.symbols is not None else ():
            found.setdefault(label, overlay.name)
    return found


class _Reporter:
    """Makes the findings of one identification."""

    def __init__(
        self, result: Identification, base: Tree, live: Tree, base_name: str, live_name: str
    ) -> None:
        self.result = result
        self.base = base
        self.live = live
        self.base_name = base_name
        self.live_name = live_name
        self.sink = Sink()

    def report(self) -> None:
        """Report all there is to say, and put it into the result, the worst first."""
        self._board()
        self._leftovers()
        for candidate in self.result.of(Status.PARTLY):
            self._partly(candidate)
        self._order()
        for candidate in self.result.of(Status.UNDECIDED):
            reason = undecided_reason(candidate, self.base_name)
            name = candidate.overlay.name
            self.sink.report(codes.UNDECIDED, who=name, overlay=name, reason=reason)
        for candidate in self.result.of(Status.REFUSED):
            name = candidate.overlay.name
            self.sink.report(
                codes.NOT_APPLICABLE,
                who=name,
                overlay=name,
                reason=candidate.reason,
                base=self.base_name,
            )
        if self.base.symbols is not None and self.live.symbols is None:
            self.sink.report(codes.NO_LABELS, path="/", live=self.live_name)
        self.result.findings.extend(sorted(self.sink, key=lambda one: -one.severity))

    def _board(self) -> None:
        """Report a live tree that does not come from the base."""
        wanted, found = (
            strings(tree.root.properties.get("compatible", b"")) for tree in (self.base, self.live)
        )
        if wanted and found and set(wanted).isdisjoint(found):
            what = f"it is for {', '.join(found)}, the base for {', '.join(wanted)}"
            self._another(what)
            return
        gone = [
            one.found.node_a
            for one in self.result.rebuilt.leftovers
            if one.found.kind == "node-removed" and not one.owner
        ]
        missing = sum(1 for top in gone if top is not None for _ in top.walk())
        count = sum(1 for _ in self.base.root.walk())
        if 2 * missing > count:
            self._another(f"it lacks {missing:,} of {counted(count, 'node')}")

    def _another(self, what: str) -> None:
        live, base = self.live_name, self.base_name
        self.sink.report(codes.ANOTHER_BASE, path="/", live=live, base=base, what=what)

    def _leftovers(self) -> None:
        left = unexplained(self.result.rebuilt)
        if not left:
            return
        maybe = sum(one.cause == "perhaps-loader" for one in left)
        why = f"{maybe} of them may be a boot loader's doing" if maybe else ""
        only = len(left) == 1
        self.sink.report(
            codes.UNEXPLAINED,
            path=left[0].found.path,
            why=why.replace("1 of them", "it") if only else why,
            notes=tuple(Note(f"also {subject(one)}") for one in left[1:_MOST]),
            what=amounts(left),
            live=self.live_name,
            base=self.base_name,
        )

    def _partly(self, candidate: Candidate) -> None:
        first = candidate.missing[0]
        paths = [self.result.spot(fact.spot) for fact in candidate.missing[:_MOST]]
        name = candidate.overlay.name
        self.sink.report(
            codes.PARTLY,
            path=self.result.places.path(first.spot[0]),
            why=f"{self.live_name} has what {self.base_name} has at {paths[0]}",
            who=name,
            notes=tuple(Note(f"and at {path}") for path in paths[1:]),
            found=candidate.found,
            changes=counted(candidate.changes, "change"),
            overlay=name,
            live=self.live_name,
            missing=len(candidate.missing),
        )

    def _order(self) -> None:
        order = self.result.order
        for conflict in order.conflicts:
            what = f"each sets {self.result.spot(conflict.spot)}, and {self.live_name} has another"
            self._order_unknown(conflict.traces, f"{what} value", conflict.spot)
        if order.contradictory:
            traces = {one.number: one for pair in order.before for one in pair[:2]}
            self._order_unknown(list(traces.values()), "no single order gives all values", None)

    def _order_unknown(self, traces: Sequence[Trace], what: str, spot: Spot | None) -> None:
        self.sink.report(
            codes.ORDER_UNKNOWN,
            path="" if spot is None else self.result.places.path(spot[0]),
            overlays=listed([one.overlay.name for one in traces]),
            what=what,
        )


def undecided_reason(candidate: Candidate, base_name: str) -> str:
    """Say why it cannot be told whether an overlay is in force."""
    if not candidate.changes:
        return f"it changes nothing that {base_name} does not have"
    others = listed([one.overlay.name for one in candidate.others])
    if candidate.found == candidate.changes:
        return f"{others} {'make' if len(candidate.others) > 1 else 'makes'} its changes as well"
    if candidate.changed == candidate.changes:
        return "what it sets has other values now, of nobody given"
    return f"what it sets is set by {others} too, or otherwise"


def unexplained(rebuilt: Rebuilt) -> list[Leftover]:
    """List what nobody explains; what a boot loader is known to write is not of it."""
    return [one for one in rebuilt.leftovers if one.cause in ("unexplained", "perhaps-loader")]


def amounts(left: Sequence[Leftover]) -> str:
    """Count differences: `2 properties and 1 node`."""
    nodes = sum(not one.found.name for one in left)
    parts = []
    if len(left) > nodes:
        parts.append(counted(len(left) - nodes, "property", "properties"))
    if nodes:
        parts.append(counted(nodes, "node"))
    return " and ".join(parts)


def subject(one: Leftover) -> str:
    """Name what is different: a path, or path and property."""
    return one.found.path + (f":{one.found.name}" if one.found.name else "")


def listed(names: Sequence[str]) -> str:
    """Write names as a list for a sentence, and not too many of them."""
    shown = list(names[:_MOST])
    if len(names) > _MOST:
        shown.append(f"{len(names) - _MOST} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
