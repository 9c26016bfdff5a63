"""#include and #define in devicetree source: the one door to preprocessors, built in or external.

The built-in one is pcpp, a C preprocessor in Python, with its habits changed: files come from a
callable and only from the roots, nothing is printed, nothing is predefined but __DTS__, __LINE__
and __COUNTER__, work is bounded, and the result keeps its lines and columns as far as macros let
it, with line markers where they jump. The external one is trusted with the machine.

Importing this module imports pcpp, which takes longer than to read a small tree.
"""

from __future__ import annotations

import re
from copy import copy
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pcpp import OutputDirective, Preprocessor

from dtovl.codes.compiled import EXTERNAL_CPP, PREPROCESSOR, PREPROCESSOR_WARNING
from dtovl.codes.source import SOURCE_LIMIT
from dtovl.diagnostics import Diagnostic, Location, Note
from dtovl.dts.conditions import condition
from dtovl.dts.cppwords import lines
from dtovl.dts.includes import Files, folder_of
from dtovl.dts.lexer import file_name, marked_file
from dtovl.errors import InputError
from dtovl.model import limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from dtovl.codes.base import Code
    from dtovl.diagnostics import Sink

_KNOWN = frozenset(
    (
        *("include", "define", "undef", "ifdef", "ifndef", "if", "elif", "else", "endif"),
        *("error", "warning", "pragma", "line"),
    )
)

# Searching for the end of arguments over this many tokens is one step of work.
_TOKENS_A_STEP = 64

# From this length on tokens are cut at line ends before their macros are replaced.
_LONG = 200

# Empty lines are written out up to this number, instead of a line marker.
_BLANK_LINES = 8

_MARKER = re.compile(r'#(?:line)?[ \t]+(\d{1,9})(?:[ \t]+"((?:[^\\"]|\\.)*)")?[ \t\d]*$')

_CPP_SECONDS = 60
_CPP_MESSAGE = re.compile(
    r"^(.+?):(\d+)(?::(\d+))?: (?:fatal )?(error|warning): (.*)$", re.MULTILINE
)

# What pcpp raises on text that it does not foresee, such as a directive without its arguments.
_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
)

# pcpp replaces trigraphs, which cpp does not. This stands between two ?; no file has a surrogate.
_SPLIT = "\ud8ff"


def preprocess(
    text: bytes,
    name: str,
    *,
    include_dirs: Sequence[str] = (),
    defines: Mapping[str, str] | None = None,
    read_file: Callable[[str], bytes | None] | None = None,
    roots: Iterable[str] | None = None,
    cpp: str | None = None,
    sink: Sink | None = None,
    originals: dict[str, bytes] | None = None,
) -> bytes:
    """Carry out the directives and macros of source as cpp -nostdinc -undef does for assembler.

    include_dirs are the folders of -I, defines macros and their text; __DTS__ is always defined.
    read_file gives the bytes of the file at a path, None if there is none. Paths outside of roots
    (the folder of the source and include_dirs, if not given) are refused. cpp names an external
    program to do it instead, with options if need be; it reads files on its own and without
    bounds. What was read is entered into originals by path. The result has line markers
    (`# 3 "file"`). #warning goes to sink.

    Raises InputError: DT027 to DT029 for files and bounds, DT041 for what is wrong in the text,
    DT043 for a program that fails.
    """
    macros = {"__DTS__": "1", **(defines or {})}
    if cpp is not None:
        return _external(cpp, text, name, include_dirs, macros, sink)
    files = Files(read_file, name, include_dirs, roots)
    known = {} if originals is None else originals
    known[name] = text
    machine = _Machine(files, sink, known)
    try:
        machine.set_up(macros)
        expanded = machine.run(name, text)
    except _FAILURES as error:
        raise InputError(machine.failure(name)) from error
    return expanded.replace(_SPLIT, "").encode("latin-1")


def with_originals(
    diagnostics: Iterable[Diagnostic], originals: Mapping[str, bytes]
) -> Iterator[Diagnostic]:
    """Show the line before macros were replaced, where that makes a difference.

    The column is that of the replaced text, so it is left out then.
    """
    for found in diagnostics:
        where = found.where
        if where is not None and where.file in originals:
            line = _line(originals[where.file], where.line)
            if line.strip() != found.excerpt.partition("\n")[0].strip():
                found.where = Location(where.file, where.line)
                note = Note(f"before macros were replaced: {line.strip()}", found.where)
                found.notes = (*found.notes, note)
        yield found


