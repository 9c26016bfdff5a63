"""Handing a blob to the running kernel (rows K010 to K018), and what its listeners do to it."""

from __future__ import annotations

from struct import pack_into
from typing import TYPE_CHECKING

import pytest
from support.applying import apply_blob
from support.blob import blob
from support.overlays import at, facts, inside, overlay_content, overlay_of, state, to
from support.trees import Content, again, tree_of

from dtovl.model.dialect import LINUX, Problem
from dtovl.overlay.apply import apply_overlay

if TYPE_CHECKING:
    from collections.abc import Callable

    from dtovl.model.node import Node
    from dtovl.overlay.outcome import Outcome

BASE: Content = {
    "soc": {"phandle": 5, "bare": {"x": 1}},
    "__symbols__": {"soc": "/soc"},
}
GOOD = blob(overlay_content(at("/soc", {"n": {"p": 1}, "q": 1})))
HEADER_LINE = "OF: overlay: Invalid overlay_fdt header"
UNFLATTEN_LINE = "OF: overlay: unable to unflatten overlay_fdt"
OFF_STRUCT, OFF_STRINGS, VERSION, COMPATIBLE, SIZE_STRUCT = 8, 12, 20, 24, 36


def lines(outcome: Outcome) -> list[str]:
    return [line.text for line in outcome.lines]


def changed(offset: int, number: int) -> bytes:
    """Give the good blob with one word of it replaced."""
    data = bytearray(GOOD)
    pack_into(">I", data, offset, number)
    return bytes(data)


def word(offset: int) -> int:
    return int.from_bytes(GOOD[offset : offset + 4], "big")


# -- header and structure --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "size", "problem", "log"),
    [
        pytest.param(GOOD, 39, Problem.HEADER, [HEADER_LINE], id="K010"),
        pytest.param(b"", None, Problem.HEADER, [HEADER_LINE], id="K010-empty"),
        pytest.param(changed(0, 0xEDFE0DD0), None, Problem.HEADER, [HEADER_LINE], id="K011-magic"),
        pytest.param(changed(VERSION, 1), None, Problem.HEADER, [HEADER_LINE], id="K011-old"),
        pytest.param(changed(COMPATIBLE, 18), None, Problem.HEADER, [HEADER_LINE], id="K011-new"),
        pytest.param(changed(VERSION, 15), None, Problem.HEADER, [HEADER_LINE], id="K011-below"),
        pytest.param(
            changed(OFF_STRUCT, 1 << 20), None, Problem.HEADER, [HEADER_LINE], id="K011-outside"
        ),
        pytest.param(GOOD, len(GOOD) - 1, Problem.SHORT, [], id="K012"),
        pytest.param(GOOD[:-1], None, Problem.SHORT, [], id="K012-cut"),
        pytest.param(
            changed(word(OFF_STRUCT) + 8, 0x55),
            None,
            Problem.STRUCTURE,
            ["OF: fdt: Error -11 processing FDT", UNFLATTEN_LINE],
            id="K013-tag",
        ),
        pytest.param(
            changed(word(OFF_STRUCT), 9),
            None,
            Problem.STRUCTURE_EMPTY,
            [UNFLATTEN_LINE],
            id="K013-empty",
        ),
    ],
)
def test_a_blob_that_the_kernel_cannot_read(
    data: bytes, size: int | None, problem: Problem, log: list[str]
) -> None:
    tree = tree_of(BASE)
    before = state(tree)
    outcome = apply_blob(tree, data, size=size)
    assert outcome.problem is problem
    assert outcome.error == "-EINVAL"
    assert lines(outcome) == log
    assert state(tree) == before


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(GOOD, id="good"),
        pytest.param(changed(VERSION, 99), id="a-later-version-that-is-compatible"),
        pytest.param(GOOD + b"more", id="bytes-behind"),
        pytest.param(
            changed(word(OFF_STRUCT) + word(SIZE_STRUCT) - 4, 0x1234), id="damaged-end-tag"
        ),
    ],
)
def test_what_the_kernel_is_lenient_about(data: bytes) -> None:
    tree = tree_of(BASE)
    outcome = apply_blob(tree, data)
    assert outcome.applies, outcome.refused
    assert facts(tree) - facts(tree_of(BASE)) == {"/soc/n", "/soc/n:p=00000001", "/soc:q=00000001"}


def test_a_property_name_outside_the_strings_is_passed_over_with_two_warnings() -> None:
    structure = word(OFF_STRUCT)
    # Behind the root and fragment@0 stands the property target-path.
    place = GOOD.index(b"\0\0\0\3", structure)
    outcome = apply_blob(tree_of(BASE), changed(place + 8, 0xFFFF))
    assert lines(outcome)[:2] == [f"OF: fdt: Cannot locate property at {place - structure:#x}"] * 2
    assert outcome.problem is Problem.TARGET_NONE


