"""Logs made to hurt: long lines, control bytes, cut files, lines in any order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.logs import only, problems, read, shown
from support.workareas import block, nodes_area

from dtovl.replay.read import read_stream
from dtovl.replay.stamps import clock_of, text_start
from dtovl.replay.stream import Operation, Stream

HEADER = "rtas ibm,update-nodes rc=0"
LONG = 1 << 20

LINES = [
    b"[  811.2] mobility: removing node /a:5",
    b">> mobility: removing node",
    b">> /ibm,platform-facilities/ibm,random-v1:4294967285",
    b"removing node /b:42949=",
    b"67285",
    b"7,1,5,-;mobility: ignoring add operation for /a",
    b"Oct 18 11:02:31 lp7 kernel: mobility: updating node /a property p",
    b"2021-10-18T11:02:31+02:00 mobility: Failed lookup: phandle 0x5 for action 0x1000000",
    b"...",
    b"$ tree -d /proc/device-tree/a",
    "├── b".encode(),
    b"1 directory",
    b"./b/of_node: broken symbolic link to",
    b"../../base/a/b",
    b"refcount_t: underflow; use-after-free.",
    rb"add_node /a/c p 3 \x00\n= q 0 ",
    b"update_property 0x5 p 1 x",
    b"Update node with phandle 00000005",
    b"/a - updating property p length 4",
    b"########## Oct 18 11:02:32 2021 ##########",
    *(row.encode() for row in block(HEADER, nodes_area(0x01000001, 17, 0x02000001, 5), "xxd")),
    b"ordinary words",
]
WHOLE = b"\n".join(LINES) + b"\n"


def of_stream(stream: Stream) -> list[tuple[str, int | None, str | None]]:
    """Show the operations of a stream, whatever its problems."""
    return [(o.kind, o.phandle, o.path) for o in stream.items if isinstance(o, Operation)]


class TestSize:
    @pytest.mark.parametrize(
        "line",
        [
            b" " * LONG,
            b"> " * LONG + b"x",
            b"[1.0] " * LONG,
            b"1,1,1,-" + b",a" * LONG,
            b"removing node /" + b":" * LONG,
            b"updating node /" + b" property a" * (LONG // 8) + b" b",
            b"x" + b"/of_node: broken symbolic link to /" * (LONG // 16),
            b"/" + b" - updating property" * (LONG // 16),
            b"########## a ##########" + b" " * LONG + b"x",
            b"a.b" * LONG,
            b"add_node /x " + b"a 1 b " * (LONG // 4),
            b"add_node /x a 9999999 " + b"\\x0" * LONG,
            b"update_property " + b"0" * LONG + b"x",
            b"$ tree -d /proc/device-tree\n|-- a" + b" " * LONG + b"b",
            b"rtas ibm,update-nodes " + b"rc=0 " * LONG,
            b"rtas ibm,update-nodes rc=0\n00000000:" + b" " * LONG + b"x",
            b"Delete node with phandle " + b"0" * LONG,
            b"{" + b" " * LONG + b"x",
        ],
        ids=lambda line: line[:16].decode("latin-1"),
    )
    def test_long_lines(self, line: bytes) -> None:
        """A line costs no more than in proportion to its length, or this would not end."""
        read_stream(line, "log")

    def test_long_paths_are_kept(self) -> None:
        path = "/" + "a" * LONG
        assert only(f"removing node {path}:5").path == path

    def test_soft_breaks_without_end_are_joined_to_a_bound(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("dtovl.replay.mail._MAX_JOINED", 22)
        broken = [b"removing node /aaaa=", b"b:5=", b"removing node /c:6"]
        assert shown(read(*broken)) == [(1, "delete", 5, "/aaaab"), (3, "delete", 6, "/c")]


class TestBytes:
    def test_control_bytes_are_part_of_names(self) -> None:
        assert (
            only(b"removing node /\x1b]0;x\x07[red]\x00\x85:5").path == "/\x1b]0;x\x07[red]\0\udc85"
        )
        assert only(b"remove_node /\x0b\x0c\x1c").path == "/\x0b\x0c\x1c"

    def test_only_line_feeds_end_lines(self) -> None:
        assert len(shown(read(b"removing node /a\rremoving node /b:5"))) == 1

    def test_cut_at_every_byte(self) -> None:
        """A part of a log is an error, or a beginning of what the whole has."""
        whole = of_stream(read_stream(WHOLE, "log"))
        assert len(whole) >= 10
        for end in range(len(WHOLE)):
            stream = read_stream(WHOLE[:end], "log")
            found = of_stream(stream)
            if not stream.problems:
                assert found[:-1] == whole[: len(found) - 1]
                assert found[-1][0] == whole[len(found) - 1][0]

    @given(st.binary(max_size=300))
    def test_anything(self, data: bytes) -> None:
        stream = read_stream(data, "log")
        assert stream.problems or of_stream(stream)

    @given(st.lists(st.sampled_from(LINES), max_size=30), st.data())
    def test_lines_in_any_order_and_damaged(self, lines: list[bytes], data: st.DataObject) -> None:
        text = bytearray(b"\n".join(lines))
        for place in data.draw(st.lists(st.integers(0, max(0, len(text) - 1)), max_size=3)):
            text[place : place + 1] = data.draw(st.binary(max_size=2))
        stream = read_stream(bytes(text), "log", keep_going=True)
        total = bytes(text).count(b"\n") + 1
        assert 0 <= stream.ignored <= total
        assert all(1 <= (item.line or 1) <= total for item in stream.items)
        assert [p.line or 0 for p in stream.problems] == sorted(
            p.line or 0 for p in stream.problems
        )

    @given(
        st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=40),
        st.integers(1, 0xFFFFFFFF),
    )
    def test_any_path_comes_back(self, name: str, phandle: int) -> None:
        path = "/" + "".join(name.replace("\t", " ").split(" "))
        found = only(f"[ 1.5] mobility: removing node {path}:{phandle}")
        assert (found.path, found.phandle) == (path, phandle)

    @given(st.binary(max_size=60))
    def test_values_come_back_through_escapes(self, value: bytes) -> None:
        escaped = b"".join(b"\\x%02x" % byte for byte in value)
        found = only(b"update_property 1 a %d %s" % (len(value), escaped))
        assert found.changes
        assert found.changes[0].value == value

    @given(st.binary(max_size=60))
    def test_stamps_of_anything(self, data: bytes) -> None:
        start = text_start(data)
        assert 0 <= start <= len(data)
        clock_of(data[:start])
        clock_of(data)


def test_problems_do_not_hide_operations() -> None:
    stream = read("removing node /a:x", "removing node /b:1", keep_going=True)
    assert problems(stream) == [("PS204", 1)]
    assert of_stream(stream) == [("delete", 1, "/b")]
