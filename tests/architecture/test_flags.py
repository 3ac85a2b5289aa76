"""No class keeps in flags what one enum could say."""

import ast

REASONS = {
    "rx_phoenix._channel.listeners.Listeners": "a hook may come in any state, and "
    "each message asks whether it is muted",
    "rx_phoenix._connection.reconnect.Reconnector": "facts about the credentials, "
    "the socket and the last connection, none asked together with another",
    "rx_phoenix._streams.hub.Hub": "an emission and observers come in any order",
    "rx_phoenix._transport.outlet.Outlet": "an enum would slow down each frame",
    "rx_phoenix._transport.websocket.WebSocketConnection": "each side may send its "
    "close, with or without the other's",
    "rx_phoenix.operators._push_each.Sink": "a guard, and the end",
    "rx_phoenix.operators._resumption.Resumption": "a guard, and two facts "
    "beside the state of the backfill",
    "rx_phoenix.supabase._channel.RealtimeChannel": "a restart may come with or "
    "without a join of the user's",
    "rx_phoenix.testing._marbles.recording.Recording": "each is a question of its own",
    "rx_phoenix.testing._time.loop.VirtualLoop": "a loop of asyncio's has them",
    "rx_phoenix.testing._transports.fake.FakeAttempt": "the test settles it, and the "
    "client disposes of it, in any order",
    "rx_phoenix.testing._transports.fake.FakeConnection": "it may end while paused",
}
"""The classes with two flags or more, and why no enum takes their place."""


def is_flag(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def flags_of(definition):
    """The attributes that methods other than ``__init__`` set to True or False."""
    return {
        target.attr
        for method in definition.body
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
        and method.name != "__init__"
        for node in ast.walk(method)
        if isinstance(node, ast.Assign) and is_flag(node.value)
        for target in node.targets
        if isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self"
    }


def classes_with_flags(nodes):
    """The classes that have two flags or more, each with their names."""
    found = {
        node.name: flags_of(node) for node in nodes if isinstance(node, ast.ClassDef)
    }
    return {name: flags for name, flags in found.items() if len(flags) > 1}


def test_the_classes_with_two_flags_are_those_that_have_a_reason(sources):
    found = {
        f"{name}.{each}"
        for name, source in sources.items()
        for each in classes_with_flags(source.nodes)
    }

    assert found == REASONS.keys(), "name the states in one enum, or give a reason"


def test_the_check_finds_flags_that_methods_set():
    source = """
class A:
    def __init__(self):
        self.a = self.b = self.d = False

    def run(self):
        self.a = self.b = True
        self.c = None

class B:
    def run(self):
        self.a = True
"""

    assert classes_with_flags(ast.walk(ast.parse(source))) == {"A": {"a", "b"}}
