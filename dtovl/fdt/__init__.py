"""Flattened devicetrees: reading, checking, writing blobs."""
