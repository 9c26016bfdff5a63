"""The words of a configuration, and what they mean; how a rule names codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes.base import Severity
from dtovl.matrix.globs import Glob, is_glob

if TYPE_CHECKING:
    from collections.abc import Iterable

BY_COMPATIBLE = "compatible"
"""What `pairs` says of overlays that are paired by the strings of their root's `compatible`."""

ANY_BASE = ("**",)
"""The bases of an expected failure that names none."""

FAIL_ON = {"error": 3, "warning": 2, "info": 1, "never": 0}

SEVERITIES: dict[str, int | None] = {
    "off": 0,
    "false": 0,  # what YAML 1.1 makes of `off`, so some people write it
    **{severity.label: int(severity) for severity in Severity},
    "default": None,
}
"""What a rule may say, and what it makes of a finding."""


def fits_code(rule: str, names: Iterable[str]) -> bool:
    """Tell whether a rule, a number or name of a code or a glob over them, fits one of names."""
    wanted = rule.lower()
    lowered = (name.lower() for name in names)
    if not is_glob(wanted):
        return wanted in lowered
    glob = Glob(wanted)
    return any(glob.matches(name) for name in lowered)
