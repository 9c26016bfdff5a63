"""A predicted probe order as one HTML page: a timeline of the boot, and why devices wait."""

from __future__ import annotations

from dtovl.report.probe.html.page import render

__all__ = ["render"]
