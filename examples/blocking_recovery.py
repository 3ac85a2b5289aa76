"""Rejoin after errors with exponential backoff, without await.

phoenix.js's documentation builds this by hand. Here a channel that was joined rejoins
by itself, as the `Rejoin` policy says. A join that is refused can be tried in a loop.

::

    rx-phoenix serve
    python examples/blocking_recovery.py
"""

import argparse
import time

from rx_phoenix import Backoff, JoinRefused, Rejoin
from rx_phoenix.blocking import Channel, Socket


def joined(channel: Channel, first: float = 0.01, attempts: int = 6) -> bool:
    for attempt in range(attempts):
        try:
            channel.join()
        except JoinRefused:
            channel.leave()
            print(f"Attempt {attempt + 1} was refused")
            time.sleep(first * 2**attempt)
        else:
            return True
    return False


def main(url: str) -> None:
    with Socket(url, rejoin=Rejoin(delays=Backoff(0.01))) as socket:
        # This one lets us in at the third attempt.
        flaky = socket.channel("room:flaky:blocking", {"fail": 2})
        print("Joined:", joined(flaky))

        # By itself: the channel's process on the server crashes.
        states = flaky.states(timeout=5)
        flaky.cast("exit")
        print([next(states).value for _ in range(4)])

        # This one never does.
        print("Joined:", joined(socket.channel("room:forbidden")))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default="ws://localhost:4000/socket")
    main(parser.parse_args().url)
