"""Every bound on input. Inputs come from strangers; nothing here grows with what they claim."""

from __future__ import annotations

MAX_BLOB_BYTES = 256 << 20
"""Largest file that is read, in bytes (a flattened tree of a real board is below 1 MiB)."""

MAX_DEPTH = 1024
"""Deepest node, counted from the root (0). Linux drops what is below 63 levels with a warning."""

LINUX_MAX_DEPTH = 63
"""A node at this depth or deeper is dropped by Linux (FDT_MAX_DEPTH in drivers/of/fdt.c is 64)."""

MAX_OVERLAYS = 4096
"""Most overlays in one stack."""

MAX_INCLUDE_DEPTH = 64
"""Deepest nesting of included source files."""

MAX_SOURCE_BYTES = 64 << 20
"""Most source text in bytes, all included files together, after macro expansion."""

MAX_EXPRESSION_DEPTH = 200
"""Deepest nesting of brackets and operators in one source expression."""

MAX_INCBIN_BYTES = 64 << 20
"""Most bytes that all /incbin/ of one source may bring."""

MAX_NAME_BYTES = 64 << 10
"""Longest name of a node or property in bytes (the specification allows 31)."""

MAX_DIRECTORY_ENTRIES = 1_000_000
"""Most files and folders that are read from one directory."""

MAX_INCLUDES = 10_000
"""Most files included by one source, counting each time."""

MAX_CPP_BYTES = 8 << 20
"""Most bytes that the built-in preprocessor reads, all included files together, each time."""

MAX_MACRO_STEPS = 500_000
"""Most words that replacing the macros of one source may begin with (a large board: 60,000)."""

MAX_MACRO_DEPTH = 100
"""Deepest nesting of macros whose replacement holds the next one."""

MAX_SOURCE_STEPS = 20_000_000
"""Most steps for what source can make cost more than its size: deleting, ambiguous labels."""

MAX_UNPACKED_BYTES = 64 << 20
"""Largest blob after decompression, in bytes."""

MAX_YAML_BYTES = 1 << 20
"""Most characters of a YAML file (20,000 steps)."""

MAX_YAML_DEPTH = 32
"""Deepest nesting of mappings and lists in a YAML or JSON file."""

MAX_YAML_VALUES = 200_000
"""Most values of a YAML file, those that aliases repeat counted each time."""

MAX_SCENARIO_BYTES = 1 << 20
"""Largest scenario file."""

MAX_SCENARIO_EVENTS = 10_000
"""Most events of a scenario."""

MAX_SCENARIO_ALIASES = 100
"""Most aliases of a scenario file; each stands for what its anchor holds, nothing is copied."""

MAX_SCENARIO_DEPTH = 200
"""Deepest nesting of a scenario file; what has a meaning is four levels deep."""

MAX_SCENARIO_ERRORS = 20
"""Most errors of a scenario file that are listed."""

MAX_CONFIG_CHARACTERS = 8 << 20
"""Most characters of the configuration of a check (6,400 cases named one by one: 700,000)."""

MAX_CONFIG_VALUES = 1_000_000
"""Most values of the configuration of a check."""

MAX_CONFIG_DEPTH = 12
"""Deepest nesting of mappings and lists in the configuration of a check."""

MAX_GLOB_STEPS = 20_000_000
"""Most names that all globs of a configuration are held against."""

MAX_PROBE_STEPS = 25_000_000
"""Most steps of a prediction of probing: 50 for each try, 1 for each supplier that it asks for."""

MAX_JSON_BYTES = 16 << 20
"""Largest JSON file in bytes (a recorded case has some hundred KiB)."""

MAX_STEPS = 20_000
"""Most steps of one step file."""

MAX_LIST_CHARACTERS = 64 << 20
"""Most characters of an operation list (a million operations)."""

MAX_LIST_VALUES = 8_000_000
"""Most values of an operation list."""

MAX_LIST_DEPTH = 160
"""Deepest nesting of mappings and lists in an operation list: two for each level of a node."""

MAX_REPLAY_NODES = 1_000_000
"""Most nodes that a replay copies for answers that are not in the log, or misses in listings."""

MAX_REPLAY_EVENTS = 1000
"""Most events of one node that a replay keeps to explain its findings."""

MAX_REPORT_BYTES = 256 << 20
"""Largest JSON report of a part of a matrix that is merged, in characters (1,000 cases: 1 MiB)."""

MAX_BASELINE_BYTES = 64 << 20
"""Largest baseline in characters (100,000 known findings: 30 MiB)."""

MAX_REPORT_VALUES = 8_000_000
"""Most values of a report or baseline, told by its commas."""
