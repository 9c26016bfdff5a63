"""Kernel messages in logs: stamps, wraps, quoted mail, evidence (rows P030 to P037, P044)."""

from __future__ import annotations

import pytest
from support.logs import listed, notes, only, operations, problems, read, shown

from dtovl.replay.stream import SET, Change, Clock, Gap, Listing, NamedHolder

DELETE = "mobility: removing node /cpus/l2-cache@2000:8192"
OLD = (1, "delete", 8192, "/cpus/l2-cache@2000")


class TestStamps:
    """P030: what stands before a message."""

    @pytest.mark.parametrize(
        ("before", "clock"),
        [
            ("", None),
            ("  ", None),
            ("[  811.210882] ", ("kernel", 811.210882)),
            ("[  811.210882][ T1706] ", ("kernel", 811.210882)),
            ("[    5.000001][    C3]   ", ("kernel", 5.000001)),
            ("<6>", None),
            ("<7>[  811.210882] ", ("kernel", 811.210882)),
            ("7,1441,811204117,-;", ("kernel", 811.204117)),
            ("7,1441,811204117,c,caller=T1706;", ("kernel", 811.204117)),
            ("Oct 18 11:02:31 lp7 kernel: ", ("journald", 291 * 86400 + 39751)),
            ("Mar  1 00:00:00 lp7 kernel: ", ("journald", 60 * 86400)),
            ("Oct 18 11:02:31.250000 lp7 drmgr[17]: ", ("journald", 291 * 86400 + 39751.25)),
            ("Oct 18 11:02:31 lp7 kernel: [  811.210882] ", ("kernel", 811.210882)),
            ("[  811.2] Oct 18 11:02:31 lp7 kernel: ", ("journald", 291 * 86400 + 39751)),
            ("<7><6>[1.5] 7,1,2,-;", ("kernel", 0.000002)),
            ("> > [  811.210882] ", ("kernel", 811.210882)),
        ],
    )
    def test_forms(self, before: str, clock: tuple[str, float] | None) -> None:
        found = only(before + DELETE)
        assert (found.line, found.kind, found.phandle, found.path) == OLD
        assert found.clock == (None if clock is None else Clock(*clock))

    def test_iso_dates_with_zones_are_one_clock(self) -> None:
        first, second, third, last, wall = operations(
            read(
                "2021-10-18T11:02:31+0200 lp7 kernel: " + DELETE,
                "2021-10-18T09:02:31,500000+00:00 " + DELETE,
                "2021-10-18 04:32:32.5-04:30 lp7 kernel[1]: " + DELETE,
                "2024-03-01T00:00:00Z " + DELETE,
                "[Fri Mar  1 00:00:01 2024] " + DELETE,
            )
        )
        kinds = {op.clock and op.clock.kind for op in (first, second, third, last, wall)}
        assert kinds == {"iso"}
        start = first.clock.seconds if first.clock else 0
        later = [op.clock.seconds - start for op in (second, third, last, wall) if op.clock]
        assert later == [0.5, 1.5, 74703449.0, 74703450.0]

    @pytest.mark.parametrize(
        "text",
        [
            "2021-13-18T11:02:31Z " + DELETE,
            "2021-02-00T11:02:31Z " + DELETE,
            "0000-01-01T11:02:31Z " + DELETE,
            "[Fri Foo  1 00:00:01 2024] " + DELETE,
        ],
    )
    def test_a_stamp_that_is_no_date_is_no_clock(self, text: str) -> None:
        assert only(text).clock is None

    @pytest.mark.parametrize(
        "text",
        [
            "Oct 18 11:02:31 " + DELETE,  # no host and sender: the message does not begin there
            "kernel: " + DELETE,
            "[1.0] [2.0] [3.0] [4.0] [5.0] " + DELETE,
            "[  811.210882]" + DELETE,
            "the log says " + DELETE,
            "mobility: mobility: removing node /a:1",
            "mobility: removing nodes /a:1",
        ],
    )
    def test_a_message_after_other_words_is_passed_over(self, text: str) -> None:
        assert problems(read(text)) == [("PS201", None)]

    def test_records_of_kmsg_have_lines_that_go_on(self) -> None:
        stream = read("7,1,5,-;" + DELETE, " SUBSYSTEM=vio", " DEVICE=+vio:30000005")
        assert shown(stream) == [OLD]
        assert stream.ignored == 2
        assert stream.ignored_samples == [(2, " SUBSYSTEM=vio"), (3, " DEVICE=+vio:30000005")]

    def test_a_message_of_two_words_and_a_colon_is_not_taken_for_a_sender(self) -> None:
        text = "Failed lookup: phandle 0x1 for action 0x1000000"
        assert only("2021-10-18T11:02:31Z " + text).phandle == 1
        assert only("Oct 18 11:02:31 lp7 kernel: " + text).phandle == 1


