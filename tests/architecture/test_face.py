"""The public classes show what the design lists, and nothing else."""

import pytest
from reactivex import Observable

from rx_phoenix import Channel, Presence, Push, Socket, UsageError

FACE = {
    Socket: """
        connect disconnect aclose reconnect_now ping connection url timeout rejoin
        state states frames sent pushes lifecycle unhandled stats diagnosis
        call_soon_threadsafe on_open on_close on_error on_message off channel remove
        stream
    """,
    Channel: """
        topic socket state join_ref is_wanted join leave push cast request on off
        on_close on_error on_message events messages states closes errors joins refusals
        session joined stream
    """,
    Push: """
        topic event payload within ref status outcome is_settled receive cancel
        on_settled
    """,
    Presence: """
        state states changes status statuses list on_join on_leave on_sync off
        dispose sync_state sync_diff
    """,
}
"""The members of each class, besides those that an Observable has."""


@pytest.fixture
def things(phx):
    channel = phx.socket.channel("room:1")
    return phx.socket, channel, channel.join(), Presence(channel)


@pytest.fixture(params=FACE, ids=lambda kind: kind.__name__)
def kind(request):
    return request.param


def public(names, kind):
    """The names of a class's own, without those that an Observable brings."""
    brought = dir(Observable()) if issubclass(kind, Observable) else []
    return {name for name in names if not name.startswith("_")} - {*brought}


def test_a_class_has_no_member_that_is_not_listed(kind):
    assert public(dir(kind), kind) <= {*FACE[kind].split()}


def test_an_object_has_the_members_that_are_listed(things, kind):
    [thing] = [thing for thing in things if isinstance(thing, kind)]

    assert public(dir(thing), kind) == {*FACE[kind].split()}


def test_an_object_has_what_it_shows(things, kind):
    [thing] = [thing for thing in things if isinstance(thing, kind)]

    assert [name for name in public(dir(thing), kind) if not hasattr(thing, name)] == []


def test_a_push_is_made_by_a_channel_only():
    with pytest.raises(UsageError, match=r"call channel\.push"):
        Push("room:1", "shout", {}, 10.0)
