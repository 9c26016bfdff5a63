"""Tasks on small boards in a folder, and work functions that end their process on purpose.

Everything is known by name, as processes that are not forked, and workers of a cluster, want it.
"""

from __future__ import annotations

import faulthandler
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from dtovl.matrix.result import BaseResult, Case
from dtovl.matrix.tasks import Settings, Source, Task, Wanted
from dtovl.matrix.work import Worker
from support.blob import blob
from support.overlays import overlay_content, to
from support.repository import board, overlay

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SETTINGS = Settings()

OVERLAYS = {
    "uart.dtbo": overlay("uart"),
    "i2c.dtbo": overlay("i2c", "uart"),
    "none.dtbo": overlay("nothing"),
    "soc.dtbo": overlay(path="/soc"),
    "clash.dtbo": blob(overlay_content(to("uart", {"x": 2}))),
}
CASES = (*(Wanted((index,)) for index in range(5)), Wanted((0, 1, 3), "all"), Wanted((1, 2), "bad"))


def boards(folder: Path, count: int) -> list[Task]:
    """Write boards, each a bit larger than the one before, and overlays of which one never fits."""
    overlays = []
    for name, content in OVERLAYS.items():
        (folder / name).write_bytes(content)
        overlays.append(Source(str(folder / name)))
    tasks = []
    for number in range(count):
        labels = ("uart", "i2c") if number % 3 else ("uart",)
        nodes = ("soc", *(f"node@{index:x}" for index in range(number)))
        path = folder / f"board{number:03}.dtb"
        path.write_bytes(board("acme,board", labels=labels, nodes=nodes))
        tasks.append(Task(Source(str(path)), tuple(overlays), CASES))
    return tasks


def plain(*bases: str) -> list[Task]:
    """Make tasks of one case each; the files are nowhere."""
    return [Task(Source(base), (Source("one.dtbo"),), (Wanted((0,)),)) for base in bases]


# -- work ------------------------------------------------------------------------------------------


def told(task: Task) -> BaseResult:
    """Do nothing, and say so."""
    overlays = tuple(source.path for source in task.overlays)
    cases = tuple(Case(task.base.path, overlays, wanted.name) for wanted in task.cases)
    return BaseResult(task.base.path, cases)


def fate(task: Task) -> BaseResult:
    """Do what the name of the base says."""
    deed = Path(task.base.path).name.partition("-")[0]
    match deed:
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "crashes":
            # pytest has turned it on, and its trace is not wanted here.
            faulthandler.disable()
            os.kill(os.getpid(), signal.SIGSEGV)
        case "exits":
            os._exit(3)
        case "memory":
            raise MemoryError
        case "raises":
            raise ValueError("what nobody foresaw")
        case "once":
            # The folder of the base is where the first try leaves a mark.
            mark = Path(task.base.path).with_suffix(".tried")
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
    return told(task)


def fates() -> Callable[[Task], BaseResult]:
    """Give `fate`, in the process that is to meet it."""
    return fate


class Deadly(Worker):
    """A worker that dies of one board."""

    def run(self, task: Task, known: Mapping[int, Case] | None = None) -> BaseResult:
        if task.base.path.endswith("board002.dtb"):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().run(task, known)
