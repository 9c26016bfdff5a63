"""What an event may look at, change, and add to: the things by which events depend on each other.

A footprint is made from the scenario alone and covers every state in which the event may run: a put
may be the last and release, a scope may have any member that some event ever gives it. So two
events that do not meet in their footprints do the same, and find the same, in either order.

Two that only add to a thing (one more pointer, one more reader, one more access of a field, a
completion, a queued work) leave the same behind in either order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.lifetimes.scenario import WORKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dtovl.lifetimes.paths import Program
    from dtovl.lifetimes.scenario import Event

Thing = tuple[str, ...]
Task = tuple[str, ...]


class Footprint:
    """The things of one event: those it looks at, changes, adds to."""

    __slots__ = ("adds", "reads", "writes")

    def __init__(self) -> None:
        self.reads: set[Thing] = set()
        self.writes: set[Thing] = set()
        self.adds: set[Thing] = set()


class Tables:
    """What names may stand for in any order: objects of holds, members of scopes."""

    def __init__(self, program: Program) -> None:
        scenario = self.scenario = program.scenario
        self.needs = program.needs
        self.targets: dict[str, set[str]] = {}
        self.held_by: dict[str, set[tuple[str, str, str]]] = {}
        self.holders: dict[str, set[str]] = {}
        self.members: dict[str, set[Task]] = {name: set() for name in scenario.scopes}
        self.scopes: dict[str, set[str]] = {}
        self.allocated_by: dict[str, set[str]] = {}
        self.replaced: set[str] = set()
        self.ahead = {name for event in scenario.events for name in event.after}
        for name in scenario.objects:
            self.targets[f"{name}.initial"] = {name}
        self.needed_by: dict[str, list[str]] = {}
        self.used_by: dict[str, list[str]] = {}
        for event in scenario.events:
            self._note(event)
        for spec in scenario.objects.values():
            for name in spec.needs:
                self.needed_by.setdefault(name, []).append(spec.name)
        for actor in scenario.actors.values():
            for name in actor.uses if actor.kind in WORKS else ():
                self.used_by.setdefault(name, []).append(actor.name)
        self.has_files = any(actor.kind == "file" for actor in scenario.actors.values())

    def _note(self, event: Event) -> None:
        name, by = event.get("object"), event.get("by") or event.actor
        if event.verb in ("get", "borrow", "link"):
            self.targets.setdefault(event.get("as"), set()).add(name)
            self.held_by.setdefault(by, set()).add((event.verb, event.get("as"), name))
            self.holders.setdefault(name, set()).add(by)
        if event.verb == "add" and event.get("parent"):
            self.targets.setdefault(f"{name}.parent", set()).add(event.get("parent"))
        if event.verb == "alloc":
            self.allocated_by.setdefault(event.actor, set()).add(name)
        if event.verb == "replace":
            self.replaced.add(event.get("old"))
        scope = event.get("scope")
        if event.verb == "alloc" and scope:
            self.members[scope].add(("free", name, scope))
            self.scopes.setdefault(name, set()).add(scope)
        elif event.verb == "get" and scope:
            self.members[scope].add(("put", event.get("as")))
        elif event.verb == "add_action":
            self.members[scope].add(("act", name, event.get("code")))


class Tracer:
    """Follows one event into all that it may bring about."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.scenario = tables.scenario
        self.print = Footprint()
        self._seen: set[Task] = set()
        self._tasks: list[Task] = []

    def trace(self, event: Event) -> Footprint:
        """Give the footprint of an event."""
        code = self.scenario.actors[event.actor].code
        if code:
            self.reads(("gone", code))
        for name in self.tables.needs[event.name]:
            self.reads(("life", name))
        for name in event.after:
            self.reads(("after", name))
        if event.name in self.tables.ahead:
            self.writes(("after", event.name))
        _TRACES[event.verb](self, event)
        while self._tasks:
            kind, *what = self._tasks.pop()
            _TASKS[kind](self, *what)
        return self.print

    def reads(self, *things: Thing) -> None:
        """Note things looked at."""
        self.print.reads.update(things)

    def writes(self, *things: Thing) -> None:
        """Note things changed."""
        self.print.writes.update(things)

    def adds(self, *things: Thing) -> None:
        """Note things added to."""
        self.print.adds.update(things)

    def then(self, *task: str) -> None:
        """Note something to follow, once."""
        if task not in self._seen:
            self._seen.add(task)
            self._tasks.append(task)

    # -- what verbs are made of ----------------------------------------------------------------

    def counts(self) -> None:
        """Note that references come or go: an open file may reach an object by them."""
        if self.tables.has_files:
            self.adds(("reached",))

    def living(self, holders: Iterable[str]) -> None:
        """Look whether holders are there."""
        for holder in holders:
            if holder in self.scenario.actors:
                self.reads(("ended", holder))
            elif holder in self.scenario.objects:
                self.reads(("life", holder))
            else:
                self.reads(("closed", holder))

    def take(self, hold: str, target: str, *, counted: bool) -> None:
        """Make a hold."""
        self.writes(("hold", hold))
        if counted:
            self.counts()
        else:
            self.adds(("pointers", target))

    def vanish(self, holder: str, *kinds: str) -> None:
        """Let pointers go with who has them."""
        for kind, hold, target in self.tables.held_by.get(holder, ()):
            if kind in kinds:
                self.writes(("hold", hold))
                self.adds(("pointers", target))

    def free(self, name: str, scope: str = "") -> None:
        """Follow the end of an object."""
        spec = self.scenario.objects[name]
        self.writes(("life", name), ("sysfs", name))
        self.writes(*(("members", one) for one in self.tables.scopes.get(name, ())))
        self.reads(("phase", spec.window), ("replaced", name))
        self.reads(*(("life", other) for other in self.tables.needed_by.get(name, ())))
        self.reads(*(("work", actor) for actor in self.tables.used_by.get(name, ())))
        holders = self.tables.holders.get(name, ())
        if name in self.tables.replaced:
            self.reads(("pointers", name))
            self.living(holders)
        if scope and spec.kind != "resource" and self.tables.has_files and holders:
            self.reads(("pointers", name), ("reached",))
            self.living(holders)
        self.counts()
        self.vanish(name, "borrow", "link")

    def put(self, hold: str) -> None:
        """Follow the drop of a reference, that may be the last."""
        self.writes(("hold", hold))
        self.counts()
        for name in self.tables.targets.get(hold, ()):
            self.reads(("life", name))
            self.then("release", name)

    def release(self, name: str) -> None:
        """Follow the release of an object."""
        spec = self.scenario.objects[name]
        if spec.kind == "kobject":
            self.then("delete", name)
        if spec.code:
            self.reads(("gone", spec.code))
        self.writes(*(("lock", lock) for lock in spec.release.locks))
        self.adds(*(("complete", one) for one in spec.release.completes))
        for hold in spec.release.puts:
            self.then("put", hold)
        for scope in spec.release.closes:
            self.then("close", scope)
        for other in (name, *spec.release.frees):
            self.then("free", other)

    def delete(self, name: str) -> None:
        """Follow a directory's way out of sysfs."""
        self.reads(("life", name), ("pointers", name))
        self.writes(("sysfs", name), ("active", name))
        self.living(self.tables.holders.get(name, ()))
        if f"{name}.parent" in self.tables.targets:
            self.then("put", f"{name}.parent")

    def close(self, scope: str) -> None:
        """Follow the end of a scope."""
        self.writes(("members", scope), ("closed", scope))
        for kind, *what in self.tables.members[scope]:
            if kind == "free" and self.scenario.scopes[scope].kind not in ("devm", "group"):
                what = what[:1]
            self.then(kind, *what)

    def act(self, name: str, module: str) -> None:
        """Follow a function that was added to a scope."""
        if module:
            self.reads(("gone", module))
        if name:
            self.reads(("life", name))


