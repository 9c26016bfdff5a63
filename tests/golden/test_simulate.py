"""`dtovl simulate`: findings, sequence, lanes, timelines, explorations, in every form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

    Run = Callable[..., object]

OPEN_FILE = "scenarios/open-file.yaml"
DISABLE = "scenarios/disable.yaml"
TIMER = "scenarios/timer.yaml"
LEFT = "scenarios/left-behind.yaml"

HOSTILE = "\\e[2J\\n::error::<img src=x>%0A[red]\\\\{0}\\u202e</svg>"

CROWD = """\
dtovl-scenario: 1
name: crowd
actors: {a: {}, b: {}, c: {}, d: {kind: file}}
locks: [L]
completions: [done]
objects: {o: {kind: kref, release: {completes: [done]}}}
events:
- {actor: a, do: alloc, object: o}
- {actor: b, do: get, object: o, as: b.o}
- {actor: b, do: lock, lock: L}
- {actor: c, do: lock, lock: L}
- {actor: a, do: put, object: o}
- {actor: a, do: wait, completion: done}
- {actor: d, do: use, object: o}
- {actor: b, do: unlock, lock: L}
- {actor: b, do: put, hold: b.o}
- {actor: c, do: unlock, lock: L}
"""


@pytest.mark.parametrize(
    "arguments",
    [
        [OPEN_FILE],
        [OPEN_FILE, "--explain"],
        [OPEN_FILE, "-q"],
        [OPEN_FILE, "--fail-on", "never", "-q"],
        [OPEN_FILE, "--format", "dot"],
        [OPEN_FILE, "--format", "json"],
        [OPEN_FILE, "--format", "svg"],
        [DISABLE],
        [DISABLE, "--explain"],
        [DISABLE, "--format", "dot"],
        [DISABLE, "--format", "json"],
        [DISABLE, "--format", "svg"],
        [LEFT],
        [LEFT, "--format", "svg"],
        [TIMER],
        [TIMER, "-v"],
        [TIMER, "-q"],
        [TIMER, "--format", "svg"],
        [TIMER, "--explore"],
        [TIMER, "--explore", "--format", "json"],
        [TIMER, "--explore", "--bound", "1"],
        [TIMER, "--explore", "-q", "--fail-on", "never"],
        ["scenarios/timer-mended.yaml", "--explore"],
        ["scenarios/timer-mended.yaml", "--explore", "--format", "json"],
        ["scenarios/typing-errors.yaml"],
        ["none.yaml"],
        ["gateway.dtb"],
        [TIMER, "--seed", "1"],
        [TIMER, "--explore", "--bound", "0"],
        ["preset:drm/none"],
        [],
        ["--help"],
    ],
    ids=" ".join,
)
def test_output(dtovl: Run, arguments: list[str], snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("simulate", *arguments)) == snapshot


def test_many_actors_have_narrow_lanes(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    Path("crowd.yaml").write_text(CROWD, encoding="ascii")
    assert str(dtovl("simulate", "crowd.yaml", "-v")) == snapshot
    more = CROWD.replace("{kind: file}}", f"{{}}, {', '.join(f'x{n}: {{}}' for n in range(20))}}}")
    more += "".join(f"- {{actor: x{n}, do: use, object: o}}\n" for n in range(20))
    Path("crowd.yaml").write_text(more, encoding="ascii")
    told = str(dtovl("simulate", "crowd.yaml"))
    assert "12 more actors have no lane of their own" in told
    assert all(len(line) <= 80 for line in told.splitlines() if "error T" not in line)


def test_a_long_run_shows_what_matters(dtovl: Run) -> None:
    idle = "".join(f"- {{actor: core, do: use, object: other, note: n{n}}}\n" for n in range(300))
    text = Path(LEFT).read_text(encoding="ascii").replace("  node: {", "  other: {}\n  node: {")
    text += f"- {{actor: core, do: alloc, object: other}}\n{idle}"
    text += "- {actor: core, do: free, object: other}\n"
    Path("long.yaml").write_text(text, encoding="ascii")
    told = str(dtovl("simulate", "long.yaml"))
    assert "get node as fwspec.node" in told
    assert "300 other events" in told
    assert len(told.splitlines()) < 40
    drawn = str(dtovl("simulate", "long.yaml", "--format", "svg"))
    assert "300 more events" in drawn
    assert drawn.count('class="mark') < 20


def test_json_has_the_shape_of_results(dtovl: Run) -> None:
    found = _json(dtovl("simulate", OPEN_FILE, "--format", "json"))
    assert found["schema"] == "dtovl-simulate/1"
    assert found["verdict"] == "findings"
    assert [one["rule"] for one in found["findings"]] == ["T008", "T001"]
    assert found["findings"][0]["place"]["line"] == 15
    left = _json(dtovl("simulate", LEFT, "--format", "json"))
    assert left["refused"] == [{"event": "e2", "why": "module in use: core.pin"}]
    assert {one["event"] for one in left["findings"]} == {"end"}
    assert {one["place"]["line"] for one in left["findings"]} == {16}
    assert left["findings"][0]["held_by"] == ["fwspec.node"]


def test_an_event_may_be_called_end(dtovl: Run) -> None:
    text = Path(LEFT).read_text(encoding="ascii")
    Path("end.yaml").write_text(
        text.replace("{actor: core, do: pin", "{id: end, actor: core, do: pin")
    )
    told = str(dtovl("simulate", "end.yaml"))
    assert "end.yaml:16: error T002" in told
    assert "pin iommu_drv as core.pin [T" not in told


WARNED = """\
dtovl-scenario: 1
name: warned
actors: {a: {}, b: {}}
objects: {v: {static: true, survives: true}, tree: {window: v}}
events:
- {id: made, actor: a, do: alloc, object: tree}
- {actor: a, do: phase, object: v, phase: pre_apply}
- {actor: a, do: phase, object: v, phase: post_remove}
- {actor: a, do: use, object: tree}
- {actor: b, do: free, object: tree, after: [made]}
"""


def test_severities_of_other_orders_count(dtovl: Run) -> None:
    Path("warned.yaml").write_text(WARNED, encoding="ascii")
    told = str(dtovl("simulate", "warned.yaml", "--explore"))
    assert "warning T015" in told
    assert "error T001" not in told
    assert "in other orders: T001 tree" in told
    assert told.endswith("exit 1")
    assert str(dtovl("simulate", TIMER)).endswith("exit 0")
    assert str(dtovl("simulate", TIMER, "--explore")).endswith("exit 1")
    assert str(dtovl("simulate", TIMER, "--explore", "--fail-on", "never")).endswith("exit 0")


def test_the_list_of_the_file_counts_where_the_search_is_cut_short(dtovl: Run) -> None:
    told = str(dtovl("simulate", LEFT, "--explore", "--bound", "1"))
    assert "error T002" in told
    assert "2 errors in the order of the file" in told
    assert "not every order was seen" in told
    assert told.endswith("exit 1")


def test_the_name_of_the_file_tells_the_form(dtovl: Run) -> None:
    for name, start in (
        ("out.svg", "<?xml"),
        ("out.json", "{\n"),
        ("out.dot", "digraph "),
        ("out.txt", f"{OPEN_FILE}:15: error T008: plane"),
    ):
        assert str(dtovl("simulate", OPEN_FILE, "-o", name)) == f"wrote {name}\n--- exit 1"
        assert Path(name).read_text(encoding="utf-8").startswith(start)
    assert str(dtovl("simulate", OPEN_FILE, "-q", "-o", "out.svg", "--format", "dot")) == (
        "--- exit 1"
    )
    assert Path("out.svg").read_text(encoding="utf-8").startswith("digraph")
    Path("own.yaml").write_text(Path(TIMER).read_text(encoding="ascii"), encoding="ascii")
    assert str(dtovl("simulate", "own.yaml", "-o", "own.yaml")).endswith("exit 2")


def test_hostile_texts_stay_text(dtovl: Run) -> None:
    text = Path(OPEN_FILE).read_text(encoding="ascii")
    text = text.replace("about: memory", f'about: "{HOSTILE}"\n# ')
    text = text.replace("note: ioctl", f'note: "{HOSTILE}"').replace(
        "note: open", f'note: "{HOSTILE}"'
    )
    name = "::error::<b>\x1b[1m.yaml"
    Path(name).write_text(text, encoding="utf-8")
    for form in ("text", "json", "dot", "svg"):
        for extra in ((), ("--explore",), ("--explain",)):
            told = str(dtovl("simulate", name, "--format", form, *extra))
            assert told.endswith("--- exit 1"), told
            assert "\x1b" not in told
            assert "\u202e" not in told
            assert not any(line.startswith("::error") for line in told.splitlines())
            if form == "svg":
                assert "<img" not in told
                assert told.count("</svg>") == 1
                assert "<script" not in told


def test_drawings_are_well_formed_and_alone(dtovl: Run) -> None:
    for file in (OPEN_FILE, DISABLE, TIMER, LEFT):
        drawn = str(dtovl("simulate", file, "--format", "svg")).partition("--- ")[0]
        root = ElementTree.fromstring(drawn)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")
        assert float(root.attrib["width"]) < 1200
    drawn = str(dtovl("simulate", DISABLE, "--format", "svg"))
    assert drawn.count('class="wait"') == 3  # two that wait, one in the legend
    assert drawn.count('class="arrow"') == 2
    dangling = str(dtovl("simulate", OPEN_FILE, "--format", "svg"))
    assert 'class="hold borrow bad"' in dangling
    assert 'class="touch error"' in dangling


def test_lines_fit_the_terminal(dtovl: Run) -> None:
    for file in (OPEN_FILE, DISABLE, TIMER, LEFT):
        for extra in (("-v", "--explain"), ("--explore",)):
            for line in str(dtovl("simulate", file, *extra)).splitlines():
                assert len(line) <= 80 or " error T" in line, line


def test_presets_come_along(dtovl: Run) -> None:
    listed = str(dtovl("simulate", "--list", "-q")).partition("---")[0].split()
    assert len(listed) >= 10
    assert str(dtovl("simulate", "--list")).count("preset:") == len(listed)
    told = str(dtovl("simulate", listed[0], "--explore"))
    assert "searched" in told
    mistyped = str(dtovl("simulate", f"{listed[0]}s"))
    assert f"Did you mean '{listed[0].removeprefix('preset:')}'?" in mistyped
    assert mistyped.endswith("exit 2")


def test_colour_pipes_and_standard_input(process: Run) -> None:
    assert "\x1b[" in str(process(f"dtovl simulate {DISABLE} --color always"))
    assert "\x1b[" not in str(process(f"dtovl simulate {DISABLE}"))
    assert str(process(f"set -o pipefail; dtovl simulate {DISABLE} | head -1")).startswith(
        f"{DISABLE}:15: error T005: deadlock"
    )
    assert str(process(f"dtovl simulate - -q < {DISABLE}")).startswith("<stdin>:15: error T005")
    assert str(process(f"dtovl simulate {DISABLE} >&-; echo $?")).startswith("1\n")
    bad = str(process("echo '{}' | dtovl simulate -"))
    assert "<stdin>:1:1: error: missing key 'dtovl-scenario'" in bad


def _json(result: object) -> Any:
    return json.loads(str(result).partition("---")[0])
