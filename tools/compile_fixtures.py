"""Compile the sources of fixtures/dts: `tools/compile_fixtures.py FOLDER`.

Every board and overlay becomes a blob with symbols, as by `dtc -@`; the gateway also one without.
Sources in fixtures/dts/broken are wrong on purpose and left out.
"""

from __future__ import annotations

import sys
from pathlib import Path

from dtovl import dump, load

SOURCES = Path(__file__).parents[1] / "fixtures" / "dts"
ENDINGS = {".dts": ".dtb", ".dtso": ".dtbo"}
DEFINES = {"KEY": "28"}


def compile_fixtures(folder: Path) -> list[Path]:
    """Write the blobs into a folder, which is made; give their paths, sorted."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for source in sorted(SOURCES.iterdir()):
        if source.suffix in ENDINGS:
            target = folder / (source.stem + ENDINGS[source.suffix])
            written.append(compile_source(source, target))
    bare = folder / "gateway-without-symbols.dtb"
    written.append(compile_source(SOURCES / "gateway.dts", bare, symbols=False))
    return sorted(written)


def compile_source(source: Path, target: Path, *, symbols: bool = True) -> Path:
    """Write one blob."""
    include = [str(SOURCES / "include")]
    tree = load(source, include_dirs=include, defines=DEFINES, symbols=symbols)
    dump(tree, target, force=True)
    return target


if __name__ == "__main__":
    for path in compile_fixtures(Path(sys.argv[1])):
        sys.stdout.write(f"{path}\n")
