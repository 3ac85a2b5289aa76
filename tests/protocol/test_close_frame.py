"""The codes and reasons that a close frame can carry."""

import pytest

from rx_phoenix import UsageError
from rx_phoenix._protocol.close_frame import check_close


@pytest.mark.parametrize("code", [1000, 1003, 1007, 1014, 1016, 3000, 4999])
def test_a_frame_can_carry_a_code_of_the_range(code):
    check_close(code, "")


@pytest.mark.parametrize(
    "code", [999, 1004, 1005, 1006, 1015, 5000, 99999, -1, "1000", 1000.0, True, None]
)
def test_a_frame_can_carry_no_other_code(code):
    with pytest.raises(UsageError, match=r"the code, got .*from 1000 to 4999"):
        check_close(code, "")


@pytest.mark.parametrize("reason", ["", "x" * 123, "ä" * 61])
def test_a_frame_can_carry_a_short_reason(reason):
    check_close(1000, reason)


@pytest.mark.parametrize("reason", ["x" * 124, "ä" * 62])
def test_a_frame_can_carry_no_longer_reason(reason):
    with pytest.raises(UsageError, match="got 124 bytes of UTF-8: use at most 123"):
        check_close(1000, reason)


@pytest.mark.parametrize("reason", [None, b"bye", "\ud800"])
def test_a_reason_is_a_text(reason):
    with pytest.raises(UsageError, match=r"the reason, got .* that UTF-8 can encode"):
        check_close(1000, reason)
