"""A push is eager and keeps its outcome; ``channel.request`` is its cold twin."""

import pytest

from rx_phoenix import (
    Backoff,
    ChannelCrashed,
    ConnectionLost,
    NotJoinedError,
    PushCancelled,
    PushRefused,
    PushTimeout,
)
from rx_phoenix.operators import retry_with_backoff
from rx_phoenix.testing import Answers

ANSWER = {"pong": True}


@pytest.fixture
def channel(phx):
    phx.letters(q=Answers("P", response=ANSWER))
    channel = phx.socket.channel("room:1")
    channel.join()
    phx.run(server="-oj-")
    return channel


def test_subscribing_to_a_push_sends_nothing_and_disposing_cancels_nothing(
    phx, channel
):
    push = channel.push("ping")
    phx.record(push).dispose()
    outcome = phx.record(push)
    phx.run(server="-q-")

    phx.expect_client("*J--P")
    assert outcome == phx.marbles("-----(q|)")


def test_disposing_a_request_cancels_it(phx, channel):
    answer = phx.record(channel.request("ping"))
    answer.dispose()
    phx.run(server="-q-")

    assert answer.values == []


@pytest.mark.parametrize(
    ("server", "error"),
    [
        ("-e-", PushRefused),
        ("-E-", ChannelCrashed),
        ("-C-", PushCancelled),
        ("-#-", ConnectionLost),
    ],
)
def test_a_request_errs_as_its_push_does(server, error, phx, channel):
    answer = phx.record(channel.request("ping"))
    phx.run(server=server)

    assert isinstance(answer.error, error)


def test_a_request_errs_when_there_is_no_answer(phx, channel):
    answer = phx.record(channel.request("ping", timeout=2))
    phx.run(server=" 3s ")

    assert isinstance(answer.error, PushTimeout)


def test_a_request_waits_for_the_join(phx):
    channel = phx.socket.channel("room:1")
    channel.join()
    answer = phx.record(channel.request("ping"))
    phx.run(server="-o-j-p-")

    phx.expect_client("*J-P")
    assert answer == phx.marbles("-----(p|)")


def test_a_mistake_is_not_retried(phx):
    request = phx.socket.channel("room:1").request("ping")
    answer = phx.record(request.pipe(retry_with_backoff(Backoff(1))))

    assert isinstance(answer.error, NotJoinedError)


def test_with_retry_with_backoff_a_request_is_sent_until_it_is_answered(phx, channel):
    answer = phx.record(channel.request("ping").pipe(retry_with_backoff(Backoff(0.5))))
    phx.run(server="-e- 2s ".replace(" 2s ", "----- q-"))

    phx.expect_client("*J--P 0.5s P")
    assert answer == phx.marbles("---- -------- (q|)")


def test_a_retried_request_outlives_the_loss_of_the_connection(phx, channel):
    answer = phx.record(channel.request("ping").pipe(retry_with_backoff(Backoff(0.1))))
    phx.run(server="-#- 0.25s oj-q-")

    assert answer.values == [ANSWER]


@pytest.mark.defect(11)
def test_asking_again_on_hearing_the_answer_sends_again(phx, channel):
    answers = []

    def hear(answer):
        answers.append(answer)
        if len(answers) < 3:
            phx.keep(channel.request("ping").subscribe(hear))

    phx.keep(channel.request("ping").subscribe(hear))
    phx.run(server="-qqq-")

    phx.expect_client("*J--PPP")
    assert answers == [ANSWER] * 3
