"""The configuration that `dtovl init-config` writes: what is there, and all that can be said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dtovl.matrix.config import prefix_of
from dtovl.matrix.globs import leads_outside
from dtovl.matrix.words import ANY_BASE, BY_COMPATIBLE, FAIL_ON, SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dtovl.matrix.config import Config, Expected, Files, Rule, StackRule
    from dtovl.model.supplierbindings import Binding

# What YAML reads as text in any place, and not as a number with another value.
_PLAIN = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./@+*?-]*")
_WORDS = frozenset({"true", "false", "null"})

_HEAD = """\
# What `dtovl check` does in this folder. Paths are relative to it, with `/`; none may lead out.
# Globs: * and ? stay within a name, ** crosses folders, [ab] and {a,b} choose; one that begins
# with a special character needs quotes. Where a list is wanted, a single text will do."""

_BASES = """\
# The boards: blobs (*.dtb) or source (*.dts). With more to say, an entry is a mapping:
#   - {files: boards/*.dts, except: boards/old-*.dts, include: [include], define: {REV: 2}}"""

_OVERLAYS = """\
# The overlays, in the same form."""

_PAIRS = """\
# Which overlay is tried on which base. `compatible`: an overlay goes with the bases that share a
# string of its root's `compatible`; one that has none, with the bases that have all labels and
# target nodes it wants. An entry of the list says it for its overlays instead, `bases: []` that
# they are not tried alone.
#   pairs:
#     - compatible
#     - {bases: boards/a*.dtb, overlays: [overlays/cam.dtbo, overlays/lcd-*.dtbo]}"""

_STACKS = """\
# Overlays that must work together, applied in this order.
#   stacks:
#     - name: display and camera
#       bases: boards/a.dtb
#       overlays: [overlays/lcd.dtbo, overlays/cam.dtbo]"""

_APART = """\
# Groups of which never two are used together: what they do to each other does not count.
#   apart:
#     - [overlays/lcd-*.dtbo]"""

_APPLIERS = """\
# Who applies them: libfdt (boot loaders, builds), linux (at run time); and which Linux."""

_REMOVAL = """\
# Take overlays out again as Linux does, and say what that leaves behind."""

_RULES = """\
# What findings weigh: off, info, warning, error, or default. By number or name (`dtovl explain
# --list`) or a glob over either; for some files or nodes only. The last rule that fits counts.
#   rules:
#     no-effect: off
#     'DT63*': info
#     DT130: {severity: error, files: overlays/prod-*.dtbo, nodes: /soc/**}"""

_BINDINGS = """\
# Properties of your own that name suppliers, for the rules about links; they go before those that
# dtovl knows. `*-lanes` is any name that ends so, `acme,lane-#` any that ends in a number.
#   bindings:
#     - {property: "acme,lanes", form: args, cells: "#acme,lane-cells", fw_devlink: on}"""

_EXPECTED = """\
# Failures that are right, with the reason; one that passes after all is a finding.
#   expected:
#     - base: boards/b.dtb
#       overlay: overlays/cam.dtbo             # or `stack:` with a name
#       error: FDT_ERR_NOTFOUND                # or a code; without, any
#       reason: board b has no camera connector"""

_BASELINE = """\
# Findings that are known and do not fail the check (`dtovl check --write-baseline FILE`)."""

_REPORTS = """\
# Reports to write besides: text, json, sarif, junit, github, markdown, html.
#   reports: {sarif: dtovl.sarif, html: dtovl.html}"""

_FAIL_ON = """\
# The least severity that fails the check: error, warning, info or never."""

_LIMITS = """\
# Bounds: files of a kind, cases, overlays in a stack."""


def commented(config: Config) -> str:
    """Write a configuration with every key explained; what it does not set stands in comments.

    Read back it gives the same values, whatever their lines; include folders that lead out of its
    folder, which no file can name, are left out.
    """
    files = _FilesForm(config.folder)
    baseline = config.baseline or "dtovl-baseline.json"
    blocks = (
        (_HEAD,),
        (_BASES, *_listed("bases", map(files.write, config.bases))),
        (_OVERLAYS, *_listed("overlays", map(files.write, config.overlays))),
        (_PAIRS, *_pairs(config)),
        (_STACKS, *_listed("stacks", map(_stack, config.stacks))),
        (_APART, *_listed("apart", (_list(group.overlays) for group in config.apart))),
        (_APPLIERS, f"appliers: {_list(config.appliers)}", f"kernel: {_text(config.kernel)}"),
        (_REMOVAL, f"removal: {str(config.removal).lower()}"),
        (_RULES, *_rules(config.rules)),
        (_BINDINGS, *_listed("bindings", map(_binding, config.bindings))),
        (_EXPECTED, *_listed("expected", map(_expected, config.expected))),
        (_BASELINE, f"{'' if config.baseline else '# '}baseline: {_text(baseline)}"),
        (_REPORTS, *_reports(config.reports)),
        (_FAIL_ON, f"fail-on: {_word(FAIL_ON, config.fail_on)}"),
        (_LIMITS, f"limits: {_mapping((k, str(v)) for k, v in config.limits._asdict().items())}"),
    )
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


