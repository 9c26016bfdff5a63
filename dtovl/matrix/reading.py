"""`dtovl.yaml` becomes a Config, or one error with everything that is wrong in it.

The file may come with a stranger's pull request: nothing in it leads out of its folder, and reading
it is bounded in every way.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dtovl.codes import all_codes
from dtovl.codes import config as codes
from dtovl.diagnostics import Diagnostic, Location
from dtovl.errors import InputError
from dtovl.matrix import config as made
from dtovl.matrix.bindingkeys import listed_bindings
from dtovl.matrix.document import read_document
from dtovl.matrix.globs import is_glob, node_glob
from dtovl.matrix.result import UNREADABLE
from dtovl.matrix.values import Values, shorten
from dtovl.matrix.words import ANY_BASE, BY_COMPATIBLE, FAIL_ON, SEVERITIES, fits_code
from dtovl.model.dialect import DIALECTS, KERNELS
from dtovl.model.limits import MAX_DIRECTORY_ENTRIES, MAX_OVERLAYS
from dtovl.yamlfile import Items, Map, Number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FILE_NAME = "dtovl.yaml"
"""What a configuration is called where none is named."""

MAX_RULES = 2_000
"""Most rules."""

MAX_CASES = 10_000_000
"""Most cases that `limits` may allow."""

KEYS = (
    *("bases", "overlays", "pairs", "stacks", "apart", "appliers", "kernel", "removal", "rules"),
    *("bindings", "expected", "baseline", "reports", "fail-on", "limits"),
)

_MACRO = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_config(text: str, name: str, folder: str) -> made.Config:
    """Read a configuration; folder is where its paths begin, name what messages call the file.

    Whether the files are there is not looked at. Raises InputError (DT600 to DT606) with a
    diagnostic for each mistake, in the order of their lines.
    """
    document = read_document(text, name)
    if not isinstance(document, Map):
        what = "it is empty" if document is None else "it is no mapping of keys to values"
        at = Location(name, 1)
        raise InputError(Diagnostic(codes.CONFIG_UNREADABLE, at=at, what=what))
    reader = _Reader(name, document, folder)
    config = reader.config(name, folder)
    if reader.values.problems:
        raise InputError(
            *sorted(reader.values.problems, key=lambda one: one.where.line if one.where else 0)
        )
    return config


class _Reader:
    """Reads the keys of one document."""

    def __init__(self, name: str, document: Map, folder: str) -> None:
        self.values = Values(name)
        self._prefix = made.prefix_of(folder)
        self._top = self.values.mapping(document, "", 1, KEYS)

    def config(self, path: str, folder: str) -> made.Config:
        """Give what the document says."""
        values, top = self.values, self._top
        bases, overlays = tuple(self._listed("bases")), tuple(self._listed("overlays"))
        pairings, by_compatible = self._pairs()
        stacks = tuple(self._stacks())
        self._want_files("bases", bases, pairings, stacks)
        self._want_files("overlays", overlays, pairings, stacks)
        limits = self._limits()
        return made.Config(
            path,
            folder,
            bases,
            overlays,
            pairings,
            by_compatible,
            stacks,
            tuple(self._apart()),
            self._appliers(),
            self._word("kernel", {one: one for one in KERNELS}, next(iter(KERNELS))),
            values.flag(top, "removal", False),
            tuple(self._rules()),
            tuple(self._expected(stacks)),
            self._path("baseline"),
            tuple(self._reports()),
            self._word("fail-on", FAIL_ON, FAIL_ON["error"]),
            limits,
            bindings=tuple(listed_bindings(values, top)),
        )

    # -- files -----------------------------------------------------------------------------------

    def _listed(self, key: str) -> Iterator[made.Files]:
        """Give the entries of `bases` or `overlays`."""
        for entry, line in self._entries(key):
            if not isinstance(entry, Map):
                text = self.values.text(entry, key, line, "a path or glob, or a list of such")
                glob = self.values.below(text, key, line) if text else ""
                if glob:
                    yield made.Files((glob,), line=line)
                continue
            known = ("files", "except", "include", "define")
            mapping = self.values.mapping(entry, key, line, known)
            globs = self._globs(mapping, "files", required=f"an entry of `{key}`")
            include = tuple(self._prefix + path for path in self._globs(mapping, "include"))
            excluded = self._globs(mapping, "except")
            defines = tuple(self._defines(mapping))
            if globs:
                yield made.Files(globs, include, defines, line, excluded)

    def _defines(self, mapping: Map) -> Iterator[tuple[str, str]]:
        given = mapping.get("define")
        if given is None:
            return
        line = mapping.lines["define"]
        if not isinstance(given, Map):
            self.values.wrong(line, "define", "a mapping of macros to values", given)
            return
        for name, value in given.items():
            at = given.lines[name]
            if not _MACRO.fullmatch(name):
                wanted = "names of macros (letters, digits, _)"
                self.values.wrong(at, "define", wanted, name)
            elif value is None:
                yield name, "1"  # as `cpp -D NAME`
            elif isinstance(value, str | Number):
                yield name, str(value)
            else:
                self.values.wrong(at, f"define: {name}", "text or a number", value)

    def _globs(
        self, mapping: Map, key: str, required: str = "", wanted: str = "a path or glob"
    ) -> tuple[str, ...]:
        """Give the globs under a key; noted when it is required, by what, and not there."""
        if mapping.get(key) is None:
            if required:
                self._missing(mapping, key, required, wanted)
            return ()
        line = mapping.lines[key]
        found = self.values.files(mapping[key], key, line)
        if required and mapping[key] == []:
            self._missing(mapping, key, required, wanted)
        return found

    def _missing(self, mapping: Map, key: str, where: str, wanted: str) -> None:
        line = mapping.lines.get(key, mapping.line)
        self.values.note(codes.KEY_MISSING, line, where=where, key=key, wanted=wanted)

    def _want_files(
        self,
        key: str,
        listed: tuple[made.Files, ...],
        pairings: Iterable[made.Pairing],
        stacks: Iterable[made.StackRule],
    ) -> None:
        """Note that nothing at all says which files are bases, or overlays."""
        named = any(getattr(one, key) for one in (*pairings, *stacks))
        if not (listed or named or self.values.problems):
            wanted = f"the files that are {key}, as paths or globs"
            self._missing(self._top, key, "the configuration", wanted)

    # -- what goes with what ---------------------------------------------------------------------

    def _pairs(self) -> tuple[tuple[made.Pairing, ...], bool]:
        if self._top.get("pairs") is None:
            return (), True
        found = []
        by_compatible = False
        for entry, line in self._entries("pairs"):
            if entry == BY_COMPATIBLE:
                by_compatible = True
                continue
            if not isinstance(entry, Map):
                wanted = f"`{BY_COMPATIBLE}`, or a list of mappings with bases and overlays"
                hint = (
                    self.values.did_you_mean(entry, [BY_COMPATIBLE])
                    if isinstance(entry, str)
                    else ""
                )
                self.values.wrong(line, "pairs", wanted, entry, hint)
                continue
            mapping = self.values.mapping(entry, "pairs", line, ("bases", "overlays"))
            bases: tuple[str, ...] = ()
            if mapping.get("bases") != []:
                wanted = "the bases that the overlays are tried on, [] for none"
                bases = self._globs(mapping, "bases", "a pair", wanted)
            overlays = self._globs(mapping, "overlays", "a pair")
            found.append(made.Pairing(bases, overlays, line))
        return tuple(found), by_compatible

    def _stacks(self) -> Iterator[made.StackRule]:
        for entry, line in self._entries("stacks"):
            known = ("name", "bases", "overlays")
            mapping = self.values.mapping(entry, "stacks", line, known)
            if not isinstance(entry, Map):
                continue
            bases = self._globs(mapping, "bases", "a stack")
            wanted = "the overlays, in the order in which they are applied"
            overlays = self._globs(mapping, "overlays", "a stack", wanted)
            name = self._text(mapping, "name") or " + ".join(map(_stem, overlays))
            yield made.StackRule(name, bases, overlays, line)

    def _apart(self) -> Iterator[made.Apart]:
        for entry, line in self._entries("apart"):
            if not (isinstance(entry, Items) or (isinstance(entry, str) and is_glob(entry))):
                wanted = "a list of groups, each a list of overlays"
                self.values.wrong(line, "apart", wanted, entry)
                continue
            overlays = self.values.files(entry, "apart", line)
            if overlays:
                yield made.Apart(overlays, line)

    # -- how it is checked -----------------------------------------------------------------------

    def _appliers(self) -> tuple[str, ...]:
        known = {one: one for one in DIALECTS}
        default = next(iter(known))
        found = [
            self.values.choice(entry, "appliers", line, known, default)
            for entry, line in self._entries("appliers")
        ]
        return tuple(dict.fromkeys(found)) or (default,)

    def _rules(self) -> Iterator[made.Rule]:
        given = self._top.get("rules")
        if given is None:
            return
        if not isinstance(given, Map):
            wanted = "a mapping of numbers or names of findings to off, info, warning or error"
            self.values.wrong(self._top.lines["rules"], "rules", wanted, given)
            return
        if len(given) > MAX_RULES:
            self.values.wrong(
                self._top.lines["rules"], "rules", f"at most {MAX_RULES} rules", given
            )
            return
        for code, value in given.items():
            line = given.lines[code]
            self._want_code(code, line)
            if value is None:
                self._severity(value, code, line)
            for entry, at in self.values.each(value, line):
                yield self._rule(code, entry, at)

    def _rule(self, code: str, entry: Any, line: int) -> made.Rule:
        if not isinstance(entry, Map):
            return made.Rule(code, self._severity(entry, code, line), line=line)
        known = ("severity", "files", "nodes")
        mapping = self.values.mapping(entry, code, line, known)
        severity = None
        if mapping.get("severity") is None:
            self._missing(mapping, "severity", f"the rule for {code}", "off, info, warning, error")
        else:
            severity = self._severity(mapping["severity"], "severity", mapping.lines["severity"])
        files = self._globs(mapping, "files")
        nodes: tuple[str, ...] = ()
        if mapping.get("nodes") is not None:
            at = mapping.lines["nodes"]
            nodes = self.values.globs(mapping["nodes"], "nodes", at, node_glob, "node")
        return made.Rule(code, severity, files, nodes, line)

    def _severity(self, value: Any, key: str, line: int) -> int | None:
        return self.values.choice(value, key, line, SEVERITIES, None)

    def _want_code(self, rule: str, line: int) -> None:
        """Note a rule that fits no code."""
        if is_glob(rule) and not self.values.is_sound(rule, "rules", line):
            return
        if fits_code(rule, self._code_names):
            return
        hint = self.values.did_you_mean(rule, self._code_names)
        self.values.note(codes.RULE_UNKNOWN, line, rule=shorten(rule), hint=hint)

    def _expected(self, stacks: Iterable[made.StackRule]) -> Iterator[made.Expected]:
        names = {stack.name for stack in stacks}
        where = "an expected failure"
        for entry, line in self._entries("expected"):
            known = ("base", "overlay", "stack", "error", "reason")
            mapping = self.values.mapping(entry, "expected", line, known)
            if not isinstance(entry, Map):
                continue
            bases = self._globs(mapping, "base") or ANY_BASE
            overlays = self._globs(mapping, "overlay")
            stack = self._text(mapping, "stack")
            if overlays and stack:
                self.values.wrong(
                    mapping.lines["stack"], "stack", "left out where `overlay` stands", stack
                )
            elif not (mapping.get("overlay") or stack):
                self._missing(mapping, "overlay", where, "an overlay, or `stack` with a name")
            if stack and stack not in names:
                hint = self.values.did_you_mean(stack, sorted(names))
                wanted = "the name of a stack"
                self.values.wrong(mapping.lines["stack"], "stack", wanted, stack, hint)
            reason = self._text(mapping, "reason")
            if mapping.get("reason") is None:
                self._missing(mapping, "reason", where, "why it is right that this fails")
            error = self._error(mapping)
            yield made.Expected(bases, overlays, stack, error, reason, line)

    def _error(self, mapping: Map) -> str:
        error = self._text(mapping, "error")
        known = {name for dialect in DIALECTS.values() for name in dialect.errors.values()}
        names = {UNREADABLE, *known}
        if not error or error in names:
            return error
        names.update(self._code_names)
        if not fits_code(error, names):
            wanted = "an error such as FDT_ERR_NOTFOUND or -EINVAL, or a number or name of a code"
            hint = self.values.did_you_mean(error, sorted(names))
            self.values.wrong(mapping.lines["error"], "error", wanted, error, hint)
        return error

    @cached_property
    def _code_names(self) -> list[str]:
        return [name for code in all_codes() for name in (code.number, code.name)]

    # -- results ---------------------------------------------------------------------------------

    def _reports(self) -> Iterator[tuple[str, str]]:
        given = self._top.get("reports")
        line = self._top.lines.get("reports", 1)
        mapping = self.values.mapping(given, "reports", line, made.REPORTS)
        for form, value in mapping.items():
            at = mapping.lines[form]
            path = self.values.text(value, form, at, "the path of a file")
            if path and form in made.REPORTS:
                yield form, self._below(path, f"reports: {form}", at)

    def _limits(self) -> made.Limits:
        given = self._top.get("limits")
        line = self._top.lines.get("limits", 1)
        defaults = made.Limits()
        mapping = self.values.mapping(given, "limits", line, made.Limits._fields)
        number = self.values.number
        return made.Limits(
            number(mapping, "files", defaults.files, MAX_DIRECTORY_ENTRIES),
            number(mapping, "cases", defaults.cases, MAX_CASES),
            number(mapping, "stack", defaults.stack, MAX_OVERLAYS),
        )

    # -- values ----------------------------------------------------------------------------------

    def _entries(self, key: str) -> Iterator[tuple[Any, int]]:
        """Give the entries under a key of the document; a key without a value is as none."""
        return self.values.each(self._top.get(key), self._top.lines.get(key, 1))

    def _text(self, mapping: Map, key: str) -> str:
        value = mapping.get(key)
        return "" if value is None else self.values.text(value, key, mapping.lines[key])

    def _word(self, key: str, choices: dict[str, Any], default: Any) -> Any:
        value = self._top.get(key)
        if value is None:
            return default
        return self.values.choice(value, key, self._top.lines[key], choices, default)

    def _path(self, key: str) -> str:
        text = self._text(self._top, key)
        return self._below(text, key, self._top.lines[key]) if text else ""

    def _below(self, path: str, key: str, line: int) -> str:
        return self.values.below(path, key, line)


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]
