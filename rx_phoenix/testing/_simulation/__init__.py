"""Whole systems in virtual time, with a network that does its worst, from one seed."""

from rx_phoenix.testing._simulation.invariants import Broken, Invariant
from rx_phoenix.testing._simulation.run import simulate

__all__ = ["Broken", "Invariant", "simulate"]
