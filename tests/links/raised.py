"""One way to each code of links, IOMMUs and probe order, for the test that raises every code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from links.told import CLOCK, JUDGED, MMU, iommus, judged, merged, regions, removed, told, tree

from dtovl.links.board import Board
from dtovl.links.drivertable import read_drivers
from dtovl.links.judge import judge
from dtovl.links.lateiommus import late_findings
from dtovl.links.probe import predict
from dtovl.links.waiting import findings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from dtovl.diagnostics import Diagnostic, Sink

_WAITS = """a { compatible = "a"; clocks = <&off>; };
    off: off { compatible = "off"; #clock-cells = <0>; status = "disabled"; };
    up: up { compatible = "up"; #clock-cells = <0>; };
    b { compatible = "b"; clocks = <&up>, <&off>; };"""
_SYNCED = b"""modules: false
drivers:
- {name: up, match: up, level: core, sync_state: true}
- {name: b, match: b, level: device}
"""
_LATE = b"""modules: false
drivers:
- {name: acme-mmu, match: 'acme,mmu', level: late}
- {name: acme-gpu, match: a, level: device}
"""
_SMMU = 'mmu: mmu { compatible = "arm,mmu-500"; #iommu-cells = <1>; };'
_REGIONS = "a: a { }; memory: reserved-memory { #address-cells = <1>; #size-cells = <1>; };"
_LATE_REGION = "&memory { m: m@0 { reg = <0 4>; }; }; &a { memory-region = <&m>; };"


def predicted(root: str, table: bytes | None) -> list[Diagnostic]:
    board = Board(tree(root))
    drivers = None if table is None else read_drivers(table, "drivers.yaml")
    return told(board.tree, findings_of(predict(board, judge(board)[0], drivers)))


def late(root: str, table: bytes) -> list[Diagnostic]:
    board = Board(tree(root))
    found = judge(board)[0]
    drivers = read_drivers(table, "drivers.yaml")
    log = predict(board, found, drivers).log
    return told(board.tree, late_findings(board, log, found, modules=drivers.modules))


def asked_why(_: Sink, folder: Path) -> None:
    """Ask why a node without `compatible` waits."""
    from dtovl.cli import group
    from dtovl.cli.outcome import Settings

    board = folder / "board.dts"
    board.write_text('/dts-v1/; / { compatible = "acme,board"; aliases { }; };', encoding="ascii")
    group.main(
        ["probe", str(board), "--why", "/aliases"],
        prog_name="dtovl",
        standalone_mode=False,
        obj=Settings(),
    )


def entry(find: Callable[[], Iterable[Diagnostic]]) -> Callable[[Sink, Path], None]:
    return lambda sink, _: sink.diagnostics.extend(find())


def read(table: bytes) -> Callable[[Sink, Path], object]:
    return lambda *_: read_drivers(table, "drivers.yaml")


RAISED: dict[str, Callable[[Sink, Path], object]] = {
    **{rule: entry(lambda root=root: judged(root)) for rule, root in JUDGED.items()},
    "L033": entry(
        lambda: removed(
            "soc: soc { };", f"&soc {{ {CLOCK} }};", "&soc { b { clocks = <&clk 1>; }; };"
        )
    ),
    "L034": entry(lambda: predicted(_WAITS, None)),
    "L036": entry(lambda: predicted(_WAITS, _SYNCED)),
    "DT680": entry(lambda: iommus(f"a {{ iommus = <&mmu 0x12345>; }}; {_SMMU}")),
    "DT681": entry(lambda: iommus(JUDGED["L023"])),
    "DT682": entry(lambda: late(f'a {{ compatible = "a"; iommus = <&mmu 1>; }}; {MMU}', _LATE)),
    "DT683": entry(
        lambda: removed(
            'compatible = "acme,board"; soc: soc { compatible = "simple-bus"; };'
            'gpu: gpu { compatible = "acme,gpu"; };',
            f"&soc {{ {MMU} }}; &gpu {{ iommus = <&mmu 1>; }};",
        )
    ),
    "DT685": entry(
        lambda: iommus(
            'a { iommus = <&m>; }; m: m { compatible = "arm,mmu-500"; #iommu-cells = <0>; };'
        )
    ),
    "DT686": entry(lambda: regions(tree("a { memory-region = <&m>; }; m: m { };"))),
    "DT684": entry(lambda: regions(merged(_REGIONS, _LATE_REGION))),
    "DT690": read(b"- acme\n"),
    "DT691": read(b"drivers: [{name: a, match: a, populate: true}]\n"),
    "DT692": read(b"drivers: [{name: a, match: a, fails: 22}]\n"),
    "DT693": asked_why,
}
