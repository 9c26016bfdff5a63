"""Reading devicetree source: dtovl against dtlib, on the same preprocessed text.

    python benchmarks/bench_dts.py [FILE...]

Both readers take turns in one process, and the best time of each counts. FILE is preprocessed
source of a base (dtlib does not know /plugin/). Without FILE a board of about 130 KB is made up.
Printed are milliseconds, the ratio, and for one board what preprocessing itself takes.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from devicetree import dtlib

from dtovl.dts.preprocess import preprocess
from dtovl.dts.reader import read_source

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 7
WANTED = 3.0


def board(devices: int = 450) -> str:
    """Make up a board as a kernel board looks after cpp: buses, pins, clocks, line markers."""
    parts = ['# 1 "board.dts"\n/dts-v1/;\n/ {\n\t#address-cells = <1>;\n\t#size-cells = <1>;\n']
    parts.append('\tcompatible = "acme,board", "acme,soc";\n\n\taliases {\n')
    parts += [f"\t\tserial{i} = &uart{i};\n" for i in range(8)]
    parts.append('\t};\n\n# 1 "soc.dtsi" 1\n\tsoc: soc {\n\t\tranges;\n\t\t#address-cells = <1>;\n')
    parts.append("\t\t#size-cells = <1>;\n\n")
    for i in range(devices):
        base = 0x10000000 + 0x1000 * i
        parts.append(
            f'\t\tuart{i}: serial@{base:x} {{\n\t\t\tcompatible = "acme,uart", "ns16550a";\n'
            f"\t\t\treg = <{base:#x} 0x100>;\n"
            f"\t\t\tinterrupts = <0 {i} (((1) << 4) | (4 & 0xf))>;\n"
            f"\t\t\tclocks = <&uart{(i + 7) % devices} {i % 9}>, <&soc 1>;\n"
            '\t\t\tclock-names = "core", "bus";\n\t\t\tfifo-size = <64>;\n'
            '\t\t\tstatus = "disabled";\n\t\t};\n\n'
        )
    parts.append("\t};\n};\n")
    parts += [f'&uart{i} {{\n\tstatus = "okay";\n}};\n\n' for i in range(0, devices, 3)]
    return "".join(parts)


def best(*steps: Callable[[], object]) -> list[float]:
    """Run the steps in turns; give the best time of each in milliseconds."""
    times = [float("inf")] * len(steps)
    for _ in range(ROUNDS):
        for i, step in enumerate(steps):
            start = time.perf_counter()
            step()
            times[i] = min(times[i], time.perf_counter() - start)
    return [1000 * seconds for seconds in times]


def compare(path: Path) -> float | None:
    """Print one line about a file and give the ratio; None if dtlib refuses the file."""
    text = path.read_bytes()

    def peer() -> None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            dtlib.DT(os.fspath(path))

    try:
        own, labelled, other = best(
            lambda: read_source(text, path.name),
            lambda: read_source(text, path.name, symbols=True),
            peer,
        )
    except dtlib.DTError as error:
        print(f"{path.name:<50} dtlib refuses it: {error}")
        return None
    print(
        f"{path.name:<50} {len(text) // 1000:4} KB  dtovl {own:6.1f} ms (-@ {labelled:6.1f})  "
        f"dtlib {other:7.1f} ms  ratio {other / own:5.1f}"
    )
    return other / own


def preprocessing() -> None:
    """Print what the built-in preprocessor takes for a board with as many macros."""
    head = '#define IRQ(n) <0 n (((1) << 4) | (4 & 0xf))>\n#define OKAY "okay"\n'
    text = (head + board().replace('"okay"', "OKAY")).encode()
    (taken,) = best(lambda: preprocess(text, "board.dts"))
    print(f"{'preprocessing by pcpp':<50} {len(text) // 1000:4} KB  {taken:12.1f} ms")


def main(names: list[str]) -> int:
    """Compare all files; 0 if the wanted ratio is reached by each."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "made-up-board.dts")
        made.write_text(board(), encoding="ascii")
        found = [compare(path) for path in ([Path(name) for name in names] or [made])]
    ratios = [ratio for ratio in found if ratio is not None]
    preprocessing()
    worst = min(ratios, default=0.0)
    print(f"worst ratio {worst:.1f}, wanted {WANTED:.1f}")
    return 0 if worst >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
