"""Reading a blob: dtovl against a walk of the same blob by pylibfdt calls.

    python benchmarks/bench_read.py [FILE.dtb...]

Both give the same: a validated tree of nodes with the values of their properties. Ours does it in
one pass and finds phandles and oddities too. The peer calls fdt_check_full, then walks with
first_subnode, next_subnode, first_property_offset, next_property_offset, get_property_by_offset.
"calls alone" is that walk without validation, keeping nothing of what it gets.

All take turns in one process, a few times in a row each, as the memory that another one left in
disorder slows the first time; the best CPU time of each counts, and what the time before left
behind is collected off the clock. Without FILE boards of about 100 KB and 1 MB are made up.
Printed are milliseconds and ratios; the status is 1 when a blob of 80 KB or more stays below the
wanted ratio.
"""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path
from struct import pack
from typing import TYPE_CHECKING

import libfdt

from dtovl.diagnostics import Sink
from dtovl.fdt.read import unflatten
from dtovl.fdt.write import flatten
from dtovl.model.node import Node
from dtovl.model.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 1.5  # for one blob and one side
IN_A_ROW = 5
WANTED = 3.0
LEAST_BYTES = 80_000


def board(devices: int) -> bytes:
    """Make up a board as kernel boards look: buses, devices, pins, a label for every device."""
    root = Node("")
    root.properties = {"#address-cells": pack(">I", 1), "compatible": b"acme,board\0acme,soc\0"}
    symbols, soc = Node("__symbols__"), Node("soc")
    soc.properties = {"ranges": b"", "#size-cells": pack(">I", 1)}
    for number in range(devices):
        address = 0x10000000 + 0x1000 * number
        device = Node(f"serial@{address:x}")
        device.properties = {
            "compatible": b"acme,uart\0ns16550a\0",
            "reg": pack(">2I", address, 0x100),
            "interrupts": pack(">3I", 0, number, 4),
            "clocks": pack(">2I", number or 1, 9),
            "clock-names": b"core\0",
            "status": b"disabled\0",
            "phandle": pack(">I", number + 1),
        }
        pins = Node("pins-default")
        pins.properties = {"pinmux": bytes(16), "bias-pull-up": b"", "drive-strength": bytes(4)}
        device.add_child(pins)
        soc.add_child(device)
        symbols.properties[f"uart{number}"] = f"/soc/{device.name}".encode() + b"\0"
    root.add_child(soc)
    root.add_child(symbols)
    return flatten(Tree(root))


def own(blob: bytes) -> Tree:
    """Read as every command does."""
    return unflatten(blob, "board.dtb", Sink())


def walked(blob: bytes) -> Node:
    """Validate, walk, and keep names and values."""
    if libfdt.fdt_check_full(bytearray(blob), len(blob)):
        raise ValueError("libfdt refuses the blob")
    fdt = libfdt.FdtRo(blob)
    quiet = libfdt.QUIET_NOTFOUND

    def read(offset: int, parent: Node | None) -> Node:
        node = Node(fdt.get_name(offset), parent)
        at = fdt.first_property_offset(offset, quiet)
        while at >= 0:
            value = fdt.get_property_by_offset(at)
            node.properties[value.name] = bytes(value)
            at = fdt.next_property_offset(at, quiet)
        below = fdt.first_subnode(offset, quiet)
        while below >= 0:
            child = read(below, node)
            node.children[child.name] = child
            below = fdt.next_subnode(below, quiet)
        return node

    return read(0, None)


def called(blob: bytes) -> None:
    """Walk and keep nothing."""
    fdt = libfdt.FdtRo(blob)
    quiet = libfdt.QUIET_NOTFOUND

    def node(offset: int) -> None:
        fdt.get_name(offset)
        at = fdt.first_property_offset(offset, quiet)
        while at >= 0:
            fdt.get_property_by_offset(at)
            at = fdt.next_property_offset(at, quiet)
        below = fdt.first_subnode(offset, quiet)
        while below >= 0:
            node(below)
            below = fdt.next_subnode(below, quiet)

    node(0)


def timed(step: Callable[[bytes], object], blob: bytes) -> float:
    """Run a step once; give its milliseconds."""
    gc.collect()
    start = time.process_time()
    kept = step(blob)
    taken = time.process_time() - start
    del kept
    return 1000 * taken


def compare(name: str, blob: bytes) -> float:
    """Print one line about a blob and give the ratio."""
    steps = (own, walked, called)
    times = [timed(step, blob) for step in steps]
    rounds = max(1, min(12, int(1000 * SECONDS / max(times) / IN_A_ROW)))
    for _ in range(rounds):
        for number, step in enumerate(steps):
            times[number] = min(times[number], *[timed(step, blob) for _ in range(IN_A_ROW)])
    ours, peer, alone = times
    print(
        f"{name:<46} {len(blob) / 1000:7.0f} KB  dtovl {ours:7.2f} ms  pylibfdt {peer:7.2f} ms  "
        f"ratio {peer / ours:4.2f}  (calls alone {alone / ours:4.2f})"
    )
    return peer / ours


def main(names: list[str]) -> int:
    """Compare all blobs; 0 if each of them that is large enough reaches the wanted ratio."""
    blobs = [(Path(name).name, Path(name).read_bytes()) for name in names]
    if not blobs:
        blobs = [(f"made up, {count} devices", board(count)) for count in (300, 3000)]
    ratios = [(compare(name, blob), len(blob)) for name, blob in blobs]
    worst = min((ratio for ratio, size in ratios if size >= LEAST_BYTES), default=WANTED)
    print(f"worst ratio from {LEAST_BYTES // 1000} KB on {worst:.2f}, wanted {WANTED:.1f}")
    return 0 if worst >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
