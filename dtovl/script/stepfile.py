"""Step files: YAML that people write, and the JSON of recorded cases, as the steps of a machine.

Values of properties may be written as people think of them (`string`, `strings`, `cells`); here
they become the hex digits that recordings have. Text becomes latin-1, one character a byte, as the
names and strings of trees are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl.codes import script as codes
from dtovl.diagnostics import Diagnostic, Location
from dtovl.errors import InputError
from dtovl.model.dialect import KERNELS
from dtovl.model.limits import MAX_JSON_BYTES, MAX_STEPS, MAX_YAML_DEPTH
from dtovl.script.forms import ALWAYS, FORMS, all_parameters
from dtovl.yamlfile import Map, Number, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_KEYS = ("base", "kernel", "cmdline", "steps")
_RECORDED_KEYS = (
    *("name", "family", "summary", "note", "boot"),
    *("runs_compared", "deterministic", "result", "stored"),
)
_WRITTEN = ("value", "string", "strings", "cells")
_MAX_CELL = 0xFFFFFFFF
_MIN_CELL = -0x80000000


class ScriptStep(NamedTuple):
    """One step: number from 1, op and parameters as the machine takes them.

    result is what the file says the kernel answered, None where it says nothing; reached is False
    for a step of a recording that the kernel did not live to see. note is for readers.
    """

    number: int
    values: dict[str, Any]
    result: Mapping[str, Any] | None
    reached: bool
    note: str
    place: Location

    @property
    def op(self) -> str:
        """Give the name of the operation."""
        op: str = self.values["op"]
        return op


class StepFile(NamedTuple):
    """A step file: base as the file names it ("" for none), kernel a version or ""."""

    name: str
    base: str
    kernel: str
    cmdline: tuple[str, ...]
    boot: Mapping[str, Any] | None
    steps: list[ScriptStep]


def read_steps(data: bytes, name: str) -> StepFile:
    """Read a step file or a recorded case; the content decides whether it is JSON or YAML.

    Raises InputError (DT280 to DT283, DT286, DT287, DT289).
    """
    return _Reader(name).file(_parse(data, name))


def file_name(text: str) -> str:
    """Give the name of a file as the file system has it: text of steps is latin-1."""
    return text.encode("latin-1").decode("utf-8", "surrogateescape")


def _parse(data: bytes, name: str) -> Any:
    if data.lstrip()[:1] == b"{":
        try:
            return _read_json(data, name)
        except InputError:
            # A mapping in braces may be YAML all the same; what it is called tells what is wrong.
            if name.lower().endswith(".json") or len(data) > MAX_JSON_BYTES:
                raise
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _wrong(f"{name} is no step file: it is not text", Location(name, line)) from error
    return read_yaml(text, name)


def _read_json(data: bytes, name: str) -> Any:
    import json

    if len(data) > MAX_JSON_BYTES:
        what = f"it has {len(data)} bytes, the bound is {MAX_JSON_BYTES}"
        raise _wrong(f"{name} is too large: {what}", Location(name))
    try:
        value = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_without_doubles)
    except json.JSONDecodeError as error:
        at = Location(name, error.lineno, error.colno)
        raise _wrong(f"{name} is no JSON: {error.msg[:1].lower()}{error.msg[1:]}", at) from error
    except (ValueError, RecursionError) as error:
        what = "it is nested too deep" if isinstance(error, RecursionError) else str(error)[:80]
        raise _wrong(f"{name} is no JSON: {what}", Location(name)) from error
    if _depth(value) > MAX_YAML_DEPTH:
        raise _wrong(f"{name} is nested deeper than {MAX_YAML_DEPTH} levels", Location(name))
    return value


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise ValueError(f"key {twice!r} stands twice")
    return found


def _depth(value: Any) -> int:
    """Tell how deep a value is nested, up to one level more than is allowed."""
    level = [value]
    for depth in range(MAX_YAML_DEPTH + 2):
        level = [
            item
            for one in level
            if isinstance(one, dict | list)
            for item in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return depth
    return MAX_YAML_DEPTH + 1


class _Reader:
    """Checks what a file holds; each mistake is told with its place and, where known, its line."""

    def __init__(self, name: str) -> None:
        self._name = name

    def file(self, content: Any) -> StepFile:
        """Take the whole content."""
        where = Location(self._name, 1)
        if not isinstance(content, dict):
            what = "a step file is a mapping with `base` and `steps`"
            raise _wrong(f"{self._name} is no step file: {what}, not {_kind(content)}", where)
        self._check_keys(content, "a step file", _KEYS, _RECORDED_KEYS)
        base = self._text(content, "base")
        kernel = self._text(content, "kernel")
        if kernel and kernel not in KERNELS:
            known = ", ".join(KERNELS)
            what = f"kernel {kernel} is not known; there are {known}"
            raise _wrong(what, self._at(content, "kernel"))
        steps = content.get("steps")
        if not isinstance(steps, list):
            what = "`steps` is missing" if steps is None else f"`steps` is {_kind(steps)}, no list"
            raise _wrong(what, self._at(content, "steps"))
        if len(steps) > MAX_STEPS:
            what = f"there are {len(steps)} steps, the bound is {MAX_STEPS}"
            raise _wrong(what, self._at(content, "steps"))
        boot = content.get("boot")
        return StepFile(
            self._name,
            base,
            kernel,
            self._cmdline(content),
            _latin(boot, where) if isinstance(boot, dict) else None,
            [self._step(number, step) for number, step in enumerate(steps, 1)],
        )

    def _cmdline(self, content: Mapping[str, Any]) -> tuple[str, ...]:
        given = content.get("cmdline") or []
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            raise _wrong("`cmdline` is no list of texts", self._at(content, "cmdline"))
        return tuple(given)

    def _step(self, number: int, given: Any) -> ScriptStep:
        place = Location(self._name, given.line if isinstance(given, Map) else 0)
        if not isinstance(given, dict) or not isinstance(given.get("op"), str):
            got = f"step {number} is {_kind(given)}"
            if isinstance(given, dict) and "op" in given:
                got = f"op of step {number} is no text"
            elif isinstance(given, dict):
                got = f"step {number} has {', '.join(given) or 'nothing'}"[:100]
            raise _error(codes.STEP_WITHOUT_OP, place, got=got)
        op = given["op"]
        if op not in FORMS:
            raise _error(codes.OP_UNKNOWN, place, op=op, hint=_near(op, FORMS))
        for key in given:
            if key not in ALWAYS and key not in all_parameters(op):
                raise self._unknown(given, key, f"{op} (step {number})", all_parameters(op))
        for key in FORMS[op].needs:
            if given.get(key) is None:
                raise _error(
                    codes.PARAMETER_MISSING, place, op=op, name=key, wanted="it is not there"
                )
        values = {
            key: _latin(value, place)
            for key, value in given.items()
            if key not in ("result", "note")
        }
        # Other operations have parameters of these names, too.
        if "string" in FORMS[op].may:
            self._write_value(op, given, values)
        result = given.get("result")
        if result is not None and not isinstance(result, dict):
            raise _wrong(f"`result` of step {number} is no mapping", self._at(given, "result"))
        reached = result is not None or "result" not in given
        note = str(_latin(given.get("note") or "", place))
        return ScriptStep(number, values, _latin(result, place), reached, note, place)

    def _write_value(self, op: str, given: Mapping[str, Any], values: dict[str, Any]) -> None:
        """Put the value of a property into hex digits, whichever way it is written."""
        written = [key for key in _WRITTEN if values.pop(key, None) is not None]
        if not written:
            return
        key = written[0]
        at = self._at(given, key)
        if len(written) > 1:
            raise _wrong(f"{op} has both {written[0]} and {written[1]}: one of them", at)
        value = _latin(given[key], at)
        if key == "value":
            values["value"] = str(value) if isinstance(value, Number) else value
        elif key == "string":
            values["value"] = _texts([value], op, key, at).hex()
        elif key == "strings":
            values["value"] = _texts(value, op, key, at).hex()
        else:
            values["value"] = _cells(value, op, at).hex()

    def _text(self, content: Mapping[str, Any], key: str) -> str:
        value = content.get(key)
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | Number):
            raise _wrong(f"`{key}` is {_kind(value)}, no text", self._at(content, key))
        return str(value)

    def _check_keys(
        self, content: Mapping[str, Any], what: str, known: tuple[str, ...], silent: tuple[str, ...]
    ) -> None:
        for key in content:
            if key not in known and key not in silent:
                raise self._unknown(content, key, what, known)

    def _unknown(
        self, content: Mapping[str, Any], key: str, what: str, known: Iterable[str]
    ) -> InputError:
        names = list(known)
        listed = ", ".join(names) or "none"
        at = self._at(content, key)
        return _error(
            codes.PARAMETER_UNKNOWN, at, what=what, name=key, hint=_near(key, names), known=listed
        )

    def _at(self, content: Mapping[str, Any], key: str) -> Location:
        if not isinstance(content, Map):
            return Location(self._name)
        return Location(self._name, content.lines.get(key, content.line))


def _texts(values: Any, op: str, key: str, at: Location) -> bytes:
    texts = values if isinstance(values, list) else [None]
    if not all(isinstance(one, str | Number) for one in texts):
        wanted = "a text" if key == "string" else "a list of texts"
        raise _parameter(op, key, wanted, values if key == "strings" else texts[0], at)
    return b"".join(str(one).encode("latin-1") + b"\0" for one in texts)


def _cells(values: Any, op: str, at: Location) -> bytes:
    cells = values if isinstance(values, list) else [values]
    for one in cells:
        good = isinstance(one, int) and not isinstance(one, bool)
        if not good or not _MIN_CELL <= one <= _MAX_CELL:
            raise _parameter(op, "cells", "a list of numbers of 32 bits", one, at)
    return b"".join((one & _MAX_CELL).to_bytes(4, "big") for one in cells)


def _latin(value: Any, at: Location) -> Any:
    """Turn text at any depth (bounded before) into latin-1: each byte is one character."""
    if isinstance(value, str):
        if value.isascii():
            return value
        try:
            return value.encode("utf-8", "surrogateescape").decode("latin-1")
        except UnicodeEncodeError as error:
            raise _wrong("a text holds half a character", at) from error
    if isinstance(value, list):
        return [_latin(item, at) for item in value]
    if isinstance(value, dict):
        return {_latin(key, at): _latin(item, at) for key, item in value.items()}
    return value


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "empty" if value is None else "text or a number"


def _near(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name[:100], list(known), 1)
    return f"; did you mean {close[0]}?" if close else ""


def _parameter(op: str, name: str, wanted: str, got: Any, at: Location) -> InputError:
    shown = repr(got)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return _error(codes.PARAMETER_WRONG, at, op=op, name=name, wanted=wanted, got=shown)


def _wrong(what: str, at: Location) -> InputError:
    return _error(codes.FILE_WRONG, at, what=what)


def _error(code: Any, at: Location, **fields: object) -> InputError:
    return InputError(Diagnostic(code, at=at, **fields))  # type: ignore[arg-type]
