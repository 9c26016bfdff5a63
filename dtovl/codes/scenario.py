"""Scenario files of lifetimes that cannot be read: nothing is simulated (DT700 to DT719)."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

SOURCE = "format of scenario files, docs/lifetimes.md"

NOT_YAML = Code(
    "DT700",
    "scenario-not-yaml",
    Severity.ERROR,
    message="not valid YAML",
    suggestion="mend the syntax at this place; often a bracket or quote above is not closed",
    source=SOURCE,
    explanation="""The parser of YAML cannot go on at this place. A second document in the file and
a list or mapping used as a key count as well, and so does nesting that no scenario has.

    locks: [klp_mutex                       # the bracket is not closed
    actors: {a: {}}

Mended:

    locks: [klp_mutex]
    actors: {a: {}}

The place is where the parser noticed; the cause may stand in a line before.""",
)

NOT_UTF8 = Code(
    "DT701",
    "scenario-not-utf8",
    Severity.ERROR,
    message="not UTF-8",
    suggestion="save the file as UTF-8",
    source=SOURCE,
    explanation="""A scenario file is UTF-8, with or without a mark of byte order. Text that another
encoding wrote, for instance a note with an umlaut in Latin-1, is refused rather than guessed at.

    note: Gerät weg                         # saved as Latin-1: ä is the one byte e4

Mended: the same line, saved as UTF-8, where ä is the two bytes c3 a4.""",
)

TOO_LARGE = Code(
    "DT702",
    "scenario-too-large",
    Severity.ERROR,
    message="{what}",
    suggestion="cut the scenario into several",
    source=SOURCE,
    explanation="""A scenario file has at most 1 MiB, 10 000 events and 100 aliases, so that a file
of unknown origin cannot take more memory and time than is reasonable.

    events: [ ... 12 000 of them ... ]

Mended: two scenarios, each with the events of one phase. One behaviour rarely takes more than 40
events; a longer list is often the same sequence, repeated.""",
)

NO_MAPPING = Code(
    "DT703",
    "scenario-no-mapping",
    Severity.ERROR,
    message="{what} must be a mapping",
    suggestion="write it as `key: value`, with the keys of the format",
    source=SOURCE,
    explanation="""The file as a whole, and every entry of `events`, is a mapping of keys to values.
An empty file is none.

    events:
      - alloc o                             # a string

Mended:

    events:
      - {actor: a, do: alloc, object: o}""",
)

YAML_FEATURE = Code(
    "DT704",
    "scenario-yaml-feature",
    Severity.ERROR,
    message="{what} are not allowed",
    suggestion="write the value out",
    source=SOURCE,
    explanation="""Of YAML, scenarios take mappings, lists, scalars, anchors and aliases. Tags
(`!!python/...`, `!!str`) and merge keys (`<<`) are refused: with them a file means something else
to each reader, and tags have been used to run code.

    a: &x {kind: thread}
    b: {<<: *x}                             # a merge key

Mended, by an alias or by writing it out:

    a: &x {kind: thread}
    b: *x""",
)

DUPLICATE_KEY = Code(
    "DT705",
    "scenario-key-twice",
    Severity.ERROR,
    message="duplicate key '{key}' (first at line {line})",
    suggestion="keep one of the two",
    source=SOURCE,
    explanation="""A key stands twice in one mapping. Most readers of YAML let the last one win
without a word, and what the first one says is lost.

    objects:
      crtc: {kind: memory}
      crtc: {kind: kref}

Mended:

    objects:
      crtc: {kind: memory}
      crtc_state: {kind: kref}""",
)

MISSING_KEY = Code(
    "DT706",
    "scenario-key-missing",
    Severity.ERROR,
    message="missing key '{key}'",
    suggestion="add {key}",
    source=SOURCE,
    explanation="""A scenario needs `dtovl-scenario`, `name`, `actors` and `events`; an event needs
`actor` and `do`.

    - {do: alloc, object: o}                # by whom?

Mended:

    - {actor: probe, do: alloc, object: o}

The place is the beginning of the mapping that lacks the key.""",
)

UNKNOWN_WORD = Code(
    "DT707",
    "scenario-unknown-word",
    Severity.ERROR,
    message="unknown {what} '{word}'{hint}",
    suggestion="use one of the words of the format",
    source=SOURCE,
    explanation="""A key, verb, kind or phase is none that the format has. Nothing is ignored: a
misspelt key would silently mean its default.

    objekts: {o: {kind: memory}}
    - {actor: a, do: aloc, object: o}

Mended:

    objects: {o: {kind: memory}}
    - {actor: a, do: alloc, object: o}

When one letter makes it a word that stands there, the message names that word.""",
)

VERSION = Code(
    "DT708",
    "scenario-version",
    Severity.ERROR,
    message="format version {version} is not supported, expected 1",
    suggestion="use a release of dtovl that knows the format, or rewrite the file for version 1",
    source=SOURCE,
    explanation="""The number under `dtovl-scenario` is the version of the format. This release
knows version 1; another one may give the same words another sense, so it is not tried.

    dtovl-scenario: 2

Mended:

    dtovl-scenario: 1""",
)

WRONG_TYPE = Code(
    "DT709",
    "scenario-wrong-type",
    Severity.ERROR,
    message="'{key}' must be {wanted}",
    suggestion="write the value as what is wanted; put quotes around a string that YAML misreads",
    source=SOURCE + "; YAML 1.1",
    explanation="""The value has another type than the key wants. The usual trap is YAML 1.1, which
reads `on`, `off`, `yes`, `no` as booleans, `1_000` and `12:30` as numbers and `2024-05-01` as a
date, unless they stand in quotes.

    name: on                                # true

Mended:

    name: "on"

`null` is allowed for what stands under an id, as in `actors: {a: }`, and nowhere else.""",
)

NO_ACTORS = Code(
    "DT710",
    "scenario-no-actors",
    Severity.ERROR,
    message="'actors' must not be empty",
    suggestion="name at least one actor",
    source=SOURCE,
    explanation="""Every event is a step of some actor, so a scenario without actors can have no
events. The other sections may be empty or left out.

    actors: {}

Mended:

    actors: {probe: {}}""",
)

NOT_AN_ID = Code(
    "DT711",
    "scenario-not-an-id",
    Severity.ERROR,
    message="'{value}' is not a valid {what}",
    suggestion="use letters, digits and `_ . / -`; an id begins with a letter or `_`",
    source=SOURCE,
    explanation="""Ids of actors, objects, scopes, locks, completions, gates, modules, holds and
events begin with a letter or `_`, and go on with letters, digits, `_`, `.`, `/` and `-`. The name
of a scenario has letters, digits, `.`, `_` and `-`, in any order.

    locks: [9lives]

Mended:

    locks: [lives9]""",
)

DUPLICATE_ID = Code(
    "DT712",
    "scenario-id-twice",
    Severity.ERROR,
    message="duplicate {what} '{name}'{first}",
    suggestion="give one of the two another id",
    source=SOURCE,
    explanation="""An id stands twice in a list, names both a lock and a completion, or is that of
two events. Locks and completions share one name space since actors wait for both by name. An event
without an `id` is `e` and its number in the list, and can meet an id that was given.

    locks: [ready]
    completions: [ready]

Mended:

    locks: [list_lock]
    completions: [ready]""",
)

NOT_DECLARED = Code(
    "DT713",
    "scenario-not-declared",
    Severity.ERROR,
    message="unknown {what} '{name}'",
    suggestion="declare {name}, or mend its spelling",
    source=SOURCE,
    explanation="""An event or an attribute refers to something that no section declares; an `after`
refers to an event that is not in the list. A holder (`by`) is an actor, an object or a scope.

    actors: {probe: {}}
    - {actor: prove, do: alloc, object: o}

Mended:

    actors: {probe: {}}
    - {actor: probe, do: alloc, object: o}

Only holds and pins need no declaration: events make them.""",
)

FIELD_MISSING = Code(
    "DT714",
    "scenario-field-missing",
    Severity.ERROR,
    message="verb '{verb}' needs {fields}",
    suggestion="add {fields} to the event",
    source=SOURCE + ", verbs",
    explanation="""Every verb has fields that it cannot do without: what it is done to, and the name
of the hold that it makes.

    - {actor: a, do: get, object: node}     # which name has the reference?

Mended:

    - {actor: a, do: get, object: node, as: a_node}""",
)

FIELD_NOT_TAKEN = Code(
    "DT715",
    "scenario-field-not-taken",
    Severity.ERROR,
    message="verb '{verb}' takes {fields}",
    suggestion="leave the field out, or use the verb that takes it",
    source=SOURCE + ", verbs",
    explanation="""The verb has no such field, so it would have no effect. `put` takes an object, to
drop its first reference, or a hold, to drop that one; with both it is not said which is meant.

    - {actor: a, do: put, object: node, hold: a_node}

Mended:

    - {actor: a, do: put, hold: a_node}""",
)

WRONG_KIND = Code(
    "DT716",
    "scenario-wrong-kind",
    Severity.ERROR,
    message="{what} does not apply to kind '{kind}'",
    suggestion="give the object the kind that is meant, or use another verb",
    source=SOURCE + ", verbs; kernel lib/kobject.c",
    explanation="""`get` and `put` need an object whose references count (`kref`, `kobject`), `init`
and `del` a `kobject` or `list`, `add`, `parent` and operations in sysfs a `kobject`. A `kref` is
allocated with its first reference, so it cannot be `static`.

    objects: {o: {kind: memory}}
    - {actor: a, do: get, object: o, as: h}

Mended, where the object is counted:

    objects: {o: {kind: kref}}
    - {actor: a, do: get, object: o, as: h}

and where it is not, with a pointer that does not count: `do: borrow`.""",
)

NOT_ALLOCATED = Code(
    "DT717",
    "scenario-not-allocated",
    Severity.ERROR,
    message="object '{name}' is used before it is allocated",
    suggestion="add `do: alloc` before it, or declare the object `static: true`",
    source=SOURCE,
    explanation="""No event before this one in the list allocates the object, and it is not static.
That is a mistake of the scenario, not of what it describes. `put`, `del`, `add` and `get` of a
kobject are let through: the run judges them (T004).

    - {actor: a, do: use, object: o}

Mended:

    - {actor: a, do: alloc, object: o}
    - {actor: a, do: use, object: o}""",
)

HOLD_TAKEN = Code(
    "DT718",
    "scenario-hold-taken",
    Severity.ERROR,
    message="hold '{name}' is {reason}",
    suggestion="use another name, or drop the first hold before",
    source=SOURCE,
    explanation="""A hold, or the pin of a module, has a name of its own as long as it lasts: from
the `as` of get, borrow, link or pin to the put, forget, unlink or unpin that names it.
`OBJECT.initial` and `OBJECT.parent` are the names of the references that alloc, init and add make.

    - {actor: a, do: borrow, object: o, as: ptr}
    - {actor: a, do: borrow, object: p, as: ptr}

Mended:

    - {actor: a, do: borrow, object: o, as: o_ptr}
    - {actor: a, do: borrow, object: p, as: p_ptr}""",
)

WRONG_ORDER = Code(
    "DT719",
    "scenario-wrong-order",
    Severity.ERROR,
    message="event '{event}' {order}",
    suggestion="move the event behind those that its `after` names, or mend the `after`",
    source=SOURCE + ", `after`",
    explanation="""`after` names events that come before by design. The list is one order of events,
so it has to respect that. Events that each come after the other, also by way of the order in which
one actor does things, can have no order at all.

    - {id: read, actor: reader, do: use, object: o, after: [made]}
    - {id: made, actor: writer, do: alloc, object: o}

Mended:

    - {id: made, actor: writer, do: alloc, object: o}
    - {id: read, actor: reader, do: use, object: o, after: [made]}""",
)
