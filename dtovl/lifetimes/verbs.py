"""The verbs of scenarios: what each needs and takes, to what it applies, what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.lifetimes.state import ACTOR, LIVE, OBJECT, Access
from dtovl.lifetimes.waiting import Blocked

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.lifetimes.effects import Effects
    from dtovl.lifetimes.scenario import Event

    Run = Callable[[Effects, Event], None]


class Verb(NamedTuple):
    """A verb: fields it needs, further ones it takes, kinds of objects it applies to (all: ())."""

    run: Run
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


def carry_out(effects: Effects, event: Event) -> None:
    """Do an event and all that follows from it. Raises Blocked.

    Code of a module that is gone is found before the verb runs.
    """
    module = effects.scenario.actors[event.actor].code
    if module in effects.state.gone and event.verb != "exit":
        effects.code_gone(module)
    VERBS[event.verb].run(effects, event)
    effects.settle()


def _alloc(effects: Effects, event: Event) -> None:
    name, state = event.get("object"), effects.state
    life, spec = effects.life(name), effects.scenario.objects[name]
    if life.state == LIVE:
        effects.second(name, "alloc")
        return
    state.assign(life, "state", LIVE)
    for flag in ("initialised", "sysfs", "replaced"):
        state.assign(life, flag, False)
    state.assign(life, "freed", "")
    state.assign(life, "allocator", event.actor)
    state.assign(life, "count", int(spec.kind == "kref"))
    if spec.kind == "kref":
        effects.take(f"{name}.initial", "ref", name, event.get("by") or event.actor)
    if event.get("scope"):
        state.append(state.members[event.get("scope")], ("object", name))


def _free(effects: Effects, event: Event) -> None:
    effects.free(event.get("object"))


def _init(effects: Effects, event: Event) -> None:
    name, state = event.get("object"), effects.state
    if not effects.touch(name):
        return
    life = effects.life(name)
    if life.initialised:
        effects.second(name, "init")
    state.assign(life, "initialised", True)
    state.assign(life, "count", 1)
    effects.take(f"{name}.initial", "ref", name, event.get("by") or event.actor)


def _add(effects: Effects, event: Event) -> None:
    name, parent = event.get("object"), event.get("parent")
    if not effects.touch(name):
        return
    life = effects.life(name)
    if not life.initialised:
        effects.not_initialised(name, "add")
        return
    if life.sysfs:
        effects.second(name, "add")
        return
    effects.state.assign(life, "sysfs", True)
    if parent and effects.touch(parent):
        effects.get(parent, f"{name}.parent", name, OBJECT)


def _del(effects: Effects, event: Event) -> None:
    name = event.get("object")
    if effects.touch(name):
        effects.delete(name)


def _get(effects: Effects, event: Event) -> None:
    name, hold = event.get("object"), event.get("as")
    if not effects.touch(name):
        return
    taken = effects.get(name, hold, event.get("by") or event.actor)
    if taken and event.get("scope"):
        effects.state.append(effects.state.members[event.get("scope")], ("hold", hold))


def _put(effects: Effects, event: Event) -> None:
    if event.get("object"):
        effects.put_object(event.get("object"))
    else:
        effects.put_hold(event.get("hold"))


def _borrow(effects: Effects, event: Event) -> None:
    if effects.touch(event.get("object")):
        by = event.get("by") or event.actor
        effects.take(event.get("as"), "borrow", event.get("object"), by)


def _link(effects: Effects, event: Event) -> None:
    by = event.get("by") or event.actor
    effects.take(event.get("as"), "link", event.get("object"), by)


def _forget(effects: Effects, event: Event) -> None:
    if event.get("hold") in effects.state.holds:
        effects.state.drop(effects.state.holds, event.get("hold"))


def _use(effects: Effects, event: Event) -> None:
    name, state = event.get("object"), effects.state
    if event.get("via"):
        hold = state.holds.get(event.get("via"))
        if hold is None:
            return
        name = hold.object
    guard, entry = event.get("guard"), event.get("entry")
    if guard and guard in state.gates_closed:
        return
    if entry and entry in state.gates_closed and not guard:
        details = {"hold": event.get("via")} if event.get("via") else {}
        effects.find("T019", object=name, **details, actor=event.actor, gate=entry)
    effects.touch(name, event.get("via"))


def _access(effects: Effects, event: Event) -> None:
    name, field, state = event.get("object"), event.get("field") or "*", effects.state
    if not effects.touch(name):
        return
    held = state.held[event.actor]
    locks = frozenset(lock for lock in held if lock in effects.scenario.locks)
    mine = Access(event.actor, locks, event.verb == "write")
    earlier = state.accesses.setdefault((name, field), [])
    for other in earlier:
        apart = other.actor != mine.actor and not other.locks & mine.locks
        if apart and (other.write or mine.write):
            effects.find(
                "T020",
                object=name,
                actor=event.actor,
                field=field,
                other=other.actor,
            )
            break
    if mine not in earlier:
        state.append(earlier, mine)


def _lock(effects: Effects, event: Event) -> None:
    effects.lock(event.get("lock"))


def _unlock(effects: Effects, event: Event) -> None:
    effects.unlock(event.get("lock"))


def _wait(effects: Effects, event: Event) -> None:
    completion = event.get("completion")
    effects.ask(completion)
    if completion not in effects.state.complete:
        raise Blocked(completion)


def _complete(effects: Effects, event: Event) -> None:
    effects.signal(event.get("completion"))


def _enter_sysfs(effects: Effects, event: Event) -> None:
    name = event.get("object")
    if not effects.touch(name):
        return
    waitable = f"active:{name}"
    if not effects.life(name).sysfs or waitable in effects.waiting.values():
        effects.refuse(f"not in sysfs: {name}")
        return
    effects.state.append(effects.state.held[event.actor], waitable)


def _leave(effects: Effects, event: Event, waitable: str) -> None:
    held = effects.state.held[event.actor]
    if waitable in held:
        effects.state.remove(held, waitable)


def _leave_sysfs(effects: Effects, event: Event) -> None:
    _leave(effects, event, f"active:{event.get('object')}")


def _open_scope(effects: Effects, event: Event) -> None:
    effects.state.exclude(effects.state.closed, event.get("scope"))


def _close_scope(effects: Effects, event: Event) -> None:
    effects.close(event.get("scope"))


def _add_action(effects: Effects, event: Event) -> None:
    action = ("action", event.get("object"), event.get("code"))
    effects.state.append(effects.state.members[event.get("scope")], action)


def _queue(effects: Effects, event: Event) -> None:
    effects.state.include(effects.state.queued, event.get("work"))


def _flush(effects: Effects, event: Event) -> None:
    work, state = event.get("work"), effects.state
    effects.ask(f"work:{work}")
    if work in state.queued or work in state.running:
        raise Blocked(f"work:{work}")


def _cancel(effects: Effects, event: Event) -> None:
    work, state = event.get("work"), effects.state
    effects.ask(f"work:{work}")
    state.queued.discard(work)  # at once, whether or not it has to wait
    if work in state.running:
        raise Blocked(f"work:{work}")


def _start(effects: Effects, event: Event) -> None:
    actor, state = event.actor, effects.state
    state.exclude(state.queued, actor)
    if actor not in state.running:
        state.include(state.running, actor)
        state.append(state.held[actor], f"work:{actor}")


def _finish(effects: Effects, event: Event) -> None:
    effects.state.exclude(effects.state.running, event.actor)
    _leave(effects, event, f"work:{event.actor}")


def _enter(effects: Effects, event: Event) -> None:
    gate = event.get("gate")
    if gate in effects.state.gates_closed:
        effects.refuse(f"gate closed: {gate}")
    else:
        effects.state.append(effects.state.held[event.actor], f"gate:{gate}")


def _exit_gate(effects: Effects, event: Event) -> None:
    _leave(effects, event, f"gate:{event.get('gate')}")


def _unplug(effects: Effects, event: Event) -> None:
    gate = event.get("gate")
    effects.ask(f"gate:{gate}")
    effects.state.gates_closed.add(gate)  # at once, whether or not it has to wait
    if effects.state.readers(f"gate:{gate}"):
        raise Blocked(f"gate:{gate}")


def _pin(effects: Effects, event: Event) -> None:
    effects.state.append(effects.state.pins[event.get("module")], event.get("as"))


def _unpin(effects: Effects, event: Event) -> None:
    pins = effects.state.pins[event.get("module")]
    if event.get("as") in pins:
        effects.state.remove(pins, event.get("as"))


def _unload(effects: Effects, event: Event) -> None:
    module, state = event.get("module"), effects.state
    if state.pins[module]:
        effects.refuse(f"module in use: {', '.join(state.pins[module])}")
        return
    state.include(state.gone, module)
    for spec, life in effects.all_lives():
        if spec.code == module and life.state == LIVE and (life.initialised or not spec.static):
            effects.code_gone(module, spec.name)


def _replace(effects: Effects, event: Event) -> None:
    effects.state.assign(effects.life(event.get("old")), "replaced", True)


def _phase(effects: Effects, event: Event) -> None:
    overlay, phase, state = event.get("object"), event.get("phase"), effects.state
    state.put(state.phases, overlay, phase)
    if phase != "post_remove":
        return
    for hold in state.holds_in_order():
        if hold.kind != "borrow" or hold.holder != ACTOR:
            continue
        if effects.scenario.actors[hold.by].kind != "notifier":
            continue
        if effects.scenario.objects[hold.object].window == overlay:
            state.include(effects.dangling, hold.name)
            effects.find("T010", object=hold.object, hold=hold.name, actor=hold.by)


def _fail(effects: Effects, event: Event) -> None:
    effects.state.put(effects.state.failed, event.actor, event.name)


def _unwound(effects: Effects, event: Event) -> None:
    state = effects.state
    failed = state.failed.get(event.actor)
    if failed is None:
        return
    for spec, life in effects.all_lives():
        mine = life.allocator == event.actor and life.state == LIVE
        if mine and not spec.static and not spec.survives:
            effects.left_by_error(spec.name, failed)
    state.drop(state.failed, event.actor)


def _exit(effects: Effects, event: Event) -> None:
    effects.vanish(ACTOR, event.actor, "borrow")
    effects.state.include(effects.state.ended, event.actor)


_KOBJECT = ("kobject",)
_INITIALISED = ("kobject", "list")
_COUNTED = ("kref", "kobject")

VERBS: dict[str, Verb] = {
    "alloc": Verb(_alloc, ("object",), ("scope", "by")),
    "free": Verb(_free, ("object",)),
    "init": Verb(_init, ("object",), ("by",), _INITIALISED),
    "add": Verb(_add, ("object",), ("parent",), _KOBJECT),
    "del": Verb(_del, ("object",), (), _INITIALISED),
    "get": Verb(_get, ("object", "as"), ("by", "scope"), _COUNTED),
    "put": Verb(_put, (), ("object", "hold"), _COUNTED),
    "borrow": Verb(_borrow, ("object", "as"), ("by",)),
    "link": Verb(_link, ("object", "as"), ("by",)),
    "forget": Verb(_forget, ("hold",)),
    "unlink": Verb(_forget, ("hold",)),
    "use": Verb(_use, (), ("object", "via", "entry", "guard")),
    "read": Verb(_access, ("object",), ("field",)),
    "write": Verb(_access, ("object",), ("field",)),
    "lock": Verb(_lock, ("lock",)),
    "unlock": Verb(_unlock, ("lock",)),
    "wait": Verb(_wait, ("completion",)),
    "complete": Verb(_complete, ("completion",)),
    "enter_sysfs": Verb(_enter_sysfs, ("object",), (), _KOBJECT),
    "leave_sysfs": Verb(_leave_sysfs, ("object",), (), _KOBJECT),
    "open_scope": Verb(_open_scope, ("scope",)),
    "close_scope": Verb(_close_scope, ("scope",)),
    "add_action": Verb(_add_action, ("scope",), ("object", "code")),
    "queue": Verb(_queue, ("work",)),
    "flush": Verb(_flush, ("work",)),
    "cancel": Verb(_cancel, ("work",)),
    "start": Verb(_start),
    "finish": Verb(_finish),
    "enter": Verb(_enter, ("gate",)),
    "exit_gate": Verb(_exit_gate, ("gate",)),
    "unplug": Verb(_unplug, ("gate",)),
    "pin": Verb(_pin, ("module", "as")),
    "unpin": Verb(_unpin, ("module", "as")),
    "unload": Verb(_unload, ("module",)),
    "replace": Verb(_replace, ("old", "new")),
    "phase": Verb(_phase, ("object", "phase")),
    "fail": Verb(_fail),
    "unwound": Verb(_unwound),
    "exit": Verb(_exit),
}
"""Every verb, in the order of the table of the format."""
