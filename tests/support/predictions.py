"""Predictions made by hand, for reports."""

from __future__ import annotations

from dtovl.report.probe.answer import Answer, Settings
from dtovl.report.probe.difference import difference
from dtovl.report.probe.seen import Cause, Group, Master, Need, Seen, Try, Wait

HOSTILE = '/soc/\x1b[2J\n::error::"</script><img src=x onerror=alert(1)>\\N[red]\u202e@1'
SETTINGS = Settings("on", strict=False, modules=True, drivers=None)
NOTHING = Seen((), (), {}, {}, (), (), {}, {}, {}, {}, ())


def log(*lines: str) -> tuple[Try, ...]:
    """Read tries: stage, device, driver, result, parted by spaces."""
    return tuple(Try(*line.split(" ", 3)) for line in lines)


def before() -> Seen:
    """Give a board on which everything binds, the last device at its second try."""
    return NOTHING._replace(
        order=("/clk", "/gpio", "/uart", "/wifi"),
        log=log(
            "core /clk acme-clk bound",
            "device /wifi acme-wifi deferred: supplier /gpio not ready",
            "device /gpio acme-gpio bound",
            "device /uart acme-uart bound",
            "late+ /wifi acme-wifi bound",
        ),
        needs={"/wifi": (Need("reset-gpios", 0, "/gpio", "/gpio", ""),)},
    )


def after(rail: str = "/rail") -> Seen:
    """Give it with an overlay: two devices wait for a rail, one fails, gpio binds before clk."""
    reason = f"vcc-supply[0] of {rail} not ready"
    return Seen(
        order=("/gpio", "/clk", "/uart", "/sensor"),
        log=log(
            "core /gpio acme-gpio bound",
            "core /clk acme-clk bound",
            f"device /wifi acme-wifi deferred: {reason}",
            "device /camera acme-camera deferred: supplier /wifi not ready",
            "device /uart acme-uart bound",
            "device /sensor acme-sensor bound",
            "device /spi acme-spi failed -22",
            f"late+ /wifi acme-wifi deferred: {reason}",
            "late+ /camera acme-camera deferred: supplier /wifi not ready",
            "late /uart acme-uart sync_state",
        ),
        deferred={"/wifi": f"acme-wifi: {reason}", "/camera": "supplier /wifi not ready"},
        failed={"/spi": -22},
        unmatched=("/odd",),
        never_added=("/odd/child",),
        sync_pending={"/clk": ("/camera", "/wifi")},
        waits={
            "/wifi": Wait(rail, "", "vcc-supply", 0, reason),
            "/camera": Wait("/wifi", "/wifi", "clocks", 1, "supplier /wifi not ready"),
        },
        causes=dict.fromkeys(("/wifi", "/camera"), Cause(rail, "disabled", "is disabled")),
        needs={
            "/wifi": (
                Need("reset-gpios", 0, "/gpio", "/gpio", ""),
                Need("vcc-supply", 0, rail, "", "disabled"),
            ),
            "/camera": (Need("clocks", 1, "/wifi", "/wifi", ""),),
        },
        groups=(
            Group("/iommu", (16,), (Master("/gpio", 1), Master("/uart", 3, late=True))),
            Group(
                "/iommu",
                (),
                (
                    Master("/wifi", 0),
                    Master("/clk", 2, bypasses=True),
                ),
            ),
        ),
    )


def answer(*, overlays: bool = True, everything: bool = False, rail: str = "/rail") -> Answer:
    """Give an answer about it, with or without the overlay's difference."""
    now = after(rail)
    found = difference(before(), now) if overlays else None
    names = ("camera.dtbo",) if overlays else ()
    return Answer("board.dtb", names, SETTINGS, now, found, (), everything)
