"""Raising the exceptions of observers after all of them were notified."""

__all__ = ["raise_all"]


def raise_all(raised: list[Exception], where: str) -> None:
    """Raise the collected exceptions: none, the only one, or a group of them.

    >>> raise_all([], "an example")
    """
    if len(raised) == 1:
        raise raised[0]
    if raised:
        raise ExceptionGroup(f"{len(raised)} exceptions in {where}", raised)
