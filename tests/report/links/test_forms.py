"""Links as text, JSON, graph, drawing and page; names of strangers in each."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from support.answers import BOARD, answer, named
from support.checked import ARBITRARY, HOSTILE

from dtovl.cli.terminal import plain_text
from dtovl.report.json import listing
from dtovl.report.links import svg as svg_module
from dtovl.report.links.answer import Answer, specifier
from dtovl.report.links.dot import dot
from dtovl.report.links.html import render
from dtovl.report.links.json import links_object
from dtovl.report.links.picture import picture_of
from dtovl.report.links.svg import svg
from dtovl.report.links.text import links_lines

_SVG = "{http://www.w3.org/2000/svg}"


def text(found: Answer, verbose: int = 0) -> str:
    return plain_text(links_lines(found, verbose=verbose))


# -- text ------------------------------------------------------------------------------------------


def test_entries_stand_below_each_other_in_columns() -> None:
    assert text(answer(BOARD)).startswith(
        """\
board.dtb: 8 links of 3 nodes

/uart@4000 (uart)
  interrupt-parent[0]   &intc
  interrupts[0]         &intc <7>
  clocks[0] bus         &clk <1>
  clocks[1] core        &clk <2>
  pinctrl-0[0] default  &uart_pins

/pmic/regulators/buck (buck)
  vin-supply[0]  &rail
