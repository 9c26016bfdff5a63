"""The text of a configuration as YAML, read within bounds."""

from __future__ import annotations

import re
from typing import Any

from dtovl.codes.config import CONFIG_UNREADABLE
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError
from dtovl.model.limits import MAX_CONFIG_CHARACTERS, MAX_CONFIG_DEPTH, MAX_CONFIG_VALUES
from dtovl.yamlfile import Bounds, read_yaml

_BOUNDS = Bounds(MAX_CONFIG_CHARACTERS, MAX_CONFIG_DEPTH, MAX_CONFIG_VALUES, anchors=False)
_QUOTED = "a text that begins with *, &, ! or { needs quotes: '*.dtbo'"
_QUOTED_INSIDE = "between [ ] or { } a text with , [ ] { or } in it needs quotes: ['a[12].dtb']"


def read_document(text: str, name: str) -> Any:
    """Read the text of a configuration; name is what messages call the file.

    Raises InputError (DT600).
    """
    try:
        return read_yaml(text.removeprefix("\ufeff"), name, _BOUNDS)
    except InputError as error:
        raise _unreadable(error.diagnostic, text) from error


def _unreadable(found: Diagnostic, text: str) -> InputError:
    """Turn what the reader of YAML says into what it means for a configuration."""
    lines = text.splitlines()
    line = found.where.line if found.where else 0
    fix = None
    if 0 < line <= len(lines) and re.search(r"(?:^|[-:,\[{])\s*[*&!]", lines[line - 1]):
        fix = _QUOTED
    what = str(found.fields["what"])
    if fix is None and "flow" in what:
        fix = _QUOTED_INSIDE
    return InputError(Diagnostic(CONFIG_UNREADABLE, at=found.where, what=what, fix=fix))
