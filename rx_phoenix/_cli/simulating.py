"""``rx-phoenix simulate``: whole lives of sockets, on a network that does its worst."""

import gc
from collections.abc import Iterable
from time import perf_counter

import typer

from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix._cli.silence_logs import quiet_logs
from rx_phoenix.testing._simulation import Broken, simulate

__all__ = ["simulate_all"]


def simulate_all(seeds: Iterable[int], *, sockets: int, steps: int) -> ExitCode:
    """Live through histories of faults, up to the first that breaks something.

    Args:
        seeds: The seed of each history.
        sockets: How many sockets there are in each.
        steps: How many things are done in each.
    """
    began, lived, arrived = perf_counter(), 0, 0
    with quiet_logs():
        for seed in seeds:
            try:
                arrived += simulate(seed, sockets=sockets, steps=steps)
            except Broken as broken:
                for line in broken.timeline:
                    typer.echo(line)
                typer.echo(f"Seed {seed} broke it: {broken.problem}.")
                return ExitCode.REFUSED
            lived += 1
        # What nobody looked at is told when it is collected.
        gc.collect()
    typer.echo(
        f"{lived} histories of {steps} faults and deeds were lived through in "
        f"{perf_counter() - began:.1f} s; {arrived} messages arrived, nothing broke."
    )
    return ExitCode.OK
