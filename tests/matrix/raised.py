"""What raises each code that a check of a matrix has of its own (DT62x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matrix.runs import CONFIG, again, applied, finished, plan_of, refused, results_of

from dtovl.codes import find_code
from dtovl.matrix import baseline, merge
from dtovl.matrix.config import Expected
from dtovl.matrix.finish import finish
from dtovl.matrix.plan import Misfit
from dtovl.matrix.tasks import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dtovl.diagnostics import Sink
    from dtovl.matrix.checked import Checked

_WRONG = Expected(("**",), ("x.dtbo",), "", "FDT_ERR_BADVALUE", "no such pin", 3)


def told(make: Callable[[], Checked]) -> Callable[[Sink, Path], None]:
    """Put what a check has found into a sink."""

    def raise_it(sink: Sink, _: Path) -> None:
        for group in make().groups:
            code = find_code(group.code)
            assert code is not None
            sink.report(code._replace(message="{what}", suggestion=""), what=group.message)

    return raise_it


def _alone() -> Checked:
    results = results_of(applied("a.dtb", "x.dtbo"))
    plan = plan_of(results, fits_nothing=(Misfit("lost.dtbo", "", "no base has gpio9"),))
    return finish(CONFIG, plan, results, settings=Settings())


def _part(**changes: Any) -> Checked:
    results = results_of(applied("a.dtb", "x.dtbo"))
    part = finish(CONFIG, plan_of(results), results, settings=Settings(), shard=(1, 2))
    return part._replace(**changes)


RAISED: dict[str, Callable[[Sink, Path], Any]] = {
    "DT620": told(lambda: finished(applied("a.dtb", "x.dtbo"), expected=(_WRONG,))),
    "DT621": told(lambda: finished(applied("a.dtb", "y.dtbo"), expected=(_WRONG,))),
    "DT622": told(_alone),
    "DT623": told(lambda: finished(refused("a.dtb", "x.dtbo")._replace(findings=()))),
    "DT624": told(lambda: finished(refused("a.dtb", "x.dtbo"), expected=(_WRONG,))),
    "DT625": told(
        lambda: finished(
            applied("a.dtb", "x.dtbo"), known=again(finished(refused("a.dtb", "x.dtbo")))
        )
    ),
    "DT626": lambda *_: baseline.read("<<<<<<< HEAD", "known.json"),
    "DT627": lambda *_: merge.read_part("<testsuites/>", "part.json"),
    "DT628": lambda *_: merge.merge([_part(), _part(shard=(2, 2), plan="another")]),
    "DT629": lambda *_: merge.merge([_part()]),
}
