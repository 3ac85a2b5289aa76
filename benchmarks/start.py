"""How long an import takes, in processes of their own that take turns."""

import subprocess
import sys

__all__ = ["imports"]

BARE = "reactivex and aiohttp"
OURS = "rx_phoenix"
STATEMENTS = {BARE: "import reactivex, aiohttp", OURS: "import rx_phoenix"}


def imports(rounds: int) -> dict[str, float]:
    """The least seconds of some rounds, by what is imported."""
    least = dict.fromkeys(STATEMENTS, float("inf"))
    for _ in range(rounds):
        for name, statement in STATEMENTS.items():
            program = (
                "from time import process_time as now; began = now(); "
                f"{statement}; print(now() - began)"
            )
            run = subprocess.run(  # noqa: S603 - our own
                [sys.executable, "-c", program],
                capture_output=True,
                check=True,
                text=True,
            )
            least[name] = min(least[name], float(run.stdout))
    return least
