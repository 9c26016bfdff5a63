"""`dtovl check`: what the configuration names, and who may be asked for it."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from dtovl.cli import run

REPO = Path(__file__).parents[2] / "fixtures" / "repo"


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    copytree(REPO, tmp_path / "repo")
    return Path("repo")


def configure(repo: Path, more: str) -> None:
    path = repo / "dtovl.yaml"
    path.write_text(path.read_text() + more)


def test_reports_of_the_configuration_lie_in_its_folder(repo: Path) -> None:
    configure(repo, "reports: {json: out.json}\n")
    assert run(["check", "repo", "--no-cache", "-j1"]) == 1
    assert (repo / "out.json").stat().st_size > 1000


def test_a_report_through_a_link_is_refused(repo: Path, capfd: pytest.CaptureFixture[str]) -> None:
    configure(repo, "reports: {json: out.json}\n")
    (repo / "out.json").symlink_to("../elsewhere.json")
    assert run(["check", "repo", "--no-cache", "-j1"]) == 2
    assert "DT617" in capfd.readouterr().err
    assert not Path("elsewhere.json").exists()


def test_a_baseline_of_the_configuration_is_read_from_its_folder(repo: Path) -> None:
    configure(repo, "baseline: known.json\n")
    command = ["check", "repo", "--no-cache", "-j1"]
    assert run([*command, "--write-baseline", "repo/known.json"]) == 0
    assert run(command) == 0


def test_a_baseline_that_is_not_there_is_soon_made(
    repo: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    configure(repo, "baseline: known.json\n")
    assert run(["check", "repo", "--no-cache", "-j1"]) == 2
    assert "`--write-baseline repo/known.json` writes one" in capfd.readouterr().err


def test_include_folders_of_the_command_line_may_lie_outside(repo: Path) -> None:
    (repo / "boards" / "soc.dtsi").rename("soc.dtsi")
    assert run(["check", "repo", "--no-cache", "-j1", "-q", "-I", "."]) == 1
    assert run(["check", "repo", "--no-cache", "-j1", "--format", "json"]) == 1


def test_reports_hold_no_absolute_path_below_the_current_folder(
    repo: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("link").symlink_to("repo")
    shown = []
    here = Path().resolve()
    same = (here / "repo", here / "repo" / "dtovl.yaml", here / "link", "repo/boards/..")
    for path in ("repo", *same):
        run(["check", str(path), "--no-cache", "-j1", "--format", "github"])
        shown.append(capfd.readouterr().out.replace("link/", "repo/"))
    assert "file=repo/overlays/gps.dtso" in shown[0]
    assert shown == shown[:1] * 5


@pytest.mark.parametrize("name", [".git/config", "git/config", "overlays/.GIT/x"])
def test_no_report_of_the_configuration_goes_to_git(
    repo: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    configure(repo, f"reports: {{json: {name}}}\n")
    (repo / ".git").mkdir()
    (repo / "git").symlink_to(".git")
    assert run(["check", "repo", "--no-cache", "-j1"]) == 2
    assert "it belongs to git" in capfd.readouterr().err
    assert not list((repo / ".git").iterdir())


def test_a_configuration_that_is_found_is_no_link_to_elsewhere(
    repo: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("secret").write_text("password: hunter2\n")
    (repo / "dtovl.yaml").unlink()
    (repo / "dtovl.yaml").symlink_to("../secret")
    assert run(["check", "repo", "--no-cache"]) == 2
    shown = capfd.readouterr().err
    assert "DT617" in shown
    assert "password" not in shown


def test_a_check_of_nothing_does_not_pass(repo: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (repo / "dtovl.yaml").write_text("bases: boards/*.dts\noverlays: overlays/*.dtso\npairs: []\n")
    assert run(["check", "repo", "--no-cache"]) == 1
    assert "none of 14 overlays goes with any of 3 bases" in " ".join(
        capfd.readouterr().out.split()
    )
