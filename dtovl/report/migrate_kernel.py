"""What a kernel of the replayed policy would print for an operation, and for what goes wrong.

preserve and subtree-attach are in no kernel, so there is nothing to quote for them. Lines of
severity debug appear only where dynamic debug is on.

Source: Linux 6.1 arch/powerpc/platforms/pseries/mobility.c, lib/refcount.c, drivers/of/kobj.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.replay.stream import ADD, DELETE, UPDATE

if TYPE_CHECKING:
    from dtovl.replay.findings import Finding
    from dtovl.replay.records import OpEntry

_KERNELS = ("naive", "ignore")
_ACTIONS = {DELETE: 0x1000000, UPDATE: 0x2000000, ADD: 0x3000000}


def operation_words(entry: OpEntry, policy: str) -> list[str]:
    """Give the lines that the kernel prints for one operation of firmware."""
    operation = entry.operation
    if policy not in _KERNELS or operation.ofdt:
        return []
    path = entry.path
    match entry.result:
        case "detached":
            return [f"mobility: removing node {path}:{entry.phandle}"]
        case "attached":
            return [f"mobility: added node {path}:{entry.phandle}"]
        case "ignored" if operation.kind == DELETE:
            return [f"mobility: ignoring remove operation for {path}:{entry.phandle}"]
        case "ignored":
            return [f"mobility: ignoring add operation for {path}"]
        case "applied":
            names = [change.name for change in operation.changes or ()]
            return [f"mobility: updating node {path} property {name}" for name in names]
        case "not-found" | "dropped" if not operation.refused:
            number = operation.parent if operation.kind == ADD else operation.phandle
            return [] if number is None else [_failed(number, operation.kind)]
    return []


def _failed(number: int, kind: str) -> str:
    action = _ACTIONS[kind]
    return f"mobility: Failed lookup: phandle 0x{number:x} for action 0x{action:x}"


def finding_words(finding: Finding, policy: str) -> list[str]:
    """Give the lines that the kernel prints when what was found shows."""
    if policy not in _KERNELS:
        return []
    if finding.code.number == "PS102":
        return ["refcount_t: addition on 0; use-after-free."]
    if finding.code.number == "PS105" and finding.path is not None:
        above, _, name = finding.path.rpartition("/")
        parent = above.rpartition("/")[2] or "base"
        return [f'Duplicate name in {parent}, renamed to "{name}#1"']
    return []
