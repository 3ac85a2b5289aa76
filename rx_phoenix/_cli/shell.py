"""``rx-phoenix shell``: a prompt for joining, leaving, pushing and watching."""

import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import typer
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.patch_stdout import patch_stdout
from reactivex.abc import DisposableBase

from rx_phoenix._cli.connecting import connected
from rx_phoenix._cli.events import connection_notices
from rx_phoenix._cli.exit_codes import ExitCode
from rx_phoenix._cli.listening import ListenOptions, events_of
from rx_phoenix._cli.output import Output, warn
from rx_phoenix._cli.parsing import params_of, payload_of
from rx_phoenix._cli.problems import explain
from rx_phoenix._cli.pushing import show
from rx_phoenix._cli.stdin import stdin_lines
from rx_phoenix._cli.target import Target
from rx_phoenix.channel import Channel
from rx_phoenix.errors import JoinRefused, PushTimeout, RxPhoenixError, UsageError
from rx_phoenix.socket import Socket

__all__ = ["Shell", "history_file", "shell"]

PROMPT = "> "

EVERYTHING = ListenOptions((), presence=False, count=None, seconds=None)


@dataclass(slots=True)
class Shell:
    """The state of a conversation.

    Attributes:
        target: The server.
        socket: The connected socket.
        output: Shows replies and events.
        watched: The subscriptions of the topics that are watched.
        code: The exit code of the worst command.
    """

    target: Target
    socket: Socket
    output: Output
    watched: dict[str, DisposableBase] = field(
        default_factory=dict[str, DisposableBase]
    )
    code: ExitCode = ExitCode.OK

    async def do(self, line: str) -> bool:
        """Run a line; return False if it ends the conversation.

        A problem is reported, and the conversation goes on.
        """
        name, _, rest = line.strip().partition(" ")
        if name in ENDS:
            return False
        try:
            if name and name not in COMMANDS:
                raise UsageError(f"there is no command {name!r}: try help")
            if name:
                command, given = COMMANDS[name], rest.strip()
                if command.arguments and not given:
                    raise UsageError(f"{name} needs {command.arguments}")
                await command.run(self, given)
        except RxPhoenixError as error:
            problem = explain(error)
            assert problem is not None, "each error of ours is explained"  # noqa: S101
            warn(problem.text)
            self.code = max(self.code, problem.code)
        return True

    def channel(self, topic: str) -> Channel:
        """Return the channel of a topic that is joined.

        Raises:
            UsageError: It is not joined.
        """
        channel = self.socket.channel(topic)
        if not channel.is_wanted:
            raise UsageError(f"{topic!r} is not joined: try join {topic}")
        return channel


async def shell(target: Target, output: Output) -> ExitCode:
    """Read commands and run them, until ``quit`` or the end of the input.

    Args:
        target: The server.
        output: Shows replies and events.

    Returns:
        0 at a terminal; the exit code of the worst command if they come from a pipe.

    Raises:
        ConnectError: The server cannot be reached.
    """
    is_terminal = sys.stdin.isatty()
    async with connected(target) as socket:
        state = Shell(target, socket, output)
        notices = connection_notices(socket.lifecycle)
        with notices.subscribe(lambda item: target.note(item.text)):
            lines = lines_of(state) if is_terminal else piped()
            async for line in lines:
                if not await state.do(line):
                    break
            if not is_terminal and socket.state == "open":
                await socket.ping()  # what came before its answer is shown
    return ExitCode.OK if is_terminal else state.code


def lines_of(state: Shell) -> AsyncGenerator[str]:
    """Return the lines that a user types, up to Ctrl-D."""
    state.target.note(f"Connected to {state.target.public_url}. Try help.")
    is_plain = os.environ.get("TERM") == "dumb"
    return plainly_prompted() if is_plain else prompted(state)


async def plainly_prompted() -> AsyncGenerator[str]:
    """Yield the lines of a terminal that knows no escape sequences."""
    typer.echo(PROMPT, nl=False)
    async for line in piped():
        yield line
        typer.echo(PROMPT, nl=False)
    typer.echo()


