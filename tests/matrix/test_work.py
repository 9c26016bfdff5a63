"""The work on one base: verdicts, what cannot be read, the fewest that fail, pairs compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.repository import board
from support.worked import SETTINGS, boards

from dtovl.matrix.result import UNREADABLE, Verdict
from dtovl.matrix.tasks import Source, Task, Wanted
from dtovl.matrix.work import Worker

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return boards(tmp_path, 2)[1]


def test_verdicts_name_the_overlay_that_fails(task: Task) -> None:
    result = Worker(SETTINGS).run(task)
    errors = {case.overlays[0].rpartition("/")[2]: case.error for case in result.cases[:5]}
    assert errors["none.dtbo"] == "FDT_ERR_NOTFOUND"
    assert [name for name, error in errors.items() if error] == ["none.dtbo"]
    good, bad = result.cases[5:]
    assert good.verdicts == (Verdict("libfdt"),)
    assert bad.verdicts == (Verdict("libfdt", "FDT_ERR_NOTFOUND", 1),)
    assert bad.smallest == (1,)


def test_an_overlay_that_cannot_be_read_fails_its_cases_alone(task: Task, tmp_path: Path) -> None:
    (tmp_path / "i2c.dtbo").write_bytes(b"nonsense")
    result = Worker(SETTINGS).run(task)
    assert [case.error for case in result.cases].count(UNREADABLE) == 3
    assert result.cases[5].verdicts == (Verdict("libfdt", UNREADABLE, 1),)
    assert [finding.code for _, finding in result.inputs] == ["DT001"]


def test_a_base_that_cannot_be_read_fails_all_cases(task: Task) -> None:
    result = Worker(SETTINGS).run(task._replace(base=Source("nowhere.dtb")))
    assert {case.error for case in result.cases} == {UNREADABLE}
    assert result.inputs[0][0] == "nowhere.dtb"


def test_a_pair_that_is_a_stack_as_well_is_not_held_against_itself(task: Task) -> None:
    once = Worker(SETTINGS).run(task)
    twice = Worker(SETTINGS).run(
        task._replace(cases=(*task.cases, *(Wanted((at,), f"stack {at}") for at in range(5))))
    )
    assert once.between
    assert twice.between == once.between
    assert twice.compared == once.compared == 10


def test_pairs_that_are_never_used_together_are_not_counted(task: Task, tmp_path: Path) -> None:
    apart = task._replace(apart=frozenset({(0, 1), (0, 4)}))
    assert Worker(SETTINGS).run(apart).compared == 8
    (tmp_path / "uart.dtbo").write_bytes(b"nonsense")
    assert Worker(SETTINGS).run(apart).compared == 6


def test_the_tree_is_given_back_after_each_case(task: Task, tmp_path: Path) -> None:
    doubled = task._replace(cases=task.cases * 2)
    cases = Worker(SETTINGS).run(doubled).cases
    assert cases[:7] == cases[7:]
    (tmp_path / "bare.dtb").write_bytes(board("acme,board", labels=("uart", "i2c")))
    alone = [Worker(SETTINGS).run(task._replace(cases=(wanted,))).cases[0] for wanted in task.cases]
    assert tuple(alone) == cases[:7]
