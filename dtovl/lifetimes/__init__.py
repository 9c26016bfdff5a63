"""Lifetimes: who allocates, holds, frees, waits; which order of events is safe."""
