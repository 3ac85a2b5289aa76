"""The package of the kit: its names and its imports."""

import json
import subprocess
import sys

import pytest

from rx_phoenix import testing

PRINT_IMPORTED = """
import json, sys
import rx_phoenix.testing, rx_phoenix.testing._plugin
print(json.dumps(list(sys.modules)))
"""


@pytest.fixture(scope="module")
def imported():
    command = [sys.executable, "-c", PRINT_IMPORTED]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(
    "module",
    ["aiohttp.web", "rx_phoenix.testing._server", "rx_phoenix.testing._reference"],
)
def test_the_server_is_imported_only_on_first_use(imported, module):
    assert module not in imported


@pytest.mark.parametrize("name", testing.__all__)
def test_every_public_name_can_be_imported_and_is_listed(name):
    assert hasattr(testing, name)
    assert name in dir(testing)


@pytest.mark.parametrize(
    "name",
    [
        "Broken",
        "ConnectRefused",
        "Endpoint",
        "JoinError",
        "PhoenixServer",
        "ServerChannel",
        "ServerPresence",
        "ServerSocket",
        "SocketOptions",
        "TapeTransport",
        "read_tape",
        "reference_app",
    ],
)
def test_the_names_of_servers_and_tapes_are_public(name):
    assert name in testing.__all__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"'rx_phoenix\.testing' has no attribute"):
        _ = testing.nonsense
