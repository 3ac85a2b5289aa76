"""``socket.connection``: a lease of the connection itself."""

import pytest

from rx_phoenix import ConnectError, ConnectionLost, Opened, Reconnect, UsageError
from rx_phoenix.testing import Closes, Fails

OPENED = {"o": Opened()}


def test_looking_at_it_does_nothing(phx):
    assert phx.socket.connection is phx.socket.connection
    phx.run(server="---")

    phx.expect_client("")


def test_the_first_subscription_connects_and_the_last_disposal_closes(phx):
    first = phx.record(phx.socket.connection)
    second = phx.record(phx.socket.connection)
    phx.at(0.2, first.dispose)
    phx.at(0.4, second.dispose)
    phx.run(server="-o----")

    phx.expect_client("*---!")
    assert first == second == phx.marbles("-o", OPENED)


def test_who_comes_while_it_is_open_is_told_so_at_once(phx):
    phx.record(phx.socket.connection)
    phx.run(server="-o-")

    later = phx.record(phx.socket.connection)

    phx.expect_client("*")
    assert later == phx.marbles("---o", OPENED)


def test_who_comes_while_it_is_not_open_waits_for_it(phx):
    phx.record(phx.socket.connection)
    phx.run(server="-o-#-")

    later = phx.record(phx.socket.connection)
    phx.run(server=" 0.1s o-")

    assert later == phx.marbles("----- 0.1s o", OPENED)


@pytest.mark.defect(33)
def test_an_outage_is_a_gap_and_no_end(phx):
    opens = phx.record(phx.socket.connection)
    phx.run(server="-o#- 0.25s o--")

    phx.expect_client("*- 250ms *")
    assert opens == phx.marbles("-o-- 0.25s o", OPENED)


def test_it_completes_when_the_socket_ends(phx):
    opens = phx.record(phx.socket.connection)
    phx.at(0.2, phx.socket.aclose)
    phx.run(server="-o--")

    phx.expect_client("*-!")
    assert opens == phx.marbles("-o|", OPENED)


def test_on_an_ended_socket_it_is_an_error(phx):
    phx.wait_for(phx.socket.aclose())

    opens = phx.record(phx.socket.connection)

    assert isinstance(opens.error, UsageError)


def test_it_errs_only_when_there_will_be_no_other_attempt(phx):
    forbidden = ConnectError("forbidden", status=403)
    phx.letters(F=Fails(forbidden))
    opens = phx.record(phx.socket.connection)
    phx.run(server="-f- 0.2s F-")

    phx.expect_client("* 0.25s *")
    assert isinstance(opens.error, ConnectError)
    assert opens.error.status == 403


def test_after_a_final_error_the_next_subscription_starts_afresh(phx):
    phx.use(reconnect=Reconnect(give_up=lambda error: True))
    failed = phx.record(phx.socket.connection)
    phx.run(server="-f-")

    opens = phx.record(phx.socket.connection)
    phx.run(server="-o-")

    phx.expect_client("*--*")
    assert isinstance(failed.error, ConnectError)
    assert opens == phx.marbles("----o", OPENED)


def test_every_share_hears_of_a_final_end_with_an_error_of_its_own(phx):
    phx.letters(X=Closes(1008, "policy"))
    first = phx.record(phx.socket.connection)
    second = phx.record(phx.socket.connection)
    phx.run(server="-oX-")

    for opens in first, second:
        assert isinstance(opens.error, ConnectionLost)
    assert first.error is not second.error


def test_who_asked_for_the_connection_otherwise_keeps_it(phx):
    phx.socket.connect()
    opens = phx.record(phx.socket.connection)
    phx.run(server="-o-")

    opens.dispose()
    phx.run(server="--")

    phx.expect_client("*")


def test_disposing_on_hearing_of_it_closes_it(phx):
    subscription = phx.socket.connection.subscribe(lambda _: subscription.dispose())
    phx.run(server="-o-")

    phx.expect_client("*!")


def test_subscribing_on_hearing_of_it_is_one_more_share(phx):
    later = []

    def come(_):
        if not later:
            later.append(phx.record(phx.socket.connection))

    phx.keep(phx.socket.connection.subscribe(come))
    phx.run(server="-o-")

    phx.expect_client("*")
    assert later[0] == phx.marbles("-o", OPENED)


@pytest.mark.parametrize("instant", ["-o", "--"])
def test_leaving_and_coming_at_one_instant_keeps_the_promises(instant, phx):
    first = phx.record(phx.socket.connection)
    phx.run(server=instant)

    first.dispose()
    second = phx.record(phx.socket.connection)
    phx.run(server="-o-")

    assert second == phx.marbles("---o", OPENED)
