from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dtovl
from dtovl.diagnostics import Sink
from dtovl.model.compare import same

if TYPE_CHECKING:
    from pathlib import Path

BASE = b'/dts-v1/; / { compatible = "a,b"; soc: soc { uart: uart@1 { status = "disabled"; }; }; };'
OVERLAY = b'/dts-v1/; /plugin/; &uart { status = "okay"; };'
STRAY = b'/dts-v1/; /plugin/; &nothing { status = "okay"; };'


def test_public_names_are_there_and_no_more() -> None:
    assert sorted(dtovl.__all__) == [
        "Changeset",
        "Diagnostic",
        "DtovlError",
        "Node",
        "Session",
        "Tree",
        "apply_overlay",
        "check_tree",
        "dump",
        "load",
        "remove_overlay",
        "replay_stream",
    ]
    for name in dtovl.__all__:
        assert getattr(dtovl, name).__doc__
        assert name in dir(dtovl)
    assert dtovl.__version__.count(".") == 2
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        dtovl.nothing  # noqa: B018 - the access is the test


def test_apply_and_revert() -> None:
    tree = dtovl.load(BASE)
    before = dtovl.dump(tree)
    outcome = dtovl.apply_overlay(tree, dtovl.load(OVERLAY))
    assert outcome.applies
    node = tree.find("/soc/uart@1")
    assert node is not None
    assert node.properties["status"] == b"okay\0"
    outcome.changeset.revert(tree)
    assert dtovl.dump(tree) == before


@pytest.mark.parametrize(
    ("applier", "error"), [("libfdt", "FDT_ERR_NOTFOUND"), ("linux", "-EINVAL")]
)
def test_a_refusal_leaves_the_tree_and_says_why(applier: str, error: str) -> None:
    tree, sink = dtovl.load(BASE), Sink()
    before = dtovl.dump(tree)
    outcome = dtovl.apply_overlay(tree, dtovl.load(STRAY), applier=applier, sink=sink)  # type: ignore[arg-type]
    assert not outcome.applies
    assert outcome.error == error
    assert "DT104" in [found.code.number for found in sink]
    assert dtovl.dump(tree) == before


def test_an_unknown_applier_is_named_with_those_there_are() -> None:
    with pytest.raises(dtovl.DtovlError) as caught:
        dtovl.apply_overlay(dtovl.load(BASE), dtovl.load(OVERLAY), applier="foo")  # type: ignore[arg-type]
    found = caught.value.diagnostic
    assert found.code.number == "DT063"
    assert "'foo'" in found.message
    assert found.fix == "use one of libfdt, linux"


def test_without_sink_nothing_is_said() -> None:
    tree = dtovl.load(BASE)
    assert not dtovl.apply_overlay(tree, dtovl.load(STRAY)).applies


@pytest.mark.parametrize("form", ["dtb", "dts"])
def test_load_gives_what_dump_wrote(tmp_path: Path, form: str) -> None:
    tree = dtovl.load(BASE)
    path = tmp_path / "board"
    dtovl.dump(tree, path, form=form)  # type: ignore[arg-type]
    assert same(dtovl.load(path), tree, ordered=True)
    assert same(dtovl.load(path.read_bytes()), tree, ordered=True)


def test_padding_is_bytes_behind_the_blob() -> None:
    tree = dtovl.load(BASE)
    bare, padded = dtovl.dump(tree, padding=0), dtovl.dump(tree, padding=10)
    assert bare is not None
    assert padded is not None
    assert len(padded) == len(bare) + 10


def test_an_error_carries_its_diagnostics() -> None:
    with pytest.raises(dtovl.DtovlError) as caught:
        dtovl.load(b"/dts-v1/; / { a = <1> };", name="board.dts")
    assert caught.value.diagnostic.code.number == "DT020"
    assert str(caught.value.diagnostic.where) == "board.dts:1:23"


def test_includes_stay_in_their_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.dtsi").write_text("/ { secret; };")
    inner = tmp_path / "board"
    inner.mkdir()
    source = inner / "board.dts"
    source.write_text('/dts-v1/; /include/ "../secret.dtsi"')
    with pytest.raises(dtovl.DtovlError, match="DT029"):
        dtovl.load(source)
    assert "secret" in dtovl.load(source, include_dirs=[tmp_path]).root.properties


def test_a_file_called_dash_is_not_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-").write_text("/ { dash; };")
    (tmp_path / "board.dts").write_text('/dts-v1/; /include/ "-"')
    assert "dash" in dtovl.load("board.dts").root.properties


def board_of(*names: str) -> bytes:
    nodes = "".join(f"{name} {{ a = <1>; }}; " for name in names)
    return f"/dts-v1/; / {{ soc {{ {nodes} }}; }};".encode()


def overlay_at(path: str, content: str) -> bytes:
    head = "/dts-v1/; /plugin/; / { fragment@0 { target-path = "
    return f'{head}"{path}"; __overlay__ {{ {content} }}; }}; }};'.encode()


@pytest.mark.parametrize("applier", ["libfdt", "linux"])
def test_an_overlay_is_removed(applier: Any) -> None:
    tree = dtovl.load(BASE)
    before = dtovl.dump(tree)
    outcome = dtovl.apply_overlay(tree, dtovl.load(OVERLAY), applier=applier)
    removal = dtovl.remove_overlay(tree, outcome)
    assert removal.removed
    assert (removal.error, removal.blockers, removal.lines) == ("", [], ())
    assert dtovl.dump(tree) == before


