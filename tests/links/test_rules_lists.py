"""Lists of phandles: L001 to L005, L024, L026, L028, L032, each rule as the specification has it."""

from __future__ import annotations

import pytest
from support.linked import Row, check, check_tree, params, rows, tree_from
from support.trees import strings, tree_of

PRELUDE = """
 osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; };
 cc: clk { compatible = "acme,clk"; #clock-cells = <1>; };
 c2: clk2 { compatible = "acme,clk"; #clock-cells = <2>; };
 g: gpio { compatible = "acme,gpio"; gpio-controller; #gpio-cells = <2>; };
 dma: dma { compatible = "acme,dma"; #dma-cells = <1>; };
 reg: reg { compatible = "regulator-fixed"; };
 x: extcon { compatible = "acme,extcon"; };
 pic: pic { compatible = "acme,pic"; interrupt-controller; #interrupt-cells = <1>; };
"""

DANGLING = rows(
    """
== L001 ends a list with cells: what stands behind is not judged
a { compatible = "acme,a"; clocks = <&osc>, <0x99>, <0x98>, <&x>; };
--
L001 error /a clocks index=1 cell=1 phandle=153

== L001 cell counts the arguments before it
a { compatible = "acme,a"; clocks = <&cc 7>, <&c2 1 2>, <0x99>; };
--
L001 error /a clocks index=2 cell=5 phandle=153

== L001 a list without cells goes on behind it
a { compatible = "acme,a"; extcon = <0x71>, <&x>, <0x72>; };
--
L001 error /a extcon index=0 cell=0 phandle=113
L001 error /a extcon index=2 cell=2 phandle=114
->
/a extcon[1] /extcon

== L001 is an information on a disabled consumer
a { compatible = "acme,a"; status = "disabled"; clocks = <0x99>; };
--
L001 info /a clocks index=0 cell=0 phandle=153

== L001 is an information below a disabled bus
bus { status = "disabled"; a { compatible = "acme,a"; clocks = <0x99>; }; };
--
L001 info /bus/a clocks index=0 cell=0 phandle=153

== L001 of a phandle with an offset behind it: only the first cell is one
a { compatible = "acme,a"; syscon = <0x44 0x2f0>; };
b { compatible = "acme,b"; syscon = <&x 0x2f0>; };
--
L001 error /a syscon index=0 cell=0 phandle=68

== L001 of a supply
a { compatible = "acme,a"; vcc-supply = <0x44>; };
--
L001 error /a vcc-supply index=0 cell=0 phandle=68

== L001 of a pin state, also beyond those that the driver core reads
a { compatible = "acme,a"; pinctrl-names = "default"; pinctrl-0 = <0x44>; };
--
L001 error /a pinctrl-0 index=0 cell=0 phandle=68

== L001 not for what __symbols__, aliases and fixups hold, whatever it is called
__symbols__ { clocks = "/osc"; gpio = "/gpio"; leds = "/reg"; };
aliases { gpio = "/gpio"; panel = "/reg"; };
__fixups__ { clocks = "/fragment@0:target:0"; resets = "/a:resets:0"; };
__local_fixups__ { extcon = <0x44>; };
--

== L001 a node called __symbols__ deeper down is a node like others
bus { __symbols__ { clocks = <0x99>; }; };
--
L001 error /bus/__symbols__ clocks index=0 cell=0 phandle=153
""",
    PRELUDE,
)

