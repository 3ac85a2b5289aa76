"""A worker of a program without an event loop, woken by broadcasts of Supabase.

::

    python -m rx_phoenix.testing.supabase
    python examples/supabase_worker.py
"""

import argparse
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from rx_phoenix import PushError, WebSocketTransport
from rx_phoenix.supabase.blocking import Realtime


class Worker:
    def __init__(
        self,
        url: str,
        api_key: str,
        sign_in: Callable[[], str],  # may block, and may fail
        topic: str,
        work: Mapping[str, Callable[[], object]],  # what each broadcast calls
        ca_file: str | None = None,
    ) -> None:
        context = ssl.create_default_context(cafile=ca_file)
        network = WebSocketTransport(ssl=context, trust_env=True)
        self.realtime = Realtime(url, api_key, access_token=sign_in, transport=network)
        self.channel = self.realtime.channel(topic, private=True)
        for event, call in work.items():
            self.channel.on(event, partial(self.woken, call))
            self.channel.on_subscribed(call)  # one may have been missed before

    def woken(self, call: Callable[[], object], _payload: object) -> None:
        call()

    def start(self) -> None:
        with suppress(PushError):  # it is retried, with a warning in the log
            self.channel.join()

    def stop(self) -> None:
        self.realtime.close()

    def is_connected(self) -> bool:
        return self.channel.status == "subscribed"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A worker woken by broadcasts.")
    parser.add_argument("--url", default="http://127.0.0.1:54321")
    url, key = parser.parse_args().url, "the-api-key"
    worker = Worker(url, key, lambda: key, "room", {"tick": lambda: print("Woken")})
    worker.start()
    while worker.is_connected():
        time.sleep(1)
