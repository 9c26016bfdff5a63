"""Which properties refer to other nodes by phandle, and how their cells are laid out: data."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from dtovl.model.supplierbindings import BINDINGS, TABLED

if TYPE_CHECKING:
    from dtovl.model.supplierbindings import Binding

Shape = Literal["list", "first", "args", "fixed", "rows", "nexus"]


class Pattern(NamedTuple):
    """How the cells of a property that refers to nodes are laid out.

    list   every cell is a phandle
    first  the first cell is a phandle, what follows is something else
    args   phandles, each with as many arguments as the property `cells` of its node says;
           `width` arguments where the node lacks that property (None: an error)
    fixed  phandles with `width` arguments each, and one more for each cell above two that the
           property `cells` of the same node counts (a GPIO controller of several banks)
    rows   rows of `width` cells, the phandle at cell `place`; where that does not fit, a row is as
           much longer as `cells` of the first node counts above one
    nexus  rows of a map: unit address and specifier of the child, phandle, the same of the parent
    """

    shape: Shape
    cells: str = ""
    width: int | None = None
    place: int = 0


_FIRST = Pattern("first")
_LIST = Pattern("list")

# What names suppliers stands in dtovl.model.supplierbindings. Below is what refers to nodes
# besides: nothing is judged there, but people are shown whom it means.
#
# Phandles with arguments: property -> property of the provider that counts them.
# Source: the of_parse_phandle_with_args callers of the subsystems, dtc's checks named
# <name>_property.
_ARGS = {
    "performance-domains": "#performance-domain-cells",
    "qcom,freq-domain": "#freq-domain-cells",
    "qcom,smem-states": "#qcom,smem-state-cells",
}

# As above, but a provider without the counting property takes this many arguments.
_ARGS_OR = {
    "mediatek,gce-client-reg": ("#subsys-cells", 3),
    "trigger-sources": ("#trigger-source-cells", 0),
    "allwinner,sram": ("#allwinner,sram-cells", 1),
}

_OTHER = {
    "gpio-ranges": Pattern("fixed", "#gpio-cells", width=3),
    "pinctrl-single,gpio-range": Pattern("fixed", width=3),
    "renesas,vsps": Pattern("fixed", width=1),
    "ti,tptcs": Pattern("fixed", width=1),
    "iommu-map": Pattern("rows", "#iommu-cells", width=4, place=1),
    "msi-map": Pattern("rows", "#msi-cells", width=4, place=1),
    "rockchip,pins": Pattern("rows", width=4, place=3),
}

# Lists of phandles without arguments. Of `i2c-parent` most drivers take the first alone; one that
# switches between masters has several.
_LISTS = """
    allwinner,pipelines arm,cs-dev-assoc aspeed,external-nodes audio-aux-devs aux-devs capture dais
    devfreq-events dma-masters fsl,fman-ports i2c-parent links marvell,crypto-srams mediatek,larbs
    mediatek,sgmiisys nomadik-gpio-chips nvidia,outputs playback pm-sram ports qcom,bcm-voters
    regulator-coupled-with renesas,cmms riscv,children shmem simple-audio-card,aux-devs
    stericsson,cpu-dai ti,iep ti,provided-clocks ti,prus ti,timers ti,unmapped-event-sources
