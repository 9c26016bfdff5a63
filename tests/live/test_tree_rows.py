"""Rows K001 to K025 of the conformance table: nodes, properties, references, blobs."""

from __future__ import annotations

import pytest
from support.blob import blob
from support.boards import BASE, Board
from support.overlays import at, overlay_content
from support.raw_blob import END, changed, raw
from support.trees import Content, again, cells

from dtovl.live.blob import Parsed, apply_parsed, parse_blob
from dtovl.live.changeset import Action
from dtovl.live.objects import Flag
from dtovl.model.dialect import LINUX, LINUX_7_2
from dtovl.model.paths import Miss, find_path
from dtovl.script import direct

GOOD = blob(overlay_content(at("/soc", {"n": {"p": 1}})))
HEADER = "OF: overlay: Invalid overlay_fdt header"
UNFLATTEN = "OF: overlay: unable to unflatten overlay_fdt"


# -- order and lists -------------------------------------------------------------------------------


def test_k001_the_root_is_printed_as_nothing() -> None:
    board = Board()
    first = board.applied(at("/", {"p": 1}))
    second = board.applied(at("/soc", {"q": 1}))
    board.remove(first)
    assert f"OF: overlay: node_overlaps_later_cs: #{first} overlaps with #{second} @" in (
        board.lines()
    )


def test_k002_a_new_node_stands_first() -> None:
    board = Board()
    board.applied(at("/soc", {"n1": {}, "n2": {}}))
    assert board.children("/soc") == ["n2", "n1", "u@2", "bare"]


def test_k003_a_new_property_stands_last() -> None:
    board = Board()
    board.applied(at("/soc/bare", {"new": 1}))
    assert board.names("/soc/bare") == ["x", "y", "z", "name", "new"]


def test_k004_an_updated_property_keeps_its_place() -> None:
    board = Board()
    board.applied(at("/soc/bare", {"y": 9}))
    assert board.names("/soc/bare") == ["x", "y", "z", "name"]
    assert board.live.property(board.node("/soc/bare"), "y") == cells(9)
    assert [prop.value for prop in board.live.dead[board.node("/soc/bare")]] == [cells(2)]


def test_k005_removed_properties_stay_on_the_dead_list_newest_first() -> None:
    board = Board()
    node = board.node("/soc/bare")
    y = board.live.object_of(node, "y")
    for name in ("x", "y"):
        assert direct.remove_property(board.live, node, name) == ""
    assert board.names("/soc/bare") == ["z", "name"]
    assert board.dead("/soc/bare") == ["y", "x"]
    assert board.live.dead[node][0] is y
    assert y not in board.live.freed_properties


# -- the last reference ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dialect", "line"),
    [
        (LINUX, "OF: ERROR: Bad of_node_put() on /soc/bare"),
        (LINUX_7_2, "OF: ERROR: of_node_release() detected bad of_node_put() on /soc/bare"),
    ],
    ids=["6.1", "7.2"],
)
def test_k006_the_last_put_of_an_attached_node(dialect: object, line: str) -> None:
    board = Board(dialect=dialect)  # type: ignore[arg-type]
    node = board.node("/soc/bare")
    board.live.put(node)
    assert board.lines() == []
    board.live.put(node)
    assert board.lines()[0] == line
    assert board.codes() == {"put-too-many"}
    assert board.node("/soc/bare") is node
    assert node not in board.live.freed
    assert node.properties


def test_k006_a_node_of_count_0_is_never_used_again_without_a_finding() -> None:
    board = Board()
    node = board.node("/soc/bare")
    for _ in range(2):
        board.live.put(node)
    board.forget()
    board.live.get(node)
    assert board.codes() == {"count-broken"}
    assert board.live.count(node) < 0


def test_k007_the_last_put_of_a_detached_node_of_boot() -> None:
    board = Board()
    node = board.node("/soc/bare")
    direct.detach_node(board.live, node)
    board.lines()
    assert board.live.count(node) == 1
    board.live.put(node)
    assert board.live.count(node) == 0
    assert board.lines() == []
    assert board.codes() == set()
    assert node not in board.live.freed
    assert list(node.properties)


def test_k008_the_last_put_of_a_node_whose_overlay_has_gone() -> None:
    board = Board()
    number = board.applied(at("/soc", {"n": {"p": 1}}))
    node = board.node("/soc/n")
    board.live.hold(node, "driver")
    board.remove(number)
    board.lines()
    board.live.release(node, "driver")
    assert board.lines() == ["OF: ERROR: memory leak before free overlay changeset,  /soc/n"]
    assert "node-lost" in board.codes()
    assert node in board.live.lost
    assert node not in board.live.freed


def test_k009_a_node_of_an_overlay_that_others_gave_properties() -> None:
    board = Board()
    number = board.applied(at("/soc", {"n": {"p": 1}}))
    node = board.node("/soc/n")
    extra = board.prop("extra", 1)
    direct.add_property(board.live, node, extra)
    board.forget()
    assert board.remove(number) == ("", 0)
    assert board.lines() == ["OF: ERROR: of_node_release(), unexpected properties in /soc/n"]
    assert node in board.live.freed
    assert extra in board.live.freed_properties


