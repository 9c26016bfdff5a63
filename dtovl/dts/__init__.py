"""Devicetree source: reading text with positions, writing text a person reads."""
