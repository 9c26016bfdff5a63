"""Hold the results of scenarios against the expected ones of a case folder.

    python tests/conformance/lifetimes.py [DIR]

DIR (default: ../shared/lifetimes beside the checkout) holds `scenarios/`, `bad/` and
`mutations.json`; a part that is absent is left out. What is found in it is what its
`expected.json` files name. Each case that disagrees is printed with its first difference. The last
line is `agree A of B`, over all parts. Exits with 1 when something disagrees, or when DIR holds
nothing.
"""

from __future__ import annotations

import json
import sys
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

from dtovl.errors import InputError  # noqa: E402
from dtovl.lifetimes.machine import Machine  # noqa: E402
from dtovl.lifetimes.reading import read_scenario  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT = HERE.parents[2].parent / "shared" / "lifetimes"
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


def _form_problem(case: Case) -> str:
    """Run a form as `dtovl simulate` does."""
    scenario = read_scenario(case.path.read_bytes(), case.path.name)
    return result_difference(case.expected, Machine(scenario).run().as_object())


def _bad_problem(case: Case) -> str:
    """Read a file that has to be refused."""
    try:
        read_scenario(case.path.read_bytes(), case.path.name)
    except InputError as error:
        return errors_difference(case.expected, errors_of(error))
    return "is taken for a scenario"


def errors_of(error: InputError) -> list[Json]:
    """Give the errors of a file that was refused, as the cases write them."""
    found = []
    for one in error.diagnostics:
        assert one.where is not None
        place = {"line": one.where.line, "column": one.where.column}
        found.append({**place, "message": one.message})
    return found


def _mutation_problem(case: Case) -> str:
    """Run a mended form without one of its events."""
    scenario = read_scenario(case.path.read_bytes(), case.path.name)
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
