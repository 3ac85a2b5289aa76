"""``rx-phoenix presence``: the presences of a topic."""

from collections.abc import Mapping
from typing import Any

from reactivex import operators as ops

from rx_phoenix._cli.connecting import connected
from rx_phoenix._cli.listening import ListenOptions, bounded, event_of, notices_of
from rx_phoenix._cli.output import Output
from rx_phoenix._cli.target import Target
from rx_phoenix._protocol.presence import Snapshot
from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.operators import first_value, values
from rx_phoenix.presence import Presence

__all__ = ["presence"]


async def presence(
    target: Target,
    topic: str,
    params: Mapping[str, Any],
    output: Output,
    options: ListenOptions | None,
) -> None:
    """Show the presences of a topic, and their changes.

    Args:
        target: The server.
        topic: The topic.
        params: The params of the join.
        output: Shows the presences.
        options: The limits of following changes; None not to follow them.

    Raises:
        ConnectError: The server cannot be reached.
        JoinRefused: The join was refused.
        TimeoutError: The server did not send the presence state.
    """
    async with connected(target) as socket:
        channel = socket.channel(topic, params)
        tracker = Presence(channel)
        await channel.join()
        notices = notices_of(socket, channel)
        for key, present in (await _state(tracker, topic, socket.timeout)).items():
            output.value({"key": key, **present})
        if options is None:
            return
        changes = tracker.changes.pipe(ops.map(event_of))
        stream = bounded(changes, options, LoopScheduler.current())
        with notices.subscribe(lambda item: target.note(item.text)):
            async with values(stream) as items:
                async for item in items:
                    output.event(topic, item.event, item.payload)


async def _state(tracker: Presence, topic: str, within: float) -> Snapshot:
    try:
        return await first_value(tracker.states, timeout=within)
    except TimeoutError:
        raise TimeoutError(
            f"no presence_state of {topic!r} arrived within {within:g} s: "
            "check that the server's channel pushes it after the join"
        ) from None
