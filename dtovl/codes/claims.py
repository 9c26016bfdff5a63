"""Pins, lines, addresses and channels that two devices claim (DT64x)."""

from __future__ import annotations
