"""What a changed repository takes from its overlays, and that nothing else is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from support.gitting import OWN, commit, git

from dtovl.api import dump, load
from dtovl.cli import run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FIXTURES = Path(__file__).parents[2] / "fixtures" / "repo"
SOC = "boards/soc.dtsi"
BOARDS = ("boards/beacon-l.dts", "boards/beacon-m.dts", "boards/beacon-s.dts")


class Told(NamedTuple):
    """A finding, as the JSON report has it: overlays are file names without folder and ending."""

    code: str
    overlays: tuple[str, ...]
    base: str
    message: str
    notes: str
    fix: str


class Repo:
    """A copy of the fixture repository under git."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capfd = capfd

    def edit(self, name: str, *changes: tuple[str, str]) -> None:
        file = self.folder / name
        text = file.read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        file.write_text(text)

    def run(self, *arguments: str) -> tuple[int, str]:
        self._capfd.readouterr()
        code = run(("compat", *arguments))
        out, err = self._capfd.readouterr()
        assert code < 2, err
        return code, out

    def told(self, *arguments: str) -> list[Told]:
        code, out = self.run(*(arguments or ("--against", "main")), "--format", "json")
        document = json.loads(out)
        alone = [case for case in document["cases"] if not case["stack"]]
        found = [
            Told(
                one["code"],
                tuple(Path(name).stem for name in place["overlays"]),
                place["base"],
                one["message"],
                "\n".join(note["text"] for note in one["notes"]),
                one["fix"],
            )
            for place, one in (
                *((case, one) for case in alone for one in case["findings"]),
                *((one, one) for one in document["findings"]),
            )
        ]
        errors = any(group["severity"] == "error" for group in document["groups"])
        assert code == int(errors)
        return found


@pytest.fixture
def repo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Repo:
    for name, value in OWN.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "repo"
    shutil.copytree(FIXTURES, folder, ignore=shutil.ignore_patterns(".dtovl-cache"))
    commit(folder)
    monkeypatch.chdir(folder)
    return Repo(folder, capfd)


def marks(found: Sequence[Told]) -> set[tuple[str, str]]:
    """Give code and overlays of findings, whatever the board."""
    return {(one.code, " ".join(one.overlays)) for one in found}


# -- what must be caught ---------------------------------------------------------------------------

