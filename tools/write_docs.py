"""Write the generated pages, and run the examples of the hand-written ones.

    tools/write_docs.py             write docs/codes.md, compare all examples with what they give
    tools/write_docs.py --update    put into the examples what they give now

Examples are the `console` blocks of README.md and docs/*.md.
A block runs in a folder that holds the fixtures: their sources and the blobs made of them. Lines
that begin with `$ ` are commands, what follows is their output, standard error included.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from difflib import unified_diff
from pathlib import Path

from compile_fixtures import SOURCES, compile_fixtures

from dtovl.codes import all_codes
from dtovl.report.explain import codes_page

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"(?<=^```console\n)\$ .*?(?=^```$)", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """List the pages that may hold examples."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def make_workspace(folder: Path) -> None:
    """Fill a folder with the fixtures; step files name sources in the folder beside theirs."""
    shutil.copytree(SOURCES, folder, dirs_exist_ok=True)
    compile_fixtures(folder)
    for name in ("dts", "steps", "migrate", "logs", "scenarios", "repo"):
        shutil.copytree(SOURCES.parent / name, folder / name, dirs_exist_ok=True)


def run_examples(page: str, workspace: Path) -> str:
    """Give the text of a page with the output of its examples as it is now."""
    return _BLOCK.sub(lambda block: _run_block(block[0], workspace), page)


def _run_block(block: str, workspace: Path) -> str:
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{_run(command, workspace)}" for command in commands)


def _run(command: str, workspace: Path) -> str:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
        "NO_COLOR": "1",
    }
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=workspace,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout if done.stdout.endswith("\n") or not done.stdout else done.stdout + "\n"


def main(update: bool) -> int:
    """Write and compare; give the number of pages whose examples are out of date."""
    (ROOT / "docs" / "codes.md").write_text(codes_page(all_codes()), encoding="utf-8")
    stale = 0
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder)
        make_workspace(workspace)
        for path in pages():
            page = path.read_text(encoding="utf-8")
            current = run_examples(page, workspace)
            if current == page:
                continue
            if update:
                path.write_text(current, encoding="utf-8")
            else:
                stale += 1
                name = str(path.relative_to(ROOT))
                sys.stdout.writelines(
                    unified_diff(page.splitlines(True), current.splitlines(True), name, "now")
                )
    return stale


if __name__ == "__main__":
    sys.exit(min(main("--update" in sys.argv[1:]), 1))
