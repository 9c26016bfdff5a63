"""What a check of a whole matrix finds by itself (DT62x)."""

from __future__ import annotations
