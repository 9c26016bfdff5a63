"""Codes of comparing a live tree with its overlays: DT290 to DT299."""

from __future__ import annotations
