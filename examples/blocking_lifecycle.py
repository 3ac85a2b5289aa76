"""Join and leave, with a result for every way it can end, without await.

::

    rx-phoenix serve
    python examples/blocking_lifecycle.py
"""

import argparse

from rx_phoenix import JoinRefused, PushTimeout
from rx_phoenix.blocking import Channel, Socket


def report(channel: Channel, timeout: float | None = None) -> None:
    try:
        print("Joined successfully:", channel.join(timeout)["params"])
    except JoinRefused as refusal:
        print("Failed to join:", refusal.response)
    except PushTimeout:
        print("Join timed out")


def main(url: str) -> None:
    with Socket(url) as socket:
        lobby = socket.channel("room:lobby", {"messages": ["hi", "hello"]})
        forbidden = socket.channel("room:forbidden")
        slow = socket.channel("room:slow", {"ms": 200})
        report(lobby)
        report(forbidden)
        report(slow, timeout=0.05)

        # A channel that could not be joined would try again until then.
        for channel in lobby, forbidden, slow:
            channel.leave()
            print("Left channel successfully")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default="ws://localhost:4000/socket")
    main(parser.parse_args().url)
