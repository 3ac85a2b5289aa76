"""The whole: conventional names, no secrets, and no trace of it when it is gone."""

import json
import subprocess
import sys

import pytest

from rx_phoenix.testing import Answers, Says

SECRET = "hunter2"

UNITS = {
    "messaging.client.consumed.messages": "{message}",
    "messaging.client.operation.duration": "s",
    "messaging.client.sent.messages": "{message}",
    "phoenix.client.channels": "{channel}",
    "phoenix.client.dropped_messages": "{message}",
    "phoenix.client.frames": "{frame}",
    "phoenix.client.io": "By",
    "phoenix.client.lost_connections": "{connection}",
    "phoenix.client.open_connections": "{connection}",
    "phoenix.client.round_trip": "s",
    "phoenix.client.waiting_pushes": "{message}",
}


@pytest.fixture
def lived(phx, collector):
    """A socket that told everything there is, with secrets wherever they can be."""
    secret = {"token": SECRET}
    phx.letters(
        j=Answers("J", response=secret),
        r=Answers("J", "error", secret),
        e=Answers("P", "error", secret),
        E=Says("phx_error", secret),
        t=Says("tick", secret),
        z=SECRET,
    )
    phx.use(
        url=f"ws://jo:{SECRET}@phx.test/socket?key={SECRET}",
        params=secret,
        auth_token=SECRET,
        headers={"authorization": SECRET},
    )
    phx.keep(collector.watch(phx.socket))
    phx.answers("h")
    channel = phx.socket.channel("room:1", secret)
    channel.join().mark_seen()
    channel.push("shout", secret).mark_seen()
    phx.run("-f 1s or 1s je-t-z-E 2s j-#- 1s oj 26s ")
    return phx.socket


def test_no_attribute_holds_a_secret(lived, collector):
    told = [dict(attributes) for attributes in collector.attributes()]

    assert len(told) > 20
    assert SECRET not in json.dumps(told)


def test_no_span_says_what_an_error_says(lived, collector):
    assert {span.status.description for span in collector.spans()} == {None}
    assert [span.events for span in collector.spans() if span.events] == []


def test_every_metric_has_its_unit(lived, collector):
    assert {m.name: m.unit for m in collector.metrics().values()} == UNITS


def test_every_metric_says_what_it_is(lived, collector):
    assert all(metric.description for metric in collector.metrics().values())


def test_everything_says_which_server_it_is_about(lived, collector):
    assert {a["server.address"] for a in collector.attributes()} == {"phx.test"}


def test_what_is_disposed_tells_nothing_more(phx, collector):
    phx.use(heartbeat=None)
    instrumentation = collector.watch(phx.socket)
    channel = phx.socket.channel("room:1")
    channel.join()
    channel.push("shout")
    phx.run("-o 1s ")
    instrumentation.dispose()
    spans = len(collector.spans())
    channel.push("shout")
    phx.run("-j(pp) 5s #")

    assert (spans, len(collector.spans())) == (3, 3)
    for name in ("channels", "open_connections", "waiting_pushes"):
        assert collector.measured(f"phoenix.client.{name}") == {(): 0}


def test_a_socket_may_be_instrumented_when_it_is_open(phx, collector):
    phx.use(heartbeat=None)
    channel = phx.socket.channel("room:1")
    channel.join()
    phx.run("-oj-")
    phx.keep(collector.watch(phx.socket))
    channel.push("shout")
    phx.run("-p-")

    assert [span.name for span in collector.spans()] == ["push room:*"]
    assert collector.measured("phoenix.client.open_connections") == {(): 1}


def test_nothing_is_running_when_the_socket_has_ended(phx, collector):
    instrumentation = collector.watch(phx.socket)
    channel = phx.socket.channel("room:1")
    channel.join()
    channel.push("shout")
    phx.run("-o-")
    phx.socket.aclose()
    phx.run("-")
    ended = len(collector.spans())
    instrumentation.dispose()

    assert (ended, len(collector.spans())) == (3, 3)


WITHOUT_OPENTELEMETRY = """
import sys
sys.modules["opentelemetry"] = None
try:
    import rx_phoenix.telemetry
except ModuleNotFoundError as error:
    print(error)
"""


def test_without_opentelemetry_it_says_what_to_install():
    command = [sys.executable, "-c", WITHOUT_OPENTELEMETRY]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)

    assert done.stdout == (
        "rx_phoenix.telemetry requires OpenTelemetry, which is not installed. "
        "Install it with: pip install 'rx_phoenix[otel]'\n"
    )