def _line(text: bytes, number: int) -> str:
    lines = text.split(b"\n", number)
    return lines[number - 1].decode("latin-1").rstrip() if 0 < number <= len(lines) else ""


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _carried(text: str) -> str:
    """Give text from outside (a path, a macro) as the text of a file holds it: UTF-8 as latin-1."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


class _Machine(Preprocessor):  # type: ignore[misc]  # pcpp has no types
    """pcpp with files, messages and bounds of our own."""

    def __init__(self, files: Files, sink: Sink | None, originals: dict[str, bytes]) -> None:
        super().__init__()
        self._files = files
        self._sink = sink
        self._originals = originals
        self._steps = 0
        self._bytes = 0
        self._includes = 0
        self._expanding: list[str] = []

    def set_up(self, macros: Mapping[str, str]) -> None:
        """Forget what pcpp predefines; define macros."""
        self.macros.clear()
        self.rewrite_paths: list[tuple[str, str]] = []
        self.expand_filemacro = False
        for name, value in macros.items():
            self.define(_carried(f"{name} {value}"))

    def run(self, name: str, text: bytes) -> str:
        """Give the preprocessed text of a file."""
        parts = []
        size = 0
        for part in _rendered(self._parsed(name, text, Location(name, 1))):
            parts.append(part)
            size += len(part)
            if size > limits.MAX_SOURCE_BYTES:
                where = Location(name, 1)
                self._stop(where, "bytes of source text", limits.MAX_SOURCE_BYTES)
        return "".join(parts)

    def _parsed(self, path: str, data: bytes, where: Location) -> Iterator[Any]:
        self._bytes += len(data)
        if self._bytes > limits.MAX_CPP_BYTES:
            self._stop(where, "bytes of text to preprocess", limits.MAX_CPP_BYTES)
        text = data.decode("latin-1").replace("??", f"?{_SPLIT}?")
        return self.parsegen(text, path, path)  # type: ignore[no-any-return]

    # -- messages ------------------------------------------------------------------------------

    def _diagnostic(self, code: Code, where: Location, **fields: Any) -> Diagnostic:
        line = _line(self._originals.get(where.file, b""), where.line)
        indent = len(line) - len(line.lstrip())
        excerpt = f"{line}\n{line[:indent]}^" if line else ""
        return Diagnostic(code, at=where, excerpt=excerpt, **fields)

    def _stop(self, where: Location, what: str, limit: int) -> None:
        raise InputError(self._diagnostic(SOURCE_LIMIT, where, what=what, limit=limit))

    def failure(self, name: str) -> Diagnostic:
        """Make the diagnostic for text that pcpp itself failed on."""
        last = self.lastdirective
        where = _place(last) if last is not None else Location(name, 1)
        what = f"#{last.value} cannot be carried out" if last is not None else "no C text"
        mend = "check that the directive is complete"
        return self._diagnostic(PREPROCESSOR, where, what=what, mend=mend)

    def on_error(self, file: str, line: int, msg: str) -> None:
        """Raise the error, where pcpp prints it."""
        where = Location(file, line)
        if not line and self.lastdirective is not None:
            where = _place(self.lastdirective)
        mend = "correct the directive or the macro"
        if msg.startswith("Unterminated"):
            msg, mend = "#if, #ifdef or #ifndef without #endif", "close it with #endif"
        elif msg.startswith("Misplaced"):
            mend = "remove it, or begin with the #if that it belongs to"
        what = msg.replace(_SPLIT, "")
        raise InputError(self._diagnostic(PREPROCESSOR, where, what=what, mend=mend))

    def on_directive_unknown(
        self, directive: Any, toks: Any, ifpassthru: Any, precedingtoks: Any
    ) -> bool | None:
        """Carry out #error and #warning, drop #pragma, let line markers pass."""
        text = "".join(token.value for token in toks).replace(_SPLIT, "")
        if directive.value == "error":
            mend = "see what the text asks for, and where the condition before it comes from"
            what = f"#error {text}".rstrip()
            raise InputError(
                self._diagnostic(PREPROCESSOR, _place(directive), what=what, mend=mend)
            )
        if directive.value == "warning" and self._sink is not None:
            found = self._diagnostic(PREPROCESSOR_WARNING, _place(directive), text=text)
            self._sink.diagnostics.append(found)
        return True if directive.value in ("warning", "pragma") else None

    # -- files ---------------------------------------------------------------------------------

    def include(self, tokens: Any, original_line: Any) -> Iterator[Any]:
        """Give the tokens of the file that #include names."""
        where = _place(self.lastdirective)
        name, beside = self._included_name(tokens, where)
        self._includes += 1
        if self.include_depth > limits.MAX_INCLUDE_DEPTH:
            self._stop(where, "files included in one another", limits.MAX_INCLUDE_DEPTH)
        if self._includes > limits.MAX_INCLUDES:
            self._stop(where, "included files", limits.MAX_INCLUDES)
        path, data = self._files.find(
            name, beside, "#include", lambda code, **fields: self._diagnostic(code, where, **fields)
        )
        # None stands for #pragma once, else it is the macro that guards the whole file.
        guard = self.include_once.get(path, "")
        if guard is not None and guard not in self.macros:
            self._originals.setdefault(path, data)
            yield from self._parsed(path, data, where)

    def _included_name(self, tokens: Any, where: Location) -> tuple[str, tuple[str, ...]]:
        """Give the name that #include asks for, and the files beside which to look for it."""
        text = "".join(token.value for token in tokens)
        match = re.match(r'"([^"]+)"|<([^>]+)>', text)
        if match is None:
            self.on_error(where.file, where.line, f'#include {text}: no file name in "" or <>')
            raise OutputDirective(0)
        name = file_name((match[1] or match[2]).replace(_SPLIT, ""))
        return name, (where.file,) if match[1] else ()

    # -- work ----------------------------------------------------------------------------------

    def group_lines(self, input: str, abssource: str) -> Iterator[Any]:
        """Give the lines of a file; `#name` that is no directive becomes one word of text.

        As cpp does for assembler: `#clock-cells = <CELLS>;` is text, with macros to replace.
        """
        for line in lines(input, abssource):
            words = [i for i, token in enumerate(line) if token.type not in self.t_WS][:2]
            if len(words) == 2 and line[words[0]].value == "#":
                first, second = words
                if line[second].type == self.t_ID and line[second].value not in _KNOWN:
                    line[first].value = "".join(t.value for t in line[first : second + 1])
                    del line[first + 1 : second + 1]
            yield line

    def expand_macros(self, tokens: Any, expanding_from: list[str] | None = None) -> Any:
        """Replace macros, within the bound on work.

        pcpp asks for the arguments of a call without saying inside of which macros the call is;
        these must not be replaced again there either, or two that hold each other never end.
        """
        outer = self._expanding
        self._expanding = outer if expanding_from is None else expanding_from
        try:
            return self._expanded(tokens)
        finally:
            self._expanding = outer

    def _expanded(self, tokens: Any) -> Any:
        self._steps += len(tokens) + 1
        if self._steps > limits.MAX_MACRO_STEPS:
            where = _place(tokens[0]) if tokens else Location("")
            self._stop(where, "steps of replacing macros", limits.MAX_MACRO_STEPS)
        if len(self._expanding) > limits.MAX_MACRO_DEPTH:
            where = _place(tokens[0]) if tokens else Location("")
            self._stop(where, "macros replaced inside of one another", limits.MAX_MACRO_DEPTH)
        if self._expanding or len(tokens) < _LONG:
            result = super().expand_macros(tokens, self._expanding)
            # Whoever asked looks at all of it once more.
            self._steps += len(result) // 2
            return result
        # pcpp hands over all lines between two directives, and moves them all for each macro.
        expanded: list[Any] = []
        for part in self._parts(tokens):
            expanded += super().expand_macros(part, [])
        return expanded

    def _parts(self, tokens: Any) -> Iterator[Any]:
        """Cut tokens at line ends that are not inside of the arguments of a macro."""
        depth = start = 0
        last = None
        for i, token in enumerate(tokens):
            value = token.value
            if value == "(":
                depth += 1
            elif value == ")":
                depth = max(depth - 1, 0)
            elif value == "\n" and not depth and (last is None or last.type != self.t_ID):
                yield tokens[start : i + 1]
                start = i + 1
            if not value.isspace():
                last = token
        yield tokens[start:]

    def evalexpr(self, tokens: Any) -> tuple[bool, None]:
        """Compute the condition of #if or #elif."""
        words = self._without_defined(tokens)
        words = self._without_defined(self.expand_macros(words))
        text = "".join(token.value for token in words)
        try:
            return condition(text), None
        except ValueError as error:
            where = _place(self.lastdirective)
            self.on_error(where.file, where.line, f"#if {text.strip()[:80]}: {error}")
            return False, None

    def _without_defined(self, tokens: Any) -> list[Any]:
        """Replace `defined NAME` and `defined (NAME)` by 0 or 1."""
        result = []
        words = iter(tokens)
        for token in words:
            if token.type != self.t_ID or token.value != "defined":
                result.append(token)
                continue
            name = _next_word(words)
            bracket = name == "("
            name = _next_word(words) if bracket else name
            if not name.isidentifier() or (bracket and _next_word(words) != ")"):
                where = _place(token)
                self.on_error(where.file, where.line, "`defined` without the name of a macro")
            number = copy(token)
            number.type = self.t_INTEGER
            number.value = f" {int(name in self.macros)} "
            result.append(number)
        return result

    def collect_args(self, tokenlist: Any, ignore_errors: bool = False) -> Any:
        """Collect the arguments of a macro; a search far ahead counts as work."""
        self._steps += len(tokenlist) // _TOKENS_A_STEP
        return super().collect_args(tokenlist, ignore_errors)

    def macro_expand_args(self, macro: Any, args: Any) -> Any:
        """Replace the parameters of a macro; what # and ## make into one word is bounded."""
        if macro.str_patch or any(kind == "t" for kind, _, _ in macro.patch):
            size = sum(len(token.value) for arg in args for token in arg)
            if size > limits.MAX_NAME_BYTES:
                where = _place(args[0][0]) if args[0] else Location("")
                self._stop(where, "bytes made into one word by # or ##", limits.MAX_NAME_BYTES)
        return super().macro_expand_args(macro, args)


