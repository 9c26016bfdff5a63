"""Tables of drivers: what a kernel has, what it matches, when it registers; read from YAML.

::

    fw_devlink: "on"         # on | rpm | permissive | off
    strict: false            # fw_devlink.strict
    modules: true            # CONFIG_MODULES
    early: ["acme,intc"]     # set up before there are drivers
    drivers:
    - {name: acme-uart, match: ["acme,uart"], level: device, optional: [resets], fails: -5}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl.codes.probe import KEY_UNKNOWN, TABLE_UNREADABLE, VALUE_WRONG
from dtovl.diagnostics import Diagnostic, Location
from dtovl.errors import InputError
from dtovl.model.lookup import nearest
from dtovl.yamlfile import Items, Map, Number, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.codes.base import Code

LEVELS = ("core", "postcore", "arch", "subsys", "fs", "device", "late")
"""Levels at which drivers register, in the order of the kernel's initcalls."""

SETTINGS = ("on", "rpm", "permissive", "off")
"""What fw_devlink can be set to."""

_DEFAULT_LEVEL = "device"
_LOWEST_ERRNO = -4095

_TABLE_KEYS = ("fw_devlink", "strict", "modules", "early", "drivers")
_DRIVER_KEYS = (
    "name",
    "match",
    "level",
    "module",
    "optional",
    "populates",
    "sync_state",
    "fails",
)

_MAX_SHOWN = 60
_MAX_HINTS = 20
_ENOUGH = 100


class Driver(NamedTuple):
    """A driver.

    match      strings of `compatible` that it drives
    level      initcall at which it registers, unless it is a module
    optional   properties without whose suppliers it works
    populates  its probe makes devices of the child nodes
    sync_state it wants to know when all consumers of a device are bound
    fails      error of its probe, negative; 0: it works
    """

    name: str
    match: tuple[str, ...]
    level: str = _DEFAULT_LEVEL
    module: bool = False
    optional: frozenset[str] = frozenset()
    populates: bool = False
    sync_state: bool = False
    fails: int = 0


class DriverTable(NamedTuple):
    """A kernel: its settings, what it sets up early, its drivers in the order of the table."""

    fw_devlink: str = "on"
    strict: bool = False
    modules: bool = True
    early: frozenset[str] = frozenset()
    drivers: tuple[Driver, ...] = ()