async def prompted(state: Shell) -> AsyncGenerator[str]:
    """Yield the lines of a terminal, with history and completion."""

    def words() -> list[str]:
        return [*COMMANDS, *ENDS, *state.watched]

    session: PromptSession[str] = PromptSession(
        history=history(), completer=WordCompleter(words), complete_while_typing=False
    )
    with patch_stdout(raw=True):
        while True:
            try:
                yield await session.prompt_async(PROMPT)
            except EOFError:
                return


async def piped() -> AsyncGenerator[str]:
    """Yield the lines of a pipe."""
    async for line in stdin_lines():
        yield line.decode(errors="replace")


def history_file() -> Path:
    """Return the file of the history, by the XDG base directories."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(state) / "rx-phoenix" / "history"


def history() -> History:
    """Return the history; it is readable by its owner alone, as lines hold payloads."""
    path = history_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_APPEND, 0o600))
    except OSError as error:
        warn(f"no history: {error}")
        return InMemoryHistory()
    return FileHistory(path)


async def join(state: Shell, given: str) -> None:
    """Join a topic, and show the reply."""
    topic, _, params = given.partition(" ")
    given_params = params_of(params, "the params") if params else None
    await joined(state, state.socket.channel(topic, given_params))


async def joined(state: Shell, channel: Channel) -> None:
    """Join, and show the reply; a join that fails is not retried behind the prompt."""
    try:
        await show(channel.join(), state.target, state.output)
    except (JoinRefused, PushTimeout):
        channel.leave()
        raise


async def leave(state: Shell, given: str) -> None:
    """Leave a topic."""
    channel = state.channel(given)
    if (watch := state.watched.pop(given, None)) is not None:
        watch.dispose()
    await channel.leave()


async def push(state: Shell, given: str) -> None:
    """Push an event, and show the reply."""
    topic, _, rest = given.partition(" ")
    event, _, payload = rest.strip().partition(" ")
    if not event:
        raise UsageError(f"push needs {COMMANDS['push'].arguments}")
    pushed = state.channel(topic).push(
        event, payload_of(payload.strip().encode() or b"{}")
    )
    state.code = max(state.code, await show(pushed, state.target, state.output))


async def watch(state: Shell, given: str) -> None:
    """Show the events of a topic from now on; joins it if needed."""
    if given in state.watched:
        return
    channel = state.socket.channel(given)

    def ended(error: Exception | None = None) -> None:
        state.watched.pop(given, None)
        if error is not None:
            warn(str(error))

    state.watched[given] = events_of(channel, EVERYTHING).subscribe(
        lambda item: state.output.event(given, item.event, item.payload), ended, ended
    )
    # The stream has joined it already: the reply is that of the same join.
    await joined(state, channel)


async def unwatch(state: Shell, given: str) -> None:
    """Show the events of a topic no longer; it stays joined."""
    if (subscription := state.watched.pop(given, None)) is None:
        raise UsageError(f"{given!r} is not watched")
    subscription.dispose()


async def status(state: Shell, _: str) -> None:
    """Show the state of the connection."""
    typer.echo(state.socket.diagnosis())


async def usage(_: Shell, __: str) -> None:
    """List the commands."""
    for name, command in COMMANDS.items():
        typer.echo(f"{f'{name} {command.arguments}':28} {command.text}")
    typer.echo(f"{' or '.join(ENDS):28} End.")


@dataclass(frozen=True, slots=True)
class ShellCommand:
    """A command of the shell.

    Attributes:
        arguments: Its arguments, as the help shows them.
        run: Runs it, given its arguments.
    """

    arguments: str
    run: Callable[[Shell, str], Awaitable[None]]

    @property
    def text(self) -> str:
        """The sentence of the help."""
        return (self.run.__doc__ or "").partition("\n")[0]


COMMANDS: Mapping[str, ShellCommand] = {
    "join": ShellCommand("TOPIC [JSON]", join),
    "leave": ShellCommand("TOPIC", leave),
    "push": ShellCommand("TOPIC EVENT [JSON]", push),
    "watch": ShellCommand("TOPIC", watch),
    "unwatch": ShellCommand("TOPIC", unwatch),
    "status": ShellCommand("", status),
    "help": ShellCommand("", usage),
}
"""The commands, in the order of the help."""

ENDS = ("quit", "exit")
"""The commands that end the conversation."""
