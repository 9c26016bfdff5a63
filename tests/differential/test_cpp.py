"""The built-in preprocessor against cpp itself: the same words, on generated directives."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dtovl.dts.preprocess import preprocess
from dtovl.errors import InputError

if TYPE_CHECKING:
    from random import Random

CPP = shutil.which("cpp")
COMMAND = (str(CPP), "-nostdinc", "-undef", "-D__DTS__", "-x", "assembler-with-cpp", "-")

pytestmark = pytest.mark.skipif(
    CPP is None, reason="cpp is not installed: the built-in preprocessor is not compared with it"
)

# Left out is a bare F: pcpp may find brackets behind it only after other macros were replaced.
ATOMS = (
    *("1", "x", "y0", "<", ">", "+", ";", "A", "B", "C", "F(1)", "G(A,2)", "H(F(B))", "F (C)"),
    *('"A s"', "a-b", "&l", "0x10A", "10A", "#a", "\n"),
)
CONDITIONS = (
    *("1", "0", "defined(A)", "defined B", "A", "N", "3 > 2", "1 << 3", "-1 < 0u", "!C", "F(1)"),
)
BODIES = {
    "F(a)": ("a", "(a)", "a##1", "#a", "A", "x", "G(a,a)"),
    "G(a, b)": ("a", "b", "a##b", "#b", "F(b)", "[ a ]"),
    "H(a, ...)": ("a", "__VA_ARGS__", "x"),
    "A": ATOMS[:-2],
    "B": ATOMS[:-2],
    "C": ATOMS[:-2],
}


def written(random: Random) -> str:
    """Write directives, and text with macros, in balanced conditions."""

    def some(choices: tuple[str, ...], most: int) -> str:
        return " ".join(random.choice(choices) for _ in range(random.randint(0, most)))

    def condition() -> str:
        parts = [random.choice(CONDITIONS)]
        for _ in range(random.randint(0, 2)):
            parts += [random.choice(("&&", "||", "==", "+", "<")), random.choice(CONDITIONS)]
        return " ".join(parts)

    lines = []
    depth = 0
    for _ in range(random.randint(3, 14)):
        match random.randrange(10):
            case 0 | 1 | 2 | 3:
                head = random.choice(sorted(BODIES))
                lines.append(f"#define {head} {some(BODIES[head], 3)}")
            case 4:
                lines.append(f"#undef {random.choice('ABCFG')}")
            case 5:
                words = (f"#if {condition()}", f"#ifdef {random.choice('ABCFN')}")
                lines.append(random.choice(words))
                depth += 1
            case 6 if depth:
                lines.append(random.choice(("#else", f"#elif {condition()}", "#endif")))
                depth -= lines[-1] == "#endif"
            case _:
                lines.append(some(ATOMS, 6))
    return "\n".join([*lines, *["#endif"] * depth, ""])


def words(text: bytes) -> list[str]:
    plain = re.sub(r"^# \d.*$", "", text.decode("latin-1"), flags=re.MULTILINE)
    return re.findall(r'"[^"]*"|\w+|[^\w\s]', plain)


def by_us(text: str) -> list[str] | InputError:
    try:
        return words(preprocess(text.encode(), "x.dts"))
    except InputError as error:
        return error


@given(st.randoms(use_true_random=False).map(written))
@example("#define B F (C)\n#define C F(B)\n#define F(a) a a##1\nC\n")
@example("#define A 1\n#clock-cells = <A>;\n")
@example("#define A B\n#define B A\nA B\n")
def test_same_words(text: str) -> None:
    done = subprocess.run(COMMAND, input=text.encode(), capture_output=True)
    found = by_us(text)
    # cpp refuses more, such as a second #else.
    assert done.returncode or found == words(done.stdout), text
