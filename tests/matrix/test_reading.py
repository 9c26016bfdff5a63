"""`dtovl.yaml` as people write it, and as strangers do."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtovl.errors import InputError
from dtovl.matrix.config import (
    Apart,
    Config,
    Expected,
    Files,
    Limits,
    Pairing,
    Rule,
    StackRule,
)
from dtovl.matrix.defaults import commented
from dtovl.matrix.reading import KEYS, MAX_RULES, read_config
from dtovl.matrix.values import MAX_HINTS
from dtovl.model.supplierbindings import Binding

FILES = "bases: boards/*.dtb\noverlays: overlays/*.dtbo\n"


def read(text: str, folder: str = "") -> Config:
    return read_config(text, "dtovl.yaml", folder)


def problems(text: str) -> list[str]:
    """Give each mistake as `line: code message`."""
    with pytest.raises(InputError) as caught:
        read(text)
    found = caught.value.diagnostics
    assert all(one.where is not None and one.where.file == "dtovl.yaml" for one in found)
    return [f"{one.where.line}: {one.code.number} {one.message}" for one in found if one.where]


FULL = """\
bases:
  - boards/*.dtb
  - {files: [boards/*.dts], except: boards/old-*.dts, include: [include], define: {REV: 2, A: }}
overlays: overlays/**/*.dtso
pairs:
  - compatible
  - {bases: boards/a.dtb, overlays: [overlays/a.dtso, 'overlays/{b,c}.dtso']}
  - {bases: [], overlays: overlays/d.dtso}
stacks:
  - {name: display and camera, bases: boards/x.dtb, overlays: [lcd.dtbo, cam.dtbo]}
  - bases: boards/*.dtb
    overlays: [a/lcd.dtbo, b/cam.v2.dtbo]
apart:
  - [overlays/display-*.dtso, overlays/lcd.dtso]
  - overlays/cam-*.dtso
appliers: [libfdt, linux]
kernel: 6.1
removal: true
rules:
  no-effect: off
  DT13*: info
  DT130:
    - false
    - {severity: error, files: boards/a.dtb, nodes: [serial@*, /soc/**]}
    - {severity: default, files: [boards/b.dtb]}
bindings:
  - {property: "*-lane", form: one}
  - {property: "acme,bus-#", form: args, cells: "#acme,bus-cells", fallback: 0, fw_devlink: on,
     names: "acme,bus-names", kind: bus}
expected:
  - {base: boards/a.dtb, overlay: overlays/x.dtbo, error: FDT_ERR_NOTFOUND, reason: no connector}
  - {stack: display and camera, error: label-not-in-base, reason: "it is so"}
baseline: dtovl-baseline.json
reports: {sarif: out.sarif, html: out/x.html}
fail-on: warning
limits: {cases: 100000}
"""


def test_all_of_it() -> None:
    assert read(FULL, "repo/") == Config(
        "dtovl.yaml",
        "repo/",
        (
            Files(("boards/*.dtb",), line=2),
            Files(
                ("boards/*.dts",),
                ("repo/include",),
                (("REV", "2"), ("A", "1")),
                3,
                ("boards/old-*.dts",),
            ),
        ),
        (Files(("overlays/**/*.dtso",), line=4),),
        (
            Pairing(("boards/a.dtb",), ("overlays/a.dtso", "overlays/{b,c}.dtso"), 7),
            Pairing((), ("overlays/d.dtso",), 8),
        ),
        True,
        (
            StackRule("display and camera", ("boards/x.dtb",), ("lcd.dtbo", "cam.dtbo"), 10),
            StackRule("lcd + cam", ("boards/*.dtb",), ("a/lcd.dtbo", "b/cam.v2.dtbo"), 11),
        ),
        (
            Apart(("overlays/display-*.dtso", "overlays/lcd.dtso"), 14),
            Apart(("overlays/cam-*.dtso",), 15),
        ),
        ("libfdt", "linux"),
        "6.1",
        True,
        (
            Rule("no-effect", 0, line=20),
            Rule("DT13*", 1, line=21),
            Rule("DT130", 0, line=23),
            Rule("DT130", 3, ("boards/a.dtb",), ("/**/serial@*", "/soc/**"), 24),
            Rule("DT130", None, ("boards/b.dtb",), (), 25),
        ),
        (
            Expected(
                ("boards/a.dtb",),
                ("overlays/x.dtbo",),
                "",
                "FDT_ERR_NOTFOUND",
                "no connector",
                31,
            ),
            Expected(("**",), (), "display and camera", "label-not-in-base", "it is so", 32),
        ),
        "dtovl-baseline.json",
        (("sarif", "out.sarif"), ("html", "out/x.html")),
        2,
        Limits(cases=100000),
        bindings=(
            Binding("*-lane", "one", kind="lane"),
            Binding("acme,bus-#", "args", "#acme,bus-cells", 0, "on", "acme,bus-names", "bus"),
        ),
    )


