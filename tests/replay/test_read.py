"""Telling formats apart, mixed files, the list of problems (rows P043 and P044)."""

from __future__ import annotations

from io import BytesIO

import pytest
from support.logs import operations, problems, read, shown
from support.workareas import block, nodes_area

from dtovl.replay import read as reading
from dtovl.replay.read import MAX_PROBLEMS, read_stream
from dtovl.replay.stream import Gap, Operation, SessionEnd

HEADER = "rtas ibm,update-nodes rc=0"
LIST = b"dtovl-replay: 1\nops:\n  - delete: 0x10\n"
LOG = b"[ 1.0] mobility: removing node /a:5\n"


class TestFormats:
    @pytest.mark.parametrize(
        "text",
        [
            LIST,
            b"# a comment\n\n---\n" + LIST,
            b"\xef\xbb\xbf" + LIST,
            LIST.replace(b"\n", b"\r\n"),
            b'{"dtovl-replay": 1, "ops": [{"delete": 16}]}',
            b'{\n  "dtovl-replay": 1,\n  "ops": [{"delete": 16}]}',
        ],
    )
    def test_operation_lists(self, text: bytes) -> None:
        (found,) = operations(read_stream(text, "list"))
        assert (found.kind, found.phandle) == ("delete", 16)

    def test_a_list_without_its_first_key_is_no_log(self) -> None:
        found = read_stream(b"ops:\n  - delete: 0x10\n", "list")
        assert {code for code, _ in problems(found)} == {"PS202"}

    @pytest.mark.parametrize(
        "text", [LOG, b"\xef\xbb\xbf" + LOG, b"# note\n\n" + LOG, b"\n" * 3000 + LOG, b"{\n" + LOG]
    )
    def test_logs(self, text: bytes) -> None:
        (found,) = operations(read_stream(text, "log"))
        assert (found.line, found.path) == (text.count(b"\n"), "/a")

    def test_work_areas(self) -> None:
        area = nodes_area(0x01000001, 16).ljust(4096, b"\0")
        (found,) = operations(read_stream(area, "wa.bin", "update-nodes"))
        assert (found.kind, found.phandle, found.line) == ("delete", 16, None)
        stream = read_stream(area, "wa.bin")
        assert problems(stream) == [("PS205", None)]
        assert "--call" in stream.problems[0].message

    def test_binary_that_is_nothing(self) -> None:
        stream = read_stream(bytes(100), "x")
        assert problems(stream) == [("PS201", None)]
        assert "neither text nor work areas" in stream.problems[0].message

    def test_a_call_says_that_binary_is_meant_as_work_areas(self) -> None:
        assert problems(read_stream(bytes(100), "x", "update-nodes")) == [("PS205", None)]
        area = (b"text" + nodes_area(0x01000001, 16)[4:]).ljust(4096, b"\0")
        assert shown(read_stream(area, "x", "update-nodes")) == [(None, "delete", 16, None)]
        assert problems(read_stream(area, "x")) == [("PS201", None)]

    def test_areas_that_ask_for_nothing(self) -> None:
        found = read_stream(bytes(4096), "x", "update-nodes")
        assert problems(found) == [("PS201", None)]
        assert found.problems[0].message == "the work areas ask for nothing"

    def test_what_is_read_whole_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        area = nodes_area(0x01000001, 5, 0).ljust(4096, b"\0")
        assert not problems(read_stream(area * 2, "areas", "update-nodes"))
        monkeypatch.setattr(reading, "MAX_BLOB_BYTES", 8191)
        monkeypatch.setattr(reading, "MAX_LIST_CHARACTERS", len(LIST) // 4)
        for data, code in ((area * 2, "PS205"), (LIST, "PS202")):
            found = read_stream(data, "large", "update-nodes")
            assert problems(found) == [(code, None)]
            assert "too large" in found.problems[0].message
        # A log is read line by line.
        assert not problems(read_stream(LOG * 1000, "log"))

    def test_comments_before_a_list_have_a_bound(self) -> None:
        assert problems(read_stream(b"#\n" * 2000 + LIST, "x")) == [("PS201", None)]

    @pytest.mark.parametrize("name", ["update-nodes", None])
    def test_a_log_is_a_log_whatever_the_call(self, name: str | None) -> None:
        assert len(operations(read_stream(LOG, "log", name))) == 1

    def test_a_log_that_begins_with_noise(self) -> None:
        assert len(operations(read_stream(b"\0\0\0\n" + LOG, "log"))) == 1

    @pytest.mark.parametrize("text", [b"", b"\n", b"#\n", b"Linux version 6.1.0\n"])
    def test_nothing_to_replay(self, text: bytes) -> None:
        """P043."""
        assert problems(read_stream(text, "log")) == [("PS201", None)]

    def test_lines_of_a_file_are_as_good_as_its_bytes(self) -> None:
        text = LOG + b"...\n" + LOG
        assert shown(read_stream(BytesIO(text), "log")) == shown(read_stream(text, "log"))


class TestMixed:
    def test_all_forms_in_one_log(self) -> None:
        lines = [
            "Delete node with phandle 00000010",
            *block(HEADER, nodes_area(0x01000001, 17, 0x02000001, 18), "xxd"),
            "remove_node /b",
            "[ 5.0] mobility: removing node /c:19",
            "...",
        ]
        stream = read(*lines)
        below = len(lines) - 2
        assert shown(stream) == [
            (1, "delete", 16, None),
            (2, "delete", 17, None),
            (2, "update", 18, None),
            (below, "delete", None, "/b"),
            (below + 1, "delete", 19, "/c"),
        ]
        assert stream.items[-1] == Gap(len(lines))

    def test_lines_between_dump_lines(self) -> None:
        first, *rows = block(HEADER, nodes_area(0x01000001, 17), "xxd")
        lines = [first]
        for number, row in enumerate(rows):
            lines += [row, "[ 1.0] usb 1-1: new device", f"[ 2.0] added node /n:{number + 1}"]
        stream = read(*lines)
        assert [op.kind for op in operations(stream)] == ["delete", *["add"] * len(rows)]
        assert stream.ignored == len(rows)

    def test_quoted_dumps_with_stamps(self) -> None:
        lines = block(HEADER, nodes_area(0x01000001, 17), "xxd")
        quoted = read(*(f">> [ 812.5] {line}" for line in lines))
        (found,) = operations(quoted)
        assert (found.phandle, found.clock and found.clock.seconds) == (17, 812.5)

    def test_a_second_sequence_is_another_session(self) -> None:
        lines = block(HEADER, nodes_area(0x01000001, 17), "xxd")
        stream = read(*lines, *lines)
        assert [type(item) for item in stream.items] == [Operation, SessionEnd, Operation]

    def test_areas_are_not_decoded_below_malformed_lines(self) -> None:
        damaged = block(HEADER, nodes_area(0x01000001, 17), "xxd")
        damaged[2] = "00000010: 0100 0400 ffff fff5"
        assert problems(read(*damaged)) == [("PS205", 1)]
        assert problems(read("removing node", *damaged)) == [("PS204", 1)]
        damaged[2] = "00000010: 0100 04xx"
        assert problems(read("removing node", *damaged)) == [("PS204", 1), ("PS205", 2)]

    def test_a_header_that_is_wrong(self) -> None:
        rows = block("rtas ibm,update-nodes", nodes_area(0x01000001, 17), "xxd")
        stream = read("remove_node /a", *rows)
        assert problems(stream) == [("PS205", 2)]


class TestProblems:
    """P044: all of them, in order, at most 20."""

    def test_all_are_listed(self) -> None:
        stream = read("removing node /a:x", "ok", "remove_node", "added node /b:1", "removing node")
        assert problems(stream) == [("PS204", 1), ("PS203", 3), ("PS204", 5)]

    def test_at_most_twenty_but_when_going_on(self) -> None:
        lines = ["removing node /a:x"] * 50
        assert problems(read(*lines)) == [("PS204", line + 1) for line in range(MAX_PROBLEMS)]
        assert len(read(*lines, keep_going=True).problems) == 50

    def test_going_on_skips_what_is_bad(self) -> None:
        rows = block(HEADER, nodes_area(0x01000001, 17), "xxd")
        stream = read("removing node /a:x", "removing node /a:1", *rows, keep_going=True)
        assert [item.line for item in stream.items if isinstance(item, Operation)] == [2, 3]
        assert problems(stream) == [("PS204", 1)]
