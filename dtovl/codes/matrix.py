"""What a check of a whole matrix finds by itself (DT62x)."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

EXPECTED_PASSES = Code(
    "DT620",
    "expected-failure-passes",
    Severity.ERROR,
    message="it is declared to fail ({reason}), and nothing is wrong: {case}",
    suggestion="take the entry away from `expected`, or narrow its globs",
    source="dtovl itself",
    explanation="""\
The configuration says that this overlay does not go with this base, or that this stack fails. Now
it holds. An entry that is left there would hide the failure when it comes back, so it has to go.
Where the entry has globs, other cases may fail still: then name these.

    expected:
      - {overlay: cam.dtbo, base: "boards/*.dtb", reason: "no camera port"}
      - {overlay: cam.dtbo, base: boards/mini.dtb, reason: "no camera port"}    narrowed""",
)

EXPECTED_MATCHES_NOTHING = Code(
    "DT621",
    "expected-matches-nothing",
    Severity.WARNING,
    message="no case of the matrix is meant by the expected failure ({reason})",
    suggestion="correct the names, or take the entry away from `expected`",
    source="dtovl itself",
    explanation="""\
An entry of `expected` names a base, overlay or stack, and no case of the matrix has them: the file
was renamed or removed, no pairing brings the two together, or the name is mistyped. The failure
that somebody wanted to declare is then reported as a new one.

    expected:
      - {overlay: overlays/camera.dtbo, base: mini.dtb, reason: "no camera port"}
      - {overlay: overlays/cam.dtbo, base: boards/mini.dtb, reason: "no camera port"}""",
)

OVERLAY_FITS_NOTHING = Code(
    "DT622",
    "overlay-fits-nothing",
    Severity.WARNING,
    message="{overlay} goes with no base: it is validated by nobody",
    suggestion="pair it with a base in `pairs`, or give it the `compatible` of its board",
    source="Linux scripts/Makefile.dtbs: `.dtbo is not applied to any base`",
    explanation="""\
No pairing names the overlay, its root shares no string of `compatible` with a base, and no base has
all labels that it wants. So nothing is known of it, and it may have stopped working long ago. The
base that comes nearest, and what it lacks, often show a typing error or a board that is missing
among the bases.

    / { compatible = "acme,gatewy"; };                no base is called so
    / { compatible = "acme,gateway"; };               goes with boards/gateway.dtb""",
)

CASE_FAILED = Code(
    "DT623",
    "case-failed",
    Severity.ERROR,
    message="{overlay} is refused on {base}: {error}",
    suggestion="`dtovl apply {base} {overlays}` says why",
    source="the applier named: libfdt fdt_overlay_apply, kernel of_overlay_fdt_apply",
    explanation="""\
The applier refuses the overlay, and no finding says why: only verdicts were asked for, or a rule
has switched off the finding that does. The overlay does not work all the same. To let it pass, name
it under `expected` with the reason. The error is the applier's own.

    dtovl apply boards/mini.dtb overlays/cam.dtbo     names the label, the place, the cure""",
)

EXPECTED_OTHERWISE = Code(
    "DT624",
    "expected-otherwise",
    Severity.WARNING,
    message="it is declared to fail with {wanted} ({reason}), and fails otherwise: {case}",
    suggestion="mend what is new, or correct `error` of the entry",
    source="dtovl itself",
    explanation="""\
The case was declared to fail with a certain error, and it fails with another. So the failure is not
the one that somebody has looked at and found right: it is reported as new.

    expected:
      - {overlay: cam.dtbo, error: FDT_ERR_NOTFOUND, reason: "no camera port"}
    found: FDT_ERR_BADPHANDLE, the overlay itself is damaged""",
)

BASELINE_STALE = Code(
    "DT625",
    "baseline-stale",
    Severity.INFO,
    message="an entry of {baseline} no longer occurs: {number} {cause}",
    suggestion="write the baseline anew: `--write-baseline {baseline}`",
    source="dtovl itself",
    explanation="""\
The baseline lists findings that were there when it was written, so that only new ones fail the run.
This one has been mended since. While its entry stays, the same mistake could come back unseen.

    dtovl check --write-baseline known.json           leaves out what no longer occurs""",
)

BASELINE_UNUSABLE = Code(
    "DT626",
    "baseline-unusable",
    Severity.ERROR,
    message="{name} is no baseline: {what}",
    suggestion="give the file that `dtovl check --write-baseline` wrote, or write it anew",
    source="dtovl itself",
    explanation="""\
A baseline is a JSON document with the schema `dtovl-baseline/1`, one entry a line, that
`dtovl check --write-baseline FILE` writes. Commonly a merge has left conflict marks in it, or a
comma is missing after lines were taken out by hand.

    <<<<<<< HEAD                                      a merge was not finished
    dtovl check --write-baseline known.json           writes it anew""",
)

PART_UNUSABLE = Code(
    "DT627",
    "part-unusable",
    Severity.ERROR,
    message="{name} is no report that can be merged: {what}",
    suggestion="give the JSON reports that `dtovl check --shard i/n --report json=FILE` wrote",
    source="dtovl itself",
    explanation="""\
`dtovl check --merge` takes the reports of the parts of one run and makes the whole of them. They
are JSON documents with the schema `dtovl-check/1`. This file is something else, was cut off while
it was handed from one CI job to the next, or was changed on the way.

    dtovl check --merge part1.sarif part2.sarif       another format
    dtovl check --merge part1.json part2.json""",
)

PARTS_DIFFER = Code(
    "DT628",
    "parts-differ",
    Severity.ERROR,
    message="these are no parts of one run: {what}",
    suggestion="run all parts with the same files, configuration, options and version of dtovl",
    source="dtovl itself",
    explanation="""\
Parts can only be put together when they were cut from the same plan: the same bases, overlays and
cases, the same configuration, baseline and options, the same version of dtovl, the same n in
`--shard i/n`. Otherwise a case could be missing without a trace, or be judged by other rules.

    dtovl check --shard 1/2 ...; dtovl check --shard 2/3 ...     cut in another way
    dtovl check --shard 1/2 ...; dtovl check --shard 2/2 ...""",
)

PARTS_INCOMPLETE = Code(
    "DT629",
    "parts-incomplete",
    Severity.ERROR,
    message="the parts do not make the whole: {what}",
    suggestion="give each part of the run once; look for CI jobs that failed before they reported",
    source="dtovl itself",
    explanation="""\
`--merge` wants every part from 1/n to n/n, each once. A part that is missing could hold the only
failure; one that is given twice is mostly a mistyped name.

    dtovl check --merge part1.json part1.json         part 2 is missing, part 1 is there twice
    dtovl check --merge part1.json part2.json""",
)
