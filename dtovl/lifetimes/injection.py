"""Fault injection: apply and remove an overlay, fail one place at a time, and look what holds.

Each place has a bench of its own. What is checked is the code that `dtovl apply` and sessions run.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from dtovl.lifetimes.faultsites import SITES
from dtovl.lifetimes.invariants import CHECKS, Look, same_again, same_picture
from dtovl.lifetimes.strikes import NO_MEMORY, STRIKES, Scene, Unreached
from dtovl.live.objects import Oops

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.lifetimes.faultsites import Site
    from dtovl.model.dialect import Dialect

_ERRORS = {"notifier": ("-EBUSY",), "entry": (NO_MEMORY,), "0": ("",), "-": ("",)}
_ANY = ("-EBUSY", "-EINVAL", NO_MEMORY)
_NO_ERROR = "A21"
"""The allocation fails, the changeset does not."""

_SAFE = ("A13", "A14", "A15", "A20")
"""Places after which the kernel would revert entries that are not in force."""


class Outlet(Protocol):
    """A folder for output, which the injector may not touch itself."""

    def refuse(self) -> bool:
        """Try to write an output where that is impossible; tell whether it was refused."""

    def names(self) -> list[str]:
        """List the files in the folder."""


class Check(NamedTuple):
    """One thing that was checked; wrong says in words what does not hold, "" if it does."""

    name: str
    wrong: str


class Result(NamedTuple):
    """What came of a fault at a place.

    unreached says why the overlay does not pass it, "" if it does; error is what the caller got,
    lines what the kernel logged.
    """

    site: Site
    unreached: str
    error: str
    lines: tuple[str, ...]
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """Tell whether all that was checked holds."""
        return not any(check.wrong for check in self.checks)


def find_sites(name: str) -> tuple[Site, ...]:
    """Find the places that a name means: an id (A05, a5), or `all`. Raises KeyError."""
    wanted = name[:1].upper() + name[1:].zfill(2)
    found = SITES if name == "all" else tuple(one for one in SITES if one.id == wanted)
    if not found:
        raise KeyError(name)
    return found


def inject(
    base: bytes, overlay: bytes, sites: Iterable[Site], dialect: Dialect, outlet: Outlet
) -> Iterator[Result]:
    """Fail each place in turn, on a bench of its own; base and overlay are blobs.

    Raises Unfit when the overlay does not apply and come out without any fault, Oops when the
    kernel would crash without one.
    """
    for site in sites:
        yield _inject_one(Scene(base, overlay, dialect), site, outlet)


def _inject_one(scene: Scene, site: Site, outlet: Outlet) -> Result:
    try:
        return _strike(scene, site, outlet)
    except Unreached as reason:
        return Result(site, str(reason), "", (), ())
    except Oops as oops:
        wrong = f"the kernel would stop: {oops.what}"
        return Result(site, "", "oops", tuple(scene.bench.lines()), (Check("run", wrong),))


def _strike(scene: Scene, site: Site, outlet: Outlet) -> Result:
    if site.id == "D02":
        return _unwritable(scene, site, outlet)
    STRIKES[site.id](scene)
    bench = scene.bench
    if bench.live.faults or bench.refuser.waits:
        raise Unreached("the overlay does not pass it")
    error, lines = scene.error, bench.lines()
    checks = [Check("error", _wrong_error(site, error)), Check("log", _missing_line(site, lines))]
    look = Look(scene, site, bench.heard(), outlet.names())
    checks.append(Check("tree", _wrong_tree(look)))
    checks += [Check(name, CHECKS[name](look)) for name in site.invariants.split()]
    if site.id in _SAFE:
        bench.overlays.frees_failed = True
        checks.append(Check("safe removal", same_again(look)))
    return Result(site, "", error, tuple(lines), tuple(checks))


def _unwritable(scene: Scene, site: Site, outlet: Outlet) -> Result:
    """Apply, then fail to write: what is in memory stays, no file does."""
    scene.apply()
    refused = "" if outlet.refuse() else "the output was written"
    look = Look(scene, site, scene.bench.heard(), outlet.names())
    checks = [Check(name, CHECKS[name](look)) for name in site.invariants.split()]
    return Result(site, "", "", (), (Check("error", refused), *checks))


def _wrong_error(site: Site, error: str) -> str:
    if site.id == _NO_ERROR:
        wanted: tuple[str, ...] = ("",)
    elif site.errno == "any":
        wanted = _ANY
    else:
        wanted = _ERRORS.get(site.errno, (f"-{site.errno}",))
    if error in wanted:
        return ""
    return f"the caller got {error or 'no error'} instead of {wanted[0] or 'none'}"


def _missing_line(site: Site, lines: list[str]) -> str:
    if not site.messages:
        return ""
    patterns = [_pattern(message) for message in site.messages]
    if any(pattern.fullmatch(line) for pattern in patterns for line in lines):
        return ""
    return f"the kernel did not log {site.messages[0]!r}"


def _pattern(message: str) -> re.Pattern[str]:
    # The path of the root is printed as nothing.
    words = re.sub(r"<\w+>", ".*", re.escape(message))
    return re.compile(f"OF: (?:overlay: )?{words}", re.DOTALL)


def _wrong_tree(look: Look) -> str:
    """Compare the lines of the tree, flags aside, where the place says what they are."""
    scene = look.scene
    wanted = {"before": scene.before, "applied": scene.applied}.get(look.site.tree)
    if wanted is None:
        return ""
    now = scene.bench.picture()
    return same_picture(now._replace(flags=wanted.flags), wanted, counts=False)
