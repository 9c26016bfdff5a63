"""The one door to libfdt: it says whether a blob is well formed, before we rely on that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.errors import InputError
from dtovl.fdt.header import END, Fields, read_fields

if TYPE_CHECKING:
    from collections.abc import Iterable


def validate(data: bytes, name: str = "") -> Fields:
    """Refuse a blob that is not well formed; give its header.

    name is what messages call the file. Bytes behind totalsize are not looked at. libfdt passes
    repeated names, properties behind subnodes, odd names and any depth; so does this.

    Raises InputError (DT001 to DT007, DT009) with libfdt's error name in its `why`.
    Source: libfdt fdt_check_full. The header is checked by us first, since some releases of
    libfdt follow a hostile one outside the blob.
    """
    import libfdt

    fields = read_fields(data, name)
    # libfdt's binding takes a bytearray alone.
    blob = bytearray(memoryview(data)[: fields.total])
    error = libfdt.fdt_check_full(blob, len(blob))
    if error:
        _explain(data, fields, name, blob, error)
    return fields


def top_nodes(data: bytes, fields: Fields) -> list[int]:
    """List the offsets, in the structure block, of the nodes below the root.

    For what is not worth a tree; data has passed validate, which gave fields.
    Source: libfdt fdt_first_subnode, fdt_next_subnode.
    """
    import libfdt

    blob = bytearray(memoryview(data)[: fields.total])
    found = []
    at: int = libfdt.fdt_first_subnode(blob, 0)
    while at >= 0:
        found.append(at)
        at = libfdt.fdt_next_subnode(blob, at)
    return found


def paths_there(data: bytes, fields: Fields, paths: Iterable[str]) -> frozenset[str]:
    """Tell which of some full paths lead to a node; data has passed validate, which gave fields.

    A component without unit address finds the first node that has one.
    Source: libfdt fdt_path_offset.
    """
    import libfdt

    blob = bytearray(memoryview(data)[: fields.total])
    return frozenset(path for path in paths if libfdt.fdt_path_offset(blob, path) >= 0)


def _explain(data: bytes, fields: Fields, name: str, blob: bytearray, error: int) -> None:
    """Raise what libfdt's error means, unless it refuses what is legal."""
    import libfdt

    from dtovl.fdt.faults import first_fault, nops_behind_root

    if error == -libfdt.FDT_ERR_BADSTRUCTURE:
        nop = nops_behind_root(data, fields)
        if nop:
            # libfdt reads them from release 1.8 on; one before gets to see the block end there.
            blob[nop : nop + 4] = END.to_bytes(4, "big")
            error = libfdt.fdt_check_full(blob, len(blob))
    if error:
        raise InputError(first_fault(data, fields, name, _error_name(-error)))


def _error_name(number: int) -> str:
    import libfdt

    names: dict[str, object] = vars(libfdt)
    for name, value in names.items():
        if value == number and name.startswith("FDT_ERR_") and name != "FDT_ERR_MAX":
            return name
    return f"error {number}"
