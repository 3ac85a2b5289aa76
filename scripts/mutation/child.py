"""A forked process that tells its parent what it finds."""

import io
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

__all__ = ["Child", "Tell"]

Tell = Callable[[object], None]


class Child:
    """A forked process, in silence; iterating yields what it tells, until it ends.

    Args:
        work: What it does, given a function that tells the parent something.
    """

    def __init__(self, work: Callable[[Tell], object]) -> None:
        reader, writer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(reader)
                with os.fdopen(writer, "wb") as pipe:

                    def tell(thing: object) -> None:
                        pickle.dump(thing, pipe)
                        pipe.flush()

                    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                        work(tell)
            finally:
                os._exit(0)
        os.close(writer)
        self._reader = reader

    def __iter__(self) -> Iterator[Any]:
        with os.fdopen(self._reader, "rb") as pipe:
            while True:
                try:
                    yield pickle.load(pipe)  # noqa: S301 - our own
                except (EOFError, pickle.UnpicklingError):
                    break
        os.waitpid(self.pid, 0)

    def last(self) -> Any:
        """Wait for its end; the last that it told, or None."""
        told = None
        for thing in self:
            told = thing
        return told
