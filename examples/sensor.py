"""A sensor that streams in batches, as large and as often as the server says.

It brings its server along::

    python examples/sensor.py

The server answers nothing. What was sent in the last second before a loss may not have
arrived; it is reported, as is what was never sent.
"""

import asyncio
import time
from collections.abc import Callable

from rx_phoenix import Channel, ChannelState, Push, Socket
from rx_phoenix.testing import PhoenixServer, ServerChannel


class Sensor:
    def __init__(self, channel: Channel, on_loss: Callable[[int], object]) -> None:
        self.channel, self.on_loss = channel, on_loss
        self.batch: list[dict[str, object]] = []
        self.size, self.window = 10, 0.1
        self.timer: asyncio.TimerHandle | None = None
        channel.on("backpressure_config", self.configure)

    def configure(self, config: dict[str, int]) -> None:
        self.size = config["recommended_batch_size"]
        self.window = config["recommended_batch_window"] / 1000

    def send(self, attribute: str, payload: object) -> None:
        measured = {"attribute_id": attribute, "payload": payload}
        self.batch.append({**measured, "timestamp": time.time()})
        if len(self.batch) >= self.size:
            self.flush()
        elif self.timer is None:
            self.timer = asyncio.get_running_loop().call_later(self.window, self.flush)

    def flush(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        batch, self.batch, self.timer = self.batch, [], None
        if not batch:
            return
        is_joined = self.channel.state is ChannelState.JOINED
        push = self.channel.push("measurements_batch", batch, 1 if is_joined else 60)
        push.on_settled(lambda status: self.settled(push, status))

    def settled(self, push: Push, status: str) -> None:
        if status in {"lost", "cancelled"} or push.ref is None:
            self.on_loss(len(push.payload))


class Collector(ServerChannel):
    def handle_in(self, event: str, payload: object, ref: object) -> None:
        assert isinstance(payload, list), f"{event} {ref} without measurements"
        print(f"Got {len(payload)} measurements from {payload[0]['payload']}")
        config = {"recommended_batch_size": 30, "recommended_batch_window": 1000}
        self.push("backpressure_config", config)


async def main(count: int) -> None:
    async with (
        PhoenixServer({"hub:sensor:*": Collector}) as server,
        Socket(server.url) as socket,
    ):
        channel = socket.channel("hub:sensor:1", {"description": "a thermometer"})
        await channel.join()
        sensor = Sensor(channel, lambda n: print("Perhaps lost:", n))
        for n in range(count):
            sensor.send("temperature", n)
            await asyncio.sleep(0.005)
        sensor.flush()
        await socket.ping()


if __name__ == "__main__":
    asyncio.run(main(100))
