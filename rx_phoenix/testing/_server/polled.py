"""The session of a polling client, and the buffer of frames for its next poll."""

import asyncio

from rx_phoenix.testing._server.codec import Frame
from rx_phoenix.testing._server.session import CloseCode, Session

__all__ = ["PollBuffer", "PolledSession"]


class PollBuffer:
    """The frames that wait for the next poll."""

    def __init__(self) -> None:
        self._frames: list[Frame] = []
        self._poll: asyncio.Future[None] | None = None

    def take(self) -> list[Frame]:
        """Remove and return all frames."""
        frames, self._frames = self._frames, []
        return frames

    def next_frame(self) -> asyncio.Future[None]:
        """Return a future of the next frame; it replaces the previous one."""
        self._poll = asyncio.get_running_loop().create_future()
        return self._poll

    async def send(self, frame: Frame) -> None:
        """Buffer a frame for the next poll."""
        self._frames.append(frame)
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)

    async def close(self, code: CloseCode) -> None:
        """Do nothing: the next poll finds the session ended."""

    def abort(self) -> None:
        """Do nothing: the next poll finds the session ended."""


class PolledSession:
    """A session that lives for as long as its client polls.

    Args:
        session: The session.
        buffer: The buffer of its frames.
        lifetime: Seconds without a poll after which it ends.

    Attributes:
        session: The session.
        buffer: The buffer of its frames.
        task: The task that runs the session.
    """

    def __init__(self, session: Session, buffer: PollBuffer, lifetime: float) -> None:
        self.session = session
        self.buffer = buffer
        session.endpoint.sessions.add(session)
        self.task = asyncio.get_running_loop().create_task(session.run())
        self.task.add_done_callback(self._forget)
        self._lifetime = lifetime
        self._timer = self._arm()

    def keep_alive(self) -> None:
        """Restart the lifetime."""
        self._timer.cancel()
        self._timer = self._arm()

    def _arm(self) -> asyncio.TimerHandle:
        loop = asyncio.get_running_loop()
        return loop.call_later(self._lifetime, self.session.end, None)

    def _forget(self, _: asyncio.Task[None]) -> None:
        self.session.endpoint.sessions.discard(self.session)
        self._timer.cancel()