WRONG_CELLS = rows(
    """
== L002 the hint is the nearest node above that has the property
bus { #reset-cells = <1>; in { #reset-cells = <1>; rc: rst { compatible = "acme,rst"; }; }; };
a { compatible = "acme,a"; resets = <&rc 1>; };
--
L002 error /a resets index=0 cell=0 supplier=/bus/in/rst missing=#reset-cells hint=/bus/in

== L002 the hint is else the first node below, in tree order
mfd: mfd { compatible = "acme,mfd"; l { deep { #reset-cells = <1>; }; }; m { #reset-cells = <1>; }; };
a { compatible = "acme,a"; resets = <&mfd 1>; };
--
L002 error /a resets index=0 cell=0 supplier=/mfd missing=#reset-cells hint=/mfd/l/deep

== L002 a node above comes before one below
bus { #reset-cells = <1>; rc: r { compatible = "acme,r"; in { #reset-cells = <1>; }; }; };
a { compatible = "acme,a"; resets = <&rc 1>; };
--
L002 error /a resets index=0 cell=0 supplier=/bus/r missing=#reset-cells hint=/bus

== L002 without a hint, and the end of the list
a { compatible = "acme,a"; resets = <&osc>, <0x99>; };
--
L002 error /a resets index=0 cell=0 supplier=/osc missing=#reset-cells

== L002 is an information on a disabled consumer
a { compatible = "acme,a"; status = "disabled"; resets = <&osc>; };
--
L002 info /a resets index=0 cell=0 supplier=/osc missing=#reset-cells

== L002 cell and index count what stands before
a { compatible = "acme,a"; clocks = <&c2 1 2>, <0>, <&x>; };
--
L005 info /a clocks index=1 hides=true
L002 error /a clocks index=2 cell=4 supplier=/extcon missing=#clock-cells

== L002 cells on the bus are not inherited, not even by interrupts-extended
bus { compatible = "simple-bus"; #interrupt-cells = <1>; i: intc { compatible = "acme,i"; interrupt-controller; }; };
a { compatible = "acme,a"; interrupts-extended = <&i 1>; };
--
L002 error /a interrupts-extended index=0 cell=0 supplier=/bus/intc missing=#interrupt-cells hint=/bus

== L002 not for classes whose cells may be absent
m: msi { compatible = "acme,msi"; };
n: nvmem { compatible = "acme,nv"; cell: cell@0 { }; };
a { compatible = "acme,a"; msi-parent = <&m>, <&m>; nvmem-cells = <&cell>, <&cell>; };
--
->
/a msi-parent[0] /msi
/a msi-parent[1] /msi
/a nvmem-cells[0] /nvmem/cell@0
/a nvmem-cells[1] /nvmem/cell@0

== L003 want and have, at the end of a list
a { compatible = "acme,a"; clocks = <&c2 1 2>, <&c2 3>; };
b { compatible = "acme,b"; clocks = <&c2>; };
c { compatible = "acme,c"; clocks = <&c2 1 2>; };
--
L003 error /a clocks index=1 supplier=/clk2 want=2 have=1
L003 error /b clocks index=0 supplier=/clk2 want=2 have=0

== L003 is an information on a disabled consumer
a { compatible = "acme,a"; status = "fail"; clocks = <&c2>; };
--
L003 info /a clocks index=0 supplier=/clk2 want=2 have=0

== L003 of gpios and of interrupts-extended
a { compatible = "acme,a"; acme,reset-gpios = <&g 1>; interrupts-extended = <&pic>; };
--
L003 error /a acme,reset-gpios index=0 supplier=/gpio want=2 have=1
L003 error /a interrupts-extended index=0 supplier=/pic want=1 have=0

== L003 of a class with a fallback where the supplier has the cells
m: msi { compatible = "acme,msi"; #msi-cells = <1>; };
n: nvmem { compatible = "acme,nv"; cell: cell@0 { #nvmem-cell-cells = <2>; }; };
a { compatible = "acme,a"; msi-parent = <&m>; nvmem-cells = <&cell 1>; };
--
L003 error /a msi-parent index=0 supplier=/msi want=1 have=0
L003 error /a nvmem-cells index=0 supplier=/nvmem/cell@0 want=2 have=1

== L003 comes before L028: a list that ends is found out first
wide: wide { compatible = "acme,w"; #clock-cells = <17>; };
a { compatible = "acme,a"; clocks = <&wide 1>; };
--
L003 error /a clocks index=0 supplier=/wide want=17 have=1

== L028 ends the list; 16 are still right
w17: w17 { compatible = "acme,w"; #clock-cells = <17>; };
w16: w16 { compatible = "acme,w"; #clock-cells = <16>; };
a { compatible = "acme,a"; clocks = <&w17 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17>, <0x99>; };
b { compatible = "acme,b"; clocks = <&w16 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16>; };
c { compatible = "acme,c"; status = "disabled"; clocks = <&w17 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17>; };
--
L028 error /a clocks index=0 supplier=/w17 cells=17
L028 info /c clocks index=0 supplier=/w17 cells=17
""",
    PRELUDE,
)

