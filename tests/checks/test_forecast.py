"""Forecasts of removals: leaks, what would dangle, what is in the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.applying import apply_blob
from support.overlays import at, inside, overlay_content, overlay_of, to
from support.trees import Content, tree_of

from dtovl.changeset import Changeset, DetachNode, SetProperty
from dtovl.checks.forecast import Forecast, Removal, foresee
from dtovl.checks.removal import removal_findings
from dtovl.checks.verdicts import apply_checked
from dtovl.fdt.read import unflatten
from dtovl.model.dialect import LIBFDT, LINUX
from dtovl.overlay.fragments import Overlay
from dtovl.overlay.outcome import Outcome
from dtovl.overlay.stack import Stack, apply_stack
from dtovl.report.forecast import forecast_lines, forecast_object, summary_line
from dtovl.report.text import diagnostic_lines

BASE: Content = {
    "soc": {
        "a": {"compatible": "acme,a", "status": "okay", "phandle": 1},
        "b": {"compatible": "acme,b", "phandle": 2},
    },
    "aliases": {"first": "/soc/a"},
    "__symbols__": {"a": "/soc/a", "b": "/soc/b"},
}
CODEC: Content = {"compatible": "acme,codec", "phandle": 1}


def overlays_of(*contents: Content) -> list[Overlay]:
    return [Overlay(tree_of(one), f"{place}.dtbo") for place, one in enumerate(contents, 1)]


def forecast_of(base: Content, *contents: Content, whole: bool = True) -> Forecast:
    tree = tree_of(base)
    stack = apply_stack(tree, overlays_of(*contents), LINUX)
    return foresee(tree, stack, "board.dtb", whole=whole)


def removals_of(base: Content, *contents: Content) -> list[Removal]:
    forecast = forecast_of(base, *contents)
    assert not forecast.refused
    return forecast.removals


# -- leaks -----------------------------------------------------------------------------------------


def test_properties_of_nodes_that_the_overlay_did_not_make_leak() -> None:
    (removal,) = removals_of(
        BASE,
        overlay_content(
            at("/soc", {"a": {"status": "okay", "x": b""}, "new": {"y": 1, "deep": {"z": 1}}}),
            symbols={"new": "/fragment@0/__overlay__/new"},
        ),
    )
    assert [(leak.node.path, leak.property, leak.size) for leak in removal.leaks] == [
        ("/soc/a", "status", 7 + 5),
        ("/soc/a", "x", 2),
        ("/__symbols__", "new", 4 + 9),
    ]
    assert removal.leaked_bytes == 27
    assert removal.restores
    assert removal.blocked is None


def test_properties_of_nodes_of_another_overlay_do_not_leak() -> None:
    first, second = removals_of(
        BASE,
        overlay_content(at("/soc", {"new": {"x": 1}})),
        overlay_content(at("/soc/new", {"x": 2})),
    )
    assert not first.leaks
    assert not second.leaks


def test_leaks_are_those_that_the_kernel_warns_of() -> None:
    tree = tree_of(BASE)
    overlays = overlays_of(overlay_content(at("/soc/a", {"p": 1, "q": 2}), at("/", {"r": 3})))
    stack = apply_stack(tree, overlays, LINUX)
    found = removal_findings(foresee(tree, stack), tree)
    lines = tuple(line.text for line in stack.outcomes[0].lines)
    assert [one.code.number for one in found] == ["DT240"]
    assert found[0].kernel == lines
    assert lines[2].endswith("property: /r")


def test_many_leaks_are_not_all_told() -> None:
    tree = tree_of(BASE)
    content: Content = {f"p{number}": number for number in range(20)}
    stack = apply_stack(tree, overlays_of(overlay_content(at("/soc/a", content))), LINUX)
    (found,) = removal_findings(foresee(tree, stack), tree)
    assert len(found.kernel) == 9
    assert found.kernel[-1] == "and 12 more lines"


def test_what_the_kernel_puts_back_elsewhere_is_told() -> None:
    """No overlay does this; a changeset recorded as one does."""
    for make in (
        lambda tree: SetProperty(tree.find("/soc/a"), "status", None),
        lambda tree: DetachNode(tree.find("/soc/b")),
    ):
        tree = tree_of(BASE)
        changes = Changeset([make(tree)])
        changes.apply(tree)
        stack = Stack(LINUX)
        stack.outcomes.append(Outcome(overlay_of(), LINUX, changes))
        forecast = foresee(tree, stack)
        assert not forecast.removals[0].restores
        line = summary_line(forecast)
        assert line is not None
        assert "in another order" in line.spans[1][1]


# -- what is in the way ----------------------------------------------------------------------------

N1 = overlay_content(at("/soc", {"n1": {"x": 1}}))
ON_SOC = overlay_content(at("/soc", {"p": 1}))
ON_ROOT = overlay_content(at("/", {"p": 1}))
EXPORT = overlay_content(at("/soc", {"n3": {"x": 1}}), symbols={"n3": "/fragment@0/__overlay__/n3"})
EXPORT_TOO = overlay_content(
    at("/soc/a", {"n4": {"x": 1}}), symbols={"n4": "/fragment@0/__overlay__/n4"}
)
EMPTY = overlay_content(at("/soc", {}))


@pytest.mark.parametrize(
    ("first", "second", "where"),
    [
        (N1, overlay_content(at("/soc", {"n2": {}})), None),
        (N1, ON_SOC, "/soc/n1"),
        (ON_SOC, overlay_content(at("/soc", {"n2": {"x": 1}})), "/soc"),
        (N1, overlay_content(at("/soc/n1", {"y": 1})), "/soc/n1"),
        (
            overlay_content(at("/soc/a", {"p": 1})),
            overlay_content(at("/soc/b", {"p": 1})),
            None,
        ),
        (N1, ON_ROOT, "/soc/n1"),
        (ON_ROOT, N1, ""),
        (EMPTY, ON_SOC, None),
        (ON_SOC, EMPTY, None),
        (EXPORT, EXPORT_TOO, "/__symbols__"),
    ],
)
def test_the_topmost_rule(first: Content, second: Content, where: str | None) -> None:
    """Rows of the table of the kernel's rule: which node it names, if it refuses."""
    removal, last = removals_of(BASE, first, second)
    assert last.blocked is None
    if where is None:
        assert removal.blocked is None
        assert removal.kernel == ()
        return
    assert removal.blocked is not None
    assert removal.blocked.first.path == where
    assert removal.kernel == (
        f"OF: overlay: node_overlaps_later_cs: #1 overlaps with #2 @{where}",
        "OF: overlay: overlay #1 is not topmost",
    )


