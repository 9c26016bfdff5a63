"""ibm,update-nodes and ibm,update-properties: each rule of their layouts (rows P001 to P018)."""

from __future__ import annotations

from struct import pack

from hypothesis import given
from hypothesis import strategies as st
from support.workareas import changes, names, nodes_area, numbers, requests, words

from dtovl.replay.encode import encode_nodes, encode_properties
from dtovl.replay.stream import ADD, DELETE, NAME_ONLY, REMOVE, SET, UPDATE, Change
from dtovl.replay.workarea import (
    UNKNOWN,
    Answer,
    Remark,
    Request,
    decode_nodes,
    decode_properties,
)

NODE = 0xFFFFFFF4
PATH = ("", "/facilities/compression")


def lists(*numbers: int) -> tuple[list[Request], list[str], str]:
    """Decode one area of ibm,update-nodes: requests, codes of the remarks, code of the fault."""
    return told(Answer(0, nodes_area(*numbers)))


def told(*answers: Answer) -> tuple[list[Request], list[str], str]:
    result = decode_nodes(answers)
    return result.requests, codes(result.remarks), result.fault.code if result.fault else ""


def codes(remarks: list[Remark]) -> list[str]:
    return [remark.code for remark in remarks]


def area(
    *descriptors: tuple[str, bytes | int], node: int = NODE, count: int | None = None
) -> bytes:
    """An area of ibm,update-properties; a number is a descriptor without value bytes."""
    data = b""
    for name, value in descriptors:
        data += name.encode("latin-1") + b"\0"
        data += words(value) if isinstance(value, int) else words(len(value)) + value
    return words(node, 0, 0, 0, len(descriptors) if count is None else count) + data


def piece(value: bytes) -> bytes:
    """A value that another piece follows, as area() takes it: its own length word is cut off."""
    return words(0x100000000 - len(value)) + value


def raw(name: str, tail: bytes) -> bytes:
    return name.encode() + b"\0" + tail


def raw_area(*descriptors: bytes) -> bytes:
    return words(NODE, 0, 0, 0, len(descriptors)) + b"".join(descriptors)