class _FilesForm:
    """Writes entries of `bases` and `overlays`, with paths below a folder."""

    def __init__(self, folder: str) -> None:
        self._prefix = prefix_of(folder)

    def write(self, files: Files) -> str:
        """Write one entry: as text where it says no more than a glob."""
        below = [
            folder.removeprefix(self._prefix)
            for folder in files.include_dirs
            if folder.startswith(self._prefix)
        ]
        include = [folder for folder in below if not leads_outside(folder)]
        if len(files.globs) == 1 and not (files.excluded or include or files.defines):
            return _text(files.globs[0])
        entries = [("files", _some(files.globs))]
        if files.excluded:
            entries.append(("except", _some(files.excluded)))
        if include:
            entries.append(("include", _list(include)))
        if files.defines:
            values = _mapping((name, _text(value)) for name, value in files.defines)
            entries.append(("define", values))
        return _mapping(entries)


def _listed(key: str, entries: Iterable[str]) -> Iterator[str]:
    """Write a list under a key; nothing for an empty one."""
    lines = [f"  - {entry}" for entry in entries]
    if lines:
        yield f"{key}:"
        yield from lines


def _pairs(config: Config) -> Iterator[str]:
    if not config.pairings:
        yield f"pairs: {BY_COMPATIBLE if config.by_compatible else '[]'}"
        return
    yield "pairs:"
    if config.by_compatible:
        yield f"  - {BY_COMPATIBLE}"
    for pairing in config.pairings:
        bases = _some(pairing.bases)
        yield f"  - {_mapping([('bases', bases), ('overlays', _some(pairing.overlays))])}"


def _stack(stack: StackRule) -> str:
    entries = [("name", _text(stack.name)), ("bases", _some(stack.bases))]
    return _mapping([*entries, ("overlays", _list(stack.overlays))])


def _rules(rules: Iterable[Rule]) -> Iterator[str]:
    by_code: dict[str, list[str]] = {}
    for rule in rules:
        value = _word(SEVERITIES, rule.severity)
        if rule.files or rule.nodes:
            entries = [("severity", value)]
            if rule.files:
                entries.append(("files", _some(rule.files)))
            if rule.nodes:
                entries.append(("nodes", _some(rule.nodes)))
            value = _mapping(entries)
        by_code.setdefault(rule.code, []).append(value)
    if by_code:
        yield "rules:"
    for code, values in by_code.items():
        yield f"  {_text(code)}: {values[0] if len(values) == 1 else '[' + ', '.join(values) + ']'}"


def _binding(binding: Binding) -> str:
    entries = [("property", _text(binding.name)), ("form", binding.form)]
    if binding.cells:
        entries.append(("cells", _text(binding.cells)))
    if binding.fallback is not None:
        entries.append(("fallback", str(binding.fallback)))
    entries.append(("fw_devlink", binding.strength))
    if binding.names:
        entries.append(("names", _text(binding.names)))
    return _mapping([*entries, ("kind", _text(binding.kind))])


def _expected(expected: Expected) -> str:
    entries = []
    if expected.bases != ANY_BASE:
        entries.append(("base", _some(expected.bases)))
    if expected.stack:
        entries.append(("stack", _text(expected.stack)))
    else:
        entries.append(("overlay", _some(expected.overlays)))
    if expected.error:
        entries.append(("error", _text(expected.error)))
    return _mapping([*entries, ("reason", _text(expected.reason))])


def _reports(reports: Iterable[tuple[str, str]]) -> Iterator[str]:
    if reports:
        yield f"reports: {_mapping((form, _text(path)) for form, path in reports)}"


def _word(words: Mapping[str, object], value: object) -> str:
    return next(word for word, meant in words.items() if meant == value)


def _mapping(entries: Iterable[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in entries) + "}"


def _list(texts: Iterable[str]) -> str:
    return "[" + ", ".join(map(_text, texts)) + "]"


def _some(texts: Sequence[str]) -> str:
    """Write a list; of one text, the text."""
    return _text(texts[0]) if len(texts) == 1 else _list(texts)


def _text(text: str) -> str:
    """Write text so that YAML reads it as this text: without quotes where that is so."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return '"' + "".join(map(_character, text)) + '"'


def _character(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
