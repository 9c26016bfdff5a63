"""Results as JSON. Every document has `"schema": "dtovl-COMMAND/1"`; docs/json.md describes them.

Keys are added, never renamed or given another meaning. Output is the same for the same input.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dtovl.diagnostics import Diagnostic, Location


def document(command: str, content: dict[str, object]) -> str:
    """Write one JSON document, ending in a newline, in ASCII."""
    return json.dumps({"schema": f"dtovl-{command}/1", **content}, indent=2) + "\n"


def listing(document: Mapping[str, object]) -> str:
    """Write a document whose lists are long: each of their entries on a line of its own.

    The compact form of an entry is written in a tenth of the time of an indented one. Lists may be
    given as iterators, so that not all of their entries have to be there at once.
    """
    # Joined once, as the text of a large matrix is some 20 MB.
    parts = []
    comma = "{\n"
    for key, value in document.items():
        parts.append(f"{comma}  {json.dumps(key)}: ")
        comma = ",\n"
        if isinstance(value, list | Iterator):
            between = "[\n    "
            for entry in value:
                parts += between, json.dumps(entry)
                between = ",\n    "
            parts.append("[]" if between[0] == "[" else "\n  ]")
        else:
            parts.append(json.dumps(value))
    parts.append("\n}\n")
    return "".join(parts)


def document_pieces(
    command: str, content: dict[str, object], many: str, entries: Iterable[object]
) -> Iterator[str]:
    """Write a document piece by piece: entries are the list under the key many of content.

    The pieces make the text that document makes of them all, but only one entry is in memory. The
    list must not be empty; what content has under its key is not looked at.
    """
    marker = f'\n  "{many}": '
    head, tail = document(command, {**content, many: None}).split(f"{marker}null", 1)
    yield f"{head}{marker}["
    comma = ""
    for entry in entries:
        # No string of JSON has a line end in it.
        yield f"{comma}\n    " + json.dumps(entry, indent=2).replace("\n", "\n    ")
        comma = ","
    yield f"\n  ]{tail}"


def place(location: Location | None) -> dict[str, object] | None:
    """Give a place in source text; line and column count from 1, null when unknown."""
    if location is None:
        return None
    return {
        "file": location.file,
        "line": location.line or None,
        "column": location.column or None,
    }


def diagnostic(found: Diagnostic) -> dict[str, object]:
    """Give one finding; what it lacks is null, or an empty list."""
    return {
        "code": found.code.number,
        "name": found.code.name,
        "severity": found.severity.label,
        "path": found.path or None,
        "message": found.message,
        "location": place(found.where),
        "excerpt": found.excerpt or None,
        "why": found.why or None,
        "who": found.who or None,
        "notes": [{"text": note.text, "location": place(note.location)} for note in found.notes],
        "fix": found.fix or None,
        "kernel": list(found.kernel),
    }


def diagnostics(findings: Iterable[Diagnostic]) -> list[dict[str, object]]:
    """Give findings in the order given."""
    return [diagnostic(found) for found in findings]