def test_what_is_not_said_has_a_default() -> None:
    config = read(FILES)
    assert config == Config(
        "dtovl.yaml",
        "",
        (Files(("boards/*.dtb",), line=1),),
        (Files(("overlays/*.dtbo",), line=2),),
    )
    assert read(FILES + "".join(f"{key}:\n" for key in KEYS[2:])) == config


def test_pairs_may_be_none_at_all() -> None:
    assert not read(FILES + "pairs: []").by_compatible
    assert read(FILES + "pairs: compatible").by_compatible
    assert not read(FILES + "pairs: {bases: a, overlays: b}").by_compatible


def test_files_may_be_named_where_they_are_used() -> None:
    config = read("stacks: [{bases: a.dtb, overlays: [b.dtbo]}]")
    assert (config.bases, config.overlays) == ((), ())


def test_a_byte_order_mark_is_no_key() -> None:
    assert read("\ufeff" + FILES).bases == read(FILES).bases


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("overlay: [a]\n" + FILES, "1: DT601 unknown key 'overlay', did you mean 'overlays'?"),
        (FILES + "colour: red", "3: DT601 unknown key 'colour'"),
        (
            FILES + "stacks: [{bases: a, overlays: b, nam: c}]",
            "3: DT601 unknown key 'nam', did you mean 'name'?",
        ),
        (
            "bases: [{files: a, includes: b}]\noverlays: x",
            "1: DT601 unknown key 'includes', did you mean 'include'?",
        ),
        (
            "bases: [[a]]\noverlays: x",
            "1: DT602 bases must be a path or glob, or a list of such, not a list",
        ),
        (
            "bases: true\noverlays: x",
            "1: DT602 bases must be a path or glob, or a list of such, not true",
        ),
        (
            "bases: ' '\noverlays: x",
            "1: DT602 bases must be a path or glob, or a list of such, not ' '",
        ),
        (
            FILES + "removal: maybe",
            "3: DT602 removal must be true or false, not 'maybe'",
        ),
        (FILES + "kernel: 5", "3: DT602 kernel must be 6.1 or 7.2, not the number 5"),
        (
            FILES + "appliers: [libfdt,\n linus]",
            "4: DT602 appliers must be libfdt or linux, not 'linus', did you mean 'linux'?",
        ),
        (
            FILES + "fail-on: errors",
            "3: DT602 fail-on must be error, warning, info or never, not 'errors', "
            "did you mean 'error'?",
        ),
        (
            FILES + "pairs: compatibel",
            "3: DT602 pairs must be `compatible`, or a list of mappings with bases and overlays, "
            "not 'compatibel', did you mean 'compatible'?",
        ),
        (
            FILES + "stacks: [a.dtbo]",
            "3: DT602 stacks must be a mapping with name, bases or overlays, not 'a.dtbo'",
        ),
        (
            FILES + "apart: [a.dtbo]",
            "3: DT602 apart must be a list of groups, each a list of overlays, not 'a.dtbo'",
        ),
        (
            FILES + "rules: off",
            "3: DT602 rules must be a mapping of numbers or names of findings to off, info, "
            "warning or error, not 'off'",
        ),
        (
            FILES + "rules: {no-effect: of}",
            "3: DT602 no-effect must be off, false, info, warning, error or default, not 'of', "
            "did you mean 'off'?",
        ),
        (
            FILES + "rules: {no-effect: }",
            "3: DT602 no-effect must be off, false, info, warning, error or default, not nothing",
        ),
        (
            FILES + "rules:\n  no-efect: off",
            "4: DT606 no-efect is neither number nor name of any finding, "
            "did you mean 'no-effect'?",
        ),
        (
            FILES + "rules: {'QQ*': off}",
            "3: DT606 QQ* is neither number nor name of any finding",
        ),
        (
            FILES + "rules: {no-effect: {files: a}}",
            "3: DT603 the rule for no-effect lacks severity: off, info, warning, error",
        ),
        (
            FILES + "rules: {no-effect: {severity: off, nodes: '[a'}}",
            "3: DT605 /**/[a in `nodes` is no glob: a [ is not closed; a name with a bracket in it "
            "is written [[]",
        ),
        (FILES + "rules: {'DT{1': off}", "3: DT605 DT{1 in `rules` is no glob: a { is not closed; "
         "a name with a brace in it is written [{]"),
        (
            FILES + "expected: [{base: a, overlay: b}]",
            "3: DT603 an expected failure lacks reason: why it is right that this fails",
        ),
        (
            FILES + "expected: [{base: a, reason: b}]",
            "3: DT603 an expected failure lacks overlay: an overlay, or `stack` with a name",
        ),
        (
            FILES + "expected: [{overlay: b, error: FDT_ERR_NOTFUOND, reason: c}]",
            "3: DT602 error must be an error such as FDT_ERR_NOTFOUND or -EINVAL, or a number or "
            "name of a code, not 'FDT_ERR_NOTFUOND', did you mean 'FDT_ERR_NOTFOUND'?",
        ),
        (
            FILES + "stacks: {name: camera, bases: a, overlays: b}\n"
            "expected: [{stack: camra, reason: c}]",
            "4: DT602 stack must be the name of a stack, not 'camra', did you mean 'camera'?",
        ),
        (
            FILES + "stacks: {name: camera, bases: a, overlays: b}\n"
            "expected: [{stack: camera, overlay: b, reason: c}]",
            "4: DT602 stack must be left out where `overlay` stands, not 'camera'",
        ),
        (
            FILES + "reports: {sarf: x}",
            "3: DT601 unknown key 'sarf', did you mean 'sarif'?",
        ),
        (
            FILES + "limits: {cases: many}",
            "3: DT602 cases must be a whole number from 1 to 10000000, not 'many'",
        ),
        (
            FILES + "limits: {cases: 99999999999}",
            "3: DT602 cases must be a whole number from 1 to 10000000, not the number 99999999999",
        ),
        (
            "bases: {include: x}\noverlays: b",
            "1: DT603 an entry of `bases` lacks files: a path or glob",
        ),
        (
            "bases: {files: []}\noverlays: b",
            "1: DT603 an entry of `bases` lacks files: a path or glob",
        ),
        ("bases: {files: a, define: [A]}\noverlays: b",
         "1: DT602 define must be a mapping of macros to values, not a list"),
        ("bases: {files: a, define: {A-B: 1}}\noverlays: b",
         "1: DT602 define must be names of macros (letters, digits, _), not 'A-B'"),
        ("bases: {files: a, define: {A: true}}\noverlays: b",
         "1: DT602 define: A must be text or a number, not true"),
        (FILES + "pairs: [{overlays: b}]",
         "3: DT603 a pair lacks bases: the bases that the overlays are tried on, [] for none"),
        (FILES + "pairs: [{bases: b, overlays: []}]",
         "3: DT603 a pair lacks overlays: a path or glob"),
        (
            "overlays: a",
            "1: DT603 the configuration lacks bases: the files that are bases, as paths or globs",
        ),
        ("bases: a", "1: DT603 the configuration lacks overlays: the files that are overlays, "
         "as paths or globs"),
        ("", "1: DT600 it cannot be read as a configuration: it is empty"),
        (
            "- a",
            "1: DT600 it cannot be read as a configuration: it is no mapping of keys to values",
        ),
        ("bases: a\nbases: b", "2: DT600 it cannot be read as a configuration: "
         "key 'bases' stands twice, first in line 1"),
    ],
)  # fmt: skip
def test_mistakes(text: str, found: str) -> None:
    assert problems(text) == [found]


