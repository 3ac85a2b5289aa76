"""The operators that a long-lived pipeline needs and `reactivex` lacks."""

from rx_phoenix.operators.decoding import decode_as
from rx_phoenix.operators.retry import Retry, retry_with_backoff
from rx_phoenix.operators.share import share_latest

__all__ = ["Retry", "decode_as", "retry_with_backoff", "share_latest"]
