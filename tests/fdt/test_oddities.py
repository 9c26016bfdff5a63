"""What can be read and is odd: reported once each, whatever the size, and never lost unsaid."""

from __future__ import annotations

from struct import pack

import pytest
from support.raw_blob import END, END_NODE, NOP, Spec, begin, changed, prop, raw, structure_of

from dtovl.codes.base import Severity
from dtovl.diagnostics import Sink
from dtovl.errors import InputError
from dtovl.fdt.findings import MOST_OF_ONE_CODE
from dtovl.fdt.names import (
    all_plain_nodes,
    all_plain_properties,
    odd_node_name,
    odd_property_name,
)
from dtovl.fdt.read import unflatten
from dtovl.fdt.write import flatten

EMPTY = begin() + END_NODE + END


def findings(blob: bytes) -> list[tuple[str, str, str]]:
    sink = Sink()
    unflatten(blob, "b.dtb", sink)
    assert all(str(found.where) == "b.dtb" for found in sink)
    return [(found.code.number, found.path, found.message) for found in sink]


def spec(*properties: tuple[str, bytes], children: tuple[Spec, ...] = ()) -> bytes:
    return raw(*structure_of(Spec("", properties, children)))


def test_a_sound_blob_has_no_findings() -> None:
    node = Spec("uart@0,1", (("reg", b""), ("phandle", b"\0\0\0\1")), (Spec("a_b.c+d-e"),))
    assert findings(spec(("#size-cells", b""), ("x?", b""), children=(node,))) == []


def test_repeated_names() -> None:
    blob = spec(("a", b"1"), ("a", b"2"), ("a", b"3"), children=(Spec("n"), Spec("n")))
    numbers = [(number, path) for number, path, _ in findings(blob)]
    assert numbers == [("DT014", "/"), ("DT014", "/")]
    assert "property a is there 3 times" in findings(blob)[0][2]
    assert "node n is there 2 times" in findings(blob)[1][2]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "empty"),
        (".", "folder"),
        ("..", "folder"),
        ("a/b", "no path"),
        ("a@", "no unit address"),
        ("@1", "nothing before"),
        ("a@1@2", "more than one"),
        ("a b", "does not allow: ' '"),
        ("a\nb", r"'\n'"),
        ("\xe4", r"'\xe4'"),
    ],
)
def test_odd_node_names(name: str, words: str) -> None:
    found = odd_node_name(name)
    assert found is not None
    assert found[1] is Severity.WARNING
    assert words in found[0]
    assert not all_plain_nodes(["a", name, "b"])
    assert [number for number, _, _ in findings(spec(children=(Spec(name),)))] == ["DT016"]


@pytest.mark.parametrize("name", ["", "a b", "a@b", "a/b", "\xff", "a\nb"])
def test_odd_property_names(name: str) -> None:
    found = odd_property_name(name)
    assert found is not None
    assert found[1] is Severity.WARNING
    assert not all_plain_properties(["a", name])
    assert [number for number, _, _ in findings(spec((name, b"")))] == ["DT016"]


def test_what_dtc_allows_beyond_the_specification_is_info() -> None:
    assert odd_node_name("a#b") == odd_node_name("a#b@1")
    assert (odd_node_name("a*b") or ("", None))[1] is Severity.INFO
    assert (odd_property_name("a*b") or ("", None))[1] is Severity.INFO


@pytest.mark.parametrize("name", ["a", "cpu@0", "x,y.z+1-2_3@4,5", "0", "_a", ".hidden", "..."])
def test_plain_names(name: str) -> None:
    assert odd_node_name(name) is None
    assert all_plain_nodes([name]) or name.startswith(".")


def test_no_names_at_all() -> None:
    assert all_plain_nodes([])
    assert all_plain_properties([])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([b"\0\0\0\0"], "0x0"),
        ([b"\xff\xff\xff\xff"], "0xffffffff"),
        ([b"\1"], "1 bytes instead of 4"),
        ([b""], "0 bytes instead of 4"),
        ([b"\0\0\0\1\0\0\0\2"], "8 bytes instead of 4"),
    ],
)
def test_odd_phandles(values: list[bytes], words: str) -> None:
    node = Spec("n", tuple(("phandle", value) for value in values))
    ((number, path, message),) = findings(spec(children=(node,)))
    assert (number, path) == ("DT019", "/n")
    assert words in message