class TestMessages:
    def test_each_message_of_an_operation(self) -> None:
        stream = read(
            "mobility: removing node /a:5",
            "mobility: ignoring remove operation for /b:6",
            "mobility: added node /c:7",
            "mobility: ignoring add operation for /d",
            "mobility: updating node / property system-id",
            "mobility: Failed lookup: phandle 0xfffffff5 for action 0x1000000",
            "mobility: Failed lookup: phandle 0x10 for action 0x2000000",
            "mobility: Failed lookup: phandle 0x11 for action 0x3000000",
        )
        assert shown(stream) == [
            (1, "delete", 5, "/a"),
            (2, "delete", 6, "/b"),
            (3, "add", 7, "/c"),
            (4, "add", None, "/d"),
            (5, "update", None, "/"),
            (6, "delete", 0xFFFFFFF5, None),
            (7, "update", 16, None),
            (8, "add", None, None),
        ]
        found = operations(stream)
        assert [op.typed for op in found] == [False] * 3 + [True] + [False] * 4
        assert found[4].changes == [Change("system-id", SET, None)]
        assert found[6].changes is None
        assert found[7].parent == 17
        assert not any(op.ofdt for op in found)

    def test_prefixes_are_optional_and_blanks_count_once(self) -> None:
        assert only("removing \t node   /a:5 ").path == "/a"
        assert only("dlpar:  added node /a  b:5").path == "/a b"
        assert only("OF: updating node /a property  b").changes == [Change("b", SET)]

    def test_unknown_opcodes_are_noted(self) -> None:
        stream = read(DELETE, "mobility: Failed lookup: phandle 0x1 for action 0x4000000")
        assert notes(stream) == [("PS146", 2, None)]

    def test_names_keep_all_bytes(self) -> None:
        assert only(b"removing node /\xc3\xa9\xff\x1b[1m\x00:5").path == "/é\udcff\x1b[1m\0"


class TestPhandles:
    """P032, P044: what follows the last colon, unsigned, decimal, of 32 bits."""

    @pytest.mark.parametrize(
        ("text", "path", "phandle"),
        [
            ("/a:b:4294967295", "/a:b", 0xFFFFFFFF),
            ("/:4294967294", "/", 0xFFFFFFFE),
            ("/a:0", "/a", None),
            ("/a:007", "/a", 7),
            ("/a:1:2", "/a:1", 2),
        ],
    )
    def test_good(self, text: str, path: str, phandle: int | None) -> None:
        found = only("mobility: removing node " + text)
        assert (found.path, found.phandle) == (path, phandle)

    @pytest.mark.parametrize(
        "text",
        [
            "/a:4294967296",
            "/a:42949672850",
            "/a:xyz",
            "/a:",
            "/a",
            "/a:-1",
            "/a:0x5",
            "/a:5 b",
            "/a:٣",
        ],
    )
    def test_bad(self, text: str) -> None:
        assert problems(read(DELETE, "mobility: added node " + text)) == [("PS204", 2)]

    @pytest.mark.parametrize(
        "text",
        [
            "removing node",
            "mobility: ignoring add operation for",
            "mobility: ignoring remove operation for x:5",
            "mobility: updating node /a",
            "mobility: updating node",
            "updating node /a property",
            "Failed lookup: phandle 0x1",
            "Failed lookup: phandle 5 for action 0x1000000",
            "Failed lookup: phandle 0x1ffffffff for action 0x1000000",
            "Failed lookup: phandle 0x1 for action 0x0",
        ],
    )
    def test_cut_short(self, text: str) -> None:
        """P044: a line of a known form that cannot be read is an error with its number."""
        assert problems(read(DELETE, text, "usb 1-1: new device")) == [("PS204", 2)]

    def test_what_only_begins_alike_is_passed_over(self) -> None:
        assert problems(read("removing node from the cluster")) == [("PS201", None)]

    def test_problems_tell_what_was_found_and_what_was_expected(self) -> None:
        stream = read("added node /a:" + "9" * 500)
        (problem,) = stream.problems
        assert "9999" in problem.message
        assert "expected a decimal number" in problem.message
        assert len(problem.message) < 200


