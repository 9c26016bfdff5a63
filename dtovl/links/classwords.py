"""Words for kinds of links that have rules of their own (L021 to L037)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes.base import Severity
from dtovl.links.board import is_okay
from dtovl.links.telling import Blame, Words, counted, in_cells, listed, shortened
from dtovl.model.address import counts
from dtovl.model.cells import cell, cells
from dtovl.model.entries import read_count

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.links.telling import Telling
    from dtovl.model.node import Node

_MOST_BYTES = 512
_DIRECTIONS = ("input", "output-low", "output-high")
_MOST_U64 = 0xFFFF_FFFF_FFFF_FFFF


# -- IOMMUs ----------------------------------------------------------------------------------------


def _iommu_drivers(at: Telling) -> Words:
    shown = []
    for key in ("supplier", "other"):
        found = at.found(key)
        known = _kinds(found) if found is not None else []
        shown.append(f"{at.details[key]} is {listed(known) or 'without compatible'}")
    return Words(
        f"{shown[0]}, {shown[1]}; the kernel gives up with -EINVAL at entry "
        f"{at.details['index']}, and the device bypasses every IOMMU"
    )


def _kinds(node: Node) -> list[str]:
    """List the first strings of `compatible`, so many of them as can be shown."""
    value = node.properties.get("compatible", b"")[:_MOST_BYTES]
    return [kind for kind in value.decode("latin-1").split("\0") if kind]


def _iommu_shared(at: Telling) -> Words:
    numbers = at.details["specifier"]
    shown = f"{numbers[0]:#x}" if len(numbers) == 1 else in_cells(numbers)
    return Words(
        "both are put into one group: they share one address space",
        more={"shared_id": shown},
    )


def _iommu_disabled(at: Telling) -> Words:
    status, blamed, notes = at.status_of("disabled")
    whole = at.name != "iommu-map"
    if not whole:
        outcome = "ids of this row bypass it"
    elif at.severity is Severity.WARNING:
        outcome = "the kernel stops reading here, and those that are enabled do not count either"
    else:
        outcome = "so are all IOMMUs of the device"
    return Words(
        f"{status}; {outcome}",
        f"enable {at.reference('disabled')}, or drop the entry",
        more={"consumer": at.node.path, "bypassed": "every IOMMU" if whole else "the IOMMU"},
        blamed=blamed,
        notes=notes,
    )


# -- names and states ------------------------------------------------------------------------------


def _names_property(at: Telling) -> str:
    if at.name == "interrupts":
        return "interrupt-names"
    binding = at.bindings.find(at.name)
    return "" if binding is None else binding.names


def _names(at: Telling) -> Words:
    entries, names = at.details["entries"], at.details["names"]
    pairs = at.name == "interconnects"
    if names < 0:
        return Words(
            "an interconnect has two ends, source and destination; an entry is left over",
            "nothing to mend where the binding has single entries",
            more={
                "entry_count": counted(entries, "entry", "entries"),
                "name_count": "an odd number",
            },
        )
    key = _names_property(at)
    value = at.node.properties.get(key, b"")
    noun = ("pair", "pairs") if pairs else ("entry", "entries")
    if names > entries:
        surplus = value.decode("latin-1").split("\0")[entries:names]
        why = f"looking up {listed(surplus)} gives -ENOENT"
        cure = f"take the surplus names out of {key}, or add what they name"
    else:
        first = f"{noun[0]} {names}" if names + 1 == entries else f"{noun[1]} {names} and up"
        why = f"{first} can only be had by number, not by name"
        cure = f"give {key} {counted(entries, 'name')}, in the order of {at.name}"
    return Words(
        why,
        cure,
        more={
            "entry_count": counted(entries, *noun),
            "name_count": counted(names, "name"),
        },
        blamed=(Blame(at.node, key, f"{key} is from"),),
    )


def _pin_states(at: Telling) -> Words:
    details = at.details
    blamed = tuple(
        Blame(at.node, key, f"{key} is from")
        for key in at.node.properties
        if key.startswith("pinctrl-") and key != at.name and (at.node, key) in at.tree.origins
    )[:1]
    if "gap" in details:
        gap = f"pinctrl-{details['gap']}"
        return Words(
            f"the kernel reads pinctrl-0, pinctrl-1 ... up to the first that is missing, {gap}",
            f"call it {gap}, or define {gap} as well",
            more={"what": f"{at.name} is not reached, {gap} is missing"},
            blamed=blamed,
        )
    states, names = details["states"], details["names"]
    what = f"pinctrl-names: {counted(states, 'state')}, {counted(names, 'name')}"
    if not names:
        why = "a state without name is called by its number: there is no `default` for the probe"
        cure = 'add `pinctrl-names = "default"`, and a name for each further state'
    elif names < states:
        why = f"pinctrl-{names} has no name, and is called {names}"
        cure = f"give pinctrl-names {counted(states, 'name')}"
    else:
        value = at.node.properties.get("pinctrl-names", b"")
        surplus = value.decode("latin-1").split("\0")[states:names]
        why = f"there is no state for {listed(surplus)}"
        cure = "take the surplus names out of pinctrl-names, or define their states"
    return Words(why, cure, more={"what": what}, blamed=blamed)


# -- supplies, graphs, counts ----------------------------------------------------------------------


def _supply_cells(at: Telling) -> Words:
    value = at.node.properties.get(at.name, b"")
    why = f"it has {counted(at.details['cells'], 'cell')}"
    second = at.tree.by_phandle.get(cell(value, 4)) if len(value) >= 8 else None
    if second is not None:
        why += f"; the second is the phandle of {second.path}, which is not switched on by this"
    return Words(why)


def _graph(at: Telling) -> Words:
    remote, path = at.found("supplier"), at.details["supplier"]
    key = "remote-endpoint"
    blamed = () if remote is None else (Blame(remote, key, "the other end is from"),)
    own = at.called(at.node, at.node.path)
    if at.details["reason"] == "no way back":
        name = path.rpartition("/")[2]
        if not name.startswith("endpoint"):
            why = f"{path} is no endpoint: it has no {key}"
            cure = f"name the endpoint of that device, and let it name {own}"
        else:
            why = f"{path} has no {key}: drivers that start there do not find this device"
            cure = f"set {key} of {at.reference('supplier')} to {own}"
        return Words(why, cure, more={"fault": "has no way back"}, blamed=blamed)
    value = remote.properties.get(key, b"") if remote is not None else b""
    third = at.tree.by_phandle.get(cell(value)) if len(value) >= 4 else None
    there = "nobody" if third is None else third.path
    return Words(
        f"its {key} names {there}",
        f"set {key} of {at.reference('supplier')} to {own}, or this one to whom it names",
        more={"fault": "is not bidirectional"},
        blamed=blamed,
    )


def _too_many_cells(at: Telling) -> Words:
    key, supplier = at.cells_name(), at.found("supplier")
    blamed = () if supplier is None else (Blame(supplier, key, f"{key} is from"),)
    return Words(
        "the kernel warns, and reads 16 arguments alone",
        f"mend {key} of {at.reference('supplier')}",
        more={"cells_property": key},
        blamed=blamed,
    )


def _assigned(at: Telling) -> Words:
    details = at.details
    clocks, values = details["clocks"], details["values"]
    blamed = (Blame(at.node, "assigned-clocks", "assigned-clocks is from"),)
    if "stuck" in details:
        stuck = details["stuck"]
        return Words(
            f"entry {stuck} of assigned-clocks is a hole with a rate: Linux 6.1 counts no further",
            f"write a rate of 0 for entry {stuck}",
            more={"what": f"rates behind entry {stuck} are lost"},
            blamed=blamed,
        )
    what = f"{counted(values, 'value')} for {counted(clocks, 'clock')}"
    if at.name == "assigned-clock-parents":
        why = f"looking up clock {clocks} gives -ENOENT, and the probe of the device fails"
    else:
        why = f"the rates from {clocks} on are ignored"
    return Words(why, more={"what": what}, blamed=blamed)


# -- GPIO ------------------------------------------------------------------------------------------


def _hog(at: Telling) -> Words:
    reason, parent = at.details["reason"], at.node.parent
    above = parent.path if parent is not None else "it"
    if reason == "cells":
        want, have = at.details["want"], at.details["have"]
        cure = f"write {counted(want, 'cell')} for each line, without phandle"
        if not want:
            cure = f"give {above} its #gpio-cells"
        return Words(
            f"#gpio-cells of {above} is {want}" if want else f"{above} has no #gpio-cells",
            cure,
            more={"fault": f"{counted(have, 'cell')}, {above} wants multiples of {want}"},
        )
    if reason != "direction":
        cure = "move the hog below the GPIO controller whose line it takes"
        return Words(f"{above} is none: nobody looks for hogs there", cure, more={"fault": reason})
    said = [name for name in _DIRECTIONS if name in at.node.properties]
    if not said:
        return Words(
            "the kernel skips it: `no hogging state specified, bailing out`",
            "add one of `input`, `output-low`, `output-high`",
            more={"fault": "no direction"},
        )
    return Words(
        f"it has {listed(said)}; {said[0]} counts",
        f"keep one of {listed(said)}",
        more={"fault": "more than one direction"},
    )


def _singular(at: Telling) -> Words:
    return Words("the kernel reads both forms", more={"plural": f"{at.name}s"})


# -- removal and probe order -----------------------------------------------------------------------


def _removed(at: Telling) -> Words:
    overlay, writer = at.details["overlay"], at.details.get("consumer_overlay", "")
    cure = f"name a node of the base, or bring both in {overlay}"
    if writer:
        cure = f"remove {writer} before {overlay}"
    return Words(
        "the kernel looks for later changes of the same nodes alone, not for phandles: the value "
        "stays, and leads nowhere",
        cure,
        who=writer,
    )


def _deferred(at: Telling) -> Words:
    cause = at.details["cause"]
    path = cause.partition(" ")[0]
    first = at.tree.find(path)
    blamed: tuple[Blame, ...] = ()
    if first is not None and not is_okay(first):
        blamed = (Blame(first, "status", f"{path} is disabled by"),)
    return Words(f"the first cause: {shortened(cause)}", blamed=blamed)


def _sync_state(at: Telling) -> Words:
    return Words(
        "what the boot loader left on stays on until all consumers have bound",
        more={"waiting": listed(at.details["consumers"])},
    )


# -- addresses, interrupt parents ------------------------------------------------------------------


def _dma_ranges(at: Telling) -> Words:
    details, node = at.details, at.node
    own, sizes = read_count(node, "#address-cells") or 0, read_count(node, "#size-cells") or 0
    above = counts(node.parent)[0] if node.parent is not None else 0
    if details["reason"] == "length":
        want = details["want"]
        return Words(
            f"a row has {own} + {above} + {sizes} cells: own #address-cells, those of the parent, "
            "own #size-cells",
            more={"row_words": "", "fault": f"{details['have']} bytes, want multiples of {want}"},
        )
    row = details["row"]
    more: dict[str, object] = {"row_words": f" row {row}", "fault": details["reason"]}
    if details["reason"] == "size 0":
        why = "a size of 0 is invalid: -EINVAL, and the devices below fail to probe"
        return Words(why, "write the size of the range", more=more)
    end = 4 * (row + 1) * (own + above + sizes)
    size = 0
    for number in cells(node.properties.get(at.name, b"")[end - 4 * sizes : end]):
        size = (size << 32 | number) & _MOST_U64
    return Words(
        f"the last bit of {size:#x} is set: the kernel warns, and takes it for a mask",
        f"write {size + 1:#x}",
        more=more,
    )


def _parent_dangling(at: Telling) -> Words:
    via = at.details.get("via")
    holder = at.node if via is None else at.found("via")
    number = at.details.get("phandle")
    if number is None and holder is not None:
        number = read_count(holder, "interrupt-parent")
    more: dict[str, object] = {"number": f"{number or 0:#x}", "named_by": ""}
    if via is None:
        why = "the search for the interrupt parent ends here, for every node below as well"
        return Words(why, more=more)
    more["named_by"] = f", which interrupt-parent of {via} names"
    blamed = () if holder is None else (Blame(holder, "interrupt-parent", f"{via} has it from"),)
    return Words(
        f"the search for the interrupt parent ends at {via}: -EINVAL",
        f"mend interrupt-parent of {at.reference('via')}",
        more=more,
        blamed=blamed,
    )


CLASSES: dict[str, Callable[[Telling], Words]] = {
    "L021": _iommu_drivers,
    "L022": _iommu_shared,
    "L023": _iommu_disabled,
    "L024": _names,
    "L025": _pin_states,
    "L026": _supply_cells,
    "L027": _graph,
    "L028": _too_many_cells,
    "L029": _assigned,
    "L030": _hog,
    "L032": _singular,
    "L033": _removed,
    "L034": _deferred,
    "L035": _dma_ranges,
    "L036": _sync_state,
    "L037": _parent_dangling,
}
"""Rule -> what is said about a finding of it."""
