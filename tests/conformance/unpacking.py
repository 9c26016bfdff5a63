"""Archives of the reference corpus, unpacked for the time of a run."""

from __future__ import annotations

import tarfile
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def unpacked(archive: Path) -> Iterator[Path]:
    """Give a folder with the content of a tar archive; it goes when the block ends."""
    with TemporaryDirectory(prefix="dtovl-corpus-") as folder:
        with tarfile.open(archive) as content:
            # The argument came with Python 3.11.4; Debian 12 has 3.11.2.
            safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            content.extractall(folder, **safe)
        yield Path(folder)
