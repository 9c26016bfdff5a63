"""What came of applying an overlay: a verdict, the changes, and what the kernel would have said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dtovl.model.errnos import ERRNO

if TYPE_CHECKING:
    from dtovl.changeset import Changeset
    from dtovl.model.dialect import Dialect, Problem
    from dtovl.model.node import Node
    from dtovl.overlay.fragments import Overlay
    from dtovl.resolve import Refused


class LogLine(NamedTuple):
    """A line of the kernel log; level as in printk (3 error, 4 warning).

    parts are joined when the text is asked for: thousands of lines may share one long path.
    """

    level: int
    parts: tuple[str, ...]

    @property
    def text(self) -> str:
        """Give the line."""
        return "".join(self.parts)


class Outcome:
    """The result of one overlay on one base in one dialect.

    error        "" when all is well, else the error of that program (`FDT_ERR_NOTFOUND`, `-EINVAL`,
                 or `oops`/`undefined` where the kernel would corrupt memory)
    refused      the problem and its facts, None when the overlay is in force
    lines        the kernel's log lines, in order
    changeset    the entries in force; empty after a refusal, for then the base is as before
    recorded     how many entries a refused overlay leaves in a kernel that records them first: they
                 were never applied, and cannot be reverted
    targets      fragment node -> node of the base it changes, as far as they were found
    clashes      (overlay node, node of the base) that both have a phandle, settled by libfdt
    dropped      (overlay node, node of the base) of which the kernel leaves the phandle away
    dangers      problems at which the real program uses memory that is not its own and goes on
    namesakes    new node of which no device can be made -> older node whose device has the name
    notify_error what a listener answered after all was in force: the kernel returns it, although
                 the overlay applies
    """

    __slots__ = (
        "changeset",
        "clashes",
        "dangers",
        "dialect",
        "dropped",
        "lines",
        "namesakes",
        "notify_error",
        "overlay",
        "recorded",
        "refused",
        "targets",
    )

    def __init__(self, overlay: Overlay, dialect: Dialect, changeset: Changeset) -> None:
        self.overlay = overlay
        self.dialect = dialect
        self.changeset = changeset
        self.lines: list[LogLine] = []
        self.namesakes: dict[Node, Node] = {}
        self.notify_error = ""
        self.recorded = 0
        self.refused: Refused | None = None
        self.targets: dict[Node, Node] = {}
        self.clashes: list[tuple[Node, Node]] = []
        self.dropped: list[tuple[Node, Node]] = []
        self.dangers: list[Refused] = []

    @property
    def applies(self) -> bool:
        """Tell whether the overlay is in force."""
        return self.refused is None

    @property
    def problem(self) -> Problem | None:
        """Give what is wrong, None when it applies."""
        return None if self.refused is None else self.refused.problem

    @property
    def error(self) -> str:
        """Give the error in the words of the dialect, "" when there is none."""
        if self.refused is None:
            return self.notify_error
        answer: str = self.refused.facts.get("error", "")
        return answer or self.dialect.errors[self.refused.problem]

    @property
    def hazard(self) -> bool:
        """Tell whether the real program would crash or corrupt memory here."""
        return self.refused is not None and self.refused.problem in self.dialect.hazards

    def print(self, problem: Problem, **facts: object) -> None:
        """Add the log lines that the dialect has for a problem."""
        for template in self.dialect.lines.get(problem, ()):
            self.lines.append(LogLine(3, (template.format(**facts),)))


def line_facts(refused: Refused, dialect: Dialect) -> dict[str, Any]:
    """Give the fields that log line templates may name, for a refusal."""
    facts: dict[str, Any] = dict(refused.facts)
    error = dialect.errors[refused.problem]
    facts["number"] = -ERRNO.get(error.removeprefix("-"), 0)
    fragment = facts.get("fragment")
    if fragment is not None:
        facts["fragment_path"] = fragment.node.kernel_path
    return facts
