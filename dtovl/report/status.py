"""What is in force in a session, as a person reads it: the stack, holders, leaks, what dangles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.report.kernel_log import log_lines, log_objects
from dtovl.report.spans import BLANK, Line, amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dtovl.live.objects import Holder
    from dtovl.session.dangling import Dangling
    from dtovl.session.status import (
        GoneNode,
        HeldNode,
        LeakedProperty,
        PendingReplacement,
        Stacked,
        Status,
    )

_MOST = 10
"""Nodes of an overlay that are listed; JSON and -v have all of them."""

_INDENT = 10


def status_lines(
    status: Status, name: str, *, verbose: bool = False, quiet: bool = False
) -> Iterator[Line]:
    """Write the state of the session called name; verbose: leave no node out.

    quiet: only what is a warning or an error (see Status.severity).
    """
    if quiet:
        status = status._replace(
            overlays=[one for one in status.overlays if one.stuck], held=[], leaked=[]
        )
    else:
        yield Line((("heading", _title(status, name)),), hang=2, fixed=0)
    if status.suspect:
        yield _labelled(
            "suspect",
            f"a change of {status.suspect} could not be taken back: Linux "
            "refuses everything until reboot",
            style="bad",
        )
    if status.freed:
        yield from _freed_lines(status.freed, verbose)
    sections = (
        ("overlays, the topmost first", _stack_lines(status, name, verbose)),
        ("replaced, but not free", _pending_lines(status.pending, status.abandoned, name)),
        ("held", _held_lines(status.held)),
        ("removed, but not free", _gone_lines(status, name)),
        ("leaked", _leaked_lines(status.leaked, verbose)),
        ("dangling", _dangling_lines(status.dangling)),
    )
    told = not quiet or bool(status.suspect or status.freed)
    for title, lines in sections:
        first = next(lines, None)
        if first is not None:
            if told:
                yield BLANK
            told = True
            yield Line((("heading", title),))
            yield first
            yield from lines


def _title(status: Status, name: str) -> str:
    words = f"{name}: {status.base} on Linux {status.kernel}; "
    words += amount(status.position, "operation")
    if status.undone:
        words += f", {status.undone} more undone"
    in_force = sum(one.in_force for one in status.overlays)
    return f"{words}, {amount(in_force, 'overlay')} in force"


def _freed_lines(freed: Sequence[str], verbose: bool) -> Iterator[Line]:
    text = "remove_all freed these and left them in the kernel's list: what is applied or removed "
    yield _labelled("freed", f"{text}next reads freed memory (DT220)", style="bad")
    yield from _listed("", freed, verbose)
    yield _labelled("fix", "remove overlays one by one, by their ids; here: undo it first")


def _stack_lines(status: Status, name: str, verbose: bool) -> Iterator[Line]:
    for one in reversed(status.overlays):
        since = f", since operation {one.operation}" if one.operation else ""
        state = ""
        if one.stuck:
            state = ": failed, and can never be removed"
        elif not one.in_force:
            state = ": failed, and keeps its id until it is removed"
        yield Line(
            (("label", f"  #{one.number}  "), ("path", one.name), ("", since), ("bad", state)),
            hang=_INDENT,
            fixed=2,
        )
        yield from _listed("brings", one.made, verbose)
        changed = [f"{path}: {', '.join(names)}" for path, names in one.changed.items()]
        yield from _listed("changes", changed, verbose)
        if verbose:
            text = f"{one.memory.fdt_copy:,} bytes for its blob, about {one.memory.tree:,} for its "
            yield _labelled("memory", f"{text}unflattened tree; freed when it is removed")
        for who in one.pointers:
            text = f"{who} keeps a pointer into its tree, which is freed when it is removed (DT219)"
            yield _labelled("pointer", text, style="bad")
        if one.stuck:
            yield _labelled("fix", _fix_stuck(one, status.position, name))


def _listed(label: str, texts: Sequence[str], verbose: bool) -> Iterator[Line]:
    most = len(texts) if verbose else _MOST
    for text in texts[:most]:
        yield _labelled(label, text)
        label = ""
    if len(texts) > most:
        yield _labelled("", f"and {len(texts) - most} more, shown with -v", style="dim")


def _pending_lines(
    pending: PendingReplacement | None, abandoned: Mapping[int, str], name: str
) -> Iterator[Line]:
    from shlex import quote

    for number, overlay in abandoned.items():
        yield Line(
            (("label", f"  #{number}  "), ("path", overlay), ("", "  given up: its id is lost")),
            hang=_INDENT,
            fixed=2,
        )
    if pending is None:
        return
    by = ", ".join(f"#{number} {overlay}" for number, overlay in pending.by) or "nothing"
    since = f", by operation {pending.operation}" if pending.operation else ""
    for number, overlay in pending.replaced:
        text = f"  replaced by {by}{since}; its id stays taken"
        spans = (("label", f"  #{number}  "), ("path", overlay), ("", text))
        yield Line(spans, hang=_INDENT, fixed=2)
    for one in pending.nodes:
        yield _labelled("node", one.path)
        yield from _holder_lines(one.holders)
    session = f"dtovl replace --session {quote(name)}"
    ways = f"release it; or `{session} --reverse`, or `{session} --force`"
    yield _labelled("fix", ways)


def _held_lines(held: Iterable[HeldNode]) -> Iterator[Line]:
    for one in held:
        brought = f", brought by {one.overlay}" if one.overlay else ""
        yield Line((("path", f"  {one.path}"), ("", f"  count {one.references}{brought}")), hang=4)
        yield from _holder_lines(one.holders)


def _holder_lines(holders: Iterable[Holder]) -> Iterator[Line]:
    for holder in holders:
        where = f" ({holder.where})" if holder.where else ""
        yield _labelled("by", f"{holder.name}{where}")


def _gone_lines(status: Status, name: str) -> Iterator[Line]:
    for one in status.gone:
        yield Line((("path", f"  {one.path}"), ("", f"  count {one.references}")), hang=4)
        if one.overlay:
            went = f"with {one.overlay}, by operation {one.operation}; its memory stays for good"
            yield _labelled("went", went)
        yield from _holder_lines([*one.holders, *one.changesets])
        yield from log_lines(one.kernel, indent=4)
        yield _labelled("fix", _fix(one, status.position, name))


def _fix_stuck(one: Stacked, position: int, name: str) -> str:
    from shlex import quote

    reboot = "run `dtovl apply` on the overlay before the board does; on a board it stays to reboot"
    if not one.operation:
        return reboot
    back = position - one.operation + 1
    return f"{reboot}; here: `dtovl undo --session {quote(name)} -n {back}`"


def _fix(gone: GoneNode, position: int, name: str) -> str:
    """Say how to mend a node that was held when its overlay went: on the board, and here."""
    if gone.changesets:
        return "destroy the changeset before the overlay is removed, not only revert it"
    if not gone.holders or not gone.operation:
        return "it is lost until reboot; let the driver put the node before its overlay goes"
    from shlex import quote

    session, back = quote(name), position - gone.operation + 1
    holder = gone.holders[0].name
    return (
        f"let {holder} put the node before the overlay goes; here: "
        f"`dtovl undo --session {session} -n {back}`, "
        f"`dtovl release --session {session} {quote(gone.path)} --as {quote(holder)}`, "
        "then remove it again"
    )


def _leaked_lines(leaked: Sequence[LeakedProperty], verbose: bool) -> Iterator[Line]:
    if not leaked:
        return
    times, size = sum(one.times for one in leaked), sum(one.size for one in leaked)
    text = (
        f"{amount(times, 'value')} of {amount(len(leaked), 'property', 'properties')}, {size:,} "
        "bytes with their names, stay allocated; harmless unless overlays are applied and removed "
        "in a loop"
    )
    yield Line((("", "  "), ("", text)), hang=2)
    most = len(leaked) if verbose else _MOST
    for one in leaked[:most]:
        by = f" from {', '.join(one.overlays)}" if one.overlays else ""
        yield _labelled("", f"{one.path}: {one.name}, {amount(one.times, 'time')}{by}")
    if len(leaked) > most:
        yield _labelled("", f"and {len(leaked) - most} more, shown with -v", style="dim")
    yield _labelled("fix", "put the properties on nodes that the overlay brings itself")


def _dangling_lines(dangling: Iterable[Dangling]) -> Iterator[Line]:
    for one in dangling:
        what = "phandle of" if one.kind == "phandle" else "path of"
        yield Line(
            (("path", f"  {one.path}:{one.property}"), ("", f"  holds the {what} {one.target}")),
            hang=4,
        )
        yield _labelled("went", f"with {one.overlay}, by operation {one.operation}")
        owner = f"remove {one.owner} first" if one.owner else f"take {one.property} out first"
        yield _labelled("by", one.owner or "the base")
        yield _labelled("fix", f"{owner}, or apply {one.overlay} again before it is used")


def _labelled(label: str, text: str, *, style: str = "") -> Line:
    return Line((("label", f"    {label}".ljust(_INDENT + 2)), (style, text)), hang=_INDENT + 2)


def status_object(status: Status) -> dict[str, object]:
    """Give the state of a session for machines."""
    return {
        "base": status.base,
        "kernel": status.kernel,
        "position": status.position,
        "undone": status.undone,
        "severity": None if status.severity is None else status.severity.label,
        "suspect": status.suspect or None,
        "freed": status.freed,
        "overlays": [
            {
                "id": one.number,
                "name": one.name,
                "operation": one.operation or None,
                "in_force": one.in_force,
                "stuck": one.stuck,
                "nodes": one.made,
                "changed": [
                    {"path": path, "properties": names} for path, names in one.changed.items()
                ],
                "memory": one.memory._asdict(),
                "pointers": one.pointers,
            }
            for one in status.overlays
        ],
        "held": [
            {
                "path": one.path,
                "references": one.references,
                "overlay": one.overlay or None,
                "holders": _holder_objects(one.holders),
            }
            for one in status.held
        ],
        "gone": [
            {
                "path": one.path,
                "overlay": one.overlay or None,
                "operation": one.operation or None,
                "references": one.references,
                "holders": _holder_objects(one.holders),
                "changesets": [holder.name for holder in one.changesets],
                "kernel": log_objects(one.kernel),
            }
            for one in status.gone
        ],
        "pending": None if status.pending is None else _pending_object(status.pending),
        "abandoned": [[number, name] for number, name in status.abandoned.items()],
        "leaked": [
            {
                "path": one.path,
                "property": one.name,
                "times": one.times,
                "bytes": one.size,
                "overlays": one.overlays,
            }
            for one in status.leaked
        ],
        "dangling": [{**one._asdict(), "owner": one.owner or None} for one in status.dangling],
    }


def _pending_object(pending: PendingReplacement) -> dict[str, object]:
    return {
        "operation": pending.operation or None,
        "replaced": [list(one) for one in pending.replaced],
        "by": [list(one) for one in pending.by],
        "nodes": [
            {
                "path": one.path,
                "overlay": one.overlay or None,
                "references": one.references,
                "holders": _holder_objects(one.holders),
            }
            for one in pending.nodes
        ],
    }


def _holder_objects(holders: Iterable[Holder]) -> list[dict[str, object]]:
    return [{"name": one.name, "since": one.where or None} for one in holders]
