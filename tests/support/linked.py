"""Rules of links as rows of text: a small tree, and what is to be found in it.

A file of rows begins with what stands at the beginning of the root of each tree. A row is a title
behind `==`, the rest of the root, and below `--` what judging gives, one line each:
`RULE severity node property key=value ...`, keys in the order of the specification, `-` where there
is no property. Findings stand in any order, and none may be missing or extra, but for L008 and
L010, which are derived: they count in rows that speak of them. Below `->` stand the links with
both ends available, all those of the consumers named there: `consumer property[index] supplier`,
`hidden` behind that where the driver core does not see it; or `none of consumer`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from conformance.links_compare import KEYS, multiset_difference

from dtovl.dts.reader import read_source
from dtovl.links.board import Board
from dtovl.links.judge import judge

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from dtovl.links.link import Finding, Judged
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

_DERIVED = frozenset({"L008", "L010"})
_NONE = "none of "


class Row(NamedTuple):
    """A tree and what it must give; links is None where no line speaks of links."""

    title: str
    source: str
    findings: list[str]
    links: list[str] | None

    @property
    def rules(self) -> set[str]:
        """The rules that the row is about: those of its title, and those it raises."""
        return {*re.findall(r"L\d{3}", self.title), *(line[:4] for line in self.findings)}


def rows(text: str) -> list[Row]:
    """Read the rows of a file."""
    prelude, *parts = re.split(r"^== ", text, flags=re.MULTILINE)
    return [_row(part, prelude) for part in parts]


def _row(text: str, prelude: str) -> Row:
    title, _, rest = text.partition("\n")
    body, _, expected = rest.partition("\n--")
    findings, arrow, links = expected.partition("\n->")
    return Row(
        title.strip(),
        f"/dts-v1/;\n/ {{\n{prelude}{body}\n}};\n",
        [line.strip() for line in findings.splitlines() if line.strip()],
        [line.strip() for line in links.splitlines() if line.strip()] if arrow else None,
    )


def tree_from(source: str) -> Tree:
    """Read source text as a tree, without symbols."""
    return read_source(source.encode(), "row.dts")


def check(row: Row) -> None:
    """Judge the tree of a row, and hold the findings and links against its lines."""
    check_tree(tree_from(row.source), row.findings, row.links, _DERIVED - row.rules)


def check_tree(
    tree: Tree,
    findings: Sequence[str],
    links: Sequence[str] | None = None,
    left_out: Collection[str] = _DERIVED,
) -> None:
    """Hold the findings and links of a tree against lines; rules that are left out do not count."""
    judged, found = judge(Board(tree))
    lines = [line_of(one) for one in found if one.rule not in left_out]
    problem = multiset_difference(findings, lines)
    assert not problem, problem
    if links is not None:
        consumers = {line.removeprefix(_NONE).split()[0] for line in links}
        expected = [line for line in links if not line.startswith(_NONE)]
        problem = multiset_difference(expected, _link_lines(judged, consumers))
        assert not problem, problem


def line_of(finding: Finding) -> str:
    """Write a finding as rows have it."""
    found = finding.as_object()
    shown = [finding.rule, found.pop("severity"), found.pop("node"), found.pop("property", "-")]
    assert found.pop("rule") == finding.rule
    # A rule whose keys the specification does not list shows none.
    order = KEYS.get(finding.rule, ())
    assert finding.rule in _DERIVED or set(found) <= set(order), found
    shown += [f"{key}={_shown(found[key])}" for key in order if key in found]
    return " ".join(shown)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "[" + ",".join(map(_shown, value)) + "]"
    return value if isinstance(value, str) else json.dumps(value)


def _link_lines(judged: dict[Node, Judged], consumers: set[str]) -> list[str]:
    return [
        f"{link.consumer.path} {link.property}[{link.index}] {link.supplier.path}"
        + (" hidden" if link.hidden else "")
        for one in judged.values()
        for link in one.links
        if link.usable and link.consumer.path in consumers
    ]
