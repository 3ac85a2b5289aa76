"""A room in Textual: who is there, what is said, and a line to say something.

Needs ``pip install textual``; then, with a name of your own::

    rx-phoenix serve
    python examples/textual_view.py jo

Textual runs on asyncio, so that streams and widgets share one loop: a subscription may
touch a widget at once. Ctrl-Q ends it.
"""

import argparse
from collections.abc import Mapping

from reactivex import operators as ops
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.widgets import Header, Input, RichLog, Static

from rx_phoenix import Presence, Socket


class Room(App[None]):
    """The view of one room.

    Args:
        url: The endpoint.
        name: Your own.
    """

    CSS = "#people { width: 24; padding: 0 1; } RichLog { border: solid $primary; }"

    def __init__(self, url: str, name: str) -> None:
        super().__init__()
        self.title = "The lobby"
        self.user = name
        self.socket = Socket(url, params={"user_id": name})
        self.room = self.socket.channel("room:lobby")
        self.presences = self.socket.channel("presence:lobby", {"name": name})

    def compose(self) -> ComposeResult:
        yield Header()
        with Horizontal():
            yield Static(id="people")
            yield RichLog(wrap=True)
        yield Input(placeholder="Say something")

    def on_mount(self) -> None:
        people = self.query_one("#people", Static)
        who = Presence(self.presences).states.pipe(ops.map(sorted), ops.map("\n".join))
        who.subscribe(people.update)
        self.room.on("shout", self.show)
        self.socket.states.subscribe(lambda state: setattr(self, "sub_title", state))
        self.room.join()
        self.presences.join()
        self.query_one(Input).focus()

    def show(self, message: Mapping[str, str]) -> None:
        self.query_one(RichLog).write(f"{message['from']}: {message['body']}")

    def on_input_submitted(self, line: Input.Submitted) -> None:
        # All clients get it, this one included; it waits while there is no join.
        self.room.push("shout", {"from": self.user, "body": line.value})
        line.input.clear()

    async def on_unmount(self) -> None:
        await self.socket.aclose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A room in Textual.")
    parser.add_argument("name")
    parser.add_argument("--url", default="ws://localhost:4000/socket")
    args = parser.parse_args()
    Room(args.url, args.name).run()
