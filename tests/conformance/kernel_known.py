"""Cases that cannot agree with the recordings, each with its reason.

They are printed, they count as disagreements, and they do not fail the run. A key is the name of
the case as the runner prints it, or kernel version and name where only one kernel differs.
"""

from __future__ import annotations

KNOWN = {
    "lookup-args-after-overlay": (
        "kmemleak reports a lost property and its value, but not its name, to which nothing but "
        "that property points; in all other recordings the name is lost as well"
    ),
}


def reason(kernel: str, name: str) -> str:
    """Give why a case is known to disagree, "" if it is not."""
    return KNOWN.get(name) or KNOWN.get(f"{kernel} {name}", "")
