"""What waits for a first cause, as trees: `dtovl.report.probe.trees`."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from support.predictions import NOTHING, after

from dtovl.report.probe.seen import Cause, Seen, Wait
from dtovl.report.probe.trees import nearest_to_cause, trees

RAIL = Cause("/rail", "disabled", "is disabled")


def waiting(**on: str) -> Seen:
    """Give devices that wait for others, all for want of the rail in the end."""
    names = {f"/{name}": f"/{target}" if target else "" for name, target in on.items()}
    return NOTHING._replace(
        deferred=dict.fromkeys(names, "x"),
        waits={name: Wait(on or "/rail", on, "clocks", 0, "x") for name, on in names.items()},
        causes=dict.fromkeys(names, RAIL),
    )


def shape(seen: Seen) -> list[tuple[int, str]]:
    ((cause, branches),) = trees(seen, seen.deferred)
    assert cause == RAIL
    return [(branch.depth, branch.device) for branch in branches]


def test_below_a_cause_stands_what_waits_for_it() -> None:
    assert shape(waiting(c="a", a="", b="", d="c")) == [(1, "/a"), (2, "/c"), (3, "/d"), (1, "/b")]


def test_each_cause_has_its_own() -> None:
    other = Cause("/clk", "disabled", "is disabled")
    seen = waiting(a="", b="", c="b")
    seen = seen._replace(causes={**seen.causes, "/a": other})
    found = {cause.node: [one.device for one in all_] for cause, all_ in trees(seen, seen.deferred)}
    assert found == {"/clk": ["/a"], "/rail": ["/b", "/c"]}


def test_a_device_that_is_not_asked_for_leaves_those_behind_it_on_top() -> None:
    seen = waiting(a="", b="a", c="b")
    ((_, branches),) = trees(seen, ["/c", "/b"])
    assert [(one.depth, one.device) for one in branches] == [(1, "/b"), (2, "/c")]
    assert list(nearest_to_cause(seen, {"/c", "/b"})) == ["/b"]


def test_a_circle_is_gone_round_once() -> None:
    assert shape(waiting(a="c", b="a", c="b", d="a", e="e")) == [
        (1, "/e"),
        (1, "/a"),
        (2, "/b"),
        (3, "/c"),
        (2, "/d"),
    ]


def test_a_line_of_devices_is_no_recursion() -> None:
    names = [f"d{number}" for number in range(5000)]
    seen = waiting(**{one: other for other, one in pairwise(names)}, d0="")
    assert shape(seen)[-1] == (5000, "/d4999")


@given(st.lists(st.integers(-1, 9), min_size=1, max_size=10))
def test_every_device_stands_once(targets: list[int]) -> None:
    on = {f"d{one}": f"d{to}" if 0 <= to < len(targets) else "" for one, to in enumerate(targets)}
    assert sorted(device for _, device in shape(waiting(**on))) == sorted(f"/{one}" for one in on)


def test_those_nearest_to_the_cause() -> None:
    assert list(nearest_to_cause(after(), after().deferred)) == ["/wifi"]
