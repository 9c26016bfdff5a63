"""Made-up results of a whole check: small with everything in it, or large; and any at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from dtovl.matrix.checked import Checked, Group, Judged, Place
from dtovl.matrix.result import Case, Change, Finding, Remark, Spot, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dtovl.matrix.checked import Standing, State

BOARDS = tuple(
    f"boards/{name}.dtb"
    for name in (
        "acme/gateway-v1",
        "acme/gateway-v2",
        "acme/gateway-lite",
        "acme/sensor-hub",
        "acme/sensor-hub-poe",
        "beagle/am335x-boneblack",
        "beagle/am335x-bonegreen",
        "beagle/am335x-pocketbeagle",
        "pine/rk3399-rockpro64",
        "pine/sun50i-a64-pine64-lts",
        "rpi/bcm2711-rpi-4-b",
        "rpi/bcm2711-rpi-cm4-io",
    )
)
OVERLAYS = tuple(
    f"overlays/{name}.dtbo"
    for name in (
        "adc/ads1015",
        "adc/mcp3208",
        "audio/wm8960-codec",
        "audio/tas5756-amplifier",
        "can/mcp2515-can0",
        "can/mcp2515-can1",
        "display/ili9341-spi",
        "display/panel-7in-touch",
        "gpio/keys-front",
        "gpio/leds-status",
        "i2c/at24-eeprom",
        "i2c/bme280",
        "i2c/ds3231-rtc",
        "i2c/tca9548-mux",
        "net/enc28j60",
        "net/w5500",
        "pwm/fan-control",
        "spi/flash-w25q128",
        "spi/spidev0",
        "uart/gps-uart2",
        "uart/rs485-uart1",
        "uart/uart1",
        "uart/uart6",
        "usb/otg-host",
        "w1/onewire-gpio",
    )
)
STACKS = {
    "field kit": (OVERLAYS[12], OVERLAYS[4], OVERLAYS[19]),
    "panel": (OVERLAYS[7], OVERLAYS[16]),
    "everything on uart": (*OVERLAYS[19:23], OVERLAYS[18]),
}

_LABEL = Finding(
    "DT104",
    3,
    "/fragment@0",
    "label 'uart6' is not in /__symbols__ of {base}",
    Spot("overlays/uart/uart6.dtso", 12, 18),
    "target refers to it; kernel -EINVAL, libfdt FDT_ERR_NOTFOUND",
    "overlay 1 (overlays/uart/uart6.dtbo)",
    "did you mean uart5 (/soc/serial@481aa000)? or build the base with `dtc -@`",
    (Remark("uart6 is defined by no overlay of this set; 3 of 12 boards define it"),),
    ("OF: resolver: node label 'uart6' not found in live devicetree symbols table",),
    "\ttarget = <&uart6>;\n\t          ^~~~~~",
)
_EMPTY = Finding(
    "DT130",
    2,
    "/ocp/P9_40_pinmux",
    "9 nodes are created with nothing but status: no device results",
    why="the base has no such node",
    fix="apply to am335x-boneblack-uboot-univ.dtb, which has them",
)
_REPEAT = Finding(
    "DT131",
    2,
    "/soc/i2c@7e804000",
    'status is set to the value it has ("okay")',
    fix="leave it out, or keep it on purpose: it undoes an overlay that says otherwise",
)
_CLASH = Finding(
    "DT630",
    2,
    "/soc/spi@7e204000/spidev@0",
    'status is "disabled" after ili9341-spi, spidev0 but "okay" the other way round',
    why="both write it",
    fix="say which comes first by a stack, or put them into one group of `apart`",
)
_PIN = Finding(
    "DT640",
    2,
    "/soc/gpio@7e200000",
    "pin 19 is claimed by two enabled devices",
    why="audio/wm8960-codec and pwm/fan-control both use it",
    kernel=("pinctrl-bcm2835: pin gpio19 already requested by fe203000.i2s",),
)
_MUX = Finding("DT103", 3, "/fragment@1", "target-path /soc/i2c@7e205000 is not in {base}")
_OLD = Finding("DT114", 2, "/soc/bluetooth", "the overlay brings a phandle of its own")
_BROKEN = Finding("DT012", 3, "", "the blob is cut off: 1,204 of 3,888 bytes are there")
_BUS = ("fragment@0 on &i2c1", "/soc/i2c@7e804000")
_SENSOR = ("fragment@0 on &i2c1", "/soc/i2c@7e804000/sensor@76")
_PLAN = (
    Change(*_BUS, "~", "status", '"disabled"', '"okay"'),
    Change(*_BUS, "+", "clock-frequency", "", "<400000>"),
    Change(*_SENSOR, "+node"),
    Change(*_SENSOR, "+", "compatible", "", '"bosch,bme280"'),
    Change(*_SENSOR, "+", "reg", "", "<0x76>"),
    Change("labels exported", "/__symbols__", "+", "bme280", "", '"/soc/i2c@7e804000/sensor@76"'),
)
_NAMES = {
    "DT104": "label-not-in-base",
    "DT103": "target-not-in-base",
    "DT130": "no-effect",
    "DT131": "same-value",
    "DT630": "order-dependent",
    "DT640": "pin-conflict",
    "DT114": "phandle-clash",
    "DT012": "blob-cut-off",
}
# State, its error, its findings, and how these stand, of a case.
_Fate = tuple["State", str, tuple[Finding, ...], "Standing"]


def small() -> Checked:
    """Give 12 boards and 25 overlays with stacks, in every state there is."""
    gathered: dict[tuple[str, int, Standing], list[Place]] = {}
    cases = []
    for board, overlays, name in _wanted():
        state, error, findings, standing = _fate(board, overlays, name)
        findings = tuple(
            found._replace(message=found.message.replace("{base}", board)) for found in findings
        )
        failed_at = len(overlays) - 1 if error else -1
        verdicts = (Verdict("libfdt", error, failed_at), Verdict("linux", "-EINVAL" * bool(error)))
        case = Case(
            board,
            overlays,
            name,
            verdicts,
            findings,
            (0, 3) if name.startswith("every") and error else (),
            () if error else _PLAN,
            0 if error else 7,
        )
        reason = "the lite board has no second I2C bus" if state == "expected" else ""
        cases.append(Judged(case, state, reason))
        for found in findings:
            key = (found.code, found.severity, standing)
            gathered.setdefault(key, []).append(Place(board, overlays, name, found))
    gathered["DT630", 2, "new"] = [
        Place(board, (OVERLAYS[6], OVERLAYS[18]), "", _CLASH) for board in BOARDS[3:9]
    ]
    gathered["DT640", 2, "new"] = [
        Place(board, (OVERLAYS[2], OVERLAYS[16]), "", _PIN) for board in BOARDS[10:]
    ]
    gathered["DT012", 3, "new"] = [Place("", ("overlays/net/wiznet-old.dtbo",), "", _BROKEN)]
    groups = sorted(
        (_group(*key, places) for key, places in gathered.items()),
        key=lambda one: (-one.severity, -len(one.places), one.code),
    )
    lost = ("overlays/hat/legacy-hat.dtbo", "overlays/net/wiznet-old.dtbo")
    return Checked(
        "0.5.0",
        BOARDS,
        (*OVERLAYS, *lost),
        ("libfdt", "linux"),
        tuple(cases),
        tuple(groups),
        compared=2_912,
        fits_nothing=lost,
    )


def _wanted() -> Iterator[tuple[str, tuple[str, ...], str]]:
    for row, board in enumerate(BOARDS):
        for column, overlay in enumerate(OVERLAYS):
            if (row * 7 + column * 5) % 11 > 1 or column in {11, 22}:
                yield board, (overlay,), ""
    for name, overlays in STACKS.items():
        for board in BOARDS[::2]:
            yield board, overlays, name


def _fate(board: str, overlays: tuple[str, ...], name: str) -> _Fate:
    row = BOARDS.index(board)
    if "uart6" in overlays[-1] or name.startswith("every"):
        if row not in {3, 4, 8}:
            return "failed", "FDT_ERR_NOTFOUND", (_LABEL,), "new"
    elif "tca9548" in overlays[0] and row in {2, 7}:
        if row == 2:
            return "expected", "FDT_ERR_NOTFOUND", (_MUX,), "expected"
        return "failed", "FDT_ERR_NOTFOUND", (_MUX,), "new"
    elif "ads1015" in overlays[0] and 5 <= row <= 7:
        return "warned", "", (_EMPTY, _REPEAT), "new"
    elif "otg-host" in overlays[0] and row > 7:
        return "known", "", (_OLD,), "known"
    elif "rtc" in overlays[0] and row % 3 == 1:
        return "warned", "", (_REPEAT,), "new"
    return "ok", "", (), "new"


def _group(code: str, severity: int, standing: Standing, places: list[Place]) -> Group:
    message = places[0].finding.message
    if len(places) > 1:
        message = message.replace(places[0].base, "the base")
    return Group(code, _NAMES[code], severity, message, standing, tuple(sorted(places)))


def large(boards: int = 1_078, overlays: int = 1_090, cases: int = 5_749) -> Checked:
    """Give a matrix as sparse as a real one: vendors' folders, each overlay on some boards."""
    rows = [f"bases/linux-7.2/{n // 24:02}-vendor/soc{n % 24}-board.dtb" for n in range(boards)]
    columns = [f"overlays/linux-7.2/{n // 24:02}-vendor/hat{n % 24}.dtbo" for n in range(overlays)]
    judged = []
    places = []
    for number in range(cases):
        lap, row = divmod(number, boards)
        board, overlay = rows[row], columns[(row + lap * 3) % overlays]
        bad = number % 8 == 0
        found = _LABEL._replace(message=f"label 'uart6' is not in /__symbols__ of {board}")
        findings = (found,) if bad else (_REPEAT,) if number % 3 == 0 else ()
        error = "FDT_ERR_NOTFOUND" if bad else ""
        case = Case(board, (overlay,), "", (Verdict("libfdt", error, 0 if bad else -1),), findings)
        judged.append(Judged(case, "failed" if bad else "warned" if findings else "ok"))
        places += [Place(board, (overlay,), "", one) for one in findings]
    groups = []
    for code, severity in (("DT104", 3), ("DT131", 2)):
        some = sorted(one for one in places if one.finding.code == code)
        for start in range(0, len(some), 7):
            groups.append(_group(code, severity, "new", some[start : start + 7]))
    return Checked(
        "0.5.0", tuple(rows), tuple(columns), ("libfdt",), tuple(judged), tuple(groups), 31_337
    )


