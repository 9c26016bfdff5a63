"""Whole processes: starting dtovl against starting Python, and peak memory on a large board.

    python benchmarks/bench_start.py

`dtovl --version` and `dtovl apply` of an overlay of about 1 KB on a base of about 80 KB take turns
with `python -c pass`; printed are medians of wall time and their ratios. Then the peak memory of
reading, applying and writing with a base of some 9 MB. Bytecode is compiled before, as pip does
for an installed package.
"""

from __future__ import annotations

import compileall
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from struct import pack

import dtovl
from dtovl.fdt.write import flatten
from dtovl.model.node import Node
from dtovl.model.tree import Tree

ROUNDS = 15
DTOVL = [sys.executable, "-m", "dtovl"]
PEAK = (
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
    "stdout=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


def main() -> int:
    """Print the figures; give 1 when one is beyond its bound."""
    package = Path(dtovl.__file__).parent
    compileall.compile_dir(package, quiet=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base, over = folder / "base.dtb", folder / "over.dtbo"
        base.write_bytes(board(385))
        over.write_bytes(overlay())
        print(f"base {base.stat().st_size} bytes, overlay {over.stat().st_size} bytes")
        good = start("dtovl --version", [*DTOVL, "--version"], 2.0)
        good &= start("dtovl apply", [*DTOVL, "apply", str(base), str(over)], 6.0)
        big = folder / "big.dtb"
        big.write_bytes(board(43_000))
        good &= memory(big, over, folder / "out.dtb", 400)
    return 0 if good else 1


def start(title: str, command: list[str], bound: float) -> bool:
    """Print how many times as long as an empty Python a command takes."""
    times = [(seconds([sys.executable, "-c", "pass"]), seconds(command)) for _ in range(ROUNDS)]
    peer, own = (statistics.median(pair[side] for pair in times) for side in (0, 1))
    ratio = own / peer
    print(
        f"{title}: {own * 1e3:.1f} ms, python {peer * 1e3:.1f} ms, ratio {ratio:.2f} (<= {bound})"
    )
    return ratio <= bound


def seconds(command: list[str]) -> float:
    """Run a command; give its wall time."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def memory(base: Path, over: Path, out: Path, bound: int) -> bool:
    """Print the peak memory of reading, applying and writing a large board, in MiB."""
    command = [*DTOVL, "apply", str(base), str(over), "-o", str(out), "--quiet"]
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *command], check=True, capture_output=True, text=True
    )
    peak = int(done.stdout.split()[-1]) // 1024
    size = base.stat().st_size
    print(f"peak memory with a base of {size} bytes: {peak} MiB (<= {bound})")
    return peak <= bound


def board(devices: int) -> bytes:
    """Make a base: a bus with devices of three nodes each, every device with a label."""
    root, soc, symbols = Node(""), Node("soc"), Node("__symbols__")
    root.add_child(soc)
    root.add_child(symbols)
    cells = {"#address-cells": pack(">I", 1), "#size-cells": pack(">I", 1)}
    root.properties.update(cells)
    soc.properties.update(cells, ranges=b"")
    for number in range(devices):
        device = Node(f"dev@{number * 0x100:x}")
        soc.add_child(device)
        device.properties = {
            "compatible": b"acme,device\0",
            "reg": pack(">2I", number * 0x100, 0x100),
            "status": b"disabled\0",
            "phandle": pack(">I", number + 1),
        }
        for name in ("pins", "port"):
            child = Node(name)
            child.properties = {"acme,value": pack(">2I", number, 7)}
            device.add_child(child)
        symbols.properties[f"dev{number}"] = device.path.encode() + b"\0"
    return flatten(Tree(root))


def overlay() -> bytes:
    """Make an overlay of two fragments which adds a node and changes properties."""
    root, fixups = Node(""), Node("__fixups__")
    for number in (0, 1):
        fragment, content = Node(f"fragment@{number}"), Node("__overlay__")
        fragment.properties = {"target": b"\xff\xff\xff\xff"}
        content.properties = {"status": b"okay\0", "acme,list": pack(">30I", *range(30))}
        sensor = Node("sensor")
        sensor.properties = {
            "compatible": b"acme,sensor\0",
            "acme,supply": b"\xff\xff\xff\xff",
            "acme,table": bytes(range(200)),
        }
        fragment.add_child(content)
        content.add_child(sensor)
        root.add_child(fragment)
        places = [f"/fragment@{number}:target:0"]
        places.append(f"/fragment@{number}/__overlay__/sensor:acme,supply:0")
        fixups.properties[f"dev{number + 3}"] = ("\0".join(places) + "\0").encode()
    root.add_child(fixups)
    return flatten(Tree(root))


if __name__ == "__main__":
    sys.exit(main())
