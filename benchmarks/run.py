"""Run every benchmark of this folder, one after the other; fail if one missed its bound."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Give the number of benchmarks that missed their bound, at most 1."""
    missed = []
    for script in sorted(Path(__file__).parent.glob("bench_*.py")):
        print(f"\n=== {script.name}", flush=True)
        if subprocess.run([sys.executable, str(script)], check=False).returncode:
            missed.append(script.name)
    print(f"\nmissed their bounds: {', '.join(missed) or 'none'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
