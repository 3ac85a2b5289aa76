"""Seeded simulations of clients, a server and a faulty network in virtual time."""

from rx_phoenix.testing._simulation.app import SimulatedRun
from rx_phoenix.testing._simulation.invariants import Broken, Invariant
from rx_phoenix.testing._simulation.run import simulate

__all__ = ["Broken", "Invariant", "SimulatedRun", "simulate"]
