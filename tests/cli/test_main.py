"""Both ways to start the command line are one."""

import asyncio
import sys

from rx_phoenix._cli.exit_codes import ExitCode
from tests.cli.terminal import run

WITHOUT_TYPER = """
import sys
sys.modules["typer"] = None
from rx_phoenix._cli import main
main()
"""


async def test_the_package_runs_as_a_module():
    ran = await run("--version")

    assert ran.code == 0
    assert ran.out.startswith("rx-phoenix 0.")


async def test_without_its_extra_it_says_what_to_install():
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WITHOUT_TYPER), stderr=asyncio.subprocess.PIPE
    )
    _, err = await process.communicate()

    assert process.returncode == ExitCode.USAGE
    assert "pip install 'rx_phoenix[cli]'" in err.decode()
    assert "Traceback" not in err.decode()
