"""The access token: a value, or a function that returns the newest one."""

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

        A function that raises leaves the old token in force, with a warning; without an
        old one its exception is raised.
        """
        provider = self._provider
        if not callable(provider):
            return provider
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
        try:
            token = await answer
        except ISOLATED as error:
            return self._keep(contained(error))
        # Another may have been set meanwhile.
        return self._accept(token) if provider is self._provider else self.value

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
