"""Small records of migrations, one for each finding and each kind of bad input.

All are replayed on fixtures/migrate/partition.dts.
"""

from __future__ import annotations

from pathlib import Path
from struct import pack
from typing import TYPE_CHECKING, NamedTuple

from dtovl.replay.base import read_base
from dtovl.replay.policies import replay_stream
from dtovl.replay.read import read_stream
from support.workareas import block, nodes_area, words

if TYPE_CHECKING:
    from dtovl.replay.result import Result

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "migrate"

FACILITIES = "mobility: removing node /ibm,platform-facilities:4294967168"
RANDOM = "mobility: removing node /ibm,platform-facilities/ibm,random-v1:4294967169"
ADDED = "mobility: added node /ibm,platform-facilities:4294967168"
LINK = (
    "./ibm,random-v1/of_node: broken symbolic link to ../base/ibm,platform-facilities/ibm,random-v1"
)


class Record(NamedTuple):
    """A log and the policy that it is replayed under."""

    log: str
    policy: str = "preserve"


def oplist(*entries: str) -> str:
    """Write an operation list of entries in flow style."""
    return "dtovl-replay: 1\nops:\n" + "".join(f"- {entry}\n" for entry in entries)


def areas(header: str, *data: bytes) -> str:
    """Write hex dumps below headers `rtas ibm,HEADER`."""
    lines = [line for one in data for line in block(f"rtas ibm,{header}", one)]
    return "".join(f"{line}\n" for line in lines)


def update(name: str, value: str, phandle: str = "0xffffff81") -> str:
    """Write an operation list that sets one property."""
    return oplist(f'{{update: {phandle}, props: {{"{name}": {value}}}}}')


def cache(name: str, phandle: str, more: str = "") -> str:
    """Write an add of a cache below /cpus."""
    props = f'device_type: cache, "ibm,phandle": {phandle}{more}'
    return f"{{add: 0xffffffe0, drc: 1, node: {{name: {name}, props: {{{props}}}}}}}"


def connector(status: int, name: str = "") -> str:
    """Write one answer of ibm,configure-connector for drc-index 7."""
    data = words(7, 0, 20, 0, 20) + name.encode() + b"\0"
    return areas(f"configure-connector drc=0x7 rc={status}", data)


def properties(*descriptors: bytes, status: int = 0) -> str:
    """Write one answer of ibm,update-properties for phandle 0x2008."""
    data = words(0x2008, 0, 0, 0, len(descriptors)) + b"".join(descriptors)
    return areas(f"update-properties phandle=0x2008 rc={status}", data)


UPDATED = areas("update-nodes rc=0", nodes_area(0x02000001, 0x2008, 0))
ADD = areas("update-nodes rc=0", nodes_area(0x03000001, 0xFFFFFFE0, 7, 0))
FULL = nodes_area(*[0x01000001, 0x2008] * 510)


def lines(*texts: str) -> str:
    """Write lines of a log."""
    return "".join(f"{text}\n" for text in texts)


WHOLE = (FOLDER / "whole.yaml").read_text(encoding="utf-8")
DMESG = (FOLDER / "dmesg.txt").read_text(encoding="utf-8")
SAME = cache("l2-cache@2008", "0x2008")

FINDINGS: dict[str, Record] = {
    "PS101": Record(lines("remove_node /vdevice/v-scsi@30000004"), "naive"),
    "PS102": Record(DMESG, "naive"),
    "PS103": Record(WHOLE, "naive"),
    "PS104": Record(DMESG, "naive"),
    "PS105": Record(oplist(SAME), "naive"),
    "PS106": Record(oplist(cache("other", "0x2008"))),
    "PS107": Record(oplist("delete: 0x2008")),
    "PS108": Record(WHOLE, "ignore"),
    "PS110": Record(update("ibm,resource-id", "9")),
    "PS111": Record(WHOLE, "ignore"),
    "PS112": Record(WHOLE),
    "PS113": Record(update("compatible", "other")),
    "PS114": Record(update("ibm,phandle", "9")),
    "PS115": Record(oplist(cache("c", "9", ", phandle: 8"))),
    "PS116": Record(lines("mobility: removing node /cpus/l2-cache@2008:77")),
    "PS120": Record(oplist("delete: 0xffffffd4")),
    "PS121": Record(DMESG),
    "PS122": Record(lines("mobility: added node /cpus/l3-cache@1:99")),
    "PS123": Record(oplist("delete: 0x2008", cache("l2-cache@2008", "0x9"))),
    "PS124": Record(oplist("delete: 0x2008", cache("l3-cache@1", "0x2008"))),
    "PS130": Record(oplist("update: 0x2008", "delete: 0x2008")),
    "PS131": Record(oplist("delete: 0x2008", "update: 0x2008")),
    "PS132": Record(oplist("delete: 0x2008", "delete: 0x2008")),
    "PS133": Record(oplist("delete: 0x77")),
    "PS134": Record(oplist("{add: 0x88, drc: 1, path: /x/y}")),
    "PS135": Record(lines(FACILITIES, RANDOM)),
    "PS136": Record(oplist(SAME)),
    "PS137": Record(oplist("delete: 0xffffffd4")),
    "PS138": Record(
        areas("update-nodes rc=0", nodes_area(0x01000001, 0x2008, 0))
        + properties(b"x\0" + pack(">I", 1) + b"a")
    ),
    "PS140": Record(lines(RANDOM, "...")),
    "PS141": Record(lines(RANDOM, "refcount_t: addition on 0; use-after-free.")),
    "PS142": Record(lines(RANDOM, LINK)),
    "PS143": Record(lines(RANDOM, "mobility: device tree update failed: -3")),
    "PS144": Record(lines("mobility: updating node /cpus property x")),
    "PS145": Record(
        lines(ADDED, "$ tree -d /proc/device-tree/cpus", "└── cpu@0", "1 directory"),
    ),
    "PS146": Record(lines(RANDOM, "Unknown update_nodes op 04000001")),
    "PS147": Record(areas("update-nodes rc=0", FULL)),
    "PS148": Record(UPDATED + properties(b"x\0" + pack(">I", 0xFFFFFFFF) + b"a")),
    "PS149": Record(update("x", "null"), "naive"),
    "PS150": Record(DMESG, "ignore"),
    "PS151": Record(DMESG, "ignore"),
    "PS152": Record(lines("remove_node /cpus")),
    "PS153": Record(lines("add_node /cpus reg 1 a")),
    "PS154": Record(
        ADD
        + "".join(
            connector(status, name)
            for status, name in ((2, "a"), (2, "b"), (4, ""), (2, "c"), (4, ""), (0, ""))
        )
    ),
    "PS155": Record(lines("add_property 0x2008 reg 1 a")),
    "PS201": Record(lines("nothing to see here")),
    "PS202": Record(oplist("destroy: 7")),
    "PS203": Record(lines("add_node /x reg 9 a")),
    "PS204": Record(lines("mobility: removing node /x:abc")),
    "PS205": Record(areas("update-nodes rc=0", nodes_area(0x01FFFFFF, 1))),
    "PS206": Record(UPDATED + properties(b"x\0" + pack(">I", 0x7FFFFFFF) + b"a")),
    "PS207": Record(ADD + connector(3, "x")),
}
"""What raises each code of a log; PS208 is about the base."""


def replayed(record: Record) -> Result:
    """Replay a record on the partition, going on over what cannot be read."""
    source = (FOLDER / "partition.dts").read_bytes()
    stream = read_stream(record.log.encode(), "log", keep_going=True)
    return replay_stream(stream, read_base(source, "partition.dts"), record.policy)
