"""Bindings of one's own: what `dtovl.yaml` says about them, and what is wrong with that."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtovl.cli.bindings import bindings_of
from dtovl.errors import InputError
from dtovl.matrix.bindingkeys import MAX_BINDINGS, read_bindings
from dtovl.matrix.config import Config, Files
from dtovl.matrix.defaults import commented
from dtovl.matrix.reading import read_config
from dtovl.model.supplierbindings import BINDINGS, TABLED, Binding, Bindings

if TYPE_CHECKING:
    from pathlib import Path

LANES = 'bindings: [{property: "acme,lanes", cells: "#acme,lane-cells", fw_devlink: on}]\n'
ACME = Binding("acme,lanes", "args", "#acme,lane-cells", None, "on", "", "acme,lanes")


def problems(text: str) -> list[str]:
    """Give each mistake as `line: code message`."""
    with pytest.raises(InputError) as caught:
        read_bindings(text, "dtovl.yaml")
    return [
        f"{one.where.line}: {one.code.number} {one.message}"
        for one in caught.value.diagnostics
        if one.where
    ]


@pytest.mark.parametrize(
    ("entry", "wanted"),
    [
        ("{property: lanes}", Binding("lanes", "list", kind="lanes")),
        ("{property: '*-lane', form: one}", Binding("*-lane", "one", kind="lane")),
        ("{property: 'acme,lane-#'}", Binding("acme,lane-#", "list", kind="acme,lane")),
        (
            "{property: lanes, cells: '#lane-cells', fallback: 0, fw_devlink: newer, kind: bus}",
            Binding("lanes", "args", "#lane-cells", 0, "newer", "", "bus"),
        ),
        (
            "{property: lanes, form: args, cells: '#lane-cells', names: lane-names}",
            Binding("lanes", "args", "#lane-cells", None, "no", "lane-names", "lanes"),
        ),
    ],
)
def test_a_binding(entry: str, wanted: Binding) -> None:
    assert read_bindings(f"bindings: [{entry}]", "x") == (wanted,)


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("lanes", "DT602 bindings must be a list of mappings with property, form, cells, "
                  "not 'lanes'"),
        ("{propery: lanes, property: x}", "DT601 unknown key 'propery', did you mean 'property'?"),
        ("{form: list}", "DT603 a binding lacks property: the property that names the suppliers"),
        ("{property: a, form: arg, cells: '#a-cells'}",
         "DT602 form must be args, list or one, not 'arg', did you mean 'args'?"),
        ("{property: a, fw_devlink: of}",
         "DT602 fw_devlink must be on, strict, newer or no, not 'of'"),
        ("{property: a, form: args}", "DT603 a binding with args lacks cells: the property of the "
                                      "supplier that counts the arguments"),
        ("{property: a, form: list, cells: '#a-cells'}",
         "DT602 cells must be left out where the form is list, not '#a-cells'"),
        ("{property: a, cells: clock-cell}", "DT602 cells must be a property such as "
         "#acme,lane-cells, not 'clock-cell', did you mean '#clock-cells'?"),
        ("{property: a, cells: '#a-cells', fallback: 17}",
         "DT602 fallback must be a whole number from 0 to 16, not the number 17"),
        ("{property: a, cells: '#a-cells', fallback: none}",
         "DT602 fallback must be a whole number from 0 to 16, not 'none'"),
        ("{property: a, form: one, fallback: 1}",
         "DT602 fallback must be left out where the form is one, not the number 1"),
        ("{property: 'a*b'}", "DT602 property must be a name, `*` and the end of a name, or the "
                              "beginning of a name and `#`, not 'a*b'"),
        ("{property: '*'}", "DT602 property must be a name, `*` and the end of a name, or the "
                            "beginning of a name and `#`, not '*'"),
        ("{property: interrupts}", "DT602 property must be one that holds phandles first, not a "
                                   "property with a grammar of its own, not 'interrupts'"),
        ("{property: a, kind: 'A B'}",
         "DT602 kind must be a word such as access, backlight, cache, not 'A B'"),
        ("{property: a, names: 'x y'}",
         "DT602 names must be the property with the names of the entries, not 'x y'"),
        ("{property: [a]}", "DT602 property must be a name, `*` and the end of a name, or the "
                            "beginning of a name and `#`, not a list"),
    ],
)  # fmt: skip
def test_mistakes(entry: str, found: str) -> None:
    assert problems(f"bindings:\n  - {entry}\n") == [f"2: {found}"]


def test_a_property_has_one_binding() -> None:
    text = "bindings:\n- {property: a}\n- {property: a, form: one}\n"
    assert problems(text) == ["3: DT602 property must be one that no other entry has, not 'a'"]


def test_there_is_an_end_to_bindings() -> None:
    text = "bindings:\n" + "".join(f"- {{property: p{n}}}\n" for n in range(MAX_BINDINGS + 9))
    assert problems(text) == [
        f"{MAX_BINDINGS + 2}: DT602 bindings must be at most {MAX_BINDINGS} of them, not a list"
    ]


def test_they_go_before_the_table() -> None:
    found = Bindings(read_bindings("bindings: [{property: clocks, form: list}]", "x"))
    clocks = found.find("clocks")
    assert clocks is not None
    assert clocks.form == "list"
    assert found.find("resets") == BINDINGS.find("resets")


@pytest.mark.parametrize("text", ["", "- a", "bindings:", "bindings: []"])
def test_a_file_without_bindings(text: str) -> None:
    assert read_bindings(text, "x") == ()


def test_a_file_that_is_no_yaml() -> None:
    (found,) = problems("bindings: [")
    assert found.startswith("2: DT600 it cannot be read as a configuration")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for whole in (text, f"bindings: {text}", f"bindings: [{{property: {text}}}]"):
        with suppress(InputError):
            assert isinstance(read_bindings(whole, "x"), tuple)


@pytest.mark.parametrize("binding", [*TABLED, ACME], ids=lambda one: one.name)
def test_what_is_written_reads_back(binding: Binding) -> None:
    config = Config("", "", (Files(("a",)),), (Files(("b",)),), bindings=(binding,))
    read = read_config(commented(config), "x", "")
    assert read.bindings == (binding,)


# -- for commands ----------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_file_there_is_the_table(here: Path) -> None:
    assert bindings_of(None) is BINDINGS


def test_the_file_of_the_current_folder_is_read(here: Path) -> None:
    """Only this key: what else stands in it is for the check."""
    (here / "dtovl.yaml").write_text(LANES + "fail-on: nonsense\nstacks: 3\n")
    assert bindings_of(None).more == (ACME,)
    (here / "dtovl.yaml").write_text("bases: a\n")
    assert bindings_of(None) is BINDINGS


def test_a_file_may_be_named(here: Path) -> None:
    (here / "dtovl.yaml").write_text("bindings: [{property: other}]\n")
    (here / "mine.yaml").write_text(LANES)
    assert bindings_of("mine.yaml").more == (ACME,)


def test_a_link_out_of_the_folder_is_refused(here: Path) -> None:
    below = here / "below"
    below.mkdir()
    (here / "secret.yaml").write_text(LANES)
    (below / "dtovl.yaml").symlink_to("../secret.yaml")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(below)
        with pytest.raises(InputError) as caught:
            bindings_of(None)
    assert caught.value.diagnostic.code.number == "DT617"


def test_a_file_that_is_not_there(here: Path) -> None:
    with pytest.raises(InputError) as caught:
        bindings_of("nowhere.yaml")
    assert caught.value.diagnostic.code.number == "DT011"
