"""Autobahn's fuzzing server, on loopback alone."""

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

__all__ = ["serving"]

PATIENCE = 60.0

# It runs on Python 2.7. Packages that share a namespace need addsitedir.
SERVE = """
import site, sys
site.addsitedir(sys.argv.pop(1))
from autobahntestsuite.wstest import run
from twisted.internet import reactor
listen = reactor.listenTCP
reactor.listenTCP = lambda port, factory, *_, **__: listen(
    port, factory, interface="127.0.0.1"
)
run()
"""


@contextmanager
def serving(
    python: str, packages: Path, reports: Path, cases: list[str]
) -> Iterator[str]:
    """Serve the cases; the URL is what one gets.

    Args:
        python: A Python 2.7.
        packages: Where autobahntestsuite is.
        reports: Where its reports go.
        cases: Patterns of cases.
    """
    port = free_port()
    url = f"ws://127.0.0.1:{port}"
    reports.mkdir(parents=True, exist_ok=True)
    spec = reports / "spec.json"
    options = {"url": url, "outdir": str(reports), "cases": cases, "webport": 0}
    spec.write_text(json.dumps(options | {"exclude-cases": []}))
    command = [python, "-c", SERVE, str(packages), "-m", "fuzzingserver"]
    with (reports / "server.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            [*command, "-s", str(spec)], stdout=log, stderr=log
        )
        try:
            wait_for(port)
            yield url
        finally:
            process.terminate()
            process.wait()


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_for(port: int) -> None:
    """Wait until something listens."""
    end = monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if monotonic() > end:
                raise
            sleep(0.1)
        else:
            return
