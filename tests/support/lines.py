"""Names of cases that are texts."""

from __future__ import annotations


def numbered(text: str) -> str:
    """Give the last lines of a text, as a name of a test."""
    return text[-40:].encode("unicode_escape").decode()
