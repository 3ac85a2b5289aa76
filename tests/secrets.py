"""Secrets that are planted wherever tests connect, and who looks for them.

Every record of every logger is searched, and every error of ours when it is let go of:
by then it has its cause, its notes and its attributes.
"""

import logging
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import format_exception

from rx_phoenix import RxPhoenixError

__all__ = ["PLANTED", "Watch", "credentials", "planted_url", "watching"]

PLANTED = "pl4nted-s3cr3t"
"""No test has a reason to say this, and the server's part never does."""

FORMS = (PLANTED, b64encode(PLANTED.encode()).decode().rstrip("="))
"""As it is, and as a token travels."""

LOGGERS = ("rx_phoenix", "rx_phoenix.lifecycle", "rx_phoenix.testing._server")

ALL = 1
"""A level that lets everything through, and that no test sets."""


def credentials() -> dict[str, object]:
    """The options of a socket that has secrets wherever it can."""
    return {
        "params": {"token": PLANTED, "nested": {"keys": [PLANTED]}},
        "auth_token": PLANTED,
        "headers": {"x-key": PLANTED, "cookie": f"session={PLANTED}"},
    }


def planted_url(url: str) -> str:
    """An endpoint with secrets in its user, its password and its query."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{PLANTED}:{PLANTED}@{rest}?key={PLANTED}"


ANSWERS = {"body", "headers", "response"}
"""The attributes that hold what a server answered, as it came."""


class Watch(logging.Filter):
    """Searches what is logged and raised.

    Nobody else sees more of the log than without it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._found: list[str] = []

    def take(self) -> list[str]:
        """What told a secret since the last time."""
        found, self._found = self._found, []
        return found

    def search(self, text: str, where: str) -> None:
        """Look for a secret."""
        if any(form in text for form in FORMS):
            self._found.append(f"{where}: {text}")

    def filter(self, record: logging.LogRecord) -> bool:
        """Search a record: its words, its fields, its traceback."""
        text = f"{record.getMessage()} {vars(record)}"
        if record.exc_info and record.exc_info[1]:
            text += "".join(format_exception(record.exc_info[1]))
        self.search(text, "logged")
        return record.levelno >= usual_level(logging.getLogger(record.name))

    def look(self, error: BaseException) -> None:
        """Search an error and what it came from, as far as a traceback shows it.

        What a server answered is left alone: it is data, which nobody is shown.
        """
        for link in chain(error):
            known = {k: v for k, v in vars(link).items() if k not in ANSWERS}
            text = f"{link} {link!r} {known}"
            self.search(text, f"told by {type(error).__name__}")


def usual_level(logger: logging.Logger | None) -> int:
    """The level that holds if everything were not let through."""
    while logger is not None:
        if logger.level not in {ALL, logging.NOTSET}:
            return logger.level
        logger = logger.parent
    return logging.NOTSET


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, its cause, the cause of that, and so on."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        hides = error.__suppress_context__
        error = error.__cause__ or (None if hides else error.__context__)


@contextmanager
def watching() -> Iterator[Watch]:
    """Search everything meanwhile."""
    watch = Watch()
    loggers = [logging.getLogger(name) for name in LOGGERS]
    for logger in loggers:
        logger.addFilter(watch)
        logger.setLevel(ALL)

    def look(error: RxPhoenixError) -> None:
        watch.look(error)

    RxPhoenixError.__del__ = look  # called by Python at the end of each
    try:
        yield watch
    finally:
        del RxPhoenixError.__del__
        for logger in loggers:
            logger.setLevel(logging.NOTSET)
            logger.removeFilter(watch)
