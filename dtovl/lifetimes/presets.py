"""Scenarios that come along: each system's typical mistakes, in a broken and a mended form."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_SUFFIX = ".yaml"


def names() -> list[str]:
    """List the presets as `<system>/<name>-broken` and `<system>/<name>-mended`, sorted."""
    return sorted(
        f"{system.name}/{file.name.removesuffix(_SUFFIX)}"
        for system in _folder().iterdir()
        if system.is_dir()
        for file in system.iterdir()
        if file.name.endswith(_SUFFIX)
    )


def load(name: str) -> bytes:
    """Load the scenario file of a preset. Raises KeyError for a name that `names` does not list."""
    if name not in names():
        raise KeyError(name)
    system, _, file = name.partition("/")
    return (_folder() / system / f"{file}{_SUFFIX}").read_bytes()


def _folder() -> Traversable:
    from importlib.resources import files  # 8 ms that only a preset is worth

    return files("dtovl.lifetimes") / "presets"
