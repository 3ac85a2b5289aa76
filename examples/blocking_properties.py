"""Ask a channel for its topic and its state, in a program that does not await.

::

    rx-phoenix serve
    python examples/blocking_properties.py
"""

import argparse

from rx_phoenix import ChannelState
from rx_phoenix.blocking import Channel, Socket


def greet(channel: Channel) -> None:
    if channel.state is ChannelState.JOINED:
        print("The server answered:", channel.push("echo", {"body": "Hello!"}))
    else:
        print("Not ready for messages: the channel is", channel.state)


def main(url: str) -> None:
    with Socket(url) as socket:
        channel = socket.channel("room:lobby")
        print("Channel topic:", channel.topic)
        greet(channel)
        channel.join()
        greet(channel)
        channel.leave()
        print("Channel state:", channel.state)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default="ws://localhost:4000/socket")
    main(parser.parse_args().url)
