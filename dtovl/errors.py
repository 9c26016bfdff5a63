"""Exceptions: they mean that there is no result. Each carries one Diagnostic, or several."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dtovl.diagnostics import Diagnostic


class DtovlError(Exception):
    """No result could be given; diagnostics says why, the most telling one first."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*(f"{found.code.number}: {found.message}" for found in diagnostics))
        self.diagnostics = diagnostics

    @property
    def diagnostic(self) -> Diagnostic:
        """Give the first diagnostic."""
        return self.diagnostics[0]


class InputError(DtovlError):
    """A file, blob or text cannot be read as what it should be."""


class UsageError(DtovlError):
    """The arguments or options do not fit together."""
