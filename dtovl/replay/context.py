"""A replay while it runs: the tree, the session that is open, what was found so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes.input import TOO_LARGE
from dtovl.diagnostics import Diagnostic
from dtovl.errors import InputError
from dtovl.model.limits import MAX_REPLAY_NODES
from dtovl.replay.findings import Findings
from dtovl.replay.session import Session

if TYPE_CHECKING:
    from dtovl.codes.base import Severity
    from dtovl.model.node import Node
    from dtovl.replay.model import Model
    from dtovl.replay.policies import Policy
    from dtovl.replay.records import OpEntry


class Replay:
    """All that the parts of a replay work on.

    sessions counts those that had an operation and are over.
    """

    def __init__(self, model: Model, policy: Policy) -> None:
        self.model = model
        self.policy = policy
        self.findings = Findings()
        self.session = Session(1)
        self.sessions = 0
        self.operations: list[OpEntry] = []
        self._multiplied = 0

    def multiply(self) -> None:
        """Count a node of which one line of the log makes many.

        Raises InputError (DT009) when a log makes too many of them.
        """
        self._multiplied += 1
        if self._multiplied > MAX_REPLAY_NODES:
            what = f"a few lines of it speak of more than {MAX_REPLAY_NODES} nodes"
            raise InputError(Diagnostic(TOO_LARGE, name="the log", what=what))

    def find(
        self,
        code: str,
        node: Node,
        line: int | None,
        *others: Node,
        severity: Severity | None = None,
        **fields: object,
    ) -> None:
        """Report a finding about a node; others had a part in it."""
        model = self.model
        chain = [(model.path(one), model.record(one)) for one in (node, *others)]
        self.findings.add(
            code, model.path(node), node.phandle, line, chain, severity=severity, facts=fields
        )

    def find_at(
        self,
        code: str,
        path: str | None,
        phandle: int | None,
        line: int | None,
        *others: Node,
        **fields: object,
    ) -> None:
        """Report a finding about something that is not a node of the tree."""
        model = self.model
        chain = [(model.path(one), model.record(one)) for one in others]
        self.findings.add(code, path, phandle, line, chain, facts=fields)

    def tell(self, node: Node, line: int | None, predicate: str) -> None:
        """Note what happens to a node, for those who ask why."""
        self.model.tell(self.model.record(node), line, predicate)

    def name(self, node: Node) -> None:
        """Note that an operation names a node."""
        self.model.record(node).named = True

    def name_all(self, top: Node) -> None:
        """Note that an operation names a node and, with it, all below it."""
        for node in top.walk():
            self.name(node)

    def answer(self, entry: OpEntry, node: Node, result: str) -> None:
        """Note which node an operation found, and what became of the operation."""
        entry.path = self.model.path(node)
        entry.phandle = node.phandle
        entry.result = result
