"""The table of codes: complete, in the docs, and every code raised by something."""

from __future__ import annotations

import gzip
import json
from string import Formatter
from struct import pack, pack_into
from typing import TYPE_CHECKING, Any

import pytest
from audit.raised import RAISED as AUDITED
from checks.claimed import CLAIMS
from checks.meeting import MEETINGS
from lifetimes.raised import RAISED as LIVED
from links.raised import RAISED as LINKED
from live.dangers import DANGERS, free_twice, run_into
from matrix.compat_raised import RAISED as COMPARED
from matrix.configurations import CONFIGURATIONS
from matrix.raised import RAISED
from session.refusals import REFUSALS
from support.applying import apply_blob
from support.blob import blob
from support.migrations import FINDINGS, replayed
from support.overlays import at, inside, overlay_content, to
from support.trees import Content, tree_of

from dtovl import api
from dtovl.checks.conventions import check_tree
from dtovl.checks.forecast import foresee
from dtovl.checks.identify import identify
from dtovl.checks.refusal import explain
from dtovl.checks.removal import removal_findings
from dtovl.checks.subject import Subject
from dtovl.cli import run
from dtovl.cli.identify import load_overlays
from dtovl.cli.inputs import Reading
from dtovl.cli.steps import carry_out
from dtovl.codes import all_codes, find_code
from dtovl.codes.base import Severity
from dtovl.diagnostics import Diagnostic, Sink
from dtovl.errors import DtovlError
from dtovl.fdt.write import flatten
from dtovl.matrix.cache import Cache
from dtovl.matrix.engine import scheduler_address
from dtovl.matrix.shards import read_shard
from dtovl.matrix.tasks import Settings
from dtovl.model.dialect import LINUX
from dtovl.model.node import REPEAT, Node
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.fragments import Overlay
from dtovl.overlay.stack import apply_stack
from dtovl.overlay.symbols import adopt_labels
from dtovl.replay.base import read_base
from dtovl.report import json as as_json
from dtovl.report.explain import code_lines, code_object
from dtovl.report.text import diagnostic_lines
from dtovl.script.machine import Machine
from dtovl.script.stepfile import read_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from dtovl.overlay.outcome import Outcome

CODES = all_codes()

# -- what raises each code: source text ------------------------------------------------------------

HEAD = "/dts-v1/; "
PLUGIN = "/dts-v1/; /plugin/; "

SOURCES = {
    "DT020": HEAD + "/ { a = <1> };",
    "DT021": "/ { };",
    "DT022": HEAD + '/ { model = "open; };',
    "DT023": HEAD + "/ { a = <08>; };",
    "DT024": HEAD + "/ { a = <0x100000000>; };",
    "DT025": HEAD + "/ { a = /bits/ 12 <1>; };",
    "DT026": HEAD + "/ { a = <(1 / 0)>; };",
    "DT027": HEAD + "/ {" + "a {" * 2000 + "};" * 2001,
    "DT028": HEAD + '/include/ "no-such-file.dtsi"',
    "DT029": HEAD + '/ { a = /incbin/("/etc/passwd"); };',
    "DT030": HEAD + "/ { }; &nothing { };",
    "DT031": HEAD + "/ { l: a { }; l: b { }; };",
    "DT032": HEAD + "/ { a { }; a { }; };",
    "DT033": HEAD + "/ { a; a; };",
    "DT034": HEAD + "/ { a { }; b; };",
    "DT035": HEAD + "/ { a@1@2 { }; };",
    "DT036": HEAD + "/ { a { phandle = <0>; }; };",
    "DT037": HEAD + "/ { a { phandle = <1>; }; b { phandle = <1>; }; };",
    "DT038": HEAD + '/ { a { name = "b"; }; };',
    "DT039": PLUGIN + "&l { /delete-node/ a; };",
    "DT041": "#error no\n" + HEAD + "/ { };",
    "DT042": "#warning old\n" + HEAD + "/ { };",
    "DT044": PLUGIN + "&l { a = <&{/clocks/osc}>; };",
    "DT046": HEAD + '/ { __symbols__ { l = "/x"; }; l: a { }; };',
    "DT047": HEAD + "/ { }; /memreserve/ 1 1;",
    "DT048": PLUGIN + "/ { __fixups__ { l = <1>; }; }; &l { };",
    "DT049": HEAD + "/ { a { b { }; /delete-node/ b; }; };",
}

# -- blobs -----------------------------------------------------------------------------------------

