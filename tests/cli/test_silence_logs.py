"""The log of the library, and the terminal."""

import logging

from rx_phoenix._cli.silence_logs import quiet_logs


def test_the_log_keeps_off_the_screen(caplog, capsys):
    logger = logging.getLogger("rx_phoenix")
    with quiet_logs():
        logger.error("not to be seen")

    logger.error("to be seen")

    assert [record.message for record in caplog.records] == ["to be seen"]
    assert "not to be seen" not in capsys.readouterr().err
