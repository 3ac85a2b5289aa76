"""Measure, and show: ``scripts/bench --help``."""

import argparse
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import msgspec

from benchmarks.cases import CASES, Case
from benchmarks.chart import chart
from benchmarks.processes import Process, Worker, serving, working
from benchmarks.results import FLOOR, Results
from benchmarks.start import imports

OURS = "rx_phoenix"
ALL_CASES = {
    FLOOR,
    OURS,
    f"{FLOOR}, uvloop",
    f"{OURS}, uvloop",
    "aiohttp's reader + msgspec",
    "phoenix.js",
}
"""Who runs more than the general cases."""

PACKAGES = (
    "rx_phoenix",
    "reactivex",
    "aiohttp",
    "msgspec",
    "uvloop",
    "phxsocket",
    "chunnel",
)
SHOWN = {
    "burst": "50,000 events, one handler",
    "many": "50,000 events over 1,000 topics",
    "pipe": "pushes, 100 in flight",
    "seq": "pushes, one at a time",
}


def python(module: str, name: str, loop: str = "asyncio") -> Sequence[str]:
    """How a client in Python is run."""
    return sys.executable, "-m", "benchmarks.worker", module, name, loop


CLIENTS: dict[str, Sequence[str]] = {
    FLOOR: python("floor", "WithMsgspec"),
    OURS: python("ours", "RxPhoenix"),
    "aiohttp's reader + msgspec": python("floor", "WithoutQueue"),
    "aiohttp + json": python("floor", "WithJson"),
}
if find_spec("uvloop"):
    CLIENTS[f"{FLOOR}, uvloop"] = python("floor", "WithMsgspec", "uvloop")
    CLIENTS[f"{OURS}, uvloop"] = python("ours", "RxPhoenix", "uvloop")
if shutil.which("node"):
    CLIENTS["phoenix.js"] = "node", "benchmarks/clients/phoenix.mjs"
for package, adapter in (("phxsocket", "PhxSocket"), ("chunnel", "Chunnel")):
    if find_spec(package):
        CLIENTS[package] = python(package, adapter)


def main() -> None:
    """Measure what the arguments say."""
    options = arguments()
    # Both clocks are read in each run; one of them decides on what is shown first.
    results = Results(machine=machine(), clock=options.clock)
    other = Results(
        machine=results.machine, clock={"wall": "processor"}.get(options.clock, "wall")
    )
    clients = {name: CLIENTS[name] for name in options.clients}
    cases = [CASES[name] for name in options.cases]
    with serving() as (server, url):
        with working(clients) as workers:
            for number in range(options.rounds):
                for case in cases:
                    run(case, workers, server, url, (results, other), options)
                say(f"round {number + 1} of {options.rounds} done")
        if options.cases == list(CASES):
            results.idle = idle(url)
            results.start = imports(5 * options.rounds)
    for found in (results, other):
        print(f"By the {found.clock} clock:\n")
        print(found.report([case.name for case in cases if case.is_general], OURS))
        print()
    if options.json:
        figures = msgspec.json.encode(
            {found.clock: found.figures() for found in (results, other)}
        )
        options.json.write_bytes(msgspec.json.format(figures) + b"\n")
    if options.chart:
        options.chart.write_text(chart(results, SHOWN))


def run(
    case: Case,
    workers: dict[str, Worker],
    server: Process,
    url: str,
    both: Sequence[Results],
    options: argparse.Namespace,
) -> None:
    """One case, each client in turn."""
    for name, worker in workers.items():
        if not case.is_general and name not in ALL_CASES:
            continue
        if name in both[0].failed.get(case.name, ()):
            continue
        computed, began = server.processor_seconds, perf_counter()
        answer = worker.measure(case, url, options.repeats)
        if name == FLOOR:
            took = perf_counter() - began
            both[0].busy[case.name] = (server.processor_seconds - computed) / took
        if "error" not in answer:
            for results in both:
                results.add(case.name, name, case.count / answer[results.clock])
        elif answer["error"] != "unsupported":
            both[0].failed.setdefault(case.name, {})[name] = answer["error"]
            say(f"{name}, {case.name}: {answer['error']}")


def idle(url: str) -> dict[str, int]:
    """What things cost while nothing happens."""
    command = [sys.executable, "-m", "benchmarks.idle", url]
    run = subprocess.run(command, capture_output=True, check=True)  # noqa: S603
    return msgspec.json.decode(run.stdout, type=dict[str, int])


def say(text: str) -> None:
    """Notify the waiter."""
    print(text, file=sys.stderr, flush=True)


def machine() -> dict[str, str]:
    """Where this runs, and with what."""
    found = {"python": platform.python_version(), "system": platform.platform()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def arguments() -> argparse.Namespace:
    """What to measure."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of all cases (5)")
    parser.add_argument("--repeats", type=int, default=3, help="of a case a round (3)")
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--clients", nargs="+", choices=CLIENTS, default=list(CLIENTS))
    parser.add_argument(
        "--clock",
        choices=("wall", "processor"),
        default="wall",
        help="what is shown first; the processor's is steadier on a busy machine",
    )
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--chart", type=Path, help="where an SVG chart goes")
    return parser.parse_args()


if __name__ == "__main__":
    main()
