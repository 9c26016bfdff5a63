from __future__ import annotations

import html
from collections import Counter
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from support.checked import HOSTILE, checked, finding, group, hostile, hostiles, sample

from dtovl.matrix.checked import Judged, Place
from dtovl.matrix.result import Case, Verdict
from dtovl.report import junit
from dtovl.report.escape import xml

# What junit-10.xsd of Jenkins' xUnit plugin knows: attributes (True: required) and what is inside.
SUITE = {"name": True, "tests": True, "failures": True, "errors": True, "skipped": False}
OUTCOME = {"type": False, "message": False}
ELEMENTS = {
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, {"testsuite"}),
    "testsuite": (set(SUITE), {"testcase"}),
    "testcase": ({"name", "classname", "time"}, {"failure", "error", "skipped", "system-out"}),
    "failure": (set(OUTCOME), set()),
    "error": (set(OUTCOME), set()),
    "skipped": (set(OUTCOME), set()),
    "system-out": (set(), set()),
}


def read(text: str) -> ElementTree.Element:
    """Read a report as GitLab and Jenkins do, by the rules of the schema and with right counts."""
    root = ElementTree.fromstring(text.encode())
    assert root.tag == "testsuites"
    for element in root.iter():
        attributes, inside = ELEMENTS[element.tag]
        assert set(element.attrib) <= attributes, element.tag
        assert {one.tag for one in element} <= inside
        assert len(element) <= 1 or element.tag in ("testsuites", "testsuite")
    for suite in root:
        assert set(SUITE) == set(suite.attrib)
        check_counts(suite, list(suite))
    every = list(root.iter("testcase"))
    check_counts(root, every)
    names = [(case.get("classname"), case.get("name")) for case in every]
    assert len(set(names)) == len(names), "GitLab ignores what has the name of another"
    return root


def check_counts(element: ElementTree.Element, cases: list[ElementTree.Element]) -> None:
    number = Counter(one.tag for case in cases for one in case)
    assert element.get("tests") == str(len(cases))
    assert element.get("failures") == str(number["failure"])
    assert element.get("errors") == str(number["error"])
    assert element.get("skipped") in (None, str(number["skipped"]))


def outcomes(root: ElementTree.Element) -> dict[tuple[str, str], ElementTree.Element | None]:
    return {
        (case.get("classname", ""), case.get("name", "")): next(iter(case), None)
        for case in root.iter("testcase")
    }


def test_a_suite_for_a_base_and_a_test_for_a_case() -> None:
    root = read(junit.render(sample()))
    assert [suite.get("name") for suite in root][:2] == ["boards/b00.dtb", "boards/b01.dtb"]
    assert [suite.get("name") for suite in root][-2:] == ["files", "overlays on one base"]
    found = outcomes(root)
    failure = found["boards/b00.dtb", "overlays/cam.dts"]
    assert failure is not None
    assert failure.tag == "failure"
    assert failure.attrib == {
        "type": "FDT_ERR_NOTFOUND",
        "message": "label cam_vdd is not in /__symbols__",
    }
    text = failure.text or ""
    assert text.startswith("libfdt: FDT_ERR_NOTFOUND at overlays/cam.dts\nerror[DT104] /fragment@0")
    assert "\n  at      overlays/cam.dts:14:9\n          vdd-supply = <&cam_vdd>;\n" in text
    assert "\n  note    boards/c.dts:3:1: defined here by another board\n" in text
    assert found["boards/b00.dtb", "full"] is None


def test_unreadable_expected_known_and_warned_cases() -> None:
    found = outcomes(read(junit.render(sample())))
    error = found["boards/b00.dtb", "bad.dtbo"]
    assert error is not None
    assert (error.tag, error.get("type"), error.get("message")) == (
        "error",
        "unreadable",
        "not a blob",
    )
    skipped = found["boards/b01.dtb", "old.dtbo"]
    assert skipped is not None
    assert skipped.tag == "skipped"
    assert skipped.get("message") == "expected: revision B has no such pin"
    known = found["boards/b01.dtb", "known.dtbo"]
    assert known is not None
    assert (known.tag, known.get("message")) == ("skipped", "known, in the baseline")
    assert "(known)" in (known.text or "")
    remarks = found["boards/b01.dtb", "warn.dtbo"]
    assert remarks is not None
    assert remarks.tag == "system-out"
    assert remarks.text == "warning[DT130] /ocp/pinmux: no device results"


