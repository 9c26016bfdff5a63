"""Results of a matrix as SARIF 2.1.0, for code scanning and editors.

A result is a cause at one place in a file, however many boards it shows on there. Limits are those
of GitHub's code scanning, which refuses a whole file that is past one of them.

Source: OASIS SARIF 2.1.0; GitHub, "SARIF support for code scanning".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dtovl.codes import find_code
from dtovl.codes.base import Severity
from dtovl.matrix.group import cause_of
from dtovl.matrix.result import Spot
from dtovl.report import explain
from dtovl.report.causes import (
    LINE,
    at,
    boards,
    by_weight,
    extent,
    headline,
    label,
    mark,
    shorten,
    sites,
    spot_of,
    subject,
)
from dtovl.report.escape import terminal
from dtovl.report.json import listing
from dtovl.report.spans import amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dtovl.matrix.checked import Checked, Group, Place
    from dtovl.report.causes import Mark, Site

Json = dict[str, object]

RESULTS = 25_000
"""Results of a run that GitHub takes; it shows the 5,000 most severe of them."""

PACKED = 10 * 1024 * 1024
"""Bytes that GitHub takes, packed by gzip."""

_RELATED = 20
_BOARDS = 100
_DESCRIPTION = 1024
_ROOT = "%SRCROOT%"
_LEFT_OUT = "left-out"
_LEVELS = {"info": "note"}


def render(checked: Checked, folder: str = "") -> str:
    """Write one SARIF log with one run; severe results come first.

    folder is where the names of files begin, seen from the root of the repository: with
    `firmware`, `boards/a.dts` is `firmware/boards/a.dts`. Results that are too many for GitHub are
    left out, the lightest first, and the last result says how many.
    """
    results = list(_results(checked, folder))
    text = _log(checked, results, RESULTS)
    shown = min(len(results), RESULTS)
    while shown > 1 and _packed(text) > PACKED:
        shown //= 2
        text = _log(checked, results, shown)
    return text


def _packed(text: str) -> int:
    from zlib import compress

    return len(text) if len(text) <= PACKED else len(compress(text.encode(), 6)) + 32


def _log(checked: Checked, results: list[Json], most: int) -> str:
    if len(results) > most:
        kept = results[: most - 1]
        results = [*kept, _left_out(results[most - 1], len(results) - len(kept))]
    run: Json = {
        "tool": {
            "driver": {
                "name": "dtovl",
                "version": terminal(checked.version) or "0",
                "rules": _rules(results),
            }
        },
        "invocations": [{"executionSuccessful": True}],
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            _ROOT: {"description": {"text": "The folder that names of files begin at."}}
        },
        "results": results,
    }
    if checked.shard:
        # Uploads of one category replace each other, so the parts of a run need one each.
        run["automationDetails"] = {"id": "dtovl/part-{}-of-{}/".format(*checked.shard)}
    head = '{\n"$schema": "https://json.schemastore.org/sarif-2.1.0.json",\n"version": "2.1.0",\n'
    text = f'{head}"runs": [\n{listing(run)}]\n}}\n'
    # In a build's log `##[` and `##vso[` begin commands anywhere in a line.
    return text.replace("##", "#\\u0023")


def _rules(results: Iterable[Json]) -> list[Json]:
    """Describe the codes that occur, by number, and give each result the index of its own."""
    rules: dict[str, Json] = {}
    for result in results:
        number = str(result["ruleId"])
        if number not in rules:
            rules[number] = _rule(number)
    order = {number: index for index, number in enumerate(sorted(rules))}
    for result in results:
        result["ruleIndex"] = order[str(result["ruleId"])]
    return [rules[number] for number in order]


def _rule(number: str) -> Json:
    code = find_code(number)
    if code is None:
        text = {"text": "Results that there was no room for" if number == _LEFT_OUT else number}
        return {"id": number, "shortDescription": text, "fullDescription": text, "help": text}
    plain = "\n".join("".join(span[1] for span in line.spans) for line in explain.code_lines(code))
    whole = code.explanation.split("\n\n")[0].replace("\n", " ").strip()
    return {
        "id": code.number,
        "name": code.name,
        "shortDescription": {"text": shorten(explain.code_says(code), _DESCRIPTION)},
        "fullDescription": {"text": shorten(whole or code.name, _DESCRIPTION)},
        "help": {"text": plain, "markdown": explain.code_markdown(code)},
        "defaultConfiguration": {"level": _level(code.severity)},
    }


def _level(severity: int) -> str:
    word = label(severity)
    return _LEVELS.get(word, word)


def _results(checked: Checked, folder: str) -> Iterator[Json]:
    standings = {group.standing for group in checked.groups}
    reasons = {
        (judged.case.base, judged.case.overlays, judged.case.name): judged.reason
        for judged in checked.cases
        if judged.reason
    }
    seen: dict[str, int] = {}
    for group in by_weight(checked.groups):
        for site in sites(group):
            result = _result(group, site, folder)
            result["partialFingerprints"] = _fingerprints(site, folder, seen)
            # Both are given for every result of a run or for none.
            if "known" in standings:
                result["baselineState"] = "unchanged" if group.standing == "known" else "new"
            if "expected" in standings:
                result["suppressions"] = _suppressions(group, site.places, reasons)
            yield result


def _result(group: Group, site: Site, folder: str) -> Json:
    paths = sorted({place.finding.path for place in site.places if place.finding.path})
    names = boards(site.places)
    properties: Json = {
        "standing": group.standing,
        "places": len(site.places),
        "boards": [_text(name) for name in names[:_BOARDS]],
        "boardCount": len(names),
    }
    result: Json = {
        "ruleId": terminal(group.code) or "unknown",
        "level": _level(group.severity),
        "message": {"text": _message(group, site)},
        "locations": [_location(site.spot, folder, paths[:1])],
        "properties": properties,
    }
    related = _related(site, folder)
    if related:
        result["relatedLocations"] = related
    return result


def _message(group: Group, site: Site) -> str:
    """Say what is wrong, where in the matrix, why, and how to mend it; the first line says most.

    A cause that differs from place to place in one file has the words of the first of them.
    """
    place = site.places[0]
    found = place.finding
    texts = {one.finding.message for one in site.places}
    head = next(iter(texts)) if len(texts) == 1 and len(boards(site.places)) < 2 else group.message
    parts = [headline(found.path, head)]
    where = extent(site.places)
    if where:
        tried = {subject(one) for one in site.places if one.overlays}
        parts.append(f"Shows {where}" + (f", with {tried.pop()}" if len(tried) == 1 else ""))
    parts += [f"{word}: {text}" for word, text in (("why", found.why), ("who", found.who)) if text]
    parts += [f"{at(note.at)}: {note.text}" if note.at.file else note.text for note in found.notes]
    if found.fix:
        parts.append(f"fix: {found.fix}")
    parts += [f"kernel: {line}" for line in found.kernel]
    return "\n".join(_text(shorten(part, LINE)) for part in parts) or "no text"


def _text(text: str) -> str:
    """Make text fit for a message: no link, no placeholder, nothing that acts on a terminal.

    Source: SARIF 2.1.0, 3.11.5 (`{0}` is replaced by an argument) and 3.11.6 (`[text](target)`).
    """
    import re

    return re.sub(r"\{(\d+)\}", r"{{\1}}", terminal(text).replace("](", "] ("))


def _location(spot: Spot, folder: str, paths: Sequence[str] = ()) -> Json:
    physical: Json = {"artifactLocation": _artifact(spot.file, folder)}
    if spot.line > 0:
        region = {"startLine": spot.line}
        if spot.column > 0:
            region["startColumn"] = spot.column
        physical["region"] = region
    location: Json = {"physicalLocation": physical}
    nodes = [_node(path) for path in paths]
    if nodes:
        location["logicalLocations"] = nodes
    return location


def _node(path: str) -> Json:
    full = terminal(path)
    name = full.rsplit("/", 1)[-1]
    node: Json = {"fullyQualifiedName": full, "kind": "object"}
    return {"name": name, **node} if name else node


def _artifact(file: str, folder: str) -> Json:
    """Give a file as a URI below the root; one outside of it without naming the root."""
    from posixpath import join, normpath
    from urllib.parse import quote

    path = normpath(join(folder, file or "dtovl.yaml"))
    try:
        raw = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = path.encode("utf-8", "surrogatepass")
    uri = quote(raw, safe="/@,+=")
    if path.startswith("/"):
        return {"uri": "file://" + ("/" + uri.lstrip("/"))}
    return {"uri": uri} if path.split("/")[0] == ".." else {"uri": uri, "uriBaseId": _ROOT}


def _related(site: Site, folder: str) -> list[Json]:
    """Give the places that the notes name, then the other files of the cases, each once."""
    spots: dict[Spot, str] = {}
    for place in site.places:
        for note in place.finding.notes:
            if note.at.file:
                spots.setdefault(note.at, note.text)
        for name in (*place.overlays, place.base):
            if name and name not in (site.spot.file, spot_of(place).file):
                spots.setdefault(Spot(name), "")
        if len(spots) >= _RELATED:
            break
    related = []
    for number, (spot, text) in enumerate(list(spots.items())[:_RELATED], 1):
        entry = {"id": number, **_location(spot, folder)}
        if text:
            entry["message"] = {"text": _text(shorten(text, LINE))}
        related.append(entry)
    return related


def _fingerprints(site: Site, folder: str, seen: dict[str, int]) -> Json:
    """Tell results apart by cause, file and node, so that they last when lines move or boards come.

    GitHub goes by the hash of a source line alone, which its upload computes where there is a line
    and warns about any other; for files without lines it has none, so it is given.
    """
    from hashlib import sha256

    file = str(_artifact(site.spot.file, folder)["uri"])
    paths = sorted({place.finding.path for place in site.places})
    cause = cause_of(site.places[0])
    parts = (cause.code, file, *paths[:1], cause.text, cause.node)
    digest = sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    seen[digest] = seen.get(digest, 0) + 1
    value = f"{digest}:{seen[digest]}"
    prints: Json = {"dtovlCause/v1": value}
    if not site.spot.line:
        prints["primaryLocationLineHash"] = value
    return prints


def _suppressions(group: Group, places: Iterable[Place], reasons: Mapping[Mark, str]) -> list[Json]:
    if group.standing != "expected":
        return []
    texts = sorted({reasons.get(mark(place), "") for place in places} - {""})
    reason = "; ".join(shorten(text, LINE) for text in texts) or "expected in the configuration"
    return [{"kind": "external", "status": "accepted", "justification": terminal(reason)}]


def _left_out(first: Json, number: int) -> Json:
    """Say how many results there was no room for, at the place of the first of them."""
    text = f"{amount(number, 'more result')} left out: GitHub takes {RESULTS:,} of a run, and 10 MB"
    return {
        "ruleId": _LEFT_OUT,
        "level": _level(Severity.INFO),
        "message": {"text": f"{text}. The JSON report holds everything."},
        "locations": first["locations"],
        "partialFingerprints": {"dtovlCause/v1": _LEFT_OUT, "primaryLocationLineHash": _LEFT_OUT},
        **{key: first[key] for key in ("baselineState",) if key in first},
        **({"suppressions": []} if "suppressions" in first else {}),
    }
