"""How long property tests search: `--hypothesis-profile NAME`, or HYPOTHESIS_PROFILE=NAME."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

# All but `explain`, which traces every line and takes minutes.
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink)
_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)

# The default looks at the same examples each time, so that no unrelated change fails by chance.
settings.register_profile(
    "default",
    max_examples=200,
    deadline=None,
    phases=_PHASES,
    derandomize=True,
    suppress_health_check=_SLOW,
)
settings.register_profile(
    "nightly", max_examples=10_000, deadline=None, phases=_PHASES, suppress_health_check=_SLOW
)
settings.register_profile(
    "fuzz", max_examples=50_000, deadline=None, phases=_PHASES, suppress_health_check=_SLOW
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
