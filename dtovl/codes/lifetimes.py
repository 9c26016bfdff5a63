"""Scenario files of lifetimes (DT700 to DT719), and the rules that a run of one breaks (T001 to T022)."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity


def _bad(number: str, name: str, message: str, suggestion: str, explanation: str) -> Code:
    """Make the code of an error in a scenario file: nothing is simulated."""
    source = "dtovl, format of scenario files"
    return Code(number, name, Severity.ERROR, message, suggestion, source, explanation)


NOT_YAML = _bad("DT700", "scenario-not-yaml", "not valid YAML", "", "")
NOT_UTF8 = _bad("DT701", "scenario-not-utf8", "not UTF-8", "", "")
TOO_LARGE = _bad("DT702", "scenario-too-large", "{what}", "", "")
NO_MAPPING = _bad("DT703", "scenario-no-mapping", "{what} must be a mapping", "", "")
YAML_FEATURE = _bad("DT704", "scenario-yaml-feature", "{what} are not allowed", "", "")
DUPLICATE_KEY = _bad(
    "DT705", "scenario-key-twice", "duplicate key '{key}' (first at line {line})", "", ""
)
MISSING_KEY = _bad("DT706", "scenario-key-missing", "missing key '{key}'", "", "")
UNKNOWN_WORD = _bad("DT707", "scenario-unknown-word", "unknown {what} '{word}'{hint}", "", "")
VERSION = _bad(
    "DT708", "scenario-version", "format version {version} is not supported, expected 1", "", ""
)
WRONG_TYPE = _bad("DT709", "scenario-wrong-type", "'{key}' must be {wanted}", "", "")
NO_ACTORS = _bad("DT710", "scenario-no-actors", "'actors' must not be empty", "", "")
NOT_AN_ID = _bad("DT711", "scenario-not-an-id", "'{value}' is not a valid {what}", "", "")
DUPLICATE_ID = _bad("DT712", "scenario-id-twice", "duplicate {what} '{name}'{first}", "", "")
NOT_DECLARED = _bad("DT713", "scenario-not-declared", "unknown {what} '{name}'", "", "")
FIELD_MISSING = _bad("DT714", "scenario-field-missing", "verb '{verb}' needs {fields}", "", "")
FIELD_NOT_TAKEN = _bad("DT715", "scenario-field-not-taken", "verb '{verb}' takes {fields}", "", "")
WRONG_KIND = _bad("DT716", "scenario-wrong-kind", "{what} does not apply to kind '{kind}'", "", "")
NOT_ALLOCATED = _bad(
    "DT717", "scenario-not-allocated", "object '{name}' is used before it is allocated", "", ""
)
HOLD_TAKEN = _bad("DT718", "scenario-hold-taken", "hold '{name}' is {reason}", "", "")
WRONG_ORDER = _bad("DT719", "scenario-wrong-order", "event '{event}' {order}", "", "")
