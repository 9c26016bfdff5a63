"""Work areas for tests: hex dumps in every form, and strategies for what they hold."""

from __future__ import annotations

from struct import pack
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from dtovl.replay.stream import ADD, DELETE, NAME_ONLY, REMOVE, SET, UPDATE, Change, Content
from dtovl.replay.workarea import UNKNOWN, Request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.replay.workarea import Answer

STYLES = ("xxd", "xxd -g1", "xxd -g4", "xxd -a", "hexdump", "od", "od -v", "kernel")


def words(*numbers: int) -> bytes:
    return pack(f">{len(numbers)}I", *numbers)


def nodes_area(*numbers: int) -> bytes:
    """An area of ibm,update-nodes: the words of its lists, without anything after them."""
    return bytes(16) + words(*numbers)


def dump(data: bytes, style: str) -> list[str]:
    """Print bytes as a tool does; those with a `*` form use it."""
    squeezes = style in ("xxd -a", "hexdump", "od", "kernel")
    lines: list[str] = []
    last = b""
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        if squeezes and row == last and at + 16 < len(data):
            if lines[-1] != "*":
                lines.append("*")
            continue
        last = row
        lines.append(_row(at, row, style))
    if style == "hexdump":
        lines.append(f"{len(data):08x}")
    elif style.startswith("od"):
        lines.append(f"{len(data):06x}")
    return lines


def _row(at: int, row: bytes, style: str) -> str:
    text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
    pairs = [f"{byte:02x}" for byte in row]
    match style:
        case "hexdump":
            halves = " ".join(pairs[:8]), " ".join(pairs[8:])
            return f"{at:08x}  {halves[0]}  {halves[1]}  |{text}|"
        case "od" | "od -v":
            return f"{at:06x} {' '.join(pairs)}"
        case "kernel":
            return f"wa: {at:08x}: {_grouped(row, 4)}  {text}"
        case "xxd -g1":
            return f"{at:08x}: {' '.join(pairs):47}  {text}"
        case "xxd -g4":
            return f"{at:08x}: {_grouped(row, 4):35}  {text}"
        case _:
            return f"{at:08x}: {_grouped(row, 2):39}  {text}"


def _grouped(row: bytes, size: int) -> str:
    return " ".join(row[at : at + size].hex() for at in range(0, len(row), size))


def block(header: str, data: bytes, style: str = "hexdump") -> list[str]:
    return [header, *dump(data, style)]


def sequence(
    call: str, fields: str, answers: Iterable[Answer], style: str = "hexdump"
) -> list[str]:
    """Print the answers of one call as a log has them."""
    lines = []
    for answer in answers:
        lines += block(f"rtas ibm,{call} {fields} rc={answer.status}", answer.data, style)
    return lines


# -- strategies ----------------------------------------------------------------------------------

numbers = st.integers(1, 0xFFFFFFFF)
names = st.binary(min_size=1, max_size=12).map(
    lambda data: data.replace(b"\0", b"n").decode("utf-8", "surrogateescape")
)

requests = st.lists(
    st.one_of(
        st.tuples(st.sampled_from((DELETE, UPDATE)), st.just(0), numbers),
        st.tuples(st.just(ADD), st.just(0), numbers, numbers),
        st.tuples(
            *(st.just(UNKNOWN), st.just(0), st.just(0), st.just(0), st.integers(4, 255)),
            st.lists(numbers, max_size=5).map(tuple),
        ),
    ).map(lambda told: Request(*told)),
    max_size=30,
)

changes = st.lists(
    st.one_of(
        st.tuples(names, st.just(SET), st.binary(min_size=1, max_size=60)),
        st.tuples(names, st.just(REMOVE), st.none()),
        st.tuples(names, st.just(NAME_ONLY), st.just(b"")),
    ).map(lambda told: Change(*told)),
    max_size=12,
)


@st.composite
def contents(draw: st.DrawFn, depth: int = 3) -> Content:
    """A node with properties and children, each at most depth levels deep."""
    node = Content(draw(names))
    for name in draw(st.lists(names, max_size=3)):
        node.properties.append((name, draw(st.binary(max_size=20))))
    if depth:
        node.children = draw(st.lists(contents(depth - 1), max_size=2))
    return node


def plain(node: Content | None) -> object:
    """Give a node as plain data, to compare."""
    if node is None:
        return None
    return {
        "name": node.name,
        "props": [
            [name, None if value is None else value.hex()] for name, value in node.properties
        ],
        "children": [plain(child) for child in node.children],
        "siblings": [plain(sibling) for sibling in node.siblings],
    }
