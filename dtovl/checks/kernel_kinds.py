"""The kinds of lines that the kernel logs about devicetrees: what each means, how to mend it.

Each kind is a row: how it begins, what follows, what it means, what to do, and the code of dtovl
that belongs to it. Named groups of the pattern are the facts of a line: node, property, number (of
an overlay), count, error, ...
Source: drivers/of overlay.c, resolver.c, dynamic.c, base.c, fdt.c, kobj.c, platform.c of Linux 6.1
and 7.2; lib/kobject.c, lib/refcount.c, fs/sysfs, drivers/base for what these cause.
"""

from __future__ import annotations

from dtovl.checks.kernel_kind import COUNT, ERROR, NODE, Kind
from dtovl.checks.kernel_overlay_kinds import OVERLAY_KINDS

__all__ = ["KINDS", "Kind"]

KINDS = (
    *OVERLAY_KINDS,
    # -- dynamic.c ---------------------------------------------------------------------------------
    Kind(
        "count-left",
        "OF: ERROR: memory leak, expected refcount 1 instead of ",
        COUNT + r", of_node_get\(\)/of_node_put\(\) unbalanced - destroy cset entry: "
        r"attach overlay node (?P<node>.*)",
        "somebody still holds this node, which goes with its overlay: it is out of the tree, and "
        "its memory is never freed",
        "let the holder put it when its device goes, at the latest in a listener at pre-remove",
        "DT206",
        function="__of_changeset_entry_destroy",
    ),
    Kind(
        "node-lost",
        "OF: ERROR: memory leak before free overlay changeset,  ",
        NODE,
        "the last holder let go of a node whose overlay is gone: it is lost until reboot",
        "let the holder put it before the overlay is removed",
        "DT207",
        function="of_node_release",
    ),
    Kind(
        "properties-left",
        "OF: ERROR: of_node_release(), unexpected properties in ",
        NODE,
        "others had added properties to the node; they are freed with it",
        "revert what a driver added before the overlay is removed",
        "DT208",
        function="of_node_release",
    ),
    Kind(
        "children-left",
        "OF: ERROR: of_node_release() unexpected children for ",
        NODE,
        "the node is freed while it has children: they are used without a parent from now on",
        "detach the children first",
        code="DT748",
        function="of_node_release",
    ),
    Kind(
        "bad-put",
        "OF: ERROR: Bad of_node_put() on ",
        NODE,
        "a reference too many was dropped: the count is 0 while the node is in the tree",
        "find who puts the node more often than it gets it; the stack that follows names it",
        "DT205",
        function="of_node_release",
    ),
    Kind(
        "bad-put",
        "OF: ERROR: of_node_release() detected bad of_node_put() on ",
        NODE,
        "a reference too many was dropped: the count is 0 while the node is in the tree",
        "find who puts the node more often than it gets it; the stack that follows names it",
        "DT205",
        function="of_node_release",
    ),
    Kind(
        "bad-put-next",
        "OF: ERROR: next of_node_put() on this node will result in a kobject warning ",
        "'refcount_t: underflow; use-after-free.'",
        "the next reference dropped corrupts the count",
        "",
        "DT205",
        function="of_node_release",
        follows=True,
    ),
    Kind(
        "entry-failed",
        "OF: changeset: apply failed: ",
        r"(?P<action>[A-Z]+_PROPERTY|[A-Z]+NODE) {1,15}(?P<node>.*):(?P<property>[^:]*)",
        "this entry does not fit the tree: somebody else has changed it meanwhile",
        "undo the later change first",
        "DT217",
        function="__of_changeset_entry_apply",
    ),
    Kind(
        "changeset-not-applied",
        "OF: Error applying changeset (",
        ERROR + r"\)",
        "what was applied of it has been taken back",
        code="DT217",
        function="__of_changeset_apply_entries",
        follows=True,
    ),
    Kind(
        "changeset-not-reverted",
        "OF: Error reverting changeset (",
        ERROR + r"\)",
        "what was taken back of it has been applied again",
        code="DT217",
        function="__of_changeset_revert_entries",
        follows=True,
    ),
    Kind(
        "entry-listener",
        "OF: changeset notifier error @",
        NODE,
        "a listener failed; the change stays in force",
        "ask the driver that listens at this node",
        "DT218",
        function="__of_changeset_entry_notify",
    ),
    Kind(
        "action-unknown",
        "OF: invalid devicetree changeset action: ",
        r"(?P<action>-?\d{1,10})",
        "an entry of a changeset has an action that is none: a defect of its caller",
        code="DT743",
        function="__of_changeset_entry_apply",
    ),
    # -- platform.c, kobj.c, fdt.c -----------------------------------------------------------------
    Kind(
        "device-not-created",
        "OF: of_platform_notify: failed to create for '",
        r"(?P<node>.*)'",
        "the platform bus cannot make the device, mostly as there is one of this name already",
        "give the node an address of its own",
        "DT128",
        function="of_platform_notify",
    ),
    Kind(
        "name-twice",
        "Duplicate name in ",
        r'(?P<parent>.*), renamed to "(?P<name>.*)"',
        "two entries of one name in a node: sysfs shows the later one under another name",
        "let one party alone add it",
        code="DT741",
        function="safe_name",
        severity="warning",
    ),
    Kind(
        "fdt-broken",
        "OF: fdt: Error ",
        r"(?P<libfdt>-?\d{1,9}) processing FDT",
        "the structure of the blob is broken",
        "compile the overlay again, and look at the file with `dtovl show`",
        "DT125",
        function="unflatten_dt_nodes",
    ),
    Kind(
        "fdt-header",
        "OF: fdt: Invalid device tree blob header",
        "",
        "the file is no blob, or damaged",
        "compile the overlay again, and look at the file with `dtovl show`",
        "DT125",
        function="__unflatten_device_tree",
    ),
    Kind(
        "fdt-property-name",
        "OF: fdt: Cannot locate property at 0x",
        r"(?P<offset>[0-9a-f]{1,16})",
        "the name of a property lies outside the strings of the blob: the property is left out",
        "compile the overlay again, and look at the file with `dtovl show`",
        code="DT006",
        function="populate_properties",
        severity="warning",
    ),
    # -- base.c: phandles with arguments -----------------------------------------------------------
    Kind(
        "args-no-phandle",
        "OF: ",
        r"(?P<node>.*): could not find phandle(?: (?P<phandle>\d{1,10}))?",
        "the node refers to a phandle that no node has",
        "check whether an overlay that brings the provider is missing, or was removed",
        "DT241",
        function="of_phandle_iterator_next",
    ),
    Kind(
        "args-no-cells",
        "OF: ",
        r"(?P<node>.*): could not get (?P<property>[^ ]+) for (?P<provider>.*)",
        "the provider does not say how many cells follow its phandle",
        "give the provider its #...-cells property, or refer to the right node",
        code="L002",
        function="of_phandle_iterator_next",
    ),
    Kind(
        "args-too-few",
        "OF: ",
        r"(?P<node>.*): (?P<property>[^ ]+) = (?P<count>\d{1,10}) found (?P<found>-?\d{1,10})",
        "fewer cells follow the phandle than its provider wants",
        "give as many cells behind the phandle as the #...-cells of its provider says",
        code="L003",
        function="of_phandle_iterator_next",
    ),
    Kind(
        "args-too-few",
        "OF: ",
        r"(?P<node>.*): phandle (?P<provider>.*) needs (?P<count>\d{1,10}), "
        r"found (?P<found>-?\d{1,10})",
        "fewer cells follow the phandle than its provider wants",
        "give as many cells behind the phandle as the #...-cells of its provider says",
        code="L003",
        function="of_phandle_iterator_next",
    ),
    # -- what the lines above cause elsewhere ------------------------------------------------------
    Kind(
        "sysfs-twice",
        "sysfs: cannot create duplicate filename '",
        r"(?P<path>.*)'",
        "there is a device, file or folder of this name already",
        "give the node an address of its own",
        code="DT128",
        function="sysfs_warn_dup",
    ),
    Kind(
        "kobject-twice",
        "kobject",
        r"(?:: kobject)?_add_internal failed for (?P<name>.*) with (?P<error_name>-[A-Z0-9]+), "
        r"don't try to register things with the same name in the same directory\.",
        "a second device of one name was refused",
        "give the node an address of its own",
        "DT128",
        function="kobject_add_internal",
    ),
    Kind(
        "probe-failed",
        "",
        r"(?P<driver>[^ ]+): probe of (?P<device>.*) failed with error (?P<error>-?\d{1,9})",
        "the driver found the device, and could not start it: the overlay stays applied",
        "look at the properties that the driver of this device reads",
        code="DT742",
        function="call_driver_probe",
        hook=" failed with error ",
    ),
    Kind(
        "probe-failed",
        "",
        r"[^ ]+ (?P<device>.*): probe with driver (?P<driver>.*) failed with error "
        r"(?P<error>-?\d{1,9})",
        "the driver found the device, and could not start it: the overlay stays applied",
        "look at the properties that the driver of this device reads",
        code="DT742",
        function="call_driver_probe",
        hook=" failed with error ",
    ),
    Kind(
        "count-underflow",
        "refcount_t: ",
        r"(?P<what>.*)\.",
        "a reference count was used after it had reached 0: memory may be in use for something "
        "else",
        "find who puts the node more often than it gets it",
        "DT204",
        function="refcount_warn_saturate",
    ),
    Kind(
        "dependency-cycle",
        "",
        r"(?P<node>/.*): Fixed dependency cycle\(s\) with (?P<other>.*)",
        "two nodes refer to each other, so none is made to wait for the other: nothing is wrong",
        code="L009",
        function="fw_devlink_create_devlink",
        severity="info",
        hook="dependency cycle(s) with ",
    ),
    Kind(
        "taint",
        "Disabling lock debugging due to kernel taint",
        "",
        "the kernel found a defect of its own just before, and trusts itself less: this line is a "
        "mark of it",
        function="add_taint",
        severity="info",
        follows=True,
    ),
)
"""Every kind of line; of two that fit a line the first counts."""
