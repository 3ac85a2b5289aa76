"""The names of servers and topics, as attributes."""

import pytest

from rx_phoenix.telemetry._names import of_server, template_of


@pytest.mark.parametrize(
    ("url", "address", "port"),
    [
        ("ws://example.org/socket", "example.org", 80),
        ("wss://example.org/socket", "example.org", 443),
        ("ws://example.org:4000/socket", "example.org", 4000),
        ("ws://[::1]:4000/socket", "::1", 4000),
    ],
)
def test_a_server_is_known_by_its_address_and_port(url, address, port):
    common = of_server(url)

    assert (common["server.address"], common["server.port"]) == (address, port)


@pytest.mark.parametrize(
    ("topic", "template"),
    [
        ("room:1", "room:*"),
        ("room:1:2", "room:*"),
        ("room:", "room:*"),
        ("lobby", "lobby"),
    ],
)
def test_topics_are_known_by_what_routes_them(topic, template):
    assert template_of(topic) == template
