"""The server's words about a channel."""

import msgspec
import pytest

from rx_phoenix.supabase import ChannelStatus, SystemMessage


@pytest.mark.parametrize(("status", "is_error"), [("ok", False), ("error", True)])
def test_a_message_knows_whether_it_is_an_error(status, is_error):
    assert SystemMessage(status, "words").is_error is is_error


def test_a_message_needs_a_status_and_words():
    message = {"status": "ok", "message": "hi", "extension": "x", "channel": "c"}

    assert msgspec.convert(message, SystemMessage).channel == "c"
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"status": "ok"}, SystemMessage)


def test_a_status_is_its_text():
    assert [*ChannelStatus] == ["joining", "subscribed", "errored", "closed"]
