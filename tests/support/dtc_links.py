"""What dtc says of links, as (check, node, property, message), and what of ours says the same.

A finding of ours answers a line of dtc when it is one of the rules that the check stands for, at
the same node and property. Where dtc looks at things in another way than the kernel does, the line
is excused, for a reason.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from dtovl.links.link import Finding
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree

DTC = shutil.which("dtc")

_LISTS = (
    *("clocks", "cooling_device", "dmas", "hwlocks", "interrupts_extended", "io_channels"),
    *("iommus", "mboxes", "msi_parent", "mux_controls", "phys", "power_domains", "pwms", "resets"),
    *("sound_dai", "thermal_sensors", "gpios"),
)
CHECKS = (
    *(f"{name}_property" for name in _LISTS),
    *("deprecated_gpio_property", "interrupts_property", "graph_endpoint"),
)

# Said of the node that is the interrupt parent, not of the one that has the interrupts.
_NO_PROVIDER = "Missing interrupt-controller or interrupt-map property"
_NO_CELLS = "Missing #interrupt-cells in interrupt-parent"
# By a part of a message: the rules that say the same.
_RULES: tuple[tuple[str, frozenset[str]], ...] = (
    ("is invalid, expected multiple of", frozenset({"L004"})),
    ("too small for cell size", frozenset({"L003"})),
    ("Could not get phandle node for", frozenset({"L001"})),
    ("Missing property '", frozenset({"L002"})),
    ("'[*-]gpio' is deprecated", frozenset({"L032"})),
    ("expected multiple of", frozenset({"L004", "L014"})),
    ("Missing interrupt-parent", frozenset({"L012", "L037"})),
    (_NO_PROVIDER, frozenset({"L013"})),
    ("Bad phandle", frozenset({"L037"})),
    ("Invalid phandle", frozenset({"L037", "L005"})),
    ("graph phandle is not valid", frozenset({"L001"})),
    ("graph connection to node '", frozenset({"L027"})),
)
# How endpoints are called and numbered is no matter of links.
_NAMES = ("graph endpoint node name", "graph node unit address", "graph node malformed")

_NO_CONSUMERS = ("/__symbols__", "/aliases", "/__fixups__", "/__local_fixups__")

_LINE = re.compile(r"Warning \((\w+)\): (/[^:]*?)(?::([^: ]+))?: (.*)$", re.MULTILINE)

_REFERRED = re.compile(r"\(referred from (\S+)\[\d+\]\)$")


class Said(NamedTuple):
    """One line of dtc; property is "" where it speaks of a node."""

    check: str
    node: str
    property: str
    message: str


def said_by_dtc(blob: bytes) -> list[Said]:
    """Run the checks of dtc about links over a blob."""
    done = subprocess.run(
        [str(DTC), "-I", "dtb", "-O", "dtb", "-o", "/dev/null", "-f", *(f"-W{c}" for c in CHECKS)],
        input=blob,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode >= 0, f"dtc died: {done.stderr.decode('latin-1')}"
    lines = _LINE.findall(done.stderr.decode("latin-1"))
    return [Said(*line) for line in lines if line[0] in CHECKS]


def unanswered(tree: Tree, said: Collection[Said], findings: Collection[Finding]) -> Iterator[Said]:
    """Give the lines of dtc that no finding answers and no reason excuses."""
    at: dict[tuple[str, str], list[Finding]] = {}
    for one in findings:
        at.setdefault((one.node.path, one.property), []).append(one)
    for line in said:
        here = at.get((line.node, _property(line)), [])
        if line.check == "interrupts_property":
            here = [*here, *at.get((line.node, "interrupt-parent"), [])]
        rules = next((rules for text, rules in _RULES if text in line.message), frozenset())
        if line.message.startswith(_NO_PROVIDER):
            # It is not said whose parent that is; L015 may be of that node.
            here = [
                one
                for one in findings
                if one.rule == "L015" or one.details.get("supplier") == line.node
            ]
        if not any(one.rule in rules for one in here) and not excuse(tree, line, here):
            yield line


def _property(line: Said) -> str:
    """Give the property that a line is about, whatever else it names."""
    if line.check == "graph_endpoint":
        return "remote-endpoint"
    if line.check == "interrupts_property":
        return "interrupt-parent" if line.property == "interrupt-parent" else "interrupts"
    referred = _REFERRED.search(line.message)
    return referred[1] if referred else line.property


def excuse(tree: Tree, line: Said, here: Collection[Finding]) -> str:
    """Say why the kernel sees no fault where dtc sees one, "" for no reason."""
    node = tree.find(line.node)
    assert node is not None, line
    rules = {one.rule for one in here}
    if line.node in _NO_CONSUMERS:
        return "a label or an alias has the name of a property: its value is a path"
    if line.message.startswith(_NAMES):
        return "how endpoints are called and numbered is no matter of links"
    if "L005" in rules and any(one.details.get("value") for one in here):
        return "-1 is an empty entry for dtc; for the kernel it ends the list, and that is said"
    if rules & {"L001", "L002", "L003", "L028"}:
        return "the list has ended before, at an entry that is wrong"
    if node.properties.get(_property(line)) == b"":
        return "a list of length 0 is no finding"
    if line.check == "deprecated_gpio_property" and "gpio-hog" in node.properties:
        return "gpio of a hog is no list of suppliers"
    if line.check == "interrupts_property":
        return _interrupt_excuse(tree, node, line, rules)
    return ""


def _interrupt_excuse(tree: Tree, node: Node, line: Said, rules: Collection[str]) -> str:
    if "L015" in rules:
        return "interrupts-extended is there: of interrupts nothing else is said"
    if line.message == _NO_CELLS:
        return "the kernel walks on to a node with #interrupt-cells"
    if line.message == _NO_PROVIDER and not any(node.properties.get("#interrupt-cells", b"")):
        return "without #interrupt-cells the kernel walks on, with 0 there are no entries"
    if rules & {"L012", "L013", "L014", "L037"}:
        return "the walk of the kernel ends elsewhere, and what is wrong there is said"
    if line.message.startswith("size is (") and line.message.endswith("multiple of 0"):
        return "a parent with #interrupt-cells 0 has no entries, and nothing is judged"
    # dtc takes the nearest node above that is a controller or a map, the kernel the first with
    # #interrupt-cells, on a way that follows interrupt-parent wherever it stands.
    others = tree.walk() if line.message == _NO_PROVIDER else _above(node)
    if any(_is_half(other) for other in others if other is not node):
        return "another node is a controller or counts cells, and not both: the walks part there"
    return ""


def _above(node: Node) -> Iterator[Node]:
    above = node.parent
    while above is not None:
        yield above
        above = above.parent


def _is_half(node: Node) -> bool:
    provider = not node.properties.keys().isdisjoint(("interrupt-controller", "interrupt-map"))
    return provider != ("#interrupt-cells" in node.properties)
