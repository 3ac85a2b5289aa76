"""Send messages, and handle each way they can end, without await.

::

    rx-phoenix serve
    python examples/blocking_sending.py
"""

import argparse
from concurrent.futures import ThreadPoolExecutor

from rx_phoenix import PushRefused, PushTimeout
from rx_phoenix.blocking import Socket


def main(url: str) -> None:
    with Socket(url) as socket:
        room = socket.channel("room:lobby")
        room.join()
        print("Message sent:", room.push("echo", {"body": "Hello, world!"})["body"])

        # 10 seconds are plenty, a twentieth is not.
        for timeout in 10.0, 0.05:
            try:
                room.push("delay", {"ms": 200}, timeout)
                print("Upload URL received")
            except PushTimeout:
                print("Upload request timed out")

        try:
            room.push("fail", {"name": "John Doe"})
        except PushRefused as refusal:
            print("Validation errors:", refusal.response)

        # From many threads at once.
        def ask(n: int) -> int:
            answer: int = room.push("echo", {"n": n})["n"]
            return answer

        with ThreadPoolExecutor(4) as threads:
            print("From four threads:", sum(threads.map(ask, range(100))))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", default="ws://localhost:4000/socket")
    main(parser.parse_args().url)
