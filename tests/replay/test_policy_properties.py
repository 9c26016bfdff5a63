"""What holds for any stream of messages, under any policy; and what preserve promises."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.messages import PARTITION, POLICIES, content_of
from support.trees import cells, tree_of

from dtovl.model.cells import cell
from dtovl.replay.policies import replay_stream
from dtovl.replay.properties import IDENTITY
from dtovl.replay.references import NAMES
from dtovl.replay.stream import (
    ADD,
    DELETE,
    NAME_ONLY,
    REMOVE,
    SET,
    UPDATE,
    Base,
    Change,
    Clock,
    Content,
    Gap,
    Listing,
    LooseUpdate,
    NamedHolder,
    Operation,
    SessionEnd,
    Stream,
)

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.replay.result import Result

_NODES = [node for node in tree_of(PARTITION).walk() if node.parent is not None]
_PHANDLES = st.sampled_from([*(node.phandle for node in _NODES), 0xFFFFFFFE, 5, 6, 0x777])
_PATHS = st.sampled_from([*(node.path for node in _NODES), "/", "/new", "/cpus/new@1", "//", "x"])
_NAMES = st.sampled_from(
    ["ibm,resource-id", "status", "device_type", "l2-cache", "ibm,my-drc-index", "name", *IDENTITY]
)
_VALUES = st.sampled_from(
    [b"", b"okay\0", b"cache\0", b"ibm,platform-facilities\0", b"\0\0\x20\0", b"\0\0\0\5", b"x"]
)
_LINES = st.none() | st.integers(1, 30)


def partition() -> Base:
    return Base(tree_of(PARTITION), {})


@st.composite
def contents(draw: st.DrawFn, depth: int = 2) -> Content:
    """An answer: a node of the partition as it is, or one with other properties and children."""
    node = draw(st.sampled_from(_NODES))
    content = content_of(node)
    if draw(st.booleans()):
        return content
    content.name = draw(st.sampled_from([node.name, "new", "new@1", "l2-cache@2000"]))
    extra = draw(st.lists(st.tuples(_NAMES, _VALUES | st.none()), max_size=4))
    content.properties = draw(st.sampled_from([[], content.properties])) + extra
    if depth:
        content.children += draw(st.lists(contents(depth=depth - 1), max_size=2))
    return content


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    """Any operation at all, sensible or not."""
    kind = draw(st.sampled_from([DELETE, DELETE, UPDATE, ADD, ADD]))
    rest: dict[str, object] = {
        "phandle": draw(st.none() | _PHANDLES),
        "path": draw(st.none() | _PATHS),
        "ofdt": draw(st.sampled_from([False, False, True])),
        "scope": draw(st.sampled_from([1, 1, 2])),
    }
    if kind == UPDATE:
        verbs = st.sampled_from([SET, REMOVE, NAME_ONLY])
        change = st.builds(Change, _NAMES, verbs, st.none() | _VALUES, st.booleans(), st.booleans())
        rest["changes"] = draw(st.none() | st.lists(change, max_size=3))
    if kind == ADD:
        rest["parent"] = draw(st.none() | _PHANDLES)
        rest["parent_path"] = draw(st.none() | _PATHS)
        rest["drc"] = draw(st.none() | st.sampled_from([0x2F000001, 0x2F000010, 9]))
        rest["content"] = draw(st.none() | contents())
        rest["typed"] = draw(st.booleans())
        rest["refused"] = draw(st.sampled_from([False, False, True]))
        if rest["content"] is not None:
            rest["content"].siblings = draw(st.lists(contents(depth=0), max_size=1))  # type: ignore[attr-defined]
    if kind != UPDATE:
        rest["clock"] = draw(
            st.none() | st.builds(Clock, st.sampled_from(["kernel", "kmsg"]), st.floats(0, 500))
        )
    return Operation(kind, draw(_LINES), **rest)  # type: ignore[arg-type]


_ITEMS = st.one_of(
    operations(),
    operations(),
    operations(),
    st.builds(SessionEnd, _LINES),
    st.builds(Gap, st.integers(1, 30)),
    st.builds(Listing, st.integers(1, 30), _PATHS, st.just(("new", "l2-cache@2000"))),
    st.builds(
        LooseUpdate,
        st.integers(1, 30),
        _PHANDLES,
        st.none() | _PATHS,
        st.lists(st.builds(Change, _NAMES, st.just(SET), _VALUES), max_size=2),
    ),
)


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    stream = Stream()
    stream.items = draw(st.lists(_ITEMS, max_size=14))
    stream.holders = draw(st.lists(st.builds(NamedHolder, _PATHS, st.just("me")), max_size=2))
    return stream


def check_indices(result: Result) -> None:
    """Hold the indices of a replay against the tree itself."""
    model = result._model
    attached = list(model.tree.walk())
    for node in attached:
        assert model.attached(node), node
        assert model.path(node) == node.path
        for child in node.children.values():
            assert child.parent is node
    by_phandle: dict[int, list[Node]] = {}
    for node in attached:
        by_phandle.setdefault(node.phandle, []).append(node)
    for number, nodes in by_phandle.items():
        if number:
            assert model.phandles.here(number) in nodes
            first = min(nodes, key=lambda one: (model.came(one), attached.index(one)))
            assert model.phandles.present.first(number) is first
    for record in model.records.values():
        if record.state != "attached":
            assert record.node not in attached
            assert model.phandles.here(record.node.phandle) is not record.node


@given(streams(), st.sampled_from(POLICIES), st.booleans())
def test_any_stream_gives_a_result(stream: Stream, policy: str, inferred: bool) -> None:
    result = replay_stream(stream, None if inferred else partition(), policy)
    document = json.loads(json.dumps(result.as_json()))
    assert len(document["ops"]) == sum(
        isinstance(item, Operation | LooseUpdate) for item in stream.items
    )
    assert all(one["result"] for one in document["ops"])
    assert sum(document["counts"].values()) == len(document["nodes"])
    check_indices(result)
    for finding in result.findings:
        assert finding.message
        assert finding.explain() is not None


@given(streams(), st.sampled_from(POLICIES))
def test_the_same_stream_gives_the_same_result(stream: Stream, policy: str) -> None:
    first, second = (replay_stream(stream, partition(), policy).as_json() for _ in range(2))
    assert first == second


@given(streams(), st.sampled_from(POLICIES))
def test_what_breaks_is_found_without_a_walk(stream: Stream, policy: str) -> None:
    """PS107: the index of references tells what a walk over the tree at the end would."""
    stream.items = [item for item in stream.items if not isinstance(item, SessionEnd)]
    for item in stream.items:
        if isinstance(item, Operation):
            item.clock = None
    if not any(isinstance(item, Operation | LooseUpdate) for item in stream.items):
        return
    base = partition()
    before = unresolved(base.tree, {node.phandle for node in base.tree.walk()})
    result = replay_stream(stream, base, policy)
    tree = result.tree
    numbers = {node.phandle for node in tree.walk()}
    started = {node.phandle for node in tree_of(PARTITION).walk()}
    old = {(node, name): value for (node, name), value in references(partition().tree).items()}
    was = {(node.path, name): value for (node, name), value in old.items()}
    expected = set()
    unknown = result._model._unknown
    for (node, name), number in references(tree).items():
        same = not result._model.came(node) and was.get((node.path, name)) == number
        if number in numbers or name in unknown.get(node, ()):
            continue
        if not same or number in started:
            expected.add((node.path, node.phandle or None))
    told = {(one.path, one.phandle) for one in result.findings if one.code.number == "PS107"}
    assert told == expected
    assert not before


def references(tree: Tree) -> dict[tuple[Node, str], int]:
    return {
        (node, name): cell(value)
        for node in tree.walk()
        for name, value in node.properties.items()
        if name in NAMES and len(value) >= 4 and cell(value)
    }


def unresolved(tree: Tree, numbers: set[int]) -> set[tuple[str, str]]:
    found = references(tree).items()
    return {(node.path, name) for (node, name), number in found if number not in numbers}


# -- what firmware sends: deletes, then updates, then adds -----------------------------------------


def shifted(node: Node, draw: st.DrawFn) -> Content:
    """A node as it comes back: equal, or with properties that differ."""
    content = content_of(node)
    for one in content.walk():
        if draw(st.booleans()):
            one.properties.append(("status", draw(_VALUES)))
        if draw(st.booleans()):
            one.properties = [pair for pair in one.properties if pair[0] != "ibm,resource-id"]
    return content


@st.composite
def migrations(draw: st.DrawFn, *, back: bool, single: bool = False) -> Stream:
    """Sessions in the order of firmware, over the partition as it was.

    back: every deleted node comes back with its path and phandle; single: only nodes without
    children are named.
    """
    stream = Stream()
    line = 0
    known = [node for node in _NODES if node.phandle and not (single and node.children)]
    for _ in range(draw(st.integers(1, 3))):
        tops = draw(st.lists(st.sampled_from(known), max_size=4, unique=True))
        tops = [one for one in tops if not any(above in tops for above in above_of(one))]
        for top in tops:
            below = draw(st.sampled_from([[], list(top.walk())[:0:-1]]))
            for node in (*below, top):
                line += 1
                stream.items.append(Operation(DELETE, line, phandle=node.phandle))
        others = [one for one in known if not {one, *above_of(one)} & set(tops)]
        for node in draw(st.lists(st.sampled_from(others), max_size=3)) if others else ():
            line += 1
            change = Change("status", SET, draw(_VALUES))
            stream.items.append(Operation(UPDATE, line, phandle=node.phandle, changes=[change]))
        for top in tops:
            line += 1
            assert top.parent is not None
            if not back and draw(st.booleans()):
                continue
            content = shifted(top, draw) if draw(st.booleans()) else None
            told = None if content is not None else top.path
            stream.items.append(
                Operation(
                    ADD,
                    line,
                    parent_path=top.parent.path,
                    content=content,
                    path=told,
                    phandle=None if content is not None else top.phandle,
                )
            )
        stream.items.append(SessionEnd(line))
    return stream


def above_of(node: Node) -> list[Node]:
    found = []
    above = node.parent
    while above is not None:
        found.append(above)
        above = above.parent
    return found


@given(migrations(back=True))
def test_a_node_that_comes_back_is_the_same_node(stream: Stream) -> None:
    """What is deleted and added again is the same object, of the same number, held by the same."""
    base = partition()
    before = {node.path: (node, node.phandle) for node in base.tree.walk()}
    result = replay_stream(stream, base)
    after = {node.path: (node, node.phandle) for node in result.tree.walk()}
    assert after == before
    assert all(node.status in ("kept", "updated") for node in result.nodes)
    assert not {one.code.number for one in result.findings} & {"PS101", "PS102", "PS103", "PS107"}


@given(migrations(back=False))
def test_nothing_dangles_that_was_not_deleted_for_good(stream: Stream) -> None:
    """A number that attaching the whole answers would have in the tree is there under preserve."""
    whole = replay_stream(stream, partition(), "subtree-attach")
    kept = replay_stream(stream, partition())
    numbers = {node.phandle for node in kept.tree.walk()}
    assert {node.phandle for node in whole.tree.walk()} <= numbers
    broken = unresolved(kept.tree, numbers)
    assert broken <= unresolved(kept.tree, {node.phandle for node in whole.tree.walk()})
    assert not any(node.status in ("dangling", "leaked") for node in kept.nodes)


@given(migrations(back=False, single=True), st.sampled_from(["naive", "subtree-attach"]))
def test_the_content_is_that_of_linux(stream: Stream, policy: str) -> None:
    """Where a node is in both trees, both have it with the same properties."""
    linux = described(replay_stream(stream, partition(), policy))
    ours = described(replay_stream(stream, partition()))
    assert set(linux) <= set(ours)
    for path, node in linux.items():
        assert ours[path] == node


def described(result: Result) -> dict[str, tuple[int, dict[str, bytes]]]:
    """Give phandle and properties of each node; nodes of which nothing is known are left out."""
    return {
        node.path: (
            node.phandle,
            {name: value for name, value in node.properties.items() if name not in IDENTITY},
        )
        for node in result.tree.walk()
        if node not in result._model.opaque
    }


@pytest.mark.parametrize("policy", POLICIES)
def test_a_phandle_of_zero_is_none(policy: str) -> None:
    stream = Stream()
    content = Content("x")
    content.properties = [("ibm,phandle", cells(0))]
    stream.items = [Operation(ADD, 1, parent_path="/", content=content)]
    result = replay_stream(stream, partition(), policy)
    assert result.nodes[0].phandle is None
