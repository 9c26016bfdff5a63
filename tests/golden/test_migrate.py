"""`dtovl migrate` as people run it: what a migration leaves behind under each policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dtovl import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from syrupy.assertion import SnapshotAssertion

    Run = Callable[..., Any]

LOG = ("migrate", "--replay", "migrate/dmesg.txt")
WHOLE = ("migrate", "--replay", "migrate/whole.yaml", "--base", "migrate/partition.dts")
TWO = ("migrate", "--replay", "migrate/two-migrations.yaml", "--base", "migrate/partition.dts")
DAMAGED = ("migrate", "--replay", "migrate/damaged.txt")
POLICIES = ("naive", "ignore", "preserve", "subtree-attach")

OLD, NEW = b"\0\0\x0f\xf0", b"\0\0\x1f\xe0"
COMPRESSION = "/ibm,platform-facilities/ibm,compression-v1"


def sg_len(path: str) -> bytes | None:
    node = load(path).find(COMPRESSION)
    return None if node is None else node.properties["ibm,max-sg-len"]


# -- reports ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", POLICIES)
def test_a_kernel_log_alone(dtovl: Run, policy: str, snapshot: SnapshotAssertion) -> None:
    assert str(dtovl(*LOG, "--policy", policy)) == snapshot


@pytest.mark.parametrize("policy", POLICIES)
def test_the_answers_of_firmware_and_a_base(
    dtovl: Run, policy: str, snapshot: SnapshotAssertion
) -> None:
    assert str(dtovl(*WHOLE, "--policy", policy)) == snapshot


@pytest.mark.parametrize("policy", POLICIES)
def test_what_led_to_each_finding(dtovl: Run, policy: str, snapshot: SnapshotAssertion) -> None:
    assert str(dtovl(*WHOLE, "--policy", policy, "--explain")) == snapshot


@pytest.mark.parametrize("options", [[], ["-q"], ["--format", "json"]], ids=" ".join)
def test_two_migrations(dtovl: Run, options: list[str], snapshot: SnapshotAssertion) -> None:
    assert str(dtovl(*TWO, *options)) == snapshot


def test_lines_that_were_passed_over(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    base = ("--base", "migrate/partition.dts")
    assert str(dtovl(*LOG, *base, "-v", "--explain")) == snapshot


def test_the_verdict_stands_first(dtovl: Run) -> None:
    for policy in POLICIES:
        lines = dtovl(*WHOLE, "--policy", policy).out.splitlines()
        verdict = json.loads(dtovl(*WHOLE, "--policy", policy, "--format", "json").out)["verdict"]
        assert lines[0].startswith(f"verdict: {verdict}: ")
        assert lines[-1] == f"verdict: {verdict}"
        assert any(line.startswith("session 1: 3 deletes, 1 add") for line in lines[:4])


def test_quiet_leaves_information_out(dtovl: Run) -> None:
    assert " info PS" in dtovl(*LOG).out
    assert " info PS" not in dtovl(*LOG, "-q").out
    assert "passed over" not in dtovl(*LOG, "-q").out


SESSIONS = """\
dtovl-replay: 1
ops:
- update: 0xffffffe1
- delete: /cpus/l2-cache@2008
- delete: /vdevice/v-scsi@30000004
- session
- update: /
- update: /cpus
- delete: /vdevice
"""


def test_nodes_stand_in_the_session_that_moved_them_last(dtovl: Run) -> None:
    Path("log.yaml").write_text(SESSIONS, encoding="utf-8")
    arguments = ("migrate", "--replay", "log.yaml", "--base", "migrate/partition.dts")
    out = dtovl(*arguments, "--policy", "preserve").out
    first, second = out.split("session 2: ")
    rows = [line.split() for line in first.splitlines() if " 0x" in line and " /" in line]
    assert [row[1] for row in rows if row[0] in ("kept", "removed", "retained")] == [
        "/cpus/cpu@0",
        "/cpus/l2-cache@2008",
    ]
    for path in ("/ ", "/cpus ", "/vdevice ", "/vdevice/v-scsi@30000004 "):
        assert f" {path}" in second


def test_the_kernel_prints_nothing_of_this_for_user_space(dtovl: Run) -> None:
    Path("log").write_text("remove_node /vdevice/v-scsi@30000004\n", encoding="utf-8")
    arguments = ("migrate", "--replay", "log", "--base", "migrate/partition.dts")
    out = dtovl(*arguments, "--policy", "naive", "--explain").out
    assert "PS101" in out
    assert "mobility:" not in out


def test_empty_lists_are_written_as_such(dtovl: Run) -> None:
    out = dtovl(*TWO, "--policy", "ignore", "--format", "json").out
    assert '"changes": []' in out
    Path("log").write_text("remove_node /cpus/l2-cache@2008\n", encoding="utf-8")
    base = ("--base", "migrate/partition.dts")
    out = dtovl("migrate", "--replay", "log", *base, "--format", "json").out
    assert json.loads(out)["findings"]
    out = dtovl("migrate", "--replay", "log", "--format", "json").out
    assert '"findings": []' in out


def test_p080_the_exit_code_follows_fail_on(dtovl: Run) -> None:
    assert dtovl(*WHOLE).code == 0
    assert dtovl(*WHOLE, "--policy", "naive").code == 1
    assert dtovl(*WHOLE, "--policy", "naive", "--fail-on", "never").code == 0
    # The verdict ok-if-equivalent counts as a warning, although its finding is info.
    assert dtovl(*LOG).code == 0
    assert dtovl(*LOG, "--fail-on", "warning").code == 1
    document = json.loads(dtovl(*LOG, "--fail-on", "warning", "--format", "json").out)
    assert (document["exit"], document["verdict"]) == (1, "ok-if-equivalent")
    assert dtovl(*WHOLE, "--fail-on", "warning").code == 0


# -- input -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        DAMAGED,
        (*DAMAGED, "--format", "json"),
        (*DAMAGED, "--keep-going"),
        (*DAMAGED, "--keep-going", "--format", "json"),
        ("migrate", "--replay", "gateway.dts"),
        ("migrate", "--replay", "gateway.dts", "--keep-going"),
        ("migrate", "--replay", "gateway.dtb"),
        ("migrate", "--replay", "nothing.txt"),
        ("migrate", "--replay", "migrate"),
        (*LOG, "--base", "nothing.dtb"),
        (*LOG, "--base", "nothing.dtb", "--format", "json", "--keep-going"),
        (*DAMAGED, "--base", "migrate/dmesg.txt"),
        ("migrate", "--decode", "migrate/damaged.txt"),
        ("migrate", "--decode", "migrate/damaged.txt", "--keep-going"),
        ("migrate",),
        (*LOG, "--decode", "migrate/dmesg.txt"),
        ("migrate", "--decode", "migrate/dmesg.txt", "-o", "x.dtb"),
        ("migrate", "--replay", "-", "--base", "-"),
        (*LOG, "--base", "gateway.dtb", "--session", "s.dtovl"),
        (*LOG, "--session", "s.dtovl", "-o", "x.dtb"),
        (*LOG, "--call", "update"),
        (*LOG, "--policy", "best"),
        ("migrate", "--help"),
    ],
    ids=" ".join,
)
def test_wrong_and_odd_input(
    dtovl: Run, arguments: tuple[str, ...], snapshot: SnapshotAssertion
) -> None:
    assert str(dtovl(*arguments)) == snapshot


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"\0", bytes(4096), b"\0" * 5000, b"\x7fELF" + bytes(range(256)) * 40],
    ids=["empty", "blank", "nul", "area", "no-area", "binary"],
)
def test_files_that_are_no_log(dtovl: Run, content: bytes) -> None:
    Path("log").write_bytes(content)
    result = dtovl("migrate", "--replay", "log", "--format", "json")
    assert result.code == 2
    document = json.loads(result.out)
    assert document["exit"] == 2
    assert [one["line"] for one in document["errors"]] == [None]
    assert document["errors"][0]["code"] in ("PS201", "PS205")
    assert dtovl("migrate", "--replay", "log").err.startswith("log: error: PS20")


def test_at_most_twenty_errors_are_listed(dtovl: Run) -> None:
    Path("log").write_text("mobility: removing node /a:b\n" * 30, encoding="utf-8")
    result = dtovl("migrate", "--replay", "log", "--base", "nothing", "--format", "json")
    errors = json.loads(result.out)["errors"]
    assert [one["code"] for one in errors] == ["PS208", *["PS204"] * 19]
    assert [one["line"] for one in errors] == [None, *range(1, 20)]
    assert dtovl("migrate", "--replay", "log").err.count("PS204") == 20


def test_work_areas_need_the_name_of_their_call(dtovl: Run) -> None:
    words = (0, 0, 0, 0, 0x01000001, 0xFFFFFF81, 0)
    area = b"".join(word.to_bytes(4, "big") for word in words).ljust(4096, b"\0")
    Path("area.bin").write_bytes(area)
    arguments = ("migrate", "--replay", "area.bin", "--base", "migrate/partition.dts")
    assert "--call update-nodes" in dtovl(*arguments).err
    for call in ("update-nodes", "ibm,update-nodes"):
        result = dtovl(*arguments, "--call", call)
        assert "ibm,random-v1" in result.out, str(result)
        assert result.code == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("- {node: /cpus/cpu@0, by: me}\n", ""),
        ("holders:\n- {node: /cpus/cpu@0, by: me}\n", ""),
        ("- {node: /nothing, by: me}\n", "no node /nothing"),
        (
            "- {node: cpus, by: me}\n",
            "holders.yaml:1:3: error: PS202: node is cpus: ",
        ),
        ("- {node: /cpus, by: 7}\n", "by is 7: expected text"),
        ("- {node: /cpus}\n", "lacks a key: expected node"),
        ("- /cpus\n", "a holder is /cpus: expected a mapping"),
        ("{}\n", "a list of {node: PATH, by: NAME}"),
        ("[", "holders.yaml:2:1: error: PS202"),
    ],
)
def test_holders_from_a_file(dtovl: Run, content: str, said: str) -> None:
    Path("holders.yaml").write_text(content, encoding="utf-8")
    Path("log").write_text("remove_node /cpus/cpu@0\n", encoding="utf-8")
    arguments = ("migrate", "--replay", "log", "--base", "migrate/partition.dts")
    result = dtovl(*arguments, "--holders", "holders.yaml")
    if said:
        assert said in result.err
        assert (result.code, result.out) == (2, "")
    else:
        assert "held by me" in result.out


def test_a_file_of_holders_that_is_not_there(dtovl: Run) -> None:
    result = dtovl(*LOG, "--holders", "nothing.yaml")
    assert result.code == 2
    assert "nothing.yaml: error: PS202" in result.err


# -- output ----------------------------------------------------------------------------------------


def test_the_tree_is_written(dtovl: Run, process: Run) -> None:
    assert dtovl(*WHOLE, "-o", "after.dtb").code == 0
    assert sg_len("after.dtb") == NEW
    assert dtovl(*WHOLE, "--policy", "ignore", "-o", "after.dtb", "--format", "json").code == 0
    assert sg_len("after.dtb") == OLD
    assert dtovl(*WHOLE, "--policy", "naive", "-o", "after.dts").code == 1
    assert Path("after.dts").read_text(encoding="utf-8").startswith("/dts-v1/;")
    assert sg_len("after.dts") is None
    result = process(f"dtovl {' '.join(WHOLE)} -o - --out-format dts")
    assert result.out.startswith("/dts-v1/;")
    assert result.err.startswith("verdict: ok")


def test_p081_nothing_is_written_without_a_verdict(dtovl: Run) -> None:
    out = Path("after.dtb")
    out.write_bytes(b"before")
    for options in ([], ["--keep-going"], ["--base", "migrate/dmesg.txt"]):
        assert dtovl(*DAMAGED, *options, "-o", "after.dtb").code == 2
        assert out.read_bytes() == b"before"
    assert not [path for path in Path().iterdir() if path.name.startswith(".dtovl")]


def test_no_input_is_overwritten(dtovl: Run) -> None:
    Path("base.dtb").write_bytes(Path("gateway.dtb").read_bytes())
    Path("log").write_text("remove_node /nothing\n", encoding="utf-8")
    arguments = ("migrate", "--replay", "log", "--base", "base.dtb", "-o")
    for target in ("base.dtb", "log"):
        before = Path(target).read_bytes()
        result = dtovl(*arguments, target)
        assert (result.code, Path(target).read_bytes()) == (2, before)
        assert "DT012" in result.err
    assert dtovl(*arguments, "base.dtb", "--force").code == 0


# -- operation lists -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dmesg.txt", "whole.yaml", "two-migrations.yaml"])
def test_what_is_decoded_reads_back(dtovl: Run, name: str, snapshot: SnapshotAssertion) -> None:
    decoded = dtovl("migrate", "--decode", f"migrate/{name}")
    assert str(decoded) == snapshot
    Path("again.yaml").write_text(decoded.out, encoding="utf-8")
    assert dtovl("migrate", "--decode", "again.yaml").out.count("\n") == decoded.out.count("\n")
    documents = []
    for path in (f"migrate/{name}", "again.yaml"):
        arguments = ("migrate", "--replay", path, "--base", "migrate/partition.dts")
        document = json.loads(dtovl(*arguments, "--format", "json").out)
        documents.append([document["nodes"], [one["result"] for one in document["ops"]]])
    assert documents[0] == documents[1]


# -- sessions --------------------------------------------------------------------------------------


def test_a_migration_in_a_session(dtovl: Run, snapshot: SnapshotAssertion) -> None:
    dtovl("init", "s.dtovl", "migrate/partition.dts")
    dtovl("export", "--session", "s.dtovl", "-o", "before.dtb")
    replay = ("migrate", "--replay", "migrate/whole.yaml", "--session", "s.dtovl")
    assert str(dtovl(*replay)) == snapshot
    dtovl("export", "--session", "s.dtovl", "-o", "after.dtb")
    assert (sg_len("before.dtb"), sg_len("after.dtb")) == (OLD, NEW)
    assert (
        "migrate migrate/whole.yaml (preserve): 1 change"
        in dtovl("log", "--session", "s.dtovl").out
    )
    assert "(undone)" in dtovl("undo", "--session", "s.dtovl").out
    dtovl("export", "--session", "s.dtovl", "-o", "again.dtb")
    assert Path("again.dtb").read_bytes() == Path("before.dtb").read_bytes()


@pytest.mark.parametrize("policy", POLICIES)
def test_a_session_ends_in_the_tree_that_a_replay_gives(dtovl: Run, policy: str) -> None:
    for log in ("whole.yaml", "two-migrations.yaml"):
        replay = ("migrate", "--replay", f"migrate/{log}", "--policy", policy)
        dtovl("init", f"{log}.dtovl", "migrate/partition.dts")
        code = dtovl(*replay, "--session", f"{log}.dtovl", "-q").code
        dtovl("export", "--session", f"{log}.dtovl", "-o", f"{log}.one.dtb")
        base = ("--base", "migrate/partition.dts", "-o", f"{log}.other.dtb")
        assert dtovl(*replay, *base).code == code
        assert dtovl("diff", f"{log}.one.dtb", f"{log}.other.dtb").code == 0


def test_who_holds_a_node_of_a_session_holds_it_in_the_replay(dtovl: Run) -> None:
    dtovl("init", "s.dtovl", "migrate/partition.dts")
    dtovl("hold", "--session", "s.dtovl", "/cpus/l2-cache@2008", "--as", "cacheinfo")
    Path("log").write_text("remove_node /cpus/l2-cache@2008\n", encoding="utf-8")
    result = dtovl("migrate", "--replay", "log", "--session", "s.dtovl", "--format", "json")
    document = json.loads(result.out)
    assert [one["holders"] for one in document["nodes"]] == [["cacheinfo"]]
    assert (document["session"], document["operation"]["number"]) == ("s.dtovl", 2)


def test_who_holds_a_node_that_left_a_session_is_passed_over(dtovl: Run) -> None:
    dtovl("init", "s.dtovl", "migrate/partition.dts")
    dtovl("hold", "--session", "s.dtovl", "/cpus/l2-cache@2008", "--as", "cacheinfo")
    Path("log").write_text("remove_node /cpus/l2-cache@2008\n", encoding="utf-8")
    replay = ("migrate", "--replay", "log", "--session", "s.dtovl", "--policy", "naive")
    assert dtovl(*replay).code == 1
    again = dtovl(*replay)
    assert "PS133" in again.out
    assert again.code == 0


def test_values_that_the_log_does_not_tell_stay_in_a_session(dtovl: Run) -> None:
    dtovl("init", "s.dtovl", "migrate/partition.dts")
    result = dtovl(*LOG, "--session", "s.dtovl")
    assert "1 value that the log does not tell: left as in the session" in result.out


def test_a_damaged_log_leaves_the_session_as_it_was(dtovl: Run) -> None:
    dtovl("init", "s.dtovl", "migrate/partition.dts")
    for options in ([], ["--keep-going"]):
        assert dtovl(*DAMAGED, "--session", "s.dtovl", *options).code == 2
    assert "0 operations" in dtovl("status", "--session", "s.dtovl").out


# -- terminals and pipes ---------------------------------------------------------------------------

HOSTILE = """\
dtovl-replay: 1
ops:
  - add: /
    node:
      name: "evil\\e[2J\\u202e"
      props: {"\\e[31m": "\\a\\e[0m", "[red]x[/]": 1, phandle: 9}
  - update: 9
    props: {"\\e[31m": "\\e]0;x\\a"}
  - delete: 9
  - delete: "/no\\e[1m\\r\\n::error::"
