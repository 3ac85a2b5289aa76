"""``rx-phoenix simulate``: whole client lifetimes on a hostile network."""

import gc
from collections.abc import Iterable
from time import perf_counter

import typer

from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix._cli.silence_logs import quiet_logs
from rx_phoenix.testing._simulation import Broken, simulate

__all__ = ["simulate_all"]


def simulate_all(seeds: Iterable[int], *, sockets: int, steps: int) -> ExitCode:
    """Simulate runs with faults, up to the first that breaks an invariant.

    Args:
        seeds: The seed of each run.
        sockets: The number of sockets in each.
        steps: The number of actions in each.
    """
    began, runs, arrived = perf_counter(), 0, 0
    with quiet_logs():
        for seed in seeds:
            try:
                arrived += simulate(seed, sockets=sockets, steps=steps)
            except Broken as broken:
                for line in broken.timeline:
                    typer.echo(line)
                typer.echo(f"Seed {seed} broke it: {broken.problem}.")
                return ExitCode.REFUSED
            runs += 1
        # Unobserved errors are reported when they are collected.
        gc.collect()
    typer.echo(
        f"{runs} runs of {steps} faults and actions passed in "
        f"{perf_counter() - began:.1f} s; {arrived} messages arrived."
    )
    return ExitCode.OK
