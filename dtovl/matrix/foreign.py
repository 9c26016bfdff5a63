"""JSON that a stranger may have written: bounded, and refused with its place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dtovl.diagnostics import Diagnostic, Location
from dtovl.errors import InputError
from dtovl.model.limits import MAX_REPORT_VALUES

if TYPE_CHECKING:
    from dtovl.codes.base import Code


def parse(text: str, name: str, code: Code, most: int) -> Any:
    """Read JSON of at most so many characters; name is what messages call it.

    Raises InputError with the code, whose fields are name and what.
    """
    # Commas bound the number of values, and so the memory, before any of it is taken.
    if len(text) > most or text.count(",") > MAX_REPORT_VALUES:
        raise refusal(code, name, f"it is too large, the bound is {most} characters")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        at = Location(name, error.lineno, error.colno)
        raise refusal(code, name, f"it is no JSON: {_lowered(error.msg)}", at) from error
    except RecursionError as error:
        raise refusal(code, name, "it is nested too deep") from error
    except ValueError as error:
        raise refusal(code, name, "a number in it has too many digits") from error


def refusal(code: Code, name: str, what: str, at: Location | None = None) -> InputError:
    """Give the error to raise for a file that is not what it should be."""
    return InputError(Diagnostic(code, at=at, name=name, what=what))


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