"""

# The first cell alone is a phandle; offsets and masks may follow it.
_SINGLES = """
    allwinner,codec-analog-controls altr,ecc-parent amlogic,ao-secure amlogic,ao-sysctrl
    amlogic,canvas amlogic,hhi-sysctrl amlogic,secbus2 aspeed,ahbc aspeed,global-regs aspeed,scu
    atmel,audio-codec atmel,matrix atmel,nfc-io atmel,nfc-sram atmel,smc atmel,ssc-controller
    audio-asrc audio-codec audio-cpu bitclock-master brcm,sr-cdru brcm,sr-mhb buffer-manager
    cci-control-port companion controller cores cpu-syscon dcr-parent ddc devfreq display ecc-engine
    firmware fpga-mgr frame-master fsl,anatop fsl,ddrc fsl,imx7d-pcie-phy fsl,input-sel
    fsl,iommu-parent fsl,iram fsl,liodn-reg fsl,mipi-phy-gpr fsl,rcpm-wakeup fsl,stop-mode
    fsl,tempmon fsl,usbmisc fsl,usbphy fsl,weim-cs-gpr gpr hdmi-phandle infracfg intel,npe-handle
    internal-mem iram lens-focus mal-device marvell,system-controller marvell,usb-misc-reg
    mcer-device mdio-device mediatek,adsp mediatek,apmixedsys mediatek,auxadc mediatek,cci
    mediatek,ethsys mediatek,infracfg mediatek,pctl-regmap mediatek,pericfg mediatek,platform
    mediatek,scp mediatek,smi mediatek,syscon-type mediatek,syscon-wakeup mediatek,topckgen
    mediatek,wed mediatek,wo-ccif mmc-pwrseq monitored-battery native-mode nvidia,audio-codec
    nvidia,ddc-i2c-bus nvidia,i2s-controller nvidia,memory-controller nvidia,mipi-calibrate
    nvidia,panel nvidia,phy nvidia,pmc nvidia,xusb-padctl pcs-handle peer-hub phy prcm
    qcom,4ln-config-sel qcom,acc qcom,dload-mode qcom,gmu qcom,halt-regs qcom,ice qcom,ipc
    qcom,ipc-1 qcom,ipc-2 qcom,ipc-3 qcom,ipc-4 qcom,mmio qcom,pbs qcom,qmp qcom,rpm-msg-ram
    qcom,rx-device qcom,saw qcom,spare-regs qcom,tcsr-reg qcom,tx-device queue-rx queue-txready
    regmap renesas,bonding renesas,fcp renesas,ipmmu-main renesas,vspx rgmii-device riscv,delegation
    rockchip,cru rockchip,pmu samsung,sysreg sata secure-monitor sfp
    simple-audio-card,bitclock-master simple-audio-card,frame-master slim-ifc-dev snps,axi-config
    snps,mtl-rx-config snps,mtl-tx-config spacemit,apbc spacemit,apmu spacemit,mpmu spdif-controller
    ssi-controller ste,config stericsson,audio-codec tah-device target ti,am65x-oldi-io-ctrl
    ti,bootreg ti,cpb-codec ti,cpb-mcasp ti,ctrl_mod ti,elm-id ti,mii-g-rt ti,mii-rt ti,oldi-io-ctrl
    ti,ringacc ti,rproc ti,sci ti,serdes-clk ti,watchdog-timers usb-phy
"""


@cache
def _pattern(binding: Binding) -> Pattern:
    """Give the layout of a property that names suppliers."""
    if binding.form == "args":
        return Pattern("args", binding.cells, binding.fallback)
    return _LIST if binding.form == "list" else _FIRST


_EXACT: dict[str, Pattern] = {
    **{one.name: _pattern(one) for one in TABLED},
    **dict.fromkeys(_LISTS.split(), _LIST),
    **dict.fromkeys(_SINGLES.split(), _FIRST),
    **{name: Pattern("args", cells) for name, cells in _ARGS.items()},
    **{name: Pattern("args", cells, width) for name, (cells, width) in _ARGS_OR.items()},
    **_OTHER,
}

# Maps of a nexus node, translated row by row (Devicetree Specification v0.4, 2.4.3 and 2.5.1).
_NEXUS = {"interrupt", "clock", "gpio", "pwm", "io-channel", "thermal-sensor", "mux-control"}

# Endings and beginnings of names of which the first cell is a phandle.
_FIRST_ENDINGS = (
    "-phandle",
    "-handle",
    "-syscon",
    ",syscon",
    ",grf",
    "-grf",
    "-i2c-bus",
)
_FIRST_BEGINNINGS = ("syscon-", "ti,syscon-", "brcm,syscon-", "socionext,syscon", "st,syscfg")


# Few names of properties come again and again; a hostile tree may have as many as it likes.
_MOST_NAMES = 10_000
_found: dict[str, Pattern | None] = {}


def pattern_of(name: str) -> Pattern | None:
    """Tell how the cells of a property called name refer to nodes; None: they do not.

    Source: tables of this module, and that of suppliers.
    """
    try:
        return _found[name]
    except KeyError:
        if len(_found) >= _MOST_NAMES:
            _found.clear()
        found = _found[name] = _pattern_of(name)
        return found


def _pattern_of(name: str) -> Pattern | None:
    found = _EXACT.get(name)
    if found is not None:
        return found
    binding = BINDINGS.find(name)
    if binding is not None:
        return _pattern(binding)
    if name.endswith("-map") and name[:-4] in _NEXUS:
        return Pattern("nexus", f"#{name[:-4]}-cells")
    if name.endswith(_FIRST_ENDINGS) and not name.startswith(("-", ",")):
        return _FIRST
    return _FIRST if name.startswith(_FIRST_BEGINNINGS) else None