def test_overlays_that_share_a_base_fail_only_when_the_run_does() -> None:
    clash = group([Place("a.dtb", ("x.dtbo", "y.dtbo"), "", finding("they clash", severity=2))])
    name = ("a.dtb", "x.dtbo + y.dtbo")
    passed = outcomes(read(junit.render(checked([clash]))))[name]
    assert passed is not None
    assert passed.tag == "system-out"
    failed = outcomes(read(junit.render(checked([clash], fail_on=2))))[name]
    assert failed is not None
    assert (failed.tag, failed.get("type")) == ("failure", "DT104")
    old = clash._replace(standing="known")
    skipped = outcomes(read(junit.render(checked([old], fail_on=2))))[name]
    assert skipped is not None
    assert skipped.tag == "skipped"
    never = outcomes(read(junit.render(checked([clash], fail_on=0))))[name]
    assert never is not None
    assert never.tag == "system-out"


def test_what_is_about_files_has_a_suite_of_its_own() -> None:
    lost = group([Place("", ("lost.dtbo",), "", finding("fits nothing"))])
    odd = group([Place("a.dtb", (), "", finding("odd"))])
    suite = read(junit.render(checked([lost, odd])))[0]
    assert suite.get("name") == "files"
    names = [(case.get("classname"), case.get("name")) for case in suite]
    assert names == [("files", "lost.dtbo"), ("a.dtb", "a.dtb")]


def test_a_failing_stack_says_which_overlays_suffice() -> None:
    case = Case("a.dtb", ("x", "y", "z"), "all", (Verdict("linux", "-EINVAL", 2),), (), (0, 2))
    failure = outcomes(read(junit.render(checked((), [Judged(case, "failed")]))))["a.dtb", "all"]
    assert failure is not None
    assert failure.text == "linux: -EINVAL at z\nthese fail without the others: x + z"


def test_tests_of_one_name_are_told_apart() -> None:
    cases = [
        Judged(Case("a.dtb", overlays, name), "ok")
        for overlays, name in [(("x", "y"), ""), (("z",), "x + y"), (("q",), "x + y (2)")]
    ]
    names = [name for _, name in outcomes(read(junit.render(checked((), cases))))]
    assert names == ["x + y", "x + y (2)", "x + y (2) (2)"]


def test_text_of_a_test_is_bounded() -> None:
    places = [
        Place("a.dtb", ("x",), "", finding("m" * 5_000, path=f"/{number}"))
        for number in range(1_000)
    ]
    case = Judged(Case("a.dtb", ("x",), "", (Verdict("libfdt", "E", 0),)), "failed")
    failure = outcomes(read(junit.render(checked([group(places)], [case]))))["a.dtb", "x"]
    assert failure is not None
    assert 60_000 < len(failure.text or "") < 80_000
    assert (failure.text or "").endswith("... and what comes after the first 33 findings")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_inert(text: str) -> None:
    document = junit.render(hostile(text))
    assert "##" not in document
    root = read(document)
    assert all(name is not None and "\n" not in name for name, _ in outcomes(root))
    assert len(list(root.iter("failure"))) == 1


def shown(text: str) -> str:
    return html.unescape(xml(text))


@settings(max_examples=60)
@given(hostiles())
def test_any_text_comes_back(drawn) -> None:
    root = read(junit.render(drawn))
    found = outcomes(root)
    said = "\n".join(text for element in root.iter() for text in [element.text or ""])
    for judged in drawn.cases:
        case = judged.case
        if len(case.base) < 200:
            assert shown(case.base) in {classname for classname, _ in found}
        for one in case.findings:
            assert len(one.message) > 1_000 or shown(one.message) in said


def test_order_of_causes_does_not_matter() -> None:
    whole = sample()
    assert junit.render(whole) == junit.render(whole._replace(groups=whole.groups[::-1]))


def test_nothing_to_check_is_an_empty_report() -> None:
    assert len(read(junit.render(checked()))) == 0
