"""What can be wrong with the configuration of a check (DT60x, DT61x)."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

_SOURCE = "dtovl check"

CONFIG_UNREADABLE = Code(
    "DT600",
    "config-unreadable",
    Severity.ERROR,
    message="it cannot be read as a configuration: {what}",
    suggestion="`dtovl init-config` writes a commented configuration to begin with",
    source="YAML 1.2; bounds of dtovl",
    explanation="""\
The configuration is YAML: a mapping of the keys that `dtovl init-config` explains. It is read
safely: no tags, no anchors, bounded size and depth. A word that begins with a star, a brace or an
exclamation mark means something else in YAML, so a glob that begins so needs quotes.

    overlays: [**/*.dtso]
    overlays: ['**/*.dtso']""",
)

KEY_UNKNOWN = Code(
    "DT601",
    "config-key-unknown",
    Severity.ERROR,
    message="unknown key {key}{hint}",
    suggestion="{where} has the keys {known}",
    source=_SOURCE,
    explanation="""\
A key means nothing to dtovl. It is refused, since what is misspelled would be passed over without
a word, and the check would not check what it is meant to.

    overlay: [overlays/*.dtso]
    overlays: [overlays/*.dtso]""",
)

VALUE_WRONG = Code(
    "DT602",
    "config-value-wrong",
    Severity.ERROR,
    message="{key} must be {wanted}, not {got}{hint}",
    suggestion="mend `{key}`",
    source=_SOURCE,
    explanation="""\
A value is of the wrong kind, or none of the words that may stand there. Where a list is wanted, a
single text counts as a list of one.

    fail-on: errors
    fail-on: error""",
)

KEY_MISSING = Code(
    "DT603",
    "config-key-missing",
    Severity.ERROR,
    message="{where} lacks {key}: {wanted}",
    suggestion="add `{key}`",
    source=_SOURCE,
    explanation="""\
Without this key the entry says nothing. An expected failure needs its reason, so that whoever
reads it in a year knows whether it still holds.

    expected:
    - {base: boards/a.dtb, overlay: overlays/cam.dtbo}
    - {base: boards/a.dtb, overlay: overlays/cam.dtbo, reason: board a has no camera connector}""",
)

PATH_OUTSIDE = Code(
    "DT604",
    "config-path-outside",
    Severity.ERROR,
    message="{path} in `{key}` leads out of the folder of the configuration",
    suggestion="keep the file below that folder, or name it on the command line",
    source=_SOURCE,
    explanation="""\
Whoever may change the configuration, such as a stranger with a pull request, must not make the
check read or write files elsewhere on the machine that runs it. So paths in it are relative to its
folder and stay below it. On the command line any path may be given.

    reports: {sarif: /etc/profile}
    reports: {sarif: out.sarif}""",
)

GLOB_WRONG = Code(
    "DT605",
    "config-glob-wrong",
    Severity.ERROR,
    message="{glob} in `{key}` is no glob: {what}",
    suggestion="`*` and `?` stay within a name, `**` crosses folders, `[ab]` and `{{a,b}}` choose",
    source=_SOURCE,
    explanation="""\
A glob stands for files or nodes: `*` for any characters of one name, `?` for one, `[a-c]` for one
of these, `{dtb,dts}` for either, and `**` as a whole name for any number of folders. Files whose
names have such characters in them match themselves as well.

    bases: boards/[ab.dtb
    bases: boards/[ab].dtb""",
)

RULE_UNKNOWN = Code(
    "DT606",
    "config-rule-unknown",
    Severity.ERROR,
    message="{rule} is neither number nor name of any finding{hint}",
    suggestion="`dtovl explain --list` lists all numbers and names",
    source=_SOURCE,
    explanation="""\
A rule names findings by number, by short name, or by a glob over either. One that names none would
never do anything.

    rules: {no-efect: off}
    rules: {no-effect: off, 'DT63*': info}""",
)

MATCHES_NOTHING = Code(
    "DT610",
    "config-matches-nothing",
    Severity.ERROR,
    message="{glob} in `{key}` matches no {kind}{hint}",
    suggestion="mend it, or take it out of the configuration",
    source=_SOURCE,
    explanation="""\
A glob or a path of the configuration stands for no file at all: it is misspelled, a folder has been
renamed, or what it names has not been built yet. Nothing of it is checked, and a check that checks
nothing must not pass.

    bases: board/*.dtb
    bases: boards/*.dtb""",
)

NOT_AMONG = Code(
    "DT611",
    "config-not-listed",
    Severity.ERROR,
    message="{glob} in `{key}` matches no {kind} of the configuration",
    suggestion="list it under `{kind}s`, or write the path of the file itself",
    source=_SOURCE,
    explanation="""\
A glob under `pairs`, `stacks` or `apart` chooses among the files that `bases` and `overlays` list,
and chooses none of them. The path of one file is taken as it is, listed or not.

    overlays: overlays/*.dtso
    apart: [[extra/display-*.dtso]]
    apart: [[overlays/display-*.dtso]]""",
)

