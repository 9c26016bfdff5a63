"""The kinds of lines that the kernel logs about devicetrees: what each means, how to mend it.

Each kind is a row: how it begins, what follows, what it means, what to do, and the code of dtovl
that belongs to it. Named groups of the pattern are the facts of a line: node, property, number (of
an overlay), count, error, ...
Source: drivers/of overlay.c, resolver.c, dynamic.c, base.c, fdt.c, kobj.c, platform.c of Linux 6.1
and 7.2; lib/kobject.c, lib/refcount.c, fs/sysfs, drivers/base for what these cause.
"""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """A kind of line.

    start is how it begins, rest the pattern of what follows; means is a sentence, fix the cure,
    "" where there is nothing to do; code is the number of dtovl's own finding, "" for none.
    """

    name: str
    start: str
    rest: str
    means: str
    fix: str = ""
    code: str = ""


_OVERLAY = "OF: overlay: "
_NODE = r"(?P<node>.*)"
_ERROR = r"(?P<error>-?\d{1,9})"
_ID = r"#(?P<number>-?\d{1,10})"
_COUNT = r"(?P<count>-?\d{1,10})"
_NODE_PROPERTY = r"(?P<node>.*)/(?P<property>[^/]*)"

KINDS = (
    # -- overlay.c ---------------------------------------------------------------------------------
    Kind(
        "leak-expected",
        _OVERLAY + "WARNING: memory leak will occur if overlay removed, property: ",
        _NODE_PROPERTY,
        "a property of a node that the overlay did not bring: its new value is never freed; "
        "harmless unless the overlay is applied and removed in a loop",
        "put the property on a node of the overlay where that is possible",
        "DT209",
    ),
    Kind(
        "state-suspect-apply",
        _OVERLAY + "devicetree state suspect, refuse to apply overlay",
        "",
        "an earlier change could not be taken back: nothing can be applied until reboot",
        "reboot; look in the log for the change that failed half way",
        "DT221",
    ),
    Kind(
        "state-suspect-remove",
        _OVERLAY + "suspect devicetree state, refuse to remove overlay",
        "",
        "an earlier change could not be taken back: nothing can be removed until reboot",
        "reboot; look in the log for the change that failed half way",
        "DT221",
    ),
    Kind(
        "header",
        _OVERLAY + "Invalid overlay_fdt header",
        "",
        "the file is no blob, or damaged",
        "compile the overlay again, and look at the file with `dtovl show`",
        "DT125",
    ),
    Kind(
        "unflatten",
        _OVERLAY + "unable to unflatten overlay_fdt",
        "",
        "the structure of the blob is broken",
        "compile the overlay again, and look at the file with `dtovl show`",
        "DT125",
    ),
    Kind(
        "target-phandle",
        _OVERLAY + "find target, node: ",
        r"(?P<node>.*), phandle 0x(?P<phandle>[0-9a-f]{1,8}) not found",
        "no node of the live tree has the phandle that this fragment targets",
        "target a label, and compile the overlay with `dtc -@`",
        "DT105",
    ),
    Kind(
        "target-path",
        _OVERLAY + "find target, node: ",
        r"(?P<node>.*), path '(?P<path>.*)' not found",
        "the live tree has no node at the path that this fragment targets",
        "write the path whole, with unit addresses; `dtovl apply` names the nearest ones",
        "DT103",
    ),
    Kind(
        "target-none",
        _OVERLAY + "find target, node: ",
        r"(?P<node>.*), no target property",
        "the fragment has neither target nor target-path",
        "give the fragment a target: `target = <&label>;`",
        "DT106",
    ),
    Kind(
        "symbols-no-base",
        _OVERLAY + "symbols in overlay, but not in live tree",
        "",
        "the overlay exports labels, and the base was built without -@",
        "build the base with `dtc -@`, or the overlay without",
        "DT120",
    ),
    Kind(
        "no-fragments",
        _OVERLAY + "no fragments or symbols in overlay",
        "",
        "it has no node with an __overlay__ node in it, so it is no overlay",
        "check that this is the file you meant, and that its source says /plugin/",
        "DT117",
    ),
    Kind(
        "init-failed",
        _OVERLAY + "init_overlay_changeset() failed, ret = ",
        _ERROR,
        "no fragment was applied; the line before says why",
        "",
    ),
    Kind(
        "overlay-listener",
        _OVERLAY + "overlay changeset ",
        r"(?P<action>[a-z]+-[a-z]+) notifier error (?P<error>-?\d{1,9}), target: (?P<node>.*)",
        "a listener of the overlay chain, mostly a driver, answered with an error",
        "ask the driver at this node; at post-apply and post-remove the change stays all the same",
        "DT218",
    ),
    Kind(
        "cells-changed",
        _OVERLAY + "ERROR: changing value of ",
        r"(?P<property>#(?:address|size)-cells) is not allowed in (?P<node>.*)",
        "the addresses of all nodes below would change their meaning",
        "leave the property out of the overlay, or give it the value it has",
        "DT115",
    ),
    Kind(
        "duplicate-node",
        _OVERLAY + "ERROR: multiple fragments add and/or delete node ",
        _NODE,
        "two fragments of the overlay bring one node; Linux wants it in one of them",
        "bring the node in one fragment",
        "DT124",
    ),
    Kind(
        "duplicate-property",
        _OVERLAY + "ERROR: multiple fragments add, update, and/or delete property ",
        _NODE_PROPERTY,
        "two fragments of the overlay set one property; Linux wants it in one of them",
        "set the property in one fragment",
        "DT116",
    ),
    Kind(
        "apply-notify",
        _OVERLAY + "overlay apply changeset entry notify error ",
        _ERROR,
        "a listener failed after everything was in force: the overlay stays applied",
        "remove the overlay if its devices are incomplete",
        "DT218",
    ),
    Kind(
        "remove-notify",
        _OVERLAY + "overlay remove changeset entry notify error ",
        _ERROR,
        "a listener failed after everything was taken out: the overlay is gone",
        "ask the driver that failed",
        "DT218",
    ),
    Kind(
        "unknown-id",
        _OVERLAY + "remove: Could not find overlay ",
        _ID,
        "no overlay has this id, or it was removed already",
        "ids are given out from 1, the smallest free one first",
        "DT214",
    ),
    Kind(
        "overlap",
        _OVERLAY + "node_overlaps_later_cs: ",
        _ID + r" overlaps with #(?P<later>-?\d{1,10}) @(?P<node>.*)",
        "the overlay to be removed and a later one have changed the same node, or nodes one inside "
        "the other",
        "remove the later overlay first",
        "DT215",
    ),
    Kind(
        "not-topmost",
        _OVERLAY + "overlay ",
        _ID + " is not topmost",
        "the overlay stays: a later one stands on it, the line before says which",
        "remove the later overlay first",
        "DT215",
    ),
    # -- resolver.c --------------------------------------------------------------------------------
    Kind(
        "no-symbols",
        "OF: resolver: no symbols in root of device tree.",
        "",
        "the base was built without -@, so no label is known",
        "build the base with `dtc -@`",
        "DT101",
    ),
    Kind(
        "label-missing",
        "OF: resolver: node label '",
        r"(?P<label>.*)' not found in live devicetree symbols table",
        "the overlay uses a label that the live tree does not have",
        "define the label in the base, or apply the overlay that exports it first",
        "DT104",
    ),
    Kind(
        "fixup-failed",
        "OF: resolver: overlay phandle fixup failed: ",
        _ERROR,
        "an entry of __fixups__ is malformed, or leads nowhere in the overlay",
        "compile the overlay again; `dtovl apply` names the entry",
        "DT109",
    ),
    Kind(
        "resolver-null",
        "OF: resolver: null overlay",
        "",
        "the resolver was called without a tree: a defect of its caller",
    ),
    Kind(
        "resolver-attached",
        "OF: resolver: overlay not detached",
        "",
        "the resolver was given a tree that is in use: a defect of its caller",
    ),
    # -- dynamic.c ---------------------------------------------------------------------------------
    Kind(
        "count-left",
        "OF: ERROR: memory leak, expected refcount 1 instead of ",
        _COUNT + r", of_node_get\(\)/of_node_put\(\) unbalanced - destroy cset entry: "
        r"attach overlay node (?P<node>.*)",
        "somebody still holds this node, which goes with its overlay: it is out of the tree, and "
        "its memory is never freed",
        "let the holder put it when its device goes, at the latest in a listener at pre-remove",
        "DT206",
    ),
    Kind(
        "node-lost",
        "OF: ERROR: memory leak before free overlay changeset,  ",
        _NODE,
        "the last holder let go of a node whose overlay is gone: it is lost until reboot",
        "let the holder put it before the overlay is removed",
        "DT207",
    ),
    Kind(
        "properties-left",
        "OF: ERROR: of_node_release(), unexpected properties in ",
        _NODE,
        "others had added properties to the node; they are freed with it",
        "revert what a driver added before the overlay is removed",
        "DT208",
    ),
    Kind(
        "children-left",
        "OF: ERROR: of_node_release() unexpected children for ",
        _NODE,
        "the node is freed while it has children: they are used without a parent from now on",
        "detach the children first",
    ),
    Kind(
        "bad-put",
        "OF: ERROR: Bad of_node_put() on ",
        _NODE,
        "a reference too many was dropped: the count is 0 while the node is in the tree",
        "find who puts the node more often than it gets it; the stack that follows names it",
        "DT205",
    ),
    Kind(
        "bad-put",
        "OF: ERROR: of_node_release() detected bad of_node_put() on ",
        _NODE,
        "a reference too many was dropped: the count is 0 while the node is in the tree",
        "find who puts the node more often than it gets it; the stack that follows names it",
        "DT205",
    ),
    Kind(
        "bad-put-next",
        "OF: ERROR: next of_node_put() on this node will result in a kobject warning ",
        "'refcount_t: underflow; use-after-free.'",
        "the next reference dropped corrupts the count",
        "",
        "DT205",
    ),
    Kind(
        "entry-failed",
        "OF: changeset: apply failed: ",
        r"(?P<action>[A-Z]+_PROPERTY|[A-Z]+_NODE) {1,15}(?P<node>.*):(?P<property>[^:]*)",
        "this entry does not fit the tree: somebody else has changed it meanwhile",
        "undo the later change first",
        "DT217",
    ),
    Kind(
        "changeset-not-applied",
        "OF: Error applying changeset (",
        _ERROR + r"\)",
        "what was applied of it has been taken back",
    ),
    Kind(
        "changeset-not-reverted",
        "OF: Error reverting changeset (",
        _ERROR + r"\)",
        "what was taken back of it has been applied again",
    ),
    Kind(
        "entry-listener",
        "OF: changeset notifier error @",
        _NODE,
        "a listener failed; the change stays in force",
        "ask the driver that listens at this node",
        "DT218",
    ),
    Kind(
        "action-unknown",
        "OF: invalid devicetree changeset action: ",
        r"(?P<action>-?\d{1,10})",
        "an entry of a changeset has an action that is none: a defect of its caller",
    ),
    # -- platform.c, kobj.c, fdt.c -----------------------------------------------------------------
    Kind(
        "device-not-created",
        "OF: of_platform_notify: failed to create for '",
        r"(?P<node>.*)'",
        "the platform bus cannot make the device, mostly as there is one of this name already",
        "give the node an address of its own",
        "DT128",
    ),
    Kind(
        "name-twice",
        "Duplicate name in ",
        r'(?P<parent>.*), renamed to "(?P<name>.*)"',
        "two entries of one name in a node: sysfs shows the later one under another name",
        "let one party alone add it",
    ),
    Kind(
        "fdt-broken",
        "OF: fdt: Error ",
        r"(?P<libfdt>-?\d{1,9}) processing FDT",
        "the structure of the blob is broken",
        "compile the overlay again, and look at the file with `dtovl show`",
        "DT125",
    ),
    Kind(
        "fdt-header",
        "OF: fdt: Invalid device tree blob header",
        "",
        "the file is no blob, or damaged",
        "compile the overlay again, and look at the file with `dtovl show`",
        "DT125",
    ),
    Kind(
        "fdt-property-name",
        "OF: fdt: Cannot locate property at 0x",
        r"(?P<offset>[0-9a-f]{1,16})",
        "the name of a property lies outside the strings of the blob: the property is left out",
        "compile the overlay again, and look at the file with `dtovl show`",
    ),
    # -- base.c: phandles with arguments -----------------------------------------------------------
    Kind(
        "args-no-phandle",
        "OF: ",
        r"(?P<node>.*): could not find phandle(?: (?P<phandle>\d{1,10}))?",
        "the node refers to a phandle that no node has",
        "check whether an overlay that brings the provider is missing, or was removed",
        "DT241",
    ),
    Kind(
        "args-no-cells",
        "OF: ",
        r"(?P<node>.*): could not get (?P<property>[^ ]+) for (?P<provider>.*)",
        "the provider does not say how many cells follow its phandle",
        "give the provider its #...-cells property, or refer to the right node",
    ),
    Kind(
        "args-too-few",
        "OF: ",
        r"(?P<node>.*): (?P<property>[^ ]+) = (?P<count>\d{1,10}) found (?P<found>-?\d{1,10})",
        "fewer cells follow the phandle than its provider wants",
        "give as many cells behind the phandle as the #...-cells of its provider says",
    ),
    Kind(
        "args-too-few",
        "OF: ",
        r"(?P<node>.*): phandle (?P<provider>.*) needs (?P<count>\d{1,10}), "
        r"found (?P<found>-?\d{1,10})",
        "fewer cells follow the phandle than its provider wants",
        "give as many cells behind the phandle as the #...-cells of its provider says",
    ),
    # -- what the lines above cause elsewhere ------------------------------------------------------
    Kind(
        "sysfs-twice",
        "sysfs: cannot create duplicate filename '",
        r"(?P<path>.*)'",
        "there is a device, file or folder of this name already",
        "give the node an address of its own",
    ),
    Kind(
        "kobject-twice",
        "kobject",
        r"(?:: kobject)?_add_internal failed for (?P<name>.*) with (?P<error_name>-[A-Z0-9]+), "
        r"don't try to register things with the same name in the same directory\.",
        "a second device of one name was refused",
        "give the node an address of its own",
        "DT128",
    ),
    Kind(
        "probe-failed",
        "",
        r"(?P<driver>[^ ]+): probe of (?P<device>.*) failed with error (?P<error>-?\d{1,9})",
        "the driver found the device, and could not start it: the overlay stays applied",
        "look at the properties that the driver of this device reads",
    ),
    Kind(
        "probe-failed",
        "",
        r"[^ ]+ (?P<device>.*): probe with driver (?P<driver>.*) failed with error "
        r"(?P<error>-?\d{1,9})",
        "the driver found the device, and could not start it: the overlay stays applied",
        "look at the properties that the driver of this device reads",
    ),
    Kind(
        "count-underflow",
        "refcount_t: ",
        r"(?P<what>.*)\.",
        "a reference count was used after it had reached 0: memory may be in use for something "
        "else",
        "find who puts the node more often than it gets it",
        "DT204",
    ),
    Kind(
        "dependency-cycle",
        "",
        r"(?P<node>/.*): Fixed dependency cycle\(s\) with (?P<other>.*)",
        "two nodes refer to each other, so none is made to wait for the other: nothing is wrong",
    ),
    Kind(
        "taint",
        "Disabling lock debugging due to kernel taint",
        "",
        "the kernel found a defect of its own just before, and trusts itself less: this line is a "
        "mark of it",
    ),
)
"""Every kind of line; of two that fit a line the first counts."""
