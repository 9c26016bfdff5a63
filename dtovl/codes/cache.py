"""What can go wrong with the results that a check of a matrix keeps (DT67x)."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

CACHE_UNWRITABLE = Code(
    "DT670",
    "cache-unwritable",
    Severity.WARNING,
    message="results cannot be kept in {folder}: {what}",
    suggestion="make {folder} a folder that can be written to, or give `--no-cache`",
    source="dtovl itself",
    explanation="""\
What was found on a base is kept in a folder, so that the next run looks again only at what has
changed. The folder cannot be made or written to: it is write-protected, the disk is full, or there
is something of that name that is no folder. The results of this run are right and complete; only
the next run takes as long as this one.

    chmod a-w .dtovl-cache && dtovl check                  nothing is kept
    dtovl check --no-cache                                 and nothing is said""",
)