class TestMail:
    """P031: quote marks, wraps and quoted-printable."""

    def test_quoted_at_any_depth(self) -> None:
        assert shown(read(">> > " + DELETE)) == [OLD]

    @pytest.mark.parametrize(
        "text", ["removing node", "added node", "ignoring remove operation for", "updating node"]
    )
    def test_a_path_on_the_next_line(self, text: str) -> None:
        tail = " property p" if text == "updating node" else ":5"
        stream = read("x", f">> [1.0] mobility: {text} ", f">> [1.1] /a{tail}", DELETE)
        assert [(op.line, op.path) for op in operations(stream)] == [(2, "/a"), (4, OLD[3])]
        assert stream.ignored == 1

    def test_a_next_line_that_is_no_path_is_read_by_itself(self) -> None:
        stream = read("mobility: removing node", DELETE, "mobility: removing node")
        assert problems(stream) == [("PS204", 1), ("PS204", 3)]
        (kept,) = read("removing node", DELETE, keep_going=True).items
        assert kept.line == 2

    def test_soft_breaks_join_lines(self) -> None:
        stream = read(">> mobility: removing no=", "> >de /a=3Db:42949=", "67285")
        assert shown(stream) == [(1, "delete", 4294967285, "/a=b")]
        assert stream.ignored == 0

    def test_soft_breaks_with_carriage_returns(self) -> None:
        assert only(b"removing node /a:4=\r", b"2\r").phandle == 42

    def test_escapes_are_undone_where_lines_were_joined_only(self) -> None:
        assert only("removing node /a=3Db:5").path == "/a=3Db"

    def test_a_wrap_after_a_soft_break(self) -> None:
        stream = read("removing=", " node", "/a:4=", "2", DELETE)
        assert [op.line for op in operations(stream)] == [1, 5]

    def test_rulers_and_base64_are_no_soft_breaks(self) -> None:
        assert shown(read("=" * 60, DELETE))[0][0] == 2
        assert shown(read("QUJDRA==", DELETE))[0][0] == 2

    def test_a_break_at_the_end_of_the_file_joins_nothing(self) -> None:
        assert shown(read(DELETE, "x=")) == [OLD]
        assert only("removing node /a=:5", "=").path == "/a="

    def test_dump_lines_are_never_joined(self) -> None:
        stream = read("00000000: 3d3d 3d3d 3d3d 3d3d  =======a=", DELETE)
        assert [op.line for op in operations(stream)] == [2]

    def test_carriage_returns(self) -> None:
        assert only((DELETE + "\r").encode()).phandle == 8192
        assert read(DELETE, "...\r").items[1:] == [Gap(2)]


