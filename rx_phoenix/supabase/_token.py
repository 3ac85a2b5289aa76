"""The access token: a value, or a function that returns the newest one."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import cast

from rx_phoenix import UsageError
from rx_phoenix._streams.failure import ISOLATED, contained

__all__ = ["AccessToken", "Token", "log"]

Token = str | None | Callable[[], str | Awaitable[str | None] | None]
"""A token, a function that returns one, or a coroutine function."""

log = logging.getLogger("rx_phoenix")


class AccessToken:
    """The newest access token.

    Args:
        provider: The token, or the function to ask.
        on_change: Called when the token has changed.

    Attributes:
        value: The newest token; None before a function was asked.
    """

    def __init__(self, provider: Token, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._provider: Token = None
        self._asking: tuple[Token, asyncio.Future[str | None]] | None = None
        self.value: str | None = None
        self.replace(provider)

    @property
    def is_asked(self) -> bool:
        """True if a function is asked for it."""
        return callable(self._provider)

    def replace(self, provider: Token) -> None:
        """Use another token or function from now on.

        Raises:
            UsageError: It is neither.
        """
        if callable(provider):
            self._provider = provider
            return
        _check(provider)
        self._provider = provider
        self._take(provider)

    def ask(self) -> str | Awaitable[str | None] | None:
        """Return the newest token, or an awaitable of it.

        Joins at the same time share one question that has to be awaited.

        A function that raises leaves the old token in force, with a warning; without an
        old one its exception is raised.
        """
        provider = self._provider
        if not callable(provider):
            return provider
        if self._asking is not None and self._asking[0] is provider:
            return self._share(self._asking[1])
        try:
            answer = provider()
        except ISOLATED as error:
            return self._keep(contained(error))
        if isawaitable(answer):
            return self._settle(answer, provider)
        return self._accept(answer)

    async def _settle(
        self, answer: Awaitable[str | None], provider: Token
    ) -> str | None:
        done = asyncio.get_running_loop().create_future()
        self._asking = provider, done
        try:
            token = await answer
            # Another may have been set meanwhile.
            is_newest = provider is self._provider
            token = self._accept(token) if is_newest else self.value
        except ISOLATED as error:
            failure = contained(error)
            if isinstance(error, Exception):
                self._fail(done, failure)
            return self._keep(failure)
        else:
            done.set_result(token)
            return token
        finally:
            done.cancel()  # unless it is settled: others ask by themselves
            self._asking = None

    def _fail(self, done: "asyncio.Future[str | None]", error: Exception) -> None:
        """Settle a shared question with the old token, or with its failure."""
        if self.value is not None:
            done.set_result(self.value)
            return
        done.set_exception(error)
        done.exception()  # seen: the join that asked raises it

    async def _share(self, done: "asyncio.Future[str | None]") -> str | None:
        """Wait for the answer to a question that another join asked."""
        await asyncio.wait([done])
        if not done.cancelled():
            return done.result()
        answer = self.ask()
        return await answer if isawaitable(answer) else answer

    def _accept(self, token: object) -> str | None:
        try:
            _check(token)
        except UsageError as error:
            return self._keep(error)
        return self._take(cast("str | None", token))

    def _take(self, token: str | None) -> str | None:
        if token != self.value:
            self.value = token
            self._on_change()
        return token

    def _keep(self, error: Exception) -> str | None:
        if self.value is None:
            raise error
        log.warning(
            "cannot get a new access token, the old one stays in force: %s: %s",
            type(error).__name__,
            error,
            extra={"error": type(error).__name__},
        )
        return self.value


def _check(token: object) -> None:
    if token is not None and not isinstance(token, str):
        raise UsageError(
            "access_token must be text, a function that returns it, or None, got "
            f"{type(token).__name__}"
        )
