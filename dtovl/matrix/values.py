"""Checked values of a configuration: every mistake is noted with its line, and reading goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from dtovl.codes import config as codes
from dtovl.diagnostics import Diagnostic, Location
from dtovl.matrix.globs import Glob, GlobError, clean, is_glob, leads_outside
from dtovl.model.lookup import nearest
from dtovl.yamlfile import Items, Map, Number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from dtovl.codes.base import Code

_T = TypeVar("_T")

_MAX_SHOWN = 60
_ENOUGH = 200
"""Problems after which no more are noted: a file that is nothing of the kind has one a line."""

MAX_HINTS = 20
"""Mistakes for which it is looked up what was meant: each takes milliseconds."""


class Values:
    """Reads values of one file, called name in messages; problems are the mistakes so far.

    key is always what the value is called in a message, line where it stands.
    """

    def __init__(self, name: str) -> None:
        self.problems: list[Diagnostic] = []
        self._name = name
        self._clean: dict[str, str] = {}
        self._hints = 0

    def note(self, code: Code, line: int, **fields: Any) -> None:
        """Note a mistake."""
        if len(self.problems) < _ENOUGH:
            self.problems.append(Diagnostic(code, at=Location(self._name, line), **fields))

    def did_you_mean(self, word: str, known: Iterable[str]) -> str:
        """Give the end of a message that names what was probably meant, "" for nothing."""
        self._hints += 1
        near = nearest(word, known, 1) if word and self._hints <= MAX_HINTS else []
        return f", did you mean {near[0]!r}?" if near else ""

    def wrong(self, line: int, key: str, wanted: str, value: Any, hint: str = "") -> None:
        """Note a value that is not what is wanted."""
        self.note(codes.VALUE_WRONG, line, key=key, wanted=wanted, got=describe(value), hint=hint)

    def mapping(self, value: Any, key: str, line: int, known: Iterable[str]) -> Map:
        """Give a mapping with known keys alone; an empty one in place of anything else."""
        if not isinstance(value, Map):
            if value is not None:
                self.wrong(line, key, f"a mapping with {_or(known)}", value)
            return Map(line, 0)
        for name in value:
            if name not in known:
                self.note(
                    codes.KEY_UNKNOWN,
                    value.lines[name],
                    key=repr(shorten(name)),
                    hint=self.did_you_mean(name, known),
                    where=f"`{key}`" if key else "a configuration",
                    known=", ".join(known),
                )
        return value

    def each(self, value: Any, line: int) -> Iterator[tuple[Any, int]]:
        """Give the entries of a list with their lines; anything else is a list of one."""
        if isinstance(value, Items):
            yield from ((one, place[0]) for one, place in zip(value, value.places, strict=True))
        elif value is not None:
            yield value, line

    def text(self, value: Any, key: str, line: int, wanted: str = "text") -> str:
        """Give a text that is not blank, "" in place of anything else. A number is text too."""
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            found = str(value)
            if found.strip():
                return found
        self.wrong(line, key, wanted, value)
        return ""

    def flag(self, mapping: Map, key: str, default: bool) -> bool:
        """Give true or false."""
        value = mapping.get(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.wrong(mapping.lines[key], key, "true or false", value)
        return default

    def number(self, mapping: Map, key: str, default: int, most: int) -> int:
        """Give a whole number from 1 to most."""
        value = mapping.get(key)
        if value is None:
            return default
        if isinstance(value, Number) and 1 <= value <= most:
            return int(value)
        self.wrong(mapping.lines[key], key, f"a whole number from 1 to {most}", value)
        return default

    def choice(self, value: Any, key: str, line: int, choices: Mapping[str, _T], default: _T) -> _T:
        """Give what a word stands for."""
        word = str(value).lower() if isinstance(value, str | int) else ""
        if word in choices:
            return choices[word]
        self.wrong(line, key, _or(choices), value, self.did_you_mean(word, choices))
        return default

    def globs(
        self, value: Any, key: str, line: int, form: Callable[[str], str] = str, kind: str = "file"
    ) -> tuple[str, ...]:
        """Give the globs of a list, or of one text; form completes each."""
        found = []
        wanted = f"a glob of {kind}s, or a list of such"
        for one, at in self.each(value, line):
            text = self.text(one, key, at, wanted)
            if text and self.is_sound(form(text), key, at):
                found.append(form(text))
        return tuple(found)

    def files(self, value: Any, key: str, line: int) -> tuple[str, ...]:
        """Give globs of files below the folder of the configuration."""
        wanted = "a path or glob, or a list of such"
        found = [
            self.below(self.text(one, key, at, wanted), key, at)
            for one, at in self.each(value, line)
        ]
        return tuple(filter(None, found))

    def below(self, text: str, key: str, line: int) -> str:
        """Give a path or glob below the folder of the configuration, cleaned; "" if it is not."""
        path = self._clean.get(text)
        if path is None:
            path = clean(text)
            if leads_outside(path) or "\0" in path:
                self.note(codes.PATH_OUTSIDE, line, path=shorten(text), key=key)
                path = ""
            elif not self.is_sound(path, key, line):
                path = ""
            self._clean[text] = path
        return path

    def is_sound(self, text: str, key: str, line: int) -> bool:
        """Tell whether a glob can be compiled; note why not."""
        if is_glob(text):
            try:
                Glob(text)
            except GlobError as error:
                self.note(codes.GLOB_WRONG, line, glob=shorten(text), key=key, what=str(error))
                return False
        return True


def describe(value: Any) -> str:
    """Say what a value of a YAML file is."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"the number {shorten(str(value))}"
    if isinstance(value, str):
        return repr(shorten(value)) if value else "empty text"
    return "a mapping" if isinstance(value, Map) else "a list"


def shorten(text: str) -> str:
    """Cut a long text."""
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "..."


def _or(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
