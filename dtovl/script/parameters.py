"""The parameters of a step, checked: what is missing or of the wrong kind is said by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.codes import script as codes
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError
from dtovl.model.errnos import ERRNO

if TYPE_CHECKING:
    from collections.abc import Mapping


class Step:
    """One step: its op and its parameters, taken by name and kind. Raises InputError (DT28x)."""

    __slots__ = ("op", "values")

    def __init__(self, values: Mapping[str, Any]) -> None:
        op = values.get("op")
        if not isinstance(op, str):
            raise wrong(codes.STEP_WITHOUT_OP, got=repr(op)[:60])
        self.op = op
        self.values = values

    def has(self, name: str) -> bool:
        """Tell whether a parameter is there (and not null)."""
        return self.values.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        """Give a text; numbers are taken as they are written."""
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self._wrong(name, value, "a text")
        return str(value)

    def number(self, name: str, default: int | None = None) -> int:
        """Give a number; a text is read as C writes them (`102`, `0x66`)."""
        value = self.values.get(name, default)
        if isinstance(value, str):
            try:
                return int(value, 0)
            except ValueError as error:
                raise self._wrong(name, value, "a number") from error
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(name, value, "a number")
        return value

    def data(self, name: str) -> bytes:
        """Give bytes, written as hex digits."""
        value = self.values.get(name)
        try:
            return bytes.fromhex(value)  # type: ignore[arg-type]
        except (TypeError, ValueError) as error:
            raise self._wrong(name, value, "hex digits, two for each byte") from error

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """Give a text that is one of a few."""
        value = self.text(name)
        if value not in allowed:
            raise self._wrong(name, value, "one of " + ", ".join(allowed))
        return value

    def error(self, name: str) -> str:
        """Give the name of an error, without the sign that may stand before it."""
        value = self.text(name)
        error = value.removeprefix("-")
        if error not in ERRNO:
            raise self._wrong(name, value, "an error of Linux such as EBUSY")
        return error

    def _wrong(self, name: str, value: object, wanted: str) -> InputError:
        if name not in self.values:
            return wrong(codes.PARAMETER_MISSING, op=self.op, name=name, wanted=wanted)
        got = repr(value)
        got = got if len(got) <= 60 else got[:57] + "..."
        return wrong(codes.PARAMETER_WRONG, op=self.op, name=name, wanted=wanted, got=got)


def wrong(code: Any, **fields: object) -> InputError:
    """Make the error for a step that is wrong in itself."""
    return InputError(Diagnostic(code, **fields))  # type: ignore[arg-type]