CAUGHT: dict[str, tuple[tuple[tuple[str, str], ...], set[tuple[str, str]], str]] = {
    "a label renamed": (
        (("uart2: serial@", "serial2: serial@"),),
        {("DT650", "uart2")},
        "same device: /soc/serial@48024000 (where it was, label serial2, compatible acme,uart)",
    ),
    "a label removed": (
        (("spi0: spi@", "spi@"),),
        {("DT650", "spidev"), ("DT650", "carrier")},
        "same device: /soc/spi@48030000 (where it was, compatible acme,spi)",
    ),
    "a node renamed": (
        (("rtc@44e3e000", "clock@44e3e000"),),
        {("DT651", "rtc")},
        "same device: /soc/clock@44e3e000 (bus address 0x44e3e000, label rtc, "
        "compatible acme,rtc)",
    ),
    "a node moved behind a bridge": (
        (
            (
                "\t\trtc: rtc@44e3e000 {\n\t\t\tcompatible = \"acme,rtc\";\n"
                "\t\t\treg = <0x44e3e000 0x1000>;",
                "\t\tbus@44c00000 { compatible = \"simple-bus\"; #address-cells = <1>;"
                " #size-cells = <1>; ranges = <0 0x44c00000 0x400000>;"
                " rtc: rtc@23e000 { compatible = \"acme,rtc\"; reg = <0x23e000 0x1000>; }; };\n"
                "\t\tother@44e3e000 {",
            ),
        ),
        {("DT651", "rtc")},
        "same device: /soc/bus@44c00000/rtc@23e000 (bus address 0x44e3e000, label rtc, "
        "compatible acme,rtc)",
    ),
    "cells of a provider": (
        (("#gpio-cells = <2>", "#gpio-cells = <3>"),),
        {("DT653", "carrier")},
        "",
    ),
    "cells of a bus, and reg of its children": (
        (("<1>;\n\t\t\t#size-cells = <0>;\n\t\t\tpinctrl-names", "<2>;\n\t\t\t#size-cells = <0>;"
          "\n\t\t\tpinctrl-names"),),
        {("DT653", "codec"), ("DT653", "mic")},
        "",
    ),
    "compatible of a target": (
        (('"acme,spi"', '"acme,spi-v2"'),),
        {("DT654", "spidev"), ("DT654", "carrier")},
        "",
    ),
    "cells of the pins": (
        (("#pinctrl-cells = <1>", "#pinctrl-cells = <2>"),),
        {("DT653", "spidev"), ("DT653", "uart2")},
        "",
    ),
    "labels exchanged": (
        (("uart2: ", "uart#: "), ("uart5: ", "uart2: "), ("uart#: ", "uart5: ")),
        {("DT654", "uart2")},
        "same device: /soc/serial@48024000 (where it was, label uart5, "
        "compatible acme,uart)",
    ),
    "a device that the base has now": (
        (("<&i2c1_pins>;\n\t\t\tstatus = \"disabled\";", "<&i2c1_pins>;\n\t\t\tstatus = "
          '"disabled"; codec@1a { compatible = "acme,codec"; reg = <0x1a>; };'),),
        {("DT658", "codec")},
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CAUGHT)
def test_a_change_that_breaks_overlays_is_told_with_its_cure(repo: Repo, name: str) -> None:
    changes, expected, note = CAUGHT[name]
    repo.edit(SOC, *changes)
    found = repo.told()
    assert marks(found) == expected
    assert all(one.fix and one.base in BOARDS for one in found)
    assert note in "".join(one.notes for one in found)


def test_a_node_below_a_target_is_gone(repo: Repo) -> None:
    repo.edit("overlays/leds.dtso", ("led-controller@44e0b000", "rtc@44e3e000"))
    repo.edit(SOC, ("rtc@44e3e000", "clock@44e3e000"))
    found = repo.told()
    assert marks(found) == {("DT651", "rtc"), ("DT652", "leds")}
    assert {one.fix for one in found} == {"target &rtc instead", "change &rtc instead"}


def test_an_alias_is_gone(repo: Repo) -> None:
    repo.edit("overlays/rtc.dtso", ("&{/soc/rtc@44e3e000}", "/ { fragment@0 { target-path = "
                                    '"rtc0"; __overlay__'), ("};\n", "}; }; };\n"))  # fmt: skip
    repo.edit("overlays/rtc.dtso", ('"acme,beacon";\n}; }; };', '"acme,beacon";\n};'))
    commit(repo.folder)
    assert repo.told() == []
    for board in BOARDS:
        repo.edit(board, ("rtc0 = &rtc;", ""))
    found = repo.told()
    assert marks(found) == {("DT651", "rtc")}
    assert "alias rtc0" in found[0].message


def test_a_board_is_gone(repo: Repo) -> None:
    (repo.folder / BOARDS[0]).unlink()
    found = repo.told()
    assert marks(found) == {("DT655", "")}
    assert found[0].base == BOARDS[0]
    assert "no board has its file name, nor its compatible and model" in found[0].message


def test_a_board_that_has_moved_is_compared_where_it_is(repo: Repo) -> None:
    (repo.folder / "boards/acme").mkdir()
    moved = repo.folder / "boards/acme/beacon-large.dts"
    (repo.folder / BOARDS[0]).rename(moved)
    shutil.copy(SOC, "boards/acme")
    repo.edit("dtovl.yaml", ("- boards/*.dts", "- boards/**/*.dts"))
    found = repo.told()
    assert marks(found) == {("DT655", "")}
    assert "it is boards/acme/beacon-large.dts now" in found[0].message
    repo.edit("boards/acme/soc.dtsi", ("uart2: ", "serial2: "))
    found = repo.told()
    assert ("DT650", "uart2") in marks(found)
    assert "boards/acme/beacon-large.dts" in {one.base for one in found}


def test_another_board_takes_the_place(repo: Repo) -> None:
    repo.edit(BOARDS[0], ('"acme,beacon-l", "acme,beacon"', '"acme,lighthouse"'))
    found = repo.told()
    assert {one.code for one in found} == {"DT654"}
    assert {one.base for one in found} == {BOARDS[0]}
    assert ("DT654", "uart2") in marks(found)


def test_a_base_without_labels_is_told_once_for_each_overlay(repo: Repo, tmp_path: Path) -> None:
    folder = blobs(repo, tmp_path)
    tree = load(folder / "boards/a.dtb")
    del tree.root.children["__symbols__"]
    dump(tree, folder / "boards/a.dtb", force=True)
    found = repo.told("--against", "main", str(folder))
    assert {one.code for one in found} == {"DT650"}
    assert {one.message for one in found} == {f"every label is gone from {folder}/boards/a.dtb"}


def blobs(repo: Repo, tmp_path: Path) -> Path:
    """Make a repository of one board and two overlays, all of them blobs."""
    folder = tmp_path / "blobs"
    for old, new in (
        (BOARDS[0], "boards/a.dtb"),
        ("overlays/carrier.dtso", "overlays/carrier.dtbo"),
        ("overlays/uart2.dtso", "overlays/uart2.dtbo"),
    ):
        (folder / new).parent.mkdir(parents=True, exist_ok=True)
        assert run(("convert", "-@", str(repo.folder / old), "-o", str(folder / new))) == 0
    commit(folder)
    return folder


def test_blobs_are_compared_as_source_is(repo: Repo, tmp_path: Path) -> None:
    folder = blobs(repo, tmp_path)
    repo.edit(SOC, ("uart2: ", "serial2: "), ("#gpio-cells = <2>", "#gpio-cells = <1>"))
    assert run(("convert", "-@", BOARDS[0], "-o", str(folder / "boards/a.dtb"), "--force")) == 0
    found = repo.told("--against", "main", str(folder))
    assert marks(found) == {("DT650", "uart2"), ("DT653", "carrier")}


def test_refused_for_another_reason(repo: Repo, tmp_path: Path) -> None:
    # Linux refuses to export a label that the base has by now.
    repo.edit("overlays/carrier.dtso", ("mikrobus: connector", "mikrobus: plug"))
    repo.edit("dtovl.yaml", ("bases:\n", "appliers: [libfdt, linux]\nbases:\n"))
    commit(repo.folder)
    repo.edit(BOARDS[0], ("fan: fan {", "mikrobus: socket { }; fan: fan {"))
    found = repo.told()
    assert marks(found) == {("DT656", "carrier")}
    assert "linux: -EINVAL" in found[0].message


def test_a_stack_is_told_of_once(repo: Repo) -> None:
    repo.edit(SOC, ("spi0: spi@", "spi1: spi@"))
    _, out = repo.run("--against", "main", "--format", "json")
    groups = json.loads(out)["groups"]
    assert [group["code"] for group in groups] == ["DT650"]
    stacks = {place["stack"] for place in groups[0]["places"]}
    assert stacks == {None, "click board", "serial and SPI"}


# -- what must not ---------------------------------------------------------------------------------

UNRELATED: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "a new node": (SOC, (("rtc: rtc@", "watchdog@44e35000 { }; rtc: rtc@"),)),
    "a new label": (SOC, (("uart2: serial@", "uart2: second: serial@"),)),
    "another property": (SOC, (("interrupts = <74 4>;", "interrupts = <174 1>; clocks;"),)),
    "a label nobody uses": (SOC, (("edma: ", "dma: "),)),
    "a node nobody uses": (SOC, (("dma-controller@49000000", "dma@49000000"),)),
    "cells nobody counts with": (SOC, (("#dma-cells = <2>", "#dma-cells = <1>"),)),
    "a further compatible": (SOC, (('"acme,spi"', '"acme,spi-v2", "acme,spi"'),)),
    "other phandles": (SOC, (("uart1: serial@48022000 {", "uart1: serial@48022000 { phandle = "
                              "<0x77>;"),)),
    "a comment": (SOC, (("// The chip", "// This is the chip"),)),
    "a label target behind a bridge": (
        SOC,
        (
            (
                "\t\tuart2: serial@48024000 {\n\t\t\tcompatible = \"acme,uart\";\n"
                "\t\t\treg = <0x48024000 0x1000>;",
                "\t\tbus@48000000 { compatible = \"simple-bus\"; #address-cells = <1>;"
                " #size-cells = <1>; ranges = <0 0x48000000 0x100000>; uart2: serial@24000 "
                '{ compatible = "acme,uart"; reg = <0x24000 0x1000>; }; };\n\t\tother@1 {',
            ),
        ),
    ),
    "another board's model": (BOARDS[0], (('"Acme Beacon L"', '"Acme Beacon XL"'),)),
}  # fmt: skip


