"""Words for entries of lists, their suppliers, and cycles of those (L001 to L011)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes.base import Severity
from dtovl.links.telling import Blame, Words, counted, listed, signed

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.links.telling import Telling

_DEFERS = "fw_devlink does not wait for it; the driver asks, and mostly gets -EPROBE_DEFER for good"
_DOES_WITHOUT = "fw_devlink does not wait for it; a provider of the same kind may do without it"
_BYPASSES = "its ids find no IOMMU: to the kernel there is none, and they bypass"


def _dangling(at: Telling) -> Words:
    number = at.details["phandle"]
    where = f"cell {at.details['cell']} of the value"
    counts = at.cells_name()
    kernel: tuple[str, ...] = ()
    if at.name == "iommu-map":
        why = f"{where}; {_BYPASSES}"
    elif at.name == "msi-map":
        why = f"{where}; looking up an id of this row gives -ENODEV"
    elif counts:
        why = f"{where}; the driver gets -EINVAL, and what stands behind it cannot be read either"
        kernel = at.kernel(f"could not find phandle {signed(number)}")
    elif at.is_list():
        why = f"{where}; this entry has no node, those behind it are read"
    else:
        why = "the driver finds no node"
    return Words(why, _cure_of_dangling(at), kernel, {"number": f"{number:#x}"})


def _cure_of_dangling(at: Telling) -> str | None:
    """Leave out what concerns overlays alone."""
    if at.tree.origin_of(at.node, at.name) is not None:
        return None
    return "name the label that was meant"


def _uncounted(at: Telling) -> Words:
    details = at.details
    supplier, missing = details["supplier"], details["missing"]
    found = at.found("supplier")
    cure = None
    if "hint" in details:
        cure = f"{at.reference('hint')} has {missing}: refer to that, or give {supplier} its own"
    path = found.kernel_path if found is not None else supplier
    return Words(
        f"{missing} counts on that very node, not above or below it; the driver gets -EINVAL, "
        "and what stands behind it cannot be read either",
        cure,
        at.kernel(f"could not get {missing} for {path}"),
    )


def _short(at: Telling) -> Words:
    details = at.details
    want, have, counts = details["want"], details["have"], at.cells_name()
    supplier = at.found("supplier")
    blamed = () if supplier is None else (Blame(supplier, counts, f"{counts} is from"),)
    cure = f"write {counted(want, 'cell')} behind {at.reference('supplier')}"
    if details["index"]:
        cure += "; one may also be missing in an entry before it"
    return Words(
        f"{counts} of {details['supplier']} is {want}; the driver gets -EINVAL for this entry",
        cure,
        at.kernel(f"{counts} = {want} found {have}"),
        {"wanted": counted(want, "cell")},
        blamed,
    )


def _not_cells(at: Telling) -> Words:
    left = at.details["length"] % 4
    if at.details["length"] < 4:
        return Words("there is no whole cell in it: it names nobody")
    return Words(f"the last {counted(left, 'byte')} are dropped, the whole cells are read")


def _hole(at: Telling) -> Words:
    details = at.details
    if "value" in details:
        return _minus_one(at)
    if details["hides"]:
        return Words(
            f"asking for entry {details['index']} gives -ENOENT, where fw_devlink stops: it does "
            "not wait for the suppliers behind it",
            more={"behind": "; fw_devlink does not see the entries behind it"},
        )
    if not at.is_list():
        cure = "leave the property out, or name somebody"
        return Words("the property names nobody", cure, more={"behind": ""})
    return Words(
        f"asking for entry {details['index']} gives -ENOENT; others are found by their index",
        "nothing to mend where the driver can do without this entry",
        more={"behind": ""},
    )


def _minus_one(at: Telling) -> Words:
    why = "dtc takes 0xffffffff for an empty entry; the kernel looks it up and finds no node"
    kernel: tuple[str, ...] = ()
    if at.cells_name():
        why += ", so it reads no further, and the driver gets -EINVAL"
        kernel = at.kernel("could not find phandle -1")
    cure = "write <0> for an empty entry" if at.is_list() else "leave the property out"
    return Words(why, cure, kernel, {"behind": ", written as -1"})


def _disabled(at: Telling) -> Words:
    return _unusable(at, "supplier")


def _below_disabled(at: Telling) -> Words:
    return _unusable(at, "disabled")


def _unusable(at: Telling, key: str) -> Words:
    """Tell about a supplier that no driver takes; key names the node that is disabled."""
    binding = at.bindings.find(at.name)
    status, blamed, notes = at.status_of(key)
    if at.severity is Severity.WARNING:
        provides = binding is not None and binding.cells in at.node.properties
        outcome = _DOES_WITHOUT if provides else _DEFERS
    elif binding is not None and binding.strength == "strict":
        outcome = "the driver defers, or does without, as it sees fit"
    else:
        outcome = "whoever looks it up finds a node without a device"
    cure = f"enable {at.reference(key)}, or drop the reference"
    return Words(f"{status}; {outcome}", cure, blamed=blamed, notes=notes)


def _no_device(at: Telling) -> Words:
    return Words(
        "neither it nor a node above it has `compatible`; fw_devlink waits for a device there "
        "that nobody makes"
    )


def _cycle(at: Telling) -> Words:
    members = at.details["members"]
    more: dict[str, object] = {"count": len(members), "listed": listed(members)}
    relaxed = "fw_devlink does not wait within it: the drivers have to defer by themselves"
    if at.details["hard"]:
        return Words(f"clocks, resets, supplies and their like alone make it; {relaxed}", more=more)
    cure = "nothing to mend as a rule: graph links, pins or such close it"
    return Words(relaxed, cure, more=more)


def _itself(at: Telling) -> Words:
    return Words(f"{at.details['supplier']} is of the same device: the driver core makes no link")


def _descendant(at: Telling) -> Words:
    why = "the driver core makes no link to what lies below the consumer, and does not wait"
    if at.name == "remote-endpoint":
        return Words(why, "nothing to mend where the driver makes its children by itself")
    return Words(why)


LISTS: dict[str, Callable[[Telling], Words]] = {
    "L001": _dangling,
    "L002": _uncounted,
    "L003": _short,
    "L004": _not_cells,
    "L005": _hole,
    "L006": _disabled,
    "L007": _below_disabled,
    "L008": _no_device,
    "L009": _cycle,
    "L010": _itself,
    "L011": _descendant,
}
"""Rule -> what is said about a finding of it."""
