"""Differences of a newer kernel, laid over recordings of Linux 6.1.

A difference of the state (tree, counts, held nodes, devices) holds from the step where it stands to
the step where another one stands, or to `state_equal_again`. All values are those of the newer
kernel, not changes, so the older kernel's own later changes lie below them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.kernel_recorded import TAINT, State, exact_lines
from support.canonical import digest

if TYPE_CHECKING:
    from conformance.kernel_recorded import Case, Step

# Keys of a difference that are no answers of the step.
_STATE = ("tree_sha256", "nodes", "missing", "order", "refs_or_flags", "held", "devices")
_NOT_ANSWERS = frozenset(
    (*_STATE, "step", "op", "crash", "reached", "log", "events", "report_kinds", "reports")
) | {"leaks", "state_equal_again"}


def lay_over(case: Case, same: bool | list[dict[str, Any]]) -> Case:
    """Give the case as the newer kernel did it; same is what its line in the differences says."""
    if same is True or not isinstance(same, list):
        return case
    by_step = {difference["step"]: difference for difference in same}
    lasting = _lasting(by_step.get("boot", {}), {})
    boot = changed_state(case.boot, lasting)
    steps = []
    for step in case.steps:
        difference = by_step.get(step.number, {})
        if difference.get("reached"):
            state = _reached(difference)
        else:
            lasting = _lasting(difference, lasting)
            state = changed_state(step.state, lasting)
        steps.append(_changed(step, difference)._replace(state=state))
    return case._replace(boot=boot, steps=steps)


def _lasting(difference: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    if difference.get("state_equal_again"):
        return {}
    state = {key: difference[key] for key in _STATE if key in difference}
    return state or before


def _reached(difference: dict[str, Any]) -> State:
    """Give the state after a step that the older kernel did not reach.

    There is no older state below it: what the difference does not tell is not known.
    """
    hashes = difference.get("tree_sha256")
    exact = hashes["exact"] if hashes else None
    return State(exact, None, difference.get("held"), difference.get("devices"))


def changed_state(state: State, difference: dict[str, Any]) -> State:
    """Give the state with a difference in it.

    Raises ValueError when the nodes do not give the tree that the difference speaks of.
    """
    if not difference:
        return state
    exact = difference["tree_sha256"]["exact"] if "tree_sha256" in difference else state.exact
    tree = _changed_tree(state.tree, difference) if state.tree is not None else None
    if tree is not None and digest(exact_lines(tree)) != exact:
        raise ValueError("the nodes of a difference do not give its tree_sha256")
    return state._replace(
        exact=exact,
        tree=tree,
        held=difference.get("held", state.held),
        devices=difference.get("devices", state.devices),
    )


def _changed_tree(tree: list[dict[str, Any]], difference: dict[str, Any]) -> list[dict[str, Any]]:
    if len({node["path"] for node in tree}) < len(tree):
        return tree  # a ring: paths repeat
    missing = set(difference.get("missing", ()))
    nodes = {node["path"]: node for node in tree if node["path"] not in missing}
    for change in (*difference.get("nodes", ()), *difference.get("refs_or_flags", ())):
        nodes[change["path"]] = {**nodes.get(change["path"], {}), **change}
    order = difference.get("order") or _order(tree, nodes)
    return [nodes[path] for path in order]


def _order(tree: list[dict[str, Any]], nodes: dict[str, dict[str, Any]]) -> list[str]:
    """Place nodes that are new where the kernel attaches them: first below their parent."""
    order = [node["path"] for node in tree if node["path"] in nodes]
    for path in nodes:
        if path not in order:
            parent = path.rpartition("/")[0] or "/"
            order.insert(order.index(parent) + 1, path)
    return order


def _changed(step: Step, difference: dict[str, Any]) -> Step:
    if not difference:
        return step
    answers = {key: value for key, value in difference.items() if key not in _NOT_ANSWERS}
    dangerous = step.dangerous
    if "crash" in difference or "report_kinds" in difference:
        kinds = difference.get("report_kinds", ())
        dangerous = bool(difference.get("crash")) or any("KASAN" in kind for kind in kinds)
    return step._replace(
        answers={**step.answers, **answers},
        lines=[*map(_line, _printed(difference))] if "log" in difference else step.lines,
        events=difference.get("events", step.events),
        leaks=difference.get("leaks", step.leaks),
        dangerous=dangerous,
        reached=step.reached or bool(difference.get("reached")),
    )


def _printed(difference: dict[str, Any]) -> list[list[Any]]:
    return [line for line in difference["log"] if line[1] != TAINT]


def _line(line: list[Any]) -> str:
    level, text = line
    return f"<{level}> {text}"
