"""The devicetree of a running kernel: counts, flags, holders, changesets, overlays, devices."""
