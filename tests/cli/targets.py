"""Targets without what a test does not care about."""

from rx_phoenix._cli.target import Target, TransportKind

__all__ = ["target_for"]


def target_for(url, **changes):
    usual = {
        "params": {},
        "token": None,
        "headers": {},
        "transport": TransportKind.WEBSOCKET,
        "vsn": 2,
        "timeout": 5.0,
        "insecure": False,
    }
    return Target(url=url, **{**usual, **changes})