"""
    )


def test_one_node_has_suppliers_consumers_and_the_way_of_its_interrupt() -> None:
    found = text(answer(node="/uart@4000"))
    assert "  interrupt  /intc@1000 (intc) <7>\n" in found
    assert "suppliers\n" in found
    assert "\nno consumers\n" in found
    pmic = text(answer(node="/pmic"))
    assert "  regulators/buck vin-supply[0]  /rail (rail)\n" in pmic
    assert "  vdd-supply[0]  /card (card)  of regulators/buck (buck)\n" in pmic


def test_a_state_is_told_where_it_is_not_as_usual() -> None:
    found = text(answer(node="/card"))
    assert "  dmas[0]        /dma@5000 (dma) <3>  disabled  optional\n" in found
    assert "vdd-supply[0]  /pmic/regulators/buck (buck)\n" in found


def test_a_consumer_that_is_off_says_so() -> None:
    body = BOARD + 'off { compatible = "o"; status = "disabled"; a-supply = <&rail>; };'
    assert "\n  a-supply[0]    /off  disabled\n" in text(answer(body, node="/rail"))
    assert "/off  disabled\n  a-supply[0]  &rail\n" in text(answer(body))


def test_entries_that_lead_nowhere_stand_with_the_others() -> None:
    body = BOARD + 'x { compatible = "x"; clocks = <&clk 1>, <&rail>; b-supply = <99>; };'
    found = text(answer(body, node="/x"))
    assert "! clocks[1]    /rail has no #clock-cells\n" in found
    assert "! b-supply[0]  no node has phandle 0x63\n" in found


def test_what_changed_is_marked() -> None:
    before = "a: a { #clock-cells = <1>; }; u { clocks = <&a 1>, <&a 2>, <&a 3>; };"
    after = "a: a { #clock-cells = <1>; }; u { clocks = <&a 1>, <&a 9>; gpios = <&a>; };"
    found = text(answer(after, before))
    assert "board.dtb with o.dtbo: 1 link gone, 1 changed\n" in found
    assert "~ clocks[1]  &a <9> was <2>\n- clocks[2]  &a <3>\n" in found
    assert "clocks[0]" not in found
    assert "\n  clocks[0]  &a <1>\n~ clocks[1]" in text(answer(after, before, whole=True))


def test_who_was_not_available_is_told() -> None:
    off = 'a: a { status = "disabled"; }; u { a-supply = <&a>; status = "disabled"; };'
    on = "a: a { }; u { a-supply = <&a>; };"
    assert "/u  was disabled\n~ a-supply[0]  &a  was disabled\n" in text(answer(on, off))
    assert "  status     available, was disabled\n" in text(answer(on, off, node="/u"))
    assert "/u  disabled  was available\n" in text(answer(off, on))


def test_nothing_changed() -> None:
    assert text(answer(BOARD, BOARD)).startswith("board.dtb with o.dtbo: no link changed\n")


def test_reverse_of_all_groups_by_supplier() -> None:
    found = text(answer(reverse=True))
    assert (
        "/intc@1000 (intc)\n  interrupt-parent[0]  &uart\n  interrupts[0]        &uart <7>" in found
    )
    assert found.index("/intc@1000") < found.index("/clock@2000") < found.index("/rail")


def test_info_is_shown_with_v_and_self_references_with_vv() -> None:
    body = """p: p { compatible = "p"; pinctrl-0 = <&s>; pinctrl-names = "x"; s: s { }; };
 c { compatible = "c"; p-gpio = <0>; };"""
    found = answer(body)
    assert "L005" not in text(found)
    assert "info findings shown with -v" in text(found)
    assert "L005" in text(found, 1)
    assert "L010" not in text(found, 1)
    assert "L010" in text(found, 2)


def test_specifiers() -> None:
    assert specifier(()) == ""
    assert specifier((1, 1023, 1024)) == "<1 1023 0x400>"


def test_lines_keep_to_80_columns() -> None:
    for line in text(answer()).splitlines():
        assert len(line) <= 80


# -- JSON ------------------------------------------------------------------------------------------


def test_json_has_links_changes_findings_counts() -> None:
    before = "a: a { #clock-cells = <1>; }; u { clocks = <&a 1>; };"
    after = "a: a { #clock-cells = <1>; }; u { clocks = <&a 2>; }; v { clocks = <&a>; };"
    found = json.loads(listing(links_object(answer(after, before))))
    assert found["schema"] == "dtovl-links/1"
    assert [one["node"] for one in found["links"]] == ["/u"]
    (change,) = found["changes"]
    assert (change["change"], change["what"]) == ("changed", ["specifier"])
    assert (change["before"]["specifier"], change["after"]["specifier"]) == ([1], [2])
    (finding,) = (one for one in found["findings"] if one["rule"] != "L008")
    assert finding["diagnostic"]["code"] == finding["rule"] == "L003"
    assert (finding["want"], finding["have"]) == (1, 0)
    assert found["counts"] == {
        "links": 1,
        "added": 0,
        "gone": 0,
        "changed": 1,
        "errors": 1,
        "warnings": 0,
        "infos": 1,
    }


def test_json_of_a_link() -> None:
    found = json.loads(listing(links_object(answer(node="/card"))))
    (dma,) = (one for one in found["links"] if one["kind"] == "dma")
    assert dma["supplier"]["disabled"] == dma["supplier"]["path"] == "/dma@5000"
    assert (dma["strength"], dma["usable"], dma["hidden"]) == ("optional", False, False)
    assert found["node"]["path"] == "/card"
    assert found["changes"] is None


# -- picture ---------------------------------------------------------------------------------------


def test_boxes_are_devices_and_entries_gather_indexes() -> None:
    body = """clk: clk { compatible = "c"; #clock-cells = <0>; };
 u { compatible = "u"; clocks = <&clk>, <&clk>, <0>, <&clk>; };"""
    user, clk = picture_of(answer(body)).boxes
    assert [(one.text, one.target) for one in user.entries] == [("clocks[0-1,3]", 1)]
    assert clk.labels == ("clk",)
    assert [box.name for box in picture_of(answer(node="/pmic")).boxes] == ["pmic", "card", "rail"]


def test_ports_are_told_apart() -> None:
    body = """
 a { compatible = "a"; ports { port@0 { a0: endpoint { remote-endpoint = <&b0>; }; };
  port@1 { a1: endpoint { remote-endpoint = <&b1>; }; }; }; };
 b { compatible = "b"; ports { port@0 { b0: endpoint { remote-endpoint = <&a0>; }; };
  port@1 { b1: endpoint { remote-endpoint = <&a1>; }; }; }; };"""
    texts = [one.text for one in picture_of(answer(body)).boxes[0].entries]
    assert texts == ["port@0 remote-endpoint[0]", "port@1 remote-endpoint[0]"]


def test_a_node_without_links_is_drawn_alone() -> None:
    picture = picture_of(answer('lone { compatible = "l"; };', node="/lone"))
    assert [(box.path, box.centre) for box in picture.boxes] == [("/lone", True)]
    assert "lone" in svg(picture)


def test_what_a_device_needs_of_itself_is_counted_not_drawn() -> None:
    body = 'p: p { compatible = "p"; pinctrl-0 = <&s>; pinctrl-names = "x"; s: s { }; };'
    picture = picture_of(answer(body))
    assert (picture.boxes, picture.links, picture.own) == ((), 0, 1)
    ElementTree.fromstring(svg(picture))


def test_what_went_is_drawn_as_gone() -> None:
    before = 'r: r { compatible = "r"; }; u { compatible = "u"; a-supply = <&r>; };'
    user, rail = picture_of(answer('u { compatible = "u"; };', before)).boxes
    assert (user.kind, rail.kind) == ("", "gone")
    assert user.entries[0].kind == "gone"


# -- SVG -------------------------------------------------------------------------------------------


def texts(document: str) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(document).iter(f"{_SVG}text")]


def test_a_drawing_has_text_boxes_arrows_and_titles() -> None:
    document = svg(picture_of(answer()))
    root = ElementTree.fromstring(document)
    shown = texts(document)
    assert "uart@4000 &uart" in shown
    assert "clocks[0-1]" in shown
    assert "disabled" in shown
    titles = [one.text or "" for one in root.iter(f"{_SVG}title")]
    assert any("clocks[1] core of /uart@4000 -> /clock@2000 <2>" in one for one in titles)
    assert "prefers-color-scheme: dark" in document


def test_text_fits_its_box() -> None:
    for box in ElementTree.fromstring(svg(picture_of(answer()))).iter(f"{_SVG}g"):
        rect = box.find(f"{_SVG}rect")
        if rect is None:
            continue
        width = float(rect.get("width", "0"))
        for one in box.iter(f"{_SVG}text"):
            letter = 7.3 if one.get("class") == "name" else 6.7
            assert float(one.get("x", "0")) + len(one.text or "") * letter <= width + 1


def test_too_many_arrows_become_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svg_module, "MOST_ARROWS", 2)
    document = svg(picture_of(answer()))
    assert "clocks[0-1] → &clk" in texts(document)
    assert "arrow" not in document.partition("</style>")[2].replace("too many for arrows", "")
    assert any("--kind" in one for one in texts(document))


def test_a_drawing_that_is_too_high_becomes_words() -> None:
    body = 'hub: hub { compatible = "h"; };' + "".join(
        f'u{n} {{ compatible = "u"; a-supply = <&hub>; }};' for n in range(90)
    )
    document = svg(picture_of(answer(body)))
    root = ElementTree.fromstring(document)
    assert float(root.get("height", "0")) < 3000
    assert "a-supply[0] → &hub" in texts(document)


def test_a_drawing_that_is_too_wide_becomes_words() -> None:
    body = "".join(
        f'u{n}: u{n} {{ compatible = "u"; a-supply = <&u{n + 1}>; }};' for n in range(90)
    )
    document = svg(picture_of(answer(body + 'u90: u90 { compatible = "u"; };')))
    assert float(ElementTree.fromstring(document).get("width", "0")) < 4000
    assert "a-supply[0] → &u7" in texts(document)


def test_long_names_are_shortened_not_lost() -> None:
    document = svg(picture_of(answer(named("x" * 5000))))
    assert float(ElementTree.fromstring(document).get("width", "0")) < 2000
    assert "x" * 5000 in document


def test_a_drawing_asks_for_nothing_and_runs_nothing() -> None:
    document = svg(picture_of(answer()))
    names = {one.tag.removeprefix(_SVG) for one in ElementTree.fromstring(document).iter()}
    assert names == {"svg", "title", "style", "rect", "text", "g", "path"}
    assert re.findall(r"https?://[^\"' ]+", document) == ["http://www.w3.org/2000/svg"]
    assert "url(" not in document
    assert "@import" not in document


# -- names of strangers ----------------------------------------------------------------------------

# A token of DOT: a quoted string in which only a backslash lets a quotation mark stand.
_DOT = re.compile(r'->|"(?:[^"\\]|\\.)*"|[\w.#-]+|[\[\]{}=,;]|\s+')


def is_dot(graph: str) -> bool:
    """Tell whether the whole text is tokens, and statements are nodes, edges and attributes."""
    at = 0
    tokens = []
    while at < len(graph):
        match = _DOT.match(graph, at)
        if match is None:
            return False
        at = match.end()
        if not match[0].isspace():
            tokens.append('""' if match[0].startswith('"') else match[0])
    flat = " ".join(tokens)
    attributes = r"\[ (?:\w+ = \S+ ,? ?)*\]"
    statement = rf"(?:\w+ = \w+|\w+(?: -> \w+)?(?: {attributes})?) ;"
    return bool(re.fullmatch(rf'digraph "" \{{ (?:{statement} )*\}}', flat))


def test_a_graph_is_dot() -> None:
    graph = dot(picture_of(answer()))
    assert is_dot(graph)
    assert 'label="clocks[0-1]"' in graph
    assert not is_dot(graph.replace("rankdir", '"rankdir'))


def check_inert(name: str) -> None:
    found = answer(named(name, name))
    picture = picture_of(found)
    for shown in (
        text(found, 2),
        plain_text(links_lines(answer(named(name), reverse=True), verbose=1)),
    ):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "\n::" not in shown
    json.loads(listing(links_object(found))).keys()
    assert is_dot(dot(picture))
    root = ElementTree.fromstring(svg(picture).encode("utf-8", "strict"))
    assert {one.tag.removeprefix(_SVG) for one in root.iter()} <= {
        "svg",
        "title",
        "style",
        "rect",
        "text",
        "g",
        "path",
    }
    page = render(found)
    assert page.count("<script>") == 1
    assert page.count("</script>") == 1
    assert page.count("<img") == 0
    page.encode()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text(name: str) -> None:
    check_inert(name.encode("utf-8", "surrogatepass").decode("latin-1").replace("/", "!"))


@given(ARBITRARY)
@settings(deadline=None, max_examples=25)
def test_any_name_is_text(name: str) -> None:
    check_inert(name.encode("utf-8", "surrogatepass").decode("latin-1").replace("/", "!"))


@pytest.mark.parametrize("name", ['a"b', "a\\", 'a\\"', "a\\N", "@@script@@", "a&b", "a'b"])
def test_names_that_mean_something_in_one_form(name: str) -> None:
    check_inert(name)
    assert "@@script@@-consumer" in render(answer(named("@@script@@")))


# -- page ------------------------------------------------------------------------------------------


def test_the_page_has_findings_drawing_and_rows() -> None:
    body = BOARD + 'x { compatible = "x"; clocks = <&rail>; };'
    page = render(answer(body))
    assert 'data-verdict="error"' in page
    assert "L002" in page
    assert page.count("<tr class=") == len(answer(body).graph.seen)
    assert "<svg" in page
    assert 'data-is="unavailable"' in page


def test_the_policy_fits_what_is_in_the_page() -> None:
    from base64 import b64encode
    from hashlib import sha256

    page = render(answer())
    for name in ("script", "style"):
        inside = page.partition(f"<{name}>")[2].partition(f"</{name}>")[0]
        digest = b64encode(sha256(inside.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in page
    assert "style=" not in page
    tags = re.findall(r"<[a-z][^>]*>", page.partition("<body>")[2].partition("<script>")[0])
    assert not [tag for tag in tags if re.search(r"\son\w+=", tag)]


def test_a_page_of_many_arrows_has_no_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    from dtovl.report.links.html import page as page_module

    monkeypatch.setattr(page_module, "MOST_ARROWS", 2)
    page = render(answer())
    assert "<svg" not in page
    assert "too many for a drawing" in page
