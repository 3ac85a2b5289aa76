"""docs/from-phoenix-js.md: its tables are complete, and name what is there."""

import inspect
import re

import pytest

import rx_phoenix
from rx_phoenix import Channel, Presence, Push, Socket
from tests.docs.blocks import ROOT, blocks_of

PAGE = "docs/from-phoenix-js.md"

PHOENIX_JS = {
    "channel": """state topic params timeout joinedOnce join leave push on off onClose
        onError onMessage joinRef isJoined canPush isMember trigger rejoin""",
    "push": """receive send resend ref event payload timeout receivedResp trigger reset
        cancelTimeout""",
    "socket": """connect disconnect connectionState isConnected onOpen onClose onError
        onMessage off channel remove push ping makeRef endPointURL protocol
        replaceTransport getLongPollTransport hasLogger log""",
    "presence": "onJoin onLeave onSync list state inPendingSyncState",
}
"""The members of phoenix.js's classes, private ones that ports rely on included."""

OPTIONS = """transport longPollFallbackMs debug logger encode decode timeout
    heartbeatIntervalMs reconnectAfterMs rejoinAfterMs longpollerTimeout params
    authToken binaryType vsn sessionStorage"""
"""The options of its socket."""

UNSAID = {"is_wanted", "socket"}
"""The members of ours that need no counterpart."""

ROWS = [
    [cell.strip() for cell in row.strip("|").split("|")]
    for row in ROOT.joinpath(PAGE).read_text().splitlines()
    if row.startswith("|")
]
THEIRS = " ".join(row[0] for row in ROWS)
OURS = " ".join(row[1] for row in ROWS)


def parameters(function):
    return {
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }


@pytest.fixture
def things(phx):
    """One of each thing that the page names."""
    channel = phx.socket.channel("room:1")
    return {
        "socket": phx.socket,
        "channel": channel,
        "push": channel.join(),
        "presence": Presence(channel),
    }


@pytest.mark.parametrize("block", blocks_of(PAGE), ids=lambda b: f"line {b.line}")
def test_a_program_prints_what_the_page_says(run_alone, block):
    run_alone(block)


@pytest.mark.parametrize("thing", PHOENIX_JS)
def test_every_member_of_phoenix_js_has_its_place(thing):
    named = set(re.findall(rf"`{thing}\.(\w+)", THEIRS))

    assert named == set(PHOENIX_JS[thing].split())


def test_every_option_of_phoenix_js_has_its_place():
    assert set(OPTIONS.split()) <= set(re.findall(r"`(\w+)`", THEIRS))


@pytest.mark.parametrize("thing", PHOENIX_JS)
def test_what_the_page_names_is_there(things, thing):
    named = set(re.findall(rf"`{thing}\.(\w+)", OURS))

    assert {name for name in named if not hasattr(things[thing], name)} == set()


@pytest.mark.parametrize(
    ("thing", "kind"),
    [("channel", Channel), ("socket", Socket), ("presence", Presence)],
)
def test_every_member_of_ours_is_named(thing, kind):
    named = set(re.findall(rf"`{thing}\.(\w+)", OURS + THEIRS))
    named |= set(re.findall(rf"`{kind.__name__}\.(\w+)", OURS))
    public = {name for name in vars(kind) if not name.startswith("_")}

    assert public - named == UNSAID & public


def test_every_option_of_ours_is_named():
    assert parameters(Socket) == set(re.findall(r"`(\w+)=", OURS)) & parameters(Socket)


def test_every_public_class_that_the_page_names_is_there():
    named = set(re.findall(r"`([A-Z][a-z]+[A-Za-z]*[a-z0-9])\(", OURS))
    named |= set(re.findall(r"=([A-Z][a-z]+[A-Za-z]*)\(", OURS))

    assert named <= set(rx_phoenix.__all__)
    assert named >= {"Channel", "FallbackTransport", "Heartbeat", "Presence"}
    assert Push.__name__ in rx_phoenix.__all__