class TestNodes:
    def test_p001_lists_begin_after_16_bytes_and_end_at_the_terminator(self) -> None:
        data = words(7, 0x01000001, 1, 2) + words(0x01000001, 0x30, 0, 0x01000001, 0x40)
        assert told(Answer(0, data)) == ([Request(DELETE, 0, 0x30)], [], "")
        assert lists() == ([], [], "")

    def test_p001_a_terminator_may_have_any_low_bytes(self) -> None:
        assert lists(0x01000001, 0x30, 0x00ABCDEF, 0x01000001, 0x40) == (
            [Request(DELETE, 0, 0x30)],
            [],
            "",
        )

    def test_p002_calls_go_on_while_the_return_code_is_1(self) -> None:
        first, second = nodes_area(0x01000001, 0x30), nodes_area(0x02000001, 0x40)
        both = [Request(DELETE, 0, 0x30), Request(UPDATE, 1, 0x40)]
        assert told(Answer(1, first), Answer(0, second)) == (both, [], "")
        assert told(Answer(0, first), Answer(0, second)) == (both[:1], [], "")

    def test_p003_an_operator_with_count_0_does_nothing(self) -> None:
        assert lists(0x01000000, 0x03000000, 0x02000001, 9) == ([Request(UPDATE, 0, 9)], [], "")

    def test_p004_operands_of_unknown_opcodes_are_skipped(self) -> None:
        found = lists(0xFF000002, 0x01000001, 7, 0x02000001, 9)
        unknown = Request(UNKNOWN, 0, opcode=0xFF, operands=(0x01000001, 7))
        assert found == ([unknown, Request(UPDATE, 0, 9)], ["PS146"], "")

    def test_p005_lists_may_fill_the_area_without_terminator(self) -> None:
        found, remarks, fault = lists(0x01000000 | 1019, *range(1, 1020))
        assert [request.phandle for request in found] == list(range(1, 1020))
        assert (remarks, fault) == (["PS147"], "")

    def test_p006_operands_past_the_end(self) -> None:
        assert lists(0x02000001, 9, 0x01000400) == ([Request(UPDATE, 0, 9)], [], "PS205")
        assert lists(0x03000000 | 510)[2] == "PS205"  # 1020 words, 1019 are left

    def test_p007_adds_are_pairs(self) -> None:
        pairs = [Request(ADD, 0, 1, 2), Request(ADD, 0, 3, 4)]
        assert lists(0x03000002, 1, 2, 3, 4) == (pairs, [], "")
        assert lists(0x03000002, 1, 2) == ([pairs[0], Request(ADD, 0, 0, 0)], [], "")

    def test_p008_swapped_bytes_are_recognised(self) -> None:
        data = nodes_area(0x01000004, 0x30, 0xFFFFFFF4, 7, 8, 0x03000001, 5, 6, 0)
        for size in (2, 4):
            swapped = b"".join(data[at : at + size][::-1] for at in range(0, len(data), size))
            result = decode_nodes([Answer(0, swapped)])
            assert result.fault is not None
            assert result.fault.code == "PS205"
            assert "byte-swapped" in result.fault.message
            assert not result.requests

    def test_p008_an_area_with_a_known_operation_is_not_taken_as_swapped(self) -> None:
        # 0x04000001 is a delete list of 4 words when swapped.
        assert lists(0x02000001, 0x10, 0x04000001, 0x20)[2] == ""
        assert lists(0x04000001, 0x20)[2] == "PS205"

    def test_p009_an_error_ends_the_sequence(self) -> None:
        data = nodes_area(0x01000001, 0x30)
        for status in (-1, -2, -3, 2):
            found = told(Answer(1, data), Answer(status, data), Answer(0, data))
            assert found == ([Request(DELETE, 0, 0x30)], ["PS143"], "")

    @given(requests, st.integers(8, 1020))
    def test_encoded_requests_decode(self, wanted: list[Request], limit: int) -> None:
        result = decode_nodes(encode_nodes(wanted, limit=limit))
        found = [request._replace(answer=0) for request in result.requests]
        known = [request for request in wanted if request.kind != UNKNOWN]
        if len(known) < len(wanted) and result.fault:
            return  # an area of unknown opcodes, that look like known ones when swapped
        assert found == wanted
        assert result.fault is None
        assert codes(result.remarks) == ["PS146"] * (len(wanted) - len(known))

    @given(requests)
    def test_a_cut_area_gives_an_error_or_a_prefix(self, wanted: list[Request]) -> None:
        wanted = [request for request in wanted if request.kind != UNKNOWN]
        (answer,) = encode_nodes(wanted)
        used = answer.data.rstrip(b"\0")
        for size in range(len(used)):
            result = decode_nodes([Answer(0, used[:size])])
            equal = [a == b for a, b in zip(result.requests, wanted, strict=False)]
            same = equal.index(False) if False in equal else len(equal)
            # One request may have lost bytes; those after it are made of the zeros that fill up.
            assert not any(request.phandle for request in result.requests[same + 1 :])

    @given(st.binary(max_size=5000), st.integers(-3, 3))
    def test_any_bytes_decode(self, data: bytes, status: int) -> None:
        decode_nodes([Answer(1, data), Answer(status, data[::-1])])


