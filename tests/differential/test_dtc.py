"""Our reader of source against dtc itself: the same verdict, the same tree in the same order."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.canonical import blob_lines, first_difference
from support.sources import sources

from dtovl.diagnostics import Sink
from dtovl.dts.reader import read, read_source
from dtovl.errors import InputError
from dtovl.fdt.write import flatten

DTC = shutil.which("dtc")
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "dts"

pytestmark = pytest.mark.skipif(
    DTC is None, reason="dtc is not installed: our reader is not compared with it"
)


def by_dtc(source: bytes, symbols: bool, folder: Path | None = None) -> list[str] | None:
    options = ["-I", "dts", "-O", "dtb", *(["-@"] if symbols else [])]
    done = subprocess.run([str(DTC), *options], input=source, capture_output=True, cwd=folder)
    return None if done.returncode else blob_lines(done.stdout)


def by_reader(source: bytes, symbols: bool) -> list[str] | None:
    try:
        return blob_lines(flatten(read_source(source, "generated.dts", symbols=symbols)))
    except InputError:
        return None


def read_file(path: str) -> bytes:
    return Path(path).read_bytes()


@given(sources(), st.booleans())
@example("/dts-v1/;\n/ { n { a; b; }; };\n/ { /delete-node/ n; };\n/ { n { b; c; a; }; };\n", False)
@example("/dts-v1/;\n/ { /delete-node/ z; k { }; };\n/ { k { }; z { }; };\n", False)
@example("/dts-v1/; /plugin/;\n&l { a: n { p = <&a &l>, &a; }; };\n", True)
@example("/dts-v1/;\n/ { /omit-if-no-ref/ x { l: n { }; }; r = <&l>; };\n", False)
def test_same_verdict_and_tree(source: str, symbols: bool) -> None:
    data = source.encode()
    expected, found = by_dtc(data, symbols), by_reader(data, symbols)
    if expected is None or found is None:
        assert expected == found, source
    else:
        assert expected == found, f"{first_difference(expected, found)}\n{source}"


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.dts*")), ids=lambda path: path.name)
@pytest.mark.parametrize("symbols", [False, True], ids=["plain", "symbols"])
def test_fixtures_compile_to_the_same_tree(path: Path, symbols: bool) -> None:
    if "macros" in path.name:
        pytest.skip("needs a preprocessor: dtc alone cannot read it")
    data = path.read_bytes()
    expected = by_dtc(data, symbols, path.parent)
    tree = read(data, str(path), read_file=read_file, symbols=symbols, sink=Sink())
    assert expected is not None
    assert blob_lines(flatten(tree)) == expected
