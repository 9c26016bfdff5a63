"""Codes of ownership and of what removals would leave behind: DT240 to DT249."""

from __future__ import annotations
