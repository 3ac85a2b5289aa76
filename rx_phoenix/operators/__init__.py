"""Operators for long-lived pipelines that `reactivex` lacks."""

from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.operators._bounded_queue import QueueOverflow
from rx_phoenix.operators._decode_as import decode_as
from rx_phoenix.operators._first_value import first_value
from rx_phoenix.operators._for_each import for_each
from rx_phoenix.operators._map_async import map_async
from rx_phoenix.operators._push_each import push_each
from rx_phoenix.operators._resume import Gap, resume
from rx_phoenix.operators._retry_with_backoff import Retry, retry_with_backoff
from rx_phoenix.operators._share_latest import share_latest
from rx_phoenix.operators._snapshot_then import snapshot_then
from rx_phoenix.operators._values import values

__all__ = [
    "Gap",
    "LoopScheduler",
    "QueueOverflow",
    "Retry",
    "decode_as",
    "first_value",
    "for_each",
    "map_async",
    "push_each",
    "resume",
    "retry_with_backoff",
    "share_latest",
    "snapshot_then",
    "values",
]
