"""Whole systems in virtual time, with a network that does its worst, from one seed."""

from rx_phoenix.testing.simulation.run import Broken, simulate

__all__ = ["Broken", "simulate"]
