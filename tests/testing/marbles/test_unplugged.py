import pytest

from rx_phoenix.testing._marbles.unplugged import unplugged


def test_any_use_is_reported_and_raises():
    reports = []
    socket = unplugged(reports.append)

    with pytest.raises(AssertionError, match=r"^socket\.push was used"):
        socket.push("x")

    assert len(reports) == 1
    assert "test_any_use_is_reported_and_raises" in reports[0]
