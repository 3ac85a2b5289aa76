"""Monitor the state of a channel: as a stream, and by looking now and then.

phoenix.js has no stream of states, hence the timer in its documentation. The stream
tells every change when it happens, and costs nothing in between.
"""

import asyncio

from reactivex import operators as ops

from rx_phoenix import Channel, ChannelState, Socket
from rx_phoenix.testing import reference_app

WORDS = {
    ChannelState.JOINING: "Channel is joining...",
    ChannelState.JOINED: "Channel is active",
    ChannelState.LEAVING: "Channel is leaving...",
    ChannelState.CLOSED: "Channel is closed",
    ChannelState.ERRORED: "Channel has errors",
}


def in_words(state: ChannelState) -> str:
    return WORDS[state]


def watch_channel_state(channel: Channel) -> None:
    """As a stream: `Channel.states` begins with the current one."""
    channel.states.pipe(ops.map(in_words)).subscribe(print)


def monitor_channel_state(channel: Channel, interval: float = 1.0) -> None:
    """As in phoenix.js: look periodically, until the channel closes."""

    async def check_state() -> None:
        while True:
            print("Looked:", in_words(channel.state))
            await asyncio.sleep(interval)

    checking = asyncio.create_task(check_state())

    def clean_up(*_: object) -> None:
        checking.cancel()
        print("Looks no more")

    channel.on_close(clean_up)


async def main() -> None:
    async with reference_app() as server, Socket(server.url) as socket:
        channel = socket.channel("room:slow", {"ms": 200})
        watch_channel_state(channel)
        joining = channel.join()
        monitor_channel_state(channel, interval=0.15)
        await joining
        await asyncio.sleep(0.2)
        await channel.leave()


if __name__ == "__main__":
    asyncio.run(main())
