"""What can go wrong with workers and clusters (DT66x)."""

from __future__ import annotations