LENGTHS = rows(
    """
== L004 bytes behind the last cell are dropped, the cells are judged
a { compatible = "acme,a"; clocks = <&osc>, [00 00]; };
b { compatible = "acme,b"; clocks = <0x99>, [00]; };
c { compatible = "acme,c"; clocks = [00 00 01]; };
--
L004 error /a clocks length=6
L004 error /b clocks length=5
L001 error /b clocks index=0 cell=0 phandle=153
L004 error /c clocks length=3

== L004 is an information on a disabled consumer
a { compatible = "acme,a"; status = "disabled"; clocks = <&osc>, [00 00]; };
--
L004 info /a clocks length=6

== L004 of supplies, pin states, endpoints, interrupt parents and plain phandles
a { compatible = "acme,a"; vcc-supply = <&reg>, [00]; syscon = <&x>, [00 00 00]; memory-region = <&x>, [01]; };
b { compatible = "acme,b"; pinctrl-names = "default"; pinctrl-0 = <&x>, [00]; };
c { compatible = "acme,c"; interrupt-parent = <&pic>, [00]; };
--
L004 error /a vcc-supply length=5
L004 error /a syscon length=7
L004 error /a memory-region length=5
L004 error /b pinctrl-0 length=5
L004 error /c interrupt-parent length=5

== L004 of interrupts: not L014 as well, nor L024
a { compatible = "acme,a"; interrupt-parent = <&pic>; interrupts = <1>, [00]; interrupt-names = "x", "y"; };
--
L004 error /a interrupts length=5
->
/a interrupt-parent[0] /pic
/a interrupts[0] /pic

== L004 a list of length 0 is no finding, whatever names stand beside it
a { compatible = "acme,a"; clocks; clock-names = "x"; on-supply; extcon; reset-gpios; interrupts; interrupts-extended; };
--
""",
    PRELUDE,
)