def _next_word(words: Iterator[Any]) -> str:
    """Give the text of the next token that is no white space, nothing at the end."""
    return next((token.value for token in words if not token.value.isspace()), "")


def _place(token: Any) -> Location:
    return Location(token.source, token.lineno)


def _rendered(tokens: Iterator[Any]) -> Iterator[str]:
    """Write tokens as text, each on its line and, where no macro stood before, in its column."""
    file, line = "", 0
    moved: dict[str, tuple[str, int]] = {}
    for (source, number), group in groupby(tokens, lambda t: (t.source, t.lineno)):
        # A line end in a group is that of an argument, or of the same line of a file read twice.
        text = "".join([token.value for token in group]).replace("\n", " ").rstrip()
        if not text:
            continue
        if text.startswith("#"):
            marker = _MARKER.match(text)
            if marker is not None:
                name = moved.get(source, (source, 0))[0]
                if marker[2] is not None:
                    name = marked_file(marker[2])
                moved[source] = (name, int(marker[1]) - number - 1)
                continue
        wanted, shift = moved.get(source, (source, 0))
        target = number + shift
        if wanted == file and line <= target <= line + _BLANK_LINES:
            yield "\n" * (target - line)
        else:
            yield f'\n# {target} "{_carried(_escaped(wanted))}"\n'
        file, line = wanted, target
        yield text
    yield "\n"


