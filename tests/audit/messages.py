"""One line for every kind of the tables, as a real kernel writes it."""

from __future__ import annotations

LEAK = (
    "OF: ERROR: memory leak, expected refcount 1 instead of 3, of_node_get()/of_node_put() "
    "unbalanced - destroy cset entry: attach overlay node /soc/a"
)

EXAMPLES: dict[str, tuple[str, ...]] = {
    "leak-expected": (
        "OF: overlay: WARNING: memory leak will occur if overlay removed, property: /soc/a/status",
    ),
    "state-suspect-apply": ("OF: overlay: devicetree state suspect, refuse to apply overlay",),
    "state-suspect-remove": ("OF: overlay: suspect devicetree state, refuse to remove overlay",),
    "header": ("OF: overlay: Invalid overlay_fdt header",),
    "unflatten": ("OF: overlay: unable to unflatten overlay_fdt",),
    "target-phandle": ("OF: overlay: find target, node: /fragment@0, phandle 0x42 not found",),
    "target-path": ("OF: overlay: find target, node: /fragment@0, path '/a' not found",),
    "target-none": ("OF: overlay: find target, node: /fragment@0, no target property",),
    "symbols-no-base": ("OF: overlay: symbols in overlay, but not in live tree",),
    "no-fragments": ("OF: overlay: no fragments or symbols in overlay",),
    "init-failed": ("OF: overlay: init_overlay_changeset() failed, ret = -22",),
    "overlay-listener": (
        "OF: overlay: overlay changeset pre-apply notifier error -16, target: /soc/a",
    ),
    "cells-changed": (
        "OF: overlay: ERROR: changing value of #address-cells is not allowed in /soc",
    ),
    "duplicate-node": ("OF: overlay: ERROR: multiple fragments add and/or delete node /soc/n",),
    "duplicate-property": (
        "OF: overlay: ERROR: multiple fragments add, update, and/or delete property /soc/n/x",
    ),
    "apply-notify": ("OF: overlay: overlay apply changeset entry notify error -16",),
    "remove-notify": ("OF: overlay: overlay remove changeset entry notify error -16",),
    "unknown-id": ("OF: overlay: remove: Could not find overlay #7",),
    "overlap": ("OF: overlay: node_overlaps_later_cs: #1 overlaps with #2 @/soc/a",),
    "not-topmost": ("OF: overlay: overlay #1 is not topmost",),
    "node-failed": ("OF: overlay: Failed to apply node @/soc/a, err=-22",),
    "property-failed": ("OF: overlay: Failed to apply prop @/soc/#size-cells, err=-22",),
    "symbol-failed": ("OF: overlay: Failed to apply symbols prop @/__symbols__/m, err=-12",),
    "fragment-failed": (
        "OF: overlay: fragment apply failed '/soc'",
        "OF: overlay: symbols fragment apply failed '/__symbols__'",
    ),
    "root-not-dynamic": (
        "OF: overlay: init_overlay_changeset() ovcs->overlay_root is not dynamic",
    ),
    "step-done": (
        "OF: overlay: of_overlay_apply() err=0",
        "OF: overlay: of_overlay_remove() err=0",
    ),
    "step-failed": ("OF: overlay: of_overlay_apply() err=-22",),
    "no-symbols": ("OF: resolver: no symbols in root of device tree.",),
    "label-missing": (
        "OF: resolver: node label 'nosuch' not found in live devicetree symbols table",
    ),
    "fixup-failed": ("OF: resolver: overlay phandle fixup failed: -22",),
    "resolver-null": ("OF: resolver: null overlay",),
    "resolver-attached": ("OF: resolver: overlay not detached",),
    "count-left": (LEAK,),
    "node-lost": ("OF: ERROR: memory leak before free overlay changeset,  /soc/a",),
    "properties-left": ("OF: ERROR: of_node_release(), unexpected properties in /soc/a",),
    "children-left": ("OF: ERROR: of_node_release() unexpected children for /soc/a",),
    "bad-put": (
        "OF: ERROR: Bad of_node_put() on /soc/a",
        "OF: ERROR: of_node_release() detected bad of_node_put() on /soc/a",
    ),
    "bad-put-next": (
        "OF: ERROR: next of_node_put() on this node will result in a kobject warning "
        "'refcount_t: underflow; use-after-free.'",
    ),
    "entry-failed": ("OF: changeset: apply failed: REMOVE_PROPERTY /soc/a:status",),
    "changeset-not-applied": ("OF: Error applying changeset (-17)",),
    "changeset-not-reverted": ("OF: Error reverting changeset (-19)",),
    "entry-listener": ("OF: changeset notifier error @/soc/a",),
    "action-unknown": ("OF: invalid devicetree changeset action: 9",),
    "changeset-step": (
        "OF: changeset: applying...",
        "OF: changeset: reverting...",
        "OF: changeset: emitting notifiers.",
        "OF: changeset: notifiers sent.",
    ),
    "entry-step": (
        "OF: changeset: apply: ADD_PROPERTY    /soc/a:status",
        "OF: changeset: notify: ATTACH_NODE     /soc/a",
    ),
    "device-not-created": ("OF: of_platform_notify: failed to create for '/soc/a'",),
    "name-twice": ('Duplicate name in soc, renamed to "a#1"',),
    "fdt-broken": ("OF: fdt: Error -11 processing FDT",),
    "fdt-header": ("OF: fdt: Invalid device tree blob header",),
    "fdt-property-name": ("OF: fdt: Cannot locate property at 0x40",),
    "args-no-phandle": ("OF: /soc/a: could not find phandle 7",),
    "args-no-cells": ("OF: /soc/a: could not get #clock-cells for /soc/b",),
    "args-too-few": (
        "OF: /soc/a: #clock-cells = 2 found 1",
        "OF: /soc/a: phandle clk needs 16, found 5",
    ),
    "sysfs-twice": ("sysfs: cannot create duplicate filename '/devices/platform/soc/1000.serial'",),
    "kobject-twice": (
        "kobject_add_internal failed for 1000.serial with -EEXIST, don't try to register things "
        "with the same name in the same directory.",
    ),
    "kobject-not-initialised": (
        "kobject: 'a' (00000000d3c4e2f1): is not initialized, yet kobject_put() is being called.",
        "kobject: '(null)' ((____ptrval____)): is not initialized, yet kobject_get() is being "
        "called.",
    ),
    "kobject-added-raw": (
        "kobject: 'a' (00000000d3c4e2f1): tried to add an uninitialized object, something is "
        "seriously wrong.",
    ),
    "kobject-initialised-twice": (
        "kobject (00000000d3c4e2f1): tried to init an initialized object, something is seriously "
        "wrong.",
        "kobject: 'a' (00000000d3c4e2f1): tried to init an initialized object, something is "
        "seriously wrong.",
    ),
    "kobject-without-name": (
        "kobject: (00000000d3c4e2f1): attempted to be registered with empty name!",
    ),
    "kobject-not-added": ("kobject_add_internal failed for a (error: -2 parent: soc)",),
    "probe-failed": (
        "acme: probe of 1000.serial failed with error -5",
        "acme 1000.serial: probe with driver acme failed with error -5",
    ),
    "count-underflow": (
        "refcount_t: underflow; use-after-free.",
        "refcount_t: saturated; leaking memory.",
        "refcount_t: addition on 0; use-after-free.",
    ),
    "dependency-cycle": (
        "/soc/a: Fixed dependency cycle(s) with /soc/b",
        "platform 1000.serial: Fixed dependency cycle(s) with /soc/b",
    ),
    "taint": ("Disabling lock debugging due to kernel taint",),
    "deferred-pending": (
        "platform 1000.serial: deferred probe pending",
        "platform 1000.serial: deferred probe pending: wait for supplier /soc/b",
        "platform 1000.serial: deferred probe pending: (reason unknown)",
    ),
    "deferred-listed": (
        "1000.serial\tplatform: wait for supplier /soc/b",
        "1000.serial\tacme: supplier 2000.clock not ready",
    ),
    "dependency-ignored": (
        "acme 1000.serial: deferred probe timeout, ignoring dependency",
        "acme 1000.serial: ignoring dependency for device, assuming no driver",
    ),
    "sync-state-pending": ("acme 1000.serial: sync_state() pending due to 2000.clock",),
    "sync-state-forced": ("acme 1000.serial: Timed out. Forcing sync_state()",),
    "device-link-failed": (
        "platform 1000.serial: Failed to create device link (0x180) with 2000.clock",
        "acme 1000.serial: Failed to create device link (0x180) with supplier 2000.clock for "
        "/soc/a",
    ),
    "iommu-bypassed": ("acme 1000.serial: Adding to IOMMU failed: -22",),
    "iommu-group-failed": ("acme 1000.serial: Failed to add to iommu group 3: -19",),
    "iommu-not-got": (
        "acme 1000.serial: Failed to get IOMMU group: -19",
        "acme 1000.serial: failed to attach iommu: -22",
        "acme 1000.serial: unable to get IOMMU",
    ),
    "iommu-not-set-up": (
        "Failed to set up IOMMU for device 1000.serial; retaining platform DMA ops",
    ),
    "dma-range-dropped": (
        "OF: translation of DMA address(0x80000000) to CPU address failed node(/soc/a)",
    ),
    "kasan": (
        "BUG: KASAN: use-after-free in of_get_parent+0x40/0x80",
        "BUG: KASAN: slab-out-of-bounds in strlen+0x1c/0x40",
        "BUG: KASAN: double-free or invalid-free in kfree+0x8c/0x130",
        "BUG: KASAN: slab-use-after-free in string",
        "BUG: KFENCE: use-after-free read in of_get_parent+0x40/0x80",
        "BUG: KCSAN: data-race in iommu_fwspec_init / iommu_probe_device",
    ),
    "warning": (
        "WARNING: CPU: 0 PID: 1 at drivers/of/dynamic.c:262 __of_detach_node+0x84/0xb0",
        "WARNING: at drivers/of/dynamic.c:262 __of_detach_node",
        "WARNING: drivers/of/dynamic.c:262 at __of_detach_node+0x84/0xb0, CPU#0: init/1",
    ),
    "crash": (
        "Kernel panic - not syncing: Kernel mode fault at addr 0x0, ip 0x60123456",
        "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000010",
        "BUG: kernel NULL pointer dereference, address: 0000000000000010",
        "Internal error: Oops: 0000000096000004 [#1] SMP",
    ),
    "kmemleak": ("unreferenced object 0xffff00000a3b4c00 (size 64):",),
}

KASAN = """\
==================================================================
BUG: KASAN: {fault} in {where}
Read of size 8 at addr ffff00000a3b4c18 by task thermald/412

CPU: 1 PID: 412 Comm: thermald Not tainted 6.1.0 #1
Hardware name: Acme Gateway (DT)
Call trace:
 dump_backtrace+0x94/0xec
{access}
Allocated by task 301:
 kasan_save_stack+0x2c/0x54
{allocated}
Freed by task 355:
 kasan_save_stack+0x2c/0x54
{freed}
The buggy address belongs to the object at ffff00000a3b4c00
 which belongs to the cache kmalloc-256 of size 256
==================================================================
"""


def frames(names: str) -> str:
    return "".join(f" {name}+0x40/0x80\n" for name in names.split())


def kasan(fault: str, access: str, allocated: str = "", freed: str = "") -> str:
    return KASAN.format(
        fault=fault,
        where=access.split()[0] + "+0x40/0x80",
        access=frames(access),
        allocated=frames(allocated),
        freed=frames(freed),
    )
