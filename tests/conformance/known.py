# ruff: noqa: E501  (names of blobs are as long as they are)
"""Disagreements with the recordings that are known, each with its reason.

They are printed, they count as disagreements, and they do not fail the run. A key is what the
runner prints in front of a disagreement.
"""

from __future__ import annotations

_LINKS = "a line of fw_devlink (driver core) about suppliers and consumers, not of the overlay code"
_DRIVER = "a line about the driver of the recording kernel, not of the overlay code"

KNOWN = {
    "case plat-probe-error step 1": _DRIVER,
    "real overlays/linux-7.2/arm/st/stm32mp15xx-dhcom-picoitx-overlay-553-100-x2-tst043015cmhx.dtbo "
    "on bases/linux-7.2/arm/st/stm32mp157c-ultra-fly-sbc.dtb step 1": _LINKS,
    "real overlays/linux-7.2/arm64/freescale/imx8mp-dhcom-pdk3-overlay-nxp-spf-29853-c1-ov5640-x31.dtbo "
    "on bases/linux-6.12/arm64/freescale/imx8mp-dhcom-pdk3.dtb step 1": _LINKS,
    "real overlays/linux-7.2/arm64/freescale/imx8mp-tqma8mpql-mba8mp-ras314-imx219.dtbo "
    "on bases/linux-7.2/arm64/freescale/imx8mp-tqma8mpql-mba8mp-ras314.dtb step 2": _LINKS,
    "real overlays/linux-7.2/arm64/renesas/r8a779g3-sparrow-hawk-rpi-display-2-7in.dtbo "
    "on bases/linux-7.2/arm64/renesas/r8a779g3-sparrow-hawk.dtb step 1": _LINKS,
    "real overlays/linux-7.2/arm64/rockchip/rk3588-rock-5b-plus-radxa-cam4k-cam1.dtbo "
    "on bases/linux-7.2/arm64/rockchip/rk3588s-evb1-v10.dtb step 2": _LINKS,
    "real overlays/linux-7.2/arm64/ti/k3-am625-verdin-panel-cap-touch-10inch-lvds.dtbo "
    "on bases/linux-7.2/arm64/ti/k3-am625-verdin-wifi-dev.dtb step 1": _LINKS,
}
