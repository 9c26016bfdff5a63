"""What two overlays on one base do to each other (DT63x)."""

from __future__ import annotations
