"""Buying: one push, and the four things that may become of it."""

from rx_phoenix import Channel, PushCancelled, PushRefused, PushTimeout, TransportError


async def buy(channel: Channel, count: int) -> str:
    """Order some shares, and describe the outcome in plain words."""
    try:
        answer = await channel.push("buy", {"count": count}, timeout=5.0)
    except PushRefused as error:
        return f"refused: {error.response}"
    except PushTimeout:
        return "not known yet: ask your broker"
    except (PushCancelled, TransportError):
        return "not known: the line went dead"
    return f"bought {count} for {answer['total']}"
