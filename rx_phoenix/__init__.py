"""A reactive client for Phoenix Channels."""

__version__ = "0.1.0"
