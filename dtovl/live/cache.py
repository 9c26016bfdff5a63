"""The kernel's cache of nodes by phandle, as boot filled it: 128 slots, the first node of each.

A look-up asks the cache before it walks the tree. It matters in two cases only: for a phandle that
several nodes have, and for nodes below a detached one: no walk reaches them, the cache does.
(That look-ups replace what is in a slot is left out: it takes two phandles of one slot as well.)
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


def keep_cached(live: Live, node: Node) -> None:
    """Note a node that goes out of sight with one above it, but can still be found."""
    if cached_at_boot(live, node.phandle) is node:
        live.out_of_sight[node.phandle] = node


def _slot(number: int) -> int:
    """Give the slot of a phandle. Source: kernel of_phandle_cache_hash, hash_32."""
    return (number * _GOLDEN_RATIO & 0xFFFF_FFFF) >> (32 - _CACHE_BITS)