def read_drivers(data: bytes, name: str) -> DriverTable:
    """Read a table of drivers; name is what messages call the file.

    Raises InputError with every mistake found (DT690, DT691, DT692, DT287), each with its line.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _unreadable(name, line, f"byte {error.start} is not UTF-8") from error
    found = read_yaml(text, name)
    if found is None:
        raise _unreadable(name, 0, "it is empty")
    if not isinstance(found, Map):
        raise _unreadable(name, 1, f"it is {_describe(found)}")
    reading = _Reading(name)
    table = reading.table(found)
    if reading.problems:
        raise InputError(*reading.problems)
    return table


def _unreadable(name: str, line: int, what: str) -> InputError:
    return InputError(Diagnostic(TABLE_UNREADABLE, at=Location(name, line), what=what))


class _Reading:
    """Reads the values of one file; problems are the mistakes so far."""

    def __init__(self, name: str) -> None:
        self.problems: list[Diagnostic] = []
        self._name = name
        self._hints = 0

    def table(self, found: Map) -> DriverTable:
        """Give the table; what is wrong in it is noted."""
        self._keys(found, _TABLE_KEYS, "a table of drivers")
        value = found.get("drivers")
        line = found.lines.get("drivers", found.line)
        drivers = []
        if isinstance(value, Items):
            places = zip(value, value.places, strict=True)
            drivers = [self._driver(one, at) for one, (at, _) in places]
        else:
            self._wrong(line, "drivers", "a list of drivers", value)
        return DriverTable(
            self._choice(found, "fw_devlink", SETTINGS, "on"),
            self._flag(found, "strict", default=False),
            self._flag(found, "modules", default=True),
            frozenset(self._texts(found, "early", "compatible")),
            tuple(driver for driver in drivers if driver is not None),
        )

    def _driver(self, found: Any, line: int) -> Driver | None:
        if not isinstance(found, Map):
            self._wrong(line, "a driver", f"a mapping with {', '.join(_DRIVER_KEYS)}", found)
            return None
        self._keys(found, _DRIVER_KEYS, "a driver")
        return Driver(
            self._title(found),
            self._texts(found, "match", "compatible", least=1),
            self._choice(found, "level", LEVELS, _DEFAULT_LEVEL),
            self._flag(found, "module", default=False),
            frozenset(self._texts(found, "optional", "property")),
            self._flag(found, "populates", default=False),
            self._flag(found, "sync_state", default=False),
            self._errno(found),
        )

    def _title(self, found: Map) -> str:
        value = found.get("name")
        name = _text(value)
        if name is None:
            self._wrong(found.lines.get("name", found.line), "name", "the driver's name", value)
        return name or ""

    def _texts(self, found: Map, key: str, kind: str, least: int = 0) -> tuple[str, ...]:
        """Give the texts of a list, or the one that stands in its place."""
        value = found.get(key)
        line = found.lines.get(key, found.line)
        wanted = f"a {kind}, or a list of such"
        if value is None or value == []:
            if least:
                self._wrong(line, key, wanted, value)
            return ()
        if not isinstance(value, Items):
            entries = [(value, line)]
        else:
            entries = [(one, at) for one, (at, _) in zip(value, value.places, strict=True)]
        texts = []
        for one, at in entries:
            text = _text(one)
            if text is None:
                self._wrong(at, key, wanted, one)
            else:
                texts.append(text)
        return tuple(texts)

    def _flag(self, found: Map, key: str, *, default: bool) -> bool:
        value = found.get(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self._wrong(found.lines[key], key, "true or false", value)
        return default

    def _choice(self, found: Map, key: str, choices: tuple[str, ...], default: str) -> str:
        value = found.get(key)
        if value is None:
            return default
        if isinstance(value, str) and value in choices:
            return str(value)
        hint = self._hint(value, choices) if isinstance(value, str) else ""
        self._wrong(found.lines[key], key, _or(choices), value, hint)
        return default

    def _errno(self, found: Map) -> int:
        value = found.get("fails")
        if value is None:
            return 0
        if isinstance(value, Number) and _LOWEST_ERRNO <= value <= 0:
            return int(value)
        wanted = f"a negative error number, down to {_LOWEST_ERRNO}"
        self._wrong(found.lines["fails"], "fails", wanted, value)
        return 0

    def _keys(self, found: Map, known: tuple[str, ...], where: str) -> None:
        for key in found:
            if key not in known:
                self._note(
                    KEY_UNKNOWN,
                    found.lines[key],
                    key=_quoted(key),
                    hint=self._hint(key, known),
                    where=where,
                    known=", ".join(known),
                )

    def _hint(self, word: str, known: Iterable[str]) -> str:
        """Give the end of a message that names what was probably meant; "" for nothing."""
        self._hints += 1
        near = nearest(word, known, 1) if word and self._hints <= _MAX_HINTS else []
        return f", did you mean {near[0]!r}?" if near else ""

    def _wrong(self, line: int, key: str, wanted: str, value: Any, hint: str = "") -> None:
        self._note(VALUE_WRONG, line, key=key, wanted=wanted, got=_describe(value), hint=hint)

    def _note(self, code: Code, line: int, **fields: Any) -> None:
        if len(self.problems) < _ENOUGH:
            self.problems.append(Diagnostic(code, at=Location(self._name, line), **fields))


def _text(value: Any) -> str | None:
    """Give a text, as the file has it, in the characters that names of trees decode to.

    A number is text too. None: it is neither, or empty.
    """
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value):
        return None
    return str(value).encode("utf-8", "surrogateescape").decode("latin-1")


def _describe(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"the number {_cut(str(value))}"
    if isinstance(value, str):
        return _quoted(value) if value else "empty text"
    return "a mapping" if isinstance(value, Map) else "a list"


def _quoted(text: str) -> str:
    return repr(_cut(text))


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "..."


def _or(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
