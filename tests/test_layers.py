"""What may import what, and what a start may cost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def loaded_modules(*arguments: str, code: int = 0) -> set[str]:
    """Run dtovl and give the names of the modules it imported."""
    script = (
        "import sys\n"
        "from dtovl.__main__ import start\n"
        "code = start(sys.argv[1:])\n"
        "sys.stderr.write('\\n'.join(['--modules--', *sys.modules]))\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=60,
    )
    assert done.returncode == code, done.stderr
    return set(done.stderr.partition("--modules--\n")[2].splitlines())


def test_the_layer_contract_holds() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    if not linter.exists():
        pytest.skip("import-linter is not installed beside this Python")
    done = subprocess.run(
        [linter, "--no-cache"], capture_output=True, text=True, check=False, cwd=ROOT, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_version_imports_nothing_heavy() -> None:
    loaded = loaded_modules("--version")
    assert "dtovl._version" in loaded
    assert not loaded & {"click", "rich", "yaml", "json", "typing", "enum", "dtovl.cli"}


def test_import_of_the_package_loads_no_module_of_it() -> None:
    script = "import dtovl, sys; print(*(name for name in sys.modules if name.startswith('dtovl')))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.split() == ["dtovl"]


def test_apply_without_colour_imports_nothing_it_does_not_need(tmp_path: Path) -> None:
    for name in ("gateway.dts", "uart1-okay.dtso"):
        blob = str(tmp_path / name.replace(".dts", ".dtb"))
        loaded_modules("convert", f"fixtures/dts/{name}", "-@", "-o", blob)
    base, overlay = str(tmp_path / "gateway.dtb"), str(tmp_path / "uart1-okay.dtbo")
    loaded = loaded_modules("apply", base, overlay, "-o", str(tmp_path / "out.dtb"))
    assert "dtovl.fdt.read" in loaded
    heavy = {"rich", "yaml", "json", "dataclasses", "sqlite3", "subprocess", "pcpp", "zlib"}
    assert not loaded & heavy
    assert not {name for name in loaded if name.startswith(("dtovl.dts", "dtovl.checks.refusal"))}