@pytest.mark.parametrize("name", UNRELATED)
def test_an_unrelated_change_is_not_told(repo: Repo, name: str) -> None:
    file, changes = UNRELATED[name]
    repo.edit(file, *changes)
    assert repo.told() == []


def test_another_order_is_not_told(repo: Repo) -> None:
    text = (repo.folder / SOC).read_text()
    start, end = text.index("\t\tuart1: "), text.index("\t\ti2c1: ")
    spi, rtc = text.index("\t\tspi0: "), text.index("\t\trtc: ")
    (repo.folder / SOC).write_text(
        text[:start] + text[spi:rtc] + text[end:spi] + text[start:end] + text[rtc:]
    )
    assert repo.told() == []


def test_a_new_board_and_a_new_overlay_have_nothing_to_lose(repo: Repo) -> None:
    shutil.copy(BOARDS[0], "boards/beacon-xl.dts")
    repo.edit("boards/beacon-xl.dts", ("-l", "-xl"))
    shutil.copy("overlays/gps.dtso", "overlays/gps2.dtso")
    assert repo.told() == []


def test_what_was_broken_before_is_not_told(repo: Repo) -> None:
    repo.edit(SOC, ("uart2: ", "serial2: "))
    commit(repo.folder)
    repo.edit(SOC, ("uart5: ", "serial5: "))
    assert repo.told() == []


