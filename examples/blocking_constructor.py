"""Make channels, with static and dynamic params, in a program that does not await.

::

    rx-phoenix serve
    python examples/blocking_constructor.py
"""

import argparse
import time
from itertools import count

from rx_phoenix.blocking import Socket

joins = count(1)


def current_user() -> dict[str, object]:
    """Asked at every join and rejoin, in a thread of its own: it may block."""
    time.sleep(0.01)  # a request to the service that hands out tokens, say
    return {"token": f"token {next(joins)}"}


def main(url: str) -> None:
    with Socket(url) as socket:
        lobby = socket.channel("room:lobby", {"user_id": 123})
        user = socket.channel("room:user:456", current_user)
        for channel in lobby, user:
            print(channel.topic, "was joined with", channel.join()["params"])
        user.leave()
        print(user.topic, "was joined again with", user.join()["params"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default="ws://localhost:4000/socket")
    main(parser.parse_args().url)
