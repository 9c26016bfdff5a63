"""Short scenarios in short words, and what is told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.errors import InputError
from dtovl.lifetimes.machine import Machine
from dtovl.lifetimes.reading import read_scenario

if TYPE_CHECKING:
    from dtovl.diagnostics import Diagnostic
    from dtovl.lifetimes.machine import Result
    from dtovl.lifetimes.scenario import Scenario

HEAD = "dtovl-scenario: 1\nname: x\n"
FILE = "x.yaml"


def text_of(events: str, actors: str = "", **sections: str) -> str:
    """Write a scenario: a line of events is `actor verb key=value ...`; sections are in YAML.

    Actors that act need not be declared, unless they have attributes.
    """
    steps = [line.split() for line in events.splitlines() if line.strip()]
    acting = dict.fromkeys(step[0] for step in steps)
    declared = {one.partition(":")[0].strip() for one in actors.split(";") if one}
    plain = [f"{name}: " for name in acting if name not in declared]
    lines = [f"actors: {{{', '.join([*filter(None, actors.split(';')), *plain])}}}"]
    lines += [f"{key}: {value}" for key, value in sections.items()]
    lines.append("events:" if steps else "events: []")
    for actor, verb, *fields in steps:
        pairs = [f"actor: {actor}", f"do: {verb}", *(one.replace("=", ": ", 1) for one in fields)]
        lines.append(f"  - {{{', '.join(pairs)}}}")
    return HEAD + "\n".join(lines) + "\n"


def scenario(events: str, actors: str = "", **sections: str) -> Scenario:
    """Read a scenario in short words."""
    return read_scenario(text_of(events, actors, **sections).encode(), FILE)


def run(events: str, actors: str = "", **sections: str) -> Result:
    """Run a scenario in short words."""
    return Machine(scenario(events, actors, **sections)).run()


def found(events: str, actors: str = "", **sections: str) -> list[dict[str, Any]]:
    """Run a scenario; give its findings without severity and message."""
    told = [one.as_object() for one in run(events, actors, **sections).findings]
    return [
        {key: value for key, value in one.items() if key not in ("severity", "message")}
        for one in told
    ]


def rules(events: str, actors: str = "", **sections: str) -> list[str]:
    """Run a scenario; give the rules that it breaks, each with its event."""
    result = run(events, actors, **sections)
    return [f"{one.rule} {one.event}" for one in result.findings]


def refused(events: str, actors: str = "", **sections: str) -> list[tuple[str, str]]:
    """Run a scenario; give what was not let in."""
    return list(run(events, actors, **sections).refused)


def diagnostics(data: str | bytes) -> tuple[Diagnostic, ...]:
    """Give the errors of a file; none when it is a scenario."""
    try:
        read_scenario(data.encode() if isinstance(data, str) else data, FILE)
    except InputError as error:
        return error.diagnostics
    return ()


def errors(data: str | bytes) -> list[str]:
    """Give the errors of a file as `line:column: message`."""
    told = []
    for one in diagnostics(data):
        assert one.where is not None
        assert one.where.file == FILE
        told.append(f"{one.where.line}:{one.where.column}: {one.message}")
    return told
