"""Applying an overlay: dtovl against libfdt's fdt_overlay_apply on a copy of the base.

    python benchmarks/bench_apply.py [CORPUS]

Base and overlay are read already. Ours applies the overlay with all diagnostics of one applier,
and takes it out again, so that the base is as before; "both" gives the verdicts and diagnostics of
both appliers and the forecast of removal, as the command does. The peer copies base and overlay,
opens the base with room to grow and applies. Boards of 80 KB and more come from CORPUS (an unpacked
or packed `corpus.tar.xz` beside the checkout by default), with overlays that apply to them, and are
made up besides, with 1 and 20 fragments. Then one overlay is applied to made-up bases from 10 KB to
10 MB.

All take turns in one process; the best CPU time of each counts. Printed are microseconds and
ratios; the status is 1 when a ratio on a base of 80 KB or more, or the flatness, misses its bound.
"""

from __future__ import annotations

import gc
import json
import sys
import tarfile
import time
from pathlib import Path
from struct import pack
from typing import TYPE_CHECKING, Any

import libfdt

from dtovl.checks.forecast import foresee
from dtovl.checks.verdicts import apply_checked, try_stack
from dtovl.fdt.read import unflatten
from dtovl.fdt.write import flatten
from dtovl.model.dialect import LIBFDT, LINUX, Dialect
from dtovl.model.node import Node
from dtovl.model.tree import Tree
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.fragments import Overlay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).resolve()
CORPUS = HERE.parents[1].parent / "shared" / "corpus" / "corpus.tar.xz"
ROUNDS = 40
IN_A_ROW = 5
LEAST_BYTES = 80_000
WANTED = 5.0
FLAT_WITHIN = 1.5
BOARDS = 6
ROOM = 65_536


# -- boards and overlays ---------------------------------------------------------------------------


def board(devices: int) -> bytes:
    """Make up a board: buses of 16 devices, a label and a phandle for each."""
    root = Node("")
    root.properties = {"#address-cells": pack(">I", 1), "#size-cells": pack(">I", 1)}
    soc, symbols = Node("soc"), Node("__symbols__")
    soc.properties = {"compatible": b"simple-bus\0", "ranges": b""}
    for number in range(devices):
        if number % 16 == 0:
            bus = Node(f"bus@{number:x}")
            bus.properties = {"#address-cells": pack(">I", 1), "#size-cells": pack(">I", 0)}
            soc.add_child(bus)
        device = Node(f"dev@{number % 16:x}")
        device.properties = {
            "compatible": b"acme,dev-v2\0acme,dev\0",
            "reg": pack(">I", number % 16),
            "interrupts": pack(">3I", 0, number, 4),
            "clocks": pack(">2I", number or 1, 9),
            "status": b"disabled\0",
            "phandle": pack(">I", number + 1),
        }
        bus.add_child(device)
        symbols.properties[f"dev_{number}"] = f"/soc/{bus.name}/{device.name}\0".encode()
    root.add_child(soc)
    root.add_child(symbols)
    return flatten(Tree(root))


def overlay(fragments: int, devices: int) -> bytes:
    """Make up an overlay: each fragment enables a device and adds a child with references."""
    root = Node("")
    symbols, fixups, local = Node("__symbols__"), Node("__fixups__"), Node("__local_fixups__")
    for number in range(fragments):
        name = f"fragment@{number}"
        fragment, content = Node(name), Node("__overlay__")
        fragment.properties["target"] = b"\xff\xff\xff\xff"
        content.properties = {"status": b"okay\0", "clock-frequency": pack(">I", 400_000)}
        child = Node(f"sensor@{number:x}")
        child.properties = {
            "compatible": b"acme,sensor\0",
            "reg": pack(">I", number),
            "link": pack(">2I", number or 1, 0xFFFFFFFF),
            "phandle": pack(">I", number + 1),
        }
        content.add_child(child)
        fragment.add_child(content)
        root.add_child(fragment)
        place = f"/{name}/__overlay__/{child.name}"
        symbols.properties[f"sensor_{number}"] = place.encode() + b"\0"
        target = f"dev_{number * (devices - 1) // fragments}"
        other = f"dev_{number * (devices - 1) // fragments + 1}"
        for label, site in ((target, f"/{name}:target:0"), (other, f"{place}:link:4")):
            sites = fixups.properties.get(label, b"")
            fixups.properties[label] = sites + site.encode() + b"\0"
        node = local
        for part in place[1:].split("/"):
            below = node.children.get(part) or Node(part)
            if part not in node.children:
                node.add_child(below)
            node = below
        node.properties["link"] = bytes(4)
    for node in (symbols, fixups, local):
        root.add_child(node)
    return flatten(Tree(root))


def made_up() -> Iterator[tuple[str, bytes, bytes]]:
    """Give bases of 100 KB and 400 KB with overlays of 1 and 20 fragments."""
    for devices in (700, 2800):
        for fragments in (1, 20):
            name = f"made up, {devices} devices, {fragments} fragments"
            yield name, board(devices), overlay(fragments, devices)