"""


@pytest.mark.parametrize("policy", POLICIES)
def test_p082_hostile_names_do_not_reach_the_terminal(dtovl: Run, policy: str) -> None:
    Path("evil\x1b.yaml").write_text(HOSTILE, encoding="utf-8")
    arguments = ("migrate", "--replay", "evil\x1b.yaml", "--policy", policy)
    for options in (["--explain", "-v"], ["--format", "json"], ["--color", "never"]):
        result = dtovl(*arguments, *options)
        assert result.code in (0, 1), str(result)
        assert not {"\x1b", "\u202e", "\a", "\r"} & set(str(result))
    assert r"evil\x1b[2J" in dtovl(*arguments).out


def test_markup_in_names_is_text(dtovl: Run) -> None:
    Path("log.yaml").write_text(HOSTILE, encoding="utf-8")
    replay = ("migrate", "--replay", "log.yaml", "--policy", "naive")
    out = dtovl(*replay, "--base", "migrate/partition.dts", "--color", "always").out
    plain = dtovl(*replay, "--base", "migrate/partition.dts").out
    assert ("[red]x[/]" in out) == ("[red]x[/]" in plain)


def test_bytes_of_names_are_shown_as_such(dtovl: Run) -> None:
    Path("log.txt").write_bytes(b"mobility: removing node /\xe2\x80\xae\xff:5\n")
    assert r"  /\xe2\x80\xae\xff  0x5" in dtovl("migrate", "--replay", "log.txt").out


def test_lines_fit_a_narrow_terminal(dtovl: Run) -> None:
    for policy in POLICIES:
        for arguments in (LOG, WHOLE, TWO):
            out = dtovl(*arguments, "--policy", policy).out
            long = [line for line in out.splitlines() if len(line) > 80]
            # A path is never broken.
            assert not [line for line in long if len(line.split()) > 5], long


def test_logs_from_standard_input_and_readers_that_go_away(process: Run) -> None:
    command = "cat migrate/dmesg.txt | dtovl migrate --replay - --format json"
    assert json.loads(process(command).out)["counts"]["kept"] == 3
    assert "<stdin>:6: info PS121" in process(command.replace("json", "text")).out
    whole = " ".join(WHOLE)
    assert process(f"set -o pipefail; dtovl {whole} --policy naive | true").code == 1
    assert process(f"dtovl {whole} --policy naive >&-").code == 1
    assert process(f"dtovl {whole} > /dev/full").code == 2