def _alloc(trace: Tracer, event: Event) -> None:
    name = event.get("object")
    trace.writes(("life", name), ("replaced", name), ("sysfs", name))
    if trace.scenario.objects[name].counted:
        trace.writes(("hold", f"{name}.initial"))
        trace.counts()
    if event.get("scope"):
        trace.writes(("members", event.get("scope")))


def _init(trace: Tracer, event: Event) -> None:
    name = event.get("object")
    trace.writes(("life", name), ("hold", f"{name}.initial"))
    trace.counts()


def _add(trace: Tracer, event: Event) -> None:
    name, parent = event.get("object"), event.get("parent")
    trace.reads(("life", name))
    trace.writes(("sysfs", name))
    if parent:
        trace.reads(("life", parent))
        trace.take(f"{name}.parent", parent, counted=True)


def _del(trace: Tracer, event: Event) -> None:
    trace.then("delete", event.get("object"))


def _get(trace: Tracer, event: Event) -> None:
    trace.reads(("life", event.get("object")))
    trace.take(event.get("as"), event.get("object"), counted=True)
    if event.get("scope"):
        trace.writes(("members", event.get("scope")))


def _put(trace: Tracer, event: Event) -> None:
    trace.then("put", event.get("hold") or f"{event.get('object')}.initial")


def _borrow(trace: Tracer, event: Event) -> None:
    trace.reads(("life", event.get("object")))
    trace.take(event.get("as"), event.get("object"), counted=False)


def _forget(trace: Tracer, event: Event) -> None:
    hold = event.get("hold")
    trace.writes(("hold", hold))
    trace.counts()
    trace.adds(*(("pointers", name) for name in trace.tables.targets.get(hold, ())))


def _use(trace: Tracer, event: Event) -> None:
    touched = {event.get("object")}
    if event.get("via"):
        trace.reads(("hold", event.get("via")))
        touched = trace.tables.targets.get(event.get("via"), set())
    trace.reads(*(("life", name) for name in touched))
    trace.reads(*(("gate", event.get(field)) for field in ("guard", "entry") if event.get(field)))