def test_the_newest_overlay_is_named_for_the_first_entry_that_overlaps() -> None:
    removals = removals_of(
        BASE,
        overlay_content(at("/soc/a", {"p": 1}), at("/soc/b", {"q": 1})),
        overlay_content(at("/soc/a", {"p": 2})),
        overlay_content(at("/soc/a", {"p": 3})),
        overlay_content(at("/soc/b", {"q": 2})),
    )
    blocked = removals[0].blocked
    assert blocked is not None
    assert (blocked.first.number, blocked.first.path) == (3, "/soc/a")
    assert [one.number for one in blocked.newest] == [4, 3, 2]
    assert blocked.in_all == 3
    assert blocked.newest[0].own == "sets q of /soc/b"
    assert blocked.newest[0].other == "sets q of /soc/b"
    assert removals[2].blocked is None


def test_very_many_in_the_way_are_counted() -> None:
    removals = removals_of(BASE, *(ON_SOC for _ in range(40)))
    blocked = removals[0].blocked
    assert blocked is not None
    assert blocked.in_all == 39
    assert len(blocked.newest) == 20
    tree = tree_of(BASE)
    found = removal_findings(forecast_of(BASE, *(ON_SOC for _ in range(40))), tree)
    first = next(one for one in found if one.code.number == "DT243")
    assert first.notes[-1].text == "and 33 more"
    assert first.fix == "remove newest first"


RECORDED = Path(__file__).parents[2].parent / "shared" / "kernel" / "cases"


