"""Boards and overlays by the hundred: which goes with which, what holds, what has changed."""