def test_a_node_that_a_driver_made_is_freed_silently() -> None:
    board = Board()
    node = direct.new_node(board.live, board.node("/soc"), "made")
    direct.new_property(board.live, node, board.prop("p", 1))
    board.live.put(node)
    assert node in board.live.freed
    assert board.lines() == []


# -- blobs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "size", "log"),
    [
        pytest.param(GOOD, 39, [HEADER], id="K010"),
        pytest.param(b"", None, [HEADER], id="K010-empty"),
        pytest.param(changed(GOOD, magic=0xEDFE0DD0), None, [HEADER], id="K011-magic"),
        pytest.param(
            changed(GOOD, version=1, last_comp_version=1), None, [HEADER], id="K011-version"
        ),
        pytest.param(
            changed(GOOD, version=18, last_comp_version=18), None, [HEADER], id="K011-compatible"
        ),
        pytest.param(GOOD, len(GOOD) - 1, [], id="K012"),
        pytest.param(
            raw(b"\0\0\0\1\0\0\0\0\0\0\0\7" + END),
            None,
            ["OF: fdt: Error -11 processing FDT", UNFLATTEN],
            id="K013",
        ),
        pytest.param(raw(b""), None, [UNFLATTEN], id="K013-nothing"),
    ],
)
def test_blobs_that_are_refused_get_no_id(data: bytes, size: int | None, log: list[str]) -> None:
    board = Board()
    before = board.tree()
    done = apply_parsed(board.overlays, parse_blob(data, "bad.dtbo", size))
    assert (done.error, done.number) == ("-EINVAL", 0)
    assert board.lines() == log
    assert board.tree() == before
    assert board.overlays.listed == []
    assert apply_parsed(board.overlays, parse_blob(GOOD, "good.dtbo")).number == 1


def parsed(content: Content) -> Parsed:
    found = parse_blob(blob(content), "it.dtbo")
    assert found.refused is None
    return found


@pytest.mark.parametrize(
    ("name", "made"),
    [("n", b"n\0"), ("n@1", b"n\0"), ("a@b@c", b"a@b\0")],
    ids=["plain", "unit-address", "two-signs"],
)
def test_k014_nodes_get_a_name_last(name: str, made: bytes) -> None:
    tree = parsed({name: {"p": 1}}).overlay.tree
    assert list(tree.root.children[name].properties.items()) == [("p", cells(1)), ("name", made)]


def test_k014_a_name_that_is_there_is_taken() -> None:
    tree = parsed({"n@1": {"name": "other", "p": 1}}).overlay.tree
    assert list(tree.root.children["n@1"].properties) == ["name", "p"]


def test_k014_base_nodes_have_it_too() -> None:
    board = Board()
    assert board.live.property(board.node("/soc/u@2"), "name") == b"u\0"
    assert board.names("/soc/u@2")[-1] == "name"


def test_k015_the_name_of_the_root_is_empty() -> None:
    assert parsed({}).overlay.tree.root.properties["name"] == b"\0"
    board = Board()
    assert board.live.property(board.node("/"), "name") == b"\0"


@pytest.mark.parametrize(
    ("properties", "number"),
    [
        pytest.param({"phandle": 4, "linux,phandle": 9}, 4, id="K016"),
        pytest.param({"linux,phandle": 9, "phandle": 4}, 9, id="K016-order"),
        pytest.param({"phandle": 0, "linux,phandle": 9}, 9, id="K016-zero"),
        pytest.param({"ibm,phandle": 6, "phandle": 4}, 6, id="K017"),
    ],
)
def test_the_phandle_that_a_node_keeps(properties: Content, number: int) -> None:
    board = Board({"n": properties})
    assert board.node("/n").phandle == number
    assert board.live.tree.by_phandle == {number: board.node("/n")}


def test_k018_the_second_property_of_a_name_is_renamed_in_sysfs() -> None:
    board = Board({"soc": {"n": {"p": 1, again("p"): 2, "q": 1}}})
    node = board.node("/soc/n")
    direct.detach_node(board.live, node)
    direct.attach_node(board.live, node)
    assert board.lines() == ['Duplicate name in n, renamed to "p#1"']
    assert board.names("/soc/n") == ["p", "p", "q", "name"]
    assert board.live.property(node, "p") == cells(1)


def test_k018_a_child_named_as_a_property() -> None:
    board = Board()
    board.apply(at("/soc/bare", {"x": {}}))
    assert board.lines() == ['Duplicate name in bare, renamed to "x#1"']


# -- look-up ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "found"),
    [
        pytest.param("//soc", None, id="K019"),
        pytest.param("/soc/", None, id="K019-at-the-end"),
        pytest.param("/soc/u", None, id="K020"),
        pytest.param("/soc:115200", "/soc", id="K021"),
        pytest.param("bus/u@2", "/soc/u@2", id="K022"),
    ],
)
def test_paths_in_a_live_tree(path: str, found: str | None) -> None:
    board = Board()
    node = find_path(board.live.tree, path, board.live.dialect)
    assert (None if isinstance(node, Miss) else node.path) == found


