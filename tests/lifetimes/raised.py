"""One way to each rule of lifetimes, as (events, actors, sections), and to each error of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifetimes.told import HEAD, scenario

from dtovl.lifetimes.findings import diagnose
from dtovl.lifetimes.machine import Machine
from dtovl.lifetimes.reading import read_scenario

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dtovl.diagnostics import Sink

_KREF = "{o: {kind: kref}, p: }"
_STATIC = "{o: {static: true}}"
_SYSFS = "{o: {kind: kobject, static: true, survives: true}}"
_LOCKS = {"locks": "[k, l]"}

RULES: dict[str, tuple[str, str, dict[str, str]]] = {
    "T001": ("a alloc object=p\na free object=p\na use object=p", "", {"objects": _KREF}),
    "T002": ("a alloc object=o", "", {"objects": _KREF}),
    "T003": ("a put hold=h\na alloc object=p\na free object=p\na free object=p", "",
             {"objects": _KREF}),
    "T004": ("a put object=o", "", {"objects": _SYSFS}),
    "T005": ("a lock lock=l\na lock lock=l", "", _LOCKS),
    "T006": ("a lock lock=l\na lock lock=k\na unlock lock=l\na lock lock=l", "", _LOCKS),
    "T007": ("a alloc object=p\na borrow object=p as=h\na free object=p", "",
             {"objects": _KREF}),
    "T008": ("f alloc object=o\na alloc object=p scope=s\na borrow object=p as=h by=o\n"
             "a close_scope scope=s", "f: {kind: file}",
             {"objects": _KREF, "scopes": "{s: }"}),
    "T009": ("a alloc object=o\na alloc object=p\na free object=o", "",
             {"objects": "{o: , p: {needs: [o]}}"}),
    "T010": ("a alloc object=o\na borrow object=o as=h\na phase object=v phase=post_remove",
             "a: {kind: notifier}", {"objects": "{o: {window: v}, v: {static: true}}"}),
    "T011": ("a alloc object=p\na queue work=w\na free object=p", "w: {kind: work, uses: [p]}",
             {"objects": _KREF}),
    "T012": ("a alloc object=o", "", {"objects": _STATIC}),
    "T013": ("a alloc object=o\na replace old=o new=o\na borrow object=o as=h\na free object=o\n"
             "a alloc object=o\na replace old=o new=o", "", {"objects": "{o: }"}),
    "T014": ("a alloc object=o\na unload module=m\na fail", "a: {code: m}",
             {"objects": "{o: {code: m}}", "modules": "[m]"}),
    "T015": ("a alloc object=o\na alloc object=p\na phase object=v phase=pre_apply\n"
             "a free object=o", "",
             {"objects": "{o: {window: v}, p: {policy: true}, v: {static: true}}"}),
    "T016": ("a wait completion=c", "", {"completions": "[c]"}),
    "T017": ("a fail\na alloc object=p\na unwound", "", {"objects": _KREF}),
    "T018": ("a init object=o\na add object=o\na link object=o as=h\na del object=o", "",
             {"objects": _SYSFS}),
    "T019": ("a unplug gate=g\na use object=o entry=g", "",
             {"objects": _STATIC, "gates": "[g]"}),
    "T020": ("a write object=o\nb write object=o", "", {"objects": _STATIC}),
    "T021": ("a lock lock=l", "", _LOCKS),
    "T022": ("a alloc object=o\na alloc object=p\na get object=o as=h by=p\na free object=p", "",
             {"objects": "{o: {kind: kref, survives: true}, p: }"}),
}  # fmt: skip

_ACTORS = HEAD + "actors: {a: , b: }\n"
_EVENTS = _ACTORS + "objects: {o: , k: {kind: kref}}\nmodules: [m]\nevents:\n"

FILES: dict[str, bytes] = {
    "DT700": b"[",
    "DT701": b"\xff",
    "DT702": b" " * ((1 << 20) + 1),
    "DT703": b"[]",
    "DT704": b"a: !b c",
    "DT705": b"a: b\na: c\n",
    "DT706": b"{}",
    "DT707": b"{event: []}",
    "DT708": b"dtovl-scenario: 2",
    "DT709": b"{name: on}",
    "DT710": b"{actors: {}}",
    "DT711": b"{locks: [9lives]}",
    "DT712": b"{locks: [l, l]}",
    "DT713": (_EVENTS + "- {actor: c, do: fail}\n").encode(),
    "DT714": (_EVENTS + "- {actor: a, do: free}\n").encode(),
    "DT715": (_EVENTS + "- {actor: a, do: fail, object: o}\n").encode(),
    "DT716": (_EVENTS + "- {actor: a, do: put, object: o}\n").encode(),
    "DT717": (_EVENTS + "- {actor: a, do: free, object: o}\n").encode(),
    "DT718": (_EVENTS + "- {actor: a, do: pin, module: m, as: o.initial}\n").encode(),
    "DT719": (_EVENTS + "- {actor: a, do: fail, after: [e1]}\n").encode(),
}


def _run(rule: str) -> Callable[[Sink, Path], None]:
    def carried_out(sink: Sink, folder: Path) -> None:
        events, actors, sections = RULES[rule]
        read = scenario(events, actors, **sections)
        sink.diagnostics += [diagnose(one, read) for one in Machine(read).run().findings]

    return carried_out


def _read(number: str) -> Callable[[Sink, Path], None]:
    def carried_out(sink: Sink, folder: Path) -> None:
        read_scenario(FILES[number], "x.yaml")

    return carried_out


RAISED = {**{rule: _run(rule) for rule in RULES}, **{number: _read(number) for number in FILES}}
