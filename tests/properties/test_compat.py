"""A comparison tells exactly what a change of the board does to an overlay: no more, no less.

The oracle knows what an overlay means: it goes by numbers that each device of a made-up board has
engraved in it (`acme,id`), which the product does not look at.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.generated import Dice, made_by, make_base, make_overlay
from support.overlays import PLACEHOLDER, overlay_content
from support.trees import Content, strings, tree_of

from dtovl.checks.gaps import Reporter, gaps_of
from dtovl.checks.relied import needs_of
from dtovl.diagnostics import Sink
from dtovl.matrix.recorded import Recorded, read_needs, write_needs
from dtovl.model.dialect import LIBFDT, LINUX
from dtovl.overlay.apply import apply_overlay
from dtovl.overlay.fragments import Overlay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Plain = dict[str, Any]

KINDS = ("gpio", "spi", "i2c", "uart", "clock")
CELLS = ("#gpio-cells", "#clock-cells")
PLACES = 7


def new_board(dice: Dice) -> Plain:
    """Make a board: devices below /soc, each with a label, a number, and what its kind has."""
    soc: Content = {
        "#address-cells": 1,
        "#size-cells": 1,
        "ranges": b"",
        "compatible": "simple-bus",
    }
    labels: dict[str, str] = {}
    for number in range(PLACES):
        kind = dice.choose(KINDS)
        address = 0x1000 * (number + 1)
        device: Content = {
            "compatible": f"acme,{kind}",
            "reg": [address, 0x100],
            "acme,id": number + 1,
            "phandle": number + 1,
            "#gpio-cells": 1 + dice.number(3),
            "#clock-cells": dice.number(2),
            "#address-cells": 1,
            "#size-cells": 0,
            "port": {"acme,id": 100 + number},
        }
        name = f"{kind}@{address:x}"
        soc[name] = device
        labels[f"{kind}{number}"] = f"/soc/{name}"
    return {"compatible": "acme,board", "soc": soc, "__symbols__": labels}


def devices(board: Plain) -> Iterator[tuple[str, Plain, str, Plain]]:
    """Give (path of the parent, parent, name, device)."""
    stack: list[tuple[str, Plain]] = [("/soc", board["soc"])]
    while stack:
        path, parent = stack.pop()
        for name, child in parent.items():
            if isinstance(child, dict) and "reg" in child:
                yield path, parent, name, child
            elif isinstance(child, dict) and name.startswith("bridge"):
                stack.append((f"{path}/{name}", child))


# -- changes of a board ----------------------------------------------------------------------------


def move_labels(board: Plain, old: str, new: str | None) -> None:
    """Let the labels of a node, and of all below it, point to where it is now."""
    symbols = board["__symbols__"]
    for label, path in list(symbols.items()):
        if path == old or path.startswith(old + "/"):
            if new is None:
                del symbols[label]
            else:
                symbols[label] = new + path[len(old) :]


def any_device(board: Plain, dice: Dice) -> tuple[str, Plain, str, Plain]:
    return dice.choose(sorted(devices(board), key=lambda one: one[2]))


def rename_label(board: Plain, dice: Dice) -> None:
    symbols = board["__symbols__"]
    if symbols:
        label = dice.choose(sorted(symbols))
        symbols[f"{label}x"] = symbols.pop(label)


def exchange_labels(board: Plain, dice: Dice) -> None:
    symbols = board["__symbols__"]
    if symbols:
        one, other = dice.choose(sorted(symbols)), dice.choose(sorted(symbols))
        symbols[one], symbols[other] = symbols[other], symbols[one]


def second_label(board: Plain, dice: Dice) -> None:
    symbols = board["__symbols__"]
    if symbols:
        symbols["second"] = symbols[dice.choose(sorted(symbols))]


def rename_node(board: Plain, dice: Dice) -> None:
    path, parent, name, _device = any_device(board, dice)
    new = f"x{name}"
    # In its place, so that the order stays.
    entries = list(parent.items())
    parent.clear()
    parent.update((new if key == name else key, value) for key, value in entries)
    move_labels(board, f"{path}/{name}", f"{path}/{new}")


def remove_node(board: Plain, dice: Dice) -> None:
    path, parent, name, _ = any_device(board, dice)
    if len(list(devices(board))) > 1:
        del parent[name]
        move_labels(board, f"{path}/{name}", None)


def move_node(board: Plain, dice: Dice) -> None:
    path, parent, name, _device = any_device(board, dice)
    bridge = f"bridge{dice.number(2)}"
    there = parent.setdefault(
        bridge,
        {"#address-cells": 1, "#size-cells": 1, "ranges": b"", "compatible": "simple-bus"},
    )
    if isinstance(there, dict) and name not in there:
        there[name] = parent.pop(name)
        move_labels(board, f"{path}/{name}", f"{path}/{bridge}/{name}")


def change_cells(board: Plain, dice: Dice) -> None:
    device = any_device(board, dice)[3]
    name = dice.choose((*CELLS, "#address-cells"))
    device[name] = device[name] + 1


def change_compatible(board: Plain, dice: Dice) -> None:
    device = any_device(board, dice)[3]
    device["compatible"] = "acme,other"


def add_compatible(board: Plain, dice: Dice) -> None:
    device = any_device(board, dice)[3]
    if isinstance(device["compatible"], str):
        device["compatible"] = strings("acme,newer", device["compatible"])


def add_property(board: Plain, dice: Dice) -> None:
    any_device(board, dice)[3]["acme,property"] = dice.number(100)


def add_node(board: Plain, dice: Dice) -> None:
    name = dice.choose(("new", "port@1", "added"))
    any_device(board, dice)[3].setdefault(name, {"acme,id": 999})


def remove_port(board: Plain, dice: Dice) -> None:
    any_device(board, dice)[3].pop("port", None)


def renumber(board: Plain, dice: Dice) -> None:
    shift = 1 + dice.number(50)
    for *_, device in devices(board):
        device["phandle"] = device["phandle"] + shift


def reorder(board: Plain, dice: Dice) -> None:
    soc = board["soc"]
    entries = sorted(soc.items(), key=lambda item: (not isinstance(item[1], dict), item[0]))
    soc.clear()
    soc.update(reversed(entries))


CHANGES: tuple[Callable[[Plain, Dice], None], ...] = (
    rename_label,
    exchange_labels,
    second_label,
    rename_node,
    remove_node,
    move_node,
    change_cells,
    change_compatible,
    add_compatible,
    add_property,
    add_node,
    remove_port,
    renumber,
    reorder,
)


# -- overlays --------------------------------------------------------------------------------------


def new_overlay(board: Plain, dice: Dice) -> Content:
    """Make an overlay that changes devices, makes nodes, refers to providers, in any mixture."""
    symbols = sorted(board["__symbols__"].items())
    fragments: list[Content] = []
    fixups: dict[str, tuple[str, ...]] = {}
    for number in range(1 + dice.number(3)):
        label, path = dice.choose(symbols)
        content: Content = {"status": "okay"}
        if dice.flag():
            content["port"] = {"acme,on": 1}
        if dice.flag():
            content["added"] = {"reg": [7], "acme,x": 1} if dice.flag() else {"acme,x": 1}
        if dice.flag():
            key = dice.choose(("reset-gpios", "clocks"))
            provider = dice.choose(symbols)[0]
            content["user"] = {key: [PLACEHOLDER, 1, 1, 1]}
            site = f"/fragment@{number}/__overlay__/user:{key}:0"
            fixups[provider] = (*fixups.get(provider, ()), site)
        if dice.flag():
            fragments.append({"target-path": path, "__overlay__": content})
        else:
            fragments.append({"target": PLACEHOLDER, "__overlay__": content})
            fixups[label] = (*fixups.get(label, ()), f"/fragment@{number}:target:0")
    return overlay_content(*fragments, fixups=fixups)


# -- the oracle ------------------------------------------------------------------------------------


def node_at(board: Plain, path: str) -> Plain | None:
    node: Any = board
    for name in path.strip("/").split("/"):
        node = node.get(name) if isinstance(node, dict) else None
    return node if isinstance(node, dict) else None


def strings_of(device: Plain) -> set[str]:
    value = device["compatible"]
    return {value} if isinstance(value, str) else set(value[:-1].decode().split("\0"))


def meaning(content: Content, board: Plain) -> list[Any] | None:
    """Say what an overlay does to which devices; None when it is refused."""
    sites: dict[str, str] = {}
    fixups: Any = content.get("__fixups__", {})
    for label, value in fixups.items():
        if label not in board["__symbols__"]:
            return None
        sites.update(dict.fromkeys(value[:-1].decode().split("\0"), label))

    def labelled(site: str) -> Plain:
        found = node_at(board, board["__symbols__"][sites[site]])
        assert found is not None
        return found

    result: list[Any] = []
    for name, fragment in content.items():
        if not isinstance(fragment, dict) or "__overlay__" not in fragment:
            continue
        path = fragment.get("target-path")
        target = labelled(f"/{name}:target:0") if path is None else node_at(board, str(path))
        if target is None:
            return None
        result.append((target["acme,id"], frozenset(strings_of(target))))
        overlay: Any = fragment["__overlay__"]
        for child, inside in overlay.items():
            if not isinstance(inside, dict):
                continue
            merged = target.get(child)
            result.append((child, None if merged is None else merged["acme,id"]))
            if "reg" in inside:
                result.append((child, target["#address-cells"]))
            for key, cells in (("reset-gpios", "#gpio-cells"), ("clocks", "#clock-cells")):
                if key in inside:
                    provider = labelled(f"/{name}/__overlay__/{child}:{key}:0")
                    result.append((provider["acme,id"], provider[cells]))
    return result


def same(one: list[Any], other: list[Any] | None) -> bool:
    """Tell whether two meanings are the same: of the strings of a device one has to stay."""
    if other is None or len(one) != len(other):
        return False
    for mine, theirs in zip(one, other, strict=True):
        if isinstance(mine[1], frozenset):
            if mine[0] != theirs[0] or mine[1].isdisjoint(theirs[1]):
                return False
        elif mine != theirs:
            return False
    return True


# -- the property ----------------------------------------------------------------------------------


@settings(max_examples=400, deadline=None)
@given(st.binary(min_size=60, max_size=60), st.sampled_from((LIBFDT, LINUX)))
def test_a_finding_is_a_change_of_meaning(drawn: bytes, dialect: Any) -> None:
    dice = Dice(drawn)
    old = new_board(dice)
    content = new_overlay(old, dice)
    new = copy.deepcopy(old)
    for _ in range(1 + dice.number(3)):
        dice.choose(CHANGES)(new, dice)
    then, now = tree_of(old), tree_of(new)
    overlay = Overlay(tree_of(content), "x.dtbo")
    before = meaning(content, old)
    assert before is not None
    gaps = gaps_of(needs_of(overlay, then, dialect), now, dialect)
    after = meaning(content, new)
    assert bool(gaps) is not same(before, after), (gaps, before, after)
    applied = apply_overlay(then, overlay, dialect).applies
    if applied and not apply_overlay(now, overlay, dialect).applies:
        assert gaps


def make_two_bases(dice: Dice) -> tuple[Content, Content, Content]:
    base = make_base(dice)
    return base, make_overlay(dice, base), make_base(dice)


@given(made_by(make_two_bases), st.sampled_from((LIBFDT, LINUX)))
def test_whatever_is_compared_a_board_has_what_it_has(
    made: tuple[Content, Content, Content], dialect: Any
) -> None:
    old, content, new = made
    then, now = tree_of(old), tree_of(new)
    overlay = Overlay(tree_of(content), "x.dtbo")
    needs = needs_of(overlay, then, dialect)
    assert gaps_of(needs, then, dialect) == []
    gaps = gaps_of(needs, now, dialect)
    sink = Sink()
    Reporter(now, "a.dtb", dialect).report(gaps, "x.dtbo", sink)
    assert bool(gaps) == bool(len(sink))
    # A record says the same as the overlay and the old board do, but for the order.
    listed = [Recorded("a.dtb", "x.dtbo", need) for need in needs]
    again = [one.need for one in read_needs(write_needs(listed), "x").get("a.dtb", ())]
    recorded = {(gap.need.spot, gap.what) for gap in gaps_of(again, now, dialect)}
    assert recorded == {(gap.need.spot, gap.what) for gap in gaps}
