"""Random sequences of what can be done to a live tree: the invariants hold after each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from support.applying import unflattened
from support.boards import Board
from support.generated import Dice, make_base, make_overlay, nodes_of
from support.invariants import Invariants
from support.trees import tree_of

from dtovl.fdt.write import flatten
from dtovl.live.changeset import Action, LiveChangeset, find_property
from dtovl.live.objects import Oops
from dtovl.model.dialect import LINUX, LINUX_7_2
from dtovl.model.node import plain_name
from dtovl.overlay.fragments import Overlay
from dtovl.script import direct
from dtovl.session.export import plain_copy

if TYPE_CHECKING:
    from support.trees import Content

    from dtovl.live.objects import Property
    from dtovl.live.overlays import Applied
    from dtovl.model.node import Node

_STEPS = 24
# After these the memory of the kernel is spoilt.
_HAZARDS = {"child-ring", "property-list-cut"}
_PROPERTIES = ("p", "q", "serial0", "status", "phandle", "linux,phandle", "name", "compatible")
_VALUES = (b"\0\0\0\1", b"okay\0", b"disabled\0", b"\0\0\0\7", b"/a\0", b"simple-bus\0")


def _add_boot_references(dice: Dice, base: Content) -> None:
    """Let aliases that end in a digit, and the console, name nodes of a base."""
    paths = [path or "/" for path, _ in nodes_of(base)]
    if dice.flag():
        aliases = base.setdefault("aliases", {})
        assert isinstance(aliases, dict)
        aliases["serial0"], aliases["serial1"] = dice.choose(paths), dice.choose(paths)
    if dice.flag():
        base["chosen"] = {"stdout-path": dice.choose(("serial0", *paths))}


_HOLDERS = ("one", "two")
_ALL = (
    *("apply", "remove", "apply", "remove", "hold", "release"),
    *("record", "record", "carry_out", "edit", "detach", "attach"),
)


class Play:
    """One sequence; dice say what is done. It looks at everything after each step, or never."""

    def __init__(self, dice: Dice, *, looks: bool = True) -> None:
        self.dice = dice
        self.looks = looks
        self.content = make_base(dice)
        _add_boot_references(dice, self.content)
        dialect = LINUX_7_2 if dice.number(4) == 3 else LINUX
        self.board = Board(self.content, dialect, devices=dice.flag())
        self.invariants = Invariants(self.board)
        self.changesets: list[LiveChangeset] = []
        self.made: list[Node] = []

    def run(self, *steps: str) -> bool:
        """Do a few of these steps; tell whether the kernel is sound after them."""
        for _ in range(_STEPS):
            try:
                getattr(self, self.dice.choose(steps))()
            except Oops:
                return False
            codes = self.board.codes()
            if self.note(codes):
                return False
            if self.looks:
                self.invariants.check(self.changesets, self.made)
        return True

    def note(self, codes: set[str]) -> bool:
        """Tell whether the sequence is to end, as references are lost or lists are cut."""
        if "detached-twice" in codes and not self.board.live.dialect.keeps_count_of_detached:
            return True
        assert codes.isdisjoint({"count-broken", "put-too-many", "freed-node-used"})
        return not codes.isdisjoint(_HAZARDS)

    # -- overlays ------------------------------------------------------------------------------

    def apply(self) -> Applied:
        overlay = Overlay(tree_of(make_overlay(self.dice, self.content)), "it.dtbo")
        return self.board.overlays.apply(unflattened(overlay))

    def remove(self) -> None:
        listed = self.board.overlays.listed
        if listed:
            self.board.remove(self.dice.choose([one.number for one in listed][::-1]))

    # -- references ----------------------------------------------------------------------------

    def node(self) -> Node:
        return self.dice.choose([*self.board.live.tree.walk()][::-1])

    def hold(self) -> None:
        self.board.live.hold(self.node(), self.dice.choose(_HOLDERS))

    def release(self) -> None:
        held = [
            (node, holder.name)
            for node, holders in self.board.live.holders.items()
            for holder in holders
            if holder.name in _HOLDERS
        ]
        if held:
            assert self.board.live.release(*self.dice.choose(held))

    # -- changesets ----------------------------------------------------------------------------

    def record(self) -> None:
        if not self.changesets or self.dice.number(3) == 2:
            self.changesets.append(self.board.changeset())
        changeset, node = self.changesets[-1], self.node()
        action = self.dice.choose(
            (Action.UPDATE, Action.ADD, Action.UPDATE, Action.REMOVE, Action.DETACH)
        )
        if action == Action.DETACH and node.parent is not None:
            changeset.record(self.board.live, action, node)
        elif action == Action.REMOVE:
            prop = self.property_of(node)
            if prop is not None:
                changeset.record(self.board.live, action, node, prop)
        elif action in (Action.ADD, Action.UPDATE):
            changeset.record(self.board.live, action, node, self.new_property())

    def new_property(self) -> Property:
        return self.board.prop(self.dice.choose(_PROPERTIES), self.dice.choose(_VALUES))

    def property_of(self, node: Node) -> Property | None:
        names = [plain_name(key) for key in node.properties]
        return find_property(self.board.live, node, self.dice.choose(names)) if names else None

    def carry_out(self) -> None:
        if not self.changesets:
            return
        changeset, live = self.dice.choose(self.changesets[::-1]), self.board.live
        if self.dice.number(4) == 3:
            changeset.destroy(live)
            self.changesets.remove(changeset)
        elif changeset.applied:
            changeset.revert(live)
        else:
            changeset.apply(live)

    # -- single changes ------------------------------------------------------------------------

    def edit(self) -> None:
        node, live = self.node(), self.board.live
        match self.dice.number(3):
            case 0:
                direct.update_property(live, node, self.new_property())
            case 1:
                direct.add_property(live, node, self.new_property())
            case _:
                direct.remove_property(live, node, self.dice.choose(_PROPERTIES))

    def detach(self) -> None:
        node = self.node()
        if node.parent is not None:
            direct.detach_node(self.board.live, node)

    def attach(self) -> None:
        live = self.board.live
        gone = [node for node in self.made if not live.attached(node)]
        if not gone or self.dice.flag():
            source = self.node()
            name = self.dice.choose(("a", "b", "a@1", "made"))
            made = direct.dup_node(live, source, self.node(), name)
            self.made.append(made)
            gone.append(made)
        direct.attach_node(live, self.dice.choose(gone))


drawn = st.binary(min_size=900, max_size=900)
plays = drawn.map(lambda bytes_: Play(Dice(bytes_)))


@given(play=plays)
def test_invariants_hold_after_every_step(play: Play) -> None:
    play.invariants.check()
    play.run(*_ALL)


@given(play=plays)
def test_removing_everything_in_reverse_gives_the_base(play: Play) -> None:
    board, live = play.board, play.board.live
    tree, flags, counts = board.tree(), board.flags(), board.counts()
    blob = flatten(live.tree)
    if not play.run("apply", "apply", "remove", "hold", "release"):
        return
    stuck = False
    for record in reversed([*board.overlays.listed]):
        if record.in_force or not record.changeset.entries:
            error, _ = board.remove(record.number)
            assert not error or stuck
        else:
            stuck = True
    play.invariants.check()
    if any(record.in_force for record in board.overlays.listed):
        return
    assert board.tree() == tree
    assert flatten(plain_copy(live.tree, lambda: tree_of(play.content))) == blob
    while live.holders:
        node, holders = next(iter(live.holders.items()))
        live.release(node, holders[0].name)
    # A `status` that came and went leaves a device on a node that had none at boot.
    if not stuck and live.platform is None:
        assert (board.flags(), board.counts()) == (flags, counts)


@given(drawn=drawn)
def test_looking_changes_nothing(drawn: bytes) -> None:
    """Counts, devices and indices are worked out when they are first asked for."""
    results = []
    for looks in (True, False):
        play = Play(Dice(drawn), looks=looks)
        board = play.board
        if looks:
            play.invariants.check()
        sound = play.run(*_ALL)
        result = [sound, board.log()]
        if sound:
            result += [board.tree(), board.counts(), board.flags()]
            result += [[] if board.live.platform is None else board.devices()]
        results.append(result)
    assert results[0] == results[1]
