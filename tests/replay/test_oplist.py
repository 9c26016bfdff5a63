"""Operation lists: what is read, every mistake with its place, and what is written reads back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.workareas import contents, names, numbers, plain

from dtovl.replay.oplist import read_oplist
from dtovl.replay.oplist_write import write_oplist
from dtovl.replay.read import read_stream
from dtovl.replay.stream import (
    ADD,
    DELETE,
    NAME_ONLY,
    REMOVE,
    SET,
    UPDATE,
    Change,
    Clock,
    Content,
    Gap,
    Item,
    Listing,
    LooseUpdate,
    NamedHolder,
    Operation,
    SessionEnd,
    Stream,
)

LOGS = Path(__file__).parents[2].parent / "shared" / "pseries" / "logs"


def read(*entries: str, head: str = "") -> Stream:
    """Read a list; each entry is the text behind its dash, lines after the first not indented."""
    lines = "".join("  - " + entry.replace("\n", "\n    ") + "\n" for entry in entries)
    stream = read_oplist(f"dtovl-replay: 1\n{head}ops:\n{lines}", "ops.yaml")
    assert all(problem.code == "PS202" for problem in stream.problems)
    return stream


def good(*entries: str, head: str = "") -> list[Item]:
    stream = read(*entries, head=head)
    assert not stream.problems
    return stream.items


def one(entry: str) -> Operation:
    (item,) = good(entry)
    assert isinstance(item, Operation)
    return item


def changes(text: str) -> list[Change] | None:
    return one(f"update: 5\n{text}").changes


def node(text: str) -> object:
    found = one(f"add: /\n{text}").content
    return plain(found)


def places(stream: Stream) -> list[tuple[int | None, int]]:
    return [(problem.line, problem.column) for problem in stream.problems]


def complaint(entry: str) -> str:
    """Read a list with a wrong entry in line 4, behind a good one; give the message."""
    stream = read("delete: 5", entry, "gap")
    assert places(stream) == [(4, 5)]
    assert len(stream.items) == 2
    return stream.problems[0].message


class TestOperations:
    def test_p041_deletes(self) -> None:
        assert one("delete: 0xfffffff5").phandle == 0xFFFFFFF5
        assert (one("delete: /a/b").path, one("delete: /a/b").phandle) == ("/a/b", None)
        both = one("{delete: 5, path: /a}")
        assert (both.phandle, both.path, both.line) == (5, "/a", 3)
        assert one("delete: none").phandle == 0

    def test_p041_adds(self) -> None:
        found = one("add: 0x30\ndrc: 0x2f000001\npath: /a/b\nphandle: 7")
        assert (found.parent, found.parent_path, found.path) == (0x30, None, "/a/b")
        assert (found.drc, found.phandle, found.content) == (0x2F000001, 7, None)
        assert one("add: /").parent_path == "/"

    def test_p041_gap_and_session(self) -> None:
        assert good("gap", "session") == [Gap(3), SessionEnd(4)]

    def test_p041_scope_and_holders(self) -> None:
        stream = read("delete: 5", head='scope: -2\nholders: [{node: /a, by: "x:y"}]\n')
        (found,) = stream.items
        assert isinstance(found, Operation)
        assert found.scope == -2
        assert stream.holders == [NamedHolder("/a", "x:y")]

    def test_keys_of_decoded_logs(self) -> None:
        found = one("{delete: /a, ofdt: true, clock: kernel 12.5, scope: 3}")
        assert (found.ofdt, found.clock, found.scope) == (True, Clock("kernel", 12.5), 3)
        found = one("{add: /, typed: true, refused: true}")
        assert (found.typed, found.refused) == (True, True)
        stream = read("{loose: 5, path: /a, props: {x: 1}}", "{listing: /a, names: [b, c]}")
        assert stream.items == [
            LooseUpdate(3, 5, "/a", [Change("x", SET, b"\0\0\0\1")]),
            Listing(4, "/a", ("b", "c")),
        ]
        assert [(note.code, note.path) for note in stream.notes] == [("PS138", "/a")]

    def test_no_operations(self) -> None:
        for text in (
            "dtovl-replay: 1",
            "dtovl-replay: 1\nops:",
            "dtovl-replay: 1\nops: []\nscope: 2",
        ):
            stream = read_oplist(text, "x")
            assert (stream.items, stream.problems) == ([], [])


class TestChanges:
    def test_p041_values(self) -> None:
        assert changes(
            "props: {a: 1, b: [1, 0xffffffff], c: okay, d: [x, 'y'], e: {bytes: '0aFF'}, "
            "f: null, g: {unknown: true}, h: [], i: '', j: {bytes: 0011}, k: {bytes: ''}}"
        ) == [
            Change("a", SET, b"\0\0\0\1"),
            Change("b", SET, b"\0\0\0\1\xff\xff\xff\xff"),
            Change("c", SET, b"okay\0"),
            Change("d", SET, b"x\0y\0"),
            Change("e", SET, b"\x0a\xff"),
            Change("f", NAME_ONLY, b""),
            Change("g", SET, None),
            Change("h", SET, b""),
            Change("i", SET, b"\0"),
            Change("j", SET, b"\0\x11"),
            Change("k", SET, b""),
        ]

    def test_p041_deleted_properties_and_none_at_all(self) -> None:
        assert changes("props: {a: 1}\ndelete-props: [b, 'c']") == [
            Change("a", SET, b"\0\0\0\1"),
            Change("b", REMOVE),
            Change("c", REMOVE),
        ]
        assert one("update: /a").changes is None
        assert changes("props: {}") == []

    def test_ofdt_updates(self) -> None:
        text = "ofdt: true\nprops: {a: x}\nadd-props: {b: x}\ndelete-props: [c]"
        assert changes(text) == [
            Change("a", SET, b"x\0"),
            Change("b", SET, b"x\0", exclusive=True),
            Change("c", REMOVE, required=True),
        ]

    def test_text_is_utf_8(self) -> None:
        assert changes("props: {é: é}") == [Change("é", SET, "é\0".encode())]
        assert changes(r'props: {"\uef80": "\uefff"}') == [Change("\udc80", SET, b"\xff\0")]


class TestNodes:
    def test_p041_yaml(self) -> None:
        text = (
            "node:\n  name: a\n  props: {x: 1, y: null, z: {unknown: true}}\n"
            "  children: [{name: b, children: [{name: c}]}, {name: d}]\n  siblings: [{name: e}]"
        )
        assert node(text) == {
            "name": "a",
            "props": [["x", "00000001"], ["y", ""], ["z", None]],
            "children": [
                {**empty("b"), "children": [empty("c")]},
                empty("d"),
            ],
            "siblings": [empty("e")],
        }

    def test_p041_source(self) -> None:
        text = 'dts: |\n  a@1 { x = <1>; y; b { z = "s"; }; };\n  c { };'
        assert node(text) == {
            "name": "a@1",
            "props": [["x", "00000001"], ["y", ""]],
            "children": [{**empty("b"), "props": [["z", "7300"]]}],
            "siblings": [empty("c")],
        }

    def test_levels_are_bounded(self) -> None:
        deep = "{name: n}"
        for _ in range(63):
            deep = f"{{name: n, children: [{deep}]}}"
        assert good(f"add: /\nnode: {deep}")
        assert "64 levels" in complaint(f"{{add: /, node: {{name: n, children: [{deep}]}}}}")
        source = "n { " * 64 + "};" * 64
        assert good(f'{{add: /, dts: "{source}"}}')
        source = f"n {{ {source} }};"
        assert "64 levels" in complaint(f'{{add: /, dts: "{source}"}}')


def empty(name: str) -> dict[str, object]:
    return {"name": name, "props": [], "children": [], "siblings": []}


class TestMistakes:
    @pytest.mark.parametrize(
        ("entry", "why"),
        [
            ("delete: 0", "from 0x1"),
            ("delete: -1", "from 0x1"),
            ("delete: 0x100000000", "0xffffffff"),
            ("delete: 010", "octal"),
            ("delete: a/b", "full path"),
            ("delete: ''", "letter"),
            ('delete: "/a\\0b"', "NUL"),
            ("delete: true", "phandle, or a path"),
            ("delete: [1]", "phandle, or a path"),
            ("delete:", "phandle, or a path"),
            ("{delete: /a, path: /b}", "two paths"),
            ("{delete: 5, drc: 1}", "'drc'"),
            ("{delete: 5, add: 6}", "expected one of"),
            ("remove: 5", "expected one of"),
            ("5", "expected one of"),
            ("[delete, 5]", "expected one of"),
            ("{delete: 5, clock: noon}", "kernel 12.5"),
            ("{delete: 5, ofdt: 1}", "true or false"),
            ("{delete: 5, scope: 4294967296}", "scope"),
            ("{update: 5, props: [a]}", "mapping of properties"),
            ("{update: 5, props: {a: true}}", "expected a number, text"),
            ("{update: 5, props: {a: 4294967296}}", "0xffffffff"),
            ("{update: 5, props: {a: 99999999999999999999999}}", "quotes"),
            ("{update: 5, props: {a: [1, x]}}", "several kinds"),
            ("{update: 5, props: {a: [[1]]}}", "several kinds"),
            ("{update: 5, props: {a: {bytes: 0x1}}}", "{bytes:"),
            ("{update: 5, props: {a: {bytes: '123'}}}", "{bytes:"),
            ("{update: 5, props: {a: {unknown: false}}}", "{unknown: true}"),
            ("{update: 5, props: {a: {}}}", "{unknown: true}"),
            ("{update: 5, props: {'': 1}}", "letter"),
            ("{update: 5, props: {ibm,max-sg-len: 1}}", "quotes"),
            ("{update: 5, delete-props: [ibm,old]}", "quotes"),
            ("{update: 5, delete-props: {a: 1}}", "a list"),
            ("{update: 5, delete-props: [1]}", "expected text"),
            ("{update: 5, add-props: {a: 1}}", "ofdt"),
            *(
                ("{update: 5, props: {a: " + word + "}}", "quotes")
                for word in ("on", "No", "1.5", "1_0")
            ),
            ("{update: 5, props: {a: 2021-10-18}}", "quotes"),
            ("{add: /, node: {props: {a: 1}}}", "name of a node"),
            ("{add: /, node: {name: 5}}", "in quotes"),
            ("{add: /, node: {name: a, child: []}}", "'child'"),
            ("{add: /, node: {name: a, children: [{name: b, siblings: []}]}}", "'siblings'"),
            ("{add: /, node: [a]}", "a mapping"),
            ("{add: /, node: {name: a}, dts: 'a {};'}", "both"),
            ("{add: /, dts: 5}", "source"),
            ("{add: /, dts: 'a { x = <; };'}", "dts line 1"),
            ("{add: /, dts: ''}", "no node"),
            ("{add: /, dts: 'x = <1>; a { };'}", "no node"),
            ("{add: /, dts: '/include/ \"/etc/passwd\"'}", "dts line 1"),
            ("{add: /, dts: 'a { x = /incbin/(\"/etc/passwd\"); };'}", "dts line 1"),
            ("{add: /, drc: -1}", "drc"),
            ("{add: /, phandle: 0}", "from 0x1"),
            ("{listing: /a}", "names"),
            ("{loose: /a}", "phandle"),
        ],
    )
    def test_p042_entries(self, entry: str, why: str) -> None:
        assert why in complaint(entry)

    def test_p042_each_mistake_is_told_at_the_first_line_of_its_entry(self) -> None:
        stream = read("delete: 5", "add: /\nnode:\n  name: a\n  props: {x: true}", "delete: 0")
        assert places(stream) == [(4, 5), (8, 5)]

    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("ops: []\ndtovl-replay: 1", (1, 1)),
            ("dtovl-replay: 2\nops: []", (1, 1)),
            ("dtovl-replay: one\nops: []", (1, 1)),
            ("dtovl-replay: 1\nscope: low\nops: []", (2, 1)),
            ("dtovl-replay: 1\n\nwhen: now\nops: []", (3, 1)),
            ("dtovl-replay: 1\nops: {delete: 5}", (2, 1)),
            ("dtovl-replay: 1\nholders:\n  - {node: /a}", (2, 1)),
            ("dtovl-replay: 1\nholders:\n  - {node: a, by: b}", (2, 1)),
            ("dtovl-replay: 1\nholders: 5", (2, 1)),
            ("dtovl-replay: 1\nops:\n  - &a {delete: 5}", (3, 5)),
            ("dtovl-replay: 1\nops:\n  - *a", (3, 5)),
            ("dtovl-replay: 1\nops:\n  - {delete: 5, delete: 6}", (3, 17)),
            ("dtovl-replay: 1\nops:\n  - {delete: 5", (4, 1)),
            ("dtovl-replay: 1\nops:\n  - !!python/none x", (3, 5)),
            ("dtovl-replay: 1\n\udcff", (2, 0)),
            ("- dtovl-replay: 1", (1, 0)),
        ],
    )
    def test_p042_the_top_level(self, text: str, place: tuple[int, int]) -> None:
        assert places(read_oplist(text, "x"))[0] == place

    def test_p042_mistakes_of_a_list_given(self) -> None:
        path = LOGS / "ops-bad-yaml.yaml.txt"
        if not path.exists():
            pytest.skip("no ../shared/pseries beside the checkout")
        stream = read_oplist(path.read_text(), path.name)
        assert [problem.line for problem in stream.problems] == [3, 4, 5, 6, 8]


# -- what is written -----------------------------------------------------------------------------

paths = st.lists(names, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts))
maybe = st.none()
clocks = st.builds(
    Clock,
    st.sampled_from(("kernel", "journald", "iso")),
    st.integers(0, 10**15).map(lambda usec: usec / 1e6),
)
values = st.one_of(
    st.binary(max_size=12),
    st.integers(0, 0xFFFFFFFF).map(lambda cell: cell.to_bytes(4, "big")),
    st.text("ab-, :#'\"\\", max_size=9).map(lambda text: text.encode() + b"\0"),
    st.sampled_from((None, b"on\0", b"5\0", b"null\0", b"\0\0")),
)


@st.composite
def updates(draw: st.DrawFn, ofdt: bool) -> list[Change]:
    made = []
    for name in draw(st.lists(names, max_size=5)):
        verb = draw(st.sampled_from((SET, REMOVE, NAME_ONLY)))
        if verb == REMOVE:
            made.append(Change(name, REMOVE, required=ofdt))
        else:
            exclusive = ofdt and draw(st.booleans())
            value = b"" if verb == NAME_ONLY else draw(values)
            made.append(Change(name, verb, value, exclusive=exclusive))
    return made


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    kind = draw(st.sampled_from((DELETE, UPDATE, ADD)))
    made = Operation(kind, None, scope=draw(st.integers(-2, 3)), clock=draw(maybe | clocks))
    made.ofdt = draw(st.booleans())
    made.path = draw(maybe | paths)
    if kind == ADD:
        made.parent = draw(maybe | st.integers(0, 9) | numbers)
        if made.parent is None:
            made.parent_path = draw(paths)
        made.phandle = draw(maybe | numbers)
        made.drc = draw(maybe | numbers)
        made.content = draw(maybe | contents(2))
        if made.content:
            made.content.siblings = draw(st.lists(contents(1), max_size=2))
        made.typed, made.refused = draw(st.booleans()), draw(st.booleans())
    else:
        made.phandle = draw(st.integers(0, 9) | numbers | (maybe if made.path else numbers))
        if kind == UPDATE:
            made.changes = draw(maybe | updates(made.ofdt))
    return made


items = st.one_of(
    operations(),
    st.builds(SessionEnd, st.none()),
    st.builds(Gap, st.just(1)),
    st.builds(Listing, st.just(1), paths, st.lists(names, max_size=3).map(tuple)),
    st.builds(LooseUpdate, st.just(1), numbers, maybe | paths, updates(ofdt=False)),
)


def told(stream: Stream) -> list[object]:
    """Give the items as plain data: without lines, updates in a row of one node as one."""
    found: list[object] = []
    for item in stream.items:
        match item:
            case Operation():
                fields = {
                    name: getattr(item, name)
                    for name in Operation.__slots__
                    if name not in ("line", "changes", "content")
                }
                now = (item.kind, fields, without_repeats(item.content))
                add_changes(found, now, item.changes)
            case LooseUpdate():
                add_changes(
                    found, ("loose", {"p": item.phandle, "q": item.path}, None), item.changes
                )
            case Gap() | SessionEnd():
                found.append(type(item).__name__)
            case Listing():
                found.append((item.path, item.names))
    return found


def add_changes(found: list[object], now: tuple[object, ...], changes: list[Change] | None) -> None:
    """Enter an operation; an update is entered as the changes of each property, in order."""
    if changes is None:
        found.append((now, None))
        return
    if not found or not isinstance(found[-1], tuple) or found[-1][0] != now or found[-1][1] is None:
        found.append((now, {}))
    for change in changes:
        found[-1][1].setdefault(change.name, []).append(change)  # type: ignore[index]


def without_repeats(content: Content | None) -> object:
    for node in (content, *content.siblings) if content else ():
        for below in node.walk():
            below.properties = list(dict(reversed(below.properties)).items())
            below.properties.sort()
    return plain(content)


@given(st.lists(items, max_size=8), st.lists(st.tuples(paths, names), max_size=2))
def test_what_is_written_reads_back(wanted: list[Item], holders: list[tuple[str, str]]) -> None:
    stream = Stream()
    stream.items = wanted
    stream.holders = [NamedHolder(path, by) for path, by in holders]
    text = write_oplist(stream)
    again = read_oplist(text, "x")
    assert not again.problems
    assert [(holder.path, holder.by) for holder in again.holders] == holders
    assert told(again) == told(stream)


@pytest.mark.skipif(not LOGS.exists(), reason="no ../shared/pseries beside the checkout")
@pytest.mark.parametrize("path", sorted(LOGS.glob("*.txt")), ids=lambda path: path.stem)
def test_p041_a_log_that_is_decoded_reads_back(path: Path) -> None:
    stream = read_stream(path.read_bytes(), path.name)
    again = read_stream(write_oplist(stream).encode(), "x")
    if not stream.problems:
        assert not again.problems
        assert [(holder.path, holder.by) for holder in again.holders] == [
            (holder.path, holder.by) for holder in stream.holders
        ]
    for found in stream.items:
        if isinstance(found, Operation) and found.kind == ADD and found.parent is None:
            found.parent_path = found.parent_path or (found.path or "").rpartition("/")[0] or "/"
    assert told(again) == told(stream)


@given(st.binary(max_size=80))
def test_values_are_written_in_a_form_that_reads_back(value: bytes) -> None:
    stream = Stream()
    stream.items = [Operation(UPDATE, 7, phandle=5, changes=[Change("x", SET, value)])]
    text = write_oplist(stream)
    assert "# line 7" in text
    (item,) = read_oplist(text, "x").items
    assert isinstance(item, Operation)
    assert item.changes == [Change("x", SET, value)]


def test_how_things_are_written() -> None:
    stream = Stream()
    stream.items = [
        Operation(DELETE, 7, phandle=0x30, path="/a"),
        Operation(
            UPDATE,
            9,
            phandle=5,
            changes=[
                Change("compatible", SET, b"a,b\0c\0"),
                Change("reg", SET, bytes(8)),
                Change("odd", SET, b"\1\2\3"),
                Change("reg", NAME_ONLY, b""),
            ],
        ),
    ]
    assert write_oplist(stream).splitlines() == [
        "dtovl-replay: 1",
        "ops:",
        '  - {delete: 0x30, path: "/a"}  # line 7',
        '  - {update: 0x5, props: {"compatible": ["a,b", "c"], "reg": [0x0, 0x0], '
        '"odd": {bytes: "010203"}}}  # line 9',
        '  - {update: 0x5, props: {"reg": null}}  # line 9',
    ]


@given(st.text("dtovl-replay: 1ops[]{}\n\"'&*!,#|>0xé\t", max_size=80))
def test_any_text(text: str) -> None:
    read_oplist(text, "x")
    read_oplist("dtovl-replay: 1\nops:\n- " + text, "x")
