"""Made-up runs of a check: plans, results, and what finishing makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st
from support.checked import HOSTILE

from dtovl.matrix.baseline import Baseline, read, write
from dtovl.matrix.config import Config, Expected, Rule
from dtovl.matrix.finish import finish
from dtovl.matrix.plan import Misfit, Plan
from dtovl.matrix.result import (
    UNREADABLE,
    BaseResult,
    Between,
    Case,
    Finding,
    Remark,
    Spot,
    Verdict,
)
from dtovl.matrix.tasks import Settings, Source, Task, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dtovl.matrix.checked import Checked, Group, Judged

REFUSED = (Verdict("libfdt", "FDT_ERR_NOTFOUND", 0),)
APPLIES = (Verdict("libfdt"),)
CONFIG = Config("dtovl.yaml", "", (), ())
BROKEN = Finding("DT001", 3, "", "bad.dtbo is no devicetree: it looks like text")


def missing(base: str, label: str = "uart6", overlay: str = "uart.dtbo", line: int = 0) -> Finding:
    """Give what is found when a base lacks a label."""
    return Finding(
        "DT104",
        3,
        "/fragment@0",
        f"label {label} is not in /__symbols__ of {base}",
        Spot(overlay.replace("dtbo", "dts"), line, 3) if line else Spot(),
        why="target of /fragment@0 refers to it",
        who=overlay,
        fix=f"use a label of this base, or define {label} in its source",
    )


def idle(overlay: str = "adc.dtbo", path: str = "/ocp/P9_40_pinmux") -> Finding:
    """Give what is found when an overlay makes a node that does nothing."""
    message = "1 node without `compatible` is made of status only: no device results"
    return Finding("DT130", 2, path, message, who=overlay, fix="target the node by its label")


def refused(base: str, *overlays: str, finding: Finding | None = None, stack: str = "") -> Case:
    """Give a case that fails over a label; a stack fails at its first overlay."""
    found = missing(base, overlay=overlays[0]) if finding is None else finding
    return Case(base, overlays, stack, REFUSED, (found,))


def applied(base: str, *overlays: str, findings: Iterable[Finding] = (), stack: str = "") -> Case:
    """Give a case that holds."""
    return Case(base, overlays, stack, APPLIES, tuple(findings))


def results_of(*cases: Case) -> list[BaseResult]:
    """Put cases together by base."""
    found: dict[str, list[Case]] = {}
    for case in cases:
        found.setdefault(case.base, []).append(case)
    return [BaseResult(base, tuple(found[base])) for base in sorted(found)]


def plan_of(results: Sequence[BaseResult], **more: Any) -> Plan:
    """Give the plan that results are of."""
    tasks = []
    for result in results:
        names = sorted({name for case in result.cases for name in case.overlays})
        wanted = tuple(
            Wanted(tuple(map(names.index, case.overlays)), case.name) for case in result.cases
        )
        tasks.append(Task(Source(result.base), tuple(map(Source, names)), wanted))
    overlays = {source.path for task in tasks for source in task.overlays}
    overlays.update(one.overlay for one in more.get("fits_nothing", ()))
    bases = tuple(result.base for result in results)
    return Plan(tuple(tasks), bases, tuple(sorted(overlays)), **more)


def finished(*cases: Case, known: Baseline | None = None, **changes: Any) -> Checked:
    """Finish a run of cases with changes to the configuration."""
    results = results_of(*cases)
    config = CONFIG._replace(**changes)
    return finish(config, plan_of(results), results, settings=Settings(), known=known)


def again(checked: Checked) -> Baseline:
    """Give the baseline of a run, written and read."""
    return read(write(checked), "known.json", checked.folder)


def states(checked: Checked) -> list[str]:
    """Give the states of the cases."""
    return [judged.state for judged in checked.cases]


def coded(checked: Checked, code: str) -> list[Group]:
    """Give the groups of a code."""
    return [group for group in checked.groups if group.code == code]


def only(checked: Checked, code: str) -> Group:
    """Give the one group of a code."""
    (found,) = coded(checked, code)
    return found


def judged_of(checked: Checked, base: str, *overlays: str) -> Judged:
    """Give what a case came to."""
    return next(
        one for one in checked.cases if (one.case.base, one.case.overlays) == (base, overlays)
    )


# -- any run ---------------------------------------------------------------------------------------


class Run(NamedTuple):
    """What finish takes."""

    config: Config
    plan: Plan
    results: list[BaseResult]
    known: Baseline | None

    def finish(
        self, results: Iterable[BaseResult] | None = None, shard: tuple[int, int] | None = None
    ) -> Checked:
        return finish(
            self.config,
            self.plan,
            self.results if results is None else results,
            settings=Settings(),
            known=self.known,
            shard=shard,
        )


_BASES = ("a.dtb", "b/a.dtb", "c.dtb", HOSTILE[0] + ".dtb")
_OVERLAYS = ("o.dtbo", "x/o.dtbo", "p.dtbo", HOSTILE[1] + ".dtbo")
_TEXTS = st.sampled_from(["", "status", "label x", *HOSTILE[:20], "it {base} {overlay} {0}"])


@st.composite
def _findings(draw: st.DrawFn, base: str, overlays: tuple[str, ...]) -> tuple[Finding, ...]:
    """Give findings with names of files in their messages."""
    found = []
    for _ in range(draw(st.integers(0, 3))):
        code = draw(st.sampled_from(["DT104", "DT101", "DT102", "DT130", "DT131", "DT630"]))
        parts = [draw(_TEXTS), draw(st.sampled_from([base, *overlays, ""])), draw(_TEXTS)]
        number = draw(st.integers(1, len(overlays)))
        at = Spot(draw(_TEXTS), draw(st.integers(0, 3))) if draw(st.booleans()) else Spot()
        found.append(
            Finding(
                code,
                draw(st.integers(1, 3)),
                draw(st.sampled_from(["", "/", "/soc/a@1", "/soc/b@1/a@1"])),
                " ".join(parts),
                at,
                who=f"overlay {number} ({overlays[number - 1]})" if len(overlays) > 1 else "",
                notes=(Remark(draw(_TEXTS), at),) if draw(st.booleans()) else (),
                kernel=("OF: one", "OF: two")[: draw(st.integers(0, 2))],
            )
        )
    return tuple(found)


@st.composite
def _case(draw: st.DrawFn, base: str, overlays: tuple[str, ...], stack: str) -> Case:
    error = draw(st.sampled_from(["", "", "FDT_ERR_NOTFOUND", "-EINVAL", UNREADABLE]))
    at = draw(st.integers(0, len(overlays) - 1)) if error else -1
    verdicts = (Verdict("libfdt", error, at), Verdict("linux"))
    findings = () if error == UNREADABLE else draw(_findings(base, overlays))
    smallest = (at,) if stack and error else ()
    return Case(base, overlays, stack, verdicts, findings, smallest)


@st.composite
def _result(draw: st.DrawFn, base: str) -> BaseResult:
    names = draw(st.lists(st.sampled_from(_OVERLAYS), unique=True, min_size=1))
    cases = [draw(_case(base, (name,), "")) for name in names]
    if draw(st.booleans()):
        cases.append(draw(_case(base, (*names, names[0]), "stack one")))
    between = [
        Between(base, *names[:2], finding)
        for finding in (draw(_findings(base, tuple(names[:2]))) if len(names) > 1 else ())
    ]
    inputs = []
    for file in (base, *names):
        # What a file says does not depend on the base that it meets.
        if file in _OVERLAYS[::2]:
            inputs.append((file, BROKEN._replace(message=f"{file} is cut off")))
        elif draw(st.booleans()) and file == base:
            inputs.append((file, BROKEN._replace(message=f"{file} is no devicetree", severity=2)))
    return BaseResult(base, tuple(cases), tuple(between), draw(st.integers(0, 9)), tuple(inputs))


_EXPECTED = st.builds(
    Expected,
    st.sampled_from([("**",), ("a.dtb",), ("nothing",)]),
    st.sampled_from([("o.dtbo",), ("**",), ("p.dtbo", "x/*")]),
    st.just(""),
    st.sampled_from(["", "FDT_ERR_NOTFOUND", "label-not-in-base", "dt1*", UNREADABLE]),
    _TEXTS,
    st.integers(1, 9),
)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """Give any run: findings everywhere, rules, expected failures, a baseline of some of it."""
    bases = draw(st.lists(st.sampled_from(_BASES), unique=True, min_size=1))
    results = [draw(_result(base)) for base in sorted(bases)]
    plan = plan_of(
        results,
        fits_nothing=tuple(
            Misfit(name, "", "it is alone") for name in draw(st.sampled_from([(), ("lost.dtbo",)]))
        ),
        findings=draw(st.sampled_from([(), (Finding("DT601", 2, "", "this and that"),)])),
    )
    config = CONFIG._replace(
        expected=tuple(draw(st.lists(_EXPECTED, max_size=2))),
        rules=tuple(
            draw(
                st.lists(
                    st.sampled_from([Rule("DT104", 0), Rule("DT13*", 3), Rule("DT630", 2)]),
                    max_size=2,
                )
            )
        ),
        fail_on=draw(st.integers(0, 3)),
    )
    run = Run(config, plan, results, None)
    if draw(st.booleans()):
        return run
    entries = again(run.finish()).entries
    for entry in sorted(entries):
        entries[entry] = draw(st.sampled_from([0, 1, entries[entry], entries[entry] + 1]))
    return run._replace(known=Baseline("known.json", +entries))
