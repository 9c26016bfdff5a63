"""Results of a matrix as reports take them: a plain one, and ones with hostile text everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from dtovl.matrix.checked import Checked, Group, Judged, Place
from dtovl.matrix.result import UNREADABLE, Case, Finding, Remark, Spot, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

HOSTILE = (
    "\x1b[31mred\x1b[0m",
    "a\u202egnp.exe\u2066",
    "line\nnext",
    "line\r\n::error::forged",
    "nul\x00end",
    "soft\xadhyphen\u200b",
    "]]></failure><failure>",
    "<script>alert(1)</script>",
    "</pre></code><img src=x onerror=alert(1)>",
    "&amp; &lt;",
    "quote\"s and 'quotes'",
    "::error file=a,line=1::forged",
    "##[error]forged ##vso[task.complete]",
    "100%0A::error::x%25",
    "a,line=99::x",
    "| a | table |",
    "`code` ``more`` ```",
    "**bold** _it_ ~~gone~~ $x$ :smile:",
    "@someone and #12 in owner/name#34",
    "[text](https://example.com) ![i](x.png) <https://example.com>",
    "https://example.com/x www.example.com me@example.com",
    "{0} and {12} {{0}}",
    "surrogate \ud800 \udcff",
    "nonchar \ufffe \uffff",
    "# heading",
    "--- \u00a0",
    "x" * 10_000,
)
"""Names and messages that would act in some medium, or fill it."""

ARBITRARY = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(alphabet=st.characters(exclude_categories=()), max_size=60),
    st.text(alphabet="<>&\"'`|[](){}@#:%,=\\*_~$!-. \n\r\t\x00w0A/", max_size=30),
)
"""Any text, half surrogate pairs included, with much of what means something."""


NOWHERE = Spot()


def finding(
    message: str = "label cam_vdd is not in /__symbols__",
    *,
    code: str = "DT104",
    severity: int = 3,
    path: str = "/fragment@0",
    at: Spot = NOWHERE,
    **more: str,
) -> Finding:
    return Finding(code, severity, path, message, at, **more)


def group(
    places: Iterable[Place], *, standing: str = "new", message: str = "", name: str = "n"
) -> Group:
    every = tuple(places)
    found = every[0].finding
    return Group(found.code, name, found.severity, message or found.message, standing, every)  # type: ignore[arg-type]


def checked(
    groups: Iterable[Group] = (), cases: Iterable[Judged] = (), *, fail_on: int = 3
) -> Checked:
    every = tuple(cases)
    return Checked(
        "1.2.3",
        tuple(sorted({judged.case.base for judged in every})),
        tuple(sorted({name for judged in every for name in judged.case.overlays})),
        ("libfdt",),
        every,
        tuple(groups),
        fail_on=fail_on,
    )


def sample() -> Checked:
    """Give 40 boards that lack a label, and one of each other kind of outcome."""
    missing = finding(
        at=Spot("overlays/cam.dts", 14, 9),
        why="vdd-supply refers to it",
        who="overlay 1 (overlays/cam.dts)",
        fix="build the base with `dtc -@`",
    )
    missing = missing._replace(
        notes=(Remark("defined here by another board", Spot("boards/c.dts", 3, 1)),),
        kernel=("OF: resolver: node label 'cam_vdd' not found",),
        excerpt="vdd-supply = <&cam_vdd>;\n              ^",
    )
    effect = finding("no device results", code="DT130", severity=2, path="/ocp/pinmux")
    hint = finding("it could be shorter", code="DT140", severity=1, path="/")
    broken = finding("not a blob", code="DT001", path="")
    boards = [f"boards/b{number:02}.dtb" for number in range(40)]
    refused = (Verdict("libfdt", "FDT_ERR_NOTFOUND", 0),)
    cases = [
        Judged(Case(name, ("overlays/cam.dts",), "", refused, (missing,)), "failed")
        for name in boards
    ]
    first, second = boards[:2]
    pair = ("a.dtbo", "b.dtbo")
    cases += [
        Judged(Case(first, (*pair, "c.dtbo"), "full", (Verdict("libfdt"),)), "ok"),
        Judged(Case(first, ("bad.dtbo",), "", (Verdict("libfdt", UNREADABLE, 0),)), "failed"),
        Judged(Case(second, ("old.dtbo",), "", refused), "expected", "revision B has no such pin"),
        Judged(Case(second, ("known.dtbo",), "", refused), "known"),
        Judged(Case(second, ("warn.dtbo",), "", (Verdict("libfdt"),)), "warned"),
    ]
    groups = [
        group([Place(name, ("overlays/cam.dts",), "", missing) for name in boards]),
        group([Place(first, ("bad.dtbo",), "", broken)]),
        group([Place(second, ("warn.dtbo",), "", effect)]),
        group([Place(first, pair, "", effect)], message="they clash"),
        group([Place("", (), "", hint._replace(at=Spot("dtovl.yaml", 7)))]),
        group([Place(second, ("old.dtbo",), "", missing._replace(at=Spot()))], standing="expected"),
        group([Place(second, ("known.dtbo",), "", missing._replace(at=Spot()))], standing="known"),
    ]
    return checked(groups, cases)._replace(compared=17, fits_nothing=("lost.dtbo",))


def hostile(*texts: str) -> Checked:
    """Put texts everywhere a stranger's text can stand: base, overlay, stack, path, message, ..."""
    cases = []
    groups = []
    for number, text in enumerate(texts):
        found = Finding(
            "DT104",
            3,
            f"/{text}",
            text,
            Spot(text, 3, 4) if number % 2 else Spot(),
            text,
            text,
            text,
            (Remark(text, Spot(text, 5)), Remark(text)),
            (text,),
            text,
        )
        stack = text if number % 3 == 2 else ""
        refused = (Verdict("libfdt", text, 0),)
        cases.append(Judged(Case(text, (text, "b.dtbo"), stack, refused, (found,)), "failed"))
        cases.append(Judged(Case(f"x{text}", (text,), "", refused), "expected", text))
        groups.append(group([Place(text, (text, "b.dtbo"), stack, found)], name=text))
        groups.append(group([Place(f"x{text}", (text,), "", found)], standing="expected"))
        groups.append(group([Place("", (), "", found._replace(severity=1))], standing="known"))
    return checked(groups, cases)._replace(version="1", fits_nothing=texts)


@st.composite
def hostiles(draw: st.DrawFn) -> Checked:
    """Draw results whose every text is arbitrary."""
    return hostile(*draw(st.lists(ARBITRARY, min_size=1, max_size=3)))