def test_boards_that_are_the_same_are_not_read(repo: Repo) -> None:
    (repo.folder / "boards/new.dtsi").write_text("")
    code, out = repo.run("--against", "HEAD")
    assert code == 0
    assert out == "0 cases on 0 boards\nno board differs from HEAD, 3 are the same\n"


# -- where the old boards come from ----------------------------------------------------------------


def test_the_old_includes_are_those_of_the_commit(repo: Repo) -> None:
    git(repo.folder, "tag", "v1")
    repo.edit(SOC, ("uart2: ", "serial2: "))
    commit(repo.folder)
    (repo.folder / SOC).rename("boards/chip.dtsi")
    for board in BOARDS:
        repo.edit(board, ("soc.dtsi", "chip.dtsi"))
    assert marks(repo.told("--against", "v1")) == {("DT650", "uart2")}
    assert marks(repo.told("--against", "HEAD")) == set()


def test_a_folder_of_old_files(repo: Repo, tmp_path: Path) -> None:
    old = tmp_path / "old"
    shutil.copytree(repo.folder, old, ignore=shutil.ignore_patterns(".git"))
    repo.edit(SOC, ("uart2: ", "serial2: "))
    assert marks(repo.told("--against", str(old))) == {("DT650", "uart2")}


def test_a_flat_folder_of_old_blobs(repo: Repo, tmp_path: Path) -> None:
    folder = blobs(repo, tmp_path)
    old = tmp_path / "4.19"
    old.mkdir()
    (folder / "boards/a.dtb").rename(old / "a.dtb")
    repo.edit(SOC, ("uart2: ", "serial2: "))
    assert run(("convert", "-@", BOARDS[0], "-o", str(folder / "boards/a.dtb"))) == 0
    assert marks(repo.told("--against", str(old), str(folder))) == {("DT650", "uart2")}


