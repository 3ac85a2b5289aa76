"""Letting what observers raised go up only when everybody was served."""

__all__ = ["raise_all"]


def raise_all(raised: list[Exception], where: str) -> None:
    """Raise what was collected: nothing, the one exception, or a group of them.

    >>> raise_all([], "an example")
    """
    if len(raised) == 1:
        raise raised[0]
    if raised:
        raise ExceptionGroup(f"{len(raised)} exceptions in {where}", raised)
