"""FIT images: blobs too, but containers of kernels and trees, no description of a board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.model.cells import text

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

_MOST_SHOWN = 8


def is_fit(tree: Tree) -> bool:
    """Tell a FIT image from a board (U-Boot doc/usage/fit: /images and /configurations)."""
    return {"images", "configurations"} <= tree.root.children.keys()


def maybe_fit(data: bytes) -> bool:
    """Tell at a glance whether a blob can be a FIT image, without reading it."""
    return b"\1images\0" in data and b"\1configurations\0" in data


def images_of(tree: Tree) -> list[tuple[str, str]]:
    """List name and type of the images inside a FIT image, in the order of their numbers."""
    return [(node.name, _type(node)) for node in tree.root.children["images"].children.values()]


def _type(node: Node) -> str:
    return text(node.properties.get("type", b"")) or "no type"


def looks(tree: Tree) -> str:
    """Say what a FIT image looks like, with the images inside."""
    images = images_of(tree)
    shown = ", ".join(f"{name} ({kind})" for name, kind in images[:_MOST_SHOWN])
    if len(images) > _MOST_SHOWN:
        shown += f" and {len(images) - _MOST_SHOWN} more"
    return "a FIT image (U-Boot) with " + (f"the images {shown}" if images else "no images")


def advice(tree: Tree, file: str) -> str:
    """Say how to take the first devicetree out of a FIT image."""
    for number, (name, kind) in enumerate(images_of(tree)):
        if kind == "flat_dt":
            from shlex import quote

            cut = f"dumpimage -T flat_dt -p {number} -o board.dtb {quote(file)}"
            return f"take {name} out: `{cut}`"
    return "no image in it is a devicetree (type flat_dt): give the blob of the board"
