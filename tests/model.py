"""A Phoenix server as its clients see it, one message at a time."""

from rx_phoenix import Message
from tests.conformance.harness import TOPIC

__all__ = ["Server"]


class Server:
    """Handles what a stage's client sends, when it is told to, as Phoenix does.

    Attributes:
        joined: By topic, the ref of the join in force.
        pushed: The payloads of the pushes that reached a channel, in order.
        faults: What no client may do: join what it has joined, leave twice.
    """

    def __init__(self, stage):
        self.joined = {}
        self.pushed = []
        self.faults = []
        self._stage = stage
        self._connection = None
        self._read = 0
        self._left = set()
        self._is_mute = False

    @property
    def connection(self):
        """The connection, if it is open."""
        attempts = self._stage.transport.attempts
        connection = attempts[-1].connection if attempts else None
        if connection is not self._connection:
            self._connection, self._read = connection, 0
            self.joined.clear()
            self._left.clear()
        is_live = connection is not None and connection.is_open
        return connection if is_live and connection.closed_by_us is None else None

    def open(self):
        """Let the attempt succeed that is under way, if there is one."""
        attempts = self._stage.transport.attempts
        if attempts and attempts[-1].is_pending:
            attempts[-1].open()

    def fail(self, error=None):
        """Let the attempt fail that is under way, if there is one."""
        attempts = self._stage.transport.attempts
        if attempts and attempts[-1].is_pending:
            self._stage.fail(error)

    def lose(self, code=1006):
        """Let the connection end, if there is one."""
        if self.connection is not None:
            self.connection.close_from_server(code)

    def crash(self, topic=TOPIC):
        """Let a channel crash, if it is joined."""
        self._end(topic, "phx_error", {"reason": "channel_crash"})

    def close(self, topic=TOPIC):
        """Let a channel stop, if it is joined."""
        self._end(topic, "phx_close", {})

    def shout(self, topic=TOPIC):
        """Let a channel say something, if it is joined."""
        if self.connection is not None and topic in self.joined:
            self._say(Message(self.joined[topic], None, topic, "shout", {}))

    def _end(self, topic, event, payload):
        if self.connection is not None and topic in self.joined:
            ref = self.joined.pop(topic)
            self._say(Message(ref, ref, topic, event, payload))

    def step(self, answer=True, refuse=False):
        """Handle the oldest message that was not handled; says whether there was one.

        Args:
            answer: Whether the client gets to hear what comes of it.
            refuse: Whether the answer to a join is no.
        """
        unread = self._unread()
        if not unread:
            return False
        message, *behind = unread
        self._read += 1
        self._is_mute = not answer
        if message.event == "phx_join":
            self._join(message, refuse)
        elif message.event == "phx_leave":
            self._leave(message, behind)
        elif message.topic == "phoenix":
            self._reply(message)
        else:
            self._push(message)
        self._is_mute = False
        return True

    def catch_up(self):
        """Open what is to be opened, and answer everything."""
        self.open()
        while self.step():
            pass

    def _unread(self):
        connection = self.connection
        return [] if connection is None else connection.messages[self._read :]

    def _join(self, message, refuse):
        topic, ref = message.topic, message.ref
        before = self.joined.pop(topic, None)
        if before is not None and before not in self._left:
            self.faults.append(f"{message} while {before} is in force")
        if refuse:
            self._reply(message, "error", {"reason": "full"})
        else:
            self.joined[topic] = ref
            self._reply(message, "ok", {"join": ref})
        if before is not None:
            self._say(Message(before, before, topic, "phx_close", {}))

    def _leave(self, message, behind):
        topic, join_ref = message.topic, message.join_ref
        if join_ref in self._left:
            self.faults.append(f"{message} for the second time")
        self._left.add(join_ref)
        if self.joined.get(topic) != join_ref:
            return  # ignored without a word, since 1.8.3
        if any((m.topic, m.event) == (topic, "phx_join") for m in behind):
            return  # the next join swallows the answer
        del self.joined[topic]
        self._reply(message)
        self._say(Message(join_ref, join_ref, topic, "phx_close", {}))

    def _push(self, message):
        if self.joined.get(message.topic) != message.join_ref:
            return
        self.pushed.append(message.payload)
        self._reply(message)

    def _reply(self, message, status="ok", response=None):
        payload = {"status": status, "response": response or {}}
        self._say(
            Message(message.join_ref, message.ref, message.topic, "phx_reply", payload)
        )

    def _say(self, message):
        if not self._is_mute and self._connection.is_open:
            self._connection.receive(message)
