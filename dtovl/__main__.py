"""The console entry: `dtovl` and `python -m dtovl`."""

from __future__ import annotations

import gc
import os
import sys


def main() -> None:
    """Run dtovl on the arguments of the process, and end the process."""
    code = start(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            pass  # the reader has gone, and the verdict stands
    # Taking down an interpreter that holds a tree costs a tenth of a run and gives nothing back.
    os._exit(code)


def start(arguments: list[str]) -> int:
    """Run dtovl on arguments; give the exit code."""
    try:
        # Asked often by scripts and builds, and three times faster without the command line parser.
        if arguments == ["--version"]:
            return _print_version()
        # One run makes no garbage worth looking for; looking costs a tenth of its time.
        gc.set_threshold(200_000)
        from dtovl.cli import run

        return run(arguments)
    except KeyboardInterrupt:
        return 130


def _print_version() -> int:
    from dtovl._version import __version__

    try:
        if sys.stdout is not None:
            sys.stdout.write(f"dtovl {__version__}\n")
            sys.stdout.flush()
    except BrokenPipeError:
        pass
    return 0


if __name__ == "__main__":
    main()
