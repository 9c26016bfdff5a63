"""The invariants I1 to I9: what must hold after a fault.

Each function gives what does not hold in words, "" when it does. They may go on with the bench:
the later ones remove what was kept and apply again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dtovl.lifetimes.faultblobs import overlay_at
from dtovl.live.leaks import find_leaks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dtovl.lifetimes.faultbench import Picture
    from dtovl.lifetimes.faultsites import Site
    from dtovl.lifetimes.strikes import Scene
    from dtovl.live.objects import Overlaid
    from dtovl.model.node import Node

_PHASES = ("pre-apply", "post-apply", "pre-remove", "post-remove")


class Look(NamedTuple):
    """What is looked at: the scene, the place, what the overlay chain heard, files left over."""

    scene: Scene
    site: Site
    heard: Sequence[Overlaid]
    files: Sequence[str]


def same_picture(now: Picture, wanted: Picture, *, counts: bool) -> str:
    """Tell where two pictures differ."""
    if now.tree != wanted.tree:
        pairs = zip(now.tree, wanted.tree, strict=False)
        first = next((one[0] for one, two in pairs if one != two), "the number of nodes")
        return f"the tree differs at {first}"
    if now.flags != wanted.flags:
        return "flags differ at " + _first_difference(now.flags, wanted.flags)
    if counts and now.counts != wanted.counts:
        return "counts differ at " + _first_difference(now.counts, wanted.counts)
    return ""


def _first_difference(now: dict[str, int], wanted: dict[str, int]) -> str:
    path = next(path for path in {**wanted, **now} if now.get(path) != wanted.get(path))
    return f"{path}: {now.get(path)} instead of {wanted.get(path)}"


def tree_as_before(look: Look) -> str:
    """Check I1."""
    return same_picture(look.scene.bench.picture(), look.scene.before, counts=False)


def tree_as_applied(look: Look) -> str:
    """Check I2."""
    return same_picture(look.scene.bench.picture(), look.scene.applied, counts=False)


def all_owned(look: Look) -> str:
    """Check I3: what nobody reaches is a node given up with a message, or a replaced property."""
    live, listed = look.scene.bench.live, look.scene.bench.overlays.listed
    entries = [entry for one in listed for entry in one.changeset.entries]
    nodes = {*live.tree.walk(), *live.holders, *live.lost, *(entry.node for entry in entries)}
    for node in live.made_nodes:
        if node not in nodes and node not in live.freed:
            return f"nobody owns node {node.path}"
    owned = {prop for entry in entries for prop in (entry.prop, entry.old)}
    owned |= {prop for node in nodes for prop in live.objects_of(node)}
    dead = {prop for node in nodes for prop in live.dead.get(node, ())}
    for prop in live.made_properties:
        if prop not in owned and prop not in dead and prop not in live.freed_properties:
            return f"nobody owns property {prop.name}"
    leaks = find_leaks(live, [one.changeset for one in listed], list(live.holders))
    if leaks.count("node") != len(live.lost):
        return f"{leaks.count('node')} nodes leak, {len(live.lost)} of them with a message"
    return ""


def counts_as_before(look: Look) -> str:
    """Check I4."""
    scene = look.scene
    now = scene.bench.picture().counts
    record = scene.bench.overlays.find(scene.own)
    for path, before in scene.before.counts.items():
        wanted = before
        if record is not None:
            node = scene.bench.node(path)
            wanted += sum(target is node for target, _ in record.pairs)
            wanted += sum(entry.node is node for entry in record.changeset.entries)
        if now.get(path) != wanted:
            return f"{path} is counted {now.get(path)} times instead of {wanted}"
    return ""


def ids_in_order(look: Look) -> str:
    """Check I5."""
    scene, site = look.scene, look.site
    overlays = scene.bench.overlays
    numbers = [one.number for one in overlays.listed]
    if numbers[:1] != [scene.other]:
        return f"overlay #{scene.other}, which was there first, is not the first"
    kept = site.number == "kept" or site.id == "R02"
    if (scene.own in numbers) != kept:
        return f"#{scene.own} is " + ("not listed" if kept else "still listed")
    wanted = scene.own if kept else 0
    if site.op == "apply" and site.id != "D01" and scene.number != wanted:
        return f"the caller got id {scene.number} instead of {wanted}"
    if overlays.suspect or overlays.ghosts:
        return ""
    free = next(number for number in range(1, len(numbers) + 2) if number not in numbers)
    given = scene.bench.apply(overlay_at("/", {}, child="dtovl,next"), "next").number
    if given == free:
        overlays.remove(given)
        return ""
    return f"the next id is {given} instead of {free}"


def suspect_when_it_must(look: Look) -> str:
    """Check I6."""
    now = bool(look.scene.bench.overlays.suspect)
    wanted = bool(look.scene.suspect_before) or look.site.flags != "same"
    return "" if now == wanted else "the tree is " + ("" if now else "not ") + "suspect"


def told_in_order(look: Look) -> str:
    """Check I7."""
    by_fragment: dict[Node, list[Overlaid]] = {}
    for event in look.heard:
        by_fragment.setdefault(event.content, []).append(event)
    first = 0 if look.site.op == "apply" else 2
    for events in by_fragment.values():
        actions = tuple(event.action for event in events)
        if actions != _PHASES[first : first + len(actions)]:
            return f"{events[0].target.path} heard {', '.join(actions)}"
    refused = look.scene.bench.refuser.refused
    if refused is not None:
        told = [event for event in look.heard if event.action == refused.action]
        if not told or told[-1].content is not refused.content:
            where = refused.target.path
            return f"after {where} had refused {refused.action}, others were told"
    return ""


def same_again(look: Look) -> str:
    """Check I8: remove what was kept, do the same without the fault."""
    scene, site = look.scene, look.site
    bench = scene.bench
    if site.op == "remove":
        return _removed_again(scene, site)
    if site.number == "kept":
        error, _ = bench.overlays.remove(scene.own)
        if error:
            return f"what was kept cannot be removed: {error}"
        wrong = same_picture(bench.picture(), scene.before, counts=True)
        if wrong:
            return f"what was kept is removed, and {wrong}"
    scene.apply()
    if (scene.error, scene.number) != ("", scene.own):
        return f"applied again it gives {scene.error or 'no error'}, id {scene.number}"
    return same_picture(bench.picture(), scene.applied, counts=True)


def _removed_again(scene: Scene, site: Site) -> str:
    overlays = scene.bench.overlays
    if site.id == "R13":
        overlays.remove_all()
        return "" if not overlays.listed else "removing all again leaves overlays"
    if scene.third:
        overlays.remove(scene.third)
    error, _ = overlays.remove(scene.own)
    if error:
        return f"removed again it gives {error}"
    return same_picture(scene.bench.picture(), scene.before, counts=True)


def no_file_left(look: Look) -> str:
    """Check I9."""
    return "" if not look.files else f"left over: {', '.join(look.files)}"


CHECKS: dict[str, Callable[[Look], str]] = {
    "I1": tree_as_before,
    "I2": tree_as_applied,
    "I3": all_owned,
    "I4": counts_as_before,
    "I5": ids_in_order,
    "I6": suspect_when_it_must,
    "I7": told_in_order,
    "I8": same_again,
    "I9": no_file_left,
}
"""What checks each of them, in order."""