_text = st.text(max_size=12) | st.sampled_from(
    ("</script><script>", "<!--<script>", "]]>", "\u2028", "\x1b[2J", "\udcff", "@@data@@", "\x00")
)
_number = st.integers(0, 1 << 31)
_spot = st.builds(Spot, _text, _number, _number)


def _tuples(of: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(of, max_size=2).map(tuple)


_finding = st.builds(
    Finding,
    _text,
    st.integers(1, 3),
    _text,
    _text,
    _spot,
    _text,
    _text,
    _text,
    _tuples(st.builds(Remark, _text, _spot)),
    _tuples(_text),
    _text,
)
_verdict = st.builds(Verdict, _text, _text, st.integers(-1, 64))
_case = st.builds(
    Case,
    _text,
    _tuples(_text),
    _text,
    _tuples(_verdict),
    _tuples(_finding),
    _tuples(st.integers(0, 64)),
    _tuples(st.builds(Change, *[_text] * 6)),
    st.integers(0, 9),
)
_judged = st.builds(
    Judged, _case, st.sampled_from(("ok", "warned", "failed", "known", "expected")), _text
)
_group_of = st.builds(
    Group,
    _text,
    _text,
    st.integers(1, 3),
    _text,
    st.sampled_from(("new", "known", "expected")),
    st.lists(st.builds(Place, _text, _tuples(_text), _text, _finding), min_size=1, max_size=3).map(
        tuple
    ),
)
# Not by st.builds: that would also fill in what no report shows.
anything: st.SearchStrategy[Checked] = st.tuples(
    _text,
    _tuples(_text),
    _tuples(_text),
    _tuples(_text),
    _tuples(_judged),
    _tuples(_group_of),
    _number,
    _tuples(_text),
    st.none() | st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.integers(0, 3),
).map(lambda fields: Checked(*fields))