BOARD: Content = {"compatible": "acme,board", "soc": {"#address-cells": 1, "phandle": 1}}


def changed(offset: int, number: int, data: bytes | None = None) -> bytes:
    """Give a blob with the cell at a byte offset replaced."""
    copy = bytearray(blob(BOARD) if data is None else data)
    pack_into(">I", copy, offset, number)
    return bytes(copy)


def nested(depth: int) -> bytes:
    tree = tree_of({})
    node = tree.root
    for _ in range(depth):
        child = Node("n")
        node.add_child(child)
        node = child
    return flatten(tree)


def late_property() -> bytes:
    """Give a blob in which the property of the root stands behind a subnode."""
    data = blob({"a": {}, "x": "text"})
    start = data.index(pack(">3I", 3, 5, 0))
    end = data.rindex(pack(">2I", 2, 9))
    return data[:start] + data[start + 20 : end] + data[start : start + 20] + data[end:]


BLOBS: dict[str, Callable[[], bytes]] = {
    "DT001": lambda: b"Not Found",
    "DT002": lambda: blob(BOARD)[:-4],
    "DT003": lambda: changed(20, 18, changed(24, 18)),
    "DT004": lambda: changed(8, 0x10000),
    "DT005": lambda: changed(56, 7),
    "DT006": lambda: changed(56 + 8 + 8, 0x1000),
    "DT007": lambda: changed(40 + 4, 1, changed(40 + 12, 1)),
    "DT008": lambda: nested(1030),
    "DT010": lambda: gzip.compress(blob(BOARD))[:-9],
    "DT014": lambda: blob({"a": "one", f"a{REPEAT}1": "two"}),
    "DT015": late_property,
    "DT016": lambda: blob({"odd name": {}}),
    "DT017": lambda: blob(BOARD) + b"more",
    "DT018": lambda: blob(BOARD, reservations=((0x1000, 0), (0x2000, 0x1000))),
    "DT019": lambda: blob({"a": {"phandle": 5}, "b": {"phandle": 5}}),
}

# -- overlays --------------------------------------------------------------------------------------

BASE: Content = {
    "compatible": "acme,board",
    "#address-cells": 1,
    "#size-cells": 1,
    "soc": {
        "compatible": "simple-bus",
        "#address-cells": 1,
        "#size-cells": 1,
        "ranges": b"",
        "phandle": 1,
        "dev@1000": {"compatible": "acme,dev", "reg": [0x1000, 0x10], "status": "okay"},
        "two@3000": {"reg": [0x3000, 0x10]},
        "two@4000": {"reg": [0x4000, 0x10]},
    },
    "__symbols__": {"soc": "/soc", "gone": "/gone", "bare": "/soc/dev@1000", "loose": "/soc/dev"},
}
NO_SYMBOLS: Content = {key: value for key, value in BASE.items() if key != "__symbols__"}
DEVICE: Content = {"compatible": "acme,dev", "reg": [0x2000, 0x10]}


def deep_overlay() -> Content:
    content: Content = {}
    for _ in range(70):
        content = {"n": content}
    return overlay_content(at("/soc", content))


