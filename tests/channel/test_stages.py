"""The stages of a membership, as users see them."""

from rx_phoenix._channel.stages import STATE_OF, Stage
from rx_phoenix._protocol.names import ChannelState


def test_users_see_both_kinds_of_joining_as_one():
    assert STATE_OF[Stage.WAITING] is STATE_OF[Stage.JOINING] is ChannelState.JOINING


def test_every_stage_is_a_state_and_every_state_has_a_stage():
    assert set(STATE_OF) == set(Stage)
    assert set(STATE_OF.values()) == set(ChannelState)
