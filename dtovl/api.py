"""What the library offers to programs: reading and writing trees by path, applying overlays."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal, NamedTuple

from dtovl.fdt.header import MAGIC_BYTES
from dtovl.files import (
    STANDARD_STREAM,
    is_directory,
    open_bytes,
    read_bytes,
    read_included,
    walk_directory,
    write_atomically,
)
from dtovl.inputs import Kind, from_directory, read_blob, recognise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dtovl.diagnostics import Sink
    from dtovl.errors import UsageError
    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome
    from dtovl.replay.result import Result
    from dtovl.replay.stream import Base

Format = Literal["dtb", "dts"]

STANDARD_INPUT = "<stdin>"
"""What messages call standard input."""


def load(
    source: str | os.PathLike[str] | bytes,
    *,
    name: str | None = None,
    form: Format | None = None,
    include_dirs: Sequence[str | os.PathLike[str]] = (),
    defines: Mapping[str, str] | None = None,
    cpp: str | None = None,
    symbols: bool = True,
    sink: Sink | None = None,
    included: Callable[[str], object] | None = None,
    read_file: Callable[[str], bytes | None] = read_included,
) -> Tree:
    """Read a tree from a file, a folder such as /proc/device-tree, or bytes.

    A file or bytes may be a blob (also gzip-compressed) or source; the content decides, unless
    form says what it has to be. `-` is standard input. name is what messages call it: the path
    if not given. For source: include_dirs are searched for included files, which must lie there
    or beside the source; defines are macros; cpp is a program to preprocess with, for trusted
    source only; symbols is `dtc -@`, which overlays need of a base. Warnings go to sink;
    included is called with the path of each file that source includes, but not by way of cpp;
    read_file gives the bytes of such a file, None where there is none.

    Raises InputError (DT001 to DT048).
    """
    if isinstance(source, bytes):
        data, shown = source, name or "<bytes>"
    else:
        path = os.fspath(source)
        shown = name or (STANDARD_INPUT if path == STANDARD_STREAM else path)
        if is_directory(path):
            return from_directory(walk_directory(path), shown, sink)
        data = read_bytes(path)
    # What begins as a blob is one, or an image of blobs, which reading tells as well.
    blob = form == "dtb" or (form is None and data.startswith(MAGIC_BYTES))
    if blob or (form is None and recognise(data) is not Kind.DTS):
        return read_blob(data, shown, sink)
    from dtovl.dts.reader import read

    def read_one(path: str) -> bytes | None:
        content = read_file(path)
        if included is not None and content is not None:
            included(path)
        return content

    return read(
        data,
        shown,
        read_file=read_one,
        include_dirs=[os.fspath(folder) for folder in include_dirs],
        defines=defines,
        cpp=cpp,
        symbols=symbols,
        sink=sink,
    )


def dump(
    tree: Tree,
    path: str | os.PathLike[str] | None = None,
    *,
    form: Format = "dtb",
    padding: int | None = None,
    force: bool = False,
    inputs: Iterable[str | os.PathLike[str]] = (),
    sink: Sink | None = None,
) -> bytes | None:
    """Write a tree as a blob of version 17, or as source; without path give the bytes.

    padding is the number of bytes to leave behind the blob for later overlays; None keeps what
    the tree's own blob had. The file appears in one step, whole. inputs are files that must not be
    overwritten without force. What source cannot say goes to sink.

    Raises InputError (DT012, DT013).
    """
    data = _dumped(tree, form, padding, sink)
    if path is None:
        return data
    write_atomically(path, data, force=force, inputs=inputs)
    return None


def apply_overlay(
    tree: Tree,
    overlay: Tree,
    *,
    applier: Literal["libfdt", "linux"] = "libfdt",
    name: str = "overlay",
    base: str = "base",
    sink: Sink | None = None,
) -> Outcome:
    """Apply an overlay to a tree as a boot loader (libfdt) or the running kernel (linux) does.

    The outcome tells whether it applies, and the error if not; then the tree is as before.
    `remove_overlay(tree, outcome)` takes the overlay out again. The overlay is not changed. sink
    takes what there is to say: why it was refused, what it does without use, what the other
    applier makes of it. name and base are what messages call overlay and tree.

    Raises UsageError (DT063) for an applier that is none.
    """
    from dtovl.model.dialect import DIALECTS
    from dtovl.overlay.apply import apply_overlay as apply_one
    from dtovl.overlay.fragments import Overlay

    dialect, parts = DIALECTS.get(applier), Overlay(overlay, name)
    if dialect is None:
        from dtovl.codes.usage import UNKNOWN_APPLIER
        from dtovl.diagnostics import Diagnostic
        from dtovl.errors import UsageError

        known = ", ".join(DIALECTS)
        raise UsageError(Diagnostic(UNKNOWN_APPLIER, applier=repr(applier), known=known))
    if sink is None:
        outcome = apply_one(tree, parts, dialect)
    else:
        from dtovl.checks.verdicts import apply_checked

        result = apply_checked(tree, [parts], dialect, base=base)
        sink.diagnostics.extend(result.findings)
        outcome = result.stack.outcomes[0]
    if outcome.applies:
        tree.applied.append(outcome)
    return outcome


class Removal(NamedTuple):
    """What came of a removal.

    error is "" when the overlay is out of the tree, else `-EBUSY`, and the tree is as before;
    blockers are the outcomes of later overlays in the way, newest first; lines are what the kernel
    prints.
    """

    error: str
    blockers: list[Outcome]
    lines: tuple[str, ...]

    @property
    def removed(self) -> bool:
        """Tell whether the overlay is out of the tree."""
        return not self.error


def remove_overlay(tree: Tree, outcome: Outcome, *, sink: Sink | None = None) -> Removal:
    """Take an overlay out of a tree again, as the running kernel does it.

    outcome is what apply_overlay gave for this tree. The kernel refuses while a later overlay has
    a change at, above or below a node of this one; others may be removed in any order. What was
    there before comes back, byte for byte. An overlay that was applied as by libfdt is taken out by
    the same rule, though no boot loader does that. sink takes what there is to say.

    References, devices, listeners and leaks are those of a Session, or of `dtovl run`.

    Raises UsageError (DT064) when the overlay is not in force in this tree.
    Source: kernel of_overlay_remove, overlay_removal_is_ok.
    """
    # Reverting the changeset takes an overlay out, too; then it has been forgotten here.
    tree.applied = [one for one in tree.applied if _in_force(one)]
    number = next((at for at, one in enumerate(tree.applied, 1) if one is outcome), 0)
    if not number:
        from dtovl.codes.usage import OVERLAY_NOT_IN_FORCE
        from dtovl.diagnostics import Diagnostic
        from dtovl.errors import UsageError

        name = outcome.overlay.name
        raise UsageError(Diagnostic(OVERLAY_NOT_IN_FORCE, overlay=name))
    removal = _refused_removal(tree, number, sink)
    if removal is None:
        outcome.changeset.revert(tree)
        # What it found when it was applied counts no longer if others have come or gone since.
        tree.restore_largest(None)
        del tree.applied[number - 1]
        removal = Removal("", [], ())
    return removal


def _in_force(outcome: Outcome) -> bool:
    return not outcome.changeset.entries or outcome.changeset.applied > 0


def _refused_removal(tree: Tree, number: int, sink: Sink | None) -> Removal | None:
    """Say why an overlay, counted from 1, stays; None when nothing is in the way."""
    from dtovl.checks.blocking import Overlaps

    stack = tree.applied
    blocked = Overlaps([one.changeset.entries for one in stack]).blocked(number)
    if blocked is None:
        return None
    first = blocked.first
    lines = (
        f"OF: overlay: node_overlaps_later_cs: #{number} overlaps with #{first.number} "
        f"@{first.path}",
        f"OF: overlay: overlay #{number} is not topmost",
    )
    if sink is not None:
        from dtovl.codes.live import NOT_TOPMOST

        sink.report(
            NOT_TOPMOST,
            path=first.path or "/",
            why=f"it {first.own}, and the later one {first.other}",
            kernel=lines,
            number=number,
            overlay=stack[number - 1].overlay.name,
            later=first.number,
            other=stack[first.number - 1].overlay.name,
        )
    return Removal("-EBUSY", [stack[one.number - 1] for one in blocked.newest], lines)


def replay_stream(
    log: str | os.PathLike[str] | bytes,
    base: str | os.PathLike[str] | bytes | Tree | None = None,
    *,
    policy: Literal["naive", "ignore", "preserve", "subtree-attach"] = "preserve",
    call: str | None = None,
) -> Result:
    """Replay what firmware, or user space, changed in a tree after a live partition migration.

    log is a file (`-`: standard input) or its bytes: a kernel log, hex dumps of work areas, ofdt
    writes, a drmgr log, an operation list; or bare work areas, whose call is named by call. base is
    the tree before: what load_base reads, or a Tree, which is changed; None: the tree is inferred
    from the log. The result tells what became of each node, and what was found; as_json() is what
    `dtovl migrate` writes.

    Raises InputError (PS201 to PS208; DT009, DT011), UsageError (DT065) for an unknown policy.
    """
    from dtovl.codes.replay import BY_NUMBER
    from dtovl.diagnostics import Diagnostic, Location
    from dtovl.errors import InputError
    from dtovl.replay import policies
    from dtovl.replay.read import read_stream
    from dtovl.replay.stream import Base

    if policy not in policies.POLICIES:
        raise _unknown_policy(policy, list(policies.POLICIES))
    if isinstance(log, bytes):
        name = "<bytes>"
        stream = read_stream(log, name, call)
    else:
        name = os.fspath(log)
        with open_bytes(name) as file:
            stream = read_stream(file, name, call)
    start = load_base(base) if isinstance(base, str | bytes | os.PathLike) else None
    if base is not None and start is None:
        start = Base(base, {})  # type: ignore[arg-type]
    problems = stream.problems
    if not problems:
        result = policies.replay_stream(stream, start, policy)
        if not result.problems:
            return result
        problems = result.problems
    raise InputError(
        *(
            Diagnostic(
                BY_NUMBER[one.code],
                at=Location(name, one.line or 0, one.column),
                what=one.message,
            )
            for one in problems
        )
    )


def load_base(source: str | os.PathLike[str] | bytes) -> Base:
    """Read the tree a replay starts from: blob, source, folder, or a listing of `lsprop -R`.

    Raises InputError (PS208).
    """
    from dtovl.errors import InputError
    from dtovl.replay.base import read_base, unreadable

    name = "<bytes>" if isinstance(source, bytes) else os.fspath(source)
    try:
        if isinstance(source, bytes):
            return read_base(source, name)
        if is_directory(name):
            return read_base(walk_directory(name), name)
        return read_base(read_bytes(name), name, read_file=read_included)
    except InputError as error:
        raise unreadable(name, error) from error


def _unknown_policy(policy: str, known: Sequence[str]) -> UsageError:
    from dtovl.codes.usage import UNKNOWN_POLICY
    from dtovl.diagnostics import Diagnostic
    from dtovl.errors import UsageError

    return UsageError(Diagnostic(UNKNOWN_POLICY, policy=repr(policy), known=", ".join(known)))


def _dumped(tree: Tree, form: Format, padding: int | None, sink: Sink | None) -> bytes:
    if form == "dts":
        from dtovl.dts.writer import write_source

        return write_source(tree, sink=sink).encode("latin-1")
    from dtovl.fdt.write import flatten

    return flatten(tree, padding=None if padding is None else bytes(padding))
