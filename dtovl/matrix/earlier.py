"""What boards were before: the files of a commit, or of a folder, called as they are called now."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from dtovl.files import read_bytes, read_included
from dtovl.matrix.listing import Listing

if TYPE_CHECKING:
    from dtovl.matrix.gitobjects import GitTree
    from dtovl.matrix.inputs import ReadFile, ReadIncluded


class Earlier(NamedTuple):
    """The files as they were. shown is how messages call them; listing has those of the folder.

    read and read_included take paths as they are opened now. What lies outside of the repository,
    or of the folder, is read as it is now: nobody knows what it was. loose: files need not lie
    where they lie now.
    """

    shown: str
    listing: Listing
    read: ReadFile
    read_included: ReadIncluded
    loose: bool


def of_commit(tree: GitTree) -> Earlier:
    """Give the files of a commit."""

    def read_old(path: str) -> bytes:
        return tree.read(path) if tree.covers(path) else read_bytes(path)

    def read_old_included(path: str) -> bytes | None:
        return tree.read_included(path) if tree.covers(path) else read_included(path)

    listing = Listing.of_paths(tree.paths())
    return Earlier(tree.shown, listing, read_old, read_old_included, loose=False)


def of_folder(there: str, folder: str) -> Earlier:
    """Give the files of a folder that holds what a folder of now held."""

    def moved(path: str) -> str:
        within = os.path.relpath(path, folder or os.curdir)
        outside = within.partition(os.sep)[0] == os.pardir
        return path if outside else os.path.join(there, within)  # noqa: PTH118 - plain strings

    return Earlier(
        there,
        Listing.of_folder(there),
        lambda path: read_bytes(moved(path)),
        lambda path: read_included(moved(path)),
        loose=True,
    )
