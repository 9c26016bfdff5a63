"""Reading the files of a matrix, whoever put them there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dtovl.matrix.inputs import Reader
from dtovl.matrix.tasks import Source

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = '/dts-v1/;\n/include/ "part.dtsi"\n'
PART = "/ { secret; };\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    (folder / "boards").mkdir(parents=True)
    (folder / "boards" / "a.dts").write_text(SOURCE)
    (tmp_path / "part.dtsi").write_text(PART)
    return folder


def read(folder: Path, *roots: Path) -> tuple[bool, list[str]]:
    source = Source(str(folder / "boards" / "a.dts"), roots=tuple(map(str, roots)))
    found = Reader().input(source)
    return found.tree is not None, [one.message for one in found.findings]


def test_a_link_that_leads_out_is_not_followed(checkout: Path) -> None:
    (checkout / "boards" / "part.dtsi").symlink_to("../../part.dtsi")
    there, messages = read(checkout, checkout)
    assert not there
    assert "a link that leads out of the folder" in messages[0]


def test_a_link_within_the_folder_is_followed(checkout: Path) -> None:
    (checkout / "part.dtsi").write_text(PART)
    (checkout / "boards" / "part.dtsi").symlink_to("../part.dtsi")
    assert read(checkout, checkout) == (True, [])


def test_a_folder_that_is_trusted_may_be_linked_to(checkout: Path, tmp_path: Path) -> None:
    (checkout / "boards" / "part.dtsi").symlink_to("../../part.dtsi")
    assert read(checkout, checkout, tmp_path) == (True, [])
    assert read(checkout) == (True, [])
