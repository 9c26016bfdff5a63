"""Streams of migration messages, written by hand, and a partition to replay them over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.replay.policies import replay_stream
from dtovl.replay.stream import (
    ADD,
    DELETE,
    NAME_ONLY,
    REMOVE,
    SET,
    UPDATE,
    Base,
    Change,
    Clock,
    Content,
    Gap,
    Listing,
    LooseUpdate,
    NamedHolder,
    Operation,
    SessionEnd,
    Stream,
)
from support.trees import node_of, tree_of, value_of

if TYPE_CHECKING:
    from dtovl.model.node import Node
    from dtovl.replay.result import Result
    from support.trees import Content as Dict

POLICIES = ("naive", "ignore", "preserve", "subtree-attach")
LINUX = ("naive", "ignore", "subtree-attach")

FACILITIES = "/ibm,platform-facilities"
RANDOM = f"{FACILITIES}/ibm,random-v1"
COMPRESSION = f"{FACILITIES}/ibm,compression-v1"
LAN = "/vdevice/l-lan@30000002"
L2, L3 = "/cpus/l2-cache@2000", "/cpus/l3-cache@3000"
CPU = "/cpus/PowerPC,POWER10@0"
ROOT, CPUS, POOL, OTHER_POOL = 0xFFFFFFFE, 0xFFFFFFE0, 0xFFFFFFF0, 0xFFFFFFF1
PF, RNG, NX, NIC = 0xFFFFFFF6, 0xFFFFFFF5, 0xFFFFFFF4, 0xFFFFFFD2
PF_DRC, L2_DRC = 0x2F000001, 0x2F000010

FACILITIES_NODE: Dict = {
    "device_type": "ibm,platform-facilities",
    "ibm,phandle": PF,
    "ibm,my-drc-index": PF_DRC,
    "ibm,random-v1": {
        "compatible": "ibm,random",
        "ibm,phandle": RNG,
        "ibm,resource-id": 1,
        "ibm,shared-interrupt-pool": POOL,
    },
    "ibm,compression-v1": {
        "compatible": "ibm,compression",
        "status": "okay",
        "ibm,phandle": NX,
        "ibm,resource-id": 2,
        "ibm,max-sg-len": 0xFF0,
        "ibm,shared-interrupt-pool": POOL,
    },
}
L2_NODE: Dict = {
    "device_type": "cache",
    "ibm,phandle": 0x2000,
    "ibm,my-drc-index": L2_DRC,
    "l2-cache": 0x3000,
    "d-cache-size": 0x200000,
}
L3_NODE: Dict = {"device_type": "cache", "ibm,phandle": 0x3000, "d-cache-size": 0x800000}
PARTITION: Dict = {
    "ibm,phandle": ROOT,
    "ibm,partition-no": 7,
    "cpus": {
        "ibm,phandle": CPUS,
        "PowerPC,POWER10@0": {
            "device_type": "cpu",
            "ibm,phandle": 0xFFFFFFE1,
            "l2-cache": 0x2000,
        },
        "l2-cache@2000": L2_NODE,
        "l3-cache@3000": L3_NODE,
    },
    "interrupt-controller@a": {"ibm,phandle": POOL},
    "interrupt-controller@b": {"ibm,phandle": OTHER_POOL},
    "ibm,platform-facilities": FACILITIES_NODE,
    "vdevice": {
        "device_type": "vdevice",
        "ibm,phandle": 0xFFFFFFD0,
        "l-lan@30000002": {
            "device_type": "network",
            "reg": 0x30000002,
            "ibm,phandle": NIC,
        },
        "no-reg@1": {"device_type": "none", "ibm,phandle": 0xFFFFFFD3},
    },
}


def content_of(node: Node) -> Content:
    """Give a node, with all below it, as an answer has it."""
    content = Content(node.name)
    content.properties = list(node.properties.items())
    content.children = [content_of(child) for child in node.children.values()]
    return content


def answer(name: str, node: Dict, **changes: Any) -> Content:
    """Give a node as an answer has it; changes replace entries, `_` for `,` and `-`, None drops."""
    entries = dict(node)
    for key, value in changes.items():
        plain = next(
            (one for one in entries if one.replace(",", "_").replace("-", "_") == key), key
        )
        entries[plain] = value
    return content_of(node_of(name, {k: v for k, v in entries.items() if v is not None}))


def facilities(**changes: Any) -> Content:
    return answer("ibm,platform-facilities", FACILITIES_NODE, **changes)


def leaf(name: str, **changes: Any) -> Content:
    node = FACILITIES_NODE[name]
    assert isinstance(node, dict)
    return answer(name, node, **changes)


class Log:
    """A stream in the making; each entry stands on a line of its own."""

    def __init__(self) -> None:
        self.stream = Stream()
        self.line = 0

    def _next(self) -> int:
        self.line += 1
        return self.line

    def _add(self, kind: str, who: int | str | None, **rest: Any) -> Log:
        if isinstance(who, int):
            rest["phandle"] = who
        elif who is not None:
            rest["path"] = who
        self.stream.items.append(Operation(kind, self._next(), **rest))
        return self

    def delete(self, who: int | str, **rest: Any) -> Log:
        return self._add(DELETE, who, **rest)

    def deletes(self, *whom: int | str) -> Log:
        for who in whom:
            self.delete(who)
        return self

    def line_of(self, kind: str, path: str, phandle: int | None, **rest: Any) -> Log:
        """Add a line of a kernel log: path and phandle."""
        return self._add(kind, None, path=path, phandle=phandle, **rest)

    def update(
        self, who: int | str, props: dict[str, Any] | None = None, gone: tuple[str, ...] = ()
    ) -> Log:
        """Add an update; a value of None is a name only, "?" a value that is not in the log."""
        changes = []
        for name, value in (props or {}).items():
            if value is None:
                changes.append(Change(name, NAME_ONLY))
            else:
                changes.append(Change(name, SET, None if value == "?" else value_of(value)))
        changes += (Change(name, REMOVE) for name in gone)
        return self._add(UPDATE, who, changes=changes)

    def add(self, parent: int | str, content: Content | None = None, **rest: Any) -> Log:
        key = "parent" if isinstance(parent, int) else "parent_path"
        return self._add(ADD, None, content=content, **{key: parent}, **rest)

    def ofdt(self, kind: str, who: int | str, **rest: Any) -> Log:
        return self._add(kind, who, ofdt=True, **rest)

    def session(self) -> Log:
        self.stream.items.append(SessionEnd(self._next()))
        return self

    def gap(self) -> Log:
        self.stream.items.append(Gap(self._next()))
        return self

    def listing(self, path: str, *names: str) -> Log:
        self.stream.items.append(Listing(self._next(), path, names))
        return self

    def loose(self, phandle: int, path: str | None = None, **values: Any) -> Log:
        changes = [Change(name, SET, value_of(value)) for name, value in values.items()]
        self.stream.items.append(LooseUpdate(self._next(), phandle, path, changes))
        return self

    def holder(self, path: str, by: str, line: int | None = None) -> Log:
        self.stream.holders.append(NamedHolder(path, by, line))
        return self

    def replay(self, policy: str = "preserve", base: Dict | None = PARTITION) -> Result:
        tree = None if base is None else Base(tree_of(base), {})
        return replay_stream(self.stream, tree, policy)

    def inferred(self, policy: str = "preserve") -> Result:
        return self.replay(policy, None)


def clock(seconds: float, kind: str = "kernel") -> Clock:
    return Clock(kind, seconds)


def codes(result: Result) -> list[str]:
    """List the codes of the findings, each once."""
    return sorted({found.code.number for found in result.findings})


def found(result: Result, code: str) -> list[tuple[str | None, int | None, int | None]]:
    """List path, phandle and line of the findings of a code."""
    return [(one.path, one.phandle, one.line) for one in result.findings if one.code.number == code]


def paths(result: Result, code: str) -> list[str | None]:
    return [path for path, _, _ in found(result, code)]


def statuses(result: Result) -> list[tuple[str, str, str]]:
    """List path, origin and status of the nodes."""
    return [(node.path, node.origin, node.status) for node in result.nodes]


def status(result: Result, path: str) -> str:
    """Give the one status of the nodes of a path; several are joined."""
    return " ".join(node.status for node in result.nodes if node.path == path)


def results(result: Result) -> list[str]:
    """List what became of the operations."""
    return [entry.result for entry in result.ops]


def changed(result: Result, path: str) -> list[tuple[str, str]]:
    """List what changed in place in the nodes of a path: name and action."""
    return [
        (change.name, change.action)
        for node in result.nodes
        if node.path == path
        for change in node.changes
    ]


def gone() -> Log:
    """Everything of the platform facilities is deleted, the leaves first."""
    return Log().deletes(RNG, NX, PF)
