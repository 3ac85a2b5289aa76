"""Routing of topics to channels."""

from collections.abc import Callable, Mapping

from rx_phoenix.testing._server.channel import ServerChannel

__all__ = ["ChannelFactory", "route"]

ChannelFactory = Callable[[], ServerChannel]
"""Makes the channel of one join; usually a subclass of `ServerChannel`."""


def route(
    channels: Mapping[str, ChannelFactory], topic: object
) -> ChannelFactory | None:
    """Return the factory of the first pattern that matches a topic.

    Args:
        channels: The factories by pattern: a topic, or a prefix and ``*``.
        topic: The topic of a join, as the client sent it.

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
