"""What a blob holds outside its structure block: reservations, padding, bytes of nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes.base import Severity
from dtovl.codes.input import ODD_LAYOUT, UNREAD_BYTES
from dtovl.fdt.header import MAGIC_BYTES, RESERVATION
from dtovl.model.tree import Header

if TYPE_CHECKING:
    from dtovl.fdt.findings import Findings
    from dtovl.fdt.header import Fields


def read_header(
    data: bytes, fields: Fields, structure_end: int, findings: Findings | None
) -> Header:
    """Read what the blob carries besides its tree.

    structure_end is the offset behind the END token. Reported are overlapping blocks, reservations
    that readers skip, and bytes that are not kept (DT017, DT018).
    """
    reservations, after = _reservations(data, fields, findings)
    blocks = sorted(
        (
            (0, fields.header_size, "header"),
            (fields.reservations, after, "memory reservations"),
            (fields.structure, _structure_claim(fields, structure_end), "structure block"),
            (fields.strings, fields.strings + fields.strings_size, "strings block"),
        )
    )
    end = max(block[1] for block in blocks)
    if findings is not None:
        _report_blocks(data, blocks, findings)
        _report_rest(data, fields, structure_end, findings)
    return Header(
        boot_cpuid=fields.boot_cpuid,
        reservations=reservations,
        padding=data[end : fields.total],
        version=fields.version,
    )


def reservations_end(data: bytes, fields: Fields) -> int:
    """Give the offset behind the entry at which libfdt ends the list, 0 if there is none.

    Source: libfdt fdt_num_mem_rsv, which stops at a size of 0 whatever the address.
    """
    at = fields.reservations
    while at + RESERVATION.size <= fields.total:
        if not RESERVATION.unpack_from(data, at)[1]:
            return at + RESERVATION.size
        at += RESERVATION.size
    return 0


def _structure_claim(fields: Fields, structure_end: int) -> int:
    """Give the end of the structure block: what the header claims, where it tells the size."""
    return min(fields.structure_end, fields.total) if fields.version >= 17 else structure_end


def _reservations(
    data: bytes, fields: Fields, findings: Findings | None
) -> tuple[tuple[tuple[int, int], ...], int]:
    """Read the list, and the offset behind its end.

    The specification ends it at an entry of zeros; libfdt and the kernel at a size of 0. Entries
    between the two are kept, if an end of zeros follows before the next block.
    """
    stop = reservations_end(data, fields)
    address, _ = RESERVATION.unpack_from(data, stop - RESERVATION.size)
    if address:
        stop = _end_behind_zero_size(data, fields, stop, findings)
    raw = data[fields.reservations : stop - RESERVATION.size]
    return tuple(RESERVATION.iter_unpack(raw)), stop


def _end_behind_zero_size(data: bytes, fields: Fields, stop: int, findings: Findings | None) -> int:
    starts = (fields.structure, fields.strings, fields.total)
    limit = min(start for start in starts if start >= stop)
    end = stop
    while end + RESERVATION.size <= limit:
        end += RESERVATION.size
        if RESERVATION.unpack_from(data, end - RESERVATION.size) == (0, 0):
            break
    else:
        end = stop
    if findings is not None:
        behind = (end - stop) // RESERVATION.size
        what = "a memory reservation of size 0 ends the list for libfdt and the kernel; " + (
            f"{behind - 1} entries follow it" if behind else "its address is not 0, and is lost"
        )
        findings.add(ODD_LAYOUT, name=findings.shown, what=what)
    return end


def _report_blocks(data: bytes, blocks: list[tuple[int, int, str]], findings: Findings) -> None:
    end, before = blocks[0][1], blocks[0][2]
    for start, stop, name in blocks[1:]:
        if start < end and stop > start:
            what = f"the {name} at byte {start} overlaps the {before}, which ends at byte {end}"
            findings.add(ODD_LAYOUT, name=findings.shown, what=what)
        elif data[end:start].strip(b"\0"):
            where = f"between the {before} and the {name}, from byte {end} on"
            findings.add(UNREAD_BYTES, size=_bytes(start - end), where=where)
        if stop >= end:
            end, before = stop, name


def _report_rest(data: bytes, fields: Fields, structure_end: int, findings: Findings) -> None:
    left = data[structure_end : _structure_claim(fields, structure_end)]
    if left.strip(b"\0"):
        where = f"behind the END token, from byte {structure_end} on"
        findings.add(UNREAD_BYTES, size=_bytes(len(left)), where=where)
    rest = len(data) - fields.total
    if not rest:
        return
    where = f"behind the blob, from byte {fields.total} on"
    if data.startswith(MAGIC_BYTES, fields.total):
        findings.add(UNREAD_BYTES, size=_bytes(rest), where=f"{where}: another blob")
    else:
        blank = not data[fields.total :].strip(b"\0\xff")
        severity = Severity.INFO if blank else None
        findings.add(UNREAD_BYTES, severity=severity, size=_bytes(rest), where=where)


def _bytes(count: int) -> str:
    return f"{count} byte" if count == 1 else f"{count} bytes"
