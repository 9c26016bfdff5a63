"""What can be wrong with the configuration of a check (DT60x, DT61x)."""

from __future__ import annotations
