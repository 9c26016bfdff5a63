"""What raises each code that an audit has of its own (DT74x)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from audit.auditing import one
from audit.messages import EXAMPLES, kasan

from dtovl.cli.audit import command
from dtovl.cli.outcome import Settings
from dtovl.errors import InputError
from dtovl.report.audit_words import as_diagnostic

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dtovl.diagnostics import Sink


def told(line: str) -> Callable[[Sink, Path], None]:
    """Put what a line tells into a sink."""
    return lambda sink, _: sink.diagnostics.append(as_diagnostic(one(line), "log", None))


def a_journal(sink: Sink, folder: Path) -> None:
    journal = folder / "system.journal"
    journal.write_bytes(b"LPKSHHRH" + bytes(100))
    with pytest.raises(InputError) as refused:
        command.main([str(journal)], standalone_mode=False, obj=Settings())
    sink.diagnostics += refused.value.diagnostics


RAISED: dict[str, Callable[[Sink, Path], None]] = {
    "DT740": a_journal,
    "DT741": told(EXAMPLES["name-twice"][0]),
    "DT742": told(EXAMPLES["probe-failed"][0]),
    "DT743": told(EXAMPLES["resolver-null"][0]),
    "DT744": told(EXAMPLES["iommu-bypassed"][0]),
    "DT745": told(EXAMPLES["dependency-ignored"][0]),
    "DT746": told(EXAMPLES["device-link-failed"][0]),
    "DT747": told(kasan("slab-out-of-bounds", "acme_probe", "kmalloc acme_probe")),
    "DT748": told(EXAMPLES["children-left"][0]),
    "DT749": told(EXAMPLES["step-done"][0]),
}