@pytest.mark.parametrize("applier", ["libfdt", "linux"])
def test_a_later_overlay_keeps_an_earlier_one(applier: Any) -> None:
    tree, sink = dtovl.load(board_of("a")), Sink()
    before = dtovl.dump(tree)
    sources = overlay_at("/soc", "new { };"), overlay_at("/soc/new", "b = <1>;")
    first, second = (
        dtovl.apply_overlay(tree, dtovl.load(source), applier=applier, name=f"{at}.dtbo")
        for at, source in enumerate(sources, 1)
    )
    between = dtovl.dump(tree)
    removal = dtovl.remove_overlay(tree, first, sink=sink)
    assert (removal.error, removal.blockers) == ("-EBUSY", [second])
    assert removal.lines[-1] == "OF: overlay: overlay #1 is not topmost"
    assert [(found.code.number, found.path) for found in sink] == [("DT215", "/soc/new")]
    assert dtovl.dump(tree) == between
    assert dtovl.remove_overlay(tree, second).removed
    assert dtovl.remove_overlay(tree, first).removed
    assert dtovl.dump(tree) == before


def test_what_is_not_in_force_cannot_be_removed() -> None:
    tree, other = dtovl.load(BASE), dtovl.load(BASE)
    refused = dtovl.apply_overlay(tree, dtovl.load(STRAY))
    outcome = dtovl.apply_overlay(tree, dtovl.load(OVERLAY))
    reverted = dtovl.apply_overlay(other, dtovl.load(OVERLAY))
    reverted.changeset.revert(other)
    dtovl.remove_overlay(tree, outcome)
    for where, one in ((tree, refused), (tree, outcome), (other, outcome), (other, reverted)):
        with pytest.raises(dtovl.DtovlError) as caught:
            dtovl.remove_overlay(where, one)
        assert caught.value.diagnostic.code.number == "DT064"


def test_an_overlay_that_changes_nothing_can_be_removed() -> None:
    tree = dtovl.load(board_of("a"))
    outcome = dtovl.apply_overlay(tree, dtovl.load(overlay_at("/soc", "")))
    assert outcome.applies
    assert dtovl.remove_overlay(tree, outcome).removed


@given(
    st.sampled_from(["libfdt", "linux"]),
    st.lists(
        st.tuples(
            st.sampled_from(["/soc", "/soc/a", "/soc/b"]),
            st.sampled_from(["n { }", "x = <2>", "p { phandle = <1>; }", "q { phandle = <5>; }"]),
        ),
        max_size=5,
    ),
    st.randoms(use_true_random=False),
)
def test_overlays_removed_in_any_order_give_back_the_base(
    applier: Any, overlays: list[tuple[str, str]], random: Any
) -> None:
    tree = dtovl.load(board_of("a", "b"))
    before = dtovl.dump(tree)
    left = [
        dtovl.apply_overlay(tree, dtovl.load(overlay_at(path, f"{content};")), applier=applier)
        for path, content in overlays
    ]
    left = [one for one in left if one.applies]
    while left:
        removal = dtovl.remove_overlay(tree, random.choice(left))
        # The newest is never in anybody's way, so each round takes one out.
        if not removal.removed:
            assert dtovl.remove_overlay(tree, tree.applied[-1]).removed
        left = list(tree.applied)
        assert tree.largest_phandles() == dtovl.load(dtovl.dump(tree)).largest_phandles()
    assert dtovl.dump(tree) == before


# -- replays ---------------------------------------------------------------------------------------

PARTITION = b"""/dts-v1/; / { vdevice { device_type = "vdevice"; vty@3 { device_type = "serial";
reg = <3>; ibm,phandle = <7>; }; }; };"""
HELD = b"dtovl-replay: 1\nholders:\n- {node: /x, by: y}\nops:\n- delete: 7\n"
REMOVE = b"mobility: removing node /vdevice/vty@3:7\n"


def test_replays_a_log_from_bytes_files_and_trees(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(REMOVE)
    (tmp_path / "base.dts").write_bytes(PARTITION)
    results = [
        dtovl.replay_stream(REMOVE, PARTITION),
        dtovl.replay_stream(tmp_path / "log", tmp_path / "base.dts"),
        dtovl.replay_stream(str(tmp_path / "log"), dtovl.load(PARTITION)),
    ]
    documents = [one.as_json() for one in results]
    assert documents[0] == documents[1] == documents[2]
    assert documents[0]["counts"]["retained"] == 1
    naive = dtovl.replay_stream(REMOVE, PARTITION, policy="naive")
    assert naive.tree.find("/vdevice/vty@3") is None
    assert naive.as_json()["counts"]["dangling"] == 1
    assert dtovl.replay_stream(REMOVE).base == "inferred"


def test_replays_work_areas_of_a_named_call() -> None:
    area = (bytes(16) + bytes.fromhex("0100000100000007")).ljust(4096, b"\0")
    result = dtovl.replay_stream(area, PARTITION, call="update-nodes")
    assert [one.path for one in result.nodes] == ["/vdevice/vty@3"]


@pytest.mark.parametrize(
    ("log", "base", "codes"),
    [
        (b"", None, ["PS201"]),
        (b"mobility: removing node /a:b\nmobility: removing node /a:c\n", None, ["PS204"] * 2),
        (REMOVE, b"Not Found", ["PS208"]),
        (REMOVE, "/nothing/there", ["PS208"]),
        (HELD, PARTITION, ["PS202"]),
    ],
)
def test_what_cannot_be_replayed(log: bytes, base: Any, codes: list[str]) -> None:
    with pytest.raises(dtovl.DtovlError) as caught:
        dtovl.replay_stream(log, base)
    assert [one.code.number for one in caught.value.diagnostics] == codes


def test_a_policy_that_is_none() -> None:
    with pytest.raises(dtovl.DtovlError, match="DT065"):
        dtovl.replay_stream(REMOVE, policy="best")  # type: ignore[arg-type]
