"""A live tree that carries out steps one after the other and answers each of them.

Ops, parameters and answers are those of recorded cases of the Linux kernel, so one list of steps
drives a board and this model. After a step that would crash the kernel no other is carried out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.codes import live as live_codes
from dtovl.codes import script as codes
from dtovl.diagnostics import Diagnostic, Sink
from dtovl.live.blob import Parsed, apply_parsed, parse_blob
from dtovl.live.changeset import Action, LiveChangeset, find_property
from dtovl.live.leaks import find_leaks
from dtovl.live.objects import Maker, Oops, Property
from dtovl.live.overlays import Overlays
from dtovl.live.platform import PlatformBus
from dtovl.live.replacing import settle
from dtovl.live.state import Live
from dtovl.model.dialect import LINUX
from dtovl.script import direct, replacing
from dtovl.script.deviceops import operate
from dtovl.script.listener import CHAINS, OVERLAY_ACTIONS, RECONFIG_ACTIONS, Order, ScriptListener
from dtovl.script.lookup import find_by_path, find_phandle
from dtovl.script.migration import migrate
from dtovl.script.names import Names
from dtovl.script.parameters import Step, wrong
from dtovl.script.queries import QUERIES
from dtovl.script.reading import ALL_BITS
from dtovl.script.render import render_log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dtovl.model.dialect import Dialect
    from dtovl.model.node import Node
    from dtovl.model.tree import Tree
    from dtovl.overlay.outcome import Outcome

Answer = dict[str, Any]


class Machine:
    """A live tree with what steps gave names to: overlays, nodes, changesets.

    read gives the bytes of an overlay by the name that steps use; base is the display name of the
    base; fw_devlink tells whether devices wait for the suppliers that their nodes name. live,
    overlays and names may be looked at between steps. is_brief tells whether the answer of the
    step that is being carried out is wanted as short as can be.
    """

    def __init__(
        self,
        tree: Tree,
        dialect: Dialect = LINUX,
        read: Callable[[str], bytes] | None = None,
        base: str = "base",
        *,
        fw_devlink: bool = True,
    ) -> None:
        self.live = Live(tree, dialect)
        self.overlays = Overlays(self.live)
        self.names = Names(self.live)
        self.base = base
        self.gone = ""
        self._read = read
        self._parsed: dict[tuple[str, int | None], Parsed] = {}
        self.listener = ScriptListener(self.live)
        self._explained: list[Diagnostic] = []
        self.is_brief = False
        self.live.listeners.append(self.listener)
        self.live.platform = PlatformBus(self.live, fw_devlink=fw_devlink)

    def step(self, values: Mapping[str, Any], *, brief: bool = False) -> Answer:
        """Carry out one step.

        The answer has the keys of a recorded result (ret, id, node, ..., log), and `findings`, the
        diagnostics, and `hazard`: why the kernel would crash or corrupt memory here, or None.
        brief leaves these and the log out, for those who only want to be where the step leads.

        Raises InputError (DT28x) when the step is wrong in itself; nothing has happened then.
        """
        step = Step(values)
        live = self.live
        live.log.clear()
        live.drop_findings()
        self._explained = []
        self.is_brief = brief
        answer: Answer
        if self.gone:
            live.find(codes.KERNEL_GONE, op=step.op)
            answer = {}
        else:
            try:
                answer = self._dispatch(step)
                if self.overlays.transition is not None:
                    self._settle(answer)
            except Oops as oops:
                self._crash(step, oops)
                answer = {}
        if brief:
            return answer
        findings = self._explained + live.take_findings()
        self._name_overlay(step, findings)
        answer["log"] = render_log(live.log)
        answer["findings"] = findings
        answer["hazard"] = self.gone or _corruption(findings)
        return answer

    def _name_overlay(self, step: Step, findings: list[Diagnostic]) -> None:
        """Say in every finding of the step which overlay it is about."""
        unnamed = [found for found in findings if not found.who]
        if not unnamed or step.op not in ("apply", "remove"):
            return
        who = step.text("overlay") if step.op == "apply" else self.names.overlay_name(step)
        for found in unnamed:
            found.who = who

    def _crash(self, step: Step, oops: Oops) -> None:
        """Say who makes the kernel crash, and carry out nothing from now on."""
        self.gone = oops.what
        who = ""
        if oops.outcome is not None:
            who = oops.outcome.overlay.name
            refused = oops.outcome.refused
            if refused is not None:
                self.explain(oops.outcome)
        cure = "the state of the kernel after this is unknown"
        self.live.find(live_codes.KERNEL_CRASH, oops.node, who=who, what=oops.what, cure=cure)

    def _dispatch(self, step: Step) -> Answer:
        query = QUERIES.get(step.op)
        if query is not None:
            return query(self.live, step.values, lambda name: self.names.node(step, name))
        method = _OPS.get(step.op)
        if method is None:
            from difflib import get_close_matches

            close = get_close_matches(step.op, ops(), 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise wrong(codes.OP_UNKNOWN, op=step.op, hint=hint)
        return method(self, step)

    # -- overlays ------------------------------------------------------------------------------

    def _apply(self, step: Step) -> Answer:
        name = step.text("overlay")
        parsed = self.parsed(name, step.number("size") if step.has("size") else None)
        applied = apply_parsed(self.overlays, parsed)
        self.names.enter_overlay(step.text("as", name), applied.number, name)
        if applied.error and applied.outcome is not None:
            self.explain(applied.outcome)
        return {"ret": _ret(applied.error), "id": applied.number}

    def parsed(self, name: str, size: int | None = None) -> Parsed:
        """Give the overlay of a name as the kernel reads it; it is read once."""
        parsed = self._parsed.get((name, size))
        if parsed is None:
            data = b"" if self._read is None else self._read(name)
            parsed = self._parsed[name, size] = parse_blob(data, name, size)
        return parsed

    def explain(self, outcome: Outcome, tree: Tree | None = None) -> None:
        """Find out why an overlay was refused by a tree, the live one if none is given."""
        if self.is_brief or outcome.refused is None:
            return
        from dtovl.checks.refusal import explain
        from dtovl.checks.subject import Subject

        sink = Sink()
        listed = [
            (one.number, one.outcome.overlay)
            for one in self.overlays.listed
            if one.in_force and one.outcome is not None
        ]
        stack = [outcome.overlay]
        explain(Subject(outcome, tree or self.live.tree, sink, self.base, None, stack, 1, listed))
        self._explained = sink.diagnostics

    def _remove(self, step: Step) -> Answer:
        number = step.number("id") if step.has("id") else self.names.overlay(step)
        error, left = self.overlays.remove(number)
        return {"ret": _ret(error), "ask": number, "id": left}

    def _remove_all(self, step: Step) -> Answer:
        return {"ret": _ret(self.overlays.remove_all())}

    def _settle(self, answer: Answer) -> None:
        """End a replacement of which nothing is held any more, and say so."""
        replaced = self.overlays.transition.replaced() if self.overlays.transition else []
        if settle(self.overlays):
            answer["freed"] = [[one.number, one.name] for one in replaced]

    def _replacing(self, step: Step) -> Answer:
        return replacing.operate(self, step)

    def _keep(self, step: Step) -> Answer:
        number = self.names.overlay(step)
        record = self.overlays.find(number)
        if record is None:
            kind = "overlay in the list"
            raise wrong(codes.NAME_UNKNOWN, op=step.op, kind=kind, name=number, hint="")
        record.pointers.append(step.text("as"))
        return {}

    # -- references ----------------------------------------------------------------------------

    def _hold(self, step: Step) -> Answer:
        path = step.text("path")
        node, _ = find_by_path(self.live, path)
        return self._held(step, node, f"hold {path}")

    def _hold_phandle(self, step: Step) -> Answer:
        number = step.number("phandle")
        node = find_phandle(self.live, number)
        return self._held(step, node, f"hold phandle {number:#x}")

    def _held(self, step: Step, node: Node | None, where: str) -> Answer:
        if node is None:
            return {"node": None}
        label = step.text("label", str(step.values.get("as", "")) or None)
        self.live.hold(node, label, step.text("where", where))
        if step.has("label"):
            self.names.enter(label, node)
        return {"node": node.path}

    def _get(self, step: Step) -> Answer:
        held = self.names.held(step)
        self.live.hold(held.node, held.label, "get")
        held.own += 1
        return {}

    def _put(self, step: Step) -> Answer:
        held = self.names.held(step)
        if not self.live.release(held.node, held.label):
            self.live.put(held.node)
        held.own -= 1
        return {}

    def _release(self, step: Step) -> Answer:
        holder, path = step.text("as"), step.text("path")
        nodes = [
            node
            for node, holders in self.live.holders.items()
            if node.path == path and any(one.name == holder for one in holders)
        ]
        if not nodes:
            kind = f"holder of {path}"
            raise wrong(codes.NAME_UNKNOWN, op=step.op, kind=kind, name=holder, hint="")
        self.live.release(nodes[-1], holder)
        return {"node": path}

    def _refs(self, step: Step) -> Answer:
        node = self.names.node(step, step.text("node"))
        return {"refs": self.live.count(node) & ALL_BITS}

    def _print_path(self, step: Step) -> Answer:
        held = self.names.held(step)
        self.live.check_path(held.node)
        return {"path": held.node.path}

    # -- changesets ----------------------------------------------------------------------------

    def _cs_new(self, step: Step) -> Answer:
        label = step.text("cs")
        changeset = LiveChangeset(f"changeset {label}")
        self.names.changesets[label] = changeset
        self.live.changesets.append(changeset)
        return {}

    def _cs_record(self, step: Step) -> Answer:
        changeset = self.names.changeset(step)
        node = self.names.node(step, step.text("node"))
        action = _RECORDED[step.op]
        prop = None
        if step.op == "cs_remove":
            prop = find_property(self.live, node, step.text("name"))
            if prop is None:
                return {"ret": _ret("-ENODEV")}
        elif action.endswith("property"):
            prop = self._property(step)
        changeset.record(self.live, action, node, prop)
        return {"ret": 0}

    def _property(self, step: Step) -> Property:
        value = step.data("value") if step.has("value") else b""
        prop = Property(step.text("name"), value, Maker.CALLER)
        self.live.made_properties.append(prop)
        return prop

    def _cs_apply(self, step: Step) -> Answer:
        return {"ret": _ret(self.names.changeset(step).apply(self.live))}

    def _cs_revert(self, step: Step) -> Answer:
        return {"ret": _ret(self.names.changeset(step).revert(self.live))}

    def _cs_destroy(self, step: Step) -> Answer:
        self.names.changeset(step).destroy(self.live)
        return {}

    # -- single changes ------------------------------------------------------------------------

    def _new_node(self, step: Step) -> Answer:
        parent = self.names.node(step, step.text("parent"))
        node = direct.new_node(self.live, parent, step.text("name"))
        self.names.enter(step.text("label"), node)
        return {}

    def _dup_node(self, step: Step) -> Answer:
        source = self.names.node(step, step.text("source"))
        parent = self.names.node(step, step.text("parent")) if step.has("parent") else source.parent
        if parent is None:
            raise wrong(codes.PARAMETER_MISSING, op=step.op, name="parent", wanted="a node")
        node = direct.dup_node(self.live, source, parent, step.text("name", source.name))
        self.names.enter(step.text("label"), node)
        return {}

    def _direct_node(self, step: Step) -> Answer:
        node = self.names.node(step, step.text("node"))
        error = _DIRECT_NODE[step.op](self.live, node)
        return {"ret": _ret(error)}

    def _direct_property(self, step: Step) -> Answer:
        node = self.names.node(step, step.text("node"))
        if step.op == "remove_property":
            return {"ret": _ret(direct.remove_property(self.live, node, step.text("name")))}
        error = _DIRECT_PROPERTY[step.op](self.live, node, self._property(step))
        return {"ret": _ret(error)}

    def _migrate(self, step: Step) -> Answer:
        return {"ret": 0, "changes": migrate(self.live, step)}

    # -- listeners, devices, memory ------------------------------------------------------------

    def _fail(self, step: Step) -> Answer:
        chain = step.choice("chain", CHAINS)
        actions = OVERLAY_ACTIONS if chain == "overlay" else RECONFIG_ACTIONS
        action = step.choice("action", actions)
        error = step.error("errno")
        order = Order(action, error, step.number("nth", 1), step.number("count", 1))
        self.listener.order(chain, order)
        return {}

    def _fail_off(self, step: Step) -> Answer:
        for chain in (step.choice("chain", CHAINS),) if step.has("chain") else CHAINS:
            self.listener.order(chain, None)
        return {}

    def _device(self, step: Step) -> Answer:
        assert self.live.platform is not None
        return operate(self.live.platform, step, lambda name: self.names.node(step, name))

    def _leak_scan(self, step: Step) -> Answer:
        if self.live.platform is not None:
            self.live.platform.retry()  # scanning takes long: workers get their turn
        changesets = [one.changeset for one in self.overlays.listed]
        changesets += self.names.changesets.values()
        if self.overlays.transition is not None:
            changesets += self.overlays.transition.leaving.changesets()
        labelled = [held.node for held in self.names.labels.values() if held.own > 0]
        return {"leaks": find_leaks(self.live, changesets, labelled)}

    def _dump(self, step: Step) -> Answer:
        from dtovl.script.touched import describe_nodes, touched_nodes

        one = step.has("node")
        nodes = [self.names.node(step, step.text("node"))] if one else touched_nodes(self)
        return {"nodes": describe_nodes(self, nodes, whole=one)}

    def state(self) -> Answer:
        """Give the state of tree, named nodes and devices, as recordings have it."""
        from dtovl.script.dump import dump_state

        return dump_state(self)


def ops() -> list[str]:
    """List the names of all operations."""
    return sorted({*QUERIES, *_OPS})


def _ret(error: str) -> int | str:
    return error or 0


def _corruption(findings: list[Diagnostic]) -> str | None:
    for found in findings:
        if found.code in _CORRUPTING:
            return found.message
    return None


_CORRUPTING = (
    live_codes.FREED_PARENT,
    live_codes.FREED_NODE_USED,
    live_codes.NAME_FREED_TWICE,
    live_codes.FREED_OVERLAY_USED,
    live_codes.READ_BEYOND,
)
_RECORDED = {
    "cs_attach": Action.ATTACH,
    "cs_detach": Action.DETACH,
    "cs_add": Action.ADD,
    "cs_update": Action.UPDATE,
    "cs_remove": Action.REMOVE,
    "cs_remove_stale": Action.REMOVE,
}
_DIRECT_NODE = {"attach_node": direct.attach_node, "detach_node": direct.detach_node}
_DIRECT_PROPERTY = {
    "new_property": direct.new_property,
    "add_property": direct.add_property,
    "update_property": direct.update_property,
}
_OPS: dict[str, Callable[[Machine, Step], Answer]] = {
    "apply": Machine._apply,
    "remove": Machine._remove,
    "remove_all": Machine._remove_all,
    **dict.fromkeys(replacing.REPLACING, Machine._replacing),
    "keep": Machine._keep,
    "hold": Machine._hold,
    "hold_phandle": Machine._hold_phandle,
    "get": Machine._get,
    "put": Machine._put,
    "release": Machine._release,
    "refs": Machine._refs,
    "print_path": Machine._print_path,
    "cs_new": Machine._cs_new,
    **dict.fromkeys(_RECORDED, Machine._cs_record),
    "cs_apply": Machine._cs_apply,
    "cs_revert": Machine._cs_revert,
    "cs_destroy": Machine._cs_destroy,
    "new_node": Machine._new_node,
    "dup_node": Machine._dup_node,
    **dict.fromkeys(_DIRECT_NODE, Machine._direct_node),
    **dict.fromkeys((*_DIRECT_PROPERTY, "remove_property"), Machine._direct_property),
    "migrate": Machine._migrate,
    "fail": Machine._fail,
    "fail_off": Machine._fail_off,
    **dict.fromkeys(("populate", "driver", "unbind", "bind"), Machine._device),
    "leak_scan": Machine._leak_scan,
    "dump": Machine._dump,
}
