"""What a file or folder is, told by its content, and the tree in it where it is a blob."""

from __future__ import annotations

from dtovl.inputs.blob import describe, read_blob, recognise, refusal
from dtovl.inputs.directory import from_directory
from dtovl.inputs.kinds import Kind

__all__ = ["Kind", "describe", "from_directory", "read_blob", "recognise", "refusal"]
