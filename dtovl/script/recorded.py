"""A step held against what a file says the kernel did: in which part they differ, if they do.

Only what is recorded is compared, so a few words (`result: {ret: 0}`) are an expectation as good as
a whole recording. A recording stores the state of tree and devices only where it changes; where the
last one stands, it still holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dtovl.script.machine import Machine
    from dtovl.script.stepfile import ScriptStep

_DEBUG = 7
# The kernel prints it once, at its first report of a wrong access, whatever that was about.
_TAINT = "Disabling lock debugging due to kernel taint"
_STATE = ("tree", "held", "devices")
_NO_ANSWERS = frozenset(
    {
        *(*_STATE, "log", "log_source", "leaks", "crash", "recorder_error"),
        *("tree_sha256", "tree_changed", "tree_cyclic", "refs_or_flags_changed"),
    }
)

# Functions that allocate in the name of others, and what those who called them make.
_COPIERS = {"kasprintf", "kmemdup", "kstrdup", "kstrdup_const", "kvasprintf", "kvasprintf_const"}
_OBJECTS = {
    "__of_node_dup": ("node", "node-name"),
    "__of_prop_dup": ("property", "property-name"),
    "add_changeset_property": ("symbol-property", "property-name"),
    "prop_make": ("case-property", "case-property-name"),
    "of_overlay_fdt_apply": ("fdt-copy", "fdt-copy"),
    "__unflatten_device_tree": ("unflattened-tree", "unflattened-tree"),
    "of_fdt_unflatten_tree": ("unflattened-tree", "unflattened-tree"),
    "safe_name": ("sysfs-name", "sysfs-name"),
    "kobject_set_name": ("sysfs-name", "sysfs-name"),
    "kobject_set_name_vargs": ("sysfs-name", "sysfs-name"),
}


class Difference(NamedTuple):
    """What differs first in one part of a step; recorded and found are in words."""

    part: str
    recorded: str
    found: str


class Recording:
    """What a file tells of a run, step by step; the state that holds is carried along.

    over tells that the kernel has died or corrupted its memory: what follows means nothing.
    """

    __slots__ = ("_state", "over")

    def __init__(self, boot: Mapping[str, Any] | None) -> None:
        self._state: dict[str, Any] = {}
        self.over = False
        self._keep(boot or {})

    def _keep(self, result: Mapping[str, Any]) -> None:
        if "tree_cyclic" in result:
            self._state.pop("tree", None)
        for key in _STATE:
            if isinstance(result.get(key), list):
                self._state[key] = result[key]

    def boot(self, machine: Machine) -> list[Difference]:
        """Compare the state before the first step."""
        return self._compare_state(machine)

    def compare(
        self, step: ScriptStep, answer: Mapping[str, Any] | None, machine: Machine
    ) -> list[Difference] | None:
        """Compare a step; answer is None when it was refused as wrong in itself.

        None: there is nothing to compare with.
        """
        result = step.result
        if result is None or self.over:
            return None
        if answer is None or "recorder_error" in result:
            refused = "recorder_error" in result, answer is None
            words = [("carried out", "refused")[one] for one in refused]
            return [] if refused[0] is refused[1] else [Difference("result", words[0], words[1])]
        log = _entries(result.get("log"))
        if result.get("crash") or any(one.get("report") == "KASAN" for one in log):
            self.over = True
            if answer["hazard"]:
                return []
            return [Difference("hazard", "the kernel crashed or corrupted memory", "none")]
        self._keep(result)
        found = [*_answers(result, answer), *_log(result, log, answer)]
        found += _leaks(result, answer)
        return [*found, *self._compare_state(machine)]

    def _compare_state(self, machine: Machine) -> list[Difference]:
        if not self._state:
            return []
        state = machine.state()
        found = []
        if "tree" in self._state:
            found += _trees(self._state["tree"], state["tree"])
        for key in ("held", "devices"):
            if key in self._state:
                found += _lists(key, _entries(self._state[key]), state[key])
        return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _entries(value: Any) -> list[dict[str, Any]]:
    return [one for one in _list(value) if isinstance(one, dict)]


def _answers(result: Mapping[str, Any], answer: Mapping[str, Any]) -> list[Difference]:
    return [
        Difference(key, _word(value), _word(answer.get(key, "nothing")))
        for key, value in result.items()
        if key not in _NO_ANSWERS and _plain(answer.get(key, "nothing")) != _plain(value)
    ][:1]


def _plain(value: Any) -> Any:
    """Take `0` for 0: a person need not know which of them an answer is."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _log(
    result: Mapping[str, Any], log: list[dict[str, Any]], answer: Mapping[str, Any]
) -> list[Difference]:
    if "log" not in result:
        return []
    return [
        *_lists("kernel line", _lines(log), _lines(answer["log"])),
        *_lists("event", _events(log), _events(answer["log"])),
    ]


