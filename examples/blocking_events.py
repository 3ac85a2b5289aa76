"""Listen to the events of a channel, in a loop and by functions, without await.

::

    rx-phoenix serve
    python examples/blocking_events.py
"""

import argparse
from threading import Event

from rx_phoenix.blocking import Socket


def main(url: str) -> None:
    with Socket(url) as socket:
        room = socket.channel("room:lobby")
        room.join()

        # In a loop. It listens from the call of `events` on.
        ticks = room.events("tick", timeout=5)
        room.push("burst_reply", {"n": 3})
        for tick in ticks:
            print("In the loop:", tick["i"])
            if tick["i"] == 2:
                break

        # By a function, which runs on a worker thread and may block.
        done = Event()

        def answer(tick: dict[str, int]) -> None:
            print("By the function:", room.push("echo", tick)["i"])
            if tick["i"] == 1:
                done.set()

        handler = room.on("tick", answer)
        room.push("burst_reply", {"n": 2})
        done.wait(5)

        # Remove it.
        room.off("tick", handler)
        room.push("burst_reply", {"n": 1})
        print("None listens any more")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default="ws://localhost:4000/socket")
    main(parser.parse_args().url)
