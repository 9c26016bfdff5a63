"""The files by which CI systems call dtovl: the action, the hook, and all YAML that is shown."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import yaml
from write_docs import ROOT, pages

from dtovl.matrix.reading import KEYS, read_config

ACTION = ROOT / "action.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"


def load(text: str) -> Any:
    return yaml.safe_load(text)


@pytest.mark.parametrize(
    "path",
    [ACTION, HOOKS, *sorted((ROOT / "fixtures").rglob("*.y*ml"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_files_are_yaml(path: Path) -> None:
    assert load(path.read_text(encoding="utf-8"))


def blocks(language: str) -> list[tuple[str, str]]:
    """List (page, text) of every block of a language in README and docs."""
    pattern = re.compile(rf"^( *)```{language}\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
    return [
        (page.name, found[2])
        for page in pages()
        for found in pattern.finditer(page.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(("page", "text"), blocks("yaml"))
def test_yaml_that_is_shown_can_be_read(page: str, text: str) -> None:
    assert load(text) is not None, page


def configurations() -> dict[str, str]:
    """Give the configuration that the pieces on a page make together, by page."""
    found: dict[str, str] = {}
    for page, text in blocks("yaml"):
        document = load(text)
        if isinstance(document, dict) and set(document) <= set(KEYS):
            found[page] = found.get(page, "") + text
    return found


@pytest.mark.parametrize("page", configurations())
def test_pieces_of_a_configuration_are_right(page: str) -> None:
    config = read_config(configurations()[page], page, "")
    assert config.bases


def test_every_key_of_the_configuration_is_shown() -> None:
    assert set(load(configurations()["ci.md"])) == set(KEYS)


def test_the_action_runs_only_what_it_says_itself() -> None:
    """What an input holds reaches a script by the environment, never as a part of it."""
    action = load(ACTION.read_text(encoding="utf-8"))
    assert action["runs"]["using"] == "composite"
    used = set()
    for step in action["runs"]["steps"]:
        assert ("run" in step) != ("uses" in step)
        if "run" in step:
            assert step["shell"] == "bash"
            assert "${{" not in step["run"]
            for name in step.get("env", {}):
                assert re.search(rf"\${name}\b", step["run"]), name
        used |= set(re.findall(r"inputs\.(\w+)", str(step)))
    assert used == set(action["inputs"])
    assert all("description" in one and "default" in one for one in action["inputs"].values())


@pytest.fixture
def action(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a function that does what the step of the action does, in a copy of the fixtures."""
    monkeypatch.chdir(tmp_path)
    copytree(ROOT / "fixtures" / "repo", tmp_path / "my repo")
    tool = tmp_path / "temp" / "dtovl" / "bin" / "dtovl"
    tool.parent.mkdir(parents=True)
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dtovl "$@"\n', encoding="utf-8")
    tool.chmod(0o755)
    steps = load(ACTION.read_text(encoding="utf-8"))["runs"]["steps"]
    script = next(step["run"] for step in steps if step.get("id") == "check")
    (tmp_path / "step.sh").write_text(script, encoding="utf-8")

    def call(**inputs: str) -> subprocess.CompletedProcess[str]:
        names = ("baseline", "shard", "merge", "sarif", "html", "json", "arguments")
        environment = {name.upper(): "" for name in names} | {"CACHE": "false"}
        environment |= {name.upper(): value for name, value in inputs.items()}
        for name in ("RUNNER_TEMP", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
            environment[name] = str(tmp_path / name.rpartition("_")[2].lower())
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "step.sh"],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return call


def test_the_action_fails_for_findings_after_it_has_reported(action: Any) -> None:
    done = action(check_path="my repo", sarif="out file.sarif", arguments="-q\n--fail-on=warning\n")
    assert done.returncode == 1, done.stderr
    assert "::error file=my repo/overlays/gps.dtso,line=9," in done.stdout
    assert Path("output").read_text(encoding="utf-8") == "exit-code=1\n"
    assert "failed cases" in Path("summary").read_text(encoding="utf-8")
    assert '"2.1.0"' in Path("out file.sarif").read_text(encoding="utf-8")


def test_the_action_ends_well_where_nothing_is_new(action: Any) -> None:
    assert action(check_path="my repo", arguments="--write-baseline=known.json").returncode == 0
    done = action(check_path="my repo", baseline="known.json")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_action_runs_nothing_that_an_input_holds(action: Any) -> None:
    evil = "$(touch hit) `touch hit`\"; touch hit; '$HOME"
    for name in ("check_path", "baseline", "shard", "sarif", "html", "json", "arguments"):
        done = action(**{"check_path": "my repo", name: evil})
        assert done.returncode in (1, 2), name
    assert action(check_path="--help").returncode == 2
    assert not Path("hit").exists()


def test_a_verdict_that_fails_leaves_no_summary_of_an_earlier_one(action: Any) -> None:
    action(check_path="my repo")
    Path("summary").unlink()
    assert action(check_path="nowhere").returncode == 2
    assert not Path("summary").exists()


def test_the_action_joins_parts(action: Any) -> None:
    parts = [f"part {number}.json" for number in (1, 2)]
    for number, part in enumerate(parts, 1):
        action(check_path="my repo", shard=f"{number}/2", json=part)
    whole = action(check_path="my repo")
    for merge in ("part *.json", "\n".join(parts)):
        done = action(check_path=".", merge=merge)
        assert (done.returncode, done.stdout) == (1, whole.stdout)
    done = action(check_path=".", merge="nothing *.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--merge wants" in done.stderr


def test_the_hook_names_a_command_that_there_is() -> None:
    (hook,) = load(HOOKS.read_text(encoding="utf-8"))
    assert hook["language"] == "python"
    assert hook["pass_filenames"] is False
    assert hook["entry"] == "dtovl check"
    wanted = re.compile(hook["files"])
    for path in ("a/b.dts", "soc.dtsi", "x.dtbo", "y.overlay", "dtovl.yaml", "sub/dtovl.yaml"):
        assert wanted.search(path), path
    for path in ("a.dts.txt", "my-dtovl.yaml", "README.md"):
        assert not wanted.search(path), path
