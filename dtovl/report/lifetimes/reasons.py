"""Why a rule is broken: the moments before that made it so, with their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.lifetimes.findings import END
from dtovl.report.lifetimes.past import Past, at, by, hold_words
from dtovl.report.lifetimes.words import label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dtovl.lifetimes.findings import Finding
    from dtovl.lifetimes.trace import Trace

MOST_HOLDS = 8
"""References that are told of one by one."""


def reasons(finding: Finding, past: Past) -> list[str]:
    """Say why a rule is broken, a sentence or two; past is that of the whole run."""
    trace = past.trace
    number = next((n for n, found in trace.found.items() if finding in found), None)
    if number is not None and finding.rule not in _LATE:
        past = past.until(number)
    return [one for one in _RULES[finding.rule](finding, past, trace) if one]


_LATE = ("T005", "T016")
"""Rules that are judged when all is over, though they belong to an event."""


def _use_after_free(finding: Finding, past: Past, _: Trace) -> Iterator[str]:
    name = finding.details["object"]
    freed = past.freed(name)
    if freed is not None:
        yield f"{name} is freed{by(freed)}: {label(freed.event)}"
    if "hold" in finding.details:
        yield f"{hold_words(past, finding.details['hold'])}; it does not keep {name} alive"


def _leak(finding: Finding, past: Past, _: Trace) -> Iterator[str]:
    details = finding.details
    yield f"{details['object']} is allocated{by(past.allocated(details['object']))}"
    held = details.get("held_by", ())
    yield from (hold_words(past, name) for name in held[:MOST_HOLDS])
    if len(held) > MOST_HOLDS:
        yield f"and {len(held) - MOST_HOLDS} more references"


def _twice(finding: Finding, past: Past, _: Trace) -> Iterator[str]:
    details = finding.details
    if "freed" in details:
        freed = past.freed(details["object"])
        if freed is not None:
            yield f"{details['object']} is freed{by(freed)}: {label(freed.event)}"
        return
    hold = details.get("hold", "")
    dropped, taken = past.dropped(hold), past.taken(hold)
    if dropped is not None:
        yield f"{hold} is dropped{by(dropped)}: {label(dropped.event)}"
    elif taken is not None:
        yield f"{hold_words(past, hold)}: it does not count"
    else:
        yield f"{hold} is never taken"


def _not_initialised(finding: Finding, past: Past, trace: Trace) -> Iterator[str]:
    name = finding.details["object"]
    later = Past(trace).verb("init", object=name)
    if later is not None:
        yield f"the init of {name} comes{by(later)}"
    else:
        yield f"nobody initialises {name}"


def _deadlock(finding: Finding, past: Past, trace: Trace) -> Iterator[str]:
    steps = finding.details["cycle"]
    for step, after in zip(steps, [*steps[1:], steps[0]], strict=True):
        stuck = trace.stuck.get(step["actor"])
        where = f" at {stuck.event.name} (line {stuck.event.line})" if stuck is not None else ""
        got = past.got(after["actor"], step["waits_for"])
        other = after["actor"] + (" itself" if after["actor"] == step["actor"] else "")
        having = f", which {other} has since{at(got)[3:]}" if got else f", which is up to {other}"
        yield f"{step['actor']} waits{where} for {step['waits_for']}{having}"


def _possible(finding: Finding, past: Past, trace: Trace) -> Iterator[str]:
    lines = {event.name: event.line for event in trace.scenario.events}
    for step in finding.details["cycle"]:
        held, wanted = step["held"], step["wanted"]
        where = f"at {step['event']} (line {lines[step['event']]})"
        yield f"{held} before {wanted}: {step['actor']} {where}"
    yield "nobody waits for ever in this order of events; in another one somebody could"


def _dangling(finding: Finding, past: Past, _: Trace) -> Iterator[str]:
    freed = past.freed(finding.details["object"])
    yield hold_words(past, finding.details["hold"])
    if freed is not None:
        yield f"{finding.details['object']} is freed{by(freed)}: {label(freed.event)}"


def _open_file(finding: Finding, past: Past, trace: Trace) -> Iterator[str]:
    details = finding.details
    yield hold_words(past, details["hold"])
    files = [one.name for one in trace.scenario.actors.values() if one.kind == "file"]
    for hold in trace.state.holds_on(details["by"], "ref"):
        if hold.by in files:
            yield f"{hold_words(past, hold.name)}, an open file"


def _order(finding: Finding, past: Past, _: Trace) -> Iterator[str]:
    dependent, name = finding.details["dependent"], finding.details["object"]
    yield f"{dependent}, allocated{by(past.allocated(dependent))}, needs {name}"


def _notifier(finding: Finding, past: Past, _: Trace) -> Iterator[str]:
    yield hold_words(past, finding.details["hold"])


def _drain(finding: Finding, past: Past, _: Trace) -> Iterator[str]:
    work = finding.details["actor"]
    if finding.details["pending"] == "running":
        started = past.last(lambda one: one.event.verb == "start" and one.event.actor == work)
        yield f"{work} runs since{at(started)[3:]}, and uses {finding.details['object']}"
    else:
        queued = past.verb("queue", work=work)
        yield f"{work} is queued{by(queued)}, and uses {finding.details['object']}"


def _second(finding: Finding, past: Past, _: Trace) -> Iterator[str]:
    op, name = finding.details["op"], finding.details["object"]
    first = past.last(
        lambda one: (
            one.event.verb == op
            and one.event.get("object") == name
            and one.event.name != finding.event
        )
    )
    if first is not None:
        yield f"the first {op} of {name} is{by(first)}"
    else:
        yield f"{name} is static: it is there from the start"


def _replaced(finding: Finding, past: Past, trace: Trace) -> Iterator[str]:
    name = finding.details["object"]
    replaced = past.verb("replace", old=name)
    if replaced is not None:
        yield f"{name} is replaced by {replaced.event.get('new')}{at(replaced)}"
    if "by" in finding.details:
        yield hold_words(past, finding.details["hold"])
    yield from (hold_words(past, hold) for hold in finding.details.get("held_by", ())[:MOST_HOLDS])


def _code_gone(finding: Finding, past: Past, _: Trace) -> Iterator[str]:
    module = finding.details["module"]
    unloaded = past.verb("unload", module=module)
    if unloaded is not None:
        yield f"{module} is unloaded{by(unloaded)}; nothing pins it then"


def _window(finding: Finding, past: Past, trace: Trace) -> Iterator[str]:
    name = finding.details["object"]
    yield f"{name} is allocated{by(past.allocated(name))}"
    window = trace.scenario.objects[name].window
    if window and finding.details["phase"] != END:
        phase = past.verb("phase", object=window)
        yield f"{window} is in phase {finding.details['phase']} since{at(phase)[3:]}"
    elif finding.details["phase"] == END:
        yield "its `policy` is to stay: nobody can know who still points to it"


def _forever(finding: Finding, past: Past, trace: Trace) -> Iterator[str]:
    actor = finding.details["actor"]
    stuck = trace.stuck.get(actor)
    owners = [one for one in stuck.owners if one != actor] if stuck is not None else []
    wanted = finding.details["waits_for"]
    if wanted in trace.scenario.completions:
        yield f"no event that is left completes {wanted}"
    elif owners:
        yield f"{' and '.join(owners)} has {wanted}, and gives it back in no event that is left"
    else:
        yield f"nothing that is left ends the wait for {wanted}"


def _error_path(finding: Finding, past: Past, _: Trace) -> Iterator[str]:
    name = finding.details["object"]
    yield f"{name} is allocated{by(past.allocated(name))}, before the failure"


def _link(finding: Finding, past: Past, _: Trace) -> Iterator[str]:
    yield hold_words(past, finding.details["hold"])


def _gate(finding: Finding, past: Past, _: Trace) -> Iterator[str]:
    closed = past.last(
        lambda one: one.event.verb == "unplug" and one.event.get("gate") == finding.details["gate"]
    )
    yield f"gate {finding.details['gate']} is closed{by(closed)}"


def _race(finding: Finding, past: Past, _: Trace) -> Iterator[str]:
    details = finding.details
    for actor in (details["other"], details["actor"]):
        access = past.last(
            lambda one, actor=actor: (  # type: ignore[misc]
                one.event.actor == actor
                and one.event.verb in ("read", "write")
                and one.event.get("object") == details["object"]
                and (one.event.get("field") or "*") == details["field"]
            )
        )
        if access is not None:
            locks = ", ".join(one for one in access.held if ":" not in one) or "no lock"
            yield f"{actor} {access.event.verb}s it{at(access)} with {locks}"


def _left_held(finding: Finding, past: Past, _: Trace) -> Iterator[str]:
    got = past.got(finding.details["actor"], finding.details["hold"])
    if got is not None:
        yield f"{finding.details['actor']} has {finding.details['hold']} since{at(got)[3:]}"


def _lost(finding: Finding, past: Past, _: Trace) -> Iterator[str]:
    yield hold_words(past, finding.details["hold"])
    freed = past.freed(finding.details["by"])
    if freed is not None:
        yield f"{finding.details['by']} is freed{by(freed)}: {label(freed.event)}"


_RULES: dict[str, Callable[[Finding, Past, Trace], Iterator[str]]] = {
    "T001": _use_after_free,
    "T002": _leak,
    "T003": _twice,
    "T004": _not_initialised,
    "T005": _deadlock,
    "T006": _possible,
    "T007": _dangling,
    "T008": _open_file,
    "T009": _order,
    "T010": _notifier,
    "T011": _drain,
    "T012": _second,
    "T013": _replaced,
    "T014": _code_gone,
    "T015": _window,
    "T016": _forever,
    "T017": _error_path,
    "T018": _link,
    "T019": _gate,
    "T020": _race,
    "T021": _left_held,
    "T022": _lost,
}