OVERLAYS: dict[str, tuple[Content, Content]] = {
    "DT101": (NO_SYMBOLS, overlay_content(to("soc", {}))),
    "DT102": (BASE, {"compatible": "other,board", **overlay_content(to("soc", {}))}),
    "DT103": (BASE, overlay_content(at("/nowhere", {}))),
    "DT104": (BASE, overlay_content(to("nothing", {}))),
    "DT105": (BASE, {"fragment@0": {"target": 0x42, "__overlay__": {}}}),
    "DT106": (BASE, {"fragment@0": {"__overlay__": {}}}),
    "DT107": (BASE, overlay_content(to("gone", {}))),
    "DT108": (BASE, overlay_content(to("bare", {}))),
    "DT109": (BASE, overlay_content(at("/soc", {}), fixups={"soc": "/fragment@0:target"})),
    "DT110": (
        BASE,
        overlay_content(at("/soc", {"n": {"ref": 1}}), local=inside({"n": {"ref": 4}})),
    ),
    "DT111": (
        BASE,
        overlay_content(at("/soc", {"n": {"ref": 1}}), local=inside({"n": {"gone": 0}})),
    ),
    "DT112": (
        {**BASE, "last": {"phandle": 0xFFFFFFFD}},
        overlay_content(at("/soc", {"n": {"phandle": 5}})),
    ),
    "DT113": (BASE, overlay_content(at("/soc", {"n": {"phandle": [1, 2]}}))),
    "DT114": (BASE, overlay_content(at("/", {"soc": {"phandle": 1}}))),
    "DT115": (BASE, overlay_content(at("/soc", {"#address-cells": 2}))),
    "DT116": (BASE, overlay_content(at("/soc", {"a": 1}), at("/soc", {"a": 1}))),
    "DT117": (BASE, {"node": {}}),
    "DT118": (
        BASE,
        overlay_content(at("/soc", {"n": DEVICE}), symbols={"soc": "/fragment@0/__overlay__/n"}),
    ),
    "DT119": (BASE, overlay_content(at("/soc", {}), symbols={"new": "/elsewhere"})),
    "DT120": (
        NO_SYMBOLS,
        overlay_content(at("/soc", {"n": {}}), symbols={"new": "/fragment@0/__overlay__/n"}),
    ),
    "DT121": (BASE, overlay_content(at("/soc", {"dev@2000": {**DEVICE, "status": b""}}))),
    "DT122": (BASE, overlay_content(at("/soc", {"dev@2000": {**DEVICE, "compatible": b"a,b"}}))),
    "DT123": (BASE, overlay_content(at("/soc", {}), fixups={"soc": "/nothing:target:0"})),
    "DT124": (
        BASE,
        overlay_content(at("/soc", {"n": {"compatible": "a,b"}}), at("/soc/n", {"x": 1})),
    ),
    "DT128": (BASE, overlay_content(at("/soc", {"dev@1000,0": {**DEVICE, "reg": [0x1000, 1]}}))),
    "DT130": (BASE, overlay_content(at("/soc", {"dev@3000": {"status": "okay"}}))),
    "DT131": (BASE, overlay_content(at("/soc/dev@1000", {"status": "okay"}))),
    "DT132": (
        {**BASE, "soc": {"dev@1000": {"phandle": 7}}},
        overlay_content(to("loose", {"x": 1})),
    ),
    "DT133": (
        BASE,
        overlay_content(at("/soc", {}), symbols={"new": "/fragment@0/__overlay__/no"}),
    ),
    "DT134": (BASE, overlay_content(at("/soc", {"dev@2000": {**DEVICE, "reg": 0x2000}}))),
    "DT135": (BASE, overlay_content(at("/soc", {"dev@2001": DEVICE}))),
    "DT136": (BASE, overlay_content(at("/soc", {"two@1000": {**DEVICE, "reg": [0x1000, 1]}}))),
    "DT137": (
        BASE,
        overlay_content(
            at("/", {"soc": {"dev@1000": {"phandle": 1, "self": 1}}}),
            local=inside({"soc": {"dev@1000": {"self": 0}}}),
        ),
    ),
    "DT138": (BASE, deep_overlay()),
    "DT139": (BASE, overlay_content(at("/soc", {"n": {}}), at("/soc", {"n": 1}))),
}


def from_overlay(base: Content, overlay: Content, sink: Sink) -> None:
    tree = tree_of(base)
    for applier in ("libfdt", "linux"):
        api.apply_overlay(tree_of(base), tree_of(overlay), applier=applier, sink=sink)
    sink.diagnostics.extend(check_tree(tree))


# -- everything else -------------------------------------------------------------------------------


class Refusing:
    """A listener that refuses every overlay."""

    def overlay(self, action: str, target: object, content: object) -> str:
        return "-EBUSY"

    def reconfig(self, action: str, node: object, name: str | None) -> str:
        return ""


def refused(outcome: Outcome, sink: Sink) -> None:
    """Explain a refusal that only the kernel itself can see."""
    explain(Subject(outcome, tree_of(BASE), sink, "board.dtb", None, [outcome.overlay], 1))


def by_command(*arguments: str) -> Callable[[Sink, Path], None]:
    """Run a command that finds something before it reads, or after it has read, its inputs."""

    def raise_it(sink: Sink, folder: Path) -> None:
        board = folder / "board.dtb"
        board.write_bytes(blob(BASE))
        overlay = folder / "overlay.dtbo"
        overlay.write_bytes(blob(overlay_content(to("soc", {}))))
        from dtovl.cli import group
        from dtovl.cli.outcome import Settings

        outcome = group.main(
            [
                argument.format(board=board, overlay=overlay, folder=folder)
                for argument in arguments
            ],
            prog_name="dtovl",
            standalone_mode=False,
            obj=Settings(),
        )
        # What is found while work goes on stands in the report alone.
        for entry in json.loads(outcome.report)["diagnostics"]:
            code = find_code(entry["code"])
            assert code is not None
            sink.report(code, base=entry["message"])

    return raise_it


