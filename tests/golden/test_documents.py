"""README and docs: what is generated is current, and examples give what the page shows."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from compile_fixtures import SOURCES
from write_docs import ROOT, make_workspace, pages, run_examples

from dtovl.codes import all_codes
from dtovl.report.explain import codes_page

if TYPE_CHECKING:
    from pathlib import Path


def test_the_page_of_codes_is_current() -> None:
    page = (ROOT / "docs" / "codes.md").read_text(encoding="utf-8")
    assert page == codes_page(all_codes()), "run `make docs`"


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_examples_give_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    if "```console\n" in text:
        make_workspace(tmp_path)
    assert run_examples(text, tmp_path) == text, "run `tools/write_docs.py --update`"


_ACROSS = re.MULTILINE | re.DOTALL


def python_examples() -> list[tuple[str, str]]:
    """List (page, code) of every `python` block of README and docs."""
    return [
        (page.name, code)
        for page in pages()
        for code in re.findall(r"^```python\n(.*?)^```$", page.read_text("utf-8"), _ACROSS)
    ]


@pytest.mark.parametrize("page", sorted({page for page, _ in python_examples()}))
def test_python_examples_run(page: str, compiled: Path, tmp_path: Path) -> None:
    """The blocks of one page are one program, as a reader types them in one after the other."""
    shutil.copytree(compiled, tmp_path, dirs_exist_ok=True)
    program = "\n".join(code for name, code in python_examples() if name == page)
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_every_fixture_is_used() -> None:
    here = ROOT / "tests"
    texts = [*pages(), *here.rglob("*.py"), *ROOT.glob("tools/*.sh"), *SOURCES.rglob("*.dts*")]
    used = "\n".join(path.read_text("utf-8") for path in texts)
    unused = [
        path.name
        for path in SOURCES.rglob("*")
        if path.is_file() and not re.search(rf"\b{re.escape(path.stem)}\b", used)
    ]
    assert unused == []
