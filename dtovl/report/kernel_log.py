"""Lines of the kernel log word for word, and beside them what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.report.spans import Line, amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST_ALIKE = 5
"""Lines of one meaning that are shown before the rest is counted."""

_LABEL = 8
"""Columns that a label takes, with the blanks behind it."""


class Meaning(NamedTuple):
    """What lines that begin with start say, in a sentence; code has the whole explanation."""

    start: str
    text: str
    code: str = ""


_OVERLAY = "OF: overlay: "

# Source: drivers/of/overlay.c, resolver.c, dynamic.c, kobj.c, fdt.c, platform.c.
MEANINGS = (
    Meaning(
        _OVERLAY + "WARNING: memory leak will occur",
        "a property of a node that the overlay did not bring: its new value is never freed; "
        "harmless unless the overlay is applied and removed in a loop",
        "DT209",
    ),
    Meaning(
        _OVERLAY + "find target, node:",
        "the node that this fragment changes is not in the live tree",
        "DT103",
    ),
    Meaning(_OVERLAY + "init_overlay_changeset() failed", "no fragment was applied"),
    Meaning(
        _OVERLAY + "no fragments or symbols in overlay",
        "it has no node with an __overlay__ node in it, so it is no overlay",
        "DT117",
    ),
    Meaning(
        _OVERLAY + "symbols in overlay, but not in live tree",
        "the overlay exports labels, and the base was built without -@",
        "DT120",
    ),
    Meaning(
        _OVERLAY + "ERROR: changing value of #",
        "the addresses of all nodes below would change their meaning",
        "DT115",
    ),
    Meaning(
        _OVERLAY + "ERROR: multiple fragments add and/or delete node",
        "two fragments of the overlay bring one node; Linux wants it in one of them",
        "DT124",
    ),
    Meaning(
        _OVERLAY + "ERROR: multiple fragments add, update",
        "two fragments of the overlay set one property; Linux wants it in one of them",
        "DT116",
    ),
    Meaning(_OVERLAY + "Invalid overlay_fdt header", "the file is no blob, or damaged", "DT125"),
    Meaning(
        _OVERLAY + "unable to unflatten overlay_fdt", "the structure of the blob is broken", "DT125"
    ),
    Meaning("OF: fdt: Error", "the structure of the blob is broken", "DT125"),
    Meaning(
        _OVERLAY + "node_overlaps_later_cs:",
        "the overlay to be removed and a later one have changed the same node, or nodes one inside "
        "the other",
        "DT215",
    ),
    Meaning("OF: overlay: overlay #", "remove the later overlay first", "DT215"),
    Meaning(
        _OVERLAY + "remove: Could not find overlay",
        "no overlay has this id, or it was removed already",
        "DT214",
    ),
    Meaning(
        _OVERLAY + "devicetree state suspect",
        "an earlier change could not be taken back: nothing can be applied until reboot",
        "DT221",
    ),
    Meaning(
        _OVERLAY + "suspect devicetree state",
        "an earlier change could not be taken back: nothing can be removed until reboot",
        "DT221",
    ),
    Meaning(
        _OVERLAY + "overlay changeset",
        "a listener of the overlay chain, mostly a driver, answered with an error",
        "DT218",
    ),
    Meaning(
        _OVERLAY + "overlay apply changeset entry notify",
        "a listener failed after everything was in force: the overlay stays applied",
        "DT218",
    ),
    Meaning(
        _OVERLAY + "overlay remove changeset entry notify",
        "a listener failed after everything was taken out: the overlay is gone",
        "DT218",
    ),
    Meaning(
        "OF: resolver: no symbols in root",
        "the base was built without -@, so no label is known",
        "DT101",
    ),
    Meaning(
        "OF: resolver: node label",
        "the overlay uses a label that the live tree does not have",
        "DT104",
    ),
    Meaning(
        "OF: resolver: overlay phandle fixup failed",
        "an entry of __fixups__ is malformed, or leads nowhere in the overlay",
        "DT109",
    ),
    Meaning(
        "OF: ERROR: memory leak, expected refcount 1",
        "somebody still holds this node, which goes with its overlay: it is out of the tree, and "
        "its memory is never freed",
        "DT206",
    ),
    Meaning(
        "OF: ERROR: memory leak before free",
        "the last holder let go of a node whose overlay is gone: it is lost until reboot",
        "DT207",
    ),
    Meaning(
        "OF: ERROR: of_node_release(), unexpected properties",
        "others had added properties to the node; they are freed with it",
        "DT208",
    ),
    Meaning(
        "OF: ERROR: Bad of_node_put()",
        "a reference too many was dropped: the count is 0 while the node is in the tree",
        "DT205",
    ),
    Meaning(
        "OF: ERROR: of_node_release() detected bad",
        "a reference too many was dropped: the count is 0 while the node is in the tree",
        "DT205",
    ),
    Meaning("OF: ERROR: next of_node_put()", "the next reference dropped corrupts the count"),
    Meaning(
        "OF: changeset: apply failed:",
        "this entry does not fit the tree: somebody else has changed it meanwhile",
        "DT217",
    ),
    Meaning("OF: Error applying changeset", "what was applied of it has been taken back"),
    Meaning("OF: Error reverting changeset", "what was taken back of it has been applied again"),
    Meaning(
        "OF: changeset notifier error", "a listener failed; the change stays in force", "DT218"
    ),
    Meaning(
        "OF: of_platform_notify: failed to create",
        "the platform bus has a device of this name already",
        "DT128",
    ),
    Meaning(
        "Duplicate name in",
        "two entries of one name in a node: sysfs shows the later one under another name",
    ),
)


def meaning_of(text: str) -> Meaning | None:
    """Find what a line of the kernel log means; None for lines of other parts of the kernel."""
    return next((one for one in MEANINGS if text.startswith(one.start)), None)


def log_lines(
    log: Sequence[str], told: set[Meaning] | None = None, *, verbose: bool = False, indent: int = 2
) -> Iterator[Line]:
    """Write lines of the kernel log, those of one meaning together, with what they mean.

    told are the meanings that were said already; they are not said again. verbose: of many alike,
    none is left out. indent is the number of columns before the labels.
    """
    for meaning, texts in _grouped(log):
        label = "kernel"
        most = len(texts) if verbose else MOST_ALIKE
        for text in texts[:most]:
            yield _labelled(label, text, indent, wrap=False)
            label = ""
        if len(texts) > most:
            more = f"and {amount(len(texts) - most, 'more line')} of this kind, shown with -v"
            yield _labelled("", more, indent, style="dim")
        if meaning is None or (told is not None and meaning in told):
            continue
        if told is not None:
            told.add(meaning)
        code = f" ({meaning.code})" if meaning.code else ""
        yield _labelled("means", meaning.text + code, indent)


def log_objects(log: Iterable[str]) -> list[dict[str, object]]:
    """Give lines of the kernel log for machines: `text`, and `means` and `code` where known."""
    found: list[dict[str, object]] = []
    for text in log:
        meaning = meaning_of(text)
        means, code = (meaning.text, meaning.code or None) if meaning else (None, None)
        found.append({"text": text, "means": means, "code": code})
    return found


def _grouped(log: Iterable[str]) -> Iterator[tuple[Meaning | None, list[str]]]:
    """Put lines together that follow each other and mean the same."""
    group: list[str] = []
    last: Meaning | None = None
    for text in log:
        meaning = meaning_of(text)
        if group and meaning is not last:
            yield last, group
            group = []
        group.append(text)
        last = meaning
    if group:
        yield last, group


def _labelled(label: str, text: str, indent: int, *, style: str = "", wrap: bool = True) -> Line:
    column = indent + _LABEL
    spans = ("label", (" " * indent + label).ljust(column)), (style, text)
    return Line(spans, hang=column if wrap else -1)
