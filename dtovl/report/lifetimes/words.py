"""Events in words: a short label for a lane, and a sentence with holder, object and effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.lifetimes.trace import CLOSED, COUNT, DONE, DROPPED, GONE, TAKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dtovl.lifetimes.scenario import Event, Scenario
    from dtovl.lifetimes.state import Hold
    from dtovl.lifetimes.trace import Change, Moment

HOLDS = {"ref": "counted reference", "borrow": "bare pointer", "link": "sysfs link"}

_LABELS = {
    "alloc": ("object", (("in", "scope"), ("for", "by"))),
    "init": ("object", (("for", "by"),)),
    "add": ("object", (("under", "parent"),)),
    "get": ("object", (("as", "as"), ("for", "by"), ("in", "scope"))),
    "borrow": ("object", (("as", "as"), ("for", "by"))),
    "link": ("object", (("as", "as"), ("for", "by"))),
    "put": ("object", (("", "hold"),)),
    "use": ("object", (("via", "via"), ("from entry", "entry"), ("guarded by", "guard"))),
    "read": ("object", ((".", "field"),)),
    "write": ("object", ((".", "field"),)),
    "add_action": ("object", (("in", "scope"), ("code", "code"))),
    "pin": ("module", (("as", "as"),)),
    "unpin": ("module", (("as", "as"),)),
    "replace": ("old", (("by", "new"),)),
    "phase": ("object", (("", "phase"),)),
}
"""The field that a verb is about, then (word before, field) of what is said with it."""

_FIELDS = ("object", "hold", "lock", "completion", "scope", "work", "gate", "module")


def label(event: Event, target: str = "") -> str:
    """Name an event shortly: its verb and what it is about; target: what a hold of it is on."""
    main, more = _LABELS.get(event.verb, ("", ()))
    about = event.get(main) if main else next(filter(None, map(event.get, _FIELDS)), "")
    if event.verb == "use":
        about = about or target
    parts = [event.verb, about]
    for word, field in more:
        value = event.get(field)
        if value and word == ".":
            parts[-1] += f".{value}"
        elif value:
            parts += word, value
    return " ".join(filter(None, parts))


def waitable(name: str, scenario: Scenario) -> str:
    """Say what it is that somebody waits for."""
    kind, colon, of = name.partition(":")
    if not colon:
        return f"completion {name}" if name in scenario.completions else f"lock {name}"
    return {
        "active": f"{name} (operations in the sysfs directory of {of})",
        "work": f"{name} (the work {of})",
        "gate": f"{name} (sections of gate {of})",
        "event": f"event {of}, which comes first by design",
    }.get(kind, name)


def waiting(moment: Moment, scenario: Scenario) -> str:
    """Say what an actor waits for at a moment, and who has that."""
    owners = [one if one != moment.event.actor else "it itself" for one in moment.owners]
    having = "has" if len(owners) == 1 else "have"
    held = f", which {' and '.join(owners)} {having}" if owners else ""
    return f"waits for {waitable(moment.waits_for, scenario)}{held}"


def effects(moment: Moment) -> list[str]:
    """Say what an event changed beyond what its label says."""
    event = moment.event
    told = []
    for one in moment.changes:
        if one.what == GONE and not (event.verb == "free" and one.name == event.get("object")):
            told.append(f"frees {one.name}")
        elif one.what == DONE and one.name != event.get("completion"):
            told.append(f"completes {one.name}")
        elif one.what == CLOSED and one.name != event.get("scope"):
            told.append(f"closes {one.name}")
        elif one.what == DROPPED and event.verb not in ("forget", "unlink"):
            told.extend(_dropped(one, event))
    return told


def _dropped(change: Change, event: Event) -> Iterator[str]:
    hold = change.hold
    if hold is None or hold.kind != "ref" or change.name == event.get("hold"):
        return
    if change.name != f"{event.get('object')}.initial":
        yield f"drops {change.name}"


def counts(moment: Moment) -> dict[str, int]:
    """Give the counts that an event changed, but of what it freed, and where nothing counts yet."""
    gone = {one.name for one in moment.changes if one.what == GONE}
    return {
        one.name: one.number
        for one in moment.changes
        if one.what == COUNT and one.number and one.name not in gone
    }


def short(moment: Moment) -> str:
    """Give the label of a moment with its effects, for a lane."""
    told = effects(moment)
    if moment.refused:
        told.append("refused")
    return "; ".join((label(moment.event, moment.target), *told))


# -- sentences -------------------------------------------------------------------------------------


def sentence(moment: Moment, scenario: Scenario) -> str:
    """Tell a moment in words; the actor is the subject, and stands before."""
    event = moment.event
    if moment.waits_for:
        return f"{waiting(moment, scenario)} ({label(event)})"
    words = _SENTENCES.get(event.verb)
    told = words(event, moment) if words else label(event)
    if moment.late:
        told = f"goes on: {told}"
    found = [told, *effects(moment)]
    found += [f"count of {name} is now {count}" for name, count in counts(moment).items()]
    if moment.refused:
        found.append(f"refused: {moment.refused}")
    return "; ".join(found)


def _of(event: Event) -> str:
    by = event.get("by")
    return f" for {by}" if by and by != event.actor else ""


def _taken(moment: Moment) -> Mapping[str, Hold]:
    return {
        one.name: one.hold for one in moment.changes if one.what == TAKEN and one.hold is not None
    }


def _alloc(event: Event, moment: Moment) -> str:
    scope = f" in scope {event.get('scope')}" if event.get("scope") else ""
    holds = "".join(f", with {name} of {hold.by}" for name, hold in _taken(moment).items())
    return f"allocates {event.get('object')}{scope}{holds}"


def _add(event: Event, moment: Moment) -> str:
    under = f" under {event.get('parent')}" if event.get("parent") else ""
    return f"adds {event.get('object')} to sysfs{under}"


def _get(event: Event, moment: Moment) -> str:
    scope = f", put when scope {event.get('scope')} closes" if event.get("scope") else ""
    name = f"a counted reference to {event.get('object')} as {event.get('as')}"
    return f"takes {name}{_of(event)}{scope}"


def _put(event: Event, moment: Moment) -> str:
    if event.get("object"):
        return f"drops the first reference to {event.get('object')}"
    to = f", a reference to {moment.target}" if moment.target else ""
    return f"drops {event.get('hold')}{to}"


def _borrow(event: Event, moment: Moment) -> str:
    return f"keeps a bare pointer to {event.get('object')} as {event.get('as')}{_of(event)}"


def _link(event: Event, moment: Moment) -> str:
    return f"makes a sysfs link to {event.get('object')} as {event.get('as')}{_of(event)}"


def _use(event: Event, moment: Moment) -> str:
    via = event.get("via")
    if via and not moment.target:
        return f"finds {via} cleared, and does nothing"
    way = f" via {via}" if via else ""
    entry = f", entered through gate {event.get('entry')}" if event.get("entry") else ""
    guard = f", behind gate {event.get('guard')}" if event.get("guard") else ""
    return f"uses {moment.target}{way}{entry}{guard}"


def _access(event: Event, moment: Moment) -> str:
    verb = "reads" if event.verb == "read" else "writes"
    field = f".{event.get('field')}" if event.get("field") else ""
    held = ", ".join(one for one in moment.held if ":" not in one)
    return f"{verb} {event.get('object')}{field} with {held or 'no lock'}"


def _action(event: Event, moment: Moment) -> str:
    on = f" on {event.get('object')}" if event.get("object") else ""
    code = f", code of module {event.get('code')}" if event.get("code") else ""
    return f"adds a function{on} to scope {event.get('scope')}{code}"


_SENTENCES: dict[str, Callable[[Event, Moment], str]] = {
    "alloc": _alloc,
    "free": lambda event, _: f"frees {event.get('object')}",
    "init": lambda event, _: f"initialises {event.get('object')}{_of(event)}",
    "add": _add,
    "del": lambda event, _: f"takes {event.get('object')} out of sysfs",
    "get": _get,
    "put": _put,
    "borrow": _borrow,
    "link": _link,
    "forget": lambda event, _: f"forgets {event.get('hold')}",
    "unlink": lambda event, _: f"removes the link {event.get('hold')}",
    "use": _use,
    "read": _access,
    "write": _access,
    "lock": lambda event, _: f"takes lock {event.get('lock')}",
    "unlock": lambda event, _: f"gives back lock {event.get('lock')}",
    "wait": lambda event, _: f"finds {event.get('completion')} complete",
    "complete": lambda event, _: f"completes {event.get('completion')}",
    "enter_sysfs": lambda event, _: f"begins an operation in sysfs of {event.get('object')}",
    "leave_sysfs": lambda event, _: f"ends its operation in sysfs of {event.get('object')}",
    "open_scope": lambda event, _: f"opens scope {event.get('scope')}",
    "close_scope": lambda event, _: f"closes scope {event.get('scope')}",
    "add_action": _action,
    "queue": lambda event, _: f"queues work {event.get('work')}",
    "flush": lambda event, _: f"finds work {event.get('work')} idle",
    "cancel": lambda event, _: f"cancels work {event.get('work')}",
    "start": lambda event, _: "starts to run",
    "finish": lambda event, _: "has finished its run",
    "enter": lambda event, _: f"enters gate {event.get('gate')}",
    "exit_gate": lambda event, _: f"leaves gate {event.get('gate')}",
    "unplug": lambda event, _: f"closes gate {event.get('gate')} for good",
    "pin": lambda event, _: f"pins module {event.get('module')} as {event.get('as')}",
    "unpin": lambda event, _: f"drops pin {event.get('as')} of module {event.get('module')}",
    "unload": lambda event, _: f"unloads module {event.get('module')}",
    "replace": lambda event, _: f"replaces {event.get('old')} by {event.get('new')}",
    "phase": lambda event, _: f"brings {event.get('object')} to phase {event.get('phase')}",
    "fail": lambda event, _: "fails: its error path begins",
    "unwound": lambda event, _: "is done with its error path",
    "exit": lambda event, _: "ends; its bare pointers vanish",
}