def _access(trace: Tracer, event: Event) -> None:
    name = event.get("object")
    trace.reads(("life", name))
    trace.adds(("field", name, event.get("field") or "*"))


def _lock(trace: Tracer, event: Event) -> None:
    trace.writes(("lock", event.get("lock")))


def _wait(trace: Tracer, event: Event) -> None:
    trace.reads(("complete", event.get("completion")))


def _complete(trace: Tracer, event: Event) -> None:
    trace.adds(("complete", event.get("completion")))


def _enter_sysfs(trace: Tracer, event: Event) -> None:
    name = event.get("object")
    trace.reads(("life", name), ("sysfs", name))
    trace.adds(("active", name))


def _leave_sysfs(trace: Tracer, event: Event) -> None:
    trace.adds(("active", event.get("object")))


def _open_scope(trace: Tracer, event: Event) -> None:
    trace.writes(("closed", event.get("scope")))


def _close_scope(trace: Tracer, event: Event) -> None:
    trace.then("close", event.get("scope"))


def _add_action(trace: Tracer, event: Event) -> None:
    trace.writes(("members", event.get("scope")))


def _free(trace: Tracer, event: Event) -> None:
    trace.then("free", event.get("object"))


def _queue(trace: Tracer, event: Event) -> None:
    trace.adds(("work", event.get("work")))


def _flush(trace: Tracer, event: Event) -> None:
    trace.reads(("work", event.get("work")))


def _cancel(trace: Tracer, event: Event) -> None:
    trace.writes(("work", event.get("work")))


def _own_work(trace: Tracer, event: Event) -> None:
    trace.writes(("work", event.actor))


def _enter(trace: Tracer, event: Event) -> None:
    trace.reads(("gate", event.get("gate")))
    trace.adds(("readers", event.get("gate")))


def _exit_gate(trace: Tracer, event: Event) -> None:
    trace.adds(("readers", event.get("gate")))


def _unplug(trace: Tracer, event: Event) -> None:
    trace.writes(("gate", event.get("gate")))
    trace.reads(("readers", event.get("gate")))


def _pin(trace: Tracer, event: Event) -> None:
    trace.writes(("hold", event.get("as")))
    trace.adds(("pins", event.get("module")))


def _unload(trace: Tracer, event: Event) -> None:
    module = event.get("module")
    trace.reads(("pins", module))
    trace.writes(("gone", module))
    objects = trace.scenario.objects.values()
    trace.reads(*(("life", spec.name) for spec in objects if spec.code == module))


def _replace(trace: Tracer, event: Event) -> None:
    trace.writes(("replaced", event.get("old")))


def _phase(trace: Tracer, event: Event) -> None:
    overlay = event.get("object")
    trace.writes(("phase", overlay))
    if event.get("phase") == "post_remove":
        objects = trace.scenario.objects.values()
        trace.reads(*(("pointers", spec.name) for spec in objects if spec.window == overlay))


def _fail(trace: Tracer, event: Event) -> None:
    """Note nothing: a failure is known to its actor alone."""


def _unwound(trace: Tracer, event: Event) -> None:
    trace.reads(*(("life", name) for name in trace.tables.allocated_by.get(event.actor, ())))


def _exit(trace: Tracer, event: Event) -> None:
    trace.writes(("ended", event.actor))
    trace.vanish(event.actor, "borrow")


_TASKS: dict[str, Callable[..., None]] = {
    "free": Tracer.free,
    "put": Tracer.put,
    "release": Tracer.release,
    "delete": Tracer.delete,
    "close": Tracer.close,
    "act": Tracer.act,
}

_TRACES: dict[str, Callable[[Tracer, Event], None]] = {
    "alloc": _alloc,
    "free": _free,
    "init": _init,
    "add": _add,
    "del": _del,
    "get": _get,
    "put": _put,
    "borrow": _borrow,
    "link": _borrow,
    "forget": _forget,
    "unlink": _forget,
    "use": _use,
    "read": _access,
    "write": _access,
    "lock": _lock,
    "unlock": _lock,
    "wait": _wait,
    "complete": _complete,
    "enter_sysfs": _enter_sysfs,
    "leave_sysfs": _leave_sysfs,
    "open_scope": _open_scope,
    "close_scope": _close_scope,
    "add_action": _add_action,
    "queue": _queue,
    "flush": _flush,
    "cancel": _cancel,
    "start": _own_work,
    "finish": _own_work,
    "enter": _enter,
    "exit_gate": _exit_gate,
    "unplug": _unplug,
    "pin": _pin,
    "unpin": _pin,
    "unload": _unload,
    "replace": _replace,
    "phase": _phase,
    "fail": _fail,
    "unwound": _unwound,
    "exit": _exit,
}
