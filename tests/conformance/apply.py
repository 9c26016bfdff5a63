"""Hold the applier `linux` against recordings of the kernel's overlay code.

    python tests/conformance/apply.py [DIR]

DIR (default: ../shared/kernel beside the checkout) holds `real.jsonl`, real overlays on real boards
whose blobs are in DIR/../corpus, and `cases/NAME/case.json`, of which those with exactly one apply
are run. Compared per apply: the return value, the lines of the log, and the tree. The last line is
`agree A of B`. Exits with 1 when something disagrees that is not in known.py.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2])]

from conformance.listener import RecordedListener  # noqa: E402
from conformance.report import Result, Tally  # noqa: E402
from conformance.unpacking import unpacked  # noqa: E402
from support.applying import apply_blob  # noqa: E402
from support.canonical import digest, first_difference, plain_lines  # noqa: E402

from dtovl.errors import DtovlError  # noqa: E402
from dtovl.fdt.read import unflatten  # noqa: E402
from dtovl.model.dialect import LINUX  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome

# Lines from here on (KERN_DEBUG) appear only where debugging was switched on.
_DEBUG = 7


class Step(NamedTuple):
    """One recorded apply.

    name is what is printed; result has ret, log and perhaps tree_sha256; before is the `plain` hash
    of the tree before the step.
    """

    name: str
    overlay: bytes
    size: int | None
    result: dict[str, Any]
    before: str
    number: int
    listener: RecordedListener | None


def main(folder: Path) -> int:
    tally = Tally()
    for name, problem in _results(folder):
        tally.add(Result("applies", name, problem))
    print(f"agree {tally.count('applies')}")
    return tally.exit_code()


def _results(folder: Path) -> Iterator[tuple[str, str]]:
    """Give the name of every recorded apply and what disagrees, "" for nothing."""
    real = folder / "real.jsonl"
    if real.exists():
        with unpacked(folder.parent / "corpus" / "corpus.tar.xz") as corpus:
            for line in real.read_text().splitlines():
                yield from _run_real(json.loads(line), corpus)
    for case in sorted(folder.glob("cases/*/case.json")):
        yield from _run_case(json.loads(case.read_text()), case.parent)


def _run_real(record: dict[str, Any], corpus: Path) -> Iterator[tuple[str, str]]:
    tree = _read(corpus / record["base"])
    before = record["boot"]["tree_sha256"]["plain"]
    applied = 0
    for recorded in record["steps"]:
        if recorded["op"] != "apply":
            continue
        applied += 1
        name = f"real {recorded['overlay']} on {record['base']} step {applied}"
        blob = (corpus / recorded["overlay"]).read_bytes()
        step = Step(name, blob, None, recorded, before, applied, None)
        yield name, _run(step, tree)
        before = _after(step)


def _run_case(case: dict[str, Any], folder: Path) -> Iterator[tuple[str, str]]:
    steps = case["steps"]
    places = [index for index, step in enumerate(steps) if step["op"] == "apply"]
    if len(places) != 1:
        return
    recorded = steps[places[0]]
    armed = [step for step in steps[: places[0]] if step["op"] == "fail"]
    step = Step(
        f"case {case['name']} step 1",
        (folder / recorded["overlay"]).read_bytes(),
        recorded.get("size"),
        recorded["result"],
        case["boot"]["tree_sha256"]["plain"],
        1,
        RecordedListener(armed) if armed else None,
    )
    yield step.name, _run(step, _read(folder / case["base"]))


def _read(path: Path) -> Tree | str:
    try:
        return unflatten(path.read_bytes(), path.name)
    except DtovlError as error:
        return f"the base cannot be read: {error}"


def _run(step: Step, tree: Tree | str) -> str:
    if isinstance(tree, str):
        return tree
    before = digest(plain_lines(tree))
    if before != step.before:
        return f"the tree before differs: expected {step.before}, found {before}"
    outcome = apply_blob(
        tree,
        step.overlay,
        LINUX,
        step.number,
        size=step.size,
        name=step.name,
        notifier=step.listener,
    )
    problem = _compare(step, tree, outcome)
    _restore(tree, outcome, step)
    return problem


def _compare(step: Step, tree: Tree, outcome: Outcome) -> str:
    if _corrupts(step.result):
        return "" if outcome.hazard or outcome.dangers else "the kernel corrupts memory, we do not"
    if outcome.hazard:
        return f"we say {outcome.error}, the kernel returned {step.result['ret']}"
    expected, found = step.result["ret"], outcome.error or 0
    if expected != found:
        return f"returned {found}, expected {expected}"
    problem = _compare_lines(step.result["log"], outcome)
    if problem:
        return problem
    tree_digest = digest(plain_lines(tree))
    return "" if tree_digest == _after(step) else "the tree after it differs"


def _corrupts(result: dict[str, Any]) -> bool:
    return "crash" in result or any(entry.get("report") == "KASAN" for entry in result["log"])


def _compare_lines(log: list[dict[str, Any]], outcome: Outcome) -> str:
    expected = [
        f"<{entry['level']}> {entry['text']}"
        for entry in log
        if "text" in entry and entry["level"] < _DEBUG
    ]
    found = [f"<{line.level}> {line.text}" for line in outcome.lines]
    return "" if expected == found else f"log, {first_difference(expected, found)}"


def _after(step: Step) -> str:
    changed = step.result.get("tree_sha256")
    return changed["plain"] if changed else step.before


def _restore(tree: Tree, outcome: Outcome, step: Step) -> None:
    """Show that the changes can be taken out, and leave them in force for the next step."""
    outcome.changeset.revert(tree)
    if digest(plain_lines(tree)) != step.before:
        raise AssertionError(f"{step.name}: the tree is not as before after a revert")
    outcome.changeset.apply(tree)


if __name__ == "__main__":
    default = HERE.parents[2].parent / "shared" / "kernel"
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else default))
