"""The words for what overlays on one base do to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.changeset import SetProperty
from dtovl.checks.meetings import ordered
from dtovl.checks.needs import MOST_IN_ORDER
from dtovl.checks.numbers import joined
from dtovl.checks.subject import Subject, counted, shown
from dtovl.checks.touched import spot_path
from dtovl.codes import order as codes
from dtovl.diagnostics import Diagnostic, Note, Sink
from dtovl.model.cells import cell
from dtovl.model.values import printable, render

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from dtovl.checks.meetings import Clash, Meetings, Pair, Writes
    from dtovl.checks.needs import Chain, Needs
    from dtovl.checks.orders import Place
    from dtovl.checks.reads import Need
    from dtovl.checks.together import Relation
    from dtovl.checks.touched import Meaning, Spot, Touched
    from dtovl.codes.base import Code
    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome

    Told = tuple[Pair, Diagnostic]

_WIDTH = 160

_CAUSES = {
    "label": ("label {name} leads to another node once the other overlay has set it", "{label}"),
    "alias": ("an alias leads elsewhere once the other overlay has set it", "{label}"),
    "name": ("the look-up of `{name}` may take a new node for one that it means", "{address}"),
    "node": ("the look-up of `{name}` finds a node that the other overlay makes", "{address}"),
    "made": ("both make the node: who comes first decides on its phandle and its name", "{once}"),
    "phandle": ("a reference is a mere number, which a node of the other overlay gets", "{local}"),
    "cells": ("both set how many cells addresses have", "{once}"),
}

_CURES = {
    "label": "export the label under another name, or name the target by its path",
    "address": "write unit addresses in paths and node names, or use labels",
    "once": "let only one of the overlays make the node, and the other refer to its label",
    "local": "build the overlay with `dtc -@`, so that its references are listed",
}


class Between:
    """Makes the findings of one base from what was found out about its overlays."""

    __slots__ = (
        "_base",
        "_dialect",
        "_edges",
        "_meetings",
        "_needs",
        "_orders",
        "_places_known",
        "_tree",
    )

    def __init__(
        self, tree: Tree, base: str, dialect: Dialect, meetings: Meetings, needs: Needs
    ) -> None:
        self._tree = tree
        self._base = base
        self._dialect = dialect
        self._meetings = meetings
        self._needs = needs
        self._edges: dict[Touched, set[Touched]] = {}
        self._orders: dict[frozenset[Touched], str] = {}
        self._places_known: dict[tuple[Spot, str], tuple[str, str]] = {}

    def findings(
        self,
        related: Sequence[tuple[Pair, Relation]],
        apart: Container[Pair],
        untried: int,
        most: int,
    ) -> Iterator[tuple[int, int, Diagnostic]]:
        """Give the findings, by pair, of at most so many pairs; then what was left out."""
        relations = dict(related)
        chains = self._chains(relations, apart)
        for pair, relation in related:
            self._note_edge(pair, relation)
        pairs = {pair for pair, relation in related if self._matters(pair, relation)}
        twins = {
            pair: spot
            for pair, spot in self._meetings.twins.items()
            if pair not in pairs and pair not in apart
        }
        listed = sorted({*pairs, *twins, *chains})
        for pair in listed[:most]:
            found = list(chains.get(pair, ()))
            if pair in pairs:
                found.append(self._relation(pair, relations[pair]))
            elif pair in twins:
                found.append(self._twins(pair, twins[pair]))
            for one in found:
                yield *pair, one
        last = listed[:most][-1] if listed else (0, 1)
        if len(listed) > most:
            more = counted(len(listed) - most, "more pair")
            yield *last, Diagnostic(codes.MORE_PAIRS, count=more, most=most, base=self._base)
        if untried:
            left = counted(untried, "pair")
            yield *last, Diagnostic(codes.PAIRS_UNTRIED, count=left, base=self._base)

    def _pair(self, pair: Pair) -> tuple[Touched, Touched]:
        return self._meetings.touched[pair[0]], self._meetings.touched[pair[1]]

    def _alone(self, pair: Pair) -> bool:
        """Tell whether both overlays of a pair apply when they are alone."""
        return all(touched.outcome.applies for touched in self._pair(pair))

    def _matters(self, pair: Pair, relation: Relation) -> bool:
        tried = relation.tried
        if tried is None or tried.depends:
            return True
        return tried.refused is not None and self._alone(pair)

    # -- one pair ------------------------------------------------------------------------------

    def _relation(self, pair: Pair, relation: Relation) -> Diagnostic:
        tried = relation.tried
        if relation.excluded:
            return self._excluded(pair)
        if tried is None:
            assert relation.clash is not None
            return self._writes(pair, relation.clash)
        if tried.places:
            return self._places(pair, relation, tried.places)
        if tried.refused is not None and tried.refused_back is not None:
            return self._refusal(pair, codes.NEVER_TOGETHER, tried.refused)
        turned = pair if tried.refused is None else (pair[1], pair[0])
        if not self._alone(pair):
            return self._must_come_after(turned)
        refused = tried.refused or tried.refused_back
        assert refused is not None
        return self._refusal((turned[1], turned[0]), codes.REFUSED_AFTER, refused)

    def _excluded(self, pair: Pair) -> Diagnostic:
        first, second = self._pair(pair)
        problem, spot, label = self._meetings.excluded[pair]
        path = spot_path(spot)
        reason = f"both make {printable(path)}, each with a phandle of its own"
        if label:
            reason = f"both export label '{printable(label)}'"
        names: dict[str, Any] = {"first": first.name, "second": second.name}
        why = self._dialect.errors[problem]
        return Diagnostic(codes.NEVER_TOGETHER, path=path, reason=reason, why=why, **names)

    def _writes(self, pair: Pair, clash: Clash) -> Diagnostic:
        first, second = self._pair(pair)
        shown = clash.places[0]
        path, place = self._place(shown.spot, shown.key)
        one = self._value(pair, shown.key, shown.second)
        other = self._value(pair, shown.key, shown.first)
        notes = [*self._positions((first, second), shown)]
        for more in clash.places[1:]:
            text = self._value(pair, more.key, more.second), self._value(pair, more.key, more.first)
            notes.append(Note(f"so is {self._place(more.spot, more.key)[1]}: {text[0]}, {text[1]}"))
        left = clash.count - len(clash.places)
        if left:
            notes.append(Note(f"and {counted(left, 'more property', 'more properties')}"))
        fields: dict[str, Any] = {"first": first.name, "second": second.name, "place": place}
        code = codes.WRITE_WRITE
        return Diagnostic(code, path=path, notes=tuple(notes), one=one, other=other, **fields)

    def _places(self, pair: Pair, relation: Relation, places: Sequence[Place]) -> Diagnostic:
        first, second = self._pair(pair)
        shown = places[0]
        clashing = relation.clash.places if relation.clash is not None else ()
        both = any((one.spot, one.key) == (shown.spot, shown.key) for one in clashing)
        path, place = self._place(shown.spot, shown.key)
        one = self._state(pair, shown.key, shown.one)
        other = self._state(pair, shown.key, shown.other)
        notes = []
        if len(places) > 1:
            notes.append(Note(f"and {counted(len(places) - 1, 'more place')}"))
        fields: dict[str, Any] = {"first": first.name, "second": second.name, "place": place}
        fields |= {"one": one, "other": other, "notes": tuple(notes), "path": path}
        if both:
            return Diagnostic(codes.WRITE_WRITE, **fields)
        kind, _, name = relation.cause.partition(":")
        why, cure = _CAUSES[kind]
        cure = cure.format(**_CURES)
        return Diagnostic(
            codes.ORDER_MATTERS, why=why.format(name=printable(name)), cure=cure, **fields
        )

    def _refusal(self, pair: Pair, code: Code, refused: Outcome) -> Diagnostic:
        first, second = self._pair(pair)
        reason, path = self._reason(first, second, refused)
        names: dict[str, Any] = {"first": first.name, "second": second.name}
        return Diagnostic(code, path=path, reason=reason, why=refused.error, **names)

    def _reason(self, first: Touched, second: Touched, refused: Outcome) -> tuple[str, str]:
        """Say why the second is refused after the first, and give the path."""
        from dtovl.checks.refusal import explain
        from dtovl.overlay.stack import apply_stack

        sink = Sink()
        overlays = (first.overlay, second.overlay)

        def observe(outcome: Outcome, number: int) -> None:
            if not outcome.applies:
                explain(Subject(outcome, self._tree, sink, self._base, None, overlays, number))

        apply_stack(self._tree, overlays, self._dialect, observe).revert(self._tree)
        if len(sink):
            return sink.diagnostics[0].message, sink.diagnostics[0].path
        return refused.error, ""

    def _must_come_after(self, pair: Pair) -> Diagnostic:
        first, second = self._pair(pair)
        brought = [
            need for need in self._meetings.needs[second] if first in self._meetings.providers(need)
        ]
        reason = self._brings(brought[0], first) if brought else f"{first.name} changes its base"
        notes = [Note(self._brings(need, first)) for need in brought[1:MOST_IN_ORDER]]
        order = self._order(first)
        if order:
            notes.append(Note(f"a valid order is {order}"))
        return Diagnostic(
            codes.MUST_COME_AFTER,
            path=self._need_path(brought[0]) if brought else "",
            notes=tuple(notes),
            first=first.name,
            second=second.name,
            reason=reason,
        )

    def _twins(self, pair: Pair, spot: Spot) -> Diagnostic:
        first, second = self._pair(pair)
        path = spot_path(spot)
        names: dict[str, Any] = {"first": first.name, "second": second.name}
        return Diagnostic(codes.DEVICE_TWICE, path=path, node=printable(path), **names)

    # -- needs ---------------------------------------------------------------------------------

    def _brings(self, need: Need, provider: Touched) -> str:
        kind, _node, name = need
        name = printable(name)
        match kind:
            case "label":
                return f"label '{name}' is defined by {provider.name}"
            case "alias":
                return f"alias '{name}' is set by {provider.name}"
            case "phandle":
                return f"{self._need_path(need)} (label '{name}') gets a phandle by {provider.name}"
            case "number":
                return f"its target is a phandle that {provider.name} gives"
        return f"{printable(self._need_path(need))} is made by {provider.name}"

    def _need_path(self, need: Need) -> str:
        kind, node, name = need
        if kind == "node" and node is not None:
            return f"{node.path.rstrip('/')}/{name}"
        return "" if node is None else node.path

    def _note_edge(self, pair: Pair, relation: Relation) -> None:
        if relation.tried is not None and relation.tried.depends and not self._alone(pair):
            self._join(*self._pair(pair))

    def _join(self, one: Touched, other: Touched) -> None:
        self._edges.setdefault(one, set()).add(other)
        self._edges.setdefault(other, set()).add(one)

    def _order(self, start: Touched) -> str:
        """Give an order of all overlays that need each other, one by one or in a row, if it works.

        "" where there are only two, or too many to show.
        """
        found = {start}
        stack = [start]
        while stack and len(found) <= MOST_IN_ORDER:
            fresh = self._edges.get(stack.pop(), set()) - found
            found |= fresh
            stack.extend(fresh)
        if not 2 < len(found) <= MOST_IN_ORDER:
            return ""
        key = frozenset(found)
        if key not in self._orders:
            order = sorted(found, key=lambda one: (not one.outcome.applies, one.number))
            works = self._needs.works(order)
            self._orders[key] = ", ".join(one.name for one in order) if works else ""
        return self._orders[key]

    def _chains(
        self, relations: Mapping[Pair, Relation], apart: Container[Pair]
    ) -> dict[Pair, list[Diagnostic]]:
        """Find what overlays need that no single other one brings."""
        content = {
            number
            for pair, relation in relations.items()
            if relation.tried is not None and relation.tried.depends
            for number in pair
        }
        found: dict[Pair, list[Diagnostic]] = {}
        cycles: set[frozenset[Touched]] = set()
        for number, touched in self._meetings.touched.items():
            if touched.outcome.applies or number in content:
                continue
            chain = self._needs.chain(touched)
            if chain is None or _any_apart(chain.order or chain.cycle, apart):
                continue
            if chain.cycle and frozenset(chain.cycle) not in cycles:
                cycles.add(frozenset(chain.cycle))
                found.setdefault(ordered(*chain.cycle[:2]), []).append(self._cycle(chain))
            for provider in dict.fromkeys(one for one, _ in chain.needs):
                several = self._several(touched, provider, chain)
                found.setdefault(ordered(provider, touched), []).append(several)
        return found

    def _cycle(self, chain: Chain) -> Diagnostic:
        names = [touched.name for touched in chain.cycle]
        text = f"{', '.join(names[:-1])} and {names[-1]}"
        notes = [
            Note(f"{one.name}: {self._brings(need, other)}")
            for one, other, need in self._needs.links(chain.cycle)
        ]
        return Diagnostic(codes.NEED_EACH_OTHER, path="", names=text, notes=tuple(notes))

    def _several(self, touched: Touched, provider: Touched, chain: Chain) -> Diagnostic:
        order = ", ".join(one.name for one in chain.order)
        need = next(need for one, need in chain.needs if one is provider)
        return Diagnostic(
            codes.NEEDS_SEVERAL,
            path=self._need_path(need),
            notes=(Note(f"a valid order is {order}"),),
            first=provider.name,
            second=touched.name,
            reason=self._brings(need, provider),
            order=order,
        )

    # -- places and values ---------------------------------------------------------------------

    def _place(self, spot: Spot, key: str) -> tuple[str, str]:
        known = self._places_known.get((spot, key))
        if known is None:
            path = spot_path(spot)
            known = path, printable(f"{path}:{key}" if key else path)
            self._places_known[spot, key] = known
        return known

    def _state(self, pair: Pair, key: str, value: Meaning | None) -> str:
        if value is None:
            return "absent"
        return self._value(pair, key, value) if key else "there"

    def _value(self, pair: Pair, key: str, value: Meaning) -> str:
        """Write a value, with the names of nodes for the numbers of phandles."""
        both = self._pair(pair)
        places = [touched.own.offsets[key] for touched in both if key in touched.own.offsets]
        if not places and isinstance(value, bytes):
            return shown(value, key, _WIDTH) or "empty"
        raw, known = (value, ()) if isinstance(value, bytes) else value
        names = {offset: spot_path(spot) for offset, spot in known}
        for offset in joined(*places):
            if offset + 4 <= len(raw) and offset not in names:
                node = self._tree.by_phandle.get(cell(raw, offset))
                if node is not None:
                    names[offset] = self._label(both, node)
        return render(raw, name=key, references=names, limit=_WIDTH) or "empty"

    def _label(self, both: Iterable[Touched], node: Node) -> str:
        """Give the label by which one of the overlays calls a node of the base, else its path."""
        path = node.path
        symbols = self._tree.symbols
        if symbols is not None:
            value = path.encode("latin-1") + b"\0"
            for touched in both:
                label = touched.label_of(value, symbols)
                if label is not None:
                    return label
        return path

    def _positions(self, pair: Iterable[Touched], writes: Writes) -> Iterator[Note]:
        """Say where each overlay sets the property, as far as there is source text."""
        for touched in pair:
            if not touched.overlay.tree.positions:
                continue
            for entry in touched.outcome.changeset.entries:
                if not isinstance(entry, SetProperty) or entry.position is None:
                    continue
                if entry.node is writes.spot and entry.key == writes.key:
                    yield Note(f"set by {touched.name}", entry.position)


def _any_apart(touched: Sequence[Touched], apart: Container[Pair]) -> bool:
    return any(ordered(one, other) in apart for one in touched for other in touched)