@pytest.mark.corpus
@pytest.mark.skipif(not RECORDED.is_dir(), reason=f"no recordings at {RECORDED}")
def test_recorded_removals_go_as_forecast() -> None:
    """The first removal after nothing but overlays that applied, in every recording."""
    seen = {"blocked": 0, "free": 0}
    for file in sorted(RECORDED.glob("*/case.json")):
        case = json.loads(file.read_text(encoding="utf-8"))
        steps = [step for step in case["steps"] if step["op"] not in ("refs", "find", "get", "put")]
        tree = unflatten((file.parent / case["base"]).read_bytes())
        stack, labels = Stack(LINUX), []
        for step in steps:
            result = step["result"]
            if result is None or step["op"] not in ("apply", "remove"):
                break
            if step["op"] == "apply":
                outcome = apply_blob(tree, (file.parent / step["overlay"]).read_bytes())
                if result.get("ret") != 0 or not outcome.applies:
                    break
                stack.outcomes.append(outcome)
                labels.append(step.get("as"))
                continue
            if step.get("overlay") not in labels:
                break
            removal = foresee(tree, stack).removals[labels.index(step["overlay"])]
            lines = [one["text"] for one in result["log"] if one.get("level", 7) < 7]
            refused = result["ret"] == "-EBUSY"
            assert (removal.blocked is not None) == refused, case["name"]
            assert not refused or list(removal.kernel) == lines, case["name"]
            seen["blocked" if refused else "free"] += 1
            break
    assert seen["blocked"] >= 10
    assert seen["free"] >= 80


# -- what would dangle -----------------------------------------------------------------------------


def codec(**more: str) -> Content:
    symbols: Content = {"codec": "/fragment@0/__overlay__/codec", **more}
    return overlay_content(at("/soc", {"codec": CODEC}), symbols=symbols)


