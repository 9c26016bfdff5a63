"""DT64x: pins, lines, addresses and channels that two devices claim."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

PIN_CONFLICT = Code(
    "DT640",
    "pin-conflict",
    Severity.ERROR,
    message="{what} of {controller} {verb} claimed by two enabled devices: {first} and {second}",
    suggestion='disable one of them (`status = "disabled"`), or give one of them other pins',
    source="kernel pin_request (drivers/pinctrl/pinmux.c), pinctrl_bind_pins",
    explanation="""\
Both devices are enabled, and the pins of their default state overlap. A pin is muxed for one
device at a time, even if both want the same function of it: Linux refuses the device that is probed
second, says `already requested`, and its driver does not start. Which one that is depends on the
order of probing; what the pin controller's own `pinctrl-0` names (a hog) is taken before all that.
A device and one inside it are two owners as well. Pins of states that are selected later (`sleep`),
nodes that set pulls or drive strength alone, and nodes of which no device is made do not count; nor
does a clash that the base has without any overlay. Where Linux may let it pass, it is a warning: a
device without `pinctrl-names` gets no pins from Linux, a `simple-bus` or `simple-mfd` only from
5.15 on, and pins of Qualcomm controllers with `function = "gpio"` are refused up to 6.17 only.

    &uart2 { pinctrl-0 = <&uart2_pins>; status = "okay"; };    pin 84
    &spi0  { pinctrl-0 = <&spi0_pins>;  status = "okay"; };    pin 84 too
    &uart2 { status = "disabled"; };                           in the overlay that needs spi0""",
)

PIN_GROUP_SHARED = Code(
    "DT641",
    "pin-group-shared",
    Severity.WARNING,
    message="pin configuration {group} of {controller} is used by two enabled devices: {first} "
    "and {second}",
    suggestion="disable one of them, or give each its own pins",
    source="kernel pin_request (drivers/pinctrl/pinmux.c)",
    explanation="""\
Two enabled devices use one and the same pin configuration node in their default state. Its binding
is not known here, so which pins it muxes cannot be told; if it muxes any, Linux refuses the device
that is probed second.

    &uart2 { pinctrl-0 = <&port_a>; };  &spi0 { pinctrl-0 = <&port_a>; };""",
)

GPIO_CONFLICT = Code(
    "DT642",
    "gpio-conflict",
    Severity.ERROR,
    message="{what} of {controller} {verb} claimed by two enabled devices: {first} and {second}",
    suggestion="disable one of them, or wire one of them to another line",
    source="kernel gpiod_request_commit, gpiod_hog (drivers/gpio/gpiolib.c)",
    explanation="""\
A GPIO line belongs to the driver that requests it first; the second gets -EBUSY and does not
start. Hogs (`gpio-hog`) get their lines before any driver. Regulators that share an enable line,
with each other or with a hog, are left out, as Linux lets them; lines that boards share on purpose
(reset, power-down of several chips) are reported as info: that works where the drivers agree on it.
A reset line of two PHYs on MDIO buses is a warning, as the bus asks for it alone. So are two hogs
of one line: from Linux 6.9 on the first one wins without a word, before that the whole controller
fails to register. Linux 6.19 and later can be built to let both have the line (CONFIG_GPIO_SHARED);
the wire is still one.

    led { gpios = <&gpio1 17 0>; };  button { gpios = <&gpio1 17 1>; };""",
)

INTERRUPT_SHARED = Code(
    "DT643",
    "interrupt-shared",
    Severity.WARNING,
    message="{what} of {controller} {verb} used by two enabled devices: {first} and {second}",
    suggestion="check that both drivers share the line (IRQF_SHARED), or use another one",
    source="kernel __setup_irq (kernel/irq/manage.c)",
    explanation="""\
Two devices have the same interrupt line. Linux lets drivers share one only if all of them ask for
that, with the same trigger; else the second fails with -EBUSY (`genirq: Flags mismatch irq`).
With an edge trigger a pulse is lost while another device holds the line, so that is a warning;
level-triggered lines are commonly shared inside a chip, which is info. Which cell is the trigger,
and whether there is one, depends on the controller.

    touch@38 { interrupts = <17 2>; };  imu@68 { interrupts = <17 2>; };   one GPIO controller""",
)

DMA_CONFLICT = Code(
    "DT644",
    "dma-conflict",
    Severity.WARNING,
    message="{what} of {controller} {verb} claimed by two enabled devices: {first} and {second}",
    suggestion="disable one of them, or give one of them another channel",
    source="kernel of_dma_request_slave_channel (drivers/dma/of-dma.c)",
    explanation="""\
Both devices name the same channel or request line of a DMA controller. The second gets no channel,
or takes the requests of the first; many drivers then go on without DMA, and slowly.

    uart { dmas = <&edma 28 0>; };  spi { dmas = <&edma 28 0>; };""",
)

ADDRESS_CONFLICT = Code(
    "DT645",
    "address-conflict",
    Severity.ERROR,
    message="{bus} address {address}: {first} and {second} are both enabled",
    suggestion="give one of them another address, or disable it",
    source="kernel i2c_check_addr_busy, spi_dev_check, devm_request_mem_region",
    explanation="""\
Two enabled devices on one bus begin at the same address. On I2C, SPI, MDIO and DSI the second
cannot be registered (-EBUSY), and its driver never runs. On a bus of registers the second driver
commonly fails to get its memory region; a few boards do that on purpose, so there it is a warning.
Registers of a system controller (`syscon`) are shared by design, and do not count. Often a device
of the base is the other one, enabled by an overlay or not: disable it where it is not wanted.

    &i2c1 { codec@1a { reg = <0x1a>; }; };  &i2c1 { mic@1a { reg = <0x1a>; }; };""",
)

MORE_CLAIMS = Code(
    "DT649",
    "more-claims",
    Severity.INFO,
    message="{count} more claims are not shown, or not looked at",
    suggestion="mend those that are shown first",
    source="bounds of this program",
    explanation="""\
So many devices claim the same pins, lines or addresses that only the first of them are reported.
Commonly one base has been given overlays of another, or an input was made to be large.""",
)
