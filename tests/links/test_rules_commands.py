"""The rules that only commands raise: L033 after a removal, L034 and L036 after a simulation."""

from __future__ import annotations

import pytest
from support.linked import line_of, tree_from

from dtovl.dts.reader import read_source
from dtovl.fdt.write import flatten
from dtovl.links.board import Board
from dtovl.links.drivertable import read_drivers
from dtovl.links.judge import judge
from dtovl.links.probe import predict
from dtovl.links.removal import remove_and_judge
from dtovl.links.waiting import findings_of

BASE = """/dts-v1/;
/ { osc: osc { #clock-cells = <0>; };
 soc: soc { uart: uart { clocks = <&osc>; }; }; };
"""

# Overlays by their names; those in capitals are compiled with symbols.
OVERLAYS = {
    "PLL": "&soc { pll: pll { #clock-cells = <1>; }; };",
    "new": "&soc { spi { compatible = 'acme,spi'; clocks = <&osc>, <&pll 4>; }; };",
    "uart": "&uart { clocks = <&pll 1>; };",
    "supply": "&uart { vcc-supply = <&pll>; reset-gpios = <&pll 7 8>; };",
    "own": "&uart { label = 'x'; }; &soc { t { clocks = <&osc>; }; };",
    "OWN": "&soc { q: q { #clock-cells = <0>; }; }; &uart { clocks = <&q>; };",
}

REMOVALS = [
    (
        "of a new node of another overlay; index counts entries, not cells",
        (["PLL", "new"], 1),
        ["L033 error /soc/spi clocks index=1 was=/soc/pll overlay=PLL consumer_overlay=new"],
    ),
    (
        "of a property of the base that another overlay has changed",
        (["PLL", "uart"], 1),
        ["L033 error /soc/uart clocks index=0 was=/soc/pll overlay=PLL consumer_overlay=uart"],
    ),
    (
        "of every value that names the node",
        (["PLL", "new", "uart"], 1),
        [
            "L033 error /soc/spi clocks index=1 was=/soc/pll overlay=PLL consumer_overlay=new",
            "L033 error /soc/uart clocks index=0 was=/soc/pll overlay=PLL consumer_overlay=uart",
        ],
    ),
    ("not when the consumer goes", (["PLL", "new"], 2), []),
    ("not for a value that comes back with the overlay itself", (["OWN"], 1), []),
    ("not when nobody refers to what goes", (["PLL", "own"], 1), []),
]


def overlay(name: str) -> bytes:
    text = OVERLAYS[name].replace("'", '"')
    source = f"/dts-v1/;\n/plugin/;\n{text}\n"
    return flatten(read_source(source.encode(), name, symbols=name.isupper()))


@pytest.mark.parametrize(
    ("case", "expected"), [row[1:] for row in REMOVALS], ids=[row[0] for row in REMOVALS]
)
def test_l033(case: tuple[list[str], int], expected: list[str]) -> None:
    names, number = case
    base = read_source(BASE.encode(), "base.dts", symbols=True)
    done = remove_and_judge(base, [(name, overlay(name)) for name in names], [number])
    assert done.errno is None, done.log
    assert sorted(map(line_of, done.findings)) == sorted(expected)


def test_l033_not_of_a_removal_that_is_refused() -> None:
    base = read_source(BASE.encode(), "base.dts", symbols=True)
    done = remove_and_judge(base, [(name, overlay(name)) for name in ("PLL", "OWN")], [1])
    assert (done.errno, done.findings) == ("EBUSY", ())
    assert any("overlay #1 is not topmost" in line for line in done.log)


# -- simulation ------------------------------------------------------------------------------------

TABLE = """
drivers:
  - {name: uart, match: "acme,uart", level: device}
  - {name: clk, match: "acme,clk", level: core, sync_state: true}
"""

SIMULATED = [
    (
        "L034 a supplier that is disabled",
        'clk: clk { compatible = "acme,clk"; #clock-cells = <0>; status = "disabled"; };'
        'uart { compatible = "acme,uart"; clocks = <&clk>; };',
        ["L034 error /uart uart: clocks[0] of /clk not ready"],
    ),
    (
        "L034 a supplier that no driver matches",
        'x: x { compatible = "acme,x"; #reset-cells = <0>; };'
        'uart { compatible = "acme,uart"; resets = <&x>; };',
        ["L034 error /uart uart: resets[0] of /x not ready"],
    ),
    (
        "L036 a consumer that never binds holds sync_state back",
        'clk: clk { compatible = "acme,clk"; #clock-cells = <0>; };'
        'nobody { compatible = "acme,nobody"; clocks = <&clk>; };'
        'uart { compatible = "acme,uart"; clocks = <&clk>; };',
        ["L036 info /clk /nobody"],
    ),
    (
        "neither when all bind",
        'clk: clk { compatible = "acme,clk"; #clock-cells = <0>; };'
        'uart { compatible = "acme,uart"; clocks = <&clk>; };',
        [],
    ),
]


@pytest.mark.parametrize(
    ("body", "expected"), [row[1:] for row in SIMULATED], ids=[row[0] for row in SIMULATED]
)
def test_simulation(body: str, expected: list[str]) -> None:
    board = Board(tree_from(f"/dts-v1/;\n/ {{ {body} }};\n"))
    judged, _ = judge(board)
    found = findings_of(predict(board, judged, read_drivers(TABLE.encode(), "drivers.yaml")))
    lines = []
    for one in found:
        reason = one.details.get("reason", " ".join(one.details.get("consumers", ())))
        lines.append(f"{one.rule} {one.severity.label} {one.node.path} {reason}")
    assert lines == expected
