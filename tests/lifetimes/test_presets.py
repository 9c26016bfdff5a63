"""The presets: broken ones are found broken, mended ones not, and nothing in those is for show."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from support.mutants import mutants

from dtovl.lifetimes.explore import explore
from dtovl.lifetimes.machine import Machine
from dtovl.lifetimes.presets import load, names
from dtovl.lifetimes.reading import read_scenario

if TYPE_CHECKING:
    from dtovl.lifetimes.explore import Exploration
    from dtovl.lifetimes.scenario import Scenario

BROKEN = {
    "drm/component-teardown": ("T001", "T008"),
    "drm/flush-under-lock": ("T005", "T006"),
    "drm/inflight-commit": ("T001", "T011"),
    "iommu/fault-drain": ("T001",),
    "iommu/fwspec-node": ("T001",),
    "iommu/probe-race": ("T020",),
    "livepatch/atomic-replace": ("T001", "T013"),
    "livepatch/two-phase-free": ("T005", "T006"),
    "overlays/device-node": ("T001",),
    "overlays/fdt-copy": ("T001", "T009"),
    "overlays/notifier-window": ("T011",),
    "pseries/phandle-cache": ("T001",),
    "pseries/vio-device": ("T001",),
}
"""The rules that some order of a preset's broken form breaks."""

SHOWN_BY_THE_LIST = {
    "drm/flush-under-lock": ("T006",),
    "iommu/probe-race": ("T020",),
    "livepatch/two-phase-free": ("T006",),
}
"""What the order of the file breaks already: rules that judge what could happen in others."""

NOT_THERE_BEFORE = "what comes after it touches an object that is not allocated before"
NO_HARM = {
    "drm/flush-under-lock": {"after mode of ioctl": NOT_THERE_BEFORE},
    "drm/inflight-commit": {"after open of look": "the device is listed with or without the file"},
    "iommu/fault-drain": {
        "after join of bind": "the address space can as well be there before the fault queue",
        "after bind of fault": NOT_THERE_BEFORE,
    },
    "iommu/fwspec-node": {"after device of take": NOT_THERE_BEFORE},
    "iommu/probe-race": {
        "after device of smmu_asks": NOT_THERE_BEFORE,
        "after device of gpu_asks": NOT_THERE_BEFORE,
    },
    "livepatch/atomic-replace": {
        "after started of check": "the work only waits for the tasks, and those are switched after "
        "the start",
    },
    "livepatch/two-phase-free": {
        "enter_sysfs write": "the last that this callback does with the patch is to schedule the "
        "work that frees it",
    },
    "overlays/device-node": {"after base of walk": NOT_THERE_BEFORE},
    "overlays/notifier-window": {
        "after pre_apply of region_told": "a phase is judged when the overlay goes, not when "
        "notifiers are called; what they are given is allocated before",
        "after pre_remove of region_leaves": "as with pre_apply: remove_data is allocated before",
    },
}
"""Orders that can go from a mended preset without harm, and why: the real code has them."""


@cache
def scenario(name: str) -> Scenario:
    return read_scenario(load(name), name)


@cache
def explored(name: str) -> Exploration:
    return explore(scenario(name))


def pairs() -> list[str]:
    return sorted({name.rpartition("-")[0] for name in names()})


def test_every_preset_is_a_pair_of_a_system() -> None:
    assert [f"{name}-{form}" for name in pairs() for form in ("broken", "mended")] == names()
    assert pairs() == sorted(BROKEN)
    systems = [name.partition("/")[0] for name in pairs()]
    assert {one: systems.count(one) >= 2 for one in systems} == dict.fromkeys(
        ("drm", "iommu", "livepatch", "overlays", "pseries"), True
    )


def test_an_unknown_preset_is_a_key_error() -> None:
    for name in ("", "drm", "drm/none", "../presets", "drm/../drm/fault-drain-broken"):
        with pytest.raises(KeyError):
            load(name)


@pytest.mark.parametrize("name", names())
def test_the_name_within_is_that_of_the_file(name: str) -> None:
    assert scenario(name).name == name.replace("/", "-")
    assert scenario(name).about


@pytest.mark.parametrize("name", pairs())
def test_both_forms_are_about_the_same(name: str) -> None:
    broken, mended = scenario(f"{name}-broken"), scenario(f"{name}-mended")
    assert broken.about == mended.about
    assert list(broken.actors) == list(mended.actors)
    assert len(broken.actors) >= 2


@pytest.mark.parametrize(("name", "rules"), BROKEN.items())
def test_the_search_finds_what_is_broken(name: str, rules: tuple[str, ...]) -> None:
    found = explored(f"{name}-broken")
    assert found.complete
    assert found.rules == rules
    assert found.order is not None


@pytest.mark.parametrize("name", pairs())
def test_the_order_of_the_broken_file_looks_well(name: str) -> None:
    result = Machine(scenario(f"{name}-broken")).run()
    assert tuple(one.rule for one in result.findings) == SHOWN_BY_THE_LIST.get(name, ())
    assert not result.refused


@pytest.mark.parametrize("name", pairs())
def test_no_order_of_the_mended_form_breaks_a_rule(name: str) -> None:
    found = explored(f"{name}-mended")
    assert found.complete
    assert found.found == ()
    assert found.order is None
    assert Machine(scenario(f"{name}-mended")).run().refused == ()


@pytest.mark.parametrize("name", pairs())
def test_what_keeps_order_in_a_mended_form_is_needed(name: str) -> None:
    harmless = set()
    for left_out, mutant in mutants(scenario(f"{name}-mended")):
        found = explore(mutant)
        assert found.complete, left_out
        if found.order is None:
            harmless.add(left_out)
    assert harmless == set(NO_HARM.get(name, {}))


def test_presets_order_by_every_means() -> None:
    left_out = {
        what.partition(" ")[0]
        for name in pairs()
        for what, _ in mutants(scenario(f"{name}-mended"))
    }
    assert left_out >= {"lock", "flush", "get", "wait", "unplug", "enter", "enter_sysfs", "after"}
