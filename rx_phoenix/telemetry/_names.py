"""Names of attributes, by OpenTelemetry's semantic conventions where they have one.

Names specific to Phoenix begin with ``phoenix.``. No attribute holds params, a token or
a payload; attributes of metrics have bounded cardinality.
"""

from urllib.parse import urlsplit

from opentelemetry.util.types import AttributeValue

__all__ = [
    "BOUNDARIES",
    "CLOSE_CODE",
    "CONVERSATION",
    "DESTINATION",
    "DIRECTION",
    "ERROR_TYPE",
    "EVENT",
    "HTTP_STATUS",
    "MESSAGE",
    "OPERATION",
    "OPERATION_TYPE",
    "REASON",
    "STATUS",
    "TEMPLATE",
    "Attributes",
    "of_server",
    "template_of",
]

Attributes = dict[str, AttributeValue]
"""The attributes of a span or a measurement."""

CONVERSATION = "messaging.message.conversation_id"
DESTINATION = "messaging.destination.name"
DIRECTION = "network.io.direction"
ERROR_TYPE = "error.type"
HTTP_STATUS = "http.response.status_code"
MESSAGE = "messaging.message.id"
OPERATION = "messaging.operation.name"
OPERATION_TYPE = "messaging.operation.type"
TEMPLATE = "messaging.destination.template"

CLOSE_CODE = "phoenix.close.code"
EVENT = "phoenix.event"
REASON = "phoenix.reason"
STATUS = "phoenix.status"

BOUNDARIES = (
    *(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25),
    *(0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0),
)
"""Bucket boundaries in seconds, as OpenTelemetry recommends for durations."""


def of_server(url: str) -> Attributes:
    """Return the attributes of all spans and measurements of a socket.

    >>> of_server("wss://example.org/socket")["server.port"]
    443
    """
    parts = urlsplit(url)
    return {
        "messaging.system": "phoenix",
        "network.protocol.name": "phoenix",
        "server.address": parts.hostname or "",
        "server.port": parts.port or (443 if parts.scheme == "wss" else 80),
    }


def template_of(topic: str) -> str:
    """Return the pattern by which a Phoenix socket routes a topic, of low cardinality.

    >>> template_of("room:42"), template_of("lobby")
    ('room:*', 'lobby')
    """
    prefix, colon, _ = topic.partition(":")
    return f"{prefix}:*" if colon else topic
