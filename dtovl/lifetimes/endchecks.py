"""What is judged when all events are over and nobody waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.lifetimes.findings import END
from dtovl.lifetimes.state import FREED, LIVE, OBJECT

if TYPE_CHECKING:
    from dtovl.lifetimes.effects import Effects
    from dtovl.lifetimes.scenario import Object

# What is said of an object that is there: that it is lost by way of a reference goes without.
_LEFT = ("T002", "T013", "T015", "T017")


def check(effects: Effects) -> None:
    """Find what is left: objects, pointers, locks, references."""
    effects.event = END
    alone = {one.details["object"] for one in effects.findings if one.rule == "T017"}
    held_by: dict[str, list[str]] = {}
    for hold in effects.state.holds.values():
        if hold.kind == "ref":
            held_by.setdefault(hold.object, []).append(hold.name)
    for spec, life in effects.all_lives():
        started = not spec.static or life.initialised
        if life.state != LIVE or spec.survives or not started or spec.name in alone:
            continue
        _left(effects, spec, sorted(held_by.get(spec.name, ())), replaced=life.replaced)
    _dangling(effects)
    for actor in effects.scenario.actors:
        for held in effects.state.held[actor]:
            effects.find("T021", hold=held, actor=actor)
    _lost(effects)


def _left(effects: Effects, spec: Object, holds: list[str], *, replaced: bool) -> None:
    """Say that an object is still there: leaked, never finished, or kept by design."""
    name = spec.name
    if not replaced and spec.policy:
        effects.find("T015", object=name, phase=END)
        return
    details: dict[str, Any] = {"object": name}
    if holds:
        details["hold"] = holds[0]
    details["held_by"] = holds
    effects.find("T013" if replaced else "T002", **details)


def _dangling(effects: Effects) -> None:
    for hold in effects.state.holds_in_order():
        life = effects.life(hold.object)
        kept = hold.kind == "borrow" and life.state == FREED and effects.is_held(hold)
        if kept and hold.name not in effects.dangling:
            effects.find(
                "T007",
                object=hold.object,
                hold=hold.name,
                by=hold.by,
                freed=life.freed,
            )


def _lost(effects: Effects) -> None:
    """Find references whose holder is freed and that nobody can drop any more (T022)."""
    told = {one.details["object"] for one in effects.findings if one.rule in _LEFT}
    for hold in effects.state.holds_in_order():
        if hold.kind != "ref" or hold.holder != OBJECT:
            continue
        holder, life = effects.life(hold.by), effects.life(hold.object)
        if holder.state == FREED and life.state == LIVE and hold.object not in told:
            effects.find(
                "T022",
                object=hold.object,
                hold=hold.name,
                by=hold.by,
                freed=holder.freed,
            )
