from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dtovl import load
from dtovl.model.compare import same

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

    Run = Callable[..., object]


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "gateway.dtb", "i2c0"],
        ["show", "gateway.dtb", "--depth", "1"],
        ["show", "sensor.dtbo"],
        ["show", "sensor.dtbo", "--format", "dts"],
        ["show", "gateway.dtb", "/soc/i2c@40000", "--depth", "0", "--format", "dts"],
        ["show", "gateway.dtb", "&i2c0", "--depth", "0", "--format", "json"],
        ["show", "gateway.dtb", "/soc/serial"],
        ["show", "gateway.dtb", "/soc/serial@32000"],
        ["show", "gateway.dtb", "uart6"],
        ["diff", "gateway.dtb", "gateway.dts"],
        ["diff", "gateway.dtb", "gateway-b.dtb", "--format", "json"],
        ["convert", "uart1-okay.dtbo", "-o", "-"],
        ["convert", "broken/missing-semicolon.dts", "-o", "out.dtb"],
        ["explain", "DT104"],
        ["explain", "label-not-in-base", "--format", "json"],
        ["explain", "DT1O4"],
        ["explain"],
        ["aply", "gateway.dtb"],
        ["apply", "gateway.dtb"],
        ["apply", "uart1-okay.dtbo", "tracker.dtb"],
        ["apply", "gateway.dtb", "sensor.dtbo", "--require", "u-boot"],
        ["apply", "gateway.dtb", "macros.dtso", "-D", "1KEY"],
        ["show", "gatewai.dtb"],
        ["show", "-", "--no-such"],
        ["convert", "gateway.dtb", "-o", "out.dtb", "--pad", "-1"],
        ["explain", "nonsense"],
        ["--version"],
        ["--help"],
        ["apply", "--help"],
    ],
    ids=" ".join,
)
def test_output(dtovl: Run, arguments: list[str], snapshot: SnapshotAssertion) -> None:
    assert str(dtovl(*arguments)) == snapshot


def test_a_text_named_dtb(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    Path("board.dtb").write_text("Not Found\n", encoding="ascii")
    assert str(dtovl("apply", "board.dtb", "sensor.dtbo")) == snapshot


def test_a_directory_is_a_tree(dtovl: Run) -> None:
    Path("live/soc/serial@1").mkdir(parents=True)
    Path("live/compatible").write_bytes(b"acme,gateway\0")
    Path("live/soc/serial@1/name").write_bytes(b"serial\0")
    dtovl("convert", "live", "-o", "live.dtb")
    tree = load("live.dtb")
    node = tree.find("/soc/serial@1")
    assert node is not None
    assert not node.properties
    assert tree.root.properties == {"compatible": b"acme,gateway\0"}


def test_a_folder_of_other_files_is_no_tree(dtovl: Run) -> None:
    Path("junk/sub").mkdir(parents=True)
    Path("junk/README").write_text("nothing", encoding="ascii")
    for arguments in (("convert", "junk", "-o", "junk.dtb"), ("apply", "gateway.dtb", ".")):
        result = str(dtovl(*arguments))
        assert "error[DT001]" in result
        assert result.endswith("exit 2")
    assert not Path("junk.dtb").exists()


def test_convert_there_and_back(dtovl: Run) -> None:
    dtovl("convert", "gateway.dts", "-@", "-o", "one.dtb")
    dtovl("convert", "one.dtb", "-o", "two.dts")
    dtovl("convert", "two.dts", "-@", "-o", "three.dtb")
    assert Path("one.dtb").read_bytes() == Path("three.dtb").read_bytes()
    assert Path("one.dtb").read_bytes() == Path("gateway.dtb").read_bytes()


def test_convert_without_symbols(dtovl: Run) -> None:
    dtovl("convert", "gateway.dts", "-o", "plain.dtb")
    assert same(load("plain.dtb"), load("gateway-without-symbols.dtb"), ordered=True)


def test_the_format_can_be_demanded(dtovl: Run) -> None:
    result = dtovl("convert", "gateway.dts", "--in-format", "dtb", "-o", "out.dtb")
    assert "DT001" in str(result)
    assert str(result).endswith("--- exit 2")
    assert not Path("out.dtb").exists()


def test_hostile_names_do_not_reach_the_terminal(dtovl: Run) -> None:
    Path("evil.dtb").write_bytes(
        Path("gateway.dtb").read_bytes().replace(b"regulator-3v3\0", b"\x1b[2Jlator-3v3\0")
    )
    result = dtovl("show", "evil.dtb", "--color", "never")
    assert "\x1b" not in str(result)
    assert r"/\x1b[2Jlator-3v3" in str(result)


INCLUDERS = {
    "#include": '#include "part.dtsi"\n',
    "/include/": '/include/ "part.dtsi"\n',
    "/incbin/": '/ { data = /incbin/("part.dtsi"); };\n',
}


@pytest.mark.parametrize("directive", INCLUDERS)
def test_what_source_includes_is_an_input(dtovl: Run, directive: str) -> None:
    part = Path("part.dtsi")
    part.write_text("/ { part; };\n", encoding="ascii")
    Path("whole.dts").write_text("/dts-v1/;\n/ { };\n" + INCLUDERS[directive], encoding="ascii")
    Path("add.dtso").write_text("/dts-v1/; /plugin/; &{/} { new; };", encoding="ascii")
    before = part.read_bytes()
    for arguments in (("convert", "whole.dts"), ("apply", "whole.dts", "add.dtso")):
        assert "DT012" in str(dtovl(*arguments, "-o", "part.dtsi"))
        assert part.read_bytes() == before
    assert str(dtovl("convert", "whole.dts", "-o", "part.dtsi", "--force")).endswith("exit 0")


def test_apply_does_not_write_into_a_folder_that_it_read(dtovl: Run) -> None:
    Path("live/soc").mkdir(parents=True)
    Path("live/compatible").write_bytes(b"acme,gateway\0")
    Path("add.dtso").write_text("/dts-v1/; /plugin/; &{/soc} { new; };", encoding="ascii")
    result = str(dtovl("apply", "live", "add.dtso", "-o", "live/compatible"))
    assert "DT012" in result
    assert result.endswith("exit 2")
    assert Path("live/compatible").read_bytes() == b"acme,gateway\0"


@pytest.mark.parametrize("directive", INCLUDERS)
@pytest.mark.timeout(30)
def test_a_pipe_that_source_names_is_not_waited_for(dtovl: Run, directive: str) -> None:
    os.mkfifo("part.dtsi")
    Path("whole.dts").write_text("/dts-v1/;\n/ { };\n" + INCLUDERS[directive], encoding="ascii")
    result = str(dtovl("show", "whole.dts"))
    assert "DT028" in result
    assert "it is a pipe" in " ".join(result.split())
