"""Cases that cannot agree with the recordings, each with its reason.

They are printed, they count as disagreements, and they do not fail the run. A key is the name of
the case as the runner prints it, or kernel version and name where only one kernel differs.
"""

from __future__ import annotations

KNOWN: dict[str, str] = {}


def reason(kernel: str, name: str) -> str:
    """Give why a case is known to disagree, "" if it is not."""
    return KNOWN.get(name) or KNOWN.get(f"{kernel} {name}", "")