# -- the external program ----------------------------------------------------------------------


def _external(
    program: str,
    text: bytes,
    name: str,
    include_dirs: Sequence[str],
    macros: Mapping[str, str],
    sink: Sink | None,
) -> bytes:
    """Have a program preprocess the text; it gets the name by a line marker before the text."""
    import shlex
    import subprocess

    options = ["-nostdinc", "-undef"]
    options += [f"-D{macro}={value}" for macro, value in macros.items()]
    options += ["-x", "assembler-with-cpp", "-iquote", folder_of(name)]
    options += [f"-I{folder}" for folder in include_dirs]
    data = f'#line 1 "{_escaped(name)}"\n'.encode("utf-8", "surrogateescape") + text
    try:
        result = subprocess.run(
            [*shlex.split(program), *options, "-"],
            input=data,
            capture_output=True,
            timeout=_CPP_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        reason = f"it took more than {_CPP_SECONDS} seconds"
        raise InputError(Diagnostic(EXTERNAL_CPP, program=program, reason=reason)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(Diagnostic(EXTERNAL_CPP, program=program, reason=reason)) from error
    messages = result.stderr.decode("utf-8", "replace")
    if result.returncode:
        raise InputError(*_errors(program, messages, result.returncode))
    if sink is not None:
        sink.diagnostics += _messages(messages, "warning", PREPROCESSOR_WARNING)
    if len(result.stdout) > limits.MAX_SOURCE_BYTES:
        limit = limits.MAX_SOURCE_BYTES
        raise InputError(Diagnostic(SOURCE_LIMIT, what="bytes of source text", limit=limit))
    return result.stdout


def _messages(text: str, kind: str, code: Code) -> list[Diagnostic]:
    found = []
    for file, line, column, severity, message in _CPP_MESSAGE.findall(text):
        if severity == kind:
            where = Location(file, int(line), int(column or 0))
            short = message.removeprefix("#warning ")
            mend = "correct the text that the preprocessor names"
            found.append(Diagnostic(code, at=where, what=message, text=short, mend=mend))
    return found


def _errors(program: str, text: str, status: int) -> list[Diagnostic]:
    found = _messages(text, "error", PREPROCESSOR)
    if not found:
        last = text.strip().rpartition("\n")[2]
        reason = last or f"exit status {status}"
        found.append(Diagnostic(EXTERNAL_CPP, program=program, reason=reason))
    return found