HOLES = rows(
    """
== L005 hides what stands behind it in a list that the driver core reads
a { compatible = "acme,a"; clocks = <0>, <&osc>; };
b { compatible = "acme,b"; clocks = <&osc>, <0>; };
c { compatible = "acme,c"; cs-gpios = <0>, <0>, <&g 1 0>; };
d { compatible = "acme,d"; extcon = <0>, <&x>; };
--
L005 info /a clocks index=0 hides=true
L005 info /b clocks index=1 hides=false
L005 info /c cs-gpios index=0 hides=true
L005 info /c cs-gpios index=1 hides=true
L005 info /d extcon index=0 hides=true
->
/a clocks[1] /osc
/b clocks[0] /osc
/c cs-gpios[2] /gpio

== L005 hides nothing in a list that it does not read, or not always
a { compatible = "acme,a"; dmas = <0>, <&dma 1>; memory-region = <0>, <&x>; };
--
L005 info /a dmas index=0 hides=false
L005 info /a memory-region index=0 hides=false

== L005 hides nothing where one cell alone is read
a { compatible = "acme,a"; aux-supply = <0>; bad-supply = <0 1>; };
--
L005 info /a aux-supply index=0 hides=false
L005 info /a bad-supply index=0 hides=false
L026 warning /a bad-supply cells=2

== L005 stays an information on a disabled consumer
a { compatible = "acme,a"; status = "disabled"; clocks = <0>, <&osc>; };
--
L005 info /a clocks index=0 hides=true

== L005 of -1 in a list with cells is an error and ends the list, never L001
a { compatible = "acme,a"; clocks = <0xffffffff>, <0x99>; clock-names = "x"; };
b { compatible = "acme,b"; clocks = <&cc 1>, <0xffffffff>; };
c { compatible = "acme,c"; status = "disabled"; clocks = <0xffffffff>; };
d { compatible = "acme,d"; msi-parent = <0xffffffff>; };
--
L005 error /a clocks index=0 value=4294967295
L005 error /b clocks index=1 value=4294967295
L005 info /c clocks index=0 value=4294967295
L005 error /d msi-parent index=0 value=4294967295

== L005 of -1 in a list without cells is a warning, and the list goes on
a { compatible = "acme,a"; extcon = <0xffffffff 0x71>; vcc-supply = <0xffffffff>; };
b { compatible = "acme,b"; status = "disabled"; extcon = <0xffffffff>; };
--
L005 warning /a extcon index=0 value=4294967295
L001 error /a extcon index=1 cell=1 phandle=113
L005 warning /a vcc-supply index=0 value=4294967295
L005 warning /b extcon index=0 value=4294967295

== L005 not for a hole in assigned-clocks or their parents
a { compatible = "acme,a"; assigned-clocks = <&cc 1>, <0>, <&cc 2>; assigned-clock-parents = <0>, <0>, <&osc>; };
--
->
/a assigned-clocks[0] /clk
/a assigned-clocks[2] /clk
/a assigned-clock-parents[2] /osc

== L005 for an endpoint that is not connected
a { compatible = "acme,a"; port { endpoint@0 { remote-endpoint; }; endpoint@1 { remote-endpoint = <0>; }; }; };
--
L005 info /a/port/endpoint@0 remote-endpoint index=0 hides=false
L005 info /a/port/endpoint@1 remote-endpoint index=0 hides=false
""",
    PRELUDE,
)

