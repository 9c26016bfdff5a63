"""The console entry: `dtovl` and `python -m dtovl`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run dtovl on the arguments of the process; give its exit code."""
    try:
        # Asked often by scripts and builds, and three times faster without the command line parser.
        if sys.argv[1:] == ["--version"]:
            from dtovl._version import __version__

            sys.stdout.write(f"dtovl {__version__}\n")
            sys.stdout.flush()
            return 0
        from dtovl.cli import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        from dtovl.cli.terminal import silence

        silence(sys.stdout)
        return 0


if __name__ == "__main__":
    sys.exit(main())
