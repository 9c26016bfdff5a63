"""What events do to objects and holds, and what is wrong with that: the rules of one moment.

A put can release, a release put, close and free: what follows is noted as steps that are still to
be done, the next one last, so that no chain of objects makes anything here recurse.

Source: kernel lib/kobject.c, drivers/base/dd.c (device_unbind_cleanup), drm_drv.c, overlay.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.lifetimes.findings import Finding
from dtovl.lifetimes.scenario import WORKS
from dtovl.lifetimes.state import ACTOR, FREED, LIVE, NONE, OBJECT, SCOPE, Hold
from dtovl.lifetimes.waiting import Blocked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dtovl.lifetimes.scenario import Event, Object, Scenario
    from dtovl.lifetimes.state import Life, State
    from dtovl.lifetimes.waiting import Orders

_WINDOW = ("pre_apply", "post_apply", "pre_remove")
_BINDINGS = ("devm", "group")


class Effects:
    """Carries out what verbs are made of, in the context of one event of one actor."""

    def __init__(self, scenario: Scenario, state: State, orders: Orders) -> None:
        self.scenario = scenario
        self.state = state
        self.orders = orders
        self.findings: list[Finding] = []
        self.raised: list[Finding] = []
        self.refused: list[tuple[str, str]] = []
        self.waiting: dict[str, str] = {}
        self.dangling: set[str] = set()
        self.actor = ""
        self.event = ""
        self._known: set[tuple[Any, ...]] = set()
        self._new: list[tuple[Any, ...]] = []
        self._steps: list[tuple[Any, ...]] = []

    def begin(self, event: Event) -> None:
        """Begin an attempt at an event."""
        self.actor, self.event = event.actor, event.name
        self._new = []
        self._steps = []

    def settle(self) -> None:
        """Do what follows from what was done, until nothing does. Raises Blocked."""
        steps = self._steps
        while steps:
            step, *given = steps.pop()
            step(*given)

    def _then(self, *steps: tuple[Any, ...]) -> None:
        """Note steps to be done next, before those that were noted before."""
        self._steps.extend(reversed(steps))

    def forget(self) -> None:
        """Forget what an attempt found that had to wait."""
        self._known.difference_update(self._new)

    def fork(self, state: State, orders: Orders) -> Effects:
        """Give one like it for a copy of the state; nothing is being tried yet."""
        new = Effects(self.scenario, state, orders)
        new.findings = self.findings[:]
        new.refused = self.refused[:]
        new.waiting = self.waiting.copy()
        new.dangling = self.dangling.copy()
        new._known = self._known.copy()
        return new

    # -- findings ------------------------------------------------------------------------------

    def find(self, rule: str, **details: Any) -> None:
        """Add a finding, unless there is one like it."""
        found = Finding(rule, self.event, details)
        self.raised.append(found)
        identity = found.identity
        if identity not in self._known:
            self._known.add(identity)
            self._new.append(identity)
            self.findings.append(found)

    def refuse(self, why: str) -> None:
        """Note that something was not let in."""
        self.refused.append((self.event, why))

    def life(self, name: str) -> Life:
        """Give the life of an object."""
        return self.state.lives[name]

    def holder_of(self, by: str) -> str:
        """Tell what a name of a holder stands for: an actor, else an object, else a scope."""
        if by in self.scenario.actors:
            return ACTOR
        return OBJECT if by in self.scenario.objects else SCOPE

    def is_held(self, hold: Hold) -> bool:
        """Tell whether who has a hold is there: an actor, an object, a scope."""
        if hold.holder == ACTOR:
            return hold.by not in self.state.ended
        if hold.holder == OBJECT:
            return self.life(hold.by).state == LIVE
        return hold.by not in self.state.closed

    # -- waiting -------------------------------------------------------------------------------

    def ask(self, waitable: str) -> None:
        """Note that the actor asks for something, with all that it has."""
        for held in self.state.held[self.actor]:
            self.orders.note(held, waitable, self.actor, self.event)

    def owners_of(self, waitable: str) -> list[str]:
        """List the actors that have what somebody waits for; of completions nobody."""
        if waitable in self.state.owners:
            return [self.state.owners[waitable]]
        if waitable.startswith("work:"):
            work = waitable[5:]
            return [work] if work in self.state.running or work in self.state.queued else []
        return self.state.readers(waitable)

    def lock(self, lock: str) -> None:
        """Take a lock, or wait for it. Raises Blocked."""
        self.ask(lock)
        if lock in self.state.owners:
            raise Blocked(lock)
        self.state.put(self.state.owners, lock, self.actor)
        self.state.append(self.state.held[self.actor], lock)

    def unlock(self, lock: str) -> None:
        """Give a lock back; one of somebody else stays."""
        if self.state.owners.get(lock) == self.actor:
            self.state.drop(self.state.owners, lock)
            self.state.remove(self.state.held[self.actor], lock)

    def signal(self, completion: str) -> None:
        """Complete; what the completer has comes after the completion in the order of things."""
        for held in self.state.held[self.actor]:
            self.orders.note(completion, held, self.actor, self.event)
        self.state.include(self.state.complete, completion)

    # -- objects -------------------------------------------------------------------------------

    def touch(self, name: str, hold: str = "") -> bool:
        """Touch an object; False: it is freed already (T001)."""
        life = self.life(name)
        if life.state != FREED:
            return True
        details = {"object": name, **({"hold": hold} if hold else {})}
        self.find("T001", **details, actor=self.actor, freed=life.freed)
        return False

    def not_initialised(self, name: str, op: str) -> None:
        """Say that something is done to an object before init (T004)."""
        self.find("T004", object=name, actor=self.actor, op=op)

    def second(self, name: str, op: str) -> None:
        """Say that something is done a second time (T012)."""
        self.find("T012", object=name, actor=self.actor, op=op)

    def take(self, name: str, kind: str, target: str, by: str, holder: str = "") -> None:
        """Make a hold; one that is taken again is the last in order."""
        state = self.state
        state.assign(state, "number", state.number + 1)
        owner = holder or self.holder_of(by)
        state.put(state.holds, name, Hold(name, kind, target, by, state.number, owner))

    def get(self, name: str, hold: str, by: str, holder: str = "") -> bool:
        """Take a counted reference; False when that cannot be."""
        life, spec = self.life(name), self.scenario.objects[name]
        if spec.kind == "kobject" and not life.initialised:
            self.not_initialised(name, "get")
            return False
        self.state.assign(life, "count", life.count + 1)
        self.take(hold, "ref", name, by, holder)
        return True

    def put_object(self, name: str) -> None:
        """Drop the first reference of an object."""
        life, spec = self.life(name), self.scenario.objects[name]
        if life.state == FREED:
            self._released_twice(name, f"{name}.initial", life)
        elif spec.kind == "kobject" and not life.initialised:
            self.not_initialised(name, "put")
        else:
            self._drop(self.state.holds.get(f"{name}.initial"), name)

    def put_hold(self, name: str) -> None:
        """Drop a reference by the name of its hold."""
        hold = self.state.holds.get(name)
        if hold is None:
            self.find("T003", hold=name, actor=self.actor)
            return
        life, spec = self.life(hold.object), self.scenario.objects[hold.object]
        if life.state == FREED:
            self._released_twice(hold.object, name, life)
        elif spec.kind == "kobject" and not life.initialised:
            self.not_initialised(hold.object, "put")
        else:
            self._drop(hold, hold.object, name)

    def _released_twice(self, name: str, hold: str, life: Life | None) -> None:
        details: dict[str, Any] = {"object": name}
        if hold:
            details["hold"] = hold
        details["actor"] = self.actor
        if life is not None:
            details["freed"] = life.freed
        self.find("T003", **details)

    def _drop(self, hold: Hold | None, name: str, said: str = "") -> None:
        """Take away a counted hold; at zero the object is released."""
        if hold is None or hold.kind != "ref":
            self._released_twice(name, said or f"{name}.initial", None)
            return
        life = self.life(name)
        self.state.drop(self.state.holds, hold.name)
        self.state.assign(life, "count", life.count - 1)
        if not life.count:
            self.release(name)

    def release(self, name: str) -> None:
        """Release an object whose last reference went, in the context of who dropped it."""
        release = self.scenario.objects[name].release
        self._then(
            (self._leave_sysfs, name),
            (self._run_release, name),
            *((self.lock, lock) for lock in release.locks),
            *((self._put_if_there, hold) for hold in release.puts),
            *((self.signal, completion) for completion in release.completes),
            *((self.close, scope) for scope in release.closes),
            *((self.unlock, lock) for lock in reversed(release.locks)),
            (self.free, name),
            *((self.free, other) for other in release.frees),
        )

    def _leave_sysfs(self, name: str) -> None:
        if self.life(name).sysfs:
            self.delete(name)

    def _run_release(self, name: str) -> None:
        module = self.scenario.objects[name].code
        if module and module in self.state.gone:
            self.code_gone(module, name)

    def _put_if_there(self, hold: str) -> None:
        if hold in self.state.holds:
            self.put_hold(hold)

    def code_gone(self, module: str, name: str = "") -> None:
        """Say that code of a module that is not loaded runs (T014)."""
        details = {"object": name} if name else {}
        self.find("T014", **details, actor=self.actor, module=module)

    def delete(self, name: str) -> None:
        """Take an object out of sysfs; waits for operations in its directory. Raises Blocked."""
        life = self.life(name)
        if not life.initialised:
            self.not_initialised(name, "del")
            return
        if not life.sysfs:
            return
        waitable = f"active:{name}"
        self.ask(waitable)
        if self.state.readers(waitable):
            raise Blocked(waitable)
        self.state.assign(life, "sysfs", False)
        for link in self.state.holds_on(name, "link"):
            if self.is_held(link):
                self.find("T018", object=name, hold=link.name, actor=self.actor, by=link.by)
        self._put_if_there(f"{name}.parent")

    def left_by_error(self, name: str, failed: str) -> None:
        """Say that an error path leaves an object behind (T017)."""
        self.find("T017", object=name, actor=self.actor, failed=failed)

    # -- freeing -------------------------------------------------------------------------------

    def free(self, name: str, scope: str = "") -> None:
        """Free an object, whatever its count; scope: it goes because that one closes."""
        life, spec = self.life(name), self.scenario.objects[name]
        if life.state == NONE:
            return
        if life.state == FREED:
            self._released_twice(name, "", life)
            return
        self._before(name, spec)
        state = self.state
        state.assign(life, "state", FREED)
        state.assign(life, "freed", self.event)
        state.assign(life, "sysfs", False)
        for members in state.members.values():
            while ("object", name) in members:
                state.remove(members, ("object", name))
        self._after(name, spec, life, scope)

    def _before(self, name: str, spec: Object) -> None:
        for other in self.scenario.objects.values():
            if name in other.needs and self.life(other.name).state == LIVE:
                self.find("T009", object=name, actor=self.actor, dependent=other.name)
        for actor in self.scenario.actors.values():
            if actor.kind in WORKS and name in actor.uses:
                self._not_drained(name, actor.name)
        phase = self.state.phases.get(spec.window, "")
        if phase in _WINDOW:
            self.find("T015", object=name, actor=self.actor, phase=phase)

    def _not_drained(self, name: str, work: str) -> None:
        pending = "running" if work in self.state.running else "queued"
        if pending == "running" or work in self.state.queued:
            self.find("T011", object=name, actor=work, pending=pending)

    def _after(self, name: str, spec: Object, life: Life, scope: str) -> None:
        state = self.state
        for hold in state.holds_on(name, "borrow", "link"):
            if life.replaced and self.is_held(hold):
                state.include(self.dangling, hold.name)
                self.find("T013", object=name, hold=hold.name, actor=self.actor, by=hold.by)
            elif scope and spec.kind != "resource" and self._is_open(hold):
                state.include(self.dangling, hold.name)
                self.find(
                    "T008",
                    object=name,
                    hold=hold.name,
                    actor=self.actor,
                    by=hold.by,
                    scope=scope,
                )
        self.vanish(OBJECT, name, "borrow", "link")

    def vanish(self, holder: str, name: str, *kinds: str) -> None:
        """Let holds of some kinds go with who has them."""
        for hold in list(self.state.holds.values()):
            if hold.by == name and hold.holder == holder and hold.kind in kinds:
                self.state.drop(self.state.holds, hold.name)

    def _is_open(self, hold: Hold) -> bool:
        """Tell whether an open file has a reference on who has a hold, also by way of others."""
        if hold.holder != OBJECT:
            return False
        life = self.life(hold.by)
        if life.state != LIVE or life.count <= 0:
            return False
        seen, left = {hold.by}, [hold.by]
        while left:
            for one in self.state.holds_on(left.pop(), "ref"):
                if one.holder == ACTOR and self.scenario.actors[one.by].kind == "file":
                    return True
                if one.holder == OBJECT and one.by not in seen:
                    seen.add(one.by)
                    left.append(one.by)
        return False

    def close(self, scope: str) -> None:
        """Close a scope: its members go, the newest first."""
        state = self.state
        members = state.members[scope]
        if not members:
            state.include(state.closed, scope)
            return
        self._then((self.close, scope))
        kind, *what = members[-1]
        state.remove(members, members[-1])
        if kind == "object":
            bound = scope if self.scenario.scopes[scope].kind in _BINDINGS else ""
            self.free(what[0], bound)
        elif kind == "hold":
            self._put_if_there(what[0])
        else:
            self._act(what[0], what[1])

    def _act(self, name: str, module: str) -> None:
        """Run a function that was added to a scope."""
        if module in self.state.gone:
            self.code_gone(module, name)
        if name:
            self.touch(name)

    def all_lives(self) -> Iterable[tuple[Object, Life]]:
        """Give objects with their lives, in the order of the file."""
        return ((spec, self.life(name)) for name, spec in self.scenario.objects.items())