NAMES = rows(
    """
== L024 more names, fewer names
a { compatible = "acme,a"; clocks = <&osc>, <&osc>; clock-names = "x"; };
b { compatible = "acme,b"; clocks = <&cc 1>; clock-names = "x", "y", "z"; };
c { compatible = "acme,c"; clocks = <&cc 1>, <&osc>; clock-names = "x", "y"; };
--
L024 warning /a clocks entries=2 names=1
L024 warning /b clocks entries=1 names=3

== L024 stays a warning on a disabled consumer
a { compatible = "acme,a"; status = "disabled"; clocks = <&osc>, <&osc>; clock-names = "x"; };
--
L024 warning /a clocks entries=2 names=1

== L024 counts holes as entries
a { compatible = "acme,a"; clocks = <&osc>, <0>, <&osc>; clock-names = "x", "y", "z"; };
--
L005 info /a clocks index=1 hides=true

== L024 names without a list, or beside an empty one, are not looked at
a { compatible = "acme,a"; clock-names = "x", "y"; };
b { compatible = "acme,b"; resets; reset-names = "x"; };
c { compatible = "acme,c"; clocks = <&osc>; };
--

== L024 not for a list that cannot be read to its end
a { compatible = "acme,a"; clocks = <&osc>, <0x99>; clock-names = "x"; };
b { compatible = "acme,b"; clocks = <&x>; clock-names = "x", "y"; };
c { compatible = "acme,c"; clocks = <&c2 1>; clock-names = "x", "y"; };
d { compatible = "acme,d"; clocks = <0xffffffff>; clock-names = "x", "y"; };
--
L001 error /a clocks index=1 cell=1 phandle=153
L002 error /b clocks index=0 cell=0 supplier=/extcon missing=#clock-cells
L003 error /c clocks index=0 supplier=/clk2 want=2 have=1
L005 error /d clocks index=0 value=4294967295

== L024 a list without cells is counted also with what is unknown
a { compatible = "acme,a"; memory-region = <0x71>, <&x>; memory-region-names = "one"; };
--
L001 error /a memory-region index=0 cell=0 phandle=113
L024 warning /a memory-region entries=2 names=1

== L024 of interrupts counts whole entries
p2: pic2 { compatible = "acme,pic"; interrupt-controller; #interrupt-cells = <2>; };
a { compatible = "acme,a"; interrupt-parent = <&p2>; interrupts = <1 2 3 4>; interrupt-names = "x"; };
b { compatible = "acme,b"; interrupt-parent = <&p2>; interrupts = <1 2 3>; interrupt-names = "x", "y"; };
--
L024 warning /a interrupts entries=2 names=1
L014 error /b interrupts cells=3 want=2 supplier=/pic2

== L024 of interrupts-extended counts its own entries
a { compatible = "acme,a"; interrupts-extended = <&pic 1>, <&pic 2>; interrupt-names = "x"; };
--
L024 warning /a interrupts-extended entries=2 names=1

== L024 of interconnects counts pairs
i: icc { compatible = "acme,icc"; #interconnect-cells = <1>; };
a { compatible = "acme,a"; interconnects = <&i 1>, <&i 2>; interconnect-names = "one", "two"; };
b { compatible = "acme,b"; interconnects = <&i 1>, <&i 2>; interconnect-names = "one"; };
--
L024 warning /a interconnects entries=1 names=2

== L024 an odd number of interconnects is an information, with names or without
i: icc { compatible = "acme,icc"; #interconnect-cells = <1>; };
a { compatible = "acme,a"; interconnects = <&i 1>, <&i 2>, <&i 3>; };
b { compatible = "acme,b"; interconnects = <&i 1>; interconnect-names = "one"; };
c { compatible = "acme,c"; interconnects = <&i 1>; interconnect-names = "dma-mem"; };
--
L024 info /a interconnects entries=3 names=-1
L024 info /b interconnects entries=1 names=-1
""",
    PRELUDE,
)

FORMS = rows(
    """
== L026 of a supply with more than one cell; the first is judged
a { compatible = "acme,a"; vcc-supply = <&reg 1 2>; io-supply = <0x44 1>; };
--
L026 warning /a vcc-supply cells=3
L026 warning /a io-supply cells=2
L001 error /a io-supply index=0 cell=0 phandle=68
->
/a vcc-supply[0] /reg

== L026 stays a warning on a disabled consumer, and is no matter of plain phandles
a { compatible = "acme,a"; status = "disabled"; vcc-supply = <&reg 1>; syscon = <&x 4>; };
--
L026 warning /a vcc-supply cells=2

== L032 the old forms gpio and -gpio
a { compatible = "acme,a"; gpio = <&g 1 0>; reset-gpio = <&g 2 0>; acme,en-gpio = <&g 3 0>; gpios = <&g 4 0>; };
b { compatible = "acme,b"; status = "disabled"; reset-gpio = <&g 2 0>; };
--
L032 info /a gpio
L032 info /a reset-gpio
L032 info /a acme,en-gpio
L032 info /b reset-gpio

== L032 L026 L001 the suffix rules: what is no list of suppliers
a { compatible = "acme,a"; -supply = <0x66>; -gpios = <0x66>; -gpio = <0x66>; ngpios = <0x66>;
    gpio-ranges = <0x66 0 0>; gpio-line-names = "a"; gpio-reserved-ranges = <0x66 1>;
    acme,nr-gpios = <0x66>; pinctrl-names = "default"; x-names = "a"; clock-ranges;
    xclocks = <0x66>; clocks2 = <0x66>; };
--
""",
    PRELUDE,
)
ALL = (DANGLING, WRONG_CELLS, LENGTHS, HOLES, NAMES, FORMS)


@pytest.mark.parametrize("row", params(*ALL))
def test_lists(row: Row) -> None:
    check(row)
