"""Codes of step files: DT280 to DT289."""

from __future__ import annotations