@pytest.mark.parametrize(
    "line",
    [
        "bases: {path}",
        "overlays: [{path}]",
        "bases: [{{files: a, include: {path}}}]",
        "bases: [{{files: a, except: [{path}]}}]",
        "pairs: {{bases: {path}, overlays: b}}",
        "stacks: {{bases: a, overlays: {path}}}",
        "apart: [[{path}]]",
        "rules: {{no-effect: {{severity: off, files: {path}}}}}",
        "expected: {{base: {path}, overlay: b, reason: c}}",
        "baseline: {path}",
        "reports: {{sarif: {path}}}",
    ],
)
@pytest.mark.parametrize("path", ["/etc/passwd", "../a", "a/../../b", '"a\\0b"'])
def test_nothing_leads_out_of_the_folder(line: str, path: str) -> None:
    key = line.partition(":")[0]
    rest = "".join(one for one in FILES.splitlines(keepends=True) if not one.startswith(key))
    found = problems(rest + line.format(path=path))
    assert any(" DT604 " in one and "leads out of the folder" in one for one in found), found


def test_paths_that_stay_inside_are_cleaned() -> None:
    assert read("bases: ./a//*.dtb\noverlays: b/../c").bases[0].globs == ("a/*.dtb",)


def test_all_mistakes_at_once_in_the_order_of_lines() -> None:
    found = problems(
        "kernel: 5\nrules: {a: b}\noverlay: x\nbases: [/etc]\nlimits: {cases: 0, stacks: 1}\n"
    )
    assert [one.partition(" ")[0] for one in found] == ["1:", "2:", "2:", "3:", "4:", "5:", "5:"]


