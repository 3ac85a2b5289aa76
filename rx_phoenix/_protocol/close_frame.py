"""Close frames: the codes and reasons that one can carry (RFC 6455, 5.5.1 and 7.4)."""

from rx_phoenix.errors import UsageError

__all__ = ["check_close"]

CODES = range(1000, 5000)
"""The range of close codes."""

RESERVED = frozenset({1004, 1005, 1006, 1015})
"""Those of them that no frame may carry."""

REASON_SIZE = 123
"""The most bytes of a reason: a control frame has 125, of which the code takes two."""


def check_close(code: object, reason: object) -> None:
    """Check that a close frame can carry a code and a reason.

    Raises:
        UsageError: It cannot.

    >>> check_close(4001, "bye")
    """
    is_code = isinstance(code, int) and not isinstance(code, bool)
    if not is_code or code not in CODES or code in RESERVED:
        raise UsageError(
            f"no close frame can carry the code, got {code!r}: use one from 1000 to "
            "4999, but for 1004, 1005, 1006 and 1015"
        )
    try:
        size = len(reason.encode()) if isinstance(reason, str) else None
    except UnicodeEncodeError:
        size = None
    if size is None:
        raise UsageError(
            f"no close frame can carry the reason, got {reason!r}: use a str that "
            "UTF-8 can encode"
        )
    if size > REASON_SIZE:
        raise UsageError(
            f"no close frame can carry the reason, got {size} bytes of UTF-8: use at "
            f"most {REASON_SIZE}"
        )
