"""Blocks of a log: which form a sequence, which operation takes it, what is said where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.workareas import changes, contents, nodes_area, numbers, plain, requests, words

from dtovl.replay.dumps import Block, Header
from dtovl.replay.encode import encode_connector, encode_nodes, encode_properties
from dtovl.replay.sequences import Placed, assemble, is_binary, read_areas
from dtovl.replay.stream import (
    ADD,
    DELETE,
    SET,
    UPDATE,
    Change,
    Clock,
    Content,
    LooseUpdate,
    Operation,
    Stream,
)
from dtovl.replay.workarea import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.replay.stream import Item

DRC = 0x2F000001


class Log:
    """A log of blocks; each takes ten lines."""

    def __init__(self) -> None:
        self.stream = Stream()
        self.placed: list[Placed] = []
        self._line = 1

    def block(self, call: str, rc: int, data: bytes | None, **fields: int) -> Log:
        header = Header(self._line, call, rc, clock=Clock("kernel", self._line), **fields)
        self.placed.append(Placed(len(self.stream.items), Block(header, data)))
        self._line += 10
        return self

    def nodes(self, *numbers: int, rc: int = 0, **fields: int) -> Log:
        return self.block("update-nodes", rc, nodes_area(*numbers), **fields)

    def answers(self, call: str, answers: Iterable[Answer], **fields: int) -> Log:
        for answer in answers:
            self.block(call, answer.status, answer.data, **fields)
        return self

    def properties(self, node: int, name: str = "x", value: bytes = b"\1", path: str = "/n") -> Log:
        told = encode_properties(node, path, [Change(name, SET, value)])
        return self.answers("update-properties", told, phandle=node)

    def connector(self, name: str, drc: int = DRC) -> Log:
        return self.answers("configure-connector", encode_connector(drc, Content(name)), drc=drc)

    def text(self, operation: Operation) -> Log:
        self.stream.items.append(operation)
        return self

    def read(self) -> Stream:
        assemble(self.stream, self.placed)
        return self.stream


def told(item: Item) -> tuple[object, ...]:
    match item:
        case Operation(kind="add"):
            return ("add", item.line, item.parent, item.drc, item.content and item.content.name)
        case Operation():
            return (item.kind, item.line, item.phandle, item.changes and item.changes[0].name)
        case LooseUpdate():
            return ("loose", item.line, item.phandle, item.changes[0].name)
    return (type(item).__name__, item.line)


def items(log: Log) -> list[tuple[object, ...]]:
    return [told(item) for item in log.read().items]


def notes(stream: Stream) -> list[tuple[str, int | None, str | None]]:
    return [(note.code, note.line, note.path) for note in stream.notes]


def problems(stream: Stream) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.line) for problem in stream.problems]


class TestOperations:
    def test_each_carries_the_line_and_clock_of_its_block(self) -> None:
        log = Log().nodes(0x01000001, 5, rc=1).nodes(0x02000001, 6, 0x03000001, 7, DRC)
        stream = log.read()
        assert [told(item) for item in stream.items] == [
            ("delete", 1, 5, None),
            ("update", 11, 6, None),
            ("add", 11, 7, DRC, None),
        ]
        assert [item.clock for item in stream.items if isinstance(item, Operation)] == [
            Clock("kernel", 1),
            *[Clock("kernel", 11)] * 2,
        ]
        assert not stream.notes

    def test_the_scope_is_the_last_one_told(self) -> None:
        log = Log().nodes(0x01000001, 5)
        log.nodes(0x01000001, 6, scope=-2).text(Operation(DELETE, 15, phandle=9))
        log.nodes(0x01000001, 7).text(Operation(DELETE, 25, phandle=9, ofdt=True)).nodes(scope=3)
        found = [item for item in log.read().items if isinstance(item, Operation)]
        assert [item.scope for item in found] == [1, -2, -2, -2, 1]

    def test_a_block_after_a_completed_sequence_is_another_session(self) -> None:
        log = Log().nodes(0x01000001, 5, rc=1).nodes(rc=0).nodes(0x01000001, 6, rc=-1)
        log.nodes(0x01000001, 7)
        found = items(log)
        assert found == [
            ("delete", 1, 5, None),
            ("SessionEnd", 21),
            ("SessionEnd", 31),
            ("delete", 31, 7, None),
        ]

    def test_operations_stand_where_their_block_stands(self) -> None:
        log = Log().nodes(0x01000001, 5, rc=1).text(Operation(DELETE, 8, phandle=6))
        log.nodes(0x01000001, 7).text(Operation(DELETE, 18, phandle=8))
        assert [entry[2] for entry in items(log)] == [5, 6, 7, 8]

    def test_a_malformed_block_is_told_at_its_own_header(self) -> None:
        log = Log().nodes(0x01000001, 5, rc=1).nodes(0x01000001, 6, 0x01000400, rc=0)
        assert [entry[2] for entry in items(log)] == [5, 6]
        assert problems(log.stream) == [("PS205", 11)]

    def test_remarks_stand_at_their_own_header(self) -> None:
        log = (
            Log().nodes(0x04000000, rc=1).block("update-nodes", 1, b"\1" * 16 + b"\1\0\0\0" * 1020)
        )
        log.nodes(rc=-3)
        assert notes(log.read()) == [("PS146", 1, None), ("PS147", 11, None), ("PS143", 21, None)]


class TestChanges:
    def test_the_nth_operation_takes_the_nth_sequence_wherever_it_stands(self) -> None:
        log = Log().properties(5, "first").properties(6, "other")
        log.nodes(0x02000001, 5, 0x02000002, 6, 5, 0x02000001, 5).properties(5, "second")
        assert items(log) == [
            ("update", 21, 5, "first"),
            ("update", 21, 6, "other"),
            ("update", 21, 5, "second"),
            ("update", 21, 5, None),
        ]

    def test_operations_of_the_text_take_sequences_too(self) -> None:
        log = Log().text(Operation(UPDATE, 1, phandle=5, ofdt=True))
        log.text(Operation(UPDATE, 2, phandle=5)).properties(5)
        assert [entry[3] for entry in items(log)] == [None, "x"]

    def test_a_sequence_goes_on_while_the_return_code_is_1(self) -> None:
        answers = encode_properties(5, "/n", [Change("x", SET, bytes(5000))])
        log = Log().answers("update-properties", answers, phandle=5).nodes(0x02000001, 5)
        (found,) = log.read().items
        assert isinstance(found, Operation)
        assert found.changes == [Change("x", SET, bytes(5000))]
        assert found.path == "/n"

    def test_sequences_of_two_nodes_may_interleave(self) -> None:
        one = encode_properties(5, None, [Change("x", SET, bytes(5000))])
        two = encode_properties(6, None, [Change("y", SET, bytes(5000))])
        log = Log().nodes(0x02000002, 5, 6)
        for first, second in zip(one, two, strict=True):
            log.answers("update-properties", [first], phandle=5)
            log.answers("update-properties", [second])  # its area tells the number
        assert [entry[3] for entry in items(log)] == ["x", "y"]

    def test_what_no_operation_takes_is_loose_and_last(self) -> None:
        log = Log().properties(5).nodes(0x01000001, 7).text(Operation(DELETE, 18, phandle=8))
        assert items(log)[2:] == [("loose", 1, 5, "x")]
        assert notes(log.stream) == [("PS138", 1, "/n")]

    def test_no_block_and_a_block_that_changes_nothing(self) -> None:
        nothing = encode_properties(5, "/n", [])
        log = Log().nodes(0x02000002, 5, 6).answers("update-properties", nothing, phandle=5)
        found = [item.changes for item in log.read().items if isinstance(item, Operation)]
        assert found == [[], None]
        assert not log.stream.notes

    def test_a_malformed_sequence_is_told_at_its_first_header(self) -> None:
        log = Log().nodes(0x02000001, 5)
        log.block("update-properties", 1, words(5, 0, 0, 0, 0), phandle=5)
        log.block("update-properties", 0, words(6, 0, 0, 0, 0), phandle=5)
        assert items(log) == []
        assert problems(log.stream) == [("PS206", 11)]
        assert "line 21" in log.stream.problems[0].message

    def test_remarks_of_a_sequence(self) -> None:
        piece = (
            words(5, 0, 0, 0, 2) + b"\0" + words(3) + b"/n\0" + b"x\0" + words(0xFFFFFFFF) + b"1"
        )
        log = Log().nodes(0x02000001, 5).block("update-properties", 1, piece, phandle=5)
        log.block("update-properties", -1, b"", phandle=5)
        assert notes(log.read()) == [("PS143", 21, None), ("PS148", 11, "/n")]

    def test_a_dump_that_cannot_be_read_still_counts(self) -> None:
        log = Log().nodes(0x02000002, 5, 5).block("update-properties", 0, None, phandle=5)
        assert items(log.properties(5, "second")) == [("update", 1, 5, "second")]


class TestContents:
    def test_the_nth_add_takes_the_nth_sequence(self) -> None:
        log = Log().connector("a").connector("b", 7)
        log.nodes(0x03000003, 1, DRC, 2, DRC, 3, 7).connector("c")
        assert [entry[4] for entry in items(log)] == ["a", "c", "b"]

    def test_an_error_code_refuses_the_add(self) -> None:
        log = Log().nodes(0x03000002, 1, DRC, 2, DRC)
        answers = encode_connector(DRC, Content("a"))
        log.answers("configure-connector", [answers[0], Answer(-9003, b"")], drc=DRC).connector("b")
        first, second = log.read().items
        assert isinstance(first, Operation)
        assert (first.refused, first.content) == (True, None)
        assert told(second)[4] == "b"
        assert notes(log.stream) == [("PS143", 21, None)]

    def test_a_sequence_that_no_add_takes_is_checked(self) -> None:
        log = Log().connector("a")
        log.answers("configure-connector", encode_connector(7, Content("b"))[:-1], drc=7)
        stream = log.nodes(0x01000001, 5).read()
        assert [told(item)[0] for item in stream.items] == ["delete"]
        assert problems(stream) == [("PS207", 21)]

    def test_a_second_first_child_is_told_at_the_first_header(self) -> None:
        first, last = encode_connector(DRC, Content("a"))
        parent = Answer(4, b"")
        log = Log().nodes(0x03000001, 1, DRC)
        log.answers("configure-connector", [first, first, parent, first, last], drc=DRC)
        assert notes(log.read()) == [("PS154", 11, None)]


@given(requests, st.dictionaries(numbers, changes, max_size=3), st.lists(contents(1), max_size=3))
def test_a_whole_migration_comes_back(
    wanted: list[Request], updates: dict[int, list[Change]], adds: list[Content]
) -> None:
    wanted = [Request(DELETE, 0, 1)] + [one for one in wanted if one.kind == DELETE]
    wanted += [Request(UPDATE, 0, node) for node in updates]
    wanted += [Request(ADD, 0, 9, DRC + number) for number in range(len(adds))]
    log = Log().answers("update-nodes", encode_nodes(wanted, limit=16), scope=1)
    for number, node in enumerate(adds):
        drc = DRC + number
        log.answers("configure-connector", encode_connector(drc, node), drc=drc)
    for phandle, told in updates.items():
        log.answers(
            "update-properties", encode_properties(phandle, None, told, room=80), phandle=phandle
        )
    stream = log.read()
    assert not stream.problems
    assert not stream.notes
    found = [item for item in stream.items if isinstance(item, Operation)]
    assert [(item.kind, item.parent if item.kind == ADD else item.phandle) for item in found] == [
        (one.kind, one.phandle) for one in wanted
    ]
    assert [item.changes for item in found if item.kind == UPDATE] == list(updates.values())
    assert [plain(item.content) for item in found if item.kind == ADD] == [plain(a) for a in adds]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("update-nodes", "update-properties", "configure-connector")),
            st.integers(-3, 5),
            st.none() | st.binary(max_size=60),
        ),
        max_size=10,
    )
)
def test_any_blocks(blocks: list[tuple[str, int, bytes | None]]) -> None:
    log = Log()
    for call, rc, data in blocks:
        log.block(call, rc, data)
    log.read()


class TestBinary:
    def test_update_nodes_is_one_sequence(self) -> None:
        answers = encode_nodes([Request(DELETE, 0, 5), Request(ADD, 0, 1, DRC)], limit=4)
        assert len(answers) == 2
        stream = read_areas(b"".join(answer.data for answer in answers), "ibm,update-nodes")
        assert [told(item) for item in stream.items] == [
            ("delete", None, 5, None),
            ("add", None, 1, DRC, None),
        ]

    def test_update_properties_are_cut_into_sequences(self) -> None:
        data = b"".join(
            answer.data
            for node, name in ((5, "a"), (5, "b"), (6, "c"))
            for answer in encode_properties(node, "/n", [Change(name, SET, bytes(5000))])
        )
        assert len(data) == 4096 * 6
        stream = read_areas(data, "update-properties")
        assert not stream.notes
        assert [told(item) for item in stream.items] == [
            ("update", None, 5, "a"),
            ("update", None, 5, "b"),
            ("update", None, 6, "c"),
        ]

    @pytest.mark.parametrize("call", [None, "configure-connector", "ibm,unknown", ""])
    def test_a_call_must_be_named(self, call: str | None) -> None:
        assert problems(read_areas(bytes(4096), call)) == [("PS205", None)]

    @pytest.mark.parametrize("size", [0, 1, 4095, 4097])
    def test_a_file_is_whole_areas(self, size: int) -> None:
        assert problems(read_areas(bytes(size), "update-nodes")) == [("PS205", None)]

    def test_problems_have_no_line(self) -> None:
        area = nodes_area(0x01000400).ljust(4096, b"\0")
        assert problems(read_areas(area, "update-nodes")) == [("PS205", None)]

    def test_what_is_text(self) -> None:
        for head in (b"\0\0\0\0", b"\xff\xff\xff\xf4", b"ab\0c", b"\x01\0\0\0", b"\x7fELF"):
            assert is_binary(head)
        for text in (b"", b"rtas", b"\n[ 1", b"> \tx", "…ab".encode(), "abc…".encode()):
            assert not is_binary(text)

    @given(
        st.binary(max_size=60),
        st.integers(1, 3),
        st.sampled_from(("update-nodes", "update-properties")),
    )
    def test_any_bytes(self, data: bytes, areas: int, call: str) -> None:
        read_areas(((data or b"\0") * 4096 * areas)[: 4096 * areas], call)
