"""A git repository in a folder of a test, with a configuration of its own."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

OWN = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}
"""What git takes instead of what the machine says."""


def git(folder: Path, *arguments: str, data: bytes | None = None) -> str:
    """Run git in a folder; give what it writes."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **OWN},
        input=data,
        stdin=None if data is not None else subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return done.stdout.decode("utf-8", "surrogateescape")


def commit(folder: Path, message: str = "a commit") -> None:
    """Commit all that is in a folder, which becomes a repository with a branch `main`."""
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
