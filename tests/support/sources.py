"""Generated devicetree source: mostly correct, with everything that shapes the compiled tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from random import Random

NODES = ("a", "b", "c@1", "d@2", "cpus", "x")
PROPERTIES = ("p", "q", "#r", "s,t", "reg", "phandle")
OPERATORS = (
    *("*", "/", "%", "+", "-", "<<", ">>", "<", ">", "<=", ">=", "==", "!="),
    *("&", "^", "|", "&&", "||"),
)
NUMBERS = ("0", "1", "7", "0x10", "010", "3U", "5ULL", "'a'", "'\\n'", "0xffff")
STRINGS = ('"s"', '"t\\n\\x41\\101"', '""', '"u;{}"', '"/* no comment */"')
BETWEEN = (" ", "\n", " /* c */ ", " // x\n", "\r\n\t", '\n# 7 "other.dtsi" 2\n')


class Writer:
    """Writes one source with the choices of a random number generator.

    Left out is what dtc 1.6.1 and 1.8.1 do not agree about (numbers beyond 32 bits, paths into
    the base as cells, paths from labels), and what both do by accident (a name deleted and defined
    in one block, deletions in a plugin, the root left out).
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        self.plugin = random.random() < 0.4
        self._labels: list[str] = []
        self._inner = 0

    def source(self) -> str:
        random = self.random
        parts = ["/dts-v1/;" + (" /plugin/;" if self.plugin else "")]
        if random.random() < 0.1:
            parts.append("/memreserve/ 0x1000 (1<<12);")
        parts.append(f"/ {self._body(0)};")
        for _ in range(random.randint(0, 4)):
            parts.append(self._later())
        return "\n".join(parts) + "\n"

    def _later(self) -> str:
        random = self.random
        choice = random.random()
        if choice < 0.3:
            return f"/ {self._body(0)};"
        if choice < 0.75:
            label = f"{self._new_label()}: " if random.random() < 0.1 else ""
            return f"{label}{self._reference()} {self._body(1)};"
        word = "/delete-node/" if choice < 0.9 else "/omit-if-no-ref/"
        reference = self._reference()
        return f"{word} {reference};" if reference != "&{/}" else "/ { };"

    def _pick(self, choices: tuple[str, ...] | list[str]) -> str:
        return choices[self.random.randrange(len(choices))]

    def _new_label(self) -> str:
        if self._labels and self.random.random() < 0.02:
            return self._pick(self._labels)
        self._labels.append(f"L{len(self._labels)}")
        return self._labels[-1]

    def _inner_label(self) -> str:
        self._inner += 1
        return f"V{self._inner}: "

    def _reference(self) -> str:
        random = self.random
        if not self.plugin and (not self._labels or random.random() > 0.98):
            return "&{/" + "/".join(self._pick(NODES) for _ in range(random.random() < 0.5)) + "}"
        if self._labels and random.random() < (0.7 if self.plugin else 0.99):
            return f"&{self._pick(self._labels)}"
        return f"&X{random.randint(0, 3)}"

    def _expression(self, depth: int = 0) -> str:
        random = self.random
        choice = random.random()
        if depth > 3 or choice < 0.4:
            return self._pick(NUMBERS)
        if choice < 0.8:
            sign = self._pick(OPERATORS)
            return f"({self._expression(depth + 1)} {sign} {self._expression(depth + 1)})"
        if choice < 0.9:
            return f"({self._pick('-~!')}{self._expression(depth + 1)})"
        inner = [self._expression(depth + 1) for _ in range(3)]
        return f"({inner[0]} ? {inner[1]} : {inner[2]})"

    def _cell(self) -> str:
        choice = self.random.random()
        if choice < 0.5:
            return self._pick(NUMBERS)
        if choice < 0.6:
            return f"({self._expression()} & 0xffff)"
        if choice < 0.65:
            return f"{self._inner_label()}1"
        return self._reference()

    def _value(self) -> str:
        random = self.random
        choice = random.random()
        if choice < 0.5:
            return "<" + " ".join(self._cell() for _ in range(random.randint(0, 3))) + ">"
        if choice < 0.7:
            return self._pick(STRINGS)
        if choice < 0.8:
            return (
                "[" + self._pick(["", "00", "aa bb", "a1b2 c3", f"{self._inner_label()}11"]) + "]"
            )
        if choice < 0.9:
            return self._reference()
        bits = self._pick(("8", "16", "32", "64"))
        cells = " ".join(
            self._pick(("1", "2", "(3+4)", "0x7f")) for _ in range(random.randint(0, 3))
        )
        return f"/bits/ {bits} <{cells}>"

    def _property(self, name: str) -> str:
        random = self.random
        label = self._inner_label() if random.random() < 0.05 else ""
        if name == "phandle":
            return f"{label}phandle = <{random.randint(1, 400)}>;"
        if random.random() < 0.15:
            return f"{label}{name};"
        values = ", ".join(self._value() for _ in range(random.randint(1, 2)))
        return f"{label}{name} = {values};"

    def _body(self, depth: int) -> str:
        random = self.random
        parts = []
        for name in random.sample(PROPERTIES, random.choice((0, 0, 1, 1, 2))):
            kept = random.random() < 0.85
            parts.append(self._property(name) if kept else f"/delete-property/ {name};")
        count = random.choice((0, 1, 1, 2)) if depth < 3 else 0
        for name in random.sample(NODES, count):
            if random.random() < 0.12:
                parts += [] if self.plugin else [f"/delete-node/ {name};"]
                continue
            labels = [f"{self._new_label()}:" for _ in range(random.choice((0, 0, 1, 1, 2)))]
            words = labels + ["/omit-if-no-ref/"] * (random.random() < 0.15)
            random.shuffle(words)
            parts.append(" ".join([*words, name, self._body(depth + 1)]) + ";")
        between = self._pick(BETWEEN)
        return "{" + between + between.join(parts) + between + "}"


def sources() -> st.SearchStrategy[str]:
    """Generate whole sources."""
    return st.randoms(use_true_random=False).map(lambda random: Writer(random).source())
