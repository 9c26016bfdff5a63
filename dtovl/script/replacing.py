"""The operations that replace overlays: what they ask, and what they answer.

`replace` takes `old`, a list of ids, or of names that applies gave, and `new`, a list of overlays.
The answer has, besides `ret`:

    order     the list of overlays afterwards, [id, name] each
    added     the ids of the new ones; replaced those of the old ones, with their names
    nodes     what became of each node that overlays brought before or bring now, and of each node
              of which a property changed: `kept`, `updated`, `attached`, `detached` or `pending`
    freed     [id, name] of overlays whose memory is free now; any operation may lead there

`replace_reverse` answers the same, the other way round; `replace_force` has `lost`, the nodes that
were given up with their holders, and `abandoned`, the overlays whose ids are never free again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.codes import live as live_codes
from dtovl.codes import replacing as codes
from dtovl.codes import script as script_codes
from dtovl.live.blob import refuse_blob
from dtovl.live.desk import Unfit
from dtovl.live.replacing import Fresh, give_up, keepers, replace, reverse
from dtovl.script.parameters import wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dtovl.live.overlays import LiveOverlay
    from dtovl.live.replacing import Replacement, Transition
    from dtovl.model.node import Node
    from dtovl.script.machine import Machine
    from dtovl.script.parameters import Step
    from dtovl.update import Difference

    Answer = dict[str, Any]


def operate(machine: Machine, step: Step) -> Answer:
    """Carry out one of REPLACING. Raises InputError (DT28x) for a step that is wrong in itself."""
    if step.op == "replace":
        return _replace(machine, step)
    if step.op == "replace_reverse":
        return _answer(machine, reverse(machine.overlays))
    return _give_up(machine)


REPLACING = ("replace", "replace_reverse", "replace_force")
"""The operations."""


def _replace(machine: Machine, step: Step) -> Answer:
    names = _texts(step, "new")
    old = []
    for number in _numbers(machine, step):
        record = machine.overlays.find(number)
        if record is None:
            known = ", ".join(f"#{one.number}" for one in machine.overlays.listed) or "none"
            machine.live.find(live_codes.UNKNOWN_ID, number=number, known=known)
            return {"ret": "-ENODEV"}
        if record not in old:
            old.append(record)
    new = []
    for name in names:
        parsed = machine.parsed(name)
        if parsed.refused is not None:
            refused = refuse_blob(machine.live, parsed.overlay, parsed.refused)
            if refused.outcome is not None:
                machine.explain(refused.outcome)
            return {"ret": refused.error}
        new.append(Fresh(parsed.overlay, parsed.warnings, parsed.size))
    try:
        done = replace(machine.overlays, old, new)
    except Unfit as unfit:
        return _unfit(machine, unfit)
    if done.transition is not None:
        for record, name in zip(done.transition.coming(), names, strict=True):
            machine.names.enter_overlay(name, record.number, name)
    return _answer(machine, done)


def _numbers(machine: Machine, step: Step) -> list[int]:
    given = step.values.get("old")
    if not isinstance(given, list):
        raise _no_list(step, "old", given)
    found = []
    for one in given:
        if isinstance(one, int) and not isinstance(one, bool):
            found.append(one)
        elif isinstance(one, str):
            found.append(machine.names.overlay_called(step, one))
        else:
            raise _no_list(step, "old", given)
    return found


def _texts(step: Step, name: str) -> list[str]:
    given = step.values.get(name)
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise _no_list(step, name, given)
    return given


def _no_list(step: Step, name: str, given: object) -> Exception:
    wanted = "a list of overlays"
    if name not in step.values:
        return wrong(script_codes.PARAMETER_MISSING, op=step.op, name=name, wanted=wanted)
    got = repr(given)
    got = got if len(got) <= 60 else f"{got[:57]}..."
    return wrong(script_codes.PARAMETER_WRONG, op=step.op, name=name, wanted=wanted, got=got)


def _unfit(machine: Machine, unfit: Unfit) -> Answer:
    """Answer that an overlay does not fit: which one, and why."""
    outcome = unfit.outcome
    name = outcome.overlay.name
    stays = machine.overlays.find(unfit.number) is not None
    shown = f"{name} (#{unfit.number})" if stays else name
    mend: dict[str, Any] = {}
    if not stays:
        mend["fix"] = f"mend {name}: another finding tells what is wrong in it"
    what = "" if outcome.problem is None else outcome.problem.value.replace("-", " ")
    machine.live.find(codes.DOES_NOT_FIT, overlay=shown, what=what, who=name, **mend)
    machine.explain(outcome, unfit.tree)
    return {"ret": outcome.error, "unfit": [unfit.number, name]}


def _give_up(machine: Machine) -> Answer:
    transition, live = machine.overlays.transition, machine.live
    held = [] if transition is None else [one.node for one in transition.pending(live)]
    done = give_up(machine.overlays)
    if done.transition is None:
        return {"ret": done.error}
    lost = [{"path": node.path, "holders": _holders(machine, node)} for node in held]
    return {"ret": 0, "lost": lost, "abandoned": _listed(done.transition.replaced())}


# -- the answer ------------------------------------------------------------------------------------


def _answer(machine: Machine, done: Replacement) -> Answer:
    answer: Answer = {"ret": done.error or 0}
    transition = done.transition
    if transition is None or machine.is_brief:
        return answer
    standing = transition.standing
    answer["order"] = _listed(machine.overlays.listed)
    answer["added"] = [one.number for one in transition.coming()]
    answer["replaced"] = _listed(transition.replaced())
    brought = {
        entry.node: part.record.name
        for side in (transition.leaving, standing)
        for part in side.parts
        for entry in part.changeset.entries
        if entry.prop is None
    }
    if machine.overlays.transition is None:
        answer["freed"] = answer["replaced"]
    answer["nodes"] = list(_nodes(machine, transition, brought))
    return answer


def _listed(records: Sequence[LiveOverlay]) -> list[list[object]]:
    return [[one.number, one.name] for one in records]


def _nodes(
    machine: Machine, transition: Transition, brought: dict[Node, str]
) -> Iterator[dict[str, object]]:
    """Tell what became of each node, by path; of two with one path the one that left first."""
    change = transition.change
    what = dict.fromkeys(change.kept, "kept")
    what.update(dict.fromkeys(change.updated, "updated"))
    what.update(dict.fromkeys(transition.leaving.own, "detached"))
    what.update(dict.fromkeys(transition.standing.own, "attached"))
    pending = {one.node: one.others for one in transition.pending(machine.live)}
    what.update(dict.fromkeys(pending, "pending"))
    order = {"detached": 0, "pending": 0}
    for node in sorted(what, key=lambda one: (one.path, order.get(what[one], 1))):
        told: dict[str, object] = {"path": node.path, "what": what[node]}
        if node.phandle:
            told["phandle"] = node.phandle
        told["overlay"] = brought.get(node)
        if node in change.updated:
            told["properties"] = [_property(one, transition) for one in change.updated[node]]
        holders = _holders(machine, node)
        if holders:
            told["holders"] = holders
        if node in pending:
            told["references"] = pending[node]
        yield told


def _property(found: Difference, transition: Transition) -> dict[str, object]:
    old, new = found.old, found.new
    if not transition.forward:
        old, new = new, old
    return {
        "name": found.name,
        "old": None if old is None else old.value.hex(),
        "new": None if new is None else new.value.hex(),
    }


def _holders(machine: Machine, node: Node) -> list[dict[str, object]]:
    held = keepers(machine.overlays, node)
    return [{"name": one.name, "since": one.where or None} for one in held]