def test_a_file_full_of_mistakes_has_an_end() -> None:
    found = problems("\n".join(f"limits{number}: 1" for number in range(1000)))
    assert len(found) == 200
    assert ["did you mean" in one for one in found] == [True] * MAX_HINTS + [False] * 180
    rules = ", ".join(f"no-effect{number}: off" for number in range(MAX_RULES + 1))
    assert problems(FILES + f"rules: {{{rules}}}") == [
        f"3: DT602 rules must be at most {MAX_RULES} rules, not a mapping"
    ]


def test_the_examples_in_what_is_written_are_sound() -> None:
    lines = commented(read(FILES)).splitlines()
    examples = [line[4:] for line in lines if line.startswith("#   ") and " - {files:" not in line]
    config = read(FILES + "\n".join(examples) + "\n")
    kinds = ("pairings", "stacks", "apart", "rules", "expected", "reports")
    assert all(getattr(config, kind) for kind in kinds)
    listed = [line[4:] for line in lines if " - {files:" in line]
    assert read("overlays: x\nbases:\n" + "\n".join(listed)).bases[0].defines == (("REV", "2"),)


@pytest.mark.parametrize(
    "text",
    [
        "bases: [**/*.dtb]",
        "overlays:\n  - *.dtbo",
        "bases: &a [x]",
        "bases: !old x",
        "{bases: *.a}",
    ],
)
def test_what_yaml_takes_for_something_else_needs_quotes(text: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    found = caught.value.diagnostic
    assert found.code.number == "DT600"
    assert "quotes" in found.fix


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]",
        "bases: " + "[" * 100 + "]" * 100,
        "x: " + "{a: " * 5000 + "}" * 5000,
        "\0",
        "bases: [\x01]",
        "%TAG ! tag:x\n---\na: !b c",
        "a: 1\n---\nb: 2",
    ],
)
def test_bombs_are_refused(text: str) -> None:
    assert [one.split()[1] for one in problems(text)] == ["DT600"]


@given(st.text("abs:-[]{}&*!|>'\"\n #,?0", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InputError):
        read(text)


_NAMES = st.text(min_size=1, max_size=6).filter(
    lambda text: text.strip() and not any("\ud800" <= one <= "\udfff" for one in text)
)
_VALUES = st.one_of(st.none(), st.booleans(), st.integers(0, 9), _NAMES)


@given(st.dictionaries(st.sampled_from(KEYS), st.recursive(
    _VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["files", "bases", "overlays", "severity", "reason", "name", "DT130"]),
        inner, max_size=3),
    max_leaves=8,
)))  # fmt: skip
def test_values_of_any_form_are_read_or_refused(document: dict[str, object]) -> None:
    import yaml

    with suppress(InputError):
        read(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def without_lines(config: Config) -> Config:
    """Give the values of a configuration, as though it had been read from nowhere."""

    def bare(entries: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(entry._replace(line=0) for entry in entries)  # type: ignore[attr-defined]

    kinds = ("bases", "overlays", "pairings", "stacks", "apart", "rules", "expected")
    return config._replace(**{kind: bare(getattr(config, kind)) for kind in kinds}, path="")  # type: ignore[arg-type]


@pytest.mark.parametrize("text", [FULL, FILES, FILES + "pairs: []\nfail-on: never"])
@pytest.mark.parametrize("folder", ["", "some/folder", "/else/where/"])
def test_what_is_written_reads_back(text: str, folder: str) -> None:
    config = read(text, folder)
    written = commented(config)
    assert without_lines(read(written, folder)) == without_lines(config)
    assert all(len(line) <= 200 for line in written.splitlines())
    assert all(f"\n{key}:" in written or f"# {key}:" in written or f"#   {key}:" in written
               for key in KEYS)  # fmt: skip


_TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12
).filter(lambda text: bool(text.strip()))


@given(_TEXTS, st.lists(_TEXTS, min_size=1, max_size=3), _TEXTS)
def test_any_names_are_written_so_that_they_read_back(
    name: str, overlays: list[str], value: str
) -> None:
    config = Config(
        "",
        "",
        (Files(("x",), (), (("A", value),)),),
        (Files(("y",)),),
        stacks=(StackRule(name, ("b",), tuple(f"o{number}" for number in range(2))),),
        expected=tuple(Expected(("b",), ("o",), "", "", reason) for reason in overlays),
    )
    assert without_lines(read(commented(config))) == config


def test_include_folders_of_the_command_line_are_not_written() -> None:
    config = read(FILES, "repo")
    bases = (config.bases[0]._replace(include_dirs=("/usr/include", "repo/inc", "repo/../x")),)
    assert read(commented(config._replace(bases=bases)), "repo").bases[0].include_dirs == (
        "repo/inc",
    )
