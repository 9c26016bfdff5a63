"""Which board of now is which one of before, and whether its files are the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from dtovl.errors import InputError
from dtovl.matrix.bundle import Bundle, pack
from dtovl.matrix.choice import Choice
from dtovl.matrix.config import prefix_of
from dtovl.matrix.discover import discover
from dtovl.matrix.globs import is_glob
from dtovl.matrix.inputs import Reader
from dtovl.matrix.listing import Listing
from dtovl.matrix.reading import read_config
from dtovl.matrix.tasks import Source, Task
from dtovl.model.cells import strings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dtovl.matrix.config import Config
    from dtovl.matrix.earlier import Earlier
    from dtovl.matrix.inputs import ReadFile, ReadIncluded

# An include whose name only the preprocessor knows.
_HIDDEN_INCLUDE = re.compile(rb"^[ \t]*#[ \t]*include[ \t]+[A-Za-z_]", re.MULTILINE)


class Board(NamedTuple):
    """A base before and now, None where there is none; moved: it was chosen by another path."""

    old: Source | None
    new: Source | None
    moved: bool = False


def pair_boards(config: Config, earlier: Earlier, now: Reader) -> list[Board]:
    """Pair the bases of a configuration with what they were, sorted by the path of now.

    By path, else by file name, else by `compatible` and `model` of the root; each only where it is
    clear. Raises InputError as planning does.
    """
    new = choose_bases(config, Listing.of_folder(config.folder))
    old = choose_bases(_config_then(config, earlier), earlier.listing)
    boards = [Board(old[path], new[path]) for path in new.keys() & old.keys()]
    gone = {path: source for path, source in old.items() if path not in new}
    fresh = {path: source for path, source in new.items() if path not in old}
    boards += _by_name(gone, fresh)
    if gone and fresh:
        then = Reader(earlier.read, earlier.read_included)
        boards += _by_identity(gone, fresh, then, now)
    prefix = prefix_of(config.folder)
    for path, source in fresh.items():
        old_source = _elsewhere(path, source, earlier, prefix) if earlier.loose else None
        boards.append(Board(old_source, source))
    boards += [Board(source, None) for source in gone.values()]
    return sorted(boards, key=lambda board: (board.new or board.old or Source("")).path)


def same_files(board: Board, earlier: Earlier, read: ReadFile, included: ReadIncluded) -> bool:
    """Tell whether a board is made of the same bytes as before; False where that is not clear."""
    old, new = board.old, board.new
    if old is None or new is None or old._replace(path=new.path) != new:
        return False
    nothing = Bundle({}, {})
    then = pack(Task(old, (), ()), earlier.read, earlier.read_included, nothing)
    now = pack(Task(new, (), ()), read, included, nothing)
    if then.plan[old.path] != now.plan[new.path]:
        return False
    if old.path != new.path:
        # What it includes lies elsewhere now; a blob includes nothing.
        return not then.included and not now.included
    if then.included != now.included:
        return False
    contents = (*now.plan.values(), *now.included.values())
    return all(_plain(one) for one in contents if one is not None)


def _plain(content: object) -> bool:
    """Tell whether a file was read, and says in plain words what it includes."""
    return isinstance(content, bytes) and _HIDDEN_INCLUDE.search(content) is None


def _config_then(config: Config, earlier: Earlier) -> Config:
    """Give what chose the bases before; what chooses them now, where that cannot be had."""
    found = config
    try:
        if not config.path:
            found = discover(config.folder, earlier.listing, earlier.read)
        else:
            text = earlier.read_included(config.path)
            if text is not None:
                shown = text.decode("utf-8", "replace")
                found = read_config(shown, config.path, config.folder)
    except (InputError, OSError, ValueError):
        return config
    # Folders that the command line names are searched then as now.
    bases = tuple(
        files._replace(include_dirs=tuple(dict.fromkeys((*files.include_dirs, *config.trusted))))
        for files in found.bases
    )
    return found._replace(bases=bases, trusted=config.trusted)


def choose_bases(config: Config, listing: Listing) -> dict[str, Source]:
    """Give the bases of a configuration, by path below its folder.

    Raises InputError (DT615, DT616).
    """
    choice = Choice(config, listing)
    choice.choose()
    for pairing in config.pairings:
        choice.select("base", pairing.bases, "pairs", 0)
    for stack in config.stacks:
        choice.select("base", stack.bases, "stacks", 0)
    return choice.bases


def _by_name(gone: dict[str, Source], fresh: dict[str, Source]) -> Iterator[Board]:
    """Pair files of one name in other folders, where one file has it before and now."""
    before, after = _named(gone), _named(fresh)
    for name in before.keys() & after.keys():
        if len(before[name]) == len(after[name]) == 1:
            yield Board(gone.pop(before[name][0]), fresh.pop(after[name][0]), moved=True)


def _named(paths: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(path.rpartition("/")[2], []).append(path)
    return found


def _by_identity(
    gone: dict[str, Source], fresh: dict[str, Source], then: Reader, now: Reader
) -> Iterator[Board]:
    """Pair boards whose root nodes say that they are the same."""
    before, after = _identities(gone, then), _identities(fresh, now)
    for identity in before.keys() & after.keys():
        if len(before[identity]) == len(after[identity]) == 1:
            yield Board(gone.pop(before[identity][0]), fresh.pop(after[identity][0]), moved=True)


def _identities(sources: dict[str, Source], reader: Reader) -> dict[tuple[bytes, bytes], list[str]]:
    found: dict[tuple[bytes, bytes], list[str]] = {}
    for path, source in sources.items():
        tree = reader.input(source).tree
        properties = tree.root.properties if tree is not None else {}
        compatible = properties.get("compatible", b"")
        if tree is not None:
            tree.dissolve()
        if strings(compatible):
            found.setdefault((compatible, properties.get("model", b"")), []).append(path)
    return found


def _elsewhere(path: str, source: Source, earlier: Earlier, prefix: str) -> Source | None:
    """Find the one file of the same name, as where the old blobs lie in one folder."""
    name = path.rpartition("/")[2]
    found = () if is_glob(name) else earlier.listing.find(f"**/{name}")
    return source._replace(path=prefix + found[0]) if len(found) == 1 else None
