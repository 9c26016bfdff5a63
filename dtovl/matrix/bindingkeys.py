"""`bindings` of `dtovl.yaml`: properties that name suppliers, besides those of the table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from dtovl.codes import config as codes
from dtovl.errors import InputError
from dtovl.matrix.document import read_document
from dtovl.matrix.values import Values
from dtovl.model.entries import MOST_ARGUMENTS
from dtovl.model.supplierbindings import KINDS, TABLED, Binding, Form, Strength
from dtovl.yamlfile import Map, Number

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BINDINGS = 500
"""Most bindings of a configuration."""

BINDING_KEYS = ("property", "form", "cells", "fallback", "fw_devlink", "names", "kind")
"""The keys of one binding."""

_FORMS = {one: one for one in get_args(Form)}
_STRENGTHS = {one: one for one in get_args(Strength)}

# Characters of property names (Devicetree Specification v0.4, 2.2.4.1), with `*` in front for any
# beginning, or `#` behind for a number.
_NAME = r"[0-9a-zA-Z,._+?-]"
_PROPERTY = re.compile(rf"{_NAME}+#?|\*{_NAME}+")
_PLAIN_NAME = re.compile(rf"{_NAME}+")
_CELLS = re.compile(rf"#{_NAME}+")
_KIND = re.compile(r"[a-z0-9][a-z0-9,._-]*")

# These are read in ways of their own, which no binding describes.
_OWN_GRAMMAR = frozenset(
    {
        *("interrupts", "interrupt-map", "interrupt-map-mask", "iommu-map", "msi-map"),
        *("dma-ranges", "ranges", "gpio-hog", "phandle", "status", "compatible", "reg"),
    }
)
_KNOWN_CELLS = sorted({one.cells for one in TABLED if one.cells})


def read_bindings(text: str, name: str) -> tuple[Binding, ...]:
    """Read the bindings of a configuration, whatever else stands in it.

    name is what messages call the file. Raises InputError (DT600 to DT603) with a diagnostic for
    each mistake in the bindings.
    """
    document = read_document(text, name)
    if not isinstance(document, Map):
        return ()
    values = Values(name)
    found = tuple(listed_bindings(values, document))
    if values.problems:
        raise InputError(*values.problems)
    return found


def listed_bindings(values: Values, document: Map) -> Iterator[Binding]:
    """Give the entries of `bindings`; mistakes are noted in values."""
    given = document.get("bindings")
    line = document.lines.get("bindings", 1)
    seen: set[str] = set()
    for number, (entry, at) in enumerate(values.each(given, line)):
        if number == MAX_BINDINGS:
            values.wrong(at, "bindings", f"at most {MAX_BINDINGS} of them", given)
            return
        if not isinstance(entry, Map):
            values.wrong(at, "bindings", f"a list of mappings with {', '.join(_MOST)}", entry)
            continue
        mapping = values.mapping(entry, "bindings", at, BINDING_KEYS)
        binding = _Entry(values, mapping, at).binding()
        if binding is None:
            continue
        if binding.name in seen:
            line = mapping.lines["property"]
            values.wrong(line, "property", "one that no other entry has", binding.name)
        seen.add(binding.name)
        yield binding


_MOST = BINDING_KEYS[:3]


class _Entry:
    """One binding on its way out of a file."""

    def __init__(self, values: Values, mapping: Map, line: int) -> None:
        self._values = values
        self._mapping = mapping
        self._line = line

    def binding(self) -> Binding | None:
        """Give the binding, None without a property that it is about."""
        name = self._property()
        counted = self._matching("cells", _CELLS, "a property such as #acme,lane-cells")
        form = self._form(counted)
        fallback = self._fallback(form)
        strength = self._word("fw_devlink", _STRENGTHS, "no")
        names = self._matching("names", _PLAIN_NAME, "the property with the names of the entries")
        wanted = f"a word such as {', '.join(KINDS[:3])}"
        kind = self._matching("kind", _KIND, wanted) or name.strip("*#-").lower()
        return Binding(name, form, counted, fallback, strength, names, kind) if name else None

    def _property(self) -> str:
        if self._mapping.get("property") is None:
            where, wanted = "a binding", "the property that names the suppliers"
            line = self._mapping.lines.get("property", self._line)
            self._values.note(codes.KEY_MISSING, line, where=where, key="property", wanted=wanted)
            return ""
        wanted = "a name, `*` and the end of a name, or the beginning of a name and `#`"
        name = self._matching("property", _PROPERTY, wanted)
        if name in _OWN_GRAMMAR:
            wanted = "one that holds phandles first, not a property with a grammar of its own"
            self._values.wrong(self._mapping.lines["property"], "property", wanted, name)
            return ""
        return name

    def _form(self, counted: str) -> Form:
        """Give the form; where it is not said, that which fits."""
        form: Form = self._word("form", _FORMS, "args" if counted else "list")
        if form == "args" and self._mapping.get("cells") is None:
            line = self._mapping.lines.get("form", self._line)
            wanted = "the property of the supplier that counts the arguments"
            self._values.note(
                codes.KEY_MISSING, line, where="a binding with args", key="cells", wanted=wanted
            )
        elif form != "args" and counted:
            line = self._mapping.lines["cells"]
            self._values.wrong(line, "cells", f"left out where the form is {form}", counted)
        return form

    def _fallback(self, form: Form) -> int | None:
        value = self._mapping.get("fallback")
        if value is None:
            return None
        line = self._mapping.lines["fallback"]
        if form != "args":
            wanted = f"left out where the form is {form}"
            self._values.wrong(line, "fallback", wanted, value)
        elif not isinstance(value, Number) or not 0 <= value <= MOST_ARGUMENTS:
            wanted = f"a whole number from 0 to {MOST_ARGUMENTS}"
            self._values.wrong(line, "fallback", wanted, value)
        else:
            return int(value)
        return None

    def _matching(self, key: str, form: re.Pattern[str], wanted: str) -> str:
        """Give a text of a form, "" for none."""
        value = self._mapping.get(key)
        if value is None:
            return ""
        line = self._mapping.lines[key]
        text = self._values.text(value, key, line, wanted)
        if not text or form.fullmatch(text):
            return text
        hint = ""
        if key == "cells":
            hint = self._values.did_you_mean(f"#{text.removeprefix('#')}", _KNOWN_CELLS)
        self._values.wrong(line, key, wanted, text, hint)
        return ""

    def _word(self, key: str, choices: dict[str, Any], default: Any) -> Any:
        value = self._mapping.get(key)
        if value is None:
            return default
        return self._values.choice(value, key, self._mapping.lines[key], choices, default)
