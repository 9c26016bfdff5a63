"""What `dtovl check` and `dtovl init-config` write, and how they end."""

from __future__ import annotations

import os
import re
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

    Run = Callable[..., object]


@pytest.fixture
def repo(dtovl: Run, compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a copy of the fixture repository, which is the current folder."""
    folder = tmp_path / "copy"
    copytree(compiled / "repo", folder)
    monkeypatch.chdir(folder)
    return folder


def check(dtovl: Run, *arguments: str) -> str:
    return str(dtovl("check", "--no-cache", "-j1", *arguments))


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-q"],
        ["-v"],
        ["--format", "github", "--prefix", "firmware"],
        ["--applier", "libfdt,linux", "--removal", "-q"],
        ["--verdicts-only"],
        ["--fail-on", "never", "-q"],
        ["--shard", "2/2", "--verdicts-only"],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("repo")
def test_output(dtovl: Run, arguments: list[str], snapshot: SnapshotAssertion) -> None:
    assert check(dtovl, *arguments) == snapshot


def test_from_another_folder_paths_lead_there(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    result = check(dtovl, "repo", "-q")
    assert result.splitlines()[:20] == snapshot
    assert check(dtovl, "repo/dtovl.yaml", "-q") == result


# -- configuration -------------------------------------------------------------------------------

WRONG = """\
bases: boards/*.dts
overlay: overlays/*.dtso
stacks:
  - name: audio
    bases: boards/beacon-m.dts
    overlays: [overlays/codek.dtso, overlays/mic.dtso]
appliers: u-boot
rules:
  no-efect: off
  pin-conflict: {severity: warn}
expected:
  - {overlay: overlays/panel.dtso, error: FDT_ERR_NOTFOUNT}
fail-on: errors
"""


def test_all_mistakes_of_a_configuration(
    dtovl: Run, repo: Path, snapshot: SnapshotAssertion
) -> None:
    (repo / "dtovl.yaml").write_text(WRONG, encoding="utf-8")
    assert check(dtovl) == snapshot


def test_names_that_match_no_file(dtovl: Run, repo: Path, snapshot: SnapshotAssertion) -> None:
    text = "bases: board/*.dts\noverlays: [overlays/gsp.dtso, overlays/rtc.dtso]\n"
    (repo / "dtovl.yaml").write_text(text, encoding="utf-8")
    assert check(dtovl) == snapshot


def test_without_configuration(dtovl: Run, repo: Path, snapshot: SnapshotAssertion) -> None:
    (repo / "dtovl.yaml").unlink()
    assert check(dtovl, ".", "-q") == snapshot


def test_without_configuration_and_without_anything(
    dtovl: Run, repo: Path, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion
) -> None:
    (repo / "empty").mkdir()
    monkeypatch.chdir(repo / "empty")
    assert check(dtovl) == snapshot
    (repo / "dtovl.yaml").unlink()
    assert check(dtovl) == snapshot


@pytest.mark.usefixtures("repo")
def test_what_is_no_configuration(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    Path("logo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    Path("empty.yaml").touch()
    Path("notes.txt").write_text("To be done: everything.\n", encoding="utf-8")
    names = ("logo.png", "empty.yaml", "notes.txt", "boards/beacon-l.dts", "nothing.yaml")
    assert [check(dtovl, name) for name in names] == snapshot


def test_files_that_are_something_else(dtovl: Run, repo: Path, snapshot: SnapshotAssertion) -> None:
    """A picture among the overlays, an overlay among the boards."""
    (repo / "overlays" / "gps.dtso").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    (repo / "boards" / "rtc.dts").write_bytes((repo / "overlays" / "rtc.dtso").read_bytes())
    text = "bases: boards/*.dts\noverlays: [overlays/gps.dtso, overlays/rtc.dtso]\n"
    (repo / "dtovl.yaml").write_text(text, encoding="utf-8")
    assert check(dtovl) == snapshot


@pytest.mark.usefixtures("repo")
def test_init_config(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("init-config", "--stdout")) == snapshot
    assert str(dtovl("init-config")) == snapshot
    assert str(dtovl("init-config", "--force")) == snapshot
    # What it writes is what a check without configuration does.
    written = check(dtovl, "--verdicts-only")
    Path("dtovl.yaml").unlink()
    assert check(dtovl, "--verdicts-only") == written


def test_init_config_where_nothing_is(dtovl: Run, repo: Path, snapshot: SnapshotAssertion) -> None:
    Path("empty").mkdir()
    assert str(dtovl("init-config", "empty")) == snapshot
    assert "boards/*.dts" in Path("empty/dtovl.yaml").read_text(encoding="utf-8")
    result = str(dtovl("init-config", "boards", "--stdout"))
    assert "  - beacon-?.dts\n" in result or '  - "*.dts"\n' in result
    assert "  - overlays/*.dtso\n" in result
    assert str(dtovl("init-config", "nowhere")) == snapshot


# -- what is expected, and what is known ---------------------------------------------------------


def test_an_expected_failure_that_passes(
    dtovl: Run, repo: Path, snapshot: SnapshotAssertion
) -> None:
    config = repo / "dtovl.yaml"
    text = config.read_text(encoding="utf-8")
    text = text.replace("[boards/beacon-s.dts, boards/beacon-m.dts]", "boards/*.dts")
    entry = "  - {overlay: overlays/carrier.dtso, error: DT104, reason: it is not made yet}\n"
    config.write_text(text + entry, encoding="utf-8")
    result = check(dtovl, "-q")
    found = [one for one in re.split(r"\n(?=error|warning)", result) if "[DT620]" in one]
    assert found == snapshot


def test_a_baseline(dtovl: Run, repo: Path, snapshot: SnapshotAssertion) -> None:
    assert check(dtovl, "--write-baseline", "known.json").splitlines()[-2:] == snapshot
    assert (repo / "known.json").read_text(encoding="utf-8") == snapshot
    assert check(dtovl, "--baseline", "known.json") == snapshot
    (repo / "overlays" / "gps.dtso").unlink()
    # What is gone is told; writing the baseline anew over the one that is read takes it out.
    assert check(dtovl, "--baseline", "known.json") == snapshot
    again = ("--baseline", "known.json", "--write-baseline", "known.json", "-q")
    assert check(dtovl, *again).endswith("--- exit 0")
    assert "gps" not in (repo / "known.json").read_text(encoding="utf-8")


@pytest.mark.usefixtures("repo")
def test_an_unusable_baseline_is_told_before_the_work(
    dtovl: Run, snapshot: SnapshotAssertion
) -> None:
    for name, text in (("broken.json", "{"), ("other.json", "[]"), ("picture.json", "\x89PNG")):
        Path(name).write_text(text, encoding="latin-1")
    names = ("broken.json", "other.json", "picture.json", "nothing.json")
    assert [check(dtovl, "--baseline", name) for name in names] == snapshot


# -- parts ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("repo")
def test_parts_together_are_the_whole(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    parts = [f"part{number}.json" for number in (1, 2, 3)]
    for number, part in enumerate(parts, 1):
        check(dtovl, "--shard", f"{number}/3", "--report", f"json={part}")
    for form in ("text", "json", "sarif", "junit", "github", "markdown"):
        merged = str(dtovl("check", "--merge", *reversed(parts), "--format", form))
        assert merged == check(dtovl, "--format", form)
    assert str(dtovl("check", "--merge", *parts[1:])) == snapshot
    assert str(dtovl("check", "--merge", *parts, parts[0])) == snapshot


# -- files that are written ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["--report", "html=boards/beacon-l.dts"],
        ["--report", "html=boards/soc.dtsi"],
        ["--report", "json=dtovl.yaml"],
        ["--report", "json=known.json", "--baseline", "known.json"],
        ["--write-baseline", "overlays/gps.dtso"],
        ["--report", "html=out/check.html"],
        ["--report", "html=boards"],
        ["--report", "html=out.x", "--report", "json=./out.x"],
        ["--report", "html=-", "--report", "json=-"],
        ["--report", "json=out.x", "--write-baseline", "out.x"],
        ["--report", "sarif="],
        ["--report", "pdf=out.pdf"],
    ],
    ids=" ".join,
)
def test_files_that_are_not_written(
    dtovl: Run, repo: Path, arguments: list[str], snapshot: SnapshotAssertion
) -> None:
    known = '{"schema": "dtovl-baseline/1", "version": "0", "entries": []}'
    (repo / "known.json").write_text(known, encoding="utf-8")
    before = contents(repo)
    result = check(dtovl, *arguments)
    assert result == snapshot
    assert result.endswith("--- exit 2")
    assert contents(repo) == before


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("repo")
def test_several_reports_at_once(dtovl: Run) -> None:
    kinds = ("text", "json", "sarif", "junit", "github", "markdown", "html")
    reports = [f"--report={kind}=out.{kind}" for kind in kinds]
    quiet = check(dtovl, "-q")
    assert check(dtovl, "-q", *reports, "--report=json=/dev/null") == quiet
    for kind in kinds[1:]:
        text = Path(f"out.{kind}").read_text(encoding="utf-8")
        assert check(dtovl, "--plans", "--format", kind) == f"{text}--- exit 1" or kind == "json"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_may_not_be_written(
    dtovl: Run, repo: Path, snapshot: SnapshotAssertion
) -> None:
    (repo / "out").mkdir(mode=0o500)
    assert check(dtovl, "--report", "html=out/check.html") == snapshot


# -- options -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["repo", "repo"],
        ["nowhere"],
        [""],
        ["repo", "--baseline", "repo/boards"],
        ["repo", "--write-baseline", "-"],
        ["--basline", "known.json"],
        ["--jobs", "0"],
        ["--shard", "3/2"],
        ["--shard", "1/2", "--write-baseline", "known.json"],
        ["--applier", "u-boot"],
        ["--merge"],
        ["--merge", "--shard", "1/2", "part.json"],
        ["--cache", "folder", "--no-cache"],
        ["repo", "--engine", "spark://localhost"],
        ["--help"],
    ],
    ids=" ".join,
)
def test_options(dtovl: Run, arguments: list[str], snapshot: SnapshotAssertion) -> None:
    assert str(dtovl("check", *arguments)) == snapshot


# -- as a process --------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", ["40", "200"])
def test_widths(process: Run, columns: str, snapshot: SnapshotAssertion) -> None:
    command = "cd repo; dtovl check --no-cache"
    assert str(process(command, COLUMNS=columns)) == snapshot


def test_a_reader_that_goes_does_not_change_the_verdict(process: Run) -> None:
    for rest in ("| head -1 >/dev/null", ">&-", "<&- >/dev/null", "2>&- >/dev/null"):
        command = f"cd repo; dtovl check --no-cache {rest}; exit ${{PIPESTATUS[0]}}"
        assert str(process(command)) == "--- exit 1"


def test_colour_can_be_demanded_and_is_not_there_otherwise(process: Run) -> None:
    command = "cd repo; dtovl check --no-cache -q"
    assert "\x1b[" not in str(process(command))
    assert "\x1b[" in str(process(f"{command} --color always"))
    # In a file there never is any.
    result = str(process(f"{command} --color always --report text=>(cat >&2) >&-"))
    assert "\x1b[" not in result
    assert "DT104" in result


def test_a_cache_that_cannot_be_written(process: Run, snapshot: SnapshotAssertion) -> None:
    result = str(process("cd repo; dtovl check -q --cache /dev/null/cache >/dev/null"))
    assert result == snapshot


def test_names_that_would_do_something(
    process: Run, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    """Spaces, an escape sequence, the end of a line, a byte beyond UTF-8, a workflow command."""
    script = r"""
    cp -r repo "$TARGET/my repo"; cd "$TARGET/my repo/overlays"
    mv gps.dtso $'g\e[31mps.dtso'; mv rtc.dtso $'r\ntc\xff.dtso'; mv leds.dtso '::error::leds.dtso'
    cd ../..; dtovl check 'my repo' --no-cache -v
    dtovl check 'my repo' --no-cache --format github
    """
    result = str(process(script, TARGET=str(tmp_path)))
    assert "\x1b" not in result
    assert not [line for line in result.splitlines() if line.lstrip().startswith("::error::leds")]
    assert [line for line in result.splitlines() if "leds.dtso" in line] == snapshot
