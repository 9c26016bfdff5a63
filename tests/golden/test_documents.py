"""README and docs: what is generated is current, and examples give what the page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
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