def card(key: str, **tables: Content) -> Content:
    return overlay_content(
        to("b", {key: 0xFFFFFFFF}),
        fixups={"codec": f"/fragment@0/__overlay__:{key}:0"},
        **tables,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("key", ["sound-dai", "acme,never-heard-of"])
def test_a_phandle_of_a_later_overlay_dangles(key: str) -> None:
    first, second = removals_of(BASE, codec(), card(key))
    (found,) = first.dangling
    assert (found.kind, found.holder, found.path, found.property, found.offset, found.target) == (
        "phandle",
        2,
        "/soc/b",
        key,
        0,
        "/soc/codec",
    )
    assert first.loose == [found]
    assert second.dangling == []


def test_a_phandle_that_nobody_resolved_dangles_by_the_name_of_its_property() -> None:
    """Overlays written without labels hold the number itself; the codec is 2 + 1 + 1."""
    first, _ = removals_of(BASE, codec(), overlay_content(at("/soc/b", {"sound-dai": 4})))
    assert [found.property for found in first.loose] == ["sound-dai"]
    first, _ = removals_of(BASE, codec(), overlay_content(at("/soc/b", {"width": 4})))
    assert first.loose == []


def test_references_on_a_new_node_count() -> None:
    consumer = overlay_content(
        at("/soc/b", {"sub": {"deep": {"link": [7, 0xFFFFFFFF]}}}),
        fixups={"codec": "/fragment@0/__overlay__/sub/deep:link:4"},
    )
    first, _ = removals_of(BASE, codec(), consumer)
    assert [(found.path, found.offset) for found in first.loose] == [("/soc/b/sub/deep", 4)]


def test_a_reference_inside_one_overlay_goes_with_it() -> None:
    content = overlay_content(
        at("/soc", {"codec": CODEC, "b": {"sound-dai": 1}}), local=inside({"b": {"sound-dai": 0}})
    )
    (removal,) = removals_of(BASE, content)
    assert removal.dangling == []


def test_the_kernel_guards_what_an_overlay_in_the_way_holds() -> None:
    exporting = card("sound-dai", symbols={"card": "/fragment@0/__overlay__"})
    first, _ = removals_of(BASE, codec(), exporting)
    assert first.blocked is not None
    assert len(first.dangling) == 1
    assert first.loose == []


def test_a_reference_that_a_later_overlay_hides_is_not_there() -> None:
    first, second, _ = removals_of(
        BASE, codec(), card("sound-dai"), overlay_content(at("/soc/b", {"sound-dai": 1}))
    )
    assert first.dangling == []
    assert second.dangling == []


def test_labels_and_aliases_into_it_dangle() -> None:
    maker = overlay_content(at("/soc", {"codec": CODEC}))
    namer = overlay_content(
        at("/soc/codec", {}),
        at("/aliases", {"codec0": "/soc/codec", "codec1": "/soc/codec:opt", "other": "/soc/b"}),
        symbols={"codec": "/fragment@0/__overlay__"},
    )
    first, _ = removals_of(BASE, maker, namer)
    assert [(found.kind, found.property, found.target) for found in first.loose] == [
        ("alias", "codec0", "/soc/codec"),
        ("alias", "codec1", "/soc/codec"),
        ("symbol", "codec", "/soc/codec"),
    ]


def test_an_earlier_overlay_may_name_what_a_later_one_brings() -> None:
    namer = overlay_content(at("/aliases", {"codec0": "/soc/codec"}))
    maker = overlay_content(at("/soc", {"codec": CODEC}))
    first, second = removals_of(BASE, namer, maker)
    assert first.dangling == []
    assert [(found.holder, found.property) for found in second.loose] == [(1, "codec0")]


def test_what_the_base_lets_point_there() -> None:
    base: Content = {
        **BASE,
        "sound": {"sound-dai": 3 + 1},
        "aliases": {"codec0": "/soc/codec"},
        "__symbols__": {"gone": "/soc/codec", "b": "/soc/b"},
    }
    maker = overlay_content(at("/soc", {"codec": CODEC}))
    (removal,) = removals_of(base, maker)
    assert [(found.kind, found.holder, found.path) for found in removal.loose] == [
        ("alias", 0, "/aliases"),
        ("symbol", 0, "/__symbols__"),
        ("phandle", 0, "/sound"),
    ]
    user = overlay_content(to("gone", {"x": 1}))
    (removal, _) = removals_of(base, maker, user)
    assert len(removal.dangling) == 3
    (removal,) = forecast_of(base, maker, whole=False).removals
    assert removal.dangling == []


# -- forecasts as a whole --------------------------------------------------------------------------


def told(forecast: Forecast) -> str:
    lines = [*forecast_lines(forecast)]
    line = summary_line(forecast)
    if line is not None:
        lines.append(line)
    return "\n".join("".join(text for _, text in line.spans) for line in lines)


def test_a_refused_stack_has_no_summary() -> None:
    forecast = forecast_of(BASE, ON_SOC, overlay_content(at("/gone", {"p": 1})))
    assert forecast.refused == "2.dtbo"
    assert len(forecast.removals) == 1
    assert summary_line(forecast) is None
    assert told(forecast).splitlines()[-1] == "  2 2.dtbo: refused"
    nothing = forecast_of(BASE, overlay_content(at("/gone", {"p": 1})))
    assert told(nothing) == "Removal from Linux 6.1: nothing to remove, as 1.dtbo is refused"


@pytest.mark.parametrize("applier", [LIBFDT, LINUX])
def test_the_applier_does_not_matter(applier: object) -> None:
    overlays = overlays_of(codec(), card("sound-dai"))
    tree = tree_of(BASE)
    applied = apply_checked(tree, overlays, applier, foresee=foresee)  # type: ignore[arg-type]
    assert applied.forecast is not None
    given = forecast_object(applied.forecast)
    assert given == forecast_object(forecast_of(BASE, codec(), card("sound-dai")))
    assert apply_checked(tree_of(BASE), overlays).forecast is None


def test_hostile_names_go_through() -> None:
    name = "\x1b[2J\n%0A[red]\\\xff{0}{name}"
    base: Content = {"soc": {name: {"phandle": 1}}, "__symbols__": {name: f"/soc/{name}"}}
    maker = overlay_content(
        at(f"/soc/{name}", {name: {"phandle": 1, name: 1}, "p": 1}),
        symbols={f"{name}2": f"/fragment@0/__overlay__/{name}"},
    )
    user = overlay_content(
        to(name, {"sound-dai": 0xFFFFFFFF}),
        fixups={f"{name}2": "/fragment@0/__overlay__:sound-dai:0"},
    )
    tree = tree_of(base)
    stack = apply_stack(tree, [Overlay(tree_of(one), name) for one in (maker, user)], LINUX)
    forecast = foresee(tree, stack, name, whole=True)
    assert len(forecast.removals) == 2
    assert json.dumps(forecast_object(forecast)).isascii()
    for found in removal_findings(forecast, tree):
        assert all(line.spans for line in diagnostic_lines(found))
    assert told(forecast)