BASE_AND_OVERLAY = Code(
    "DT612",
    "config-base-and-overlay",
    Severity.ERROR,
    message="{file} is listed under `bases` and under `overlays`",
    suggestion="make one of the globs narrower, or leave the file out with `except`",
    source=_SOURCE,
    explanation="""\
A file is a base or an overlay, never both. It is taken for what its content says it is, and the
configuration has to be mended.

    bases: '**/*.dts'
    overlays: 'overlays/*.dts'
    bases: {files: '**/*.dts', except: 'overlays/*.dts'}""",
)

WRONG_KIND = Code(
    "DT613",
    "config-wrong-kind",
    Severity.ERROR,
    message="{file} is listed under `{key}`, and is {what}",
    suggestion="leave it out with `except`, or list it under `{other}` if it belongs there",
    source=_SOURCE,
    explanation="""\
What a file holds does not fit the list that it stands in: an overlay has fragments with an
`__overlay__` node (in source: `/plugin/;`), a base has none. The file is left out of the pairing.

    bases: build/*.dtb                               has cam.dtbo.dtb in it, too
    bases: {files: build/*.dtb, except: 'build/*.dtbo.dtb'}""",
)

STACK_GLOB = Code(
    "DT614",
    "config-stack-without-order",
    Severity.ERROR,
    message="{glob} in `stacks` stands for {count} overlays, and a stack has an order",
    suggestion="name each overlay, in the order in which they are applied",
    source=_SOURCE,
    explanation="""\
The overlays of a stack are applied one after the other, and the order decides what comes of it. A
glob says nothing about the order of what it finds.

    stacks: [{bases: a.dtb, overlays: 'overlays/*.dtbo'}]
    stacks: [{bases: a.dtb, overlays: [overlays/display.dtbo, overlays/touch.dtbo]}]""",
)

TOO_MANY = Code(
    "DT615",
    "config-too-many",
    Severity.ERROR,
    message="there are {count} {what}, the bound is {limit}",
    suggestion="make the globs narrower, or raise `limits: {{{key}: ...}}`",
    source=_SOURCE,
    explanation="""\
The work that a configuration asks for is bounded, so that a slip such as `overlays: '**'` ends with
a message and not with a machine that is busy for hours.

    limits: {cases: 100000}
    limits: {cases: 500000}""",
)

GLOBS_TOO_COSTLY = Code(
    "DT616",
    "config-globs-too-costly",
    Severity.ERROR,
    message="finding what all globs and paths stand for takes more than {limit} steps",
    suggestion="begin the globs with a folder, and let fewer of them have a **",
    source=_SOURCE,
    explanation="""\
Each glob with `**` looks at every file below its folder. Thousands of them in a large repository
would take minutes, and are no configuration that a person writes.

    pairs: [{bases: '**/a.dtb', overlays: '**/a-*.dtbo'}, ...]
    pairs: [{bases: boards/a.dtb, overlays: 'overlays/a-*.dtbo'}, ...]""",
)

LINK_OUTSIDE = Code(
    "DT617",
    "config-link-outside",
    Severity.ERROR,
    message="{file} is a link that leads out of the folder of the configuration",
    suggestion="put the file itself there, or leave the link out with `except`",
    source=_SOURCE,
    explanation="""\
A symbolic link can make the check read any file of the machine that runs it, and messages quote
what they cannot read. Whoever sends in a change may send in links, so those that lead outside are
not followed. Links to files within the folder are.

    boards/a.dts -> /etc/passwd
    boards/a.dts -> ../vendor/a.dts""",
)

NOTHING_TO_CHECK = Code(
    "DT618",
    "nothing-to-check",
    Severity.ERROR,
    message="{folder} holds no {missing}",
    suggestion="`dtovl init-config` writes a configuration in which you say where they are",
    source=_SOURCE,
    explanation="""\
Without a configuration dtovl looks for bases (blobs and source of boards) and overlays by what is
in the files: *.dtb, *.dts, *.dtbo, *.dtso and *.overlay, below the folder given. Hidden folders are
left out, and folders of build output unless nothing is found elsewhere.

    dtovl check .                                    the boards are not built yet
    make dtbs && dtovl check .""",
)

NO_CASE = Code(
    "DT619",
    "no-case",
    Severity.ERROR,
    message="nothing is tried: none of {overlays} goes with any of {bases}",
    suggestion="say in `pairs` or `stacks` which overlay goes with which base",
    source=_SOURCE,
    explanation="""\
A check that checks nothing must not pass: nobody would notice when a renamed folder or a changed
`compatible` has emptied it.

Bad: `pairs: [{bases: [], overlays: overlays/*.dtso}]`, which is for overlays that stacks use, and
no `stacks`.

Mended:

    pairs:
      - {bases: boards/*.dts, overlays: overlays/*.dtso}""",
)
