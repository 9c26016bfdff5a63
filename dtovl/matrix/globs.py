"""Globs over paths of files and nodes: `*`, `?`, `[abc]`, `**`, `{a,b}`.

A glob is taken apart at its slashes, and each part at its stars, so that matching goes from left to
right and never back further than one star: the time is bounded by the product of both lengths,
whoever wrote the glob. Names with such characters in them match themselves as well.
"""

from __future__ import annotations

import re
from posixpath import normpath
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_ALTERNATIVES = 256
"""Most globs without braces that one glob may stand for; of long ones, fewer."""

MAX_GLOB = 4096
"""Most characters of a glob."""

_SPECIAL = frozenset("*?[{")
_ANY_DEPTH = None


class GlobError(ValueError):
    """A glob that means nothing; the argument says why."""


def is_glob(text: str) -> bool:
    """Tell whether a text may stand for more than one path."""
    return not _SPECIAL.isdisjoint(text)


class Segment(NamedTuple):
    """What one name of a path has to be: between two pieces stands a star.

    A piece is literal text, or a pattern that always matches the same number of characters; size is
    the number of characters of all of them.
    """

    pieces: tuple[str | re.Pattern[str], ...]
    sizes: tuple[int, ...]
    size: int

    @property
    def literal(self) -> str | None:
        """Give the only name that it matches, None when there may be several."""
        only = self.pieces[0]
        return only if len(self.pieces) == 1 and isinstance(only, str) else None

    @property
    def hidden(self) -> bool:
        """Tell whether it names hidden files: a dot is written where they have theirs."""
        first = self.pieces[0]
        return isinstance(first, str) and first.startswith(".")

    def matches(self, name: str) -> bool:
        """Tell whether a name fits."""
        pieces, sizes = self.pieces, self.sizes
        if len(pieces) == 1:
            return len(name) == self.size and _at(pieces[0], name, 0)
        end = len(name) - sizes[-1]
        if len(name) < self.size or not (_at(pieces[0], name, 0) and _at(pieces[-1], name, end)):
            return False
        at = sizes[0]
        for piece, size in zip(pieces[1:-1], sizes[1:-1], strict=True):
            # The leftmost place is as good as any: what follows can only gain room.
            if isinstance(piece, str):
                at = name.find(piece, at, end)
            else:
                found = piece.search(name, at, end)
                at = found.start() if found else -1
            if at < 0:
                return False
            at += size
        return True


def _at(piece: str | re.Pattern[str], name: str, at: int) -> bool:
    if isinstance(piece, str):
        return name.startswith(piece, at)
    return piece.match(name, at) is not None


class Glob:
    """A compiled glob. alternatives are its forms without braces, as segments; None is `**`."""

    __slots__ = ("alternatives", "text")

    def __init__(self, text: str) -> None:
        """Compile a glob. Raises GlobError."""
        self.text = text
        if len(text) > MAX_GLOB:
            raise GlobError(f"it has {len(text)} characters, the bound is {MAX_GLOB}")
        self.alternatives = [
            [_ANY_DEPTH if part == "**" else _segment(part) for part in form.split("/")]
            for form in _without_braces(text)
        ]

    def matches(self, path: str) -> bool:
        """Tell whether a path fits as a whole."""
        if path == self.text:
            return True
        names = path.split("/")
        return any(_fits(segments, names) for segments in self.alternatives)


def _fits(segments: list[Segment | None], names: list[str]) -> bool:
    """Match segments and names from left to right, going back to the last `**` alone."""
    at = seen = 0
    back: tuple[int, int] | None = None
    while seen < len(names):
        if at < len(segments):
            segment = segments[at]
            if segment is _ANY_DEPTH:
                at += 1
                back = (at, seen)
                continue
            if segment.matches(names[seen]):
                at += 1
                seen += 1
                continue
        if back is None:
            return False
        back = (back[0], back[1] + 1)
        at, seen = back
    return all(segment is _ANY_DEPTH for segment in segments[at:])


class Globs:
    """Several globs as one; plain paths among them are looked up, however many there are."""

    __slots__ = ("_exact", "_globs")

    def __init__(self, texts: Iterable[str]) -> None:
        """Compile the globs. Raises GlobError."""
        self._exact = frozenset(texts)
        self._globs = [Glob(text) for text in sorted(self._exact) if is_glob(text)]

    def matches(self, path: str) -> bool:
        """Tell whether a path fits one of them."""
        return path in self._exact or any(glob.matches(path) for glob in self._globs)


