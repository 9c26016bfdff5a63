"""The five parts in which a step of ours is held against the kernel's.

Each part is written as lines, ours and theirs, so that a difference can be shown as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.kernel_leaks import folded, kinds
from conformance.kernel_recorded import exact_lines, kernel_lines
from support.canonical import digest

from dtovl.codes.base import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.kernel_recorded import State, Step

    from dtovl.diagnostics import Diagnostic

# What the recorder, or we, say of a step that cannot be carried out.
REFUSED = "recorder_error"
# Under this key the runner keeps what a machine raised instead of giving a result.
RAISED = "raised"

PARTS = ("result", "tree", "counts", "events", "leaks")


class Sides(NamedTuple):
    """One part of one step: the recorded lines and ours."""

    expected: list[str]
    found: list[str]

    @property
    def agree(self) -> bool:
        """Tell whether both are the same."""
        return self.expected == self.found


def compare(step: Step, result: dict[str, Any], state: dict[str, Any]) -> dict[str, Sides]:
    """Compare what a step answered, and the state after it, with the recording."""
    sides = {"result": result_sides(step, result), **compare_state(step.state, state)}
    found_events = [entry for entry in result.get("log", []) if "event" in entry]
    devices = sides["events"]
    sides["events"] = Sides(
        [*map(_event_line, step.events), *devices.expected],
        [*map(_event_line, found_events), *devices.found],
    )
    if step.leaks is not None:
        sides["leaks"] = Sides(kinds(step.leaks), folded(result.get("leaks", [])))
    return sides


def compare_state(expected: State, found: dict[str, Any]) -> dict[str, Sides]:
    """Compare a state, as far as the recording tells it; the devices go with the events."""
    devices = _list_sides(expected.devices, found.get("devices", []), _device_line)
    sides = {"events": devices}
    if expected.exact is not None:
        sides["tree"] = _tree_sides(expected, found["tree"])
    if expected.tree is not None or expected.held is not None:
        sides["counts"] = _count_sides(expected, found)
    return sides


def result_sides(step: Step, result: dict[str, Any]) -> Sides:
    """Compare return value, results of queries and kernel lines."""
    if RAISED in result:
        return Sides([], [result[RAISED]])
    if step.refused:
        return Sides(["refused"], ["refused" if REFUSED in result else "carried out"])
    expected = [*_answer_lines(step.answers, list(step.answers)), *step.lines]
    found = [*_answer_lines(result, list(step.answers)), *kernel_lines(result.get("log", []))]
    if result.get("hazard"):
        found.append(f"hazard: {result['hazard']}")
    return Sides(expected, found)


def danger_sides(step: Step, result: dict[str, Any]) -> Sides:
    """Judge a step in which the kernel died or corrupted memory: ours has to say so.

    A hazard in words and a finding, more than an information, that names the node, and the overlay
    if the step is about one.
    """
    if not result.get("hazard"):
        return Sides(["hazard: some"], [result.get(RAISED, "hazard: none")])
    findings = result.get("findings", [])
    named = [found for found in findings if found.path and found.severity > Severity.INFO]
    wanted = "node"
    if named and ("overlay" in step.op or step.op["op"] == "remove_all"):
        named = [found for found in named if _names_overlay(found)]
        wanted = "overlay"
    if named:
        return Sides([], [])
    said = [finding_line(found) for found in findings] or ["no finding"]
    return Sides([f"a finding that names the {wanted}"], said)


def _names_overlay(found: Diagnostic) -> bool:
    return bool(found.who) or any(field.startswith("overlay") for field in found.fields)


def finding_line(found: Diagnostic) -> str:
    """Write a finding with what it names."""
    who = f" ({found.who})" if found.who else ""
    return f"{found.severity.label}[{found.code.number}] {found.path}: {found.message}{who}"


def _answer_lines(answers: dict[str, Any], keys: list[str]) -> list[str]:
    return [f"{key} {answers[key]!r}" if key in answers else f"{key} is missing" for key in keys]


def _event_line(event: dict[str, Any]) -> str:
    rest = " ".join(f"{key}={event[key]}" for key in sorted(event) if key not in _FIRST)
    return " ".join([*(str(event[key]) for key in _FIRST if key in event), rest])


_FIRST = ("event", "action")


def _tree_sides(expected: State, found: list[dict[str, Any]]) -> Sides:
    lines = exact_lines(found)
    found_digest = digest(lines)
    if found_digest != expected.exact:
        wanted = exact_lines(expected.tree) if expected.tree is not None else []
        sums = [f"sha256 {expected.exact}"], [f"sha256 {found_digest}"]
        return Sides([*wanted, *sums[0]], [*(lines if wanted else []), *sums[1]])
    if expected.tree is None:
        return Sides([], [])
    return Sides(_name_lines(expected.tree), _name_lines(found))


def _name_lines(tree: list[dict[str, Any]]) -> list[str]:
    return [f"{node['path']} has the name {node.get('name')}" for node in tree]


def _count_sides(expected: State, found: dict[str, Any]) -> Sides:
    nodes = _list_sides(expected.tree, found["tree"], _count_line)
    held = _list_sides(expected.held, found.get("held", []), _held_line)
    return Sides(nodes.expected + held.expected, nodes.found + held.found)


def _list_sides(expected: list[Any] | None, found: list[Any], write: Any) -> Sides:
    """Write both lists; what the recording does not tell is not compared."""
    if expected is None:
        return Sides([], [])
    return Sides([write(item) for item in expected], [write(item) for item in found])


def _count_line(node: dict[str, Any]) -> str:
    dead = ",".join(node.get("dead", ()))
    return f"{node['path']} {_counts(node)}" + (f" dead={dead}" if dead else "")


def _held_line(held: dict[str, Any]) -> str:
    return (
        f"held {held['label']} own={held['own']} {_counts(held)} phandle={held['phandle']} "
        f"full_name={held['full_name']}"
    )


def _counts(node: dict[str, Any]) -> str:
    flags: Sequence[str] = sorted(node["flags"])
    return f"refs={node['refs']} flags={','.join(flags)} sysfs={node['sysfs']}"


def _device_line(device: dict[str, Any]) -> str:
    return f"device {device['device']} driver={device['driver']} node={device['node']}"
