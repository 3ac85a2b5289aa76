"""The operators that a long-lived pipeline needs and `reactivex` lacks."""

from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.operators.decoding import decode_as
from rx_phoenix.operators.each import for_each
from rx_phoenix.operators.first import first_value
from rx_phoenix.operators.mapping import map_async
from rx_phoenix.operators.resume import Gap, resume
from rx_phoenix.operators.retry import Retry, retry_with_backoff
from rx_phoenix.operators.share import share_latest
from rx_phoenix.operators.snapshot import snapshot_then
from rx_phoenix.operators.values import values
from rx_phoenix.operators.waiting import QueueOverflow

__all__ = [
    "Gap",
    "LoopScheduler",
    "QueueOverflow",
    "Retry",
    "decode_as",
    "first_value",
    "for_each",
    "map_async",
    "resume",
    "retry_with_backoff",
    "share_latest",
    "snapshot_then",
    "values",
]