def test_from_above_the_repository(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repo.edit(SOC, ("uart2: ", "serial2: "))
    monkeypatch.chdir(tmp_path)
    found = repo.told("--against", "main", "repo")
    assert marks(found) == {("DT650", "uart2")}
    assert {one.base for one in found} == {f"repo/{board}" for board in BOARDS}


def test_without_a_configuration(repo: Repo) -> None:
    (repo.folder / "dtovl.yaml").unlink()
    repo.edit(SOC, ("uart2: ", "serial2: "))
    assert marks(repo.told()) == {("DT650", "uart2")}


def test_boards_were_chosen_by_the_configuration_of_then(repo: Repo) -> None:
    (repo.folder / "boards").rename("dts")
    repo.edit("dtovl.yaml", ("boards/", "dts/"))
    repo.edit("dts/soc.dtsi", ("uart2: ", "serial2: "))
    found = repo.told()
    assert {one.base for one in found} == {board.replace("boards", "dts") for board in BOARDS}
    assert marks(found) == {("DT650", "uart2"), ("DT655", "")}


def test_a_board_that_could_not_be_read_then(repo: Repo) -> None:
    text = (repo.folder / BOARDS[0]).read_text()
    (repo.folder / BOARDS[0]).write_text("/dts-v1/; / { broken")
    commit(repo.folder)
    (repo.folder / BOARDS[0]).write_text(text)
    repo.edit(SOC, ("uart2: ", "serial2: "))
    found = repo.told()
    assert marks(found) == {("DT011", ""), ("DT650", "uart2")}
    assert {one.base for one in found if one.code == "DT650"} == set(BOARDS[1:])


def test_a_board_that_cannot_be_read_now(repo: Repo) -> None:
    (repo.folder / BOARDS[0]).write_text("/dts-v1/; / { broken")
    found = repo.told()
    assert {one.base for one in found} == {BOARDS[0]}
    assert all(one.code.startswith("DT02") for one in found)


def test_a_board_of_the_same_file_name_is_the_same(repo: Repo) -> None:
    (repo.folder / "boards/v2").mkdir()
    (repo.folder / BOARDS[0]).rename("boards/v2/beacon-l.dts")
    shutil.copy(SOC, "boards/v2")
    repo.edit("dtovl.yaml", ("- boards/*.dts", "- boards/**/*.dts"))
    repo.edit("boards/v2/beacon-l.dts", ("Acme Beacon L", "Acme Beacon L2"))
    found = repo.told()
    assert marks(found) == {("DT655", "")}
    assert "it is boards/v2/beacon-l.dts now" in found[0].message


def test_a_blob_that_has_moved_and_is_the_same(repo: Repo, tmp_path: Path) -> None:
    folder = blobs(repo, tmp_path)
    (folder / "boards/a.dtb").rename(folder / "a.dtb")
    found = repo.told("--against", "main", str(folder))
    assert marks(found) == {("DT655", "")}
    assert "it is" in found[0].message


def test_a_board_without_overlays_that_is_gone_is_info(repo: Repo) -> None:
    (repo.folder / "dtovl.yaml").write_text(
        "bases: [boards/*.dts]\noverlays: [overlays/*.dtso]\n"
        "pairs: [{bases: boards/beacon-m.dts, overlays: overlays/uart2.dtso}]\n"
    )
    commit(repo.folder)
    (repo.folder / BOARDS[0]).unlink()
    code, out = repo.run("--against", "main", "--format", "json")
    assert code == 0
    assert [group["severity"] for group in json.loads(out)["groups"]] == ["info"]


def test_an_include_that_only_the_preprocessor_knows(repo: Repo) -> None:
    (repo.folder / "boards/name.h").write_text('#define CHIP "chip.dtsi"\n')
    shutil.copy(SOC, "boards/chip.dtsi")
    for board in BOARDS:
        text = (repo.folder / board).read_text()
        text = text.replace('/include/ "soc.dtsi"', '#include "name.h"\n#include CHIP')
        (repo.folder / board).write_text(text)
    commit(repo.folder)
    assert repo.told() == []
    repo.edit("boards/chip.dtsi", ("uart2: ", "serial2: "))
    assert marks(repo.told()) == {("DT650", "uart2")}


def test_source_that_is_read_with_other_defines(repo: Repo) -> None:
    repo.edit(BOARDS[0], ("&uart1 {", "#ifdef NEW\n/delete-node/ &uart2;\n#endif\n&uart1 {"))
    repo.edit("dtovl.yaml", ("  - boards/*.dts", "  - {files: boards/*.dts, define: {OLD: 1}}"))
    commit(repo.folder)
    assert repo.told() == []
    repo.edit("dtovl.yaml", ("OLD: 1", "NEW: 1"))
    found = repo.told()
    assert marks(found) == {("DT650", "uart2")}
    assert {one.base for one in found} == {BOARDS[0]}


def test_what_lies_outside_of_the_repository_is_read_as_it_is(repo: Repo, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (repo.folder / SOC).rename(shared / "soc.dtsi")
    commit(repo.folder)
    repo.edit(BOARDS[0], ("fan: fan", "fan2: fan"))
    found = repo.told("--against", "main", "-I", str(shared))
    assert marks(found) == {("DT650", "fan-quiet"), ("DT650", "fan-default")}
    old = tmp_path / "far" / "old"
    shutil.copytree(repo.folder, old, ignore=shutil.ignore_patterns(".git"))
    repo.edit(BOARDS[1], ("fan: fan", "fan2: fan"))
    found = repo.told("--against", str(old), "-I", str(shared))
    assert {one.base for one in found} == {BOARDS[1]}


def test_overlays_without_compatible_go_with_what_has_their_target(repo: Repo) -> None:
    repo.edit("overlays/rtc.dtso", ('compatible = "acme,beacon";', ""))
    commit(repo.folder)
    repo.edit(SOC, ("rtc@44e3e000", "clock@44e3e000"))
    assert marks(repo.told()) == {("DT651", "rtc")}


def test_an_overlay_among_the_bases_is_none(repo: Repo) -> None:
    repo.edit("dtovl.yaml", ("  - boards/*.dts\n", "  - boards/*.dts\n  - overlays/uart2.dtso\n"))
    commit(repo.folder)
    repo.edit("overlays/uart2.dtso", ("0x150 0x21", "0x150 0x22"))
    assert repo.told() == []


def test_a_board_that_only_a_pair_names(repo: Repo) -> None:
    (repo.folder / "extra").mkdir()
    (repo.folder / BOARDS[0]).rename("extra/beacon-l.dts")
    shutil.copy(SOC, "extra")
    (repo.folder / "dtovl.yaml").write_text(
        "bases: [boards/*.dts]\noverlays: [overlays/*.dtso]\n"
        "pairs: [{bases: extra/beacon-l.dts, overlays: overlays/uart2.dtso}]\n"
    )
    commit(repo.folder)
    repo.edit("extra/soc.dtsi", ("uart2: ", "serial2: "))
    assert marks(repo.told()) == {("DT650", "uart2")}


def test_what_is_declared_to_fail_is_so_for_the_check_alone(repo: Repo) -> None:
    repo.edit(SOC, ("// The chip", "// This is the chip"))
    _, out = repo.run("--against", "main", "--format", "json")
    assert json.loads(out)["groups"] == []


# -- recorded needs, baselines ---------------------------------------------------------------------


@pytest.fixture
def needs(repo: Repo, tmp_path: Path) -> str:
    """Record what all overlays need, then take them away but one."""
    name = str(tmp_path / "needs.json")
    assert repo.run("--record", name) == (0, f"wrote {name}\n")
    for overlay in (repo.folder / "overlays").iterdir():
        if overlay.stem not in ("fan-quiet", "fan-default"):
            overlay.unlink()
    (repo.folder / "dtovl.yaml").write_text("bases: [boards/*.dts]\noverlays: [overlays/*.dtso]\n")
    commit(repo.folder)
    return name


@pytest.mark.parametrize("against", [("--against", "main"), ()])
def test_overlays_that_are_not_there(repo: Repo, needs: str, against: tuple[str, ...]) -> None:
    repo.edit(SOC, ("uart2: ", "serial2: "), ("rtc@44e3e000", "clock@44e3e000"))
    found = repo.told(*against, "--needs", needs)
    assert marks(found) == {("DT650", "uart2"), ("DT651", "rtc")}
    assert any("label rtc" in one.notes for one in found)


def test_an_overlay_that_is_there_counts_instead_of_its_record(repo: Repo, needs: str) -> None:
    repo.edit("overlays/fan-quiet.dtso", ("&fan {", "&soc {"))
    commit(repo.folder)
    repo.edit(BOARDS[0], ("fan: fan", "fan2: fan"))
    found = repo.told("--against", "main", "--needs", needs)
    assert marks(found) == {("DT650", "fan-default")}


def test_a_recorded_need_that_was_not_met_before(repo: Repo, needs: str) -> None:
    repo.edit(SOC, ("uart2: ", "serial2: "))
    commit(repo.folder)
    repo.edit(SOC, ("edma: ", "dma: "))
    assert repo.told("--against", "main", "--needs", needs) == []


def test_a_recorded_board_is_gone(repo: Repo, needs: str) -> None:
    (repo.folder / BOARDS[0]).unlink()
    assert marks(repo.told("--needs", needs)) == {("DT655", "")}


def test_the_record_is_sorted_with_one_need_a_line(needs: str) -> None:
    text = Path(needs).read_text()
    document = json.loads(text)
    assert document["schema"] == "dtovl-needs/1"
    lines = [line for line in text.splitlines() if line.startswith('    {"base"')]
    assert len(lines) == len(document["needs"]) > 50
    order = [(one["base"], one["overlay"]) for one in document["needs"]]
    assert order == sorted(order)


def test_the_record_says_what_the_boards_were(repo: Repo, needs: str) -> None:
    # Nothing has changed: what was recorded is met by what it was recorded of.
    assert repo.told("--needs", needs) == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda one: {}, "the whole"),
        (lambda one: {**one, "kind": "wish"}, "`kind`"),
        (lambda one: {**one, "base": 1}, "`base`"),
        (lambda one: {**one, "below": "a/b"}, "`below`"),
        (lambda one: {**one, "kind": "absent", "below": []}, "`below`"),
        (lambda one: {**one, "kind": "cells", "property": "#x", "cells": -1}, "`cells`"),
        (lambda one: {**one, "kind": "cells", "property": "", "cells": 1}, "`property`"),
        (lambda one: {**one, "was": {"path": "/x", "address": "1"}}, "`address`"),
        (lambda one: {**one, "was": {}}, "`path`"),
        (lambda one: {**one, "uses": [1]}, "`uses`"),
    ],
)
def test_a_record_changed_by_hand_is_refused(
    repo: Repo,
    needs: str,
    change: Callable[[dict[str, object]], dict[str, object]],
    what: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    document = json.loads(Path(needs).read_text())
    document["needs"][3] = change(document["needs"][3])
    Path(needs).write_text(json.dumps(document))
    assert run(("compat", "--needs", needs)) == 2
    err = " ".join(capfd.readouterr().err.split())
    assert "DT659" in err
    assert "of need 4" in err
    assert what in err or what == "the whole"


@pytest.mark.parametrize("text", ["", "[]", '{"schema": "dtovl-baseline/1"}', "[" * 100_000])
def test_what_is_no_record_is_refused(repo: Repo, text: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    assert run(("compat", "--needs", str(tmp_path / "x.json"))) == 2


def test_odd_names_in_a_record_find_nothing(repo: Repo, tmp_path: Path) -> None:
    was = {"path": "/x"}
    anchors = ("<999999999999999999999999>", "<>", "&", "&\0", "/", "//", "..", "a" * 5000, "<²>")
    listed = [
        {"base": BOARDS[0], "overlay": "x", "kind": kind, "anchor": anchor, "was": was,
         "below": ["..", "..", "x"], "property": "#gpio-cells", "cells": 1}
        for anchor in anchors
        for kind in ("label", "path", "node", "absent", "cells", "device", "board")
    ]  # fmt: skip
    name = tmp_path / "odd.json"
    name.write_text(json.dumps({"schema": "dtovl-needs/1", "needs": listed}))
    repo.edit(SOC, ("uart2: ", "serial2: "))
    found = repo.told("--against", "main", "--needs", str(name))
    assert marks(found) == {("DT650", "uart2")}


def test_a_baseline_makes_findings_known(repo: Repo, tmp_path: Path) -> None:
    repo.edit(SOC, ("uart2: ", "serial2: "))
    name = str(tmp_path / "known.json")
    repo.run("--against", "main", "--write-baseline", name)
    assert repo.run("--against", "main", "--baseline", name)[0] == 0
    repo.edit(SOC, ("spi0: ", "spi1: "))
    assert repo.run("--against", "main", "--baseline", name)[0] == 1


def test_rules_and_fail_on_count(repo: Repo) -> None:
    repo.edit(SOC, ("uart2: ", "uart#: "), ("uart5: ", "uart2: "), ("uart#: ", "uart5: "))
    assert repo.run("--against", "main")[0] == 0
    assert repo.run("--against", "main", "--fail-on", "warning")[0] == 1


@pytest.mark.parametrize("kind", ["json", "sarif", "junit", "github", "markdown", "html"])
def test_every_report_is_written(repo: Repo, kind: str, tmp_path: Path) -> None:
    repo.edit(SOC, ("uart2: ", "serial2: "))
    name = tmp_path / "report"
    repo.run("--against", "main", "--report", f"{kind}={name}")
    assert "label uart2 is gone" in name.read_text()


def test_the_work_tree_is_left_alone(repo: Repo) -> None:
    repo.edit(SOC, ("uart2: ", "serial2: "))
    before = {path: path.read_bytes() for path in repo.folder.rglob("*") if path.is_file()}
    repo.run("--against", "main")
    after = {path: path.read_bytes() for path in repo.folder.rglob("*") if path.is_file()}
    assert before == after
