"""Who may read the page, by its headers."""

import pytest

from rx_phoenix_demo.web.policy import NONCE, Admission, content_policy

HERE = "127.0.0.1:4000"


@pytest.mark.parametrize("host", [HERE, "localhost:4000", "LocalHost:4000"])
@pytest.mark.parametrize("origin", [None, f"http://{HERE}", "http://localhost:4000"])
def test_programs_and_the_page_itself_are_admitted(host, origin):
    assert Admission(4000).admits(host, origin)


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        (HERE, "null"),
        (HERE, ""),
        (HERE, "https://evil.example"),
        (HERE, "http://127.0.0.1:4001"),
        (HERE, "https://127.0.0.1:4000"),
        ("evil.example:4000", None),
        ("evil.example:4000", "http://evil.example:4000"),
        ("127.0.0.1", None),
        ("", None),
    ],
)
def test_others_are_refused(host, origin):
    assert not Admission(4000).admits(host, origin)


def test_an_origin_can_be_opened():
    admission = Admission(4000, ["https://app.example/"])

    assert admission.admits(HERE, "https://app.example")
    assert admission.admits("app.example", "https://app.example")
    assert not admission.admits(HERE, "https://evil.example")


def test_a_star_opens_all():
    assert Admission(4000, ["*"]).admits("evil.example", "null")


def test_only_marked_scripts_run_and_only_this_server_is_asked():
    policy = dict(part.split(" ", 1) for part in content_policy(HERE).split("; "))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == f"'self' 'nonce-{NONCE}' 'unsafe-eval'"
    assert policy["connect-src"] == f"'self' ws://{HERE}"
    assert policy["frame-ancestors"] == "'none'"
