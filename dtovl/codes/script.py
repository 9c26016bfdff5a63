"""DT280 to DT289: step files, and steps that are wrong in themselves."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

STEP_WITHOUT_OP = Code(
    "DT280",
    "step-without-op",
    Severity.ERROR,
    message="a step has no op: {got}",
    suggestion="write each step as `op: NAME` with its parameters",
    source="dtovl run",
    explanation="""\
A step is a mapping with the name of an operation under `op`, and its parameters.

    - apply camera.dtbo
    - op: apply
      overlay: camera.dtbo
      as: camera""",
)

OP_UNKNOWN = Code(
    "DT281",
    "op-unknown",
    Severity.ERROR,
    message="there is no op {op}{hint}",
    suggestion="`dtovl run --help` lists the operations",
    source="dtovl run",
    explanation="""\
The name under `op` is none of the operations that dtovl can carry out.

    - {op: aply, overlay: camera.dtbo}
    - {op: apply, overlay: camera.dtbo, as: camera}""",
)

PARAMETER_MISSING = Code(
    "DT282",
    "parameter-missing",
    Severity.ERROR,
    message="{op} needs {name}: {wanted}",
    suggestion="add `{name}` to the step",
    source="dtovl run",
    explanation="""\
An operation cannot be carried out without this parameter.

    - {op: hold, label: driver}
    - {op: hold, label: driver, path: /soc/i2c@4000}""",
)

PARAMETER_WRONG = Code(
    "DT283",
    "parameter-wrong",
    Severity.ERROR,
    message="{name} of {op} must be {wanted}, not {got}",
    suggestion="mend `{name}` in the step",
    source="dtovl run",
    explanation="""\
A parameter is of the wrong kind. Values of properties are written as hex digits.

    - {op: update_property, node: /soc, name: status, value: okay}
    - {op: update_property, node: /soc, name: status, value: 6f6b617900}""",
)

NAME_UNKNOWN = Code(
    "DT284",
    "name-unknown",
    Severity.ERROR,
    message="{op}: no {kind} is called {name}{hint}",
    suggestion="name it in an earlier step, or give the path of a node that is there",
    source="dtovl run",
    explanation="""\
A step refers to an overlay, node or changeset by a label that no earlier step gave, or to a path
that the tree does not have.

    - {op: remove, overlay: camera}
    - {op: apply, overlay: camera.dtbo, as: camera}
    - {op: remove, overlay: camera}""",
)

KERNEL_GONE = Code(
    "DT285",
    "kernel-gone",
    Severity.ERROR,
    message="{op} is not carried out: an earlier step would have crashed the kernel",
    suggestion="leave out the step that crashes it",
    source="dtovl run",
    explanation="""\
After a step that crashes the kernel nothing can be said of later ones: what a board does then is
chance, and mostly nothing at all. `dtovl run` ends with the step that crashes.

    - {op: apply, overlay: broken.dtbo, as: broken}   fails while it is built
    - {op: remove, overlay: broken}                   crashes Linux 6.1
    - {op: dump}                                      nobody is there to answer""",
)

FILE_WRONG = Code(
    "DT286",
    "steps-unreadable",
    Severity.ERROR,
    message="{what}",
    suggestion="see `dtovl run --help` for the form of a step file",
    source="dtovl run",
    explanation="""\
A step file is YAML or JSON: a mapping with `base` and a list of `steps`. It is read safely: no
tags, bounded size, depth and aliases.

    base: board.dtb
    steps:
    - {op: apply, overlay: camera.dtbo, as: camera}
    - {op: remove, overlay: camera}""",
)

YAML_REFUSED = Code(
    "DT287",
    "yaml-refused",
    Severity.ERROR,
    message="{name} cannot be read as YAML: {what}",
    suggestion="mend the line; quotes keep what has `:`, `#`, `{{` or `*` in it as text",
    source="YAML 1.2; bounds of dtovl",
    explanation="""\
What dtovl takes of YAML is mappings, lists, text and numbers. Tags, several documents, a key that
stands twice, anchors that hold themselves, and files that grow beyond a bound when their aliases
are written out are refused, as such files do harm to those who read them carelessly.

    base: board.dtb
    base: other.dtb                                  which one?
    base: board.dtb                                  once""",
)

RECORDING_DIFFERS = Code(
    "DT288",
    "recording-differs",
    Severity.ERROR,
    message="step {step} ({op}) is not as recorded: {what}",
    suggestion="was it recorded on another kernel? `--kernel` tells which one dtovl is to be",
    source="dtovl run --check",
    explanation="""\
The file holds what a kernel answered when it carried out the step, and dtovl answers something
else: the kernel is of another version or configuration, its drivers did something that dtovl cannot
know, the base is not what the board ran with, or dtovl is wrong about the kernel.

    dtovl run case.json --check                      recorded on Linux 7.2
    dtovl run case.json --check --kernel 7.2""",
)

PARAMETER_UNKNOWN = Code(
    "DT289",
    "parameter-unknown",
    Severity.ERROR,
    message="{what} has no parameter {name}{hint}",
    suggestion="leave it out; it has {known}",
    source="dtovl run",
    explanation="""\
A step, or the step file itself, has a key that means nothing. It is refused, since a parameter that
is misspelled would be passed over without a word.

    - {op: fail, chain: overlay, action: pre-apply, errno: EBUSY, nht: 2}
    - {op: fail, chain: overlay, action: pre-apply, errno: EBUSY, nth: 2}""",
)
