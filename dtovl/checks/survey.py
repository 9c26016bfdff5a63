"""Looking at overlays one by one: each applied, held against the live tree, and taken out again.

First each alone on the base. Then on the base with all that seems to be in force: those that
lacked a label or node, which wait until an overlay brings it; and those that seemed not to be in
force and use a label that now leads elsewhere.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from dtovl.changeset import SetProperty
from dtovl.checks.choice import Choice
from dtovl.checks.refusal import explain
from dtovl.checks.sequence import find_order
from dtovl.checks.subject import Subject
from dtovl.checks.traces import (
    Fact,
    Places,
    Spot,
    State,
    Trace,
    Untraced,
    blanked,
    exported,
    paired,
    reference_offsets,
)
from dtovl.codes.overlay import LABEL_NOT_IN_BASE
from dtovl.diagnostics import Sink
from dtovl.model.dialect import DIALECTS, Problem
from dtovl.model.node import Node, plain_name
from dtovl.model.specifiers import References
from dtovl.model.tree import PHANDLE_NAMES
from dtovl.overlay.apply import apply_overlay

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay
    from dtovl.overlay.outcome import Outcome
    from dtovl.resolve import Refused

_GENERATED = frozenset({"name", *PHANDLE_NAMES})


def survey(
    tree: Tree, overlays: Sequence[Overlay], places: Places, base: str
) -> tuple[list[Trace], list[Untraced]]:
    """Hold each overlay against the live tree; give apart those that nothing makes applicable.

    The tree is as before afterwards. base is what messages call it.
    """
    run = _Survey(tree, overlays, places, base)
    try:
        run.look_at_all()
        return [run.traces[number] for number in sorted(run.traces)], run.untraced()
    finally:
        run.revert()


def _seems_in_force(trace: Trace) -> bool:
    found = trace.count(State.FOUND)
    return found > 0 and found >= trace.count(State.ABSENT)


class _Survey:
    """The tree with what seems to be in force, and the overlays that wait for more.

    original has the value of the base, None for none, of what was changed in nodes of the base.
    """

    def __init__(self, tree: Tree, overlays: Sequence[Overlay], places: Places, base: str) -> None:
        self.tree = tree
        self.overlays = overlays
        self.places = places
        self.base = base
        self.traces: dict[int, Trace] = {}
        self._original: dict[tuple[Node, str], bytes | None] = {}
        self._in_force: list[Outcome] = []
        self._waiting: dict[Hashable, list[int]] = {}

    def look_at_all(self) -> None:
        """Look at each overlay on the base, then at some with those that seem to be in force.

        Those in force in part come last: with their labels others would lead elsewhere.
        """
        numbers = range(1, len(self.overlays) + 1)
        for number in numbers:
            outcome = self._apply(number)[-1]
            if outcome.applies:
                self.traces[number] = self._trace(number, outcome)
                outcome.changeset.revert(self.tree)
        self._waiting = {None: [number for number in numbers if number not in self.traces]}
        for whole in (True, False):
            self._put_in_force(
                [
                    trace
                    for trace in self.traces.values()
                    if whole is not bool(trace.count(State.ABSENT)) and _seems_in_force(trace)
                ]
            )
            waiting = self._still_waiting()
            self._waiting.clear()
            self._look_again(waiting, whole=whole)
        turned = [number for number, trace in self.traces.items() if self._turned(trace)]
        self._look_again(turned, whole=False)

    def _put_in_force(self, traces: Sequence[Trace]) -> None:
        """Apply overlays that seem to be in force so that labels lead where they do there."""
        symbols = self.places.symbols
        chosen = find_order(Choice(traces, symbols), self.tree.largest_phandles()[1], symbols).order
        numbers = {trace.number for trace in chosen}
        rest = [trace for trace in traces if trace.number not in numbers]
        for trace in [*rest, *chosen]:
            self._keep(self._apply(trace.number)[-1])

    def untraced(self) -> list[Untraced]:
        """Say of the overlays that still wait why they are refused."""
        return [self._explained(number) for number in self._still_waiting()]

    def _still_waiting(self) -> list[int]:
        return sorted(number for numbers in self._waiting.values() for number in numbers)

    def revert(self) -> None:
        """Take out all that is still in force."""
        for outcome in reversed(self._in_force):
            outcome.changeset.revert(self.tree)

    def _look_again(self, numbers: Iterable[int], *, whole: bool) -> None:
        """Look at overlays with what seems to be in force; what still is refused waits.

        Those that seem so as well stay in force; whole: only if nothing of them is missing.
        """
        queue = deque(numbers)
        while queue:
            number = queue.popleft()
            outcomes = self._apply(number)
            refused = outcomes[0].refused
            if not outcomes[-1].applies and refused is not None:
                if number not in self.traces:
                    self._waiting.setdefault(_wanted(refused), []).append(number)
                continue
            trace = self.traces[number] = self._trace(number, outcomes[-1])
            if _seems_in_force(trace) and not (whole and trace.count(State.ABSENT)):
                self._keep(outcomes[-1])
                for key in self._brought(trace):
                    queue.extend(self._waiting.pop(key, ()))
            else:
                outcomes[-1].changeset.revert(self.tree)

    def _turned(self, trace: Trace) -> bool:
        """Tell whether an overlay that is not there uses a label that leads elsewhere by now."""
        symbols = self.tree.symbols
        if symbols is None or _seems_in_force(trace):
            return False
        return any(
            symbols.properties.get(label) != value for label, (value, _) in trace.labels.items()
        )

    def _explained(self, number: int) -> Untraced:
        overlay = self.overlays[number - 1]
        outcome = self._apply(number)[0]
        refused = outcome.refused
        if refused is not None and refused.problem is Problem.LABEL_MISSING:
            # By far the commonest; looking for similar labels takes longer than all else.
            label = refused.facts["label"]
            reason = LABEL_NOT_IN_BASE.message.format(label=label, base=self.base)
            return Untraced(overlay, number, reason, label)
        sink = Sink()
        explain(Subject(outcome, self.tree, sink, self.base, None, [overlay], 1))
        labels = [] if refused is None else refused.facts.get("labels", [])
        return Untraced(overlay, number, sink.diagnostics[0].message, labels[0] if labels else "")

    def _apply(self, number: int) -> list[Outcome]:
        """Apply an overlay in the first dialect that accepts it; give all outcomes, it last."""
        outcomes = []
        for dialect in DIALECTS.values():
            outcome = apply_overlay(self.tree, self.overlays[number - 1], dialect, number)
            outcomes.append(outcome)
            if outcome.applies:
                break
        return outcomes

    def _keep(self, outcome: Outcome) -> None:
        """Leave an overlay in force; one that is refused here, beside others, is not."""
        self._in_force.append(outcome)
        for place, old in _replaced(outcome).items():
            self._original.setdefault(place, old)

    def _brought(self, trace: Trace) -> Iterator[Hashable]:
        for place, key in trace.facts:
            if not key:
                yield "node", self.places.name(place).partition("@")[0]
            elif place == self.places.symbols:
                yield "label", key

    def _trace(self, number: int, outcome: Outcome) -> Trace:
        """Make the trace of an overlay while it is in force."""
        tree, places = self.tree, self.places
        replaced = _replaced(outcome)
        facts: dict[Spot, Fact] = {}
        numbers: list[tuple[int, int]] = []
        dropped = False
        offsets = reference_offsets(outcome.overlay, outcome.dialect)
        references = References(tree)
        for node, live in paired(tree, outcome):
            place = places.of(live)
            found = places.nodes[place]
            new = tree.origin_of(live) is not None
            if new:
                facts[place, ""] = self._node_fact(place)
            if node.phandle and found is not None and (new or self._unnumbered(live, replaced)):
                if found.phandle:
                    numbers.append((place, found.phandle - node.phandle))
                dropped = dropped or not (new or found.phandle)
            for key in node.properties:
                name = plain_name(key)
                if name in _GENERATED or name not in live.properties:
                    continue
                refs = places.references(tree, live.properties[name], offsets.get((node, key), ()))
                old = self._of_base(live, name, replaced)
                facts[place, name] = self._fact((place, name), live, refs, old, references)
        for label in exported(tree, outcome):
            symbols = tree.symbols
            assert symbols is not None
            old = self._of_base(symbols, label, replaced)
            spot = places.symbols, label
            facts[spot] = self._fact(spot, symbols, (), old, references)
        needs = frozenset(self._needs(number, outcome))
        labels = dict(self._labels(outcome, replaced))
        return Trace(
            outcome.overlay, number, outcome.dialect, facts, needs, labels, numbers, dropped
        )

    def _needs(self, number: int, outcome: Outcome) -> Iterator[Spot]:
        for target in outcome.targets.values():
            origin = self.tree.origin_of(target)
            if origin is not None and origin.number != number:
                yield self.places.of(target), ""

    def _labels(
        self, outcome: Outcome, replaced: Mapping[tuple[Node, str], bytes | None]
    ) -> Iterator[tuple[str, tuple[bytes, bool]]]:
        """Give the labels that an overlay uses, with the values it was applied with."""
        symbols = self.tree.symbols
        if symbols is None:
            return
        for fixup in outcome.overlay.plan(outcome.dialect).fixups:
            label = fixup.label
            used = replaced.get((symbols, label)) or symbols.properties.get(label, b"")
            yield label, (used, used == self._of_base(symbols, label, replaced))

    def _of_base(
        self, node: Node, key: str, replaced: Mapping[tuple[Node, str], bytes | None]
    ) -> bytes | None:
        if self.tree.origin_of(node) is not None:
            return None
        unchanged = node.properties.get(key)  # Linux passes over #address-cells that fit
        return self._original.get((node, key), replaced.get((node, key), unchanged))

    def _unnumbered(self, node: Node, replaced: Mapping[tuple[Node, str], bytes | None]) -> bool:
        """Tell whether a node of the base had no phandle there."""
        return all(self._of_base(node, name, replaced) is None for name in PHANDLE_NAMES)

    def _node_fact(self, place: int) -> Fact:
        state = State.ABSENT if self.places.nodes[place] is None else State.FOUND
        return Fact((place, ""), b"", (), True, state)

    def _fact(
        self,
        spot: Spot,
        node: Node,
        refs: tuple[tuple[int, int], ...],
        old: bytes | None,
        references: References,
    ) -> Fact:
        places = self.places
        value = node.properties[spot[1]]
        if spot[0] == places.symbols and places.nodes[places.symbols] is None:
            return Fact(spot, value, refs, False, State.OTHER)  # nobody kept the labels
        live = places.nodes[spot[0]]
        if places.holds(spot, value, refs):
            state = State.FOUND
        elif old is None:
            there = live is not None and spot[1] in live.properties
            state = State.OTHER if there else State.ABSENT
        else:
            sites = references.sites(node, spot[1], old)
            known = places.references(self.tree, old, [offset for offset, _ in sites])
            state = State.ABSENT if places.holds(spot, old, known) else State.OTHER
        return Fact(spot, blanked(value, refs), refs, old != value, state)


def _replaced(outcome: Outcome) -> dict[tuple[Node, str], bytes | None]:
    """Give the values that an overlay found where it set properties."""
    found: dict[tuple[Node, str], bytes | None] = {}
    for entry in outcome.changeset.entries:
        if isinstance(entry, SetProperty):
            found.setdefault((entry.node, entry.key), entry.old)
    return found


def _wanted(refused: Refused) -> Hashable:
    """Tell what a refused overlay waits for: a label, or a node by its name without address."""
    facts = refused.facts
    if refused.problem is Problem.NO_SYMBOLS and facts["labels"]:
        return "label", facts["labels"][0]
    if refused.problem is Problem.LABEL_MISSING:
        return "label", facts["label"]
    path = facts.get("path")
    if isinstance(path, str):
        return "node", path.rstrip("/").rpartition("/")[2].partition("@")[0]
    return None
