"""One of several workers that write the events of shared topics into NATS JetStream.

::

    nats-server --jetstream
    python -m examples.fan_in.worker jo ws://localhost:4000/socket feed:1 feed:2 feed:3

Start it on as many machines as you like, each with a name of its own and the same
topics. Each topic has one owner at a time, by a key that expires unless it is renewed:
when a worker dies, another one takes over within seconds, and goes on behind the last
event in the stream. An event that both have written is in the stream once, because
JetStream drops a second message with the same ``Nats-Msg-Id``.
"""

import argparse
import asyncio
import json
import logging
import random
from collections.abc import Mapping
from typing import Any

import nats
from nats.js import JetStreamContext
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from rx_phoenix import Backoff, Reconnect, Rejoin, Socket
from rx_phoenix.operators import for_each, resume

Event = Mapping[str, Any]
"""An event: ``{"id": 7, …}``, with consecutive ids in each topic."""

TTL, RENEWAL = 3.0, 1.0
"""Seconds until a topic without an owner is free, and between two renewals."""

QUICK = Backoff(first=0.05, factor=2, cap=1.0)


def key_of(topic: str) -> str:
    """Return the name of a topic in NATS, which has no colons."""
    return topic.replace(":", ".")


class Topic:
    """A topic that this worker may own.

    Args:
        topic: The topic.
        name: The worker's name.
        stream: JetStream.
        owners: The bucket of owners, whose keys expire.
        cursors: The bucket of cursors.
    """

    def __init__(
        self,
        topic: str,
        name: str,
        stream: JetStreamContext,
        owners: KeyValue,
        cursors: KeyValue,
    ) -> None:
        self.topic = topic
        self._name = name
        self._key = key_of(topic)
        self._stream = stream
        self._owners = owners
        self._cursors = cursors
        self._revision = 0

    async def claim(self) -> bool:
        """Become the owner, if there is none."""
        try:
            owner = self._name.encode()
            self._revision = await self._owners.create(self._key, owner)
        except KeyWrongLastSequenceError:
            return False
        print(f"{self._name} owns {self.topic}", flush=True)
        return True

    async def keep(self) -> None:
        """Stay the owner, until another worker is or NATS is away for too long."""
        try:
            while True:
                await asyncio.sleep(RENEWAL)
                async with asyncio.timeout(TTL - RENEWAL):
                    self._revision = await self._owners.update(
                        self._key, self._name.encode(), last=self._revision
                    )
        except (KeyWrongLastSequenceError, TimeoutError, nats.errors.Error):
            print(f"{self._name} lost {self.topic}", flush=True)

    async def cursor(self) -> int:
        """Return the id of the last event in the stream; 0 before the first."""
        try:
            entry = await self._cursors.get(self._key)
        except KeyNotFoundError:
            return 0
        return int(entry.value or b"0")

    async def publish(self, event: Event) -> None:
        """Write an event into the stream, then its cursor.

        Killed in between, the next owner writes it again, under the same id.
        """
        cursor = str(event["id"])
        await self._stream.publish(
            f"events.{self._key}",
            json.dumps(event).encode(),
            headers={"Nats-Msg-Id": f"{self.topic}:{cursor}"},
        )
        await self._cursors.put(self._key, cursor.encode())

    async def forward(self, socket: Socket) -> None:
        """Write all events behind the cursor into the stream, while it is the owner."""
        channel = socket.channel(self.topic)

        async def fetch(after: int, before: int | None) -> list[Event]:
            page = await channel.push("page", {"after": after, "before": before})
            events: list[Event] = page["events"]
            return events

        events = resume(
            channel,
            "event",
            cursor=lambda event: event["id"],
            param="after",
            since=await self.cursor(),
            backfill=fetch,
        )
        forwarding = for_each(events, self.publish, overflow="wait")
        keeping = asyncio.create_task(self.keep())
        tasks = {forwarding, keeping}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def own(topic: Topic, socket: Socket) -> None:
    """Own a topic whenever it is free."""
    while True:
        # Not all at once, so that the workers share the topics.
        await asyncio.sleep(random.uniform(0.0, 2 * RENEWAL))
        if await topic.claim():
            await topic.forward(socket)


async def main(name: str, url: str, topics: list[str], nats_url: str) -> None:
    """Work until cancelled."""
    connection = await nats.connect(nats_url, max_reconnect_attempts=-1)
    stream = connection.jetstream()
    await stream.add_stream(
        name="events", subjects=["events.>"], duplicate_window=2 * 60
    )
    owners = await stream.create_key_value(bucket="owners", ttl=TTL)
    cursors = await stream.create_key_value(bucket="cursors")
    reconnect, rejoin = Reconnect(delays=QUICK), Rejoin(delays=QUICK)
    async with (
        Socket(url, reconnect=reconnect, rejoin=rejoin) as socket,
        asyncio.TaskGroup() as tasks,
    ):
        for topic in topics:
            shared = Topic(topic, name, stream, owners, cursors)
            tasks.create_task(own(shared, socket))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Events into NATS JetStream.")
    parser.add_argument("name")
    parser.add_argument("url")
    parser.add_argument("topics", nargs="+")
    parser.add_argument("--nats", default="nats://localhost:4222")
    args = parser.parse_args()
    logging.basicConfig(format="%(message)s")
    asyncio.run(main(args.name, args.url, args.topics, args.nats))
