"""Sessions: the whole process of `dtovl status`, by the number of operations in the journal.

    python benchmarks/bench_session.py

The base has about 80 KB. The journal is work on a board: overlays of about 1 KB applied and
removed, a node held and released. Processes take turns with those on an empty session; printed are
medians of wall time, their ratio, and what each 100 operations cost. A second curve, without a
bound, has a stack that only grows, of overlays that are all different: reading 1,000 blobs is most
of it. Then the cost of one operation through the library, and of one command.
"""

from __future__ import annotations

import compileall
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench_start import DTOVL, board, seconds

import dtovl
from dtovl.fdt.write import flatten
from dtovl.model.node import Node
from dtovl.model.tree import Tree
from dtovl.session.content import Content
from dtovl.session.session import Session

Fill = Callable[[Session, int], None]
ROUNDS = 9
SIZES = (0, 500, 1000, 2000)
BOUND = 3.0
LINEAR = 1.3
"""How much more an operation may cost at the end of the curve than at 500."""


def main() -> int:
    """Print the figures; give 1 when one is beyond its bound."""
    compileall.compile_dir(Path(dtovl.__file__).parent, quiet=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = board(385)
        print(f"base {len(base)} bytes, overlay {len(overlay(0))} bytes")
        good = curve("applied and removed, held and released", folder, base, work)
        curve("a stack that grows", folder, base, stack)
        single(folder, base)
    return 0 if good else 1


def curve(title: str, folder: Path, base: bytes, fill: Fill) -> bool:
    """Print how long `dtovl status` takes with journals of several lengths."""
    paths = {}
    for size in SIZES:
        path = paths[size] = folder / f"{title.split()[0]}-{size}.dtovl"
        with Session.create(path, base, name="board.dtb") as session:
            fill(session, size)
    times = {size: [] for size in SIZES}
    for _ in range(ROUNDS):
        for size, path in paths.items():
            times[size].append(seconds([*DTOVL, "status", "--session", str(path)]))
    middle = {size: statistics.median(found) for size, found in times.items()}
    empty = middle[0]
    print(f"{title}:")
    for size in SIZES:
        each = (middle[size] - empty) / size * 1e5 if size else 0.0
        ratio = middle[size] / empty
        bound = f" (<= {BOUND})" if size == 1000 and fill is work else ""
        kept = paths[size].stat().st_size / 1024
        print(
            f"  {size:5} operations: {middle[size] * 1e3:6.1f} ms, ratio {ratio:.2f}{bound}, "
            f"{each:5.1f} ms for each 100, file {kept:,.0f} KiB"
        )
    last = (middle[SIZES[-1]] - empty) / SIZES[-1]
    steady = last <= LINEAR * (middle[500] - empty) / 500
    print(f"  growth: {'linear' if steady else 'more than linear'}")
    return steady and middle[1000] <= BOUND * empty


def work(session: Session, count: int) -> None:
    """Fill a journal: apply, hold, release, remove, again and again."""
    for number in range(count // 4):
        kind = number % 8
        session.apply(Content(f"over{kind}.dtbo", overlay(kind), "blob"))
        held = {"path": f"/soc/dev@{kind * 0x100:x}/sensor@{kind:x}", "as": "driver"}
        session.do({"op": "hold", **held}, {"op": "release", **held}, {"op": "remove", "id": 1})


def stack(session: Session, count: int) -> None:
    """Fill a journal with overlays that stay."""
    overlays = (Content(f"over{number}.dtbo", overlay(number), "blob") for number in range(count))
    session.apply(*overlays)


def single(folder: Path, base: bytes) -> None:
    """Print what one operation costs through the library, and as a command."""
    path = folder / "single.dtovl"
    over = folder / "over.dtbo"
    over.write_bytes(overlay(0))
    times = []
    with Session.create(path, base, name="board.dtb") as session:
        for _ in range(50):
            begin = time.perf_counter()
            session.apply(over)
            times.append(time.perf_counter() - begin)
            session.remove(1)
    print(f"one apply through the library, written safely: {statistics.median(times) * 1e3:.1f} ms")
    command = [*DTOVL, "apply", "--session", str(path), str(over)]
    back = [*DTOVL, "undo", "--session", str(path)]
    found = []
    for _ in range(ROUNDS):
        found.append(seconds(command))
        subprocess.run(back, check=True, stdout=subprocess.DEVNULL)
    print(f"the same as a command, after 100 operations: {statistics.median(found) * 1e3:.1f} ms")


def overlay(number: int) -> bytes:
    """Make an overlay of about 1 KB for a device of the board: a sensor, and two properties."""
    root, fixups = Node(""), Node("__fixups__")
    fragment, content = Node("fragment@0"), Node("__overlay__")
    fragment.properties = {"target": b"\xff\xff\xff\xff"}
    sensor = Node(f"sensor@{number:x}")
    sensor.properties = {
        "compatible": b"acme,sensor\0",
        "reg": number.to_bytes(4, "big"),
        "acme,supply": b"\xff\xff\xff\xff",
        "acme,table": bytes(range(200)),
        "acme,text": b"calibrated at 25 degrees\0" * 8,
    }
    port = Node("port")
    port.properties = {"acme,lanes": bytes(range(64))}
    sensor.add_child(port)
    content.properties = {"status": b"okay\0", "acme,list": bytes(120)}
    content.add_child(sensor)
    fragment.add_child(content)
    root.add_child(fragment)
    target = f"dev{number % 385}"
    places = ("/fragment@0:target:0", f"/fragment@0/__overlay__/{sensor.name}:acme,supply:0")
    fixups.properties[target] = ("\0".join(places) + "\0").encode()
    root.add_child(fixups)
    return flatten(Tree(root))


if __name__ == "__main__":
    sys.exit(main())
