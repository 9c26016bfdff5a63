"""ibm,configure-connector: each rule of its layout and of the order of answers (P019 to P025)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from support.workareas import contents, names, plain, words

from dtovl.replay.connector import MAX_LEVELS, ConnectorAnswer, decode_connector
from dtovl.replay.encode import encode_connector
from dtovl.replay.workarea import Answer

if TYPE_CHECKING:
    from dtovl.replay.stream import Content

DRC = 0x2F000001
SIBLING, CHILD, PROPERTY, PARENT, DONE = 1, 2, 3, 4, 0


def step(status: int, name: str = "", value: bytes = b"") -> Answer:
    if not name:
        return Answer(status, words(DRC, 0, 0, 0, 0))
    text = name.encode() + b"\0"
    return Answer(status, words(DRC, 0, 20, len(value), 20 + len(text)) + text + value)


def decode(*answers: Answer) -> ConnectorAnswer:
    return decode_connector(answers)


def fault(*answers: Answer) -> str:
    found = decode(*answers).fault
    return found.code if found else ""


def tree(name: str, *children: object) -> dict[str, object]:
    return {"name": name, "props": [], "children": list(children), "siblings": []}


TOP = step(CHILD, "top")


def test_p019_child_sibling_property_parent_complete() -> None:
    found = decode(
        *(TOP, step(CHILD, "a"), step(CHILD, "b"), step(PROPERTY, "x", b"\1"), step(PARENT)),
        *(step(SIBLING, "c"), step(PROPERTY, "y"), step(PARENT), step(PROPERTY, "z", b"\2")),
        step(DONE),
    )
    b = {**tree("b"), "props": [["x", "01"]]}
    c = {**tree("c"), "props": [["y", ""]]}
    assert plain(found.node) == {**tree("top", tree("a", b), c), "props": [["z", "02"]]}
    assert (found.remarks, found.fault, found.refusal) == ([], None, None)


def test_p020_busy_answers_are_passed_over() -> None:
    busy = [step(-2), step(9900, "x"), Answer(9909, b"")]
    assert plain(decode(*busy, TOP, *busy, step(DONE)).node) == tree("top")


def test_p021_an_error_code_drops_all() -> None:
    for status in (5, -9003, -1, 9899, 9910):
        found = decode(TOP, step(CHILD, "a"), step(status), step(DONE))
        assert (found.node, found.refusal, found.status) == (None, 2, status)
        assert found.fault is None


def test_p022_the_first_answer_must_be_a_child() -> None:
    for status in (SIBLING, PROPERTY, PARENT, DONE):
        assert fault(step(status, "x"), TOP, step(DONE)) == "PS207"


def test_p022_after_the_parent_of_a_top_node_only_complete() -> None:
    for status in (SIBLING, CHILD, PROPERTY, PARENT):
        assert fault(TOP, step(PARENT), step(status, "x"), step(DONE)) == "PS207"
    assert fault(TOP, step(SIBLING, "x"), step(PARENT), step(CHILD, "y")) == "PS207"


def test_p022_offsets_lie_inside_the_area() -> None:
    text = words(DRC, 0, 20, 4, 4092) + b"x\0"
    good = decode(TOP, Answer(PROPERTY, text), step(DONE))
    assert good.node is not None
    assert good.node.properties == [("x", bytes(4))]
    for name, size, value in ((20, 5, 4092), (20, 1, 5000), (20, 0, 4097), (4096, 0, 20)):
        area = words(DRC, 0, name, size, value) + b"x\0"
        assert fault(TOP, Answer(PROPERTY, area), step(DONE)) == "PS207"
    assert fault(TOP, Answer(PROPERTY, words(DRC, 0, 20, 0xFFFFFFFF, 0xFFFFFFFF) + b"x")) == "PS207"


def test_p022_a_name_has_a_nul_and_a_letter() -> None:
    for status in (CHILD, PROPERTY):
        endless = words(DRC, 0, 20, 0, 20) + b"x" * 4076
        empty = words(DRC, 0, 20, 0, 20)
        for area in (endless, empty):
            assert fault(TOP, Answer(status, area), step(DONE)) == "PS207"


def test_p022_the_sequence_has_an_end() -> None:
    assert fault() == "PS207"
    assert fault(TOP, step(PROPERTY, "x")) == "PS207"
    assert fault(TOP, step(-2)) == "PS207"


def test_p022_another_drc_index() -> None:
    other = Answer(DONE, words(5, 0, 0, 0, 0))
    assert fault(TOP, other) == "PS207"
    assert decode_connector([TOP, step(DONE)], 5).fault is not None
    assert decode_connector([TOP, Answer(DONE, b"")], DRC).fault is None  # its area was not dumped


def test_p023_siblings_of_the_top_node() -> None:
    found = decode(
        TOP, step(SIBLING, "a"), step(CHILD, "b"), step(PARENT), step(SIBLING, "c"), step(DONE)
    )
    assert plain(found.node) == {**tree("top"), "siblings": [tree("a", tree("b")), tree("c")]}


def test_p024_the_parent_of_the_top_node_then_complete() -> None:
    assert plain(decode(TOP, step(PARENT), step(-2), step(DONE)).node) == tree("top")


def test_p025_a_second_first_child() -> None:
    found = decode(TOP, step(CHILD, "a"), step(PARENT), step(CHILD, "b"), step(PARENT), step(DONE))
    assert plain(found.node) == tree("top", tree("a"), tree("b"))
    assert [(remark.code, remark.answer) for remark in found.remarks] == [("PS154", 3)]


def test_levels_are_bounded() -> None:
    chain = [step(CHILD, "n")] * MAX_LEVELS
    assert fault(*chain, step(DONE)) == ""
    assert fault(*chain, step(CHILD, "n"), step(DONE)) == "PS207"


@given(contents(), st.lists(contents(1), max_size=2))
def test_encoded_nodes_decode(node: Content, siblings: list[Content]) -> None:
    node.siblings = siblings
    answers = encode_connector(DRC, node)
    found = decode_connector(answers, DRC)
    assert plain(found.node) == plain(node)
    assert (found.remarks, found.fault) == ([], None)


@given(contents())
def test_a_sequence_cut_anywhere_is_a_fault(node: Content) -> None:
    answers = encode_connector(DRC, node)
    for count in range(len(answers)):
        assert decode_connector(answers[:count], DRC).fault is not None


@given(st.lists(st.tuples(st.integers(-3, 6), names, st.binary(max_size=30)), max_size=12))
def test_any_order_of_answers_decodes(steps: list[tuple[int, str, bytes]]) -> None:
    found = decode_connector([Answer(status, words(DRC) + data) for status, _, data in steps])
    assert (found.node is None) == (found.fault is not None or found.refusal is not None)
