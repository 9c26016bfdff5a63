"""Trees of real boards and overlays, written as source and read again."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from dtovl.diagnostics import Sink
from dtovl.dts.reader import read_source
from dtovl.dts.writer import write_source
from dtovl.fdt.read import unflatten
from dtovl.model.compare import difference, same

ARCHIVE = Path(__file__).parents[3] / "shared/corpus/corpus.tar.xz"

# Every such-and-such blob of the archive, which makes some sixty.
STRIDE = {"bases": 40, "overlays": 40, "merged": 5}


def sample() -> list[tuple[str, bytes]]:
    seen = dict.fromkeys(STRIDE, 0)
    blobs = []
    with tarfile.open(ARCHIVE, "r|xz") as archive:
        for member in archive:
            folder = member.name.removeprefix("./").partition("/")[0]
            content = archive.extractfile(member)
            if folder not in STRIDE or content is None or ".dtb" not in member.name:
                continue
            if not seen[folder] % STRIDE[folder]:
                blobs.append((member.name, content.read()))
            seen[folder] += 1
    return blobs


@pytest.mark.corpus
@pytest.mark.skipif(not ARCHIVE.exists(), reason="no reference corpus beside the checkout")
def test_real_trees_come_back() -> None:
    blobs = sample()
    assert len(blobs) > 50
    for name, blob in blobs:
        tree = unflatten(blob, name)
        sink = Sink()
        again = read_source(
            write_source(tree, sink=sink).encode(), name, symbols=tree.symbols is not None
        )
        header = tree.header._replace(padding=b"")
        if [found.code.name for found in sink] == ["lost-in-source"]:
            header = header._replace(boot_cpuid=again.header.boot_cpuid)
        else:
            assert len(sink) == 0, (name, list(sink))
        tree.header = header
        assert same(tree, again, ordered=True), (name, difference(tree, again, ordered=True)[:3])
