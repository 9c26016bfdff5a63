"""What differs between the programs that apply overlays: Linux and libfdt, as data.

Behaviour reads fields of a Dialect; which dialect it is, nobody asks. A field's comment names the
function it was taken from. What goes wrong is a Problem; a dialect says for each whether it is an
error there, which one, and what its log prints.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from dtovl.model.limits import LINUX_MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Mapping


class Problem(Enum):
    """What can be wrong with an overlay, alone or on a base. Values are stable, for machines."""

    HEADER = "header"
    SHORT = "shorter-than-totalsize"
    STRUCTURE = "structure"
    STRUCTURE_EMPTY = "structure-empty"
    NOTIFIER = "notifier"
    NO_MEMORY = "no-memory"
    PHANDLE_LENGTH = "phandle-length"
    PHANDLE_OVERFLOW = "phandle-overflow"
    LOCAL_LENGTH = "local-fixup-length"
    LOCAL_EMPTY = "local-fixup-empty"
    LOCAL_PROPERTY = "local-fixup-property-missing"
    LOCAL_NODE = "local-fixup-node-missing"
    LOCAL_PHANDLE = "local-fixup-of-phandle"
    LOCAL_RANGE = "local-fixup-offset"
    LOCAL_WRAP = "local-fixup-offset-wraps"
    NO_SYMBOLS = "base-without-symbols"
    LABEL_MISSING = "label-missing"
    LABEL_EMPTY = "label-value-empty"
    LABEL_UNTERMINATED = "label-value-unterminated"
    LABEL_FORM = "label-value-no-path"
    LABEL_NODE = "label-node-missing"
    LABEL_PHANDLE = "label-node-without-phandle"
    FIXUP_NONE = "fixup-without-strings"
    FIXUP_UNTERMINATED = "fixup-unterminated"
    FIXUP_SYNTAX = "fixup-syntax"
    FIXUP_NUMBER = "fixup-number-too-large"
    FIXUP_PATH = "fixup-path-relative"
    FIXUP_NODE = "fixup-node-missing"
    FIXUP_PROPERTY = "fixup-property-missing"
    FIXUP_RANGE = "fixup-offset"
    FIXUP_WRAP = "fixup-offset-wraps"
    TARGET_FORM = "target-form"
    TARGET_PHANDLE = "target-phandle-missing"
    TARGET_PATH = "target-path-missing"
    TARGET_PATH_FORM = "target-path-form"
    TARGET_NONE = "target-none"
    NO_FRAGMENTS = "no-fragments"
    SYMBOLS_NO_BASE = "symbols-without-base-symbols"
    CELLS_CHANGED = "cells-changed"
    PHANDLE_CLASH = "phandle-clash"
    SYMBOL_EXISTS = "symbol-exists"
    SYMBOL_VALUE = "symbol-value"
    SYMBOL_FRAGMENT = "symbol-fragment"
    DUPLICATE_NODE = "duplicate-node"
    DUPLICATE_PROPERTY = "duplicate-property"
    STATUS_EMPTY = "status-without-value"
    COMPATIBLE_UNTERMINATED = "compatible-unterminated"


class Dialect(NamedTuple):
    """One program's way with trees and overlays.

    errors maps a Problem to the error it gives there; a Problem that is absent is none there.
    lines maps a Problem to the log lines it prints (str.format templates; `number` is the errno).
    hazards are the problems at which the real program corrupts memory or crashes.
    """

    name: str
    # The version of a kernel, as --kernel takes it; "" for what is none.
    kernel: str
    # Name and version, and the same with where it applies overlays, for sentences.
    title: str
    phrase: str
    errors: Mapping[Problem, str]
    lines: Mapping[Problem, tuple[str, ...]]
    hazards: frozenset[Problem]
    # A new property goes before the others: fdt_add_property_; kernel __of_add_property appends.
    head_properties: bool
    # Paths match a component without its unit address: fdt_nodename_eq_; kernel: no.
    unit_address_optional: bool
    # `//` and a `/` at the end are passed over: fdt_path_offset_namelen; kernel: not found.
    slashes_collapse: bool
    # What follows `:` in a path is an option: kernel of_find_node_opts_by_path; libfdt: no.
    path_options: bool
    # The value of an alias must be a full path: fdt_get_alias_namelen; kernel follows aliases.
    alias_full_path: bool
    # Aliases exist only when the node was there at boot: kernel of_alias_scan.
    aliases_of_boot: bool
    # Children merge whatever the case of their letters: kernel add_changeset_node (strcasecmp).
    fold_case: bool
    # Phandles count by the node's field (kernel) or by its property of 4 bytes (fdt_get_phandle).
    phandle_field: bool
    # What is added to the largest phandle of the base: kernel live_tree_max_phandle + 1; libfdt 0.
    delta_extra: int
    # `phandle` in a property list of a live node is left alone: kernel is_pseudo_property.
    skips_pseudo: bool
    # Both trees have a phandle for one node: libfdt keeps the base's and turns references to it.
    keeps_base_phandles: bool
    # All targets are looked up before anything is changed: kernel init_overlay_changeset.
    targets_first: bool
    # Targets: `target` of 4 or more bytes wins (kernel); exactly 4, 0 means none (libfdt).
    target_exact: bool
    # The last child called __fixups__ counts (kernel of_resolve_phandles), not the first.
    last_fixups: bool
    # A __fixups__ node, even an empty one, needs /__symbols__: kernel of_resolve_phandles.
    fixups_need_symbols: bool
    # A path inside the overlay without `/` is its root: kernel __of_find_node_by_full_path.
    relative_is_root: bool
    # Nodes this deep, counted from the root, are dropped (kernel FDT_MAX_DEPTH); 0: none.
    max_depth: int
    # Offsets are read by kstrtoint (kernel: whole rest, sign) or strtoul (libfdt: blanks, wraps).
    strict_numbers: bool
    # The rest is of running kernels alone; what they do not say is as in Linux 6.1.
    # What an update replaces is looked up when it is applied, not when it is recorded:
    # __of_changeset_entry_apply.
    late_old_property: bool = False
    # Detaching a node that is out of sysfs leaves its count alone: __of_detach_node_sysfs.
    keeps_count_of_detached: bool = False
    # Removing overlay 0 is no error: of_overlay_remove.
    ignores_id_zero: bool = False
    # What a put too many on an attached node prints: of_node_release.
    names_parent_of_bad_put: bool = False
    # `status` counts as okay only with its NUL: of_reconfig_get_state_change.
    status_needs_end: bool = False
    # Links between devices are refreshed only after all notifications: of_overlay_apply.
    late_device_links: bool = False
    # A probe that failed, str.format fields driver, device, number; and its log level:
    # call_driver_probe.
    probe_failed: str = "{driver}: probe of {device} failed with error {number}"
    probe_failed_level: int = 4
    # Flags of a link that a device waits for, and the line about one that cannot be made,
    # Rows of iommu-map and msi-map hold as many cells as the target counts: of_map_id; before, one.
    wide_id_maps: bool = False
    # str.format fields flags, supplier, node: fw_devlink_flags, fw_devlink_create_devlink.
    link_flags: int = 0x120
    link_failed: str = "Failed to create device link ({flags:#x}) with {supplier}"
    # What stands before kobject_add_internal in its own line: lib/kobject.c.
    kobject_prefix: str = ""
    # Built with interrupt domains: without them of_irq_parse_one is a stub (linux/of_irq.h).
    irq_domains: bool = True
    # Built with PCI, whose buses have addresses of their own form: of_busses (address.c).
    pci_bus: bool = True
    # An interrupt that climbs without a map names the node it comes to: of_irq_parse_raw.
    irq_names_parent: bool = False
    # A bus counts only with its own #address-cells, and addresses must not run over:
    # of_match_bus, __of_address_resource_bounds.
    strict_addresses: bool = False


_EINVAL = "-EINVAL"
_FIXUP_LINE = ("OF: resolver: overlay phandle fixup failed: {number}",)
_LABEL_LINE = ("OF: resolver: node label '{label}' not found in live devicetree symbols table",)
_UNFLATTEN_LINE = "OF: overlay: unable to unflatten overlay_fdt"
_INIT_LINE = "OF: overlay: init_overlay_changeset() failed, ret = {number}"
_TARGET = "OF: overlay: find target, node: {fragment_path}, "

LINUX = Dialect(
    name="linux",
    kernel="6.1",
    title="Linux 6.1",
    phrase="Linux 6.1 at run time",
    errors={
        Problem.HEADER: _EINVAL,
        Problem.SHORT: _EINVAL,
        Problem.STRUCTURE: _EINVAL,
        Problem.STRUCTURE_EMPTY: _EINVAL,
        Problem.LOCAL_LENGTH: _EINVAL,
        Problem.LOCAL_EMPTY: _EINVAL,
        Problem.LOCAL_PROPERTY: _EINVAL,
        Problem.LOCAL_NODE: _EINVAL,
        Problem.LOCAL_RANGE: _EINVAL,
        Problem.LOCAL_WRAP: "oops",
        Problem.NO_SYMBOLS: _EINVAL,
        Problem.LABEL_MISSING: _EINVAL,
        Problem.LABEL_EMPTY: "-ENODATA",
        Problem.LABEL_UNTERMINATED: "-EILSEQ",
        Problem.LABEL_FORM: "-ENOENT",
        Problem.LABEL_NODE: "-ENOENT",
        Problem.FIXUP_UNTERMINATED: "undefined",
        Problem.FIXUP_SYNTAX: _EINVAL,
        Problem.FIXUP_NUMBER: "-ERANGE",
        Problem.FIXUP_PROPERTY: "-ENOENT",
        Problem.FIXUP_RANGE: _EINVAL,
        Problem.FIXUP_WRAP: _EINVAL,
        Problem.TARGET_PHANDLE: _EINVAL,
        Problem.TARGET_PATH: _EINVAL,
        Problem.TARGET_NONE: _EINVAL,
        Problem.NO_FRAGMENTS: _EINVAL,
        Problem.SYMBOLS_NO_BASE: _EINVAL,
        Problem.CELLS_CHANGED: _EINVAL,
        Problem.PHANDLE_CLASH: _EINVAL,
        Problem.SYMBOL_EXISTS: _EINVAL,
        Problem.SYMBOL_VALUE: "-ENOMEM",
        Problem.SYMBOL_FRAGMENT: "-ENOMEM",
        Problem.DUPLICATE_NODE: _EINVAL,
        Problem.DUPLICATE_PROPERTY: _EINVAL,
        Problem.STATUS_EMPTY: "oops",
        Problem.NO_MEMORY: "-ENOMEM",
    },
    lines={
        Problem.HEADER: ("OF: overlay: Invalid overlay_fdt header",),
        Problem.STRUCTURE: ("OF: fdt: Error {code} processing FDT", _UNFLATTEN_LINE),
        Problem.STRUCTURE_EMPTY: (_UNFLATTEN_LINE,),
        Problem.NO_SYMBOLS: ("OF: resolver: no symbols in root of device tree.",),
        Problem.LABEL_MISSING: _LABEL_LINE,
        Problem.LABEL_EMPTY: _LABEL_LINE,
        Problem.LABEL_UNTERMINATED: _LABEL_LINE,
        Problem.FIXUP_SYNTAX: _FIXUP_LINE,
        Problem.FIXUP_NUMBER: _FIXUP_LINE,
        Problem.FIXUP_PROPERTY: _FIXUP_LINE,
        Problem.FIXUP_RANGE: _FIXUP_LINE,
        Problem.FIXUP_WRAP: _FIXUP_LINE,
        Problem.TARGET_PHANDLE: (_TARGET + "phandle {phandle:#x} not found", _INIT_LINE),
        Problem.TARGET_PATH: (_TARGET + "path '{path}' not found", _INIT_LINE),
        Problem.TARGET_NONE: (_TARGET + "no target property", _INIT_LINE),
        Problem.NO_FRAGMENTS: ("OF: overlay: no fragments or symbols in overlay", _INIT_LINE),
        Problem.SYMBOLS_NO_BASE: (
            "OF: overlay: symbols in overlay, but not in live tree",
            _INIT_LINE,
        ),
        Problem.CELLS_CHANGED: (
            "OF: overlay: ERROR: changing value of {property} is not allowed in {node_path}",
        ),
        Problem.DUPLICATE_NODE: (
            "OF: overlay: ERROR: multiple fragments add and/or delete node {node_path}",
        ),
        Problem.DUPLICATE_PROPERTY: (
            "OF: overlay: ERROR: multiple fragments add, update, and/or delete property "
            "{node_path}/{property}",
        ),
    },
    hazards=frozenset(
        {
            Problem.LOCAL_WRAP,
            Problem.FIXUP_UNTERMINATED,
            Problem.STATUS_EMPTY,
            Problem.COMPATIBLE_UNTERMINATED,
        }
    ),
    head_properties=False,
    unit_address_optional=False,
    slashes_collapse=False,
    path_options=True,
    alias_full_path=False,
    aliases_of_boot=True,
    fold_case=True,
    phandle_field=True,
    delta_extra=1,
    skips_pseudo=True,
    keeps_base_phandles=False,
    targets_first=True,
    target_exact=False,
    last_fixups=True,
    fixups_need_symbols=True,
    relative_is_root=True,
    max_depth=LINUX_MAX_DEPTH,
    strict_numbers=True,
)

_STATUS_READ = frozenset({Problem.STATUS_EMPTY, Problem.COMPATIBLE_UNTERMINATED})

LINUX_7_2 = LINUX._replace(
    kernel="7.2",
    wide_id_maps=True,
    title="Linux 7.2",
    phrase="Linux 7.2 at run time",
    errors={key: error for key, error in LINUX.errors.items() if key not in _STATUS_READ},
    hazards=LINUX.hazards - _STATUS_READ,
    late_old_property=True,
    keeps_count_of_detached=True,
    ignores_id_zero=True,
    names_parent_of_bad_put=True,
    status_needs_end=True,
    late_device_links=True,
    probe_failed="{driver} {device}: probe with driver {driver} failed with error {number}",
    probe_failed_level=3,
    link_flags=0x124,
    link_failed="Failed to create device link ({flags:#x}) with supplier {supplier} for {node}",
    kobject_prefix="kobject: ",
    irq_names_parent=True,
    strict_addresses=True,
)

LIBFDT = Dialect(
    name="libfdt",
    kernel="",
    title="libfdt 1.8",
    phrase="boot loader (libfdt 1.8)",
    errors={
        Problem.PHANDLE_LENGTH: "FDT_ERR_BADPHANDLE",
        Problem.PHANDLE_OVERFLOW: "FDT_ERR_NOPHANDLES",
        Problem.LOCAL_LENGTH: "FDT_ERR_BADOVERLAY",
        Problem.LOCAL_PROPERTY: "FDT_ERR_BADOVERLAY",
        Problem.LOCAL_NODE: "FDT_ERR_BADOVERLAY",
        # libfdt takes the list of offsets for a phandle, moves it, and patches another place.
        Problem.LOCAL_PHANDLE: "FDT_ERR_BADOVERLAY",
        # Refused to 1.7.0; later versions write outside the property.
        Problem.LOCAL_RANGE: "FDT_ERR_BADOVERLAY",
        Problem.LOCAL_WRAP: "FDT_ERR_BADOVERLAY",
        # To 1.7.0: FDT_ERR_NOTFOUND.
        Problem.NO_SYMBOLS: "FDT_ERR_BADOFFSET",
        Problem.LABEL_MISSING: "FDT_ERR_NOTFOUND",
        Problem.LABEL_EMPTY: "FDT_ERR_BADPATH",
        Problem.LABEL_FORM: "FDT_ERR_BADPATH",
        Problem.LABEL_NODE: "FDT_ERR_NOTFOUND",
        Problem.LABEL_PHANDLE: "FDT_ERR_NOTFOUND",
        Problem.FIXUP_NONE: "FDT_ERR_BADOVERLAY",
        Problem.FIXUP_UNTERMINATED: "FDT_ERR_BADOVERLAY",
        Problem.FIXUP_SYNTAX: "FDT_ERR_BADOVERLAY",
        Problem.FIXUP_PATH: "FDT_ERR_BADPATH",
        Problem.FIXUP_NODE: "FDT_ERR_BADOVERLAY",
        Problem.FIXUP_PROPERTY: "FDT_ERR_NOTFOUND",
        Problem.FIXUP_RANGE: "FDT_ERR_NOSPACE",
        Problem.FIXUP_WRAP: "FDT_ERR_NOSPACE",
        # libfdt cuts it to 32 bits and patches another cell: refused here, see hazards.
        Problem.FIXUP_NUMBER: "FDT_ERR_BADOVERLAY",
        Problem.TARGET_FORM: "FDT_ERR_BADPHANDLE",
        Problem.TARGET_PHANDLE: "FDT_ERR_NOTFOUND",
        Problem.TARGET_PATH: "FDT_ERR_NOTFOUND",
        Problem.TARGET_PATH_FORM: "FDT_ERR_BADPATH",
        Problem.TARGET_NONE: "FDT_ERR_BADOVERLAY",
        Problem.SYMBOL_VALUE: "FDT_ERR_BADVALUE",
        Problem.SYMBOL_FRAGMENT: "FDT_ERR_BADOVERLAY",
    },
    lines={},
    hazards=frozenset(
        {
            Problem.LOCAL_PHANDLE,
            Problem.LOCAL_RANGE,
            Problem.LOCAL_WRAP,
            Problem.FIXUP_WRAP,
            Problem.FIXUP_NUMBER,
        }
    ),
    head_properties=True,
    unit_address_optional=True,
    slashes_collapse=True,
    path_options=False,
    alias_full_path=True,
    aliases_of_boot=False,
    fold_case=False,
    phandle_field=False,
    delta_extra=0,
    skips_pseudo=False,
    keeps_base_phandles=True,
    targets_first=False,
    target_exact=True,
    last_fixups=False,
    fixups_need_symbols=False,
    relative_is_root=False,
    max_depth=0,
    strict_numbers=False,
)

DIALECTS = {LIBFDT.name: LIBFDT, LINUX.name: LINUX}
"""The dialects by the name that --applier and --require take."""

KERNELS = {dialect.kernel: dialect for dialect in (LINUX, LINUX_7_2)}
"""The dialects of running kernels by the version that --kernel takes."""