class TestProperties:
    def test_p010_the_first_descriptor_is_the_path_and_counts(self) -> None:
        data = area(("", b"/a/b\0"), ("x", b"\1"))
        result = decode_properties([Answer(0, data)])
        assert (result.phandle, result.path) == (NODE, "/a/b")
        assert result.changes == [Change("x", SET, b"\1")]

    def test_p010_the_path_may_be_missing_and_may_come_again(self) -> None:
        assert decode_properties([Answer(0, area(("x", b"\1")))]).path is None
        again = [Answer(1, area(("", b"/a\0"))), Answer(0, area(("", b"/b\0"), ("x", b"\1")))]
        result = decode_properties(again)
        assert (result.path, len(result.changes), result.fault) == ("/a", 1, None)

    def test_p011_a_name_alone_and_a_deletion(self) -> None:
        result = decode_properties([Answer(0, area(("a", 0), ("b", 0x80000000), ("c", b"\3")))])
        assert result.changes == [
            Change("a", NAME_ONLY, b""),
            Change("b", REMOVE),
            Change("c", SET, b"\3"),
        ]

    def test_p012_pieces_join_over_descriptors_and_calls(self) -> None:
        first = raw_area(raw("a", piece(b"\1")), raw("a", piece(b"\2\3")))
        second = raw_area(raw("a", piece(b"\4")), raw("flag", words(0)), raw("a", words(1) + b"\5"))
        result = decode_properties([Answer(1, first), Answer(0, second)])
        assert result.changes == [Change("flag", NAME_ONLY, b""), Change("a", SET, b"\1\2\3\4\5")]
        assert (result.remarks, result.fault) == ([], None)

    def test_p013_descriptors_are_not_aligned(self) -> None:
        result = decode_properties([Answer(0, area(("x", b"123"), ("yy", b"4"), ("z", b"56")))])
        assert [change.value for change in result.changes] == [b"123", b"4", b"56"]

    def test_p014_pieces_of_two_names(self) -> None:
        for last in (words(1) + b"\2", piece(b"\2")):
            data = raw_area(raw("x", words(1) + b"\1"), raw("a", piece(b"\1")), raw("b", last))
            result = decode_properties([Answer(0, data)])
            assert result.fault is not None
            assert result.fault.code == "PS206"
            assert result.changes == [Change("x", SET, b"\1")]

    def test_p015_a_piece_that_never_ends(self) -> None:
        data = raw_area(raw("x", words(1) + b"\1"), raw("a", piece(b"\1")))
        for answers in ([Answer(0, data)], [Answer(1, data)], [Answer(1, data), Answer(-1, b"")]):
            result = decode_properties(answers)
            assert result.changes == [Change("x", SET, b"\1")]
            assert codes(result.remarks)[-1] == "PS148"

    def test_p015_a_delete_drops_a_piece_of_whatever_name(self) -> None:
        data = raw_area(
            raw("a", piece(b"\1")), raw("b", words(0x80000000)), raw("a", words(1) + b"\2")
        )
        result = decode_properties([Answer(0, data)])
        assert result.changes == [Change("b", REMOVE), Change("a", SET, b"\2")]
        assert codes(result.remarks) == ["PS148"]

    def test_p016_what_leaves_the_area(self) -> None:
        long = words(NODE, 0, 0, 0, 1) + b"a\0"
        fits = long + words(4070) + bytes(4070)
        assert decode_properties([Answer(0, fits)]).fault is None
        for data in (
            long + words(4071),  # one byte too many
            long + words(0x80000001),  # a piece of 2^31 - 1 bytes
            words(NODE, 0, 0, 0, 1) + b"a" * 4076,  # a name without NUL
            words(NODE, 0, 0, 0, 1) + b"a" * 4072 + b"\0",  # no room for the descriptor
        ):
            fault = decode_properties([Answer(0, data)]).fault
            assert fault is not None
            assert fault.code == "PS206"

    def test_p016_another_phandle(self) -> None:
        answers = [Answer(1, area(("x", b"\1"))), Answer(0, area(("x", b"\1"), node=5))]
        for result in (decode_properties(answers), decode_properties(answers[:1], 5)):
            assert result.fault is not None
            assert result.fault.code == "PS206"

    def test_a_property_needs_a_name(self) -> None:
        result = decode_properties([Answer(0, area(("x", b"\1"), ("", b"\1")))])
        assert result.fault is not None
        assert result.fault.code == "PS206"

    def test_p017_both_values_of_a_property_are_told(self) -> None:
        result = decode_properties([Answer(0, area(("a", b"\1"), ("a", b"\2")))])
        assert result.changes == [Change("a", SET, b"\1"), Change("a", SET, b"\2")]

    def test_p018_a_negative_return_code_keeps_what_came_before(self) -> None:
        answers = [Answer(1, area(("a", b"\1"))), Answer(-3, b"\xff" * 4096), Answer(0, b"")]
        result = decode_properties(answers)
        assert result.changes == [Change("a", SET, b"\1")]
        assert result.remarks == [Remark("PS143", 1, "ibm,update-properties returned -3")]

    @given(numbers, st.none() | names.map(lambda name: "/" + name), changes, st.integers(40, 4076))
    def test_encoded_changes_decode(
        self, node: int, path: str | None, wanted: list[Change], room: int
    ) -> None:
        result = decode_properties(encode_properties(node, path, wanted, room=room))
        assert (result.phandle, result.path, result.changes) == (node, path, wanted)
        assert (result.remarks, result.fault) == ([], None)

    @given(changes)
    def test_a_cut_area_gives_an_error_or_a_prefix(self, wanted: list[Change]) -> None:
        (answer,) = encode_properties(NODE, "/a", wanted)
        used = answer.data.rstrip(b"\0")
        for size in range(20, len(used)):
            result = decode_properties([Answer(0, used[:size])])
            found = result.changes
            assert len(found) <= len(wanted)
            assert found[:-1] == wanted[: len(found) - 1] if found else True

    @given(st.binary(max_size=5000), st.integers(0, 40))
    def test_any_bytes_decode(self, data: bytes, count: int) -> None:
        data = pack(">5I", NODE, 0, 0, 0, count) + data
        decode_properties([Answer(1, data), Answer(1, data[::-1]), Answer(0, data[20:])])
