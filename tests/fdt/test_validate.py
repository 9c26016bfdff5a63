"""What is wrong with a damaged blob is said in words, with libfdt's name for it."""

from __future__ import annotations

from struct import pack

import pytest
from support.raw_blob import END, END_NODE, NOP, Spec, begin, changed, prop, raw, structure_of

from dtovl.errors import InputError
from dtovl.fdt.check import validate
from dtovl.fdt.faults import first_fault
from dtovl.fdt.header import read_fields
from dtovl.model import limits

STRUCTURE, STRINGS = structure_of(Spec("", (("a", b"x"),), (Spec("n", (("b", b"12345678"),)),)))
GOOD = raw(STRUCTURE, STRINGS)


def refused(blob: bytes) -> tuple[str, str, str]:
    """Give code, message and libfdt's error name of the refusal."""
    with pytest.raises(InputError) as caught:
        validate(blob, "b.dtb")
    found = caught.value.diagnostic
    name = str(found.fields.get("fdt_error", ""))
    assert name in found.why
    assert "b.dtb" in found.message
    return found.code.number, found.message, name


def test_good_blobs_pass() -> None:
    assert validate(GOOD).structure_size == len(STRUCTURE)
    validate(GOOD + b"more")
    validate(raw(STRUCTURE, STRINGS, order="tsr"))
    validate(raw(structure_of(Spec(), nops=True)[0]))


@pytest.mark.parametrize(
    ("blob", "code", "words", "fdt_error"),
    [
        (b"", "DT001", "an empty file", "FDT_ERR_BADMAGIC"),
        (b"\x89PNG\r\n", "DT001", "89504e47", "FDT_ERR_BADMAGIC"),
        (b"\xed\xfe\x0d\xd0" + GOOD[4:], "DT001", "byte-swapped", "FDT_ERR_BADMAGIC"),
        (GOOD[:4], "DT002", "4 of the 40 bytes", "FDT_ERR_TRUNCATED"),
        (GOOD[:39], "DT002", f"39 of the {len(GOOD)} bytes", "FDT_ERR_TRUNCATED"),
        (GOOD[:-1], "DT002", f"{len(GOOD) - 1} of the {len(GOOD)} ", "FDT_ERR_TRUNCATED"),
        (changed(GOOD, version=1), "DT003", "below 2", "FDT_ERR_BADVERSION"),
        (changed(GOOD, last_comp_version=18), "DT003", "of version 18", "FDT_ERR_BADVERSION"),
        (changed(GOOD, version=15), "DT003", "does not exist", "FDT_ERR_BADVERSION"),
        (changed(GOOD, totalsize=39), "DT004", "totalsize is 39", "FDT_ERR_TRUNCATED"),
        (changed(GOOD, off_mem_rsvmap=39), "DT004", "reservation", "FDT_ERR_TRUNCATED"),
        (changed(GOOD, off_dt_struct=0xFFFFFFFC), "DT004", "structure", "FDT_ERR_TRUNCATED"),
        (changed(GOOD, off_dt_strings=len(GOOD) + 1), "DT004", "strings", "FDT_ERR_TRUNCATED"),
        (changed(GOOD, size_dt_strings=0xFFFFFFFF), "DT004", "4294967295", "FDT_ERR_TRUNCATED"),
        (changed(GOOD, size_dt_struct=0xFFFFFFF0), "DT004", "4294967280", "FDT_ERR_TRUNCATED"),
        (raw(begin() + END_NODE + END, reservations=pack(">4Q", 1, 1, 2, 2), order="str"),
         "DT007", "no end", "FDT_ERR_TRUNCATED"),
        (raw(begin() + prop(5) + END_NODE + END, b"abcd\0"),
         "DT006", "byte 5 of the strings block, which has 5", "FDT_ERR_BADOFFSET"),
        (raw(begin() + prop(0) + END_NODE + END, b"abcd"),
         "DT006", "no NUL at its end", "FDT_ERR_TRUNCATED"),
        (raw(b""), "DT005", "without its END", "FDT_ERR_TRUNCATED"),
        (raw(begin() + END_NODE), "DT005", "without its END", "FDT_ERR_TRUNCATED"),
        (raw(begin() + END), "DT005", "1 nodes are still open", "FDT_ERR_BADSTRUCTURE"),
        (raw(END_NODE + END), "DT005", "before any node", "FDT_ERR_BADSTRUCTURE"),
        (raw((begin() + END_NODE) * 2 + END), "DT005", "second root", "FDT_ERR_BADSTRUCTURE"),
        (raw(begin() + END_NODE + prop(0) + END, b"a\0"),
         "DT005", "a property stands behind", "FDT_ERR_BADSTRUCTURE"),
        (raw(begin("r") + END_NODE + END), "DT005", "has the name 'r'", "FDT_ERR_BADSTRUCTURE"),
        (raw(begin() + pack(">I", 5)), "DT005", "0x5 is no token", "FDT_ERR_BADSTRUCTURE"),
        (raw(begin() + pack(">2I", 1, 0x61616161)),
         "DT005", "name of a node", "FDT_ERR_BADSTRUCTURE"),
        (raw(begin() + pack(">2I", 3, 4)), "DT005", "head of a property", "FDT_ERR_BADSTRUCTURE"),
        (raw(begin() + pack(">4I", 3, 0xFFFFFFFF, 0, 0), b"a\0"),
         "DT005", "says it has 4294967295 bytes; 4 are left", "FDT_ERR_BADSTRUCTURE"),
        (raw(begin() + END_NODE + NOP + prop(0) + END, b"a\0"),
         "DT005", "a property stands behind", "FDT_ERR_BADSTRUCTURE"),
    ],
)  # fmt: skip
def test_says_what_is_wrong(blob: bytes, code: str, words: str, fdt_error: str) -> None:
    number, message, name = refused(blob)
    assert number == code
    assert words in message
    assert name == fdt_error


def test_names_the_node_and_the_byte() -> None:
    blob = raw(begin() + begin("soc") + begin("uart@0") + pack(">I", 7) + END)
    with pytest.raises(InputError) as caught:
        validate(blob)
    found = caught.value.diagnostic
    assert found.path == "/soc/uart@0"
    assert "byte 84 of the file" in found.message
    assert blob[84:88] == pack(">I", 7)


def test_a_path_of_a_broken_tree_stays_short() -> None:
    blob = raw(begin() + begin("level") * 5000 + END)
    with pytest.raises(InputError) as caught:
        validate(blob)
    assert len(caught.value.diagnostic.path) < 300


def test_a_truncated_file_tells_how_much_is_missing() -> None:
    with pytest.raises(InputError) as caught:
        validate(GOOD[:-10])
    assert "10 bytes" in (caught.value.diagnostic.fix or "")


def test_refuses_names_that_would_be_scanned_for_ever() -> None:
    long = b"n" * (limits.MAX_NAME_BYTES + 1)
    for strings in (long + b"\0", b"a\0" + long, b"a\0" + long + b"\0b\0"):
        assert refused(raw(begin() + prop(0) + END_NODE + END, strings))[0] == "DT009"
    validate(raw(begin() + prop(0) + END_NODE + END, long[1:] + b"\0" + long[1:] + b"\0"))


def test_where_our_walk_finds_nothing_libfdt_has_the_word() -> None:
    found = first_fault(GOOD, read_fields(GOOD), "b.dtb", "FDT_ERR_INTERNAL")
    assert "libfdt refuses it" in found.message
    assert "FDT_ERR_INTERNAL" in found.why
