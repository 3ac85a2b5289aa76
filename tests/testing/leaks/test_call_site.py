"""Call sites in the code of the user."""

import os
from pathlib import Path

import pytest

from rx_phoenix._streams.scheduler import LoopScheduler
from rx_phoenix.testing._leaks.call_site import CallSite, short
from rx_phoenix.testing._time.loop import VirtualLoop


def test_a_call_site_names_the_function_and_its_line():
    call_site = CallSite.here()

    assert str(call_site).startswith(
        "in test_a_call_site_names_the_function_and_its_line (tests/testing/leaks/"
    )


def test_a_module_that_only_forwards_calls_is_skipped():
    loop = VirtualLoop()
    LoopScheduler(loop).schedule_relative(1, print)

    assert "test_a_module_that_only" in str(loop.pending[0].call_site)


def test_code_of_the_package_is_named_with_the_code_that_called_it():
    code = compile("def arm():\n    return here()", "elsewhere/push.py", "exec")
    package = {"__name__": "rx_phoenix.push", "here": CallSite.here}
    exec(code, package)

    call_site = str(package["arm"]())

    assert call_site.startswith("in arm (elsewhere/push.py:2), called in test_code_of")


def test_a_call_of_the_virtual_loop_has_no_further_caller():
    code = compile("def arm():\n    log.append(here())", "elsewhere/x.py", "exec")
    package = {"__name__": "rx_phoenix.x", "here": CallSite.here, "log": []}
    exec(code, package)
    loop = VirtualLoop()
    loop.call_soon(package["arm"])
    loop.advance_to(0)

    assert str(package["log"][0]) == "in arm (elsewhere/x.py:2)"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (f"{Path.cwd()}{os.sep}tests/test_a.py", "tests/test_a.py"),
        ("/usr/lib/python3/site-packages/a/b.py", "a/b.py"),
        ("/elsewhere/c.py", "/elsewhere/c.py"),
    ],
)
def test_a_path_is_as_short_as_it_can_be(path, shown):
    assert short(path) == shown
