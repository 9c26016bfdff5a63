"""Devicetree overlays checked before a board sees them: apply, explain, compare.

The names below are the public interface; each is imported when it is first used.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing itself would be a fifth of the start-up of `dtovl --version`
if TYPE_CHECKING:
    from dtovl.api import apply_overlay, dump, load, remove_overlay, replay_stream
    from dtovl.changeset import Changeset
    from dtovl.checks.conventions import check_tree
    from dtovl.diagnostics import Diagnostic
    from dtovl.errors import DtovlError
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.session.session import Session

__all__ = [
    "Changeset",
    "Diagnostic",
    "DtovlError",
    "Node",
    "Session",
    "Tree",
    "apply_overlay",
    "check_tree",
    "dump",
    "load",
    "remove_overlay",
    "replay_stream",
]

_HOMES = {
    "Changeset": "dtovl.changeset",
    "Diagnostic": "dtovl.diagnostics",
    "DtovlError": "dtovl.errors",
    "Node": "dtovl.model.node",
    "Session": "dtovl.session.session",
    "Tree": "dtovl.model.tree",
    "apply_overlay": "dtovl.api",
    "check_tree": "dtovl.checks.conventions",
    "dump": "dtovl.api",
    "load": "dtovl.api",
    "remove_overlay": "dtovl.api",
    "replay_stream": "dtovl.api",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used (PEP 562)."""
    if name == "__version__":
        from dtovl._version import __version__

        return __version__
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted({*globals(), *__all__})
