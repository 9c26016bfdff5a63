from __future__ import annotations

import copy
import json
import random
import re
from base64 import b64encode
from pathlib import Path
from urllib.parse import unquote_to_bytes
from zlib import compress

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from support.checked import HOSTILE, checked, finding, group, hostile, hostiles, sample

from dtovl.matrix.checked import Place
from dtovl.matrix.result import Remark, Spot
from dtovl.report import sarif
from dtovl.report.escape import terminal

SCHEMA = json.loads(Path(__file__).with_name("sarif-2.1.0-required.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
GITHUB_LOCATIONS = 1_000


def read(text: str) -> dict:
    """Read a log as code scanning does: by the schema, and by what GitHub wants beyond it."""
    log = json.loads(text)
    VALIDATOR.validate(log)
    [run] = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == sorted(set(rules))
    results = run["results"]
    assert len(results) <= sarif.RESULTS
    for result in results:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert len(result["locations"]) == 1
        assert len(result.get("relatedLocations", [])) < GITHUB_LOCATIONS
        assert result["partialFingerprints"]
    for optional in ("baselineState", "suppressions"):
        assert len({optional in result for result in results}) <= 1, optional
    prints = [tuple(result["partialFingerprints"].items()) for result in results]
    assert len(set(prints)) == len(prints)
    assert set(rules) == {result["ruleId"] for result in results}
    return run


def results(*groups, folder: str = "") -> list[dict]:
    return read(sarif.render(checked(groups), folder))["results"]


def where(result: dict) -> tuple[str, int | None]:
    physical = result["locations"][0]["physicalLocation"]
    return physical["artifactLocation"]["uri"], physical.get("region", {}).get("startLine")


def test_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_a_cause_in_one_line_is_one_result_however_many_boards_there_are() -> None:
    run = read(sarif.render(sample()))
    [missing] = [one for one in run["results"] if one["properties"]["places"] == 40]
    assert where(missing) == ("overlays/cam.dts", 14)
    assert missing["level"] == "error"
    assert missing["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "/fragment@0"
    text = missing["message"]["text"]
    assert "Shows on 40 boards: boards/b00.dtb, boards/b01.dtb, boards/b02.dtb and 37 more" in text
    assert "\nwhy: vdd-supply refers to it\n" in text
    assert missing["properties"]["boardCount"] == 40
    related = missing["relatedLocations"]
    assert related[0]["message"]["text"] == "defined here by another board"
    assert len(related) == 20


def test_levels_rules_and_standing() -> None:
    run = read(sarif.render(sample()))
    by_file = {where(one)[0]: one for one in run["results"]}
    assert by_file["dtovl.yaml"]["level"] == "note"
    assert by_file["warn.dtbo"]["level"] == "warning"
    assert [one["level"] for one in run["results"]] == sorted(
        (one["level"] for one in run["results"]), key=["error", "warning", "note"].index
    )
    assert by_file["known.dtbo"]["baselineState"] == "unchanged"
    assert by_file["old.dtbo"]["baselineState"] == "new"
    [suppression] = by_file["old.dtbo"]["suppressions"]
    assert suppression["justification"] == "revision B has no such pin"
    assert suppression["kind"] == "external"
    assert by_file["warn.dtbo"]["suppressions"] == []
    [rule] = [one for one in run["tool"]["driver"]["rules"] if one["id"] == "DT104"]
    assert rule["name"] == "label-not-in-base"
    assert rule["defaultConfiguration"] == {"level": "error"}
    assert "dtc -@" not in rule["shortDescription"]["text"]
    assert rule["help"]["markdown"].startswith("- says: label LABEL")


def test_without_baseline_and_expected_failures_nothing_is_said_of_them() -> None:
    [result] = results(group([Place("a.dtb", ("o.dtbo",), "", finding())]))
    assert "baselineState" not in result
    assert "suppressions" not in result


def test_places_in_different_files_lines_and_nodes_are_results_of_their_own() -> None:
    places = [
        Place("a.dtb", ("o.dts",), "", finding(at=Spot("o.dts", 3))),
        Place("a.dtb", ("o.dts",), "", finding(at=Spot("o.dts", 9))),
        Place("b.dtb", ("o.dts",), "", finding(at=Spot("o.dts", 3))),
        Place("a.dtb", ("p.dtbo",), "", finding(path="/fragment@1")),
        Place("a.dtb", ("p.dtbo",), "", finding(path="/fragment@2")),
        Place("b.dtb", ("q.dtbo", "p.dtbo"), "s", finding(who="overlay 1 (q.dtbo)")),
        Place("b.dtb", (), "", finding()),
    ]
    found = results(group(places))
    assert [(*where(one), one["properties"]["places"]) for one in found] == [
        ("b.dtb", None, 1),
        ("o.dts", 3, 2),
        ("o.dts", 9, 1),
        ("p.dtbo", None, 1),
        ("p.dtbo", None, 1),
        ("q.dtbo", None, 1),
    ]


def test_of_two_that_clash_the_note_about_the_last_has_the_line() -> None:
    notes = (Remark("set here", Spot("x.dts", 4)), Remark("and here", Spot("y.dts", 8, 2)))
    found = finding("/fan is set twice", path="/fan")._replace(notes=notes)
    [result] = results(group([Place("a.dtb", ("x.dts", "y.dts"), "", found)]))
    assert where(result) == ("y.dts", 8)
    assert result["message"]["text"].startswith("/fan is set twice\n")


def test_fingerprints_last_when_lines_move_and_boards_come() -> None:
    def prints(line: int, boards: str, message: str) -> list[dict]:
        at = Spot("o.dts", line)
        places = [
            Place(f"{name}.dtb", ("o.dts",), "", finding(message.format(name), at=at))
            for name in boards
        ]
        words = message.format("x") if len(boards) == 1 else message.format("the base")
        return [one["partialFingerprints"] for one in results(group(places, message=words))]

    first = prints(3, "x", "label a is not in {}.dtb")
    assert first == prints(7, "x", "label a is not in {}.dtb")
    assert first == prints(3, "wxy", "label a is not in {}.dtb")
    assert first != prints(3, "x", "label b is not in {}.dtb")


def test_only_files_without_lines_get_the_hash_that_github_goes_by() -> None:
    source = group([Place("a.dtb", ("o.dts",), "", finding(at=Spot("o.dts", 3)))])
    blob = group([Place("a.dtb", ("o.dtbo",), "", finding())])
    found = {where(one)[0]: one["partialFingerprints"] for one in results(source, blob)}
    assert list(found["o.dts"]) == ["dtovlCause/v1"]
    assert set(found["o.dtbo"]) == {"dtovlCause/v1", "primaryLocationLineHash"}


@pytest.mark.parametrize(
    ("file", "folder", "uri", "based"),
    [
        ("overlays/a b#?.dts", "", "overlays/a%20b%23%3F.dts", True),
        ("boards/../a.dts", "fw", "fw/a.dts", True),
        ("../a.dts", "fw/x", "fw/a.dts", True),
        ("../a.dts", "", "../a.dts", False),
        ("/usr/include/x.h", "fw", "file:///usr/include/x.h", False),
        ("//x/y", "", "file:///x/y", False),
        ("c:x.dts", "", "c%3Ax.dts", True),
        ("gerät.dts", "", "ger%C3%A4t.dts", True),
        ("raw\udcff.dts", "", "raw%FF.dts", True),
    ],
)
def test_files_become_relative_uris(file: str, folder: str, uri: str, *, based: bool) -> None:
    place = Place("a.dtb", ("o.dts",), "", finding(at=Spot(file, 1)))
    [result] = results(group([place]), folder=folder)
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": uri, **({"uriBaseId": "%SRCROOT%"} if based else {})}


def test_nothing_found_is_a_run_without_results() -> None:
    run = read(sarif.render(checked()))
    assert run["results"] == []
    assert "automationDetails" not in run


def test_parts_of_a_run_do_not_replace_each_other() -> None:
    run = read(sarif.render(sample()._replace(shard=(2, 4))))
    assert run["automationDetails"] == {"id": "dtovl/part-2-of-4/"}


def test_what_is_past_the_limit_of_results_is_counted() -> None:
    many = [
        group([Place("a.dtb", (f"o{number}.dtbo",), "", finding(severity=number % 3 + 1))])
        for number in range(sarif.RESULTS + 5)
    ]
    found = some(sarif.render(checked(many)))
    assert len(found) == sarif.RESULTS
    assert found[-1]["message"]["text"].startswith("6 more results left out")
    assert found[-1]["level"] == "note"
    assert sum(one["level"] == "error" for one in found) == (sarif.RESULTS + 5) // 3


def test_a_log_too_big_for_github_is_cut() -> None:
    draw = random.Random(6)
    texts = [b64encode(draw.randbytes(1_400)).decode() for _ in range(8_000)]
    many = [group([Place("a.dtb", ("o.dtbo",), "", finding(text))]) for text in texts]
    text = sarif.render(checked(many))
    assert len(compress(text.encode(), 9)) < sarif.PACKED
    found = some(text)
    assert len(found) == 4_000
    assert found[-1]["message"]["text"].startswith("4,001 more results left out")


def some(text: str) -> list[dict]:
    """Read a log with many results, the first and last of which are held against the rules."""
    log = json.loads(text)
    every = log["runs"][0]["results"]
    log["runs"][0]["results"] = every[:3] + every[-3:]
    read(json.dumps(log))
    return every


def test_order_of_causes_does_not_matter() -> None:
    whole = sample()
    text = sarif.render(whole)
    assert text == sarif.render(whole._replace(groups=whole.groups[::-1]))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert(text: str) -> None:
    document = sarif.render(hostile(text, text))
    document.encode("ascii")
    assert "##" not in document
    run = read(document)
    for result in run["results"]:
        said = result["message"]["text"]
        assert "](" not in said
        assert not re.search(r"(?<!\{)\{\d+\}(?!\})", said)
        assert terminal(said.replace("\n", "")) == said.replace("\n", "")


@settings(max_examples=60)
@given(hostiles())
def test_any_text_comes_back(drawn) -> None:
    run = read(sarif.render(drawn))
    wanted = {place.finding.message for one in drawn.groups for place in one.places}
    said = "\0".join(result["message"]["text"] for result in run["results"])
    for text in wanted:
        plain = "](" not in text and not re.search(r"\{\d+\}", text) and len(text) < 1_000
        assert not plain or terminal(text) in said
    names = {
        unquote_to_bytes(where(result)[0]).decode("utf-8", "surrogatepass")
        for result in run["results"]
        if where(result)[1] and not where(result)[0].startswith("file:")
    }
    spots = {place.finding.at for one in drawn.groups for place in one.places}
    simple = {at.file for at in spots if re.fullmatch(r"[^/.\ud800-\udfff]+", at.file)}
    assert simple <= names


def paths(value: object, path: tuple = ()) -> list[tuple]:
    """List the ways to all values of a document."""
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    return [path, *(found for key, one in inner for found in paths(one, (*path, key)))]


def changed(log: dict, path: tuple, *instead: object) -> dict:
    """Copy a log with one value replaced, or taken out."""
    mutant = copy.deepcopy(log)
    holder = mutant
    for key in path[:-1]:
        holder = holder[key]
    if instead:
        holder[path[-1]] = instead[0]
    else:
        del holder[path[-1]]
    return mutant


def small() -> dict:
    """Give a log that has one of every kind of object."""
    whole = sample()
    groups = tuple(one._replace(places=one.places[:2]) for one in whole.groups)
    return json.loads(sarif.render(whole._replace(groups=groups, shard=(1, 2))))


REQUIRED = {"runs", "tool", "driver", "message", "uri", "startLine", "kind", "id"}
REQUIRED |= {"executionSuccessful", "artifactLocation"}


def test_the_schema_finds_every_required_property_that_is_missing() -> None:
    log = small()
    assert not VALIDATOR.is_valid(changed(log, ("version",)))
    tried = set()
    for path in paths(log):
        optional = {"logicalLocations", "relatedLocations", "automationDetails"} & set(path)
        if path and path[-1] in REQUIRED and not optional:
            assert not VALIDATOR.is_valid(changed(log, path)), path
            tried.add(path[-1])
    assert tried == REQUIRED


def test_the_schema_finds_wrong_values() -> None:
    log = small()
    wrong = {
        "version": "2.0.0",
        "level": "fatal",
        "kind": "elsewhere",
        "status": "maybe",
        "baselineState": "old",
        "columnKind": "bytes",
        "startLine": 0,
        "startColumn": 0,
        "ruleIndex": -1,
        "ruleId": 104,
        "id": "",
        "text": "",
        "uri": "a b.dts",
        "results": {},
        "locations": None,
        "executionSuccessful": "yes",
    }
    tried = set()
    for path in paths(log):
        if path and path[-1] in wrong and path[-2:] != ("driver", "version"):
            assert not VALIDATOR.is_valid(changed(log, path, wrong[path[-1]])), path
            tried.add(path[-1])
    assert tried == set(wrong)


@pytest.mark.parametrize("uri", ["/abs.dts", "file:///abs.dts", "a%zz", "a\\b", "a|b", "ü"])
def test_the_schema_finds_uris_that_are_none_or_not_relative(uri: str) -> None:
    log = json.loads(sarif.render(sample()))
    way = ("runs", 0, "results", 0, "locations", 0, "physicalLocation", "artifactLocation", "uri")
    assert not VALIDATOR.is_valid(changed(log, way, uri))


def test_the_schema_finds_properties_that_the_standard_does_not_know() -> None:
    log = small()
    for path in paths(log):
        holder = log
        for key in path:
            holder = holder[key]
        free = "properties" in path or "partialFingerprints" in path
        if isinstance(holder, dict) and not free and path[-1:] != ("originalUriBaseIds",):
            assert not VALIDATOR.is_valid(changed(log, (*path, "strange"), 1)), path
