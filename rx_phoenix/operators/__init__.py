"""The operators that a long-lived pipeline needs and `reactivex` lacks."""

from rx_phoenix.operators.decoding import decode_as
from rx_phoenix.operators.retry import Retry, retry_with_backoff

__all__ = ["Retry", "decode_as", "retry_with_backoff"]
