"""Source text of the corpus: what dtc makes of it, and where it finds mistakes.

`sources` are real boards and overlays, already preprocessed or not, each compiled with and without
labels (-@). `texts` are small ones: good ones with a tree, bad ones with the line of the mistake.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.report import Result
from support.canonical import blob_lines, digest, first_difference

from dtovl.diagnostics import Diagnostic, Sink
from dtovl.dts.reader import read
from dtovl.errors import InputError
from dtovl.fdt.write import flatten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Entry = dict[str, Any]


class Text(NamedTuple):
    """A source to compile: its path, where it looks for includes, what is defined for it."""

    kind: str
    path: Path
    root: Path
    include: tuple[Path, ...]
    defines: Mapping[str, str]
    entry: Entry


def sources(folder: Path) -> Iterator[Text]:
    """List what an unpacked `sources.tar.xz` holds."""
    for entry in _entries(folder / "sources"):
        path = folder / "sources" / entry["file"]
        yield Text("sources", path, path.parent, (), {}, entry)
    for entry in _entries(folder / "raw"):
        root = folder / "raw" / entry["tree"]
        include = tuple(root / name for name in entry["include"])
        yield Text("sources", root / entry["file"], root, include, entry["defines"], entry)


def texts(folder: Path) -> Iterator[Text]:
    """List the small texts."""
    for entry in _entries(folder):
        path = folder / entry["file"]
        defines = {"__DTS__": "1"} if entry["cpp"] else {}
        yield Text("texts", path, path.parent, (), defines, entry)


def _entries(folder: Path) -> list[Entry]:
    expected = folder / "expected.jsonl"
    return (
        [json.loads(line) for line in expected.read_text().splitlines()]
        if expected.exists()
        else []
    )


def run(text: Text) -> Result:
    """Compile one source and hold the outcome against the recording."""
    entry = text.entry
    if text.kind == "sources":
        problem = _tree(text, entry["plain"], symbols=False)
        if not problem:
            problem = _tree(text, entry["symbols"], symbols=True)
    elif entry["class"] == "good":
        problem = _tree(text, entry["canon_doc"], symbols=entry["symbols"])
    else:
        problem = _mistake(text)
    return Result(text.kind, entry["file"], problem)


def _compile(text: Text, sink: Sink, *, symbols: bool) -> bytes:
    tree = read(
        text.path.read_bytes(),
        str(text.path),
        read_file=_read_file,
        include_dirs=[str(folder) for folder in text.include],
        defines=text.defines,
        roots=[str(text.root)],
        symbols=symbols,
        sink=sink,
    )
    return flatten(tree)


def _read_file(path: str) -> bytes | None:
    file = Path(path)
    return file.read_bytes() if file.is_file() else None


def _tree(text: Text, expected: str, *, symbols: bool) -> str:
    how = "with -@" if symbols else "without -@"
    try:
        lines = blob_lines(_compile(text, Sink(), symbols=symbols))
    except InputError as error:
        found = error.diagnostic
        return f"{how}: refused: {found.where}: {found.code.number} {found.message}"
    if digest(lines) == expected:
        return ""
    return f"{how}: the tree differs{_where(text, lines, symbols=symbols)}"


def _where(text: Text, lines: list[str], *, symbols: bool) -> str:
    """Find the first differing line, with the dtc of this machine for the expected text."""
    dtc = shutil.which("dtc")
    if dtc is None or text.include:
        return ""
    command = [dtc, "-q", "-q", "-q", "-I", "dts", "-O", "dtb", *["-@"] * symbols, str(text.path)]
    made = subprocess.run(command, capture_output=True, check=False, cwd=text.root)
    return f", {first_difference(blob_lines(made.stdout), lines)}" if not made.returncode else ""


def _mistake(text: Text) -> str:
    """Say what is wrong with the diagnostics of a bad source: no error, or the wrong line."""
    sink = Sink()
    try:
        _compile(text, sink, symbols=False)
    except InputError as error:
        found = list(error.diagnostics)
    else:
        if text.entry["class"] == "bad":
            return "accepted, must be refused"
        found = list(sink)
    if not found:
        return "accepted without a warning"
    wanted = {text.entry["line"], *text.entry["also_ok"]}
    first = found[0]
    if _place(first)[0] != text.entry["in"] or _place(first)[1] not in wanted:
        lines = " or ".join(map(str, sorted(wanted)))
        return (
            f"first message at {first.where}, expected {text.entry['in']}:{lines}: {first.message}"
        )
    return ""


def _place(found: Diagnostic) -> tuple[str, int]:
    where = found.where
    return (PurePosixPath(where.file).name, where.line) if where is not None else ("", 0)
