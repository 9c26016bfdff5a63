"""What a running kernel answered to writes to /proc/powerpc/ofdt, against a replay of them.

`recordings/ofdt-*.txt` has a line `op N rc=CODE TEXT | WRITE` for each write, and lines
`vio DEVICE of_node ok|BROKEN ...` between them. The writes are those of the one scenario whose log
has as many; `ofdt-after.dtb` is the tree of the kernel afterwards. Compared under `naive`, which is
what the kernel does: the answer to each write, the links after it, and the tree.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.pseries_scenarios import first_difference, run_here
from conformance.report import Result

from dtovl import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.model.tree import Tree

_WRITE = re.compile(r"op (\d+) rc=(\d+) ?(.*?) ?\| (.*)")
_LINK = re.compile(r"vio \S+ of_node (ok|BROKEN) \S*/devicetree/base(/\S+)")
_OOPS = 139

_ANSWERS = {
    "PS152": "Device or resource busy",
    "PS153": "Invalid argument",
    "PS134": "oops",
}


class Recording:
    """The writes with their answers, and after which of them a link was seen good or broken."""

    def __init__(self, text: str) -> None:
        self.writes: list[tuple[str, str]] = []
        self.links: set[tuple[int, str, bool]] = set()
        for line in text.splitlines():
            if found := _WRITE.fullmatch(line):
                answer = "oops" if int(found[2]) == _OOPS else found[3]
                self.writes.append((found[4], answer))
            elif found := _LINK.match(line):
                self.links.add((len(self.writes), found[2], found[1] == "ok"))


def results(folder: Path) -> Iterator[Result]:
    """Compare every recording of a case folder."""
    index = folder / "scenarios.json"
    scenarios = json.loads(index.read_text(encoding="utf-8")) if index.exists() else []
    for path in sorted((folder / "recordings").glob("ofdt-*.txt")):
        recording = Recording(path.read_text(encoding="utf-8"))
        wanted = [write.rstrip() for write, _ in recording.writes]
        for scenario in scenarios:
            lines = (folder / scenario["log"]).read_text(encoding="latin-1").splitlines()
            if [line.rstrip() for line in lines] == wanted:
                base = folder / scenario["base"]
                yield from _compare(path, recording, lines, base)
                break
        else:
            yield Result("recordings", path.name, "no scenario has these writes")


def _compare(path: Path, recording: Recording, lines: list[str], base: Path) -> Iterator[Result]:
    code, document, tree = _replay(lines, base)
    name = path.name
    for number, (write, answer) in enumerate(recording.writes, 1):
        found = _answer(document, number)
        problem = "" if found == answer else f"{found!r}, the kernel answered {answer!r}"
        yield Result("recordings", f"{name} write {number} ({write})", problem)
    for number, node, good in sorted(recording.links):
        here = load(base) if not number else _replay(lines[:number], base)[2]
        resolves = here is not None and here.find(node) is not None
        problem = "" if resolves is good else f"the link to {node} is {_state(resolves)}"
        yield Result("recordings", f"{name} link to {node} after write {number}", problem)
    after = path.with_name("ofdt-after.dtb")
    if after.exists():
        problem = f"exit {code}, no tree" if tree is None else _differs(load(after), tree)
        yield Result("recordings", f"{name} {after.name}", problem)


def _state(resolves: bool) -> str:
    return "good here, and was broken" if resolves else "broken here, and was good"


def _replay(lines: list[str], base: Path) -> tuple[int, dict[str, Any], Tree | None]:
    """Replay lines under naive; give exit code, the result, and the tree that was written."""
    with tempfile.TemporaryDirectory() as folder:
        log, out = Path(folder, "log.txt"), Path(folder, "after.dtb")
        log.write_text("".join(f"{line}\n" for line in lines), encoding="latin-1")
        arguments = ["migrate", "--replay", str(log), "--base", str(base), "--policy", "naive"]
        code, text = run_here([*arguments, "--format", "json", "-o", str(out)])
        document = json.loads(text) if text else {}
        return code, document, load(out) if out.exists() else None


def _answer(document: dict[str, Any], number: int) -> str:
    """Give what the kernel says to the write on a line, as the replay has it; "" is success."""
    codes = {one["code"] for one in document.get("findings", ()) if one["line"] == number}
    refused = [answer for code, answer in _ANSWERS.items() if code in codes]
    if refused:
        return refused[0]
    operation = next((one for one in document.get("ops", ()) if one["line"] == number), None)
    if operation is None:
        return "not read"
    return "No such device" if operation["result"] == "not-found" else ""


def _differs(expected: Tree, found: Tree) -> str:
    """Say what differs, byte for byte, but for `name`, which the kernel makes for every node."""
    problem = first_difference(_content(expected), _content(found))
    return f"the tree differs: {problem}" if problem else ""


def _content(tree: Tree) -> dict[str, dict[str, str]]:
    return {
        node.path: {key: value.hex() for key, value in node.properties.items() if key != "name"}
        for node in tree.root.walk()
    }
