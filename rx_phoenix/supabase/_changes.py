"""Changes of tables: what a channel asks for, and what it gets."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Generic, Literal, TypeVar, cast, get_args

import msgspec
from msgspec import Struct
from reactivex.disposable import Disposable

from rx_phoenix import PayloadError, PushRefused, UsageError
from rx_phoenix.supabase._status import POSTGRES, SystemMessage

__all__ = ["Binding", "Bindings", "Change", "ChangesRefused", "Column", "Operation"]

T = TypeVar("T")

Operation = Literal["*", "INSERT", "UPDATE", "DELETE"]
"""The operations on a table; ``*`` for all."""


class ChangesRefused(PushRefused):
    """The server does not send the changes that were asked for.

    Its ``response`` is the server's `SystemMessage`, or its answer to the join.

    Args:
        response: The response.
        tables: The tables that were asked for, in words.
        words: The server's words.
    """

    def __init__(self, response: object, tables: str, words: str) -> None:
        super().__init__("error", response, tables, words)
        self.args: tuple[Any, ...] = (f"the changes of {tables} were refused: {words}",)


class Column(Struct, frozen=True):
    """A column of a table.

    Attributes:
        name: Its name.
        type: Its type in Postgres, such as ``int8``.
    """

    name: str
    type: str


class Change(Struct, Generic[T], frozen=True):
    """One change of a row.

    Attributes:
        type: ``INSERT``, ``UPDATE`` or ``DELETE``.
        schema: The schema of the table.
        table: The table.
        record: The row after the change, decoded into the type that was asked for;
            None for a ``DELETE``.
        old_record: The row before it, as far as the table's replica identity has it;
            None for an ``INSERT``.
        columns: The columns of the table.
        errors: The server's words about what it left out, such as a row that is too
            large, or that the user may not see.
        commit_timestamp: The time of the commit.
    """

    type: str
    schema: str
    table: str
    record: T | None = None
    old_record: dict[str, Any] | None = None
    columns: tuple[Column, ...] = ()
    errors: tuple[str, ...] = ()
    commit_timestamp: datetime | None = None


class WireChange(Struct):
    """A change on the wire."""

    type: str
    schema: str
    table: str
    record: dict[str, Any] | None = None
    old_record: dict[str, Any] | None = None
    columns: tuple[Column, ...] = ()
    errors: list[str] | str | None = None
    commit_timestamp: datetime | None = None


class WireChanges(Struct):
    """The payload of a ``postgres_changes`` message."""

    data: WireChange
    ids: frozenset[int | str]


class Binding(Struct, frozen=True):
    """The changes that a stream asks for; part of the join.

    Attributes:
        event: ``INSERT``, ``UPDATE``, ``DELETE`` or ``*``.
        schema: The schema.
        table: The table; None for all of the schema.
        filter: A condition, such as ``id=eq.1``.

    Raises:
        UsageError: The event is not one of them, or another argument is not text.
    """

    event: str = "*"
    schema: str = "public"
    table: str | None = None
    filter: str | None = None

    def __post_init__(self) -> None:
        if self.event not in get_args(Operation):
            choices = ", ".join(get_args(Operation))
            raise UsageError(f"event must be one of {choices}, got {self.event!r}")
        for name in "schema", "table", "filter":
            value: object = getattr(self, name)
            if not isinstance(value, str) and (value is not None or name == "schema"):
                raise UsageError(f"{name} must be text, got {value!r}")

    def config(self) -> dict[str, str]:
        """Return the part of the join's config."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in fields.items() if value is not None}

    def is_of(self, answer: object) -> bool:
        """Return True if an item of the join's answer is about this binding."""
        if not isinstance(answer, dict) or "id" not in answer:
            return False
        item = cast("dict[str, Any]", answer)
        # The server may leave out what is empty, or send it as empty text.
        return all(
            (item.get(name) or None) == getattr(self, name)
            for name in self.__struct_fields__
        )