def test_phandles_that_contradict() -> None:
    both = Spec("n", (("phandle", b"\0\0\0\1"), ("linux,phandle", b"\0\0\0\2")))
    assert "linux,phandle is 0x2" in findings(spec(children=(both,)))[0][2]
    ibm = Spec("n", (("ibm,phandle", b"\0\0\0\7"),))
    assert "0x7 from ibm,phandle" in findings(spec(children=(ibm,)))[0][2]
    same = Spec("n", (("phandle", b"\0\0\0\1"), ("linux,phandle", b"\0\0\0\1")))
    assert findings(spec(children=(same,))) == []


def test_shared_phandles() -> None:
    nodes = tuple(Spec(name, (("phandle", b"\0\0\0\5"),)) for name in "ab")
    ((number, path, message),) = findings(spec(children=nodes))
    assert (number, path) == ("DT019", "/b")
    assert "0x5 is also that of /a" in message


def test_deep_trees_are_deeper_than_linux_reads() -> None:
    def levels(count: int) -> bytes:
        return raw(begin() + begin("d") * count + END_NODE * (count + 1) + END)

    assert findings(levels(62)) == []
    ((number, path, message),) = findings(levels(63))
    assert (number, path.count("/")) == ("DT008", 63)
    assert "Linux stops at 62" in message


@pytest.mark.parametrize(
    ("blob", "words"),
    [
        (raw(EMPTY) + b"junk", "4 bytes behind the blob"),
        (raw(EMPTY) + raw(EMPTY), "another blob"),
        (raw(EMPTY + b"abcd"), "4 bytes behind the END token"),
        (raw(EMPTY, gap=b"gap."), "between the header and the memory reservations"),
    ],
)
def test_bytes_that_are_not_kept(blob: bytes, words: str) -> None:
    found = findings(blob)
    assert {number for number, _, _ in found} == {"DT017"}
    assert words in found[0][2]


def test_blank_bytes() -> None:
    assert findings(raw(EMPTY, gap=bytes(4))) == []
    assert findings(raw(EMPTY + bytes(8))) == []
    sink = Sink()
    unflatten(raw(EMPTY) + b"\xff" * 10, "b.dtb", sink)
    assert [found.severity for found in sink] == [Severity.INFO]


def test_overlapping_blocks() -> None:
    blob = raw(EMPTY, b"abcd\0\0\0\0")
    blob = changed(blob, size_dt_struct=len(EMPTY) + 4)
    assert [number for number, _, _ in findings(blob)] == ["DT018", "DT017"]


def test_a_nop_before_the_root() -> None:
    ((number, _, message),) = findings(raw(NOP + EMPTY))
    assert number == "DT018"
    assert "NOP" in message


@pytest.mark.parametrize(
    ("entries", "kept", "words"),
    [
        ((1, 0, 2, 2, 0, 0), ((1, 0), (2, 2)), "1 entries follow it"),
        ((3, 3, 1, 0), ((3, 3),), "its address is not 0"),
        ((0, 5, 0, 0), ((0, 5),), ""),
    ],
)
def test_reservations_of_size_0(
    entries: tuple[int, ...], kept: tuple[tuple[int, int], ...], words: str
) -> None:
    blob = raw(EMPTY, reservations=pack(f">{len(entries)}Q", *entries))
    assert unflatten(blob).header.reservations == kept
    found = findings(blob)
    assert [number for number, _, _ in found] == (["DT018"] if words else [])
    assert all(words in message for _, _, message in found)
    assert unflatten(flatten(unflatten(blob))).header.reservations == kept


def test_findings_of_one_kind_are_bounded() -> None:
    count = 30_000
    sink = Sink()
    deep = begin() + begin("d") * 60
    structure = deep + (begin("a b") + prop(0) * 2 + END_NODE) * count + END_NODE * 61 + END
    unflatten(raw(structure, b"%\0"), "b.dtb", sink)
    assert len(sink) <= 2 * MOST_OF_ONE_CODE
    last = sink.diagnostics[-1]
    assert last.notes
    assert last.notes[0].text.endswith("more findings of this kind")


def test_repeated_names_cost_the_same_each() -> None:
    structure = begin() + prop(0, b"x") * 50_000 + END_NODE + END
    tree = unflatten(raw(structure, b"a\0"))
    assert len(tree.root.properties) == 50_000
    assert flatten(tree) == raw(structure, b"a\0")


def test_names_made_of_shared_tails_are_bounded() -> None:
    structure = begin() + b"".join(prop(start) for start in range(60_000)) + END_NODE + END
    with pytest.raises(InputError) as caught:
        unflatten(raw(structure, b"n" * 60_000 + b"\0"))
    assert caught.value.diagnostic.code.number == "DT009"


def test_long_names_are_cut_in_messages() -> None:
    sink = Sink()
    unflatten(spec(("%" * 5000, b"")), "b.dtb", sink)
    assert len(sink.diagnostics[0].message) < 300
