"""The scenarios of a case folder: the result of one replay, compared key by key, lists in order."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.report import Result

from dtovl.cli import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    Json = dict[str, Any]

_ROOT = Path(__file__).resolve().parents[2]
_IN_PROCESS_OF_ITS_OWN = "preserve"
_NOT_COMPARED = {"message", "ignored_lines"}
_FORMS = ("{}.dts", "{}-proc", "{}.lsprop.txt")
_LONGEST = 60


def results(folder: Path) -> Iterator[Result]:
    """Run every scenario under each of its policies, and with each other form of its base."""
    index = folder / "scenarios.json"
    scenarios = json.loads(index.read_text(encoding="utf-8")) if index.exists() else []
    for scenario in scenarios:
        log = folder / scenario["log"]
        base = folder / scenario["base"] if scenario["base"] else None
        for policy, path in scenario["expected"].items():
            expected = json.loads((folder / path).read_text(encoding="utf-8"))
            name = f"{scenario['id']} {policy}"
            alone = policy == _IN_PROCESS_OF_ITS_OWN
            yield Result("scenarios", name, _compare(log, base, policy, expected, alone=alone))
            for other in _other_forms(base):
                problem = _compare(log, other, policy, expected)
                yield Result("forms of bases", f"{name} {other.name}", problem)


def _other_forms(base: Path | None) -> list[Path]:
    if base is None:
        return []
    named = (base.with_name(form.format(base.stem)) for form in _FORMS)
    return [path for path in named if path.exists()]


def _compare(
    log: Path, base: Path | None, policy: str, expected: Json, *, alone: bool = False
) -> str:
    arguments = ["migrate", "--replay", str(log), "--policy", policy, "--format", "json"]
    arguments += ["--base", str(base)] if base is not None else []
    code, text = (run_alone if alone else run_here)(arguments)
    try:
        found = json.loads(text)
    except ValueError:
        return f"exit {code}, and no JSON: {text[:_LONGEST]!r}"
    if code != expected["exit"]:
        return f"exit code {code}, expected {expected['exit']}"
    return first_difference(plain(expected), plain(found))


def run_here(arguments: list[str]) -> tuple[int, str]:
    """Run dtovl in this process; give the exit code and what it wrote to standard output."""
    kept, sys.stdout = sys.stdout, io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    errors, sys.stderr = sys.stderr, io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    try:
        code = run(arguments)
        sys.stdout.flush()
        written: bytes = sys.stdout.buffer.getvalue()  # type: ignore[attr-defined]
    finally:
        sys.stdout, sys.stderr = kept, errors
    return code, written.decode()


def run_alone(arguments: list[str]) -> tuple[int, str]:
    """Run dtovl as a process of its own; give the exit code and what it wrote."""
    done = subprocess.run(
        [sys.executable, "-m", "dtovl", *arguments],
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def plain(document: Json) -> Json:
    """Take out what is for people: messages of findings and errors, and the lines passed over."""
    kept: Json = {}
    for key, value in document.items():
        if key in ("findings", "errors") and isinstance(value, list):
            value = [_without(one) for one in value]
        if key not in _NOT_COMPARED:
            kept[key] = value
    return kept


def _without(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    return {key: value for key, value in entry.items() if key != "message"}


def first_difference(expected: Any, found: Any, where: str = "") -> str:
    """Say where two documents differ first, "" when they do not; order of keys counts for nothing.

    True is not 1, and 1 is not 1.0.
    """
    if type(expected) is not type(found):
        return f"{where}: {_cut(found)}, expected {_cut(expected)}"
    if isinstance(expected, dict):
        for key in sorted({*expected, *found}):
            if key not in found or key not in expected:
                return f"{where}.{key}: {'missing' if key in expected else 'not expected'}"
            problem = first_difference(expected[key], found[key], f"{where}.{key}")
            if problem:
                return problem
        return ""
    if isinstance(expected, list):
        for number, (one, other) in enumerate(zip(expected, found, strict=False)):
            problem = first_difference(one, other, f"{where}[{number}]")
            if problem:
                return problem
        if len(expected) == len(found):
            return ""
        longer = expected if len(expected) > len(found) else found
        more = longer[min(len(expected), len(found))]
        verb = "missing" if longer is expected else "not expected"
        return f"{where}: {verb} {_cut(more)}"
    return "" if expected == found else f"{where}: {_cut(found)}, expected {_cut(expected)}"


def _cut(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 2 * _LONGEST else f"{text[: 2 * _LONGEST]}..."
