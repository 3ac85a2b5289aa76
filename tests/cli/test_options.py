"""The options of a connection, on the command line."""

from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from rx_phoenix._cli.help import RemoteCommand
from rx_phoenix._cli.options import connecting
from rx_phoenix._cli.target import TransportKind
from rx_phoenix.errors import UsageError

URL = "ws://example.org/socket"


@pytest.fixture
def invoke():
    """Runs a command with a topic and a flag of its own; returns what it was given."""
    app = typer.Typer(pretty_exceptions_enable=False)
    given = []

    def show(
        target,
        topic: Annotated[str, typer.Argument()],
        loud: Annotated[bool, typer.Option()] = False,
    ):
        """Show something."""
        if topic == "bad":
            raise UsageError("this topic cannot be")
        given.append((target, topic, loud))

    app.command(cls=RemoteCommand)(connecting(show))

    def invoke(*args, **env):
        result = CliRunner().invoke(app, args, env={"COLUMNS": "100", **env})
        return result, given

    return invoke


def test_a_command_gets_a_target_and_what_is_its_own(invoke):
    _, [(target, topic, loud)] = invoke(URL, "room:a", "--loud", "-p", "a=1")

    assert (target.url, target.params) == (URL, {"a": "1"})
    assert (topic, loud) == ("room:a", True)


def test_all_options_reach_the_target(invoke):
    _, [(target, *_)] = invoke(
        *(URL, "room:a", "--token", "t", "--header", "x-a: b", "--transport"),
        *("longpoll", "--vsn", "1", "--timeout", "3", "--insecure"),
    )

    assert target.token == "t"
    assert target.headers == {"x-a": "b"}
    assert target.transport is TransportKind.LONGPOLL
    assert (target.vsn, target.timeout, target.insecure) == (1, 3.0, True)


def test_the_token_may_stand_in_the_environment(invoke):
    _, [(target, *_)] = invoke(URL, "room:a", RX_PHOENIX_TOKEN="secret")

    assert target.token == "secret"


OTHER = "wss://other.example/socket"


@pytest.mark.parametrize(
    ("args", "env", "url"),
    [
        ((URL, "room:a"), {}, URL),
        (("room:a",), {"RX_PHOENIX_URL": OTHER}, OTHER),
        (("--loud", "room:a"), {"RX_PHOENIX_URL": OTHER}, OTHER),
        ((URL, "room:a"), {"RX_PHOENIX_URL": OTHER}, URL),
        (("room:a", "--url", URL), {}, URL),
        (("--url", URL, "room:a"), {"RX_PHOENIX_URL": OTHER}, URL),
        (("-p", f"next={URL}", "room:a"), {"RX_PHOENIX_URL": OTHER}, OTHER),
    ],
)
def test_the_url_is_a_flag_an_argument_or_in_the_environment(invoke, args, env, url):
    _, [(target, topic, _)] = invoke(*args, **env)

    assert (target.url, topic) == (url, "room:a")


def test_two_urls_are_a_mistake(invoke):
    result, given = invoke(URL, "room:a", "--url", OTHER)

    assert result.exit_code == 2
    assert "Give the URL once" in result.output
    assert given == []


def test_without_a_url_it_is_missing(invoke):
    result, _ = invoke()

    assert result.exit_code == 2
    assert "Missing argument 'URL'" in result.output


def test_the_timeout_bounds_connecting_unless_it_has_its_own(invoke):
    invoke(URL, "room:a", "--timeout", "3")
    _, [(one, *_), (other, *_)] = invoke(
        *(URL, "room:a", "--timeout", "3", "--connect-timeout", "7")
    )

    assert (one.timeout, one.patience, one.reconnect.timeout) == (3.0, 3.0, 3.0)
    assert (other.timeout, other.patience, other.reconnect.timeout) == (3.0, 7.0, 7.0)


def test_without_a_token_there_is_none(invoke):
    _, [(target, *_)] = invoke(URL, "room:a")

    assert target.token is None


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("example.org", "room:a"), "must be a full URL"),
        ((URL, "room:a", "-p", "nonsense"), "must be NAME=VALUE"),
        ((URL, "room:a", "--token", "env:NO_SUCH_VARIABLE"), "is not set"),
        ((URL, "bad"), "This topic cannot be."),
    ],
)
def test_a_mistake_is_a_sentence_and_ends_with_2(invoke, args, words):
    result, given = invoke(*args)

    assert result.exit_code == 2
    assert words in result.output
    assert given == []


def test_the_help_has_the_arguments_in_the_order_of_use(invoke):
    result, _ = invoke("--help")

    assert "URL TOPIC" in result.output
    assert "Show something." in result.output
    assert "Connection" in result.output