def node_glob(text: str) -> str:
    """Complete a glob over node paths: what does not begin at the root may stand anywhere."""
    return text if text.startswith("/") else f"/**/{text}"


def clean(text: str) -> str:
    """Write a path below a folder in its one form: no `.`, no doubled slash; `..` only in front."""
    return normpath(text) if text else ""


def leads_outside(path: str) -> bool:
    """Tell whether a cleaned path leaves the folder that it begins in."""
    return path.startswith(("/", "../")) or path == ".."


def _segment(text: str) -> Segment:
    pieces: list[str | re.Pattern[str]] = []
    sizes = []
    for part in _between_stars(text):
        pattern, size = _piece(part)
        # Without quantifiers a pattern tries each place once.
        pieces.append("".join(part) if pattern is None else re.compile(pattern, re.DOTALL))
        sizes.append(size)
    return Segment(tuple(pieces), tuple(sizes), sum(sizes))


def _between_stars(text: str) -> list[list[str]]:
    """Split a part of a glob at its stars into lists of tokens: characters, `?`, sets."""
    pieces: list[list[str]] = [[]]
    at = 0
    while at < len(text):
        token = text[at]
        if token == "[":
            token = _set(text, at)
        at += len(token)
        if token == "*":
            if pieces[-1] or len(pieces) == 1:
                pieces.append([])
        else:
            pieces[-1].append(token)
    return pieces


def _set(text: str, at: int) -> str:
    """Give the set that begins here: `[`, perhaps `!` or `^`, then `]` counts as a member."""
    start = at + 2 if text[at + 1 : at + 2] in ("!", "^") else at + 1
    end = text.find("]", start + 1)
    if end < 0:
        raise GlobError("a [ is not closed; a name with a bracket in it is written [[]")
    return text[at : end + 1]


def _piece(tokens: list[str]) -> tuple[str | None, int]:
    """Give the pattern of a piece and the characters it takes; None where it is literal."""
    if all(len(token) == 1 and token != "?" for token in tokens):
        return None, len(tokens)
    parts = []
    for token in tokens:
        if token == "?":
            parts.append(".")
        elif len(token) > 1:
            parts.append(_pattern_of(token))
        else:
            parts.append(re.escape(token))
    return "".join(parts), len(tokens)


def _pattern_of(members: str) -> str:
    inside = members[1:-1]
    negated = inside.startswith(("!", "^"))
    inside = inside[1:] if negated else inside
    parts = []
    at = 0
    while at < len(inside):
        first, last = inside[at], inside[at]
        if inside[at + 1 : at + 2] == "-" and at + 2 < len(inside):
            last = inside[at + 2]
            at += 2
        if first > last:
            raise GlobError(f"the range {first}-{last} runs backwards")
        parts.append(f"{re.escape(first)}-{re.escape(last)}")
        at += 1
    return f"[{'^' if negated else ''}{''.join(parts)}]"


def _without_braces(text: str) -> list[str]:
    """Write a glob without braces: every choice of their alternatives, in order."""
    done: list[str] = []
    pending = [text]
    while pending:
        form = pending.pop()
        opened = _last_opened(form)
        if opened is None:
            done.append(form)
            continue
        start, end = opened
        choices = form[start + 1 : end].split(",")
        # The last brace opened has none inside, so that nesting unfolds from within.
        pending.extend(form[:start] + choice + form[end + 1 :] for choice in reversed(choices))
        count = len(pending) + len(done)
        if count > MAX_ALTERNATIVES or count * len(text) > 4 * MAX_GLOB:
            raise GlobError("its braces stand for too many globs")
    return list(dict.fromkeys(done))


def _last_opened(form: str) -> tuple[int, int] | None:
    """Give where the last brace opens and closes that is no member of a set, None without one."""
    start = -1
    at = 0
    while at < len(form):
        if form[at] == "{":
            start = at
        elif form[at] == "[":
            at += len(_set(form, at)) - 1
        at += 1
    if start < 0:
        return None
    end = form.find("}", start)
    if end < 0:
        raise GlobError("a { is not closed; a name with a brace in it is written [{]")
    return start, end
