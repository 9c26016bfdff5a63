"""DT740 to DT749: what a kernel log tells that no other code is about."""

from __future__ import annotations

from dtovl.codes.base import Code, Severity

NO_LOG = Code(
    "DT740",
    "not-a-log",
    Severity.ERROR,
    message="{name} is no text of a kernel log: it looks like {looks}",
    suggestion="{cure}",
    source="dtovl",
    explanation="""\
A log is read as lines of text: from dmesg, journalctl, /var/log or a serial console. What was
given is something else.

    dtovl audit /var/log/journal/.../system.journal
    journalctl -k -b | dtovl audit -""",
)

RENAMED = Code(
    "DT741",
    "renamed-in-sysfs",
    Severity.WARNING,
    message="{name} of {parent} is shown in sysfs as {shown}",
    suggestion="let one party alone add it",
    source="kernel safe_name (drivers/of/kobj.c)",
    explanation="""\
A node has a folder in sysfs, with a file for each property and a folder for each child. A second
entry of one name gets a number behind it. Most often a child and a property share a name, or one
changeset was applied twice; the latter breaks the list of children.

    of_changeset_apply(&changes); of_changeset_apply(&changes);
    apply a changeset once, and revert it before it is applied again""",
)

DRIVER_FAILED = Code(
    "DT742",
    "driver-failed",
    Severity.ERROR,
    message="driver {driver} could not start {device}: {error}",
    suggestion="look at the properties that the driver of this device reads",
    source="kernel call_driver_probe (drivers/base/dd.c)",
    explanation="""\
A device was made of the node and its driver found, but the driver's probe gave up. The overlay
stays applied: applying does not wait for drivers, and does not ask them.

    reg = <0x48>; without the interrupt that the driver asks for
    reg = <0x48>; interrupts = <3 8>;""",
)

CALLER_WRONG = Code(
    "DT743",
    "kernel-caller-wrong",
    Severity.ERROR,
    message="a part of the kernel calls {function} with something that it does not take",
    suggestion="report it to whoever wrote the module that makes the call",
    source="kernel drivers/of/dynamic.c, drivers/of/resolver.c, lib/kobject.c",
    explanation="""\
No devicetree causes this line: a driver or module hands something to the devicetree code that is
never right, such as a tree that is in use already, or an object without a name.

    of_resolve_phandles(live_root)
    resolve a tree that is not attached yet""",
)

IOMMU_NOT_JOINED = Code(
    "DT744",
    "iommu-not-joined",
    Severity.WARNING,
    message="{device} does not come behind its IOMMU: {error}",
    suggestion="run `dtovl links --kind iommu` on the tree, and see which entry cannot be read",
    source="kernel of_iommu_configure, iommu_group_add_device",
    explanation="""\
The device names an IOMMU, and could not be put behind it. Mostly it goes on without: its DMA is
not translated, and goes wherever the device points. Some drivers refuse to start instead.

    iommus = <&smmu 0x10>; with an IOMMU that is disabled, or whose #iommu-cells is 2
    iommus = <&smmu 0x10 0x0>;""",
)

DEPENDENCY_IGNORED = Code(
    "DT745",
    "dependency-ignored",
    Severity.WARNING,
    message="{device} no longer waits for its supplier",
    suggestion="see with `dtovl probe --why` what it waited for; give the kernel that driver",
    source="kernel driver_deferred_probe_check_state, device_links_driver_bound",
    explanation="""\
The device waited for a supplier that did not come before the time was over. The kernel goes on as
if the supplier were not needed: a power domain stays as it is, DMA bypasses the IOMMU, a boot-on
supply is switched off when sync_state is forced.

    power-domains = <&pd 3>; with no driver for pd in the kernel
    build the driver of pd, or name no power domain""",
)

LINK_FAILED = Code(
    "DT746",
    "device-link-failed",
    Severity.WARNING,
    message="no link was made from {device} to its supplier {supplier}",
    suggestion="see with `dtovl links` what the device refers to, and in which order they come",
    source="kernel fw_devlink_create_devlink (drivers/base/core.c)",
    explanation="""\
The kernel makes a link from each device to its suppliers, so that it binds after them and is
unbound before them. Without the link this order is not kept: the device may be tried too early,
and keeps running when the supplier is unbound.

    a device whose supplier is below it: clocks = <&own_child>;
    let the child be described by its own node, outside""",
)

OVERRUN = Code(
    "DT747",
    "memory-overrun",
    Severity.ERROR,
    message="{function} goes beyond the end of a piece of memory",
    suggestion="look at the functions that the report names, the innermost first",
    source="kernel mm/kasan",
    explanation="""\
Memory beside a piece that was allocated is read or written. Where a string of a devicetree is read
that has no NUL at its end, the overlay is to blame (DT222); elsewhere it is a defect of the kernel.

    BUG: KASAN: slab-out-of-bounds in acme_probe
    report it to whoever wrote the driver, with the whole report""",
)

ORPHANED = Code(
    "DT748",
    "children-orphaned",
    Severity.ERROR,
    message="the node is freed while it has children",
    suggestion="detach the children first",
    source="kernel of_node_release (Linux 6.6 and newer)",
    explanation="""\
A node was detached and its last reference dropped, but nodes still hang below it. Their pointer to
the parent leads into freed memory: whoever prints their path reads it.

    of_detach_node(parent)
    of_detach_node(child); of_detach_node(parent)""",
)

ASIDE = Code(
    "DT749",
    "told-in-passing",
    Severity.INFO,
    message="a line that says only that a step was done, or failed",
    suggestion="give the log from the boot on, with all levels: dmesg, or journalctl -k -b",
    source="kernel drivers/of",
    explanation="""\
With dynamic debug the kernel tells of every step, also of those that go well. And some lines only
say that a step failed: what happened stands before them. They have this code when the log begins
too late for that, or leaves it out.

    journalctl -k -b -p err
    journalctl -k -b""",
)
