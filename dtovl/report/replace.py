"""What came of a replacement as a person reads it: the stack, then what became of each node."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from dtovl.codes.base import Severity
from dtovl.model.values import printable, render
from dtovl.report.kernel_log import log_lines
from dtovl.report.operations import heading, kernel_texts
from dtovl.report.spans import BLANK, Line, amount
from dtovl.report.text import counts, diagnostics_lines, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dtovl.report.spans import Span
    from dtovl.session.journal import Operation

    Told = Mapping[str, Any]

_LABEL = 12
_LIMIT = 60  # characters of a property value
_MOST_KEPT = 10
"""Nodes that stay as they are, of which so many are listed; JSON and -v have all."""

_ORDER = ("kept", "updated", "attached", "detached", "pending")
_STYLES = {
    "kept": "good",
    "updated": "change",
    "attached": "add",
    "detached": "remove",
    "pending": "warning",
}


def replace_lines(
    done: Operation,
    *,
    dropped: int = 0,
    dry_run: bool = False,
    verbose: bool = False,
    quiet: bool = False,
) -> Iterator[Line]:
    """Write what came of a replacement, or would come of it (dry_run), and the findings.

    dropped is the number of undone operations that it dropped. verbose: leave no node out, and show
    findings of severity info; quiet: warnings and errors only.
    """
    told = shown(done.findings, Severity.INFO if verbose else Severity.WARNING)
    if not quiet:
        if dropped:
            what = f"dropped {amount(dropped, 'undone operation')}: redo is not possible any more"
            yield Line((("dim", what),), hang=2)
        if dry_run:
            yield Line((("dim", "dry run: nothing of this is kept"),), hang=2)
        yield heading(done._replace(in_force=True) if dry_run else done)
        quoted = {text for found in told for text in found.kernel}
        texts = [text for text in kernel_texts(done) if text not in quoted]
        yield from log_lines(texts, verbose=verbose)
        yield from _result_lines(done.result, verbose=verbose)
    if told and not quiet:
        yield BLANK
    yield from diagnostics_lines(told)
    hidden = len(shown(done.findings, Severity.INFO)) - len(told)
    if not quiet and (told or hidden):
        more = f"{amount(hidden, 'info finding')} shown with -v" if hidden else ""
        yield BLANK
        yield Line((("heading", "; ".join(filter(None, (counts(told), more)))),))


def _result_lines(result: Told, *, verbose: bool) -> Iterator[Line]:
    if "order" in result:
        stack = ", ".join(_overlay(one) for one in result["order"]) or "no overlay"
        yield _labelled("stack", stack)
        if "freed" not in result:
            yield _labelled("reserved", f"{_overlays(result['replaced'])}: held nodes keep the id")
    if result.get("freed"):
        yield _labelled("free", _overlays(result["freed"]))
    for one in result.get("lost", ()):
        yield Line((("bad", "  lost".ljust(_LABEL)), ("path", printable(one["path"]))), hang=_LABEL)
        yield from _holder_lines(one["holders"])
    if result.get("abandoned"):
        yield _labelled("abandoned", f"{_overlays(result['abandoned'])}: ids are never free again")
    nodes = result.get("nodes")
    if nodes is not None:
        yield BLANK
        yield from _node_lines(nodes, verbose=verbose)


def _node_lines(nodes: Sequence[Told], *, verbose: bool) -> Iterator[Line]:
    number = Counter(one["what"] for one in nodes)
    words = [f"{number[what]:,} {what}" for what in _ORDER if number[what]]
    yield Line((("heading", f"nodes: {', '.join(words) or 'none'}"),), hang=2)
    plain = 0
    for one in nodes:
        if one["what"] == "kept" and not one.get("holders"):
            plain += 1
            if plain > _MOST_KEPT and not verbose:
                continue
        yield from _node(one)
    if plain > _MOST_KEPT and not verbose:
        text = f"and {plain - _MOST_KEPT:,} more that stay as they are, shown with -v"
        yield Line((("", " " * _LABEL), ("dim", text)), hang=_LABEL)


def _node(node: Told) -> Iterator[Line]:
    what = node["what"]
    spans: list[Span] = [
        (_STYLES[what], f"  {what}".ljust(_LABEL)),
        ("path", printable(node["path"])),
    ]
    if node.get("phandle"):
        spans.append(("dim", f"  phandle {node['phandle']:#x}"))
    if node.get("overlay") and what in ("attached", "detached", "pending"):
        verb = "from" if what == "attached" else "of"
        spans.append(("", f"  {verb} {node['overlay']}"))
    yield Line(tuple(spans), hang=_LABEL, fixed=2)
    for one in node.get("properties", ()):
        yield _property(one)
    yield from _holder_lines(node.get("holders", ()))
    unnamed = node.get("references", 0) - len(node.get("holders", ()))
    if unnamed > 0:
        yield _below("held by", f"{amount(unnamed, 'caller')} that did not give a name")


def _property(one: Told) -> Line:
    name = one["name"]
    old, new = one["old"], one["new"]
    spans: list[Span] = [("label", " " * _LABEL), ("", f"{printable(name)}: ")]
    if old is None:
        spans.append(("new", f"added, {_value(name, new)}"))
    elif new is None:
        spans.append(("old", f"removed, was {_value(name, old)}"))
    else:
        spans += [("old", _value(name, old)), ("", " becomes "), ("new", _value(name, new))]
    return Line(tuple(spans), hang=_LABEL + 2)


def _value(name: str, digits: str) -> str:
    return render(bytes.fromhex(digits), name=name, limit=_LIMIT) or "(empty)"


def _holder_lines(holders: Iterable[Told]) -> Iterator[Line]:
    for one in holders:
        since = f" ({one['since']})" if one["since"] else ""
        yield _below("held by", f"{one['name']}{since}")


def _below(label: str, text: str) -> Line:
    return Line((("label", f"{'':{_LABEL}}{label} "), ("", text)), hang=_LABEL + 2)


def _labelled(label: str, text: str) -> Line:
    return Line((("label", f"  {label}".ljust(_LABEL)), ("", text)), hang=_LABEL)


def _overlay(one: Sequence[object]) -> str:
    return f"#{one[0]} {one[1]}"


def _overlays(several: Iterable[Sequence[object]]) -> str:
    return ", ".join(map(_overlay, several)) or "none"