def test_k022_an_alias_that_an_overlay_adds_is_followed() -> None:
    board = Board()
    board.applied(at("/aliases", {"late": "bus"}))
    assert find_path(board.live.tree, "late", LINUX) is board.node("/soc")


def test_k023_aliases_that_an_overlay_creates_are_not_followed() -> None:
    board = Board({"soc": {}})
    board.applied(at("/", {"aliases": {"late": "/soc"}}))
    assert board.node("/aliases").properties["late"] == b"/soc\0"
    assert isinstance(find_path(board.live.tree, "late", LINUX), Miss)


def test_k024_a_new_phandle_property_is_not_the_phandle_of_the_node() -> None:
    board = Board()
    node = board.node("/soc/u@2")
    direct.update_property(board.live, node, board.prop("phandle", 0x42))
    assert node.phandle == 7
    assert 0x42 not in board.live.tree.by_phandle
    assert board.live.tree.by_phandle[7] is node


def test_k025_nobody_has_phandle_0() -> None:
    board = Board()
    board.applied(at("/soc", {"n": {"phandle": 0}}))
    assert 0 not in board.live.tree.by_phandle
    done = board.apply(at("/soc", {"m": {}}, target=0))
    assert done.error == "-EINVAL"
    assert "phandle 0x0 not found" in board.lines()[0]


# -- counts of the specification's section 1.4 -----------------------------------------------------


def test_counts_of_idle_nodes() -> None:
    board = Board()
    assert board.counts() == {
        "/": 5,  # three children
        "/aliases": 3,  # held since boot
        "/soc": 4,
        "/soc/u@2": 3,  # an alias that ends in a digit names it
        "/soc/bare": 2,
        "/__symbols__": 2,
    }


@pytest.mark.parametrize("value", ["/soc/bare", None], ids=["changed", "removed"])
def test_boot_holds_what_aliases_named_at_boot(value: str | None) -> None:
    board, expected = Board(), Board().counts()
    aliases = board.node("/aliases")
    if value is None:
        direct.remove_property(board.live, aliases, "serial0")
    else:
        direct.update_property(board.live, aliases, board.prop("serial0", value))
    assert board.counts() == expected


def test_boot_holds_the_first_of_two_nodes_of_one_name() -> None:
    board = Board({"aliases": {"serial0": "/a"}, "a": {}, again("a"): {}})
    nodes = [node for node in board.live.tree.walk() if node.name == "a"]
    assert [board.live.count(node) for node in nodes] == [3, 2]


def test_counts_while_an_overlay_is_applied() -> None:
    board = Board()
    before = board.counts()
    number = board.applied(at("/soc", {"a": 1, "b": 1, "n": {"p": 1, "m": {}}, "o": {}}))
    # Its fragment, two properties, two children.
    assert board.count("/soc") == before["/soc"] + 1 + 2 + 2
    # Entry and sysfs, two properties with `name`, one child.
    assert board.count("/soc/n") == 2 + 2 + 1
    assert board.count("/soc/n/m") == 2 + 1
    assert board.flags()["/soc/n"] == Flag.DYNAMIC | Flag.OVERLAY == 0x22
    board.remove(number)
    assert board.counts() == before


def test_flags_of_a_held_node_after_removal() -> None:
    board = Board()
    number = board.applied(at("/soc", {"n": {}}))
    node = board.node("/soc/n")
    board.live.hold(node, "driver")
    board.remove(number)
    assert board.live.flags(node) == 0x26


def test_a_changeset_holds_the_nodes_of_its_entries_until_it_is_destroyed() -> None:
    board = Board()
    changeset = board.changeset()
    board.record(changeset, Action.ADD, "/soc/bare", "new")
    board.record(changeset, Action.UPDATE, "/soc/bare", "x", 9)
    assert board.count("/soc/bare") == 4
    changeset.apply(board.live)
    changeset.revert(board.live)
    assert board.count("/soc/bare") == 4
    changeset.destroy(board.live)
    assert board.count("/soc/bare") == 2


def test_named_holders_are_known_with_their_place() -> None:
    board = Board()
    node = board.node("/soc/bare")
    board.live.hold(node, "cam", "cam_probe")
    board.live.hold(node, "cam")
    assert [tuple(one) for one in board.live.holders[node]] == [("cam", "cam_probe"), ("cam", "")]
    assert board.count("/soc/bare") == 4
    assert not board.live.release(node, "other")
    assert board.live.release(node, "cam")
    assert board.live.release(node, "cam")
    assert not board.live.release(node, "cam")
    assert node not in board.live.holders
    assert board.count("/soc/bare") == 2


def test_the_base_of_these_tests_is_not_changed() -> None:
    kept = repr(BASE)
    Board().applied(at("/soc", {"model": "x"}))
    assert repr(BASE) == kept


def test_of_two_nodes_of_one_name_the_first_is_the_target() -> None:
    board = Board()
    twin = direct.new_node(board.live, board.node("/soc"), "bare")
    direct.attach_node(board.live, twin)
    board.applied(at("/soc/bare", {"p": 1}))
    assert list(twin.properties) == ["p"]
    assert "p" not in board.node("/soc/bare").properties
