"""Hold the results of scenarios against the expected ones of a case folder.

    python tests/conformance/lifetimes.py [DIR]

DIR (default: ../shared/lifetimes beside the checkout) holds `scenarios/`, `bad/` and
`mutations.json`; a part that is absent is left out. What is found in it is what its
`expected.json` files name. Each case that disagrees is printed with its first difference. The last
line is `agree A of B`, over all parts. Exits with 1 when something disagrees, or when DIR holds
nothing.
"""

from __future__ import annotations

import io
import json
import re
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2])]

from conformance.attempts import attempt  # noqa: E402
from conformance.lifetimes_compare import (  # noqa: E402
    errors_difference,
    result_difference,
)
from conformance.report import Result, Tally  # noqa: E402

from dtovl.cli import run  # noqa: E402
from dtovl.lifetimes.machine import Machine  # noqa: E402
from dtovl.lifetimes.reading import read_scenario  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT = HERE.parents[2].parent / "shared" / "lifetimes"
REFUSED = 2
KINDS = ("forms", "bad files", "mutations")

Json = dict[str, Any]


class Case(NamedTuple):
    """A form or a bad file, with what is expected of it."""

    path: Path
    expected: Any


def main(folder: Path) -> int:
    tally = Tally()
    for result in results(folder):
        tally.add(result)
    print(", ".join(f"{kind}: {tally.count(kind)}" for kind in KINDS))
    if not tally.total:
        print(f"{folder} holds no cases")
    print(f"agree {tally.agreed.total()} of {tally.total.total()}", flush=True)
    return tally.exit_code()


def results(folder: Path) -> Iterator[Result]:
    """Compare every case of a folder."""
    for expected in sorted(folder.glob("scenarios/*/expected.json")):
        for form, wanted in _json(expected).items():
            case = Case(expected.with_name(f"{form}.yaml"), wanted)
            yield Result("forms", f"{expected.parent.name}/{form}", attempt(_form_problem, case))
    bad = folder / "bad" / "expected.json"
    if bad.is_file():
        for name, wanted in _json(bad).items():
            case = Case(bad.with_name(name), wanted)
            yield Result("bad files", name, attempt(_bad_problem, case))
    mutations = folder / "mutations.json"
    if mutations.is_file():
        for wanted in _json(mutations):
            name = f"{wanted['scenario']} without {wanted['drop']}"
            case = Case(_mended(folder, wanted["scenario"]), wanted)
            yield Result("mutations", name, attempt(_mutation_problem, case))


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _mended(folder: Path, scenario: str) -> Path:
    own = folder / "scenarios" / scenario / "mended.yaml"
    return own if own.is_file() else DEFAULT / "scenarios" / scenario / "mended.yaml"


def simulate(path: Path) -> tuple[int, str, str]:
    """Run `dtovl simulate FILE --format json`; give its status and what it writes."""
    out, told = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    with redirect_stdout(out), redirect_stderr(told):
        status = run(["simulate", str(path), "--format", "json"])
    return status, _written(out), _written(told)


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()


def _form_problem(case: Case) -> str:
    status, out, told = simulate(case.path)
    if not out:
        return f"exit status {status}: {told.strip()}"
    wanted = int(any(one["severity"] == "error" for one in case.expected["findings"]))
    difference = result_difference(case.expected, json.loads(out))
    if difference or status == wanted:
        return difference
    return f"exit status {status}, expected {wanted}"


def _bad_problem(case: Case) -> str:
    status, out, told = simulate(case.path)
    if status != REFUSED or out:
        return f"is taken for a scenario, exit status {status}"
    return errors_difference(case.expected, errors_of(case.path, told))


def errors_of(path: Path, told: str) -> list[Json]:
    """Read the errors of a file that was refused, from what the command says."""
    pattern = re.compile(rf"^{re.escape(str(path))}:(\d+):(\d+): error: (.*)$", re.MULTILINE)
    return [
        {"line": int(found[1]), "column": int(found[2]), "message": found[3]}
        for found in pattern.finditer(told)
    ]


def _mutation_problem(case: Case) -> str:
    """Run a mended form without one of its events."""
    scenario = read_scenario(case.path.read_bytes(), str(case.path))
    events = tuple(one for one in scenario.events if one.name != case.expected["drop"])
    if len(events) != len(scenario.events) - 1:
        return f"there is no event {case.expected['drop']}"
    found = Machine(scenario._replace(events=events)).run().findings
    rules = sorted({one.rule for one in found})
    if rules == case.expected["rules"]:
        return ""
    return f"{' '.join(rules) or '-'}, expected {' '.join(case.expected['rules']) or '-'}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT))
