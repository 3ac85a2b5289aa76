"""Monitor the state of a channel, in a thread of its own, without await.

::

    rx-phoenix serve
    python examples/blocking_state.py
"""

import argparse
from threading import Thread

from rx_phoenix import ChannelState
from rx_phoenix.blocking import Channel, Socket

WORDS = {
    ChannelState.JOINING: "Channel is joining...",
    ChannelState.JOINED: "Channel is active",
    ChannelState.LEAVING: "Channel is leaving...",
    ChannelState.CLOSED: "Channel is closed",
    ChannelState.ERRORED: "Channel has errors",
}


def watch(channel: Channel) -> None:
    for state in channel.states():  # ends with the socket
        print(WORDS[state])


def main(url: str) -> None:
    with Socket(url) as socket:
        channel = socket.channel("room:slow", {"ms": 50})
        watching = Thread(target=watch, args=[channel])
        watching.start()
        channel.join()
        channel.leave()
    watching.join()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default="ws://localhost:4000/socket")
    main(parser.parse_args().url)
