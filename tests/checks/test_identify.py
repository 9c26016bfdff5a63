"""Which overlays a live tree has, in which order, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from support.overlays import at, inside, overlay_of, state, to
from support.trees import Content, cells, tree_of

from dtovl.checks.identify import Identification, Status, identify, unexplained
from dtovl.fdt.read import unflatten
from dtovl.fdt.write import flatten
from dtovl.model.dialect import LIBFDT, LINUX, Dialect
from dtovl.overlay.stack import apply_stack

from .board import BOARD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtovl.model.tree import Tree
    from dtovl.overlay.fragments import Overlay

CHOSEN: Content = {**BOARD, "chosen": {"stdout-path": "serial0"}}


def camera(**more: Any) -> Overlay:
    """Add a node with phandle and label, and a property of an unknown name that refers to it."""
    return overlay_of(
        to("i2c1", {"status": "okay", "camera@10": {"reg": 0x10, "phandle": 1, **more}}),
        at("/", {"media": {"acme,sensor": 1}}),
        symbols={"camera": "/fragment@0/__overlay__/camera@10"},
        local={"fragment@1": {"__overlay__": {"media": {"acme,sensor": 0}}}},
        name="camera.dtbo",
    )


def lens() -> Overlay:
    return overlay_of(to("camera", {"lens": {"focus": 1}, "reg": 0x11}), name="lens.dtbo")


def modem() -> Overlay:
    content: Content = {"status": "okay", "modem": {"phandle": 1, "self": 1}}
    return overlay_of(
        to("uart2", content),
        local=inside({"modem": {"self": 0}}),
        name="modem.dtbo",
    )


def uart() -> Overlay:
    return overlay_of(to("uart2", {"status": "okay"}), name="uart.dtbo")


def speed(value: int, name: str) -> Overlay:
    return overlay_of(to("i2c1", {"clock-frequency": value}), name=name)


def running(*overlays: Overlay, dialect: Dialect = LIBFDT, base: Content = CHOSEN) -> Tree:
    """Give the tree of a board that has applied overlays, as it is read back."""
    tree = tree_of(base)
    assert apply_stack(tree, overlays, dialect).failed is None
    return unflatten(flatten(tree))


def found(live: Tree, *overlays: Overlay, base: Content = CHOSEN) -> Identification:
    return identify(tree_of(base), live, overlays, base_name="board.dtb", live_name="live")


def names(result: Identification) -> list[str]:
    return [one.overlay.name for one in result.in_force()]


def statuses(result: Identification) -> dict[str, Status]:
    return {one.overlay.name: one.status for one in result.candidates}


def codes(result: Identification) -> list[str]:
    return [one.code.number for one in result.findings]


@pytest.mark.parametrize("dialect", [LIBFDT, LINUX], ids=lambda one: one.name)
def test_overlays_in_force_are_found_and_others_are_not(dialect: Dialect) -> None:
    live = running(camera(), dialect=dialect)
    result = found(live, modem(), camera())
    assert statuses(result) == {
        "modem.dtbo": Status.ABSENT,
        "camera.dtbo": Status.IN_FORCE,
    }
    assert not result.rebuilt.leftovers
    assert not result.findings


@pytest.mark.parametrize("dialect", [LIBFDT, LINUX], ids=lambda one: one.name)
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_phandles_tell_who_applied_and_in_which_order(
    dialect: Dialect, order: tuple[int, int]
) -> None:
    both = (camera(), modem())
    live = running(*(both[place] for place in order), dialect=dialect)
    result = found(live, *both)
    assert names(result) == [both[place].name for place in order]
    assert not result.order.before, "the order does not matter"
    assert [one.overlay.name for one in result.order.numbered] == names(result)
    assert {one.name for one in result.rebuilt.appliers.values()} == {dialect.name}
    assert len(result.rebuilt.appliers) == 2
    assert not result.rebuilt.leftovers


def test_without_phandles_either_order_is_said() -> None:
    first, second = speed(400_000, "speed.dtbo"), uart()
    result = found(running(second, first), first, second)
    assert not result.order.before
    assert not result.order.numbered
    assert len(result.order.free()) == 2


def test_the_later_of_two_that_set_one_property_is_found() -> None:
    slow, fast = speed(1, "slow.dtbo"), speed(2, "fast.dtbo")
    more = overlay_of(to("i2c1", {"clock-frequency": 3, "x": 1}), name="more.dtbo")
    result = found(running(more, slow), fast, slow, more)
    assert names(result) == ["more.dtbo", "slow.dtbo"]
    [pair] = result.order.before
    assert (pair.first.overlay.name, pair.second.overlay.name) == ("more.dtbo", "slow.dtbo")
    assert pair.reason == "overrides"
    assert result.spot(pair.spot) == "/soc/i2c@4000:clock-frequency"
    assert statuses(result)["fast.dtbo"] is Status.UNDECIDED, "slow.dtbo would hide it"


def test_one_that_sets_back_what_the_base_has_comes_last() -> None:
    off = overlay_of(to("mmc", {"status": "disabled", "x": 1}), name="off.dtbo")
    on = overlay_of(to("mmc", {"status": "okay", "y": 1}), name="on.dtbo")
    result = found(running(on, off), off, on)
    assert names(result) == ["on.dtbo", "off.dtbo"]
    assert codes(result) == []


def test_an_overlay_that_needs_another_comes_after_it() -> None:
    result = found(running(camera(), lens()), lens(), camera())
    assert names(result) == ["camera.dtbo", "lens.dtbo"]
    assert {pair.reason for pair in result.order.before} == {"needs"}
    assert not result.rebuilt.leftovers


def test_an_overlay_whose_label_is_missing_says_who_has_it() -> None:
    result = found(running(modem()), lens(), camera(), modem())
    assert statuses(result)["lens.dtbo"] is Status.REFUSED
    assert "camera.dtbo, which is not in force" in result.candidates[0].reason


def test_an_overlay_that_waits_for_a_node_is_tried_again() -> None:
    inner = overlay_of(at("/media/rack", {"x": 1}), name="inner.dtbo")
    outer = overlay_of(at("/", {"media": {"rack": {"y": 1}}}), name="outer.dtbo")
    result = found(running(outer, inner), inner, outer)
    assert names(result) == ["outer.dtbo", "inner.dtbo"]
    assert result.order.before[0].reason == "needs"


def test_one_explained_by_another_is_undecided() -> None:
    result = found(running(modem()), uart(), modem())
    assert statuses(result) == {"uart.dtbo": Status.UNDECIDED, "modem.dtbo": Status.IN_FORCE}
    assert codes(result) == ["DT292"]
    assert "modem.dtbo makes its changes as well" in result.findings[0].message


def test_one_of_two_that_are_the_same_stands_for_the_other() -> None:
    copy = camera()
    copy.name = "copy.dtbo"
    result = found(running(camera()), camera(), copy)
    assert names(result) == ["camera.dtbo"]
    assert [one.overlay.name for one in result.in_force()[0].instead] == ["copy.dtbo"]
    assert not result.rebuilt.appliers, "the copy may have taken phandles as well"


def test_one_that_changes_nothing_is_undecided() -> None:
    same = overlay_of(to("mmc", {"status": "disabled"}), name="same.dtbo")
    result = found(running(), same)
    assert statuses(result) == {"same.dtbo": Status.UNDECIDED}
    assert "changes nothing that board.dtb does not have" in result.findings[0].message


def test_what_is_missing_of_an_overlay_is_told() -> None:
    live = running(camera(rotation=90, other=1))
    node = live.find("/soc/i2c@4000/camera@10")
    assert node is not None
    del node.properties["rotation"]
    result = found(live, camera(rotation=90, other=1))
    assert statuses(result) == {"camera.dtbo": Status.PARTLY}
    assert codes(result) == ["DT291"]
    assert "/soc/i2c@4000/camera@10:rotation" in result.findings[0].why
    assert [one.cause for one in result.rebuilt.leftovers] == ["missing"]


def test_little_of_an_overlay_is_no_sign_of_it() -> None:
    live = running(uart())
    assert statuses(found(live, modem())) == {"modem.dtbo": Status.ABSENT}


def test_an_older_version_of_an_overlay_is_told_from_the_newer() -> None:
    old, new = camera(rotation=90), camera(rotation=180, name=b"x\0")
    old.name, new.name = "old.dtbo", "new.dtbo"
    result = found(running(old), new, old)
    assert names(result) == ["old.dtbo"]
    assert not result.rebuilt.leftovers


def test_what_a_boot_loader_writes_is_set_apart() -> None:
    live = running(camera())
    changes: dict[str, dict[str, bytes]] = {
        "/chosen": {"bootargs": b"quiet\0", "linux,initrd-start": cells(1)},
        "/": {"serial-number": b"7\0", "vendor,odd": b""},
        "/soc/serial@1000": {"status": b"disabled\0", "local-mac-address": b"123456"},
    }
    for path, properties in changes.items():
        node = live.find(path)
        assert node is not None
        node.properties.update(properties)
    result = found(live, camera())
    causes = {one.found.name: one.cause for one in result.rebuilt.leftovers}
    assert causes == {
        "bootargs": "loader",
        "linux,initrd-start": "loader",
        "serial-number": "loader",
        "local-mac-address": "loader",
        "status": "perhaps-loader",
        "vendor,odd": "unexplained",
    }
    assert codes(result) == ["DT290"]
    assert "explains 2 properties of live" in result.findings[0].message


def test_a_property_changed_after_an_overlay_is_unexplained_and_names_it() -> None:
    live = running(camera())
    node = live.find("/soc/i2c@4000/camera@10")
    assert node is not None
    node.properties["reg"] = cells(0x77)
    result = found(live, camera())
    assert statuses(result) == {"camera.dtbo": Status.IN_FORCE}
    [left] = unexplained(result.rebuilt)
    assert (left.found.name, left.owner) == ("reg", 1)


def test_order_that_matters_and_cannot_be_told() -> None:
    one = overlay_of(at("/chosen", {"bootargs": "one"}), at("/soc", {"a": 1}), name="a.dtbo")
    two = overlay_of(at("/chosen", {"bootargs": "two"}), at("/soc", {"b": 1}), name="b.dtbo")
    live = running(one, two)
    node = live.find("/chosen")
    assert node is not None
    node.properties["bootargs"] = b"two root=/dev/sda\0"
    result = found(live, one, two)
    assert codes(result) == ["DT294"]
    assert "a.dtbo and b.dtbo" in result.findings[0].message


def test_no_single_order_is_said() -> None:
    one = overlay_of(at("/soc", {"p": 1, "q": 1, "a": 1}), name="a.dtbo")
    two = overlay_of(at("/soc", {"p": 2, "q": 2, "b": 1}), name="b.dtbo")
    live = running(one, two)
    node = live.find("/soc")
    assert node is not None
    node.properties["p"] = cells(1)
    result = found(live, one, two)
    assert result.order.contradictory
    assert "DT294" in codes(result)


def test_another_board_is_told() -> None:
    other = tree_of({"compatible": "other,board"})
    assert "DT293" in codes(found(other))
    empty = tree_of({"compatible": "acme,board", "x": 1})
    assert "DT293" in codes(found(empty))


def test_a_live_tree_that_lost_its_labels() -> None:
    live = running(camera())
    del live.root.children["__symbols__"]
    result = found(live, camera(), modem())
    assert names(result) == ["camera.dtbo"]
    assert codes(result) == ["DT299"]
    assert not result.rebuilt.leftovers


def test_names_that_the_kernel_shows_are_no_difference() -> None:
    live = running(camera())
    for node in live.root.walk():
        node.properties["name"] = node.name.partition("@")[0].encode() + b"\0"
    assert not found(live, camera()).rebuilt.leftovers


def test_values_that_the_kernel_hides_are_no_difference() -> None:
    secret = overlay_of(to("uart1", {"security-password": "x", "y": 1}), name="secret.dtbo")
    live = running(secret)
    node = live.find("/soc/serial@1000")
    assert node is not None
    node.properties["security-password"] = b""
    result = found(live, secret)
    assert statuses(result) == {"secret.dtbo": Status.IN_FORCE}
    assert not result.rebuilt.leftovers


def test_a_reference_to_a_node_without_phandle_dangles_in_linux() -> None:
    """Linux gives no phandle to a node that it had, so what refers to it holds a stray number."""
    sensor = overlay_of(
        at("/", {"soc": {"i2c@4000": {"temp@48": {"phandle": 1}}}}),
        at("/", {"zone": {"acme,sensor": 1}}),
        local={"fragment@1": {"__overlay__": {"zone": {"acme,sensor": 0}}}},
        name="sensor.dtbo",
    )
    for dialect in (LIBFDT, LINUX):
        result = found(running(sensor, dialect=dialect), sensor)
        assert statuses(result) == {"sensor.dtbo": Status.IN_FORCE}
        assert result.candidates[0].found == result.candidates[0].changes
        assert not result.rebuilt.leftovers
        assert [one.name for one in result.rebuilt.appliers.values()] == [dialect.name]


def test_a_label_given_to_another_node_does_not_lead_astray() -> None:
    thief = overlay_of(
        at("/", {"thief": {"phandle": 1}}),
        symbols={"mmc": "/fragment@0/__overlay__/thief"},
        name="thief.dtbo",
    )
    user = overlay_of(to("mmc", {"x": 1}), name="user.dtbo")
    for order in ((user, thief), (thief, user)):
        for given in ((user, thief), (thief, user)):
            result = found(running(*order), *given)
            assert names(result) == [one.name for one in order]
            assert not result.rebuilt.leftovers
            assert len(result.order.before) == 1


def test_an_overlay_as_linux_alone_applies_it() -> None:
    """`/soc/mmc@3000:opt` is a path for Linux; libfdt finds no such node."""
    odd = overlay_of(at("/soc/mmc@3000:opt", {"x": 1}), name="odd.dtbo")
    result = found(running(odd, dialect=LINUX), odd)
    assert names(result) == ["odd.dtbo"]


def sets(name: str, **properties: Any) -> Overlay:
    """Set properties of /soc."""
    return overlay_of(at("/soc", properties), name=name)


def test_the_fewest_overlays_are_taken() -> None:
    one = sets("one.dtbo", a=1, b=1, e=1)
    two = sets("two.dtbo", c=1, d=1, f=1)
    most = sets("most.dtbo", a=1, b=1, c=1, d=1)
    rest = (sets("e.dtbo", e=1), sets("f.dtbo", f=1))
    result = found(running(one, two), most, one, two, *rest)
    assert names(result) == ["one.dtbo", "two.dtbo"]
    assert {one.overlay.name for one in result.of(Status.UNDECIDED)} == {
        *("most.dtbo", "e.dtbo", "f.dtbo")
    }


def test_among_equals_the_one_that_is_there_whole_is_taken() -> None:
    hidden, whole = sets("hidden.dtbo", a=1, b=9), sets("whole.dtbo", a=1)
    later = sets("later.dtbo", b=2, c=1)
    result = found(running(whole, later), hidden, whole, later)
    assert set(names(result)) == {"whole.dtbo", "later.dtbo"}


def test_a_label_brought_again_for_its_own_node_ties_nothing() -> None:
    again = overlay_of(
        at("/", {"soc": {"mmc@3000": {"y": 1}}}),
        symbols={"mmc": "/fragment@0/__overlay__/soc/mmc@3000"},
        name="again.dtbo",
    )
    user = overlay_of(to("mmc", {"x": 1}), name="user.dtbo")
    result = found(running(again, user), again, user)
    assert set(names(result)) == {"again.dtbo", "user.dtbo"}
    assert not [pair for pair in result.order.before if pair.reason == "needs"]


def test_what_has_only_set_a_value_back_is_in_force() -> None:
    off = overlay_of(to("mmc", {"status": "disabled"}), name="off.dtbo")
    on = overlay_of(to("mmc", {"status": "okay", "y": 1}), name="on.dtbo")
    result = found(running(on, off), off, on)
    assert names(result) == ["on.dtbo", "off.dtbo"]
    assert statuses(result)["on.dtbo"] is Status.IN_FORCE


def test_what_is_not_there_has_set_nothing_back() -> None:
    off = overlay_of(to("mmc", {"status": "disabled", "x": 1, "z": 1}), name="off.dtbo")
    on = overlay_of(to("mmc", {"status": "okay", "y": 1}), name="on.dtbo")
    live = running(on)
    node = live.find("/soc/mmc@3000")
    assert node is not None
    node.properties["status"] = b"disabled\0"
    assert statuses(found(live, off, on)) == {
        "off.dtbo": Status.ABSENT,
        "on.dtbo": Status.PARTLY,
    }


def test_more_must_be_explained_than_is_missing() -> None:
    live = running(sets("one.dtbo", a=1, b=1), sets("hidden.dtbo", c=1))
    result = found(live, sets("one.dtbo", a=1, b=1), sets("other.dtbo", a=1, b=1, c=1, d=1, e=1))
    assert statuses(result) == {"one.dtbo": Status.IN_FORCE, "other.dtbo": Status.ABSENT}
    assert [one.found.name for one in unexplained(result.rebuilt)] == ["c"]


def test_one_of_several_that_agree_came_last() -> None:
    first, second = sets("first.dtbo", p=2, a=1), sets("second.dtbo", p=2, b=1)
    other = sets("other.dtbo", p=1, c=1)
    for order in ((first, other, second), (other, first, second)):
        result = found(running(*order), first, second, other)
        assert len(result.order.before) == 1
        assert not result.rebuilt.leftovers


def test_a_node_that_two_bring_has_the_phandle_of_the_first() -> None:
    def pair(own: str) -> Overlay:
        content: Content = {"shared": {"phandle": 1}, own: {"phandle": 2}}
        return overlay_of(at("/soc", content), name=own)

    for order in (("one", "two"), ("two", "one")):
        result = found(running(*map(pair, order)), pair("two"), pair("one"))
        assert [one.overlay.name for one in result.order.numbered] == list(order)


def test_phandles_that_nobody_would_give_tell_nothing() -> None:
    base: Content = {**CHOSEN, "last": {"phandle": 100}}
    live = running(camera(), modem(), base=base)
    for number, path in enumerate(("/soc/i2c@4000/camera@10", "/soc/serial@2000/modem"), 50):
        node = live.find(path)
        assert node is not None
        node.properties["phandle"] = cells(number)
    live.index_phandles()
    result = found(live, camera(), modem(), base=base)
    assert result.order.numbered == []
    assert not result.rebuilt.appliers


def test_who_applied_them_is_not_told_when_something_came_between() -> None:
    hidden = overlay_of(at("/soc", {"hidden": {"phandle": 7}}), name="hidden.dtbo")
    result = found(running(modem(), hidden, camera()), modem(), camera())
    assert not result.rebuilt.appliers
    assert [one.overlay.name for one in result.order.numbered] == ["modem.dtbo", "camera.dtbo"]


def test_one_phandle_of_a_stranger_is_not_taken_for_the_one_that_linux_leaves_out() -> None:
    stranger = overlay_of(at("/soc", {"stranger": {"phandle": 1}}), name="stranger.dtbo")
    assert not found(running(stranger, camera()), camera()).rebuilt.appliers
    known = found(running(camera(), stranger), camera()).rebuilt.appliers
    assert [one.name for one in known.values()] == [LIBFDT.name], "it came later"


def labelled(node: str, name: str, **more: Any) -> Overlay:
    """Bring a node and call it `spot`."""
    return overlay_of(
        at("/soc", {node: {"phandle": 1}, **more}),
        symbols={"spot": f"/fragment@0/__overlay__/{node}"},
        name=name,
    )


def test_a_label_of_one_that_is_there_in_part_is_not_trusted() -> None:
    def chained(own: str) -> Overlay:
        """Need the label, and give it to another node."""
        return overlay_of(
            at("/soc", {"two": {"phandle": 1}, own: 1}),
            to("spot", {"x": 1}),
            symbols={"spot": "/fragment@0/__overlay__/two"},
            name=own,
        )

    first, wrong, right = labelled("one", "first"), chained("wrong"), chained("right")
    result = found(running(first, right), first, wrong, right)
    assert statuses(result) == {
        "first": Status.IN_FORCE,
        "wrong": Status.ABSENT,
        "right": Status.IN_FORCE,
    }
    assert not result.rebuilt.leftovers


def test_the_last_one_that_gave_away_a_label_counts() -> None:
    one, two = labelled("one", "one.dtbo"), labelled("two", "two.dtbo")
    user = overlay_of(to("spot", {"x": 1}), name="user.dtbo")
    for order in ((one, two, user), (two, one, user), (one, user, two), (two, user, one)):
        result = found(running(*order), one, two, user)
        if order[-1] is user:
            assert names(result) == [one.name for one in order]
            assert not result.rebuilt.leftovers


def test_many_copies_and_many_writers_of_one_property_are_quick() -> None:
    overlays = [speed(place % 50, f"{place}.dtbo") for place in range(400)]
    overlays += [
        overlay_of(to("soc", {f"p{place}": 1, "shared": place}), name=f"own{place}.dtbo")
        for place in range(400)
    ]
    result = found(running(*overlays[400:], overlays[7]), *overlays)
    assert len(result.in_force()) == 401
    assert not result.rebuilt.leftovers


def test_a_long_chain_in_reverse() -> None:
    chain = [overlay_of(at("/" + "n/" * depth, {"n": {"x": depth}})) for depth in range(100)]
    for place, overlay in enumerate(chain):
        overlay.name = f"{place}.dtbo"
    result = found(running(*chain), *reversed(chain))
    assert names(result) == [one.name for one in chain]


@pytest.mark.parametrize("given", [(), (camera(),), (camera(), lens(), modem(), uart())])
def test_nothing_is_changed(given: Sequence[Overlay]) -> None:
    base, live = tree_of(CHOSEN), running(camera(), lens())
    before = state(base), state(live)
    identify(base, live, given)
    assert (state(base), state(live)) == before