class Bindings:
    """The bindings of a channel, and the ids that the server gave them.

    A binding is part of the joins until its last stream has ended, so that one that
    the server refused does not fail the streams of others for ever.

    Attributes:
        refusal: Makes the error of their streams; None unless the server refused.
    """

    def __init__(self) -> None:
        self._wanted: dict[Binding, int] = {}
        self._ids: dict[Binding, int | str | None] | None = None
        self.refusal: Callable[[], ChangesRefused] | None = None

    def __len__(self) -> int:
        """Return the number of bindings of the join in force."""
        return len(self._ids or ())

    def add(self, binding: Binding) -> None:
        """Add a binding to the joins to come."""
        self._wanted.setdefault(binding, 0)

    def hold(self, binding: Binding) -> Disposable:
        """Add a binding for a stream, until that disposes what this returns."""
        self._wanted[binding] = self._wanted.get(binding, 0) + 1
        return Disposable(partial(self._release, binding))

    def _release(self, binding: Binding) -> None:
        self._wanted[binding] -= 1
        if not self._wanted[binding]:
            del self._wanted[binding]

    def needs_join(self, binding: Binding) -> bool:
        """Return True if only another join can bring the changes of a binding.

        The join in force was sent without it; or was refused, and is not the one that
        would be sent now.
        """
        if self._ids is None:
            return False
        is_refused = self.refusal is not None
        return binding not in self._ids or (
            is_refused and self._ids.keys() != self._wanted.keys()
        )

    def config(self) -> list[dict[str, str]]:
        """Return the part of the config of a join that is sent now."""
        self._ids = dict.fromkeys(self._wanted)
        return [binding.config() for binding in self._ids]

    def begin(self) -> None:
        """Forget the ids and the refusal of an earlier join."""
        self._ids = None
        self.refusal = None

    def match(self, response: object) -> None:
        """Take the ids from the answer to a join, which are in the order of the config.

        An answer that does not fit is a refusal.
        """
        answers: Sequence[Any] = ()
        if isinstance(response, dict):
            answers = cast("dict[str, Any]", response).get(POSTGRES) or ()
        ids = self._ids or {}
        for index, binding in enumerate(ids):
            answer = answers[index] if index < len(answers) else None
            if not binding.is_of(answer):
                words = f"the server's answer is about {answer!r}"
                self.refuse(cast("object", response), words)
                return
            ids[binding] = cast("dict[str, Any]", answer)["id"]

    def refuse(self, response: object, words: str) -> None:
        """Fail the streams of all bindings until the next join."""
        tables = ", ".join(map(_in_words, self._ids or ()))

        def refusal() -> ChangesRefused:
            return ChangesRefused(response, tables, words)

        self.refusal = refusal

    def refuse_by(self, message: SystemMessage) -> None:
        """Fail the streams of all bindings with the server's words."""
        self.refuse(message, message.message)

    def decode(
        self, binding: Binding, payload: object, convert: Callable[[Any], T]
    ) -> Change[T] | None:
        """Return the change in a message; None if it is not of a binding.

        Raises:
            PayloadError: It is not a change.
        """
        try:
            wire = msgspec.convert(payload, WireChanges)
        except msgspec.ValidationError as error:
            raise PayloadError(f"payload is not a change: {error}", payload) from error
        if (self._ids or {}).get(binding) not in wire.ids:
            return None
        data, errors = wire.data, wire.data.errors or ()
        is_gone = data.type == "DELETE"
        return Change(
            data.type,
            data.schema,
            data.table,
            None if is_gone or data.record is None else convert(data.record),
            None if data.type == "INSERT" else data.old_record,
            data.columns,
            (errors,) if isinstance(errors, str) else tuple(errors),
            data.commit_timestamp,
        )


def _in_words(binding: Binding) -> str:
    table = f"{binding.schema}.{binding.table or '*'}"
    return f"{table} ({binding.filter})" if binding.filter else table
