"""Codes of what changesets, removals and references do to a live tree: DT200 to DT219."""

from __future__ import annotations
