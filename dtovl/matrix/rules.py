"""Rules of a configuration: which findings count, and how much, for which files and nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.codes import all_codes, find_code
from dtovl.matrix.config import prefix_of
from dtovl.matrix.globs import Globs
from dtovl.matrix.tasks import Settings
from dtovl.matrix.words import fits_code

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dtovl.matrix.config import Config, Rule
    from dtovl.matrix.result import Finding

CYCLE = "L009"
"""The code of findings that are looked for when somebody wants them."""

_MOST_REMEMBERED = 100_000


class _Compiled(NamedTuple):
    """A rule of one code; None for any file, or node."""

    severity: int | None
    files: Globs | None
    nodes: Globs | None


class Rules:
    """Applies rules to findings. The last rule that fits counts.

    Rules are sorted out once for each code, and globs matched once for each path, so that a finding
    that no rule is about costs one look-up.
    """

    __slots__ = ("_by_code", "_known", "_prefix", "_rules")

    def __init__(self, rules: Sequence[Rule], folder: str = "") -> None:
        """Take rules; files are given with folder before their path, unless it is "" or "."."""
        self._rules = rules
        self._prefix = prefix_of(folder)
        self._by_code: dict[str, list[_Compiled]] = {}
        self._known: dict[tuple[Globs, str], bool] = {}

    def apply(self, finding: Finding, files: Iterable[str]) -> Finding | None:
        """Give a finding with the severity that the rules say, None when they switch it off.

        files are the base and overlays that it is about.
        """
        if not self._rules:
            return finding
        compiled = self._by_code.get(finding.code)
        if compiled is None:
            compiled = self._by_code[finding.code] = self._compile(finding.code)
        for rule in compiled:
            if rule.nodes is not None and not self._fits(rule.nodes, finding.path):
                continue
            if rule.files is not None and not any(
                self._fits(rule.files, path.removeprefix(self._prefix)) for path in files
            ):
                continue
            severity = rule.severity
            if severity is None or severity == finding.severity:
                return finding
            return finding._replace(severity=severity) if severity else None
        return finding

    def _compile(self, number: str) -> list[_Compiled]:
        """Give the rules for a code, the last one first; none behind one that always fits."""
        code = find_code(number)
        names = (number, code.name) if code is not None else (number,)
        found = []
        for rule in reversed(self._rules):
            if not fits_code(rule.code, names):
                continue
            files = Globs(rule.files) if rule.files else None
            nodes = Globs(rule.nodes) if rule.nodes else None
            found.append(_Compiled(rule.severity, files, nodes))
            if files is None and nodes is None:
                break
        return found

    def _fits(self, globs: Globs, path: str) -> bool:
        fits = self._known.get((globs, path))
        if fits is None:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            fits = self._known[globs, path] = globs.matches(path)
        return fits


def settings_of(config: Config, *, plans: bool = False) -> Settings:
    """Give what the work on a configuration has to look for.

    What no rule lets be seen anywhere is not looked for: findings about overlays (DT1), removal
    (DT2), overlays that get in each other's way (DT63, DT64), what is claimed twice (DT64), links
    (L0, DT68). Cycles of links are looked for when a rule makes more of them than they are.
    """
    claims = not _all_off(config.rules, "DT64")
    links = not (_all_off(config.rules, "L0") and _all_off(config.rules, "DT68"))
    return Settings(
        config.appliers,
        config.kernel,
        findings=not _all_off(config.rules, "DT1"),
        removal=config.removal and not _all_off(config.rules, "DT2"),
        between=claims or not _all_off(config.rules, "DT63"),
        claims=claims,
        plans=plans,
        links=links,
        cycles=links and _is_raised(config.rules, CYCLE),
        bindings=config.bindings,
    )


def _is_raised(rules: Sequence[Rule], number: str) -> bool:
    """Tell whether a rule gives a code a severity of its own, be it for some files only."""
    code = find_code(number)
    assert code is not None
    return any(rule.severity and fits_code(rule.code, (number, code.name)) for rule in rules)


def _all_off(rules: Sequence[Rule], family: str) -> bool:
    """Tell whether every code whose number begins so is off, whatever the file and node."""
    if not any(rule.severity == 0 for rule in rules):
        return False
    codes = [code for code in all_codes() if code.number.startswith(family)]
    return bool(codes) and all(_off(rules, (code.number, code.name)) for code in codes)


def _off(rules: Sequence[Rule], names: Sequence[str]) -> bool:
    off = False
    for rule in rules:
        if fits_code(rule.code, names):
            everywhere = not (rule.files or rule.nodes)
            off = rule.severity == 0 and (off or everywhere)
    return off
