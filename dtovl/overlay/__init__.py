"""Overlays: fragments, targets, exported symbols, applying to a base."""
