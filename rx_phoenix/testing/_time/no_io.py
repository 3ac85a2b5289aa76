"""The methods of an asyncio loop that need I/O, refused in virtual time."""

from asyncio import AbstractEventLoop
from collections.abc import Callable
from typing import NoReturn

from rx_phoenix.errors import UsageError

__all__ = ["NoIoLoop"]


class NoIoLoop(AbstractEventLoop):
    """A loop without network, pipes, subprocesses, signals and threads.

    Their methods raise a `UsageError`.
    """


REFUSED = {
    "network": (
        "connect_accepted_socket create_connection create_datagram_endpoint "
        "create_server create_unix_connection create_unix_server getaddrinfo "
        "getnameinfo sendfile sock_accept sock_connect sock_recv sock_recv_into "
        "sock_recvfrom sock_recvfrom_into sock_sendall sock_sendfile sock_sendto "
        "start_tls add_reader add_writer remove_reader remove_writer"
    ),
    "pipes or subprocesses": (
        "connect_read_pipe connect_write_pipe subprocess_exec subprocess_shell"
    ),
    "signals": "add_signal_handler remove_signal_handler",
    "threads": "run_in_executor set_default_executor",
    "independent clock": "run_forever stop",
}
"""The missing features, each with the methods that need it."""


def _refusal(method: str, missing: str) -> Callable[..., NoReturn]:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise UsageError(
            f"the virtual loop has no {missing}, so {method}() is not available: pass "
            "a fake to the code under test, or test it on a real loop"
        )

    return refuse


for missing, methods in REFUSED.items():
    for method in methods.split():
        setattr(NoIoLoop, method, _refusal(method, missing))
