"""The registry of diagnostic codes; a family of codes is imported only when it is asked for."""

from __future__ import annotations

from importlib import import_module

from dtovl.codes.base import Code, Severity

__all__ = ["Code", "Severity", "all_codes", "find_code"]

# First characters of a number -> module with its table.
_FAMILIES = {
    "DT00": "input",
    "DT01": "input",
    "DT02": "source",
    "DT03": "source",
    "DT04": "compiled",
    "DT05": "written",
    "DT06": "usage",
    "DT10": "overlay",
    "DT11": "overlay",
    "DT12": "overlay",
    "DT13": "effects",
    "DT14": "effects",
    "DT20": "live",
    "DT21": "live",
    "DT22": "live",
    "DT24": "ownership",
    "DT26": "session",
    "DT27": "replacing",
    "DT28": "script",
    "DT29": "identify",
    "DT60": "config",
    "DT61": "config",
    "DT62": "matrix",
    "DT63": "order",
    "DT64": "claims",
    "DT65": "compat",
    "DT66": "engine",
    "DT67": "cache",
    "DT68": "iommu",
    "DT69": "probe",
    "DT70": "scenario",
    "DT71": "scenario",
    "DT74": "audit",
    "DT9": "internal",
    "PS10": "replay_tree",
    "PS11": "replay_tree",
    "PS12": "replay_tree",
    "PS13": "replay_order",
    "PS150": "replay_order",
    "PS151": "replay_order",
    "PS152": "replay_order",
    "PS153": "replay_order",
    "PS155": "replay_order",
    "PS14": "replay_input",
    "PS154": "replay_input",
    "PS20": "replay_input",
    "L00": "links",
    "L010": "links",
    "L011": "links",
    "L01": "link_interrupts",
    "L02": "link_classes",
    "L03": "link_classes",
    "T0": "lifetimes",
}


def _family(module: str) -> list[Code]:
    table = import_module(f"dtovl.codes.{module}")
    return [value for value in vars(table).values() if isinstance(value, Code)]


def all_codes() -> list[Code]:
    """List every code of every family, by number."""
    codes = [code for module in sorted(set(_FAMILIES.values())) for code in _family(module)]
    return sorted(codes, key=lambda code: code.number)


def find_code(wanted: str) -> Code | None:
    """Find a code by number (`DT104`, any case) or by short name (`label-not-in-base`)."""
    number = wanted.upper()
    for prefix, module in _FAMILIES.items():
        if number.startswith(prefix):
            return next((code for code in _family(module) if code.number == number), None)
    name = wanted.lower()
    return next((code for code in all_codes() if code.name == name), None)
