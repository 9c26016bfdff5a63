"""Bad inputs of the corpus, each in a child process with bounds on time and memory.

A child takes many inputs, one after the other, as starting one costs more than most inputs; one
that hangs, dies or grows too large is replaced.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from conformance.report import Result

SECONDS = 2.0
MEBIBYTES = 256

_CHILD = Path(__file__).with_name("hostile_child.py")
_PROBE = "bases/probe.dtbo"
# The codes that say that the fault is ours, or nothing at all.
_UNSPECIFIC = ("DT9",)


def run(folder: Path, processes: int = 2) -> list[Result]:
    """Run all bad inputs of an unpacked archive."""
    lines = (folder / "expected.jsonl").read_text().splitlines()
    cases: SimpleQueue[dict[str, Any]] = SimpleQueue()
    for line in lines:
        cases.put(json.loads(line))
    results: list[Result] = []
    threads = [Thread(target=_work, args=(folder, cases, results)) for _ in range(processes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def _work(folder: Path, cases: SimpleQueue[dict[str, Any]], results: list[Result]) -> None:
    child = _Child()
    try:
        while True:
            try:
                case = cases.get_nowait()
            except Empty:
                return
            answer = child.ask(_request(folder, case))
            results.append(Result("bad inputs", case["file"], _problem(case, answer)))
    finally:
        child.end()


def _request(folder: Path, case: dict[str, Any]) -> dict[str, str]:
    if case["role"] == "overlay":
        return {"base": str(folder / case["base"]), "overlay": str(folder / case["file"])}
    probe = folder / _PROBE
    return {"base": str(folder / case["file"]), "overlay": str(probe) if probe.exists() else ""}


def _problem(case: dict[str, Any], answer: dict[str, Any]) -> str:
    """Hold an answer against the class of its case."""
    if "trouble" in answer:
        return str(answer["trouble"])
    if answer["mebibytes"] > MEBIBYTES:
        return f"takes {answer['mebibytes']} MiB, {MEBIBYTES} are allowed"
    refused = answer["refused"]
    if refused and (not answer["message"] or refused.startswith(_UNSPECIFIC)):
        return f"refused without a specific message: {refused} {answer['message']}"
    if case["class"] == "must-reject" and (not refused or _judged_alone(case, answer)):
        return "accepted, must be refused"
    expected = case["seen"].get("canon_doc")
    differs = bool(expected) and expected != answer["canon_doc"]
    if case["class"] == "must-accept":
        if refused and not _judged_alone(case, answer):
            return f"refused, must be accepted: {refused} {answer['message']}"
        if differs:
            return f"the tree differs: expected {expected}, found {answer['canon_doc']}"
    if differs and not refused and not answer["warned"]:
        return "accepted without a warning, and the tree differs: something was lost"
    return ""


def _judged_alone(case: dict[str, Any], answer: dict[str, Any]) -> bool:
    """Tell whether the input was read; of a base no more is asked, as the probe need not fit it."""
    return case["role"] == "dtb" and bool(answer["read"])


class _Child:
    """A process that takes inputs; a new one is started when it is needed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: dict[str, str]) -> dict[str, Any]:
        """Give the child's answer; {"trouble": ...} when it died or took too long."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], SECONDS)
        if not ready:
            self.end()
            return {"trouble": f"no answer within {SECONDS} s"}
        line = process.stdout.readline()
        if not line:
            code = process.wait()
            errors = process.stderr.read().decode() if process.stderr else ""
            self.end()
            return {"trouble": f"the process ended with {code}: {errors.strip()[-300:]}"}
        answer: dict[str, Any] = json.loads(line)
        if answer["mebibytes"] > MEBIBYTES:
            self.end()
        return answer

    def end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, str(_CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            assert self._process.stdout is not None
            self._process.stdout.readline()
        return self._process
