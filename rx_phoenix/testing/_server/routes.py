"""Which channel answers for a topic."""

from collections.abc import Callable, Mapping

from rx_phoenix.testing._server.channel import ServerChannel

__all__ = ["ChannelFactory", "route"]

ChannelFactory = Callable[[], ServerChannel]
"""Makes the channel of one join; a subclass of `ServerChannel` is one."""


def route(
    channels: Mapping[str, ChannelFactory], topic: object
) -> ChannelFactory | None:
    """Find the channel of a topic: the first pattern that matches counts.

    Args:
        channels: The factories by pattern: a topic, or a prefix and ``*``.
        topic: What a client wants to join.

    Example:
        >>> channels = {"room:lobby": ServerChannel, "room:*": lambda: ServerChannel()}
        >>> route(channels, "room:lobby") is ServerChannel
        True
        >>> route(channels, "lobby:1") is None
        True
    """
    if not isinstance(topic, str):
        return None
    for pattern, factory in channels.items():
        prefix, star, _ = pattern.partition("*")
        if topic.startswith(prefix) if star else topic == pattern:
            return factory
    return None
