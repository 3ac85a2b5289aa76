"""Advice on refused handshakes."""

import pytest

from rx_phoenix._cli.problems import explain
from rx_phoenix._connection.diagnosis import describe
from rx_phoenix._protocol.http_status import ADVICE, advice_on
from rx_phoenix._protocol.lifecycle import GaveUp
from rx_phoenix.errors import ConnectError


@pytest.mark.parametrize("status", [None, 418])
def test_there_is_no_advice_on_other_statuses(status):
    assert advice_on(status) == ""


@pytest.mark.parametrize("status", ADVICE)
def test_logs_and_the_command_line_give_the_same_advice(status):
    error = ConnectError("no", url="ws://h/socket", status=status)

    assert explain(error).advice == advice_on(status)
    assert advice_on(status) in describe(GaveUp(error))
