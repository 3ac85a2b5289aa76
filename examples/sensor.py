"""A sensor that streams in batches, as large and as often as the server says.

It brings its server along::

    python examples/sensor.py

The server answers nothing, so batches are cast. What was cast since the last answer to
a heartbeat may not have arrived when a connection is lost; it is reported, as is what
was never sent.
"""

import asyncio
import time
from collections.abc import Callable

from reactivex import Subject

from rx_phoenix import Channel, Socket
from rx_phoenix.operators import push_each
from rx_phoenix.testing import PhoenixServer, ServerChannel


class Sensor:
    def __init__(self, channel: Channel, on_loss: Callable[[int], None]) -> None:
        self.size, self.window = 10, 0.1
        channel.on("backpressure_config", self.configure)
        self.measurements = Subject[dict[str, object]]()
        batches = push_each(
            channel,
            "measurements_batch",
            size=lambda: self.size,
            every=lambda: self.window,
            in_flight=None,
            on_loss=on_loss,
        )
        self.measurements.pipe(batches).subscribe(on_error=print)

    def configure(self, config: dict[str, int]) -> None:
        self.size = config["recommended_batch_size"]
        self.window = config["recommended_batch_window"] / 1000

    def send(self, attribute: str, payload: object) -> None:
        measured = {"attribute_id": attribute, "payload": payload}
        self.measurements.on_next({**measured, "timestamp": time.time()})

    def close(self) -> None:
        self.measurements.on_completed()


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
        sensor.close()
        await socket.ping()


if __name__ == "__main__":
    asyncio.run(main(100))
