"""The bindings that commands about links read suppliers by: those of dtovl.yaml go first."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from dtovl.cli.matrix_config import outside, text_of
from dtovl.files import is_file, is_inside

if TYPE_CHECKING:
    from dtovl.model.supplierbindings import Bindings


def bindings_of(config: str | None) -> Bindings:
    """Give the bindings of the configuration that is named, else of the dtovl.yaml that is here.

    As `dtovl check` finds it; of the rest of the file nothing is looked at. Without a file there
    are those of the table.

    Raises InputError (DT009, DT011, DT600 to DT603, DT617).
    """
    from dtovl.matrix.reading import FILE_NAME
    from dtovl.model.supplierbindings import BINDINGS, Bindings

    name = config
    if name is None:
        if not is_file(Path(FILE_NAME)):
            return BINDINGS
        if not is_inside(FILE_NAME, os.curdir):
            raise outside(FILE_NAME)
        name = FILE_NAME
    from dtovl.matrix.bindingkeys import read_bindings

    more = read_bindings(text_of(name), name)
    return Bindings(more) if more else BINDINGS
