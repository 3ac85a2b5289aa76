"""Transports for tests: a fake, recorded tapes, and a proxy that injects faults."""
