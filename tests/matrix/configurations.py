"""A way to raise each code about the configuration of a check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support.repository import Repository, board, overlay

from dtovl.codes import find_code
from dtovl.matrix import listing
from dtovl.matrix.discover import discover
from dtovl.matrix.plan import make_plan, with_cases
from dtovl.matrix.reading import read_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dtovl.diagnostics import Sink

_FILES = "bases: [a.dtb]\noverlays: [o.dtbo]\n"
_REPOSITORY = {"a.dtb": board("v,a"), "o.dtbo": overlay(path="/"), "p.dtbo": overlay(path="/")}
_TEXTS = {
    "DT600": "overlays: [*.dtbo]",
    "DT601": "overlay: x",
    "DT602": _FILES + "fail-on: errors",
    "DT603": _FILES + "expected: [{overlay: o.dtbo}]",
    "DT604": _FILES + "baseline: /etc/passwd",
    "DT605": "bases: 'a[b'\noverlays: o.dtbo",
    "DT606": _FILES + "rules: {no-efect: off}",
    "DT610": "bases: b.dtb\noverlays: o.dtbo",
    "DT611": _FILES + "apart: [[x*]]",
    "DT612": "bases: '*.dt*'\noverlays: o.dtbo",
    "DT613": "bases: '*.dt*'\noverlays: o.dtbo",
    "DT614": "bases: a.dtb\noverlays: '*.dtbo'\nstacks: {bases: a.dtb, overlays: '*.dtbo'}",
    "DT615": "bases: a.dtb\noverlays: '*.dtbo'\nlimits: {cases: 1}",
}


def _planned(text: str) -> Callable[[Sink, Path], None]:
    def raise_it(sink: Sink, folder: Path) -> None:
        Repository(_REPOSITORY).write(folder)
        config = read_config(text, "dtovl.yaml", str(folder))
        _report(make_plan(config).findings, sink)

    return raise_it


def _report(findings: Any, sink: Sink) -> None:
    """Put findings, which have their message already, into a sink."""
    for one in findings:
        code = find_code(one.code)
        assert code is not None
        sink.report(code._replace(message="{what}"), what=one.message, fix=one.fix)


def _costly(sink: Sink, folder: Path) -> None:
    bounds = vars(listing)
    steps = bounds["MAX_GLOB_STEPS"]
    bounds["MAX_GLOB_STEPS"] = 1
    try:
        _planned("bases: '*.dtb'\noverlays: '*.dtbo'")(sink, folder)
    finally:
        bounds["MAX_GLOB_STEPS"] = steps


def _linked(sink: Sink, folder: Path) -> None:
    repository = folder / "repository"
    repository.mkdir()
    (repository / "z.dtb").symlink_to("/etc/passwd")
    _planned("bases: '*.dtb'\noverlays: '*.dtbo'")(sink, repository)


def _idle(sink: Sink, folder: Path) -> None:
    text = "bases: '*.dtb'\noverlays: '*.dtbo'\npairs: []"
    Repository(_REPOSITORY).write(folder)
    _report(with_cases(make_plan(read_config(text, "dtovl.yaml", str(folder)))).findings, sink)


CONFIGURATIONS: dict[str, Callable[[Sink, Path], None]] = {
    **{number: _planned(text) for number, text in _TEXTS.items()},
    "DT616": _costly,
    "DT617": _linked,
    "DT619": _idle,
    "DT618": lambda _, folder: discover(str(folder)) and None,
}
