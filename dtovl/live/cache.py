"""The kernel's cache of nodes by phandle: 128 slots, which boot fills with the first node of each.

A look-up asks the cache before it walks the tree, and keeps what the walk found. Whoever detaches a
node empties the slot of its phandle, be it another node of that phandle that is cached. This
matters in two cases only: for a phandle that several nodes have, and for nodes below a detached
one: no walk reaches them, the cache does. So only what differs from boot for one phandle is kept;
that two phandles of one slot replace each other is left out.
Source: kernel of_find_node_by_phandle, of_core_init, __of_phandle_cache_inv_entry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.live.objects import Flag

if TYPE_CHECKING:
    from dtovl.live.state import Live
    from dtovl.model.node import Node

_GOLDEN_RATIO = 0x61C8_8647
_CACHE_BITS = 7


def cached_at_boot(live: Live, number: int) -> Node | None:
    """Give the node that boot put into the cache for a phandle; None: another one has the slot."""
    slot = _slot(number)
    for other, node in live.tree.by_phandle.items():
        if _slot(other) == slot and not live.has_flag(node, Flag.DYNAMIC):
            return node if other == number else None
    return None


def cached(live: Live, number: int) -> Node | None:
    """Give the node that the cache holds for a phandle."""
    return live.looked_up[number] if number in live.looked_up else cached_at_boot(live, number)


def keep_looked_up(live: Live, node: Node) -> None:
    """Note a node that a walk found. Source: kernel of_find_node_by_phandle."""
    if live.has_flag(node, Flag.DYNAMIC) or node.phandle in live.looked_up:
        live.looked_up[node.phandle] = node


def keep_cached(live: Live, node: Node) -> None:
    """Note a node that goes out of sight with one above it, but can still be found."""
    if cached(live, node.phandle) is node:
        live.out_of_sight[node.phandle] = node


def drop_cached(live: Live, node: Node) -> None:
    """Empty the slot of a node that is detached. Source: kernel __of_phandle_cache_inv_entry."""
    number = node.phandle
    if live.out_of_sight:
        live.out_of_sight.pop(number, None)
    shared = number in live.tree.shared_phandles
    if number in live.looked_up or shared or not live.has_flag(node, Flag.DYNAMIC):
        live.looked_up[number] = None


def _slot(number: int) -> int:
    """Give the slot of a phandle. Source: kernel of_phandle_cache_hash, hash_32."""
    return (number * _GOLDEN_RATIO & 0xFFFF_FFFF) >> (32 - _CACHE_BITS)
