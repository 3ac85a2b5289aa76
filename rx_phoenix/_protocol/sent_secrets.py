"""The secrets that the sockets of this program have sent, hidden in every repr.

A message does not know its socket, and what a server repeats may come back on another
topic, or after a token was replaced. So a repr looks for the secrets of all sockets.
"""

from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakValueDictionary

from msgspec import Struct

from rx_phoenix._excerpt import excerpt
from rx_phoenix._protocol.redaction import forms_of, is_secret, redactor

__all__ = ["Redacted", "SentSecrets", "hidden", "shown"]

KEPT = 100
"""The number of older secrets of one socket that are remembered."""

LONGEST = 4096
"""Characters of a value that a repr shows."""


class SentSecrets:
    """The secrets that one socket has sent.

    Args:
        current: Returns those of the present connection.
        joined_in: Returns those of the present joins that a text repeats.

    Attributes:
        joined_in: As given.

    >>> sent = SentSecrets(lambda: frozenset({"hunter2"}), lambda text: frozenset())
    >>> sent.remember(["old-t0ken"])
    >>> hidden("neither old-t0ken nor hunter2")
    'neither [redacted] nor [redacted]'
    """

    def __init__(
        self,
        current: Callable[[], frozenset[str]],
        joined_in: Callable[[str], frozenset[str]],
    ) -> None:
        self._current = current
        self.joined_in = joined_in
        self._older: dict[str, frozenset[str]] = {}
        KEEPERS[id(self)] = self

    def remember(self, texts: Iterable[str]) -> None:
        """Keep the secrets of a connection or a join that is over."""
        for text in texts:
            known = self._older.pop(text, None)
            self._older[text] = known or forms_of([text])
        while len(self._older) > KEPT:
            del self._older[next(iter(self._older))]

    @property
    def all_but_joined(self) -> frozenset[str]:
        """Those of the present connection, and the older ones."""
        return self._current().union(*self._older.values())

    def repeated_in(self, text: str) -> frozenset[str]:
        """Return those that a text may repeat: all but joins that it does not."""
        return self.joined_in(text) | self.all_but_joined


KEEPERS = WeakValueDictionary[int, SentSecrets]()
"""Those of every socket that is alive."""


def hider() -> Callable[[str], str]:
    """Return a function that takes the secrets of every socket out of a text."""
    # A list at once, because another thread may open a socket meanwhile.
    references = KEEPERS.valuerefs()
    keepers = [keeper for each in references if (keeper := each()) is not None]
    known = {secret for keeper in keepers for secret in keeper.all_but_joined}

    def hide(text: str) -> str:
        joined = {secret for keeper in keepers for secret in keeper.joined_in(text)}
        found: str = redactor(known | joined)(text)
        return found

    return hide


def hidden(text: str) -> str:
    """Return a text without the secrets of any socket."""
    return hider()(text)


def shown(value: object) -> str:
    """Return the repr of a value, bounded and without the secrets of any socket.

    >>> shown({"user": "jo", "password": "hunter2"})
    "{'user': 'jo', 'password': '[redacted]'}"
    """
    return excerpt(value, hider(), is_secret, LONGEST)


class Redacted(Struct, frozen=True):
    """A value whose repr shows no secret; its fields hold everything as it came."""

    def __repr__(self) -> str:
        fields = self.__struct_fields__
        parts = [f"{name}={shown(_value(self, name))}" for name in fields]
        return f"{type(self).__name__}({', '.join(parts)})"


def _value(of: Struct, name: str) -> Any:
    return getattr(of, name)