def real(corpus: Path) -> Iterator[tuple[str, bytes, bytes]]:
    """Give some real boards, each with the largest overlay and one of the smallest that apply."""
    chosen: dict[str, list[dict[str, Any]]] = {}
    with tarfile.open(corpus) as archive:

        def read(name: str) -> bytes:
            member = archive.extractfile(name)
            return member.read() if member is not None else b""

        records = [json.loads(line) for line in read("manifest.jsonl").splitlines()]
        sizes = {one["file"]: one["size"] for one in records if "file" in one}
        for one in records:
            fits = one["type"] == "pair" and one["verdict"] == "0" and "/deb-" not in one["base"]
            if fits and one["why"] == "makefile" and sizes[one["base"]] >= LEAST_BYTES:
                chosen.setdefault(one["base"], []).append(one)
        bases = sorted(chosen, key=lambda base: sizes[base])
        for base in bases[:: max(len(bases) // BOARDS, 1)]:
            pairs = sorted(chosen[base], key=lambda one: sizes[one["overlays"][0]])
            for name in dict.fromkeys(one["overlays"][0] for one in (pairs[0], pairs[-1])):
                yield f"{Path(base).name} + {Path(name).name}", read(base), read(name)


# -- the two sides ---------------------------------------------------------------------------------


def own(tree: Tree, change: Overlay, dialect: Dialect) -> Callable[[], object]:
    """Apply, diagnose and revert with one applier."""

    def step() -> None:
        stack, _, _ = try_stack(tree, [change], dialect, "board.dtb", main=True, asked=True)
        stack.revert(tree)

    return step


def both(tree: Tree, change: Overlay) -> Callable[[], object]:
    """Apply, diagnose, forecast the removal and revert with both appliers."""

    def step() -> None:
        applied = apply_checked(tree, [change], LIBFDT, base="board.dtb", foresee=foresee)
        applied.stack.revert(tree)

    return step


def peer(base: bytes, change: bytes) -> Callable[[], object]:
    """Apply on a copy with libfdt; only for blobs that are known to be harmless."""
    source = bytearray(base)
    size = len(base) + 2 * len(change) + ROOM

    def step() -> None:
        copy = bytearray(size)
        error = libfdt.fdt_open_into(source, copy, size)
        error = error or libfdt.fdt_overlay_apply(copy, bytearray(change))
        if error:
            raise RuntimeError(f"libfdt refuses: {error}")

    return step


def timed(step: Callable[[], object]) -> float:
    """Run a step a few times; give the microseconds of the quickest."""
    best = float("inf")
    for _ in range(IN_A_ROW):
        start = time.perf_counter_ns()
        step()
        best = min(best, time.perf_counter_ns() - start)
    return best / 1000


def best_times(steps: list[Callable[[], object]], rounds: int = ROUNDS) -> list[float]:
    """Give the best time of each step; they take turns."""
    times = [float("inf")] * len(steps)
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for number, step in enumerate(steps):
                times[number] = min(times[number], timed(step))
    finally:
        gc.enable()
    return times


# -- figures ---------------------------------------------------------------------------------------


def compare(name: str, base: bytes, change: bytes) -> float:
    """Print one line about a pair, and give the ratio of the slower applier."""
    tree, made = unflatten(base), Overlay(unflatten(change))
    steps = [own(tree, made, LIBFDT), own(tree, made, LINUX), both(tree, made), peer(base, change)]
    libfdt_us, linux_us, both_us, peer_us = best_times(steps)
    worst = peer_us / max(libfdt_us, linux_us)
    linux = apply_overlay(tree, made, LINUX)
    linux.changeset.revert(tree)
    shown = name[:60] if linux.applies else f"{name[:46]}: Linux refuses"
    print(
        f"{shown:<60} {len(base) / 1000:6.0f} KB  libfdt itself {peer_us:7.0f} us  "
        f"dtovl libfdt {libfdt_us:6.0f}  linux {linux_us:6.0f}  both {both_us:6.0f}  "
        f"ratio {peer_us / libfdt_us:5.1f} {peer_us / linux_us:5.1f} {peer_us / both_us:5.1f}"
    )
    return worst


def flatness(fragments: int) -> float:
    """Print what one overlay costs on bases from 10 KB to 10 MB; give largest by smallest."""
    counts = (70, 700, 7_000, 70_000)
    change = overlay(fragments, counts[0])
    steps, sizes = [], []
    for devices in counts:
        base = board(devices)
        sizes.append(len(base))
        steps.append(own(unflatten(base), Overlay(unflatten(change)), LIBFDT))
    times = best_times(steps)
    shown = "  ".join(
        f"{size / 1000:.0f} KB {taken:.0f} us" for size, taken in zip(sizes, times, strict=True)
    )
    ratio = max(times) / min(times)
    print(f"flat, {fragments} fragments: {shown}  ratio {ratio:.2f}")
    return ratio


def main(corpus: Path) -> int:
    """Compare all pairs, then the sizes; 0 if every bound is kept."""
    pairs = [*made_up(), *(real(corpus) if corpus.exists() else ())]
    ratios = [(compare(*pair), len(pair[1])) for pair in pairs]
    worst = min(ratio for ratio, size in ratios if size >= LEAST_BYTES)
    print(f"worst ratio from {LEAST_BYTES // 1000} KB on {worst:.1f}, wanted {WANTED:.1f}")
    steep = max(flatness(fragments) for fragments in (1, 20))
    print(f"flat within {steep:.2f}, wanted {FLAT_WITHIN}")
    return 0 if worst >= WANTED and steep <= FLAT_WITHIN else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS))
