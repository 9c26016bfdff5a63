"""Operations of a session as a person reads them, and for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dtovl.codes.base import Severity
from dtovl.report.kernel_log import log_lines, log_objects
from dtovl.report.spans import BLANK, Line, amount
from dtovl.report.text import counts, diagnostics_lines, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dtovl.checks.kernel_kinds import Kind
    from dtovl.diagnostics import Diagnostic
    from dtovl.session.journal import Operation

_LOUDEST_LEVEL = 6  # of the kernel's lines; what is above is shown by debugging kernels only


def operation_words(operation: Operation) -> str:
    """Say what was asked: `apply camera.dtbo`."""
    step = operation.step
    op, name = str(step.get("op")), step.get("overlay")
    if op == "apply":
        return f"apply {name}"
    if op == "remove":
        return f"remove #{step.get('id')}" + (f" ({name})" if name else "")
    if op == "remove_all":
        return "remove all"
    if op in ("hold", "release") and "as" in step:
        return f"{op} {step.get('path')} as {step['as']}"
    if op == "replace":
        return _replace_words(step)
    if op in ("replace_reverse", "replace_force"):
        return {"replace_reverse": "reverse the replacement"}.get(op, "give up what is held")
    if op == "migrate":
        return f"migrate {step.get('log', '')} ({step.get('policy', 'changes')})"
    return " ".join([op, *(f"{key}={value}" for key, value in step.items() if key != "op")])


def _replace_words(step: Mapping[str, Any]) -> str:
    names = zip(step["old"], step["overlays"], strict=True)
    old = [f"#{number} ({name})" if name else f"#{number}" for number, name in names]
    return f"replace {', '.join(old) or 'nothing'} by {', '.join(step['new']) or 'nothing'}"


def answer_words(operation: Operation) -> str:
    """Say what came of it: `in force as #1`."""
    result, op = operation.result, operation.step.get("op")
    if operation.refused:
        return "refused, as Linux would crash; nothing is kept of it"
    ret, number = result.get("ret"), result.get("id")
    if isinstance(ret, str):
        if op == "apply" and number:
            return f"{ret}; it keeps id #{number}"
        # The kernel sets the id to 0 when the overlay is gone; who asks for 0 gets it back.
        gone = op == "remove" and number == 0 and operation.step.get("id") != 0
        return f"{ret}, but it is gone" if gone else ret
    words = {"apply": f"in force as #{number}", "remove": "removed", "remove_all": "removed"}
    if op == "migrate":
        words["migrate"] = amount(int(result.get("changes", 0)), "change")
    if "order" in result:
        added = ", ".join(f"#{number}" for number in result.get("added", ()))
        words[str(op)] = f"in force as {added}" if added else "removed"
        if "freed" not in result:
            words[str(op)] += ", not over"
    elif result.get("freed"):
        freed = ", ".join(f"#{number} ({name})" for number, name in result["freed"])
        words[str(op)] = f"{freed} is free now"
    done = words.get(str(op), "" if ret in (0, None) else str(ret))
    return f"{done}; memory is corrupted" if result.get("hazard") else done


def kernel_texts(operation: Operation) -> list[str]:
    """Give the lines of the kernel log that an ordinary kernel shows."""
    log = operation.result.get("log", ())
    return [one["text"] for one in log if one.get("level", _LOUDEST_LEVEL + 1) <= _LOUDEST_LEVEL]


def heading(operation: Operation) -> Line:
    """Write number, what was asked, and what came of it."""
    number = f"{operation.number or '-':>3}  "
    answer = answer_words(operation)
    undone = not operation.in_force and not operation.refused
    style = "dim" if undone else "bad" if operation.failed else "good"
    spans = [("label", number), ("heading", operation_words(operation))]
    if answer:
        spans += [("", ": "), (style, answer)]
    if undone:
        spans.append(("dim", "  (undone)"))
    return Line(tuple(spans), hang=5)


def operations_lines(
    operations: Sequence[Operation], *, verbose: bool = False, quiet: bool = False
) -> Iterator[Line]:
    """Write operations that were just carried out, with the kernel's lines; then the findings."""
    findings = [found for operation in operations for found in operation.findings]
    told = shown(findings, Severity.INFO if verbose else Severity.WARNING)
    # What a finding quotes stands there, beside the explanation.
    quoted = {text for found in told for text in found.kernel}
    for operation in () if quiet else operations:
        yield heading(operation)
        texts = [text for text in kernel_texts(operation) if text not in quoted]
        yield from log_lines(texts, verbose=verbose)
    if told and not quiet:
        yield BLANK
    yield from diagnostics_lines(told)
    hidden = len(shown(findings, Severity.INFO)) - len(told)
    if not quiet and (told or hidden):
        more = f"{amount(hidden, 'info finding')} shown with -v" if hidden else ""
        yield BLANK
        yield Line((("heading", "; ".join(filter(None, (counts(told), more)))),))


def history_lines(
    operations: Iterable[Operation], *, verbose: bool = False, quiet: bool = False
) -> Iterator[Line]:
    """Write the journal: every operation, the kernel's lines, and what was found in short.

    What a line of the kernel means is said at the first one of its kind. quiet: only operations
    that failed or have warnings or errors, and these; not what the kernel prints.
    """
    told: set[Kind] = set()
    least = Severity.INFO if verbose else Severity.WARNING
    for operation in operations:
        findings = shown(operation.findings, least)
        if quiet and not findings and not operation.failed:
            continue
        yield heading(operation)
        if not quiet:
            yield from log_lines(kernel_texts(operation), told, verbose=verbose)
        for found in findings:
            yield _short(found)


def _short(found: Diagnostic) -> Line:
    severity = found.severity.label
    path = f" {found.path}: " if found.path else " "
    spans = (
        ("label", "  finding "),
        (severity, f"{severity}[{found.code.number}]"),
        ("path", path),
        ("", found.message),
    )
    return Line(spans, hang=10, fixed=3)


def operation_object(operation: Operation) -> dict[str, object]:
    """Give an operation for machines."""
    from dtovl.report.json import diagnostics

    result = dict(operation.result)
    log = result.pop("log", ())
    lines = [one for one in log if "level" in one]
    meanings = log_objects(one["text"] for one in lines)
    return {
        "number": operation.number or None,
        "in_force": operation.in_force,
        "failed": operation.failed,
        "step": dict(operation.step),
        "result": {key: value for key, value in result.items() if key != "hazard"},
        "hazard": result.get("hazard") or None,
        "kernel": [
            {"level": line["level"], **meaning}
            for line, meaning in zip(lines, meanings, strict=True)
        ],
        "events": [one for one in log if "level" not in one],
        "diagnostics": diagnostics(operation.findings),
    }
