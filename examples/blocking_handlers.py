"""Be notified when a channel closes or fails, without await.

::

    rx-phoenix serve
    python examples/blocking_handlers.py
"""

import argparse
from threading import Event

from rx_phoenix.blocking import Socket


def main(url: str) -> None:
    with Socket(url) as socket:
        room = socket.channel("room:lobby")
        errored, closed = Event(), Event()

        def on_error(reason: object) -> None:
            print("Channel error:", reason)
            errored.set()

        def on_close(payload: object, ref: object, join_ref: object) -> None:
            print("Channel closed:", payload, "of the join", ref == join_ref)
            closed.set()

        room.on_error(on_error)
        close_handler = room.on_close(on_close)
        room.join()
        room.cast("exit")  # its process on the server crashes
        errored.wait(5)
        room.join()  # it would do so by itself
        print("Joined again")
        room.cast("stop")  # its process on the server ends in peace
        closed.wait(5)

        room.off("phx_close", close_handler)
        room.join()
        room.leave()
        print("Left, without a notice")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default="ws://localhost:4000/socket")
    main(parser.parse_args().url)
