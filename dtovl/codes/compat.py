"""What a change of the bases takes from overlays (DT65x)."""

from __future__ import annotations
