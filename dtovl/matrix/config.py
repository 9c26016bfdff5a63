"""The configuration of a check: what `dtovl.yaml` says, as checked values."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dtovl.model.supplierbindings import Binding

REPORTS = ("text", "json", "sarif", "junit", "github", "markdown", "html")
"""The forms of a report, as `reports` of the configuration names them."""


def prefix_of(folder: str) -> str:
    """Give what stands before paths below a folder, "" for the current one."""
    return "" if folder in ("", ".") else folder.rstrip("/") + "/"


class Files(NamedTuple):
    """Files of one kind: globs below the configuration's folder, and how source is read.

    include_dirs are paths as commands take them, not below that folder. excluded are globs of what
    is left out again. line is where they stand in the configuration, 0 where they do not come from
    one.
    """

    globs: tuple[str, ...]
    include_dirs: tuple[str, ...] = ()
    defines: tuple[tuple[str, str], ...] = ()
    line: int = 0
    excluded: tuple[str, ...] = ()


class Pairing(NamedTuple):
    """Which overlays go with which bases, each alone: globs of both, no bases for none."""

    bases: tuple[str, ...]
    overlays: tuple[str, ...]
    line: int = 0


class StackRule(NamedTuple):
    """Overlays that must work together, in this order, on each of the bases."""

    name: str
    bases: tuple[str, ...]
    overlays: tuple[str, ...]
    line: int = 0


class Apart(NamedTuple):
    """Overlays (globs) of which never two are used together."""

    overlays: tuple[str, ...]
    line: int = 0


class Rule(NamedTuple):
    """What becomes of findings of a code: severity 0 switches them off, None leaves it.

    code is a number (`DT130`), a short name (`no-effect`), or a glob over either. files are globs
    of bases and overlays, nodes globs of node paths; empty for all. The last rule that fits counts.
    """

    code: str
    severity: int | None
    files: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    line: int = 0


class Expected(NamedTuple):
    """A failure that is known to be right: globs of base and overlay or a stack, and the reason.

    error is the applier's error, or the number or short name of a code; "" for any.
    """

    bases: tuple[str, ...]
    overlays: tuple[str, ...]
    stack: str
    error: str
    reason: str
    line: int = 0


class Limits(NamedTuple):
    """Bounds on the work: files of each kind, cases, overlays in a stack."""

    files: int = 20_000
    cases: int = 1_000_000
    stack: int = 64


class Config(NamedTuple):
    """All of it. path is the file's display name, "" without one; folder is where globs begin.

    by_compatible: overlays and bases that no pairing names go together when they share a string
    of the root's `compatible`, or, where the overlay has none, when the base has all that it wants.
    trusted are folders outside of folder that source may include from, given by whoever runs it.
    bindings go before those that every configuration has.
    """

    path: str
    folder: str
    bases: tuple[Files, ...]
    overlays: tuple[Files, ...]
    pairings: tuple[Pairing, ...] = ()
    by_compatible: bool = True
    stacks: tuple[StackRule, ...] = ()
    apart: tuple[Apart, ...] = ()
    appliers: tuple[str, ...] = ("libfdt",)
    kernel: str = "6.1"
    removal: bool = False
    rules: tuple[Rule, ...] = ()
    expected: tuple[Expected, ...] = ()
    baseline: str = ""
    reports: tuple[tuple[str, str], ...] = ()
    fail_on: int = 3
    limits: Limits = Limits()
    trusted: tuple[str, ...] = ()
    bindings: tuple[Binding, ...] = ()
