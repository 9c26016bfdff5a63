"""What a kind of kernel log line is: a row of the tables of kinds."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of line.

    start is how it begins, rest the pattern of what follows; means is a sentence, fix the cure,
    "" where there is nothing to do; code is the number of dtovl's own finding, "" for none.
    function is the one of the kernel that prints it, severity how much a line in a log weighs.
    hook is a part that each such line has, for those without a start.
    inside: the node is one of the overlay's own tree, not of the live one. follows: the line is
    printed because of what a line before it tells.
    """

    name: str
    start: str
    rest: str
    means: str
    fix: str = ""
    code: str = ""
    function: str = ""
    severity: str = "error"
    hook: str = ""
    inside: bool = False
    follows: bool = False


NODE = r"(?P<node>.*)"
ERROR = r"(?P<error>-?\d{1,9})"
ID = r"#(?P<number>-?\d{1,10})"
COUNT = r"(?P<count>-?\d{1,10})"
NODE_PROPERTY = r"(?P<node>.*)/(?P<property>[^/]*)"
