"""A long poll whose server is the test, in virtual time."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager

from rx_phoenix._protocol.endpoint import Endpoint
from rx_phoenix._protocol.message import Message
from rx_phoenix._protocol.serializer import Frame, Serializer, SerializerV2
from rx_phoenix._transport.longpoll import LongPollTransport
from rx_phoenix._transport.poll_requests import Answer, Failure, Requests
from rx_phoenix.errors import UsageError
from rx_phoenix.policy import Duration
from rx_phoenix.testing._transports.frames import (
    check_serializer,
    frame_to_client,
    message_from_client,
)

__all__ = ["FakeLongPollTransport", "FakeRequest"]


class FakeRequest:
    """A request of the client, which waits for an answer.

    Attributes:
        url: The endpoint that it goes to.
        messages: The messages that it sends; None for a poll.
    """

    def __init__(
        self, url: str, messages: Sequence[Message] | None, serializer: Serializer
    ) -> None:
        self.url = url
        self.messages = messages
        self._serializer = serializer
        self._result: asyncio.Future[Answer | Failure]
        self._result = asyncio.get_running_loop().create_future()

    @property
    def is_open(self) -> bool:
        """True until it was answered, or given up by the client."""
        return not self._result.done()

    def answer(
        self, *messages: Message | Frame, status: int = 200, token: str | None = None
    ) -> None:
        """Answer it as Phoenix does: with HTTP 200, and its own status in the body.

        Args:
            messages: The messages for the client; a binary frame has to be UTF-8.
            status: 200, 204 without messages, 410 with a token for a new session.
            token: The token of the session.

        Raises:
            UsageError: It was answered, or given up.
        """
        self._settle(Answer(status, token, [self._text(it) for it in messages]))

    def fail(
        self,
        why: str = "the connection was reset",
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Let it fail, without an answer or by another status of HTTP.

        Args:
            why: The cause, in words.
            status: The status of HTTP, such as 502; None if the network failed.
            headers: The headers of that answer.

        Raises:
            UsageError: It was answered, or given up.
        """
        text = why if status is None else f"the server answered HTTP {status}"
        self._settle(Failure(text, status=status, headers=dict(headers or {})))

    async def result(self, limit: float) -> Answer | Failure:
        """Wait for the answer, at most so many seconds."""
        try:
            async with asyncio.timeout(limit):
                return await self._result
        except TimeoutError:
            return Failure(f"no answer within {limit:g} s")

    def _settle(self, result: Answer | Failure) -> None:
        if not self.is_open:
            raise UsageError(f"{self!r} has ended: answer one of transport.unanswered")
        self._result.set_result(result)

    def _text(self, message: Message | Frame) -> str:
        if isinstance(message, Message):
            message = frame_to_client(message, self._serializer)
        return message if isinstance(message, str) else message.decode()

    def __repr__(self) -> str:
        kind = "poll" if self.messages is None else f"sends {[*self.messages]!r}"
        return f"<FakeRequest {self.url}: {kind}>"


class FakeLongPollTransport(LongPollTransport):
    """A `LongPollTransport` whose requests wait for the answers of a test.

    Args:
        poll_timeout: As of `LongPollTransport`.
        send_timeout: As of `LongPollTransport`.
        serializer: The serializer of the server's messages.

    Attributes:
        requests: All requests, in order.
        serializer: As given.

    >>> from rx_phoenix.testing import fresh_phx
    >>> with fresh_phx() as phx:
    ...     polls = FakeLongPollTransport()
    ...     join = phx.use(transport=polls).socket.channel("room:1").join()
    ...     phx.run(server="-")
    ...     polls.poll.answer(status=410, token="t")
    ...     phx.run(server="-")
    ...     print([message.event for message in polls.sending.messages])
    ['phx_join']
    """

    def __init__(
        self,
        *,
        poll_timeout: Duration = 20.0,
        send_timeout: Duration = 10.0,
        serializer: Serializer | None = None,
    ) -> None:
        super().__init__(poll_timeout=poll_timeout, send_timeout=send_timeout)
        check_serializer(serializer)
        self.serializer: Serializer = serializer or SerializerV2()
        self.requests: list[FakeRequest] = []

    @property
    def unanswered(self) -> list[FakeRequest]:
        """The requests that wait for an answer, the oldest first."""
        return [request for request in self.requests if request.is_open]

    @property
    def poll(self) -> FakeRequest:
        """The latest poll that waits for an answer.

        Raises:
            UsageError: There is none.
        """
        return self._latest("poll", is_poll=True)

    @property
    def sending(self) -> FakeRequest:
        """The latest request that sends messages and waits for an answer.

        Raises:
            UsageError: There is none.
        """
        return self._latest("request that sends", is_poll=False)

    def _latest(self, name: str, *, is_poll: bool) -> FakeRequest:
        for request in reversed(self.unanswered):
            if (request.messages is None) is is_poll:
                return request
        raise UsageError(f"no {name} waits for an answer: let time pass with phx.run()")

    @asynccontextmanager
    async def _requests(self, endpoint: Endpoint) -> AsyncGenerator[Requests]:
        limits = self._poll_timeout, self._send_timeout
        yield FakeRequests(self, endpoint.public_url, *limits)


class FakeRequests:
    """The requests of one session; see `PollRequests`."""

    def __init__(
        self,
        transport: FakeLongPollTransport,
        url: str,
        poll_timeout: float,
        send_timeout: float,
    ) -> None:
        self.public_url = url
        self.bytes_received = 0
        self.bytes_sent = 0
        self._transport = transport
        self._poll_timeout = poll_timeout
        self._send_timeout = send_timeout

    async def open(
        self,
        deadline: float | None,  # noqa: ARG002 - the socket gives the attempt up
    ) -> Answer | Failure:
        """Ask for a session."""
        return await self.poll()

    async def poll(self) -> Answer | Failure:
        """Wait for messages."""
        answer = await self._ask(None).result(self._poll_timeout)
        if isinstance(answer, Answer):
            self.bytes_received += sum(map(len, answer.messages))
        return answer

    async def send(self, lines: bytes) -> Answer | Failure:
        """Send messages, a line each."""
        serializer = self._transport.serializer
        frames = [as_frame(line) for line in lines.splitlines()]
        messages = [message_from_client(frame, serializer) for frame in frames]
        self.bytes_sent += len(lines)
        return await self._ask(messages).result(self._send_timeout)

    def _ask(self, messages: Sequence[Message] | None) -> FakeRequest:
        transport = self._transport
        request = FakeRequest(self.public_url, messages, transport.serializer)
        transport.requests.append(request)
        return request


def as_frame(line: bytes) -> Frame:
    """Return the frame of a line: JSON as text, base64 as bytes."""
    return line.decode() if line.startswith(b"[") else b64decode(line)
