"""What raises each code of a comparison of boards (DT65x)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support.blob import blob
from support.overlays import at, overlay_content, overlay_of, to
from support.trees import Content, tree_of

from dtovl.checks.gaps import Reporter, gaps_of
from dtovl.checks.relied import needs_of
from dtovl.codes import find_code
from dtovl.matrix.compat import compare
from dtovl.matrix.config import Config, Files
from dtovl.matrix.earlier import of_folder
from dtovl.matrix.gitobjects import GitTree
from dtovl.matrix.recorded import read_needs
from dtovl.model.dialect import LIBFDT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dtovl.diagnostics import Sink

OLD: Content = {
    "compatible": "acme,board",
    "soc": {"compatible": "simple-bus", "#gpio-cells": 2, "phandle": 1, "leds": {}},
    "__symbols__": {"soc": "/soc"},
}


def _gap(change: Callable[[Any], None], by_path: bool = False) -> Callable[[Sink, Path], None]:
    """Change the board, and report what an overlay on /soc lacks."""

    def raise_it(sink: Sink, _: Path) -> None:
        inside: Content = {"leds": {"status": "okay"}, "new": {"x": 1}}
        fixups: dict[str, str | bytes | tuple[str, ...]] = {
            "soc": "/fragment@0/__overlay__/user:gpios:0"
        }
        inside["user"] = {"gpios": [0xFFFFFFFF, 1, 1]}
        fragment = at("/soc", inside) if by_path else to("soc", inside)
        overlay = overlay_of(fragment, name="x.dtbo", fixups=fixups)
        content: Any = {**OLD, "soc": {**OLD["soc"]}, "__symbols__": {"soc": "/soc"}}  # type: ignore[dict-item]
        change(content)
        now = tree_of(content)
        needs = needs_of(overlay, tree_of(OLD), LIBFDT)
        Reporter(now, "a.dtb", LIBFDT).report(gaps_of(needs, now, LIBFDT), "x.dtbo", sink)

    return raise_it


def _rename(content: Any) -> None:
    content["bus"] = content.pop("soc")
    content["__symbols__"]["soc"] = "/bus"


def _compared(sink: Sink, folder: Path, old: Content, new: Content | None) -> None:
    """Compare two folders, and put what comes of it into a sink."""
    overlay = blob(
        overlay_content(to("soc", {"x": 1}), symbols={"taken": "/fragment@0/__overlay__"})
    )
    for name, board in (("old", old), ("new", new)):
        (folder / name).mkdir()
        if board is not None:
            (folder / name / "a.dtb").write_bytes(blob(board))
        (folder / name / "x.dtbo").write_bytes(overlay)
    config = Config("", str(folder / "new"), (Files(("*.dtb",)),), (Files(("*.dtbo",)),))
    config = config._replace(appliers=("linux",))
    compared = compare(config, of_folder(str(folder / "old"), config.folder), {})
    found = [one for result in compared.results for _, one in result.inputs]
    found += [one for result in compared.results for case in result.cases for one in case.findings]
    for one in found:
        code = find_code(one.code)
        assert code is not None
        sink.report(code._replace(message="{what}", suggestion=""), what=one.message)


RAISED: dict[str, Callable[[Sink, Path], Any]] = {
    "DT650": _gap(lambda board: board["__symbols__"].clear()),
    "DT651": _gap(_rename, by_path=True),
    "DT652": _gap(lambda board: board["soc"].pop("leds")),
    "DT653": _gap(lambda board: board["soc"].update({"#gpio-cells": 3})),
    "DT654": _gap(lambda board: board["soc"].update(compatible="acme,bus")),
    "DT655": lambda sink, folder: _compared(sink, folder, OLD, None),
    "DT656": lambda sink, folder: _compared(
        sink, folder, OLD, {**OLD, "__symbols__": {"soc": "/soc", "taken": "/soc"}}
    ),
    "DT657": lambda _, folder: GitTree("main", str(folder)),
    "DT658": _gap(lambda board: board["soc"].update(new={})),
    "DT659": lambda *_: read_needs("{}", "needs.json"),
}
