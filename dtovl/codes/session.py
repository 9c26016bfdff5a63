"""Codes of session files: DT260 to DT269."""

from __future__ import annotations
