"""What events do to objects and holds, and what is wrong with that: the rules of one moment.

Source: kernel lib/kobject.c, drivers/base/dd.c (device_unbind_cleanup), drm_drv.c, overlay.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.lifetimes.findings import Finding
from dtovl.lifetimes.scenario import WORKS
from dtovl.lifetimes.state import FREED, LIVE, NONE, Hold
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

    def begin(self, event: Event) -> None:
        """Begin an attempt at an event."""
        self.actor, self.event = event.actor, event.name
        self._new = []

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

    def is_living(self, holder: str) -> bool:
        """Tell whether a holder is there: an actor, an object, a scope."""
        if holder in self.scenario.actors:
            return holder not in self.state.ended
        if holder in self.scenario.objects:
            return self.life(holder).state == LIVE
        return holder not in self.state.closed

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

    def take(self, name: str, kind: str, target: str, by: str) -> None:
        """Make a hold; one that is taken again is the last in order."""
        state = self.state
        state.assign(state, "number", state.number + 1)
        state.put(state.holds, name, Hold(name, kind, target, by, state.number))

    def get(self, name: str, hold: str, by: str, *, op: str = "get") -> bool:
        """Take a counted reference; False when that cannot be."""
        life, spec = self.life(name), self.scenario.objects[name]
        if spec.kind == "kobject" and not life.initialised:
            self.not_initialised(name, op)
            return False
        self.state.assign(life, "count", life.count + 1)
        self.take(hold, "ref", name, by)
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
        spec, life = self.scenario.objects[name], self.life(name)
        if life.sysfs:
            self.delete(name)
        if spec.code and spec.code in self.state.gone:
            self.code_gone(spec.code, name)
        release = spec.release
        for lock in release.locks:
            self.lock(lock)
        for hold in release.puts:
            if hold in self.state.holds:
                self.put_hold(hold)
        for completion in release.completes:
            self.signal(completion)
        for scope in release.closes:
            self.close(scope)
        for lock in reversed(release.locks):
            self.unlock(lock)
        self.free(name)
        for other in release.frees:
            self.free(other)

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
            if self.is_living(link.by):
                self.find("T018", object=name, hold=link.name, actor=self.actor, by=link.by)
        if f"{name}.parent" in self.state.holds:
            self.put_hold(f"{name}.parent")

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
        for hold in list(state.holds_on(name, "borrow", "link")):
            if life.replaced and self.is_living(hold.by):
                state.include(self.dangling, hold.name)
                self.find("T013", object=name, hold=hold.name, actor=self.actor, by=hold.by)
            elif scope and spec.kind != "resource" and self._is_open(hold.by):
                state.include(self.dangling, hold.name)
                self.find(
                    "T008",
                    object=name,
                    hold=hold.name,
                    actor=self.actor,
                    by=hold.by,
                    scope=scope,
                )
        self.vanish(name, "borrow", "link")

    def vanish(self, holder: str, *kinds: str) -> None:
        """Let holds of some kinds go with their holder."""
        for hold in self.state.holds_in_order():
            if hold.by == holder and hold.kind in kinds:
                self.state.drop(self.state.holds, hold.name)

    def _is_open(self, name: str) -> bool:
        """Tell whether an open file has a reference on an object, also by way of others."""
        if name not in self.scenario.objects:
            return False
        life = self.life(name)
        if life.state != LIVE or life.count <= 0:
            return False
        seen, left = {name}, [name]
        while left:
            for hold in self.state.holds_on(left.pop(), "ref"):
                actor = self.scenario.actors.get(hold.by)
                if actor is not None and actor.kind == "file":
                    return True
                if hold.by in self.scenario.objects and hold.by not in seen:
                    seen.add(hold.by)
                    left.append(hold.by)
        return False

    def close(self, scope: str) -> None:
        """Close a scope: its members go, the newest first."""
        state = self.state
        members = state.members[scope]
        bound = scope if self.scenario.scopes[scope].kind in _BINDINGS else ""
        while members:
            kind, *what = members[-1]
            state.remove(members, members[-1])
            if kind == "object":
                self.free(what[0], bound)
            elif kind == "hold":
                if what[0] in state.holds:
                    self.put_hold(what[0])
            else:
                self._act(what[0], what[1])
        state.include(state.closed, scope)

    def _act(self, name: str, module: str) -> None:
        """Run a function that was added to a scope."""
        if module in self.state.gone:
            self.code_gone(module, name)
        if name:
            self.touch(name)

    def all_lives(self) -> Iterable[tuple[Object, Life]]:
        """Give objects with their lives, in the order of the file."""
        return ((spec, self.life(name)) for name, spec in self.scenario.objects.items())
