"""Reads a base, applies an overlay and writes the result, for a parent that watches.

Requests on stdin and answers on stdout are JSON, one a line; the first line out says that the
process is ready. An uncaught exception ends the process: it is what is looked for.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2])]

from support.canonical import blob_lines, digest  # noqa: E402

from dtovl.checks.verdicts import apply_checked  # noqa: E402
from dtovl.diagnostics import Sink  # noqa: E402
from dtovl.errors import InputError  # noqa: E402
from dtovl.fdt.write import flatten  # noqa: E402
from dtovl.inputs import read_blob  # noqa: E402
from dtovl.overlay.fragments import Overlay  # noqa: E402

# Far above what is allowed, so that a runaway ends here and not in the machine's memory.
_MOST_BYTES = 2 << 30


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    print("ready", flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        overlays = [Path(request["overlay"])] if request["overlay"] else []
        answer = _run(Path(request["base"]), overlays)
        answer["mebibytes"] = _peak_mebibytes()
        print(json.dumps(answer), flush=True)


def _run(base: Path, overlays: list[Path]) -> dict[str, Any]:
    answer = {"read": False, "refused": "", "message": "", "canon_doc": "", "warned": False}
    sink = Sink()
    try:
        tree = read_blob(base.read_bytes(), base.name, sink)
        flatten(tree)
        answer["read"] = True
        changes = [
            Overlay(read_blob(one.read_bytes(), one.name, sink), one.name) for one in overlays
        ]
        answer["warned"] = bool(sink)
        applied = apply_checked(tree, changes)
    except InputError as error:
        found = error.diagnostic
        return answer | {"refused": found.code.number, "message": found.message}
    if applied.stack.failed is not None:
        found = applied.findings[0]
        return answer | {"refused": found.code.number, "message": found.message}
    return answer | {"canon_doc": digest(blob_lines(flatten(tree)))}


def _peak_mebibytes() -> int:
    """Give the most memory this program had at a time (getrusage would count the parent's)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) >> 10
    raise RuntimeError("no VmHWM in /proc/self/status")


if __name__ == "__main__":
    main()
