"""The bar that is shown while a long log is read."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from dtovl.cli import progress
from dtovl.cli.progress import Progress

if TYPE_CHECKING:
    import pytest


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Gone(Terminal):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(progress, "_PATIENCE", 0.0)
    patch.setattr(progress, "_PAUSE", 0.0)
    patch.setenv("TERM", "xterm")


def test_the_bar_grows_and_is_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once(monkeypatch)
    stream = Terminal()
    with Progress("log\x1b.txt", stream) as bar:
        bar(50, 100)
        bar(100, 100)
    pictures = stream.getvalue().split("\r\x1b[K")
    assert pictures[1] == f"log\\x1b.txt [{'#' * 15}{' ' * 15}]  50%"
    assert pictures[2] == f"log\\x1b.txt [{'#' * 30}] 100%"
    assert pictures[-1] == ""


def test_of_a_pipe_the_size_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once(monkeypatch)
    stream = Terminal()
    with Progress("-", stream) as bar:
        bar(5 << 20, 0)
    assert "- 5 MiB" in stream.getvalue()


def test_what_is_over_soon_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_PATIENCE", 3600.0)
    stream = Terminal()
    with Progress("log.txt", stream) as bar:
        bar(100, 100)
    assert stream.getvalue() == ""


def test_there_is_none_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once(monkeypatch)
    stream = io.StringIO()
    with Progress("log.txt", stream) as bar:
        bar(1, 2)
    monkeypatch.setenv("TERM", "dumb")
    dumb = Terminal()
    with Progress("log.txt", dumb) as bar:
        bar(1, 2)
    assert stream.getvalue() == dumb.getvalue() == ""


def test_a_terminal_that_has_gone_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once(monkeypatch)
    with Progress("log.txt", Gone()) as bar:
        bar(1, 2)
        bar(2, 2)
