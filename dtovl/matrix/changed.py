"""The plan of a comparison: the boards that have changed, with the overlays that went with them.

A board stands in it by its path of now, as the configuration speaks of that one; a board that is
gone by its old path. What goes with what is told by what the board was: an overlay that goes with
the new board alone has nothing to lose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.matrix.choice import Choice
from dtovl.matrix.config import Files, prefix_of
from dtovl.matrix.listing import Entries, Listing
from dtovl.matrix.plan import Plan, make_plan
from dtovl.matrix.survey import Surveyed, Surveyor
from dtovl.model.limits import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dtovl.matrix.boards import Board
    from dtovl.matrix.config import Config
    from dtovl.matrix.earlier import Earlier
    from dtovl.matrix.result import Finding
    from dtovl.matrix.tasks import Source


class Changed(NamedTuple):
    """The plan, and why boards could not be read as they were, by path."""

    plan: Plan
    unreadable: dict[str, tuple[Finding, ...]]


def plan_changed(config: Config, earlier: Earlier, boards: Sequence[Board]) -> Changed:
    """Plan the overlays of boards that have changed, each with an old file.

    Raises InputError as planning does.
    """
    overlays = Choice(config, Listing.of_folder(config.folder))
    overlays.choose()
    surveyor = Surveyor()
    asked: set[str] = set()
    if config.by_compatible:
        for found in surveyor.look_all(list(overlays.overlays.values())):
            if not found.compatible:
                asked.update(name for name in found.wanted if name.startswith("/"))
    then = Surveyor(earlier.read, earlier.read_included)
    unreadable = {}
    known: dict[Source, Surveyed] = {}
    for board in boards:
        if board.old is None:
            continue
        key = board.new or board.old
        found = then.look(board.old, frozenset(asked))
        if found.findings:
            unreadable[key.path] = found.findings
        elif not found.is_overlay:
            known[key] = found
    prefix = prefix_of(config.folder)
    bases = tuple(
        Files((key.path.removeprefix(prefix),), key.include_dirs, key.defines) for key in known
    )
    listing = _with_more(config.folder, [files.globs[0] for files in bases])
    surveyor.known.update(known)
    plan = make_plan(config._replace(bases=bases), listing, surveyor)
    return Changed(plan, unreadable)


def _with_more(folder: str, paths: Iterable[str]) -> Listing:
    """List a folder as if files that are gone from it were still there."""
    here, more = Listing.of_folder(folder), Listing.of_paths(paths)

    def scan(below: str) -> Entries:
        added = more.entries(below)
        found = here.entries(below) if below.count("/") < MAX_DEPTH else added
        files = tuple(sorted({*found.files, *added.files}))
        return Entries(files, tuple(sorted({*found.folders, *added.folders})), found.outside)

    return Listing(scan)