def test_k018_of_two_properties_of_one_name_both_are_kept() -> None:
    content: Content = {"n": {"p": 1, again("p"): 2}}
    outcome = apply_blob(tree_of(BASE), blob(overlay_content(at("/soc", content))))
    assert outcome.problem is Problem.DUPLICATE_PROPERTY


# -- listeners -------------------------------------------------------------------------------------


class Listener:
    """Answers what answer gives for a call, and keeps what it was told."""

    def __init__(self, answer: Callable[[str, str], str] = lambda *_: "") -> None:
        self.told: list[tuple[str, str]] = []
        self._answer = answer

    def overlay(self, action: str, target: Node, content: Node) -> str:
        return self._tell(action, target.path)

    def reconfig(self, action: str, node: Node, name: str | None) -> str:
        return self._tell(action, node.path if name is None else f"{node.path}:{name}")

    def _tell(self, action: str, what: str) -> str:
        self.told.append((action, what))
        return self._answer(action, what)


def answers(**errors: str) -> Callable[[str, str], str]:
    """Answer each action with its error."""
    return lambda action, _: errors.get(action.replace("-", "_"), "")


OVERLAY = overlay_of(
    to("soc", {"n": {"p": 1}, "bare": {"x": 2, "y": 3}}),
    at("/", {"z": 1}),
    symbols={"n": "/fragment@0/__overlay__/n"},
)


def test_k087_who_is_told_what_in_which_order() -> None:
    listener = Listener()
    assert apply_overlay(tree_of(BASE), OVERLAY, LINUX, notifier=listener).applies
    assert listener.told == [
        ("pre-apply", "/soc"),
        ("pre-apply", "/"),
        ("pre-apply", "/__symbols__"),
        ("attach-node", "/soc/n"),
        ("add-property", "/soc/n:p"),
        ("add-property", "/soc/n:name"),
        ("update-property", "/soc/bare:x"),
        ("add-property", "/soc/bare:y"),
        ("add-property", "/:z"),
        ("add-property", "/__symbols__:n"),
        ("post-apply", "/soc"),
        ("post-apply", "/"),
        ("post-apply", "/__symbols__"),
    ]


def test_k082_an_error_before_anything_is_built() -> None:
    tree = tree_of(BASE)
    before = state(tree)
    listener = Listener(lambda action, what: "-EBUSY" if what == "/" else "")
    outcome = apply_overlay(tree, OVERLAY, LINUX, notifier=listener)
    assert outcome.error == "-EBUSY"
    assert not outcome.applies
    assert listener.told == [("pre-apply", "/soc"), ("pre-apply", "/")]
    assert lines(outcome) == [
        "OF: overlay: overlay changeset pre-apply notifier error -16, target: "
    ]
    assert state(tree) == before


def test_k083_an_error_about_an_entry_undoes_nothing() -> None:
    tree = tree_of(BASE)
    listener = Listener(answers(attach_node="-EEXIST", update_property="-EBUSY"))
    outcome = apply_overlay(tree, OVERLAY, LINUX, notifier=listener)
    assert outcome.applies
    assert outcome.error == "-EBUSY"
    assert lines(outcome)[-3:] == [
        "OF: changeset notifier error @/soc/n",
        "OF: changeset notifier error @/soc/bare",
        "OF: overlay: overlay apply changeset entry notify error -16",
    ]
    assert tree.find("/soc/n") is not None
    assert listener.told[-1] == ("post-apply", "/__symbols__")


def test_k084_an_error_afterwards_ends_the_round() -> None:
    listener = Listener(answers(post_apply="-EINVAL"))
    outcome = apply_overlay(tree_of(BASE), OVERLAY, LINUX, notifier=listener)
    assert outcome.applies
    assert outcome.error == "-EINVAL"
    assert [what for action, what in listener.told if action == "post-apply"] == ["/soc"]
    assert lines(outcome)[-1] == (
        "OF: overlay: overlay changeset post-apply notifier error -22, target: /soc"
    )


def test_of_two_errors_that_about_an_entry_is_returned() -> None:
    listener = Listener(answers(attach_node="-EEXIST", post_apply="-EBUSY"))
    outcome = apply_overlay(tree_of(BASE), OVERLAY, LINUX, notifier=listener)
    assert outcome.error == "-EEXIST"


def test_nobody_is_told_of_what_is_refused_before() -> None:
    listener = Listener()
    overlay = overlay_of(to("soc", {}), local=inside({"gone": 0}))
    assert not apply_overlay(tree_of(BASE), overlay, LINUX, notifier=listener).applies
    assert listener.told == []
