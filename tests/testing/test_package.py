"""What the kit's package offers, and what it brings along."""

import json
import subprocess
import sys

import pytest

from rx_phoenix import testing

WHAT_IS_IMPORTED = """
import json, sys
import rx_phoenix.testing, rx_phoenix.testing._plugin
print(json.dumps(list(sys.modules)))
"""


@pytest.fixture(scope="module")
def imported():
    command = [sys.executable, "-c", WHAT_IS_IMPORTED]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "module",
    ["aiohttp.web", "rx_phoenix.testing._server", "rx_phoenix.testing._reference"],
)
def test_a_server_is_loaded_only_when_it_is_asked_for(imported, module):
    assert module not in imported


@pytest.mark.parametrize(
    "name",
    [
        "ConnectRefused",
        "JoinError",
        "PhoenixServer",
        "ServerChannel",
        "SocketOptions",
        "reference_app",
    ],
)
def test_the_server_is_there_when_it_is_asked_for(name):
    assert getattr(testing, name).__name__ == name


def test_what_is_not_there_is_told_as_of_any_module():
    with pytest.raises(AttributeError, match=r"'rx_phoenix\.testing' has no attribute"):
        _ = testing.nonsense
