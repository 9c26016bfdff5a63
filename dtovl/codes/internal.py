"""DT9xx: dtovl itself is at fault, or the machine it runs on."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

INTERNAL_ERROR = Code(
    "DT901",
    "internal-error",
    Severity.ERROR,
    message="dtovl failed: {what}",
    suggestion="report it with the command and its input; set DTOVL_TRACEBACK=1 to see where",
    source="dtovl itself",
    explanation="A defect of dtovl, not of the input. Nothing was written. Run the command again "
    "with DTOVL_TRACEBACK=1 in the environment and attach what it prints to a report.",
)