NEXT_PHANDLE = 1 + 1 + 1
"""What Linux makes of phandle 1 in an overlay on BASE, whose largest is 1."""


def foreseen(sink: Sink, *fragments: Content) -> None:
    """Forecast the removal of overlays of one fragment each."""
    tree = tree_of({**BASE, "aliases": {}})
    overlays = [Overlay(tree_of(overlay_content(one))) for one in fragments]
    forecast = foresee(tree, apply_stack(tree, overlays, LINUX))
    sink.diagnostics.extend(removal_findings(forecast, tree))


def by_steps(steps: str) -> Callable[[Sink, Path], None]:
    """Run a step file on the base, and compare with what it says."""
    text = "base: board.dtb\nsteps:\n" + steps.format() + "\n"

    def raise_it(sink: Sink, folder: Path) -> None:
        (folder / "board.dtb").write_bytes(blob(BASE))
        (folder / "own.yaml").write_text(text, encoding="ascii")
        script = read_steps((folder / "own.yaml").read_bytes(), "own.yaml")
        machine = Machine(tree_of(BASE))
        for ran in carry_out(script, machine, check=True):
            sink.diagnostics.extend(ran.findings)

    return raise_it


def crashed(sink: Sink, _: Path) -> None:
    """Go on after a step that would have crashed the kernel."""
    twice = overlay_content(at("/soc", {"status": "okay"}), at("/soc", {"status": "fail"}))
    base: Content = {"soc": {"status": "okay"}}
    machine = Machine(tree_of(base), read=lambda _: blob(twice))
    for step in ({"op": "apply", "overlay": "o"}, {"op": "remove", "id": 1}, {"op": "dump"}):
        sink.diagnostics.extend(machine.step(step)["findings"])


def too_large(sink: Sink, folder: Path) -> None:
    sparse = folder / "sparse"
    with sparse.open("wb") as file:
        file.truncate((256 << 20) + 1)
    api.load(sparse, sink=sink)


def short_incbin(sink: Sink, folder: Path) -> None:
    (folder / "table.bin").write_bytes(b"1234")
    source = folder / "board.dts"
    source.write_text(HEAD + '/ { a = /incbin/("table.bin", 0, 8); };', encoding="ascii")
    api.load(source, sink=sink)