def _lines(log: Iterable[dict[str, Any]]) -> list[str]:
    return [
        f"<{one['level']}> {one['text']}"
        for one in log
        if isinstance(one.get("level"), int)
        and one["level"] < _DEBUG
        and one.get("text") not in (None, _TAINT)
    ]


def _events(log: Iterable[dict[str, Any]]) -> list[str]:
    return [
        " ".join(f"{key}={one[key]}" for key in ("event", *sorted({*one} - {"event"})))
        for one in log
        if "event" in one
    ]


def _leaks(result: Mapping[str, Any], answer: Mapping[str, Any]) -> list[Difference]:
    if "leaks" not in result:
        return []
    kinds = sorted(one if isinstance(one, str) else _kind_of(one) for one in _list(result["leaks"]))
    return _lists("leak", kinds, sorted(answer.get("leaks", [])))


def _kind_of(leak: Any) -> str:
    """Give the kind of a leaked object by the functions that allocated it, innermost first."""
    stack = leak.get("alloc") if isinstance(leak, dict) else None
    copied_by = ""
    for name in _list(stack):
        bare = str(name).removesuffix("_noprof")
        if bare in _COPIERS:
            copied_by = bare
        elif bare in _OBJECTS:
            itself, text = _OBJECTS[bare]
            if bare == "__of_prop_dup" and copied_by == "kmemdup":
                return "property-value"
            return itself if copied_by in ("", "kmemdup") else text
    return "unknown"


def _trees(recorded: Any, found: list[dict[str, Any]]) -> list[Difference]:
    nodes = _entries(recorded)
    shape = _lists("tree", _shapes(nodes), _shapes(found))
    return [*shape, *([] if shape else _lists("counts", _counted(nodes), _counted(found)))]


def _shapes(tree: list[dict[str, Any]]) -> list[str]:
    lines = []
    for node in tree:
        path = node.get("path")
        lines.append(f"{path} phandle {node.get('phandle')}")
        lines += [f"{path} {prop}" for prop in _list(node.get("props"))]
    return lines


def _counted(tree: list[dict[str, Any]]) -> list[str]:
    lines = []
    for node in tree:
        flags = ",".join(sorted(map(str, _list(node.get("flags"))))) or "none"
        dead = ",".join(map(str, _list(node.get("dead")))) or "none"
        path, refs, sysfs = (node.get(key) for key in ("path", "refs", "sysfs"))
        lines.append(f"{path} refs {refs}, flags {flags}, sysfs {sysfs}, dead {dead}")
    return lines


def _lists(part: str, recorded: list[Any], found: list[Any]) -> list[Difference]:
    """Give the first entry in which two lists differ."""
    for place in range(max(len(recorded), len(found))):
        pair = [one[place] if place < len(one) else "nothing" for one in (recorded, found)]
        if pair[0] != pair[1]:
            return [Difference(part, _word(pair[0]), _word(pair[1]))]
    return []


def _word(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_word(one) for one in value) + "]"
    if isinstance(value, dict):
        return " ".join(f"{key}={_word(one)}" for key, one in value.items())
    return "none" if value is None else str(value)