class TestEvidence:
    """P033 to P037: gaps, listings, links and traces."""

    @pytest.mark.parametrize("dots", ["...", "…", ">> ...", "[1.0] ...", "...  "])
    def test_gaps(self, dots: str) -> None:
        stream = read(DELETE, dots)
        assert stream.items[1:] == [Gap(2)]
        assert notes(stream) == [("PS140", 2, None)]

    @pytest.mark.parametrize("text", ["....", "..", "... and so on", "a..."])
    def test_other_dots_are_no_gaps(self, text: str) -> None:
        assert len(read(DELETE, text).items) == 1

    def test_reference_counts(self) -> None:
        stream = read(
            DELETE,
            "refcount_t: addition on 0; use-after-free.",
            "WARNING: CPU: 3 PID: 1706 at lib/refcount.c:25",
            "refcount_warn_saturate+0x164/0x1f0 (unreliable)",
            "[c00000000b5f7a10] [c00000000089d1d4] kobject_get+0xf0/0x100",
            "[ 5.0] refcount_t: underflow; use-after-free.",
            '[ 5.1] Duplicate name in cpus, renamed to "l2-cache@2000#1"',
            "[ 5.2] OF: ERROR: Bad of_node_put() on /cpus",
            "the line refcount_t: does not count here",
        )
        assert notes(stream) == [("PS141", line, None) for line in (2, 6, 7, 8)]
        assert stream.ignored == 1

    def test_failures(self) -> None:
        stream = read(
            DELETE,
            "mobility: updating ibm,random-v1 property failed: -22",
            "mobility: device tree update failed: -1",
            "dlpar: Unexpected Error (-9003) returned from configure-connector",
            "Failed to add device node /cpus",
        )
        assert notes(stream) == [("PS143", line, None) for line in (2, 3, 4, 5)]
        assert len(stream.items) == 1

    @pytest.mark.parametrize(
        "lines",
        [
            ["./ibm,a/of_node: broken symbolic link to ../../../firmware/devicetree/base/x/ibm,a"],
            ["> /sys/devices/vio/ibm,a/of_node: broken symbolic link to", ">> ../../base/x/ibm,a"],
            ["ibm,a/of_node: broken symbolic link to `../../firmware/devicetree/base/x/ibm,a'"],
        ],
    )
    def test_p036_broken_links_name_holders(self, lines: list[str]) -> None:
        stream = read(DELETE, *lines)
        assert stream.holders == [NamedHolder("/x/ibm,a", "vio:ibm,a", 2)]
        assert notes(stream) == [("PS142", 2, "/x/ibm,a")]
        assert stream.ignored == 0

    @pytest.mark.parametrize(
        "text",
        [
            "./a/of_node: broken symbolic link to ../elsewhere",
            "./a/subsystem: broken symbolic link to ../base/x",
            "./a/of_node: broken symbolic link to",
        ],
    )
    def test_other_links(self, text: str) -> None:
        stream = read(DELETE, text)
        assert (stream.holders, stream.notes, stream.ignored) == ([], [], 1)

    def test_a_link_does_not_take_a_line_that_is_no_target(self) -> None:
        stream = read("./a/of_node: broken symbolic link to", "removing node /base/x:5")
        assert shown(stream) == [(2, "delete", 5, "/base/x")]
        assert stream.holders == []


class TestListings:
    """P035: a listing before the first operation and one after it."""

    def test_forms(self) -> None:
        stream = read(
            "$ tree -d /sys/firmware/devicetree/base/x/",
            "/sys/firmware/devicetree/base/x/",
            "├── ibm,a",
            "│   ├── deep",
            "│   └── deeper",
            "└── ibm,b -> ../elsewhere",
            "    └── deepest",
            "5 directories",
            DELETE,
            ">> # tree -d /proc/device-tree",
            ">>   |-- c",
            ">>   |   `-- d",
            ">>   `-- e f",
            ">> 1 directory, 2 files",
            "$ tree -d /proc/device-tree/y",
            "0 directories",
        )
        assert listed(stream) == [
            Listing(1, "/x", ("ibm,a", "ibm,b")),
            Listing(10, "/", ("c", "e f")),
            Listing(15, "/y", ()),
        ]
        assert stream.ignored == 1

    def test_its_place_among_operations(self) -> None:
        stream = read(DELETE, "$ tree -d /proc/device-tree", "0 directories", DELETE)
        assert [type(item).__name__ for item in stream.items] == [
            "Operation",
            "Listing",
            "Operation",
        ]

    def test_one_without_its_end_counts_as_a_start_only(self) -> None:
        cut = ["$ tree -d /proc/device-tree", "├── a"]
        assert listed(read(*cut, DELETE, *cut)) == [Listing(1, "/", ("a",))]

    @pytest.mark.parametrize("path", ["/home/me", "/proc/device-treeX", "."])
    def test_listings_of_something_else(self, path: str) -> None:
        stream = read(DELETE, f"$ tree -d {path}", "├── a", "1 directory")
        assert listed(stream) == []
        assert stream.ignored == 3
