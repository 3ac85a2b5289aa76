"""The log of the library, and the terminal."""

import logging

import pytest

from rx_phoenix._cli.silence_logs import is_not_of_a_join, quiet_logs


def test_the_log_keeps_off_the_screen(caplog, capsys):
    logger = logging.getLogger("rx_phoenix")
    with quiet_logs():
        logger.error("not to be seen")

    logger.error("to be seen")

    assert [record.message for record in caplog.records] == ["to be seen"]
    assert "not to be seen" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "exc_info", "is_shown"),
    [
        ("JoinRefused", None, False),
        ("PushTimeout", None, False),
        ("PushRefused", (None, None, None), True),
        ("ValueError", (None, None, None), True),
        ("QueueOverflow", None, True),
    ],
)
def test_only_a_join_that_is_retried_is_left_to_the_commands(error, exc_info, is_shown):
    record = logging.LogRecord("rx_phoenix", 30, "", 1, "words", None, exc_info)
    record.phoenix_error = error

    assert is_not_of_a_join(record) is is_shown
