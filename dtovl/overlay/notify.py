"""Notifications of an overlay being applied: who is told what, when, and what a failure does.

Order for one overlay: pre-apply for every fragment (an error ends the attempt, nothing has been
built); then all entries are applied; then every entry is told of in order (errors are logged, the
last one is returned in the end, nothing is undone); then post-apply for every fragment (the first
error ends the round and is returned unless an entry failed before).
Source: kernel overlay_notify, __of_changeset_apply_notify, of_overlay_apply.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from dtovl.changeset import AttachNode, SetProperty
from dtovl.model.dialect import Problem
from dtovl.model.errnos import error_number
from dtovl.overlay.devices import clash_lines, device_clashes
from dtovl.overlay.outcome import LogLine
from dtovl.resolve import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.changeset import Entry
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome


class Notifier(Protocol):
    """Listens to overlays and changes; each call gives "" or an error such as `-EBUSY`."""

    def overlay(self, action: str, target: Node, content: Node) -> str:
        """Hear of a fragment: action is pre-apply, post-apply, pre-remove or post-remove."""

    def reconfig(self, action: str, node: Node, name: str | None) -> str:
        """Hear of an entry: attach-node, add-property, ... ; name is the property's."""


def pre_apply(tree: Tree, outcome: Outcome, notifier: Notifier) -> None:
    """Tell of all fragments before anything is built. Raises Refused."""
    error, target = _tell_fragments(tree, outcome, notifier, "pre-apply")
    if error:
        raise Refused(Problem.NOTIFIER, error=error, action="pre-apply", target=target)


def applied(tree: Tree, outcome: Outcome, notifier: Notifier | None) -> None:
    """Tell the platform bus and notifier of all entries in force, then of all fragments.

    Errors go to outcome. The notifier hears first; its error keeps an entry from the platform bus.
    """
    clashes = device_clashes(tree, outcome.changeset.entries)
    if notifier is None and not clashes:
        return
    outcome.namesakes.update(clashes)
    error = ""
    for action, node, name in _events(outcome.changeset.entries):
        answer = "" if notifier is None else notifier.reconfig(action, node, name)
        announces = action == "attach-node" or (name == "status" and action == "update-property")
        if not answer and announces and node in clashes:
            outcome.lines.extend(clash_lines(node))
            answer = "-EINVAL"
        if answer:
            error = answer
            where = node.kernel_path
            outcome.lines.append(LogLine(3, ("OF: changeset notifier error @", where)))
    if error:
        line = f"OF: overlay: overlay apply changeset entry notify error {error_number(error)}"
        outcome.lines.append(LogLine(3, (line,)))
    late, target = "", None
    if notifier is not None:
        late, target = _tell_fragments(tree, outcome, notifier, "post-apply")
    if late and target is not None:
        outcome.lines.append(LogLine(3, (_fragment_line("post-apply", late, target),)))
    outcome.notify_error = error or late


def refusal_line(refused: Refused) -> LogLine:
    """Give the line for a refusal by a listener."""
    facts = refused.facts
    return LogLine(3, (_fragment_line(facts["action"], facts["error"], facts["target"]),))


def _fragment_line(action: str, error: str, target: Node) -> str:
    number = error_number(error)
    path = target.kernel_path
    return f"OF: overlay: overlay changeset {action} notifier error {number}, target: {path}"


def _tell_fragments(
    tree: Tree, outcome: Outcome, notifier: Notifier, action: str
) -> tuple[str, Node | None]:
    overlay = outcome.overlay
    pairs = [(outcome.targets[part.node], part.content) for part in overlay.fragments]
    if overlay.symbols is not None and tree.symbols is not None:
        pairs.append((tree.symbols, overlay.symbols))
    for target, content in pairs:
        error = notifier.overlay(action, target, content)
        if error:
            return error, target
    return "", None


def _events(entries: list[Entry]) -> Iterator[tuple[str, Node, str | None]]:
    """Give what listeners hear of, in order; a new node always has a `name`, made or its own."""
    unnamed: Node | None = None
    for entry in entries:
        if isinstance(entry, SetProperty):
            if unnamed is entry.node and entry.key == "name":
                unnamed = None
            elif unnamed is not None and unnamed is not entry.node:
                yield "add-property", unnamed, "name"
                unnamed = None
            action = "add-property" if entry.old is None else "update-property"
            yield action, entry.node, entry.key
        elif isinstance(entry, AttachNode):
            if unnamed is not None:
                yield "add-property", unnamed, "name"
            yield "attach-node", entry.node, None
            unnamed = entry.node
    if unnamed is not None:
        yield "add-property", unnamed, "name"
