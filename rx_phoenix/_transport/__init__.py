"""Transports of frames: their contract, and those that keep it."""
