"""Which properties name suppliers, and how: the one table, as text a person can read.

Source: drivers/of/property.c (of_supplier_bindings and the parse functions), the callers of
of_parse_phandle and of_parse_phandle_with_args in the subsystems, dtc's checks.c.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

Form = Literal["args", "list", "one"]
Strength = Literal["on", "strict", "newer", "no"]

# property     as it is written; `*` stands for one or more characters, `#` for a number
# form         args  phandles, each with as many arguments as the supplier's #...-cells says
#              list  phandles without arguments
#              one   one phandle; what stands behind it is something else
# cells        the property of the supplier that counts arguments; `=N` where it may be absent
# fw_devlink   on      the kernel holds the consumer back until the supplier is there
#              strict  only with fw_devlink.strict=1
#              newer   not in Linux 6.1, but in later ones
#              no      the driver core does not look at it
# names        the property that names the entries, `-` for none
# kind         what people call such a link (`dtovl links --kind`)
#
# The first line that fits a name counts.
TABLE = """
# property             form cells                    fw_devlink names                kind
clocks                 args #clock-cells             on         clock-names          clock
assigned-clocks        args #clock-cells             no         -                    clock
assigned-clock-parents args #clock-cells             no         -                    clock
interconnects          args #interconnect-cells      on         interconnect-names   interconnect
iommus                 args #iommu-cells             strict     iommu-names          iommu
msi-parent             args #msi-cells=0             newer      -                    msi
mboxes                 args #mbox-cells              on         mbox-names           mailbox
io-channels            args #io-channel-cells        on         io-channel-names     io-channel
io-backends            args #io-backend-cells        newer      -                    io-channel
interrupt-parent       one  -                        on         -                    interrupt
interrupts-extended    args #interrupt-cells         on         interrupt-names      interrupt
dmas                   args #dma-cells               strict     dma-names            dma
power-domains          args #power-domain-cells      on         power-domain-names   power-domain
hwlocks                args #hwlock-cells            on         hwlock-names         hwlock
extcon                 list -                        on         -                    extcon
nvmem-cells            args #nvmem-cell-cells=0      on         nvmem-cell-names     nvmem
phys                   args #phy-cells               on         phy-names            phy
wakeup-parent          list -                        on         -                    interrupt
pinctrl-#              list -                        on         -                    pinctrl
pwms                   args #pwm-cells               on         pwm-names            pwm
resets                 args #reset-cells             on         reset-names          reset
leds                   list -                        on         -                    led
backlight              list -                        on         -                    backlight
panel                  list -                        on         -                    panel
remote-endpoint        one  -                        on         -                    graph
access-controllers     args #access-controller-cells newer      -                    access
pses                   args #pse-cells               newer      -                    pse
power-supplies         list -                        newer      -                    power-supply
post-init-providers    list -                        newer      -                    post-init
cooling-device         args #cooling-cells           no         -                    thermal
mux-controls           args #mux-control-cells       no         -                    mux
mux-states             args #mux-state-cells         no         -                    mux
sound-dai              args #sound-dai-cells         no         -                    sound
thermal-sensors        args #thermal-sensor-cells    no         thermal-sensor-names thermal
operating-points-v2    list -                        no         -                    opp
required-opps          list -                        no         -                    opp
cpu-idle-states        list -                        no         -                    idle-state
domain-idle-states     list -                        no         -                    idle-state
memory-region          list -                        no         memory-region-names  memory
next-level-cache       list -                        no         -                    cache
cpus                   list -                        no         -                    cpu
interrupt-affinity     list -                        no         -                    cpu
affinity               list -                        no         -                    cpu
memory-controllers     list -                        no         -                    memory
sram                   list -                        no         -                    memory
cpu                    one  -                        no         -                    cpu
phy-handle             one  -                        no         -                    phy
mdio-parent-bus        one  -                        no         -                    mdio
nvmem                  one  -                        no         -                    nvmem
syscon                 one  -                        no         -                    syscon
i2c-bus                one  -                        no         -                    i2c
i2c-parent             one  -                        no         -                    i2c
ddc-i2c-bus            one  -                        no         -                    i2c
ethernet               one  -                        no         -                    ethernet
trip                   one  -                        no         -                    thermal
gpio                   args #gpio-cells              on         -                    gpio
gpios                  args #gpio-cells              on         -                    gpio
*-gpio                 args #gpio-cells              on         -                    gpio
*-gpios                args #gpio-cells              on         -                    gpio
*-supply               one  -                        on         -                    supply
"""

# The driver core of 6.1 reads these states; the pin controllers' core reads any.
_STATES_LINKED = 9

# A count of lines, not a list of them (drivers/of/property.c, parse_gpios).
_NOT_A_LIST = ",nr-gpios"

# Few names of properties come again and again; a hostile tree may have as many as it likes.
_MOST_NAMES = 10_000


class Binding(NamedTuple):
    """How a property names suppliers; the columns of the table.

    name is the first of them, `property`; fallback is the number of arguments of a supplier
    without `cells`; None: that is an error.
    """

    name: str
    form: Form
    cells: str = ""
    fallback: int | None = None
    strength: Strength = "no"
    names: str = ""
    kind: str = ""

    @property
    def mandatory(self) -> bool:
        """Tell whether the driver core waits for suppliers that are named this way."""
        return self.strength == "on"


class Bindings:
    """Finds the binding of a property by its name, and remembers what it found.

    more are bindings that come before those of the table (`bindings` of dtovl.yaml).
    """

    __slots__ = ("_endings", "_exact", "_found", "_numbered", "more")

    def __init__(self, more: Iterable[Binding] = ()) -> None:
        self.more = tuple(more)
        self._exact: dict[str, Binding] = {}
        self._endings: list[tuple[str, Binding]] = []
        self._numbered: list[tuple[str, Binding]] = []
        for binding in (*self.more, *TABLED):
            name = binding.name
            if name.startswith("*"):
                self._endings.append((name[1:], binding))
            elif name.endswith("#"):
                self._numbered.append((name[:-1], binding))
            else:
                self._exact.setdefault(name, binding)
        self._found: dict[str, Binding | None] = {}

    def find(self, name: str) -> Binding | None:
        """Give the binding of a property called name; None: it names no suppliers.

        Source: kernel strcmp_suffix: a name must be longer than its suffix.
        """
        try:
            return self._found[name]
        except KeyError:
            if len(self._found) >= _MOST_NAMES:
                self._found.clear()
            found = self._found[name] = self._find(name)
            return found

    def _find(self, name: str) -> Binding | None:
        exact = self._exact.get(name)
        if exact is not None:
            return exact
        for beginning, binding in self._numbered:
            number = name[len(beginning) :]
            if name.startswith(beginning) and is_number(number):
                linked = int(number) < _STATES_LINKED
                return binding if linked else binding._replace(strength="no")
        for ending, binding in self._endings:
            if name.endswith(ending) and len(name) > len(ending):
                counts = name.endswith(_NOT_A_LIST) and len(name) > len(_NOT_A_LIST)
                return None if counts else binding
        return None


def is_number(text: str) -> bool:
    """Tell whether text is a number as `%d` prints it, of at most nine digits."""
    return text.isascii() and text.isdecimal() and len(text) < 10 and str(int(text)) == text


def _parse(line: str) -> Binding:
    name, form, cells, strength, names, kind = line.split()
    counted, _, fallback = cells.partition("=")
    return Binding(
        name,
        form,  # type: ignore[arg-type]  # the table is ours
        "" if counted == "-" else counted,
        int(fallback) if fallback else None,
        strength,  # type: ignore[arg-type]
        "" if names == "-" else names,
        kind,
    )


TABLED: tuple[Binding, ...] = tuple(
    _parse(line) for line in TABLE.splitlines() if line and not line.startswith("#")
)
"""The bindings of the table, in its order."""

BINDINGS = Bindings()
"""The table without additions."""

KINDS: tuple[str, ...] = tuple(sorted({binding.kind for binding in TABLED}))
"""Every kind of link."""
