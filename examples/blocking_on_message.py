"""See every message of a channel, and change what its listeners get, without await.

::

    rx-phoenix serve
    python examples/blocking_on_message.py
"""

import argparse
from typing import Any

from rx_phoenix.blocking import Socket

CUSTOM = {"event": "custom_event", "payload": {"n": 1}}
"""What the server is asked to send."""


def process(event: str, payload: Any, ref: str | None) -> Any:
    """Runs on the loop's own thread, so that it must not block."""
    print(f"Message [{event}] with ref {ref}")
    if event == "custom_event":
        return {"processed": True, "payload": payload}
    return payload


def main(url: str) -> None:
    with Socket(url) as socket:
        room = socket.channel("room:plain")
        room.on_message = process
        events = room.events("custom_event", timeout=5)
        room.join()
        room.cast("push_me", CUSTOM)
        print("Got:", next(events))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default="ws://localhost:4000/socket")
    main(parser.parse_args().url)
