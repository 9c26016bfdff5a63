"""The version of dtovl, one literal: reading it must cost nothing."""

__version__ = "0.1.0"
