"""Devicetree source, version 1, to a tree: what stands outside of all braces, and the way in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes.compiled import MISPLACED
from dtovl.codes.source import DUPLICATE_NODE, NO_VERSION, SOURCE_LIMIT, UNKNOWN_REFERENCE
from dtovl.dts.body import Body
from dtovl.dts.compile import compile_draft
from dtovl.dts.directives import needs_preprocessing
from dtovl.dts.draft import Draft, Repeated, WorkLimit
from dtovl.dts.expressions import Unexpected
from dtovl.dts.includes import Files
from dtovl.dts.lexer import END, NAMES, VALUES, Lexer
from dtovl.dts.messages import report_unexpected, resume
from dtovl.dts.places import Places
from dtovl.dts.suggest import missing_reference
from dtovl.dts.values import Abandoned, target_of
from dtovl.errors import InputError
from dtovl.model.limits import MAX_SOURCE_STEPS
from dtovl.model.node import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dtovl.codes.base import Code
    from dtovl.diagnostics import Sink
    from dtovl.dts.lexer import Token
    from dtovl.model.tree import Tree

_NODE = "a node (`/ {` or `&label {`)"


def read(
    text: bytes,
    name: str,
    *,
    read_file: Callable[[str], bytes | None] | None = None,
    include_dirs: Sequence[str] = (),
    defines: Mapping[str, str] | None = None,
    roots: Iterable[str] | None = None,
    cpp: str | None = None,
    symbols: bool = False,
    sink: Sink | None = None,
) -> Tree:
    """Read devicetree source as a person writes it: preprocess it if need be, then compile it.

    The preprocessor runs if there is a directive (#include, #define, #if, ...), or a name of
    defines occurs. read_file gives the bytes of the file at a path, None if there is none; all
    reading of files goes through it, but that of the external preprocessor cpp. For the others
    see read_source and preprocess.preprocess.

    Raises InputError (DT020 to DT048).
    """
    if not needs_preprocessing(text, defines or {}):
        return read_source(
            text,
            name,
            open_source=read_file,
            include_dirs=include_dirs,
            roots=roots,
            sink=sink,
            symbols=symbols,
        )
    from dtovl.dts.preprocess import preprocess, with_originals

    originals: dict[str, bytes] = {}
    expanded = preprocess(
        text,
        name,
        include_dirs=include_dirs,
        defines=defines,
        read_file=read_file,
        roots=roots,
        cpp=cpp,
        sink=sink,
        originals=originals,
    )
    try:
        return read_source(
            expanded,
            name,
            open_source=read_file,
            include_dirs=include_dirs,
            roots=roots,
            sink=sink,
            symbols=symbols,
        )
    except InputError as error:
        raise InputError(*with_originals(error.diagnostics, originals)) from error


def read_source(
    text: bytes,
    name: str,
    *,
    open_source: Callable[[str], bytes | None] | None = None,
    include_dirs: Sequence[str] = (),
    roots: Iterable[str] | None = None,
    sink: Sink | None = None,
    symbols: bool = False,
) -> Tree:
    """Read devicetree source that needs no preprocessing, and compile it as dtc does.

    name is shown in messages, and its folder is where included files are looked for first.
    open_source gives the bytes of the file at a path for /include/ and /incbin/, None if there is
    none; include_dirs are searched after the folder of the source. Paths outside of roots (that
    folder and include_dirs, if not given) are refused. symbols is dtc -@: `/__symbols__`, and a
    phandle for every labelled node. Source with /plugin/ gets `/__fixups__` and
    `/__local_fixups__`. Order and phandle numbers are those of dtc 1.8.1. Warnings go to sink.

    Raises InputError (DT020 to DT048) with up to 20 diagnostics.
    Source: dtc-parser.y, livetree.c, checks.c.
    """
    places = Places(sink)
    reader = _Reader(
        Lexer(text.decode("latin-1"), name, places, Files(open_source, name, include_dirs, roots)),
        places,
    )
    try:
        reader.read()
        places.stop()
        return compile_draft(reader.draft, places, reader.plugin, reader.reservations, symbols)
    except WorkLimit:
        found = places.diagnostic(
            SOURCE_LIMIT,
            reader.lexer.base + reader.lexer.offset,
            what="steps for deleted nodes and labels in several places",
            limit=MAX_SOURCE_STEPS,
        )
        raise InputError(*places.errors, found) from None


class _Reader:
    """Reads a source: version, memory reservations, nodes at the top level."""

    __slots__ = (
        "_begun",
        "_body",
        "_places",
        "_root_deleted",
        "draft",
        "lexer",
        "plugin",
        "reservations",
    )

    def __init__(self, lexer: Lexer, places: Places) -> None:
        self.lexer = lexer
        self.draft = Draft()
        self.plugin = False
        self.reservations: list[tuple[int, int]] = []
        self._places = places
        self._body = Body(lexer, self.draft, places)
        self._begun = False
        self._root_deleted: Token | None = None

    def read(self) -> None:
        """Read the whole text. Mistakes that can be passed over are left in places.

        Raises InputError for others.
        """
        self._guarded(self._headers)
        while True:
            end = self.lexer.peek(NAMES)
            if end.kind == END:
                break
            self._guarded(self._statement)
        if not self._begun:
            report_unexpected(self._places, end, _NODE)
        if self.draft.root in self.draft.deleted and self._root_deleted is not None:
            what, mend = "the root node is deleted for good", "delete the nodes below it instead"
            self._error(MISPLACED, self._root_deleted, what=what, mend=mend)

    def _guarded(self, step: Callable[[], None]) -> None:
        """Carry out a step; behind a mistake go on with the next statement."""
        try:
            step()
        except Unexpected as problem:
            report_unexpected(self._places, problem.token, problem.expected)
            self.lexer.back_to(problem.token)
        except Abandoned:
            pass
        else:
            return
        resume(self.lexer, inside=False)

    def _error(self, code: Code, token: Token, **fields: str) -> None:
        self._places.error(self._places.diagnostic(code, token.place, **fields))  # type: ignore[arg-type]

    # -- before the nodes ----------------------------------------------------------------------

    def _headers(self) -> None:
        """Read the version, as often as it is given, and `/plugin/`."""
        token = self.lexer.next(NAMES)
        if token.kind != "/dts-v1/":
            what = "nothing: the file is empty" if token.kind == END else str(token)
            raise InputError(self._places.diagnostic(NO_VERSION, token.place, found=what))
        self.plugin = self._body.plugin = self._rest_of_header()
        while True:
            token = self.lexer.peek(NAMES)
            if token.kind != "/dts-v1/":
                return
            self.lexer.next(NAMES)
            if self._rest_of_header() != self.plugin:
                self._error(
                    MISPLACED,
                    token,
                    what="the second /dts-v1/ does not agree with the first about /plugin/",
                    mend="write `/plugin/;` after both or after neither",
                )

    def _rest_of_header(self) -> bool:
        self._body.end_statement()
        if self.lexer.peek(NAMES).kind != "/plugin/":
            return False
        self.lexer.next(NAMES)
        self._body.end_statement()
        return True

    def _reservation(self, token: Token) -> None:
        if self._begun:
            self._error(
                MISPLACED,
                token,
                what="/memreserve/ stands behind a node",
                mend="move it up, between the version line and the first node",
            )
        numbers = self._body.values.number
        address = numbers(self.lexer.next(VALUES), "an address")
        size = numbers(self.lexer.next(VALUES), "a size")
        self.reservations.append((address, size))
        self._body.end_statement()

    # -- nodes ---------------------------------------------------------------------------------

    def _statement(self) -> None:
        """Read one statement outside of all braces."""
        labels = []
        token = self.lexer.next(NAMES)
        while token.kind == "label":
            labels.append(token.text)
            token = self.lexer.next(NAMES)
        match token.kind:
            case "/memreserve/":
                self._reservation(token)
            case "/" if not labels:
                self._root(token)
            case "ref":
                self._extend(token, labels)
            case "/delete-node/" | "/omit-if-no-ref/" if not labels:
                self._mark(token)
            case "/plugin/" | "/dts-v1/" if not labels:
                what = f"{token.text} stands behind other statements"
                self._error(MISPLACED, token, what=what, mend="move it to the head of the source")
                raise Abandoned
            case _:
                raise Unexpected(token, "`/memreserve/` or `&label {`" if labels else _NODE)

    def _brace(self) -> None:
        token = self.lexer.next(VALUES)
        if token.kind != "{":
            raise Unexpected(token, "`{`")

    def _root(self, token: Token) -> None:
        self._brace()
        fresh = not self._begun
        self._begun = True
        self.draft.deleted.discard(self.draft.root)
        self.draft.places[self.draft.root] = token.place
        self._body.read(self.draft.root, fresh)

    def _extend(self, token: Token, labels: list[str]) -> None:
        """Read a block that adds to a node, or begins a fragment of an overlay."""
        self._brace()
        reference = target_of(token)
        by_path = token.text.startswith("&{")
        target = None
        if self._begun and (labels or not (self.plugin and by_path)):
            target = self.draft.find(reference)
        self._begun = True
        fresh = target is None
        if target is None:
            target = self._new_target(token, reference, labels)
        elif labels:
            self.draft.add_labels(target, labels, fresh=False)
        self.draft.deleted.discard(target)
        self.draft.places[target] = token.place
        self._body.read(target, fresh)

    def _new_target(self, token: Token, reference: str, labels: list[str]) -> Node:
        """Begin a fragment; where that cannot be, report it and give a node that is not kept."""
        relative = not reference.startswith("/") and "/" in reference
        if not self.plugin or labels or relative:
            self._unknown(token, reference)
            return Node("")
        body = self.draft.orphan(reference)
        fragment = body.parent or body
        self.draft.places[fragment] = token.place
        written = self.draft.root.children.get(fragment.name)
        if written is not None and written is not fragment:
            # dtc numbers fragments without looking at those that are written out.
            first = self.draft.places[written]
            again = Repeated(DUPLICATE_NODE, fragment, fragment.name, token.place, first)
            self.draft.repeated.append(again)
        for key in fragment.properties:
            self.draft.places[fragment, key] = token.place
        return body

    def _unknown(self, token: Token, reference: str) -> None:
        # After a mistake the node may only be missing because it was passed over.
        if not self._places.errors or self._places.errors[-1].code is UNKNOWN_REFERENCE:
            reason, mend = missing_reference(self.draft, reference)
            self._error(UNKNOWN_REFERENCE, token, reference=token.text, reason=reason, mend=mend)

    def _mark(self, directive: Token) -> None:
        """Delete the node of a reference, or have it left out if nothing refers to it."""
        if not self._begun:
            raise Unexpected(directive, _NODE)
        token = self.lexer.next(NAMES)
        if token.kind != "ref":
            raise Unexpected(token, "a reference (`&label` or `&{/path}`)")
        node = self.draft.find(target_of(token))
        if node is None:
            self._unknown(token, target_of(token))
        elif directive.kind == "/omit-if-no-ref/":
            if node is self.draft.root:
                what, mend = "the root node cannot be left out", "name a node below it"
                self._error(MISPLACED, token, what=what, mend=mend)
            self.draft.omit.add(node)
        else:
            self._root_deleted = token if node is self.draft.root else self._root_deleted
            self.draft.delete(node)
        self._body.end_statement()
