"""Links as one HTML page that needs nothing else: no network, no server, no other file."""

from __future__ import annotations

from dtovl.report.links.html.page import render

__all__ = ["render"]
