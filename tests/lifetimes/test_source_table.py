"""What the field says, row by row: a scenario of each sentence, in its wrong and its right form.

The scenarios in `scenarios/` are ours, the sentence is what they are `about`. The reference has
scenarios of its own for most rows, of the same name; those run too when it is beside the checkout.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from dtovl.lifetimes.machine import Machine
from dtovl.lifetimes.reading import read_scenario

OURS = Path(__file__).parent / "scenarios"
REFERENCE = Path(__file__).parents[3] / "shared"
TABLE = REFERENCE / "spec" / "lifetimes.md"
THEIRS = REFERENCE / "lifetimes" / "scenarios"
FORMS = ("broken", "mended")

needs_reference = pytest.mark.skipif(
    not TABLE.is_file() or not THEIRS.is_dir(), reason="needs ../shared beside the checkout"
)


class Row(NamedTuple):
    """A row of the table: field, our scenario, the rules that its broken form breaks.

    alone: the reference has no scenario of the row.
    """

    field: str
    scenario: str
    rules: str
    alone: bool = False


class Source(NamedTuple):
    """A row as the reference has it; no scenario where it leaves one to be written."""

    field: str
    sentence: str
    scenario: str
    rules: str


ROWS = (
    Row("overlays", "ovl-fdt-borrowed-from-caller", "T001"),
    Row("overlays", "ovl-dup-fdt-freed-early", "T001, T009"),
    Row("overlays", "ovl-memory-kept-by-policy", "T015"),
    Row("overlays", "ovl-freed-inside-window", "T001, T015", alone=True),
    Row("overlays", "ovl-notifier-keeps-pointer", "T001, T010"),
    Row("overlays", "ovl-notifier-counts-node", "T002", alone=True),
    Row("overlays", "ovl-fpga-region-info", "T010"),
    Row("overlays", "ovl-changeset-is-history", "T010"),
    Row("overlays", "ovl-duplicates-leak", "T002", alone=True),
    Row("overlays", "ovl-virtual-pci-order", "T001, T003, T009"),
    Row("overlays", "ovl-pci-host-unbind", "T002", alone=True),
    Row("overlays", "ovl-caller-owns-tree", "T001"),
    Row("overlays", "ovl-api-hands-out-internal-pointer", "T007"),
    Row("overlays", "ovl-live-tree-holds-copies", "T001"),
    Row("IOMMU", "iommu-xlate-priv-leak", "T017"),
    Row("IOMMU", "iommu-probe-race", "T001, T020"),
    Row("IOMMU", "iommu-deferral-starts-again", "T001", alone=True),
    Row("IOMMU", "iommu-fwspec-holds-node", "T002"),
    Row("IOMMU", "iommu-ops-owner-module", "T014"),
    Row("IOMMU", "iommu-error-path-leaks-ids", "T002, T017", alone=True),
    Row("IOMMU", "iommu-fwspec-reference-lost", "T022"),
    Row("pseries", "vio-parent-freed-under-child", "T001"),
    Row("pseries", "vio-attach-adds-parent-only", "T002, T018", alone=True),
    Row("DRM", "drm-devm-crtc-open-fd", "T001, T008"),
    Row("DRM", "drm-resource-after-unbind", "T001, T019"),
    Row("DRM", "drm-connector-still-in-state", "T001, T008", alone=True),
    Row("DRM", "drm-panel-bridge", "T001, T008, T009"),
    Row("DRM", "drm-inflight-commit", "T001, T011"),
    Row("DRM", "drm-failing-ioctls-is-not-enough", "T001", alone=True),
    Row("DRM", "drm-timer-not-deleted", "T001, T011", alone=True),
    Row("DRM", "drm-drmm-action-module-gone", "T014"),
    Row("DRM", "drm-fd-keeps-device", "T001"),
    Row("DRM", "drm-aggregate-partial-removal", "T001, T008"),
    Row("DRM", "drm-component-devres-group", "T012"),
    Row("DRM", "drm-driver-frees-user-buffers", "T001, T003"),
    Row("DRM", "drm-remove-before-what-points", "T001, T009", alone=True),
    Row("DRM", "drm-no-shutdown", "T001, T011", alone=True),
    Row("DRM", "drm-flush-under-lock", "T006"),
    Row("DRM", "drm-gate-around-a-lock", "T005", alone=True),
    Row("livepatch", "klp-put-uninitialised", "T004"),
    Row("livepatch", "klp-break-at-first-uninit", "T017"),
    Row("livepatch", "klp-put-under-mutex", "T005"),
    Row("livepatch", "klp-lockdep-report", "T006", alone=True),
    Row("livepatch", "klp-free-from-own-callback", "T005"),
    Row("livepatch", "klp-wait-without-put", "T016"),
    Row("livepatch", "klp-wait-under-mutex", "T005", alone=True),
    Row("livepatch", "klp-list-not-initialised", "T004"),
    Row("livepatch", "klp-module-put-early", "T014"),
    Row("livepatch", "klp-double-free", "T003"),
    Row("livepatch", "klp-atomic-replace-early", "T001, T013"),
    Row("livepatch", "klp-dynamic-parts-kept", "T002, T013", alone=True),
    Row("livepatch", "klp-child-never-put", "T016"),
    Row("livepatch", "klp-mutex-left-locked", "T021"),
)

by_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.scenario)


def rules(file: Path) -> str:
    """Give the rules that a scenario file breaks, sorted."""
    result = Machine(read_scenario(file.read_bytes(), file.name)).run()
    return ", ".join(sorted({one.rule for one in result.findings}))


def about(row: Row, form: str) -> str:
    file = OURS / f"{row.scenario}-{form}.yaml"
    scenario = read_scenario(file.read_bytes(), file.name)
    assert scenario.name == file.stem
    return scenario.about


def sources() -> list[Source]:
    """Read the table: rows of four cells between its heading and the next."""
    text = TABLE.read_text("utf-8").partition("\n## 6.")[2].partition("\n### 6.1")[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    head, _, *rows = cells
    assert head == ["field", "what is said, in short", "scenario", "broken gives"]
    return [
        Source(field, sentence, "" if "write one" in scenario else scenario.strip("`"), broken)
        for field, sentence, scenario, broken in rows
    ]


@by_row
def test_the_broken_form_breaks_what_the_row_says(row: Row) -> None:
    assert rules(OURS / f"{row.scenario}-broken.yaml") == row.rules


@by_row
def test_the_mended_form_breaks_nothing(row: Row) -> None:
    assert rules(OURS / f"{row.scenario}-mended.yaml") == ""


@by_row
def test_both_forms_are_about_the_sentence(row: Row) -> None:
    assert about(row, "broken") == about(row, "mended") != ""


def test_every_scenario_is_of_a_row() -> None:
    named = {f"{row.scenario}-{form}.yaml" for row in ROWS for form in FORMS}
    assert {file.name for file in OURS.iterdir()} == named


@needs_reference
def test_every_row_of_the_reference_has_a_scenario() -> None:
    ours = [(row.field, about(row, "broken"), row.rules) for row in ROWS]
    assert ours == [(row.field, row.sentence, row.rules) for row in sources()]
    given = [row.scenario for row in sources()]
    assert ["" if row.alone else row.scenario for row in ROWS] == given


@needs_reference
@pytest.mark.parametrize(
    "row", [one for one in ROWS if not one.alone], ids=lambda row: row.scenario
)
def test_the_scenario_of_the_reference(row: Row) -> None:
    folder = THEIRS / row.scenario
    assert rules(folder / "broken.yaml") == row.rules
    assert rules(folder / "mended.yaml") == ""
