"""The exit codes, as the help tells them."""

import pytest

from rx_phoenix._cli.exit_codes import EPILOG, ExitCode


@pytest.mark.parametrize("code", ExitCode)
def test_the_help_names_every_exit_code(code):
    assert f" {code:d} " in EPILOG


def test_every_exit_code_is_one_that_a_process_can_have():
    assert all(0 <= code <= 255 for code in ExitCode)
