"""What is to be checked: tasks, one for a base, that any process can work on by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dtovl.model.supplierbindings import Binding


class Source(NamedTuple):
    """A file to read, and how, should it be source text.

    path is what messages call it and, below the folder of the configuration, where it lies.
    include_dirs and defines are as for dtovl.load; defines are (name, value). What it includes has
    to lie below one of roots when all links are followed; without roots it may lie anywhere.
    """

    path: str
    include_dirs: tuple[str, ...] = ()
    defines: tuple[tuple[str, str], ...] = ()
    roots: tuple[str, ...] = ()


class Wanted(NamedTuple):
    """A case to be: indices of its overlays in the task, in order; the name of a stack, or ""."""

    overlays: tuple[int, ...]
    name: str = ""


class Task(NamedTuple):
    """A base, the overlays that meet it, the cases to try.

    apart are pairs of overlay indices, the smaller first, that are never used together.
    """

    base: Source
    overlays: tuple[Source, ...]
    cases: tuple[Wanted, ...]
    apart: frozenset[tuple[int, int]] = frozenset()


class Settings(NamedTuple):
    """What to look for; all that a result depends on besides the files and the version.

    appliers are names (`libfdt`, `linux`), the first is the one whose result stays in force while a
    case is looked at; kernel is the version that `linux` means. findings: say why and what else is
    odd, not only the verdicts; removal: take overlays out again as a kernel does, and say what that
    leaves behind; between: hold the overlays of a base against each other; claims: pins, lines,
    addresses claimed twice; plans: list the changes; links: suppliers that nodes name, cycles of
    those too; bindings go before those that suppliers are found by.
    """

    appliers: tuple[str, ...] = ("libfdt",)
    kernel: str = "6.1"
    findings: bool = True
    removal: bool = False
    between: bool = True
    claims: bool = True
    plans: bool = False
    links: bool = True
    cycles: bool = False
    bindings: tuple[Binding, ...] = ()
