"""A session that its client visits by HTTP, and what waits there for the next visit."""

import asyncio

from rx_phoenix.testing._server.codec import Frame
from rx_phoenix.testing._server.session import CloseCode, Session

__all__ = ["PolledSession", "PolledWire"]


class PolledWire:
    """The frames that wait for a client to come."""

    def __init__(self) -> None:
        self._frames: list[Frame] = []
        self._poll: asyncio.Future[None] | None = None

    def take(self) -> list[Frame]:
        """Hand over what waits."""
        frames, self._frames = self._frames, []
        return frames

    def next_frame(self) -> asyncio.Future[None]:
        """Promise to tell when something waits; only the last who asks is told."""
        self._poll = asyncio.get_running_loop().create_future()
        return self._poll

    async def send(self, frame: Frame) -> None:
        """Keep a frame for the next visit."""
        self._frames.append(frame)
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)

    async def close(self, code: CloseCode) -> None:
        """Tell nobody: the next visit finds out."""

    def abort(self) -> None:
        """Tell nobody: the next visit finds out."""


class PolledSession:
    """A session that lives for as long as somebody polls it.

    Args:
        session: The session.
        wire: Where its frames wait.
        lifetime: Seconds without a poll after which it ends.

    Attributes:
        session: The session.
        wire: Where its frames wait.
        task: The life of the session.
    """

    def __init__(self, session: Session, wire: PolledWire, lifetime: float) -> None:
        self.session = session
        self.wire = wire
        session.endpoint.sessions.add(session)
        self.task = asyncio.get_running_loop().create_task(session.run())
        self.task.add_done_callback(self._forget)
        self._lifetime = lifetime
        self._timer = self._arm()

    def keep_alive(self) -> None:
        """Begin to count the seconds anew."""
        self._timer.cancel()
        self._timer = self._arm()

    def _arm(self) -> asyncio.TimerHandle:
        loop = asyncio.get_running_loop()
        return loop.call_later(self._lifetime, self.session.end, None)

    def _forget(self, _: asyncio.Task[None]) -> None:
        self.session.endpoint.sessions.discard(self.session)
        self._timer.cancel()
