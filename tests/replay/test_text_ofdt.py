"""Writes to /proc/ppc64/ofdt and drmgr's debug log (rows P038, P039, P044)."""

from __future__ import annotations

import pytest
from support.logs import notes, only, operations, problems, read, shown

from dtovl.replay.stream import NAME_ONLY, REMOVE, SET, Change, SessionEnd

GOOD = "remove_node /a"


class TestOfdt:
    """P039: what user space writes."""

    @pytest.mark.parametrize(
        ("text", "path"),
        [
            ("/a/b", "/a/b"),
            ("/proc/device-tree/a", "/a"),
            ("/sys/firmware/devicetree/base/a/", "/a"),
            ("/proc/device-tree", "/"),
            ("/proc/device-treeX", "/proc/device-treeX"),
            ("/", "/"),
        ],
    )
    def test_paths(self, text: str, path: str) -> None:
        found = only(f"remove_node {text}")
        assert (found.kind, found.path, found.phandle, found.ofdt) == ("delete", path, None, True)

    def test_a_node_with_properties(self) -> None:
        found = only(
            rb"add_node /proc/device-tree/x/y a 3 b c empty 0  d 4 \x00\xfF\s\\ e 1 =\0"[:-2]
        )
        assert (found.kind, found.path, found.parent_path) == ("add", "/x/y", "/x")
        assert found.content is not None
        assert found.content.name == "y"
        assert found.content.properties == [
            ("a", b"b c"),
            ("empty", b""),
            ("d", b"\0\xff \\"),
            ("e", b"="),
        ]

    def test_all_escapes_and_bytes(self) -> None:
        found = only(b"update_property 1 a 9 \\0\\n\\t\\\\\\s\\x7fx\xc3\xa9")
        assert found.changes == [Change("a", SET, b"\0\n\t\\ \x7fx\xc3\xa9")]

    @pytest.mark.parametrize(
        ("digits", "phandle"),
        [
            ("0xFFFFFFF5", 0xFFFFFFF5),
            ("4294967295", 0xFFFFFFFF),
            ("010", 8),
            ("0", 0),
            ("0x00000000000010", 16),
        ],
    )
    def test_numbers_in_any_base(self, digits: str, phandle: int) -> None:
        assert only(f"remove_property {digits} p").phandle == phandle

    def test_changes(self) -> None:
        stream = read("update_property 1 a 1 b", "add_property 1 a 1 b", "remove_property 1 a")
        assert [op.changes for op in operations(stream)] == [
            [Change("a", SET, b"b")],
            [Change("a", SET, b"b", exclusive=True)],
            [Change("a", REMOVE, required=True)],
        ]

    def test_values_end_with_a_blank_or_the_line(self) -> None:
        for text in ("e 0 ", "e 0", "e 000 "):
            assert only(f"update_property 1 {text}").changes == [Change("e", SET, b"")]
        assert only("update_property 1 e 3  x ").changes == [Change("e", SET, b" x ")]
        assert only("update_property 1 e 1 a  ").changes == [Change("e", SET, b"a")]

    @pytest.mark.parametrize(
        "text",
        [
            "remove_node",
            "remove_node a",
            "remove_node /a /b",
            "add_node a b 1 c",
            "add_node /a b",
            "add_node /a b 1",
            "add_node /a b 2 c",
            "add_node /a b 1 cd",
            "add_node /a b 1 c d",
            "add_node /a b x c",
            "add_node /a b -1 c",
            "add_node /a b 99999999999999999999 c",
            r"add_node /a b 1 \q",
            r"add_node /a b 1 \x1",
            r"add_node /a b 1 \xg1",
            "add_node /a b 1 \\",
            "update_property here b 1 c",
            "update_property 08 b 1 c",
            "update_property 4294967296 b 1 c",
            "update_property 0x100000000 b 1 c",
            "update_property 1",
            "update_property 1 b 1 c d 1 e",
            "add_property 1 b 2 c",
            "remove_property 1",
            "remove_property 1 a b",
            "remove_property x a",
        ],
    )
    def test_malformed(self, text: str) -> None:
        """P044: each with its number, and the others with theirs."""
        stream = read(GOOD, text, "remove_node")
        assert problems(stream) == [("PS203", 2), ("PS203", 3)]
        assert "expected" in stream.problems[0].message

    def test_commands_after_other_words_are_passed_over(self) -> None:
        assert shown(read(GOOD, "echo remove_node /b", "remove_nodes /b", "<remove_node /b>")) == [
            (1, "delete", None, "/a")
        ]


class TestDrmgr:
    """P038: drmgr's own log."""

    def test_operations(self) -> None:
        stream = read(
            "Delete node with phandle fffffff5",
            "Update node with phandle 00001000",
            "Add node with parent phandle fffffffe and drc index 2f000001",
        )
        assert shown(stream) == [
            (1, "delete", 0xFFFFFFF5, None),
            (2, "update", 0x1000, None),
            (3, "add", None, None),
        ]
        add = operations(stream)[2]
        assert (add.parent, add.drc, add.ofdt) == (0xFFFFFFFE, 0x2F000001, False)

    def test_changes_belong_to_the_update_before_them(self) -> None:
        stream = read(
            "/x - updating property lost length 4",
            "Update node with phandle 1",
            "/x - updating property a length 4",
            "Delete node with phandle 3",
            "ibm,x-v1 - delete property b",
            "/x - name only property c",
            "Update node with phandle 2",
        )
        changes = [op.changes for op in operations(stream)]
        assert changes == [
            [Change("a", SET), Change("b", REMOVE), Change("c", NAME_ONLY)],
            None,
            None,
        ]
        assert stream.ignored == 1

    def test_separators_end_sessions(self) -> None:
        stream = read(
            "########## Oct 18 11:02:30 2021 ##########",
            "Update node with phandle 1",
            "########## Oct 18 11:02:32 2021 ##########\r",
            "/x - updating property a length 4",
            "##########",
        )
        assert [item for item in stream.items if isinstance(item, SessionEnd)] == [
            SessionEnd(1),
            SessionEnd(3),
        ]
        assert operations(stream)[0].changes is None

    def test_lines_that_repeat_others(self) -> None:
        stream = read(
            GOOD,
            "<update_property 4294967294 ibm,partition-no 000004 ...>",
            "ofdt update: remove_node /b",
            "Removing device-tree node /proc/device-tree/b",
            "Adding device-tree node /proc/device-tree/b",
            "op 0x7fffd5b0c7a0, *op 01000004",
            "   fffffff5",
        )
        assert len(operations(stream)) == 1
        assert stream.ignored == 2

    def test_unknown_operations(self) -> None:
        assert notes(read(GOOD, "Unknown update_nodes op 04000001")) == [("PS146", 2, None)]

    @pytest.mark.parametrize(
        "text",
        [
            "Delete node with phandle",
            "Delete node with phandle xyz",
            "Update node with phandle 123456789",
            "Add node with parent phandle 1",
            "Add node with parent phandle 1 and drc index",
        ],
    )
    def test_malformed(self, text: str) -> None:
        assert problems(read(GOOD, text)) == [("PS204", 2)]