def empty_folder(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder


def from_folder(sink: Sink, folder: Path) -> None:
    (folder / "broken.dtbo").write_bytes(b"Not Found")
    reading = Reading((), {}, None)
    assert not list(load_overlays(reading, [str(folder)]))
    sink.diagnostics.extend(reading.sink)


def unwritable(content: Content) -> Callable[[Sink, Path], None]:
    return lambda sink, _: api.dump(tree_of(content), form="dts", sink=sink) and None


# -- a live tree and the overlays that may be in it ------------------------------------------------

LIVE_BASE: Content = {**NO_SYMBOLS, "chosen": {}, "__symbols__": {"soc": "/soc"}}
SETS_A = overlay_content(at("/soc", {"a": 1, "b": 2}))
CHOSEN = (
    overlay_content(at("/chosen", {"bootargs": "one"}), at("/soc", {"a": 1})),
    overlay_content(at("/chosen", {"bootargs": "two"}), at("/soc", {"b": 2})),
)
IDENTIFIED: dict[str, tuple[Content, tuple[Content, ...]]] = {
    "DT290": ({**LIVE_BASE, "new": 1}, ()),
    "DT291": ({**LIVE_BASE, "soc": {**BASE["soc"], "a": 1}}, (SETS_A,)),  # type: ignore[dict-item]
    "DT292": (LIVE_BASE, (OVERLAYS["DT131"][1],)),
    "DT293": ({**LIVE_BASE, "compatible": "other,board"}, ()),
    "DT294": (
        {**LIVE_BASE, "chosen": {"bootargs": "x"}, "soc": {**BASE["soc"], "a": 1, "b": 2}},  # type: ignore[dict-item]
        CHOSEN,
    ),
    "DT295": (LIVE_BASE, (overlay_content(to("nothing", {})),)),
    "DT299": (NO_SYMBOLS, ()),
}


def from_live(live: Content, overlays: Sequence[Content], sink: Sink) -> None:
    given = [Overlay(tree_of(one), f"{number}.dtbo") for number, one in enumerate(overlays)]
    sink.diagnostics.extend(identify(tree_of(LIVE_BASE), tree_of(live), given).findings)


OTHERS: dict[str, Callable[[Sink, Path], Any]] = {
    **REFUSALS,
    **CLAIMS,
    **MEETINGS,
    **CONFIGURATIONS,
    **AUDITED,
    **LIVED,
    **RAISED,
    **COMPARED,
    **LINKED,
    "DT663": lambda *_: scheduler_address("ci-head:8786"),
    "DT668": lambda *_: read_shard("0/2"),
    "DT009": too_large,
    "DT011": lambda sink, folder: api.load(folder / "nothing.dtb", sink=sink),
    "DT012": by_command("convert", "{board}", "-o", "{board}"),
    "DT013": by_command("convert", "{board}", "-o", "{folder}/no/such/folder"),
    "DT040": lambda sink, _: api.load(
        HEAD.encode() + b'/ { model = "a\0b"; };', form="dts", sink=sink
    ),
    "DT043": lambda sink, _: api.load(
        b"#define A\n" + HEAD.encode() + b"/ { };", cpp="no-such-program", sink=sink
    ),
    "DT045": short_incbin,
    "DT050": unwritable({"a": {"x": 1, f"x{REPEAT}1": 2}}),
    "DT051": unwritable({"a": {"phandle": 0}}),
    "DT052": unwritable({"a": {"name": "a"}}),
    "DT060": by_command("show", "{board}", "/nothing"),
    "DT061": by_command("show", "{board}", "/soc/two"),
    "DT062": by_command("apply", "{overlay}", "{board}", "--format", "json"),
    "DT063": lambda sink, _: api.apply_overlay(
        tree_of(BASE),
        tree_of({}),
        applier="u-boot",  # type: ignore[arg-type]
        sink=sink,
    ),
    "DT064": lambda *_: api.remove_overlay(
        tree_of(BASE), api.apply_overlay(tree_of(BASE), tree_of(overlay_content(to("soc", {}))))
    ),
    "DT065": lambda *_: api.replay_stream(b"", policy="best"),  # type: ignore[arg-type]
    "DT125": lambda sink, _: refused(apply_blob(tree_of(BASE), b"no blob"), sink),
    "DT126": lambda sink, _: refused(
        apply_overlay(
            tree_of(BASE),
            Overlay(tree_of(overlay_content(to("soc", {})))),
            LINUX,
            notifier=Refusing(),  # type: ignore[arg-type]
        ),
        sink,
    ),
    "DT127": lambda sink, _: adopt_labels(
        tree_of(NO_SYMBOLS),
        api.load(HEAD.encode() + b"/ { l: other { }; };"),
        sink,
        base="board.dtb",
        name="board.dts",
    ),
    "DT223": lambda sink, _: free_twice(sink),
    "DT240": lambda sink, _: foreseen(sink, at("/soc/dev@1000", {"x": 1})),
    "DT241": lambda sink, _: foreseen(
        sink,
        at("/soc", {"new": {"phandle": 1}}),
        at("/soc/dev@1000", {"clocks": NEXT_PHANDLE}),
    ),
    "DT242": lambda sink, _: foreseen(
        sink, at("/soc", {"new": {}}), at("/aliases", {"new0": "/soc/new"})
    ),
    "DT243": lambda sink, _: foreseen(sink, at("/soc", {"new": {}}), at("/soc", {"x": 1})),
    "DT244": by_command("blame", "{board}", "/soc/dev@1000:compatble"),
    "DT296": by_command("identify", "--base", "{overlay}", "--live", "{board}", "{overlay}"),
    "DT297": lambda sink, folder: by_command(
        "identify", "--base", "{board}", "--live", "{board}", str(folder / "empty")
    )(sink, empty_folder(folder)),
    "DT298": from_folder,
    "DT280": by_steps("- apply"),
    "DT281": by_steps("- {{op: aply, overlay: overlay.dtbo}}"),
    "DT282": by_steps("- {{op: apply}}"),
    "DT283": by_steps("- {{op: update_property, node: /soc, name: x, value: okay}}"),
    "DT284": by_steps("- {{op: remove, overlay: camera}}"),
    "DT285": crashed,
    "DT286": by_steps("  no"),
    "DT287": by_steps("- {{op: apply, op: apply}}"),
    "DT288": by_steps("- {{op: find, path: /soc, result: {{node: null}}}}"),
    "DT289": by_steps("- {{op: dump, nod: /soc}}"),
    "DT670": lambda sink, folder: no_cache_in(folder / "file", sink),
    "PS208": lambda *_: read_base(b"Not Found", "partition"),
    "DT140": lambda sink, _: sink.diagnostics.extend(
        check_tree(tree_of({"aliases": {"serial0": "/nothing"}}))
    ),
}


def no_cache_in(file: Path, sink: Sink) -> None:
    """Have the cache in a folder that cannot be made, since a file is there."""
    file.write_bytes(b"")
    problem = Cache(str(file), Settings()).prepare()
    assert problem is not None
    sink.diagnostics.append(problem)


def from_migration(number: str, sink: Sink) -> None:
    """Replay a log; what is found there has its message already."""
    for one in replayed(FINDINGS[number]).findings:
        whole = one.code._replace(message="{what}")
        sink.report(whole, path=one.path or "", severity=one.severity, what=one.message)


def raise_code(number: str, sink: Sink, folder: Path) -> None:
    if number in SOURCES:
        api.load(SOURCES[number].encode("latin-1"), name="board.dts", sink=sink)
    elif number in BLOBS:
        api.load(BLOBS[number](), name="board.dtb", sink=sink)
    elif number in OVERLAYS:
        from_overlay(*OVERLAYS[number], sink)
    elif number in IDENTIFIED:
        from_live(*IDENTIFIED[number], sink)
    elif number in FINDINGS:
        from_migration(number, sink)
    elif number in DANGERS:
        run_into(DANGERS[number], sink)
    else:
        OTHERS[number](sink, folder)


def findings(number: str, folder: Path) -> Iterable[Diagnostic]:
    sink = Sink()
    try:
        raise_code(number, sink, folder)
    except DtovlError as error:
        return [*error.diagnostics, *sink]
    return sink.diagnostics


BY_TEST = {
    "DT901": "tests/golden/test_streams.py: a defect is not raised on purpose here",
    "DT660": "tests/matrix/test_run.py: it takes a process that dies",
    "DT694": "tests/links/test_probe.py: it takes thousands of devices that wait for each other",
    **dict.fromkeys(
        ("DT661", "DT662", "DT664", "DT665", "DT666", "DT667"),
        "tests/matrix/test_engine.py: it takes a cluster, or that there is none",
    ),
}


@pytest.mark.parametrize("code", [code.number for code in CODES if code.number not in BY_TEST])
def test_every_code_is_raised_and_can_be_shown(code: str, tmp_path: Path) -> None:
    found = [one for one in findings(code, tmp_path) if one.code.number == code]
    assert found, [repr(one) for one in findings(code, tmp_path)]
    for one in found:
        shown = "".join(text for line in diagnostic_lines(one) for _, text in line.spans)
        assert code in shown
        assert "{" not in one.message or "{" in str(one.fields)
        assert as_json.diagnostic(one)["code"] == code


def test_the_table_names_no_unknown_code() -> None:
    known = {code.number for code in CODES}
    raised = {
        *SOURCES,
        *BLOBS,
        *OVERLAYS,
        *IDENTIFIED,
        *FINDINGS,
        *DANGERS,
        *OTHERS,
        *BY_TEST,
    }
    assert raised == known


def test_numbers_and_names_are_unique() -> None:
    assert len({code.number for code in CODES}) == len(CODES)
    assert len({code.name for code in CODES}) == len(CODES)


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.number)
def test_every_code_is_complete(code: Any) -> None:
    assert find_code(code.number.lower()) is code
    assert find_code(code.name) is code
    assert isinstance(code.severity, Severity)
    assert (
        code.message[0] != code.message[0].upper()
        or not code.message[0].isalpha()
        or (code.message.startswith("Linux"))
    )
    assert not code.message.endswith(".")
    assert len(code.explanation) > 100
    assert code.source
    for template in (code.message, code.suggestion):
        list(Formatter().parse(template))
    assert all(line.spans is not None for line in code_lines(code))
    assert code_object(code)["code"] == code.number


def test_explain_runs_for_every_code(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "--list"]) == 0
    listed = capfd.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == [code.number for code in CODES]


def test_flatten_and_the_blobs_here_agree() -> None:
    assert flatten(tree_of(BOARD)) == blob(BOARD)
