"""What overlays need of boards, written down: to hold boards against overlays of other people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from dtovl._version import __version__
from dtovl.checks.relied import Device, Kind, Need, Use, needs_of, rank
from dtovl.codes.compat import NEEDS_UNUSABLE
from dtovl.matrix.config import prefix_of
from dtovl.matrix.foreign import parse, refusal
from dtovl.matrix.inputs import Reader
from dtovl.matrix.plan import make_plan
from dtovl.model.dialect import DIALECTS, KERNELS
from dtovl.model.limits import MAX_BASELINE_BYTES, MAX_DEPTH
from dtovl.overlay.fragments import Overlay

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from dtovl.matrix.config import Config
    from dtovl.matrix.tasks import Source

SCHEMA = "dtovl-needs/1"

_KINDS = get_args(Kind)
_MOST_USES = 5
_MOST_NUMBER = 0xFFFF_FFFF_FFFF_FFFF


class Recorded(NamedTuple):
    """A need of an overlay on a base; both are paths below the configuration's folder."""

    base: str
    overlay: str
    need: Need


def record(config: Config, progress: Callable[[int, int], None] = lambda done, whole: None) -> str:
    """Write down what the overlays of a configuration need of its bases, as they are.

    One need a line, sorted. Files that cannot be read are left out: `dtovl check` tells of them.
    Raises InputError as planning does.
    """
    plan = make_plan(config)
    prefix = prefix_of(config.folder)
    applier = DIALECTS[config.appliers[0]]
    dialect = KERNELS[config.kernel] if applier.kernel else applier
    reader = Reader()
    overlays: dict[Source, Overlay | None] = {}
    found: list[Recorded] = []
    for number, task in enumerate(plan.tasks):
        progress(number, len(plan.tasks))
        tree = reader.input(task.base).tree
        if tree is None:
            continue
        base = task.base.path.removeprefix(prefix)
        for source in task.overlays:
            if source not in overlays:
                read = reader.input(source).tree
                overlays[source] = None if read is None else Overlay(read, source.path)
            overlay = overlays[source]
            if overlay is not None:
                needs = needs_of(overlay, tree, dialect)
                name = source.path.removeprefix(prefix)
                found.extend(Recorded(base, name, need) for need in needs)
        tree.dissolve()
    return write_needs(found)


def write_needs(recorded: Collection[Recorded]) -> str:
    """Write a list of needs as JSON: one a line, sorted."""
    lines = (json.dumps(_as_plain(one)) for one in sorted(recorded, key=_order))
    listed = ",\n    ".join(lines)
    needs = f"[\n    {listed}\n  ]" if recorded else "[]"
    head = f'"schema": {json.dumps(SCHEMA)},\n  "version": {json.dumps(__version__)}'
    return f'{{\n  {head},\n  "needs": {needs}\n}}\n'


def _order(one: Recorded) -> tuple[object, ...]:
    return one.base, one.overlay, *rank(one.need)


def _as_plain(one: Recorded) -> dict[str, object]:
    need = one.need
    plain: dict[str, object] = {"base": one.base, "overlay": one.overlay, "kind": need.kind}
    plain["anchor"] = need.anchor
    if need.below:
        plain["below"] = need.below
    if need.kind == "cells":
        plain["property"] = need.name
        plain["cells"] = need.cells
    was: dict[str, object] = {"path": need.was.path}
    if need.was.labels:
        was["labels"] = need.was.labels
    if need.was.compatible:
        was["compatible"] = need.was.compatible
    if need.was.address is not None:
        was["address"] = need.was.address
    uses = [":".join(filter(None, use[:2])) for use in need.uses[:_MOST_USES]]
    return {**plain, "was": was, "uses": uses}


# -- reading ---------------------------------------------------------------------------------------


def read_needs(text: str, name: str) -> dict[str, list[Recorded]]:
    """Read a list of needs, whoever wrote it; give them by base. name is what messages call it.

    Raises InputError (DT659).
    """
    document = parse(text, name, NEEDS_UNUSABLE, MAX_BASELINE_BYTES)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise refusal(NEEDS_UNUSABLE, name, f"it has no schema {SCHEMA}")
    needs = document.get("needs")
    if not isinstance(needs, list):
        raise refusal(NEEDS_UNUSABLE, name, "it has no list `needs`")
    found: list[Recorded] = []
    for number, plain in enumerate(needs, 1):
        try:
            found.append(_recorded(plain))
        except ValueError as error:
            raise refusal(NEEDS_UNUSABLE, name, f"{error} of need {number}") from error
    by_base: dict[str, list[Recorded]] = {}
    for one in sorted(set(found), key=_order):
        by_base.setdefault(one.base, []).append(one)
    return by_base


def _recorded(plain: Any) -> Recorded:
    """Read one need. Raises ValueError with what is wrong."""
    if not isinstance(plain, dict):
        raise ValueError("the whole")
    base, overlay, kind, anchor = (
        _text(plain.get(key), f"`{key}`") for key in ("base", "overlay", "kind", "anchor")
    )
    if kind not in _KINDS:
        raise ValueError("`kind`")
    below = tuple(_texts(plain.get("below", []), "`below`"))
    if len(below) > MAX_DEPTH or (kind == "absent" and not below):
        raise ValueError("`below`")
    counted = kind == "cells"
    name = _text(plain.get("property"), "`property`") if counted else ""
    cells = _number(plain.get("cells"), "`cells`") if counted else None
    was = plain.get("was")
    if not isinstance(was, dict):
        raise ValueError("`was`")
    address = None if was.get("address") is None else _number(was["address"], "`address`")
    device = Device(
        _text(was.get("path"), "`path`"),
        tuple(_texts(was.get("labels", []), "`labels`")),
        tuple(_texts(was.get("compatible", []), "`compatible`")),
        address,
    )
    uses = tuple(_uses(plain.get("uses", [])))
    return Recorded(base, overlay, Need(kind, anchor, below, name, cells, device, uses))  # type: ignore[arg-type]


def _uses(plain: Any) -> Iterator[Use]:
    for text in _texts(plain, "`uses`")[:_MOST_USES]:
        path, colon, key = text.rpartition(":")
        yield Use(path, key) if colon else Use(text)


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(what)
    return value


def _texts(value: Any, what: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(what)
    return value


def _number(value: Any, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_NUMBER:
        raise ValueError(what)
    return value
