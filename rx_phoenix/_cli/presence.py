"""``rx-phoenix presence``: who is on a topic."""

from collections.abc import Mapping
from typing import Any

from reactivex import operators as ops

from rx_phoenix._cli.connecting import connected
from rx_phoenix._cli.listening import ListenOptions, bounded, news_of, told_change
from rx_phoenix._cli.output import Output, notice
from rx_phoenix._cli.target import Target
from rx_phoenix._protocol.presence import Snapshot
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.errors import PushTimeout
from rx_phoenix.operators import first_value, values
from rx_phoenix.presence import Presence

__all__ = ["presence"]


async def presence(
    target: Target,
    topic: str,
    params: Mapping[str, Any],
    output: Output,
    wish: ListenOptions | None,
) -> None:
    """Show who is on a topic, and who comes and goes.

    Args:
        target: The server.
        topic: The topic.
        params: What to join with.
        output: Where to show it.
        wish: How long to go on with the changes; None for not at all.

    Raises:
        ConnectError: The server cannot be reached.
        JoinRefused: The join was refused.
        PushTimeout: The server did not say who is there.
    """
    async with connected(target.url, **target.options) as socket:
        channel = socket.channel(topic, params)
        there = Presence(channel)
        news = news_of(socket, channel)
        await channel.join()
        for key, present in (await _state(there, topic, socket.timeout)).items():
            output.value({"key": key, **present})
        if wish is None:
            return
        changes = there.changes.pipe(ops.map(told_change))
        stream = bounded(changes, wish, LoopScheduler.current())
        with news.subscribe(lambda item: notice(item.text)):
            async with values(stream) as items:
                async for item in items:
                    output.event(topic, item.event, item.payload)


async def _state(there: Presence, topic: str, within: float) -> Snapshot:
    try:
        return await first_value(there.states, timeout=within)
    except TimeoutError:
        raise PushTimeout(
            f"the server did not say within {within:g} s who is on {topic!r}: "
            "does its channel push presence_state after the join?"
        ) from None
