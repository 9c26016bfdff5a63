"""Small repositories of boards and overlays: files in memory, or in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes.input import FILE_UNREADABLE
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError
from dtovl.matrix.listing import Listing
from dtovl.matrix.plan import Plan, make_plan
from dtovl.matrix.reading import read_config
from dtovl.matrix.survey import Surveyor
from support.blob import blob
from support.overlays import at, overlay_content, to
from support.trees import Content, strings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def board(*compatible: str, labels: Sequence[str] = (), nodes: Sequence[str] = ()) -> bytes:
    """Make a board with labels on nodes of their names, and more nodes."""
    content: Content = {}
    if compatible:
        content["compatible"] = strings(*compatible)
    for number, label in enumerate(labels):
        content[label] = {"phandle": number + 1}
    for name in nodes:
        content[name] = {"inner": {}}
    content["__symbols__"] = {label: f"/{label}" for label in labels}
    return blob(content)


def overlay(*wants: str, compatible: Sequence[str] = (), path: str = "") -> bytes:
    """Make an overlay that wants labels, and the node at a path."""
    parts = [to(label, {"x": 1}) for label in wants]
    if path:
        parts.append(at(path, {"x": 1}))
    content = overlay_content(*parts)
    if compatible:
        content["compatible"] = strings(*compatible)
    return blob(content)


class Repository:
    """Files in memory; opened lists what was read."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self.opened: list[str] = []

    def read(self, path: str) -> bytes:
        self.opened.append(path)
        if path not in self.files:
            raise InputError(Diagnostic(FILE_UNREADABLE, name=path, what="it is not there"))
        return self.files[path]

    def read_included(self, path: str) -> bytes | None:
        return self.files.get(path)

    def listing(self) -> Listing:
        return Listing.of_paths(self.files)

    def plan(self, text: str) -> Plan:
        """Make the plan of a configuration of these files."""
        config = read_config(text, "dtovl.yaml", "")
        return make_plan(config, self.listing(), Surveyor(self.read, self.read_included))

    def write(self, folder: Path) -> Path:
        for path, data in self.files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        return folder


def cases_of(plan: Plan) -> list[str]:
    """Write each case as `base: overlay overlay`, with the name of its stack before it."""
    found = []
    for task in plan.tasks:
        for case in task.cases:
            names = " ".join(task.overlays[index].path for index in case.overlays)
            name = f"{case.name} = " if case.name else ""
            found.append(f"{name}{task.base.path}: {names}")
    return found
