"""Connects: each attempt is a span, and open and lost connections are counted."""

import pytest

from rx_phoenix import ConnectError, ConnectionLost
from rx_phoenix.telemetry._connects import kind_of
from rx_phoenix.testing import Closes, Fails
from tests.telemetry.collector import COMMON

OPEN = "phoenix.client.open_connections"
LOST = "phoenix.client.lost_connections"


def test_an_attempt_that_succeeds_is_a_span(phx, socket, collector):
    socket.connect()
    phx.run("---o-")

    assert collector.told() == [(0.0, 0.3, "ok", None)]


def test_it_names_the_server(phx, socket, collector):
    socket.connect()
    phx.run("-o-")
    (span,) = collector.spans()

    assert span.name == "connect phx.test:80"
    assert span.attributes == {
        **COMMON,
        "messaging.operation.name": "connect",
        "phoenix.status": "ok",
    }


def test_attempts_that_fail_are_spans_with_an_error(phx, socket, collector):
    phx.letters(f=Fails(ConnectError("refused", status=503)))
    socket.connect()
    phx.run("-f 1s o-")

    assert collector.told() == [
        (0.0, 0.1, "failed", "503"),
        (0.35, 1.2, "ok", None),
    ]
    assert collector.spans()[0].attributes["http.response.status_code"] == 503
    assert [span.status.is_ok for span in collector.spans()] == [False, True]


def test_an_attempt_that_we_call_off_has_no_error(phx, socket, collector):
    socket.connect()
    phx.run("--")
    socket.disconnect()
    phx.run("--")
    socket.connect()
    phx.run("-o-")

    assert collector.told() == [(0.0, 0.2, "cancelled", None), (0.4, 0.5, "ok", None)]


def test_an_attempt_that_the_end_calls_off_has_no_error(phx, socket, collector):
    socket.connect()
    phx.run("--")
    socket.aclose()

    assert collector.told() == [(0.0, 0.2, "cancelled", None)]


def test_a_connect_is_a_trace_of_its_own(phx, socket, collector):
    with collector.tracer.start_as_current_span("start"):
        socket.connect()
        phx.run("-o-")

    assert [span.parent for span in collector.spans("connect")] == [None]


def test_open_connections_are_counted(phx, socket, collector):
    counted = []
    socket.connect()
    for lane in ("--", "o-", "#-", " 1s o-"):
        phx.run(lane)
        counted.append(collector.measured(OPEN)[()])
    socket.aclose()
    phx.run("-")

    assert [*counted, collector.measured(OPEN)[()]] == [0, 1, 0, 1, 0]


def test_lost_connections_are_counted_by_their_code(phx, socket, collector):
    phx.letters(x=Closes(1012))
    socket.connect()
    phx.run("-o-#- 1s o-x- 1s o-")
    socket.disconnect()
    phx.run("--")

    assert collector.measured(LOST, "phoenix.close.code") == {(1006,): 1, (1012,): 1}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectError("refused", status=401), "401"),
        (ConnectError("no answer"), "ConnectError"),
        (ConnectionLost(1006), "ConnectionLost"),
    ],
)
def test_the_kind_of_a_failure_is_one_of_few(error, kind):
    assert kind_of(error) == kind


def test_the_kind_of_a_failure_is_that_of_its_cause():
    error = ConnectError("no connection")
    error.__cause__ = ConnectionRefusedError("nobody there")

    assert kind_of(error) == "ConnectionRefusedError"
