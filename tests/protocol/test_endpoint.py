import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from rx_phoenix._protocol.endpoint import Endpoint, check_url, query
from rx_phoenix.errors import UsageError

SECRET = "s3cr3t"


# The address.


@pytest.mark.case(14)
@pytest.mark.defect(38)
@pytest.mark.case(9)
@pytest.mark.case(6)
@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("wss://example.org/chat", "wss://example.org/chat/websocket?vsn=2.0.0"),
        ("ws://host/socket", "ws://host/socket/websocket?vsn=2.0.0"),
        ("ws://host:4000/socket", "ws://host:4000/socket/websocket?vsn=2.0.0"),
        ("ws://[::1]:4000/socket", "ws://[::1]:4000/socket/websocket?vsn=2.0.0"),
        ("http://host/socket", "ws://host/socket/websocket?vsn=2.0.0"),
        ("https://host/socket", "wss://host/socket/websocket?vsn=2.0.0"),
        ("HTTPS://host/socket", "wss://host/socket/websocket?vsn=2.0.0"),
        ("ws://host/socket/", "ws://host/socket/websocket?vsn=2.0.0"),
        ("ws://host", "ws://host/websocket?vsn=2.0.0"),
        ("ws://host/socket?a=1", "ws://host/socket/websocket?a=1&vsn=2.0.0"),
        ("ws://host/socket/?a=1#b", "ws://host/socket/websocket?a=1&vsn=2.0.0"),
        ("ws://host/so cket", "ws://host/so%20cket/websocket?vsn=2.0.0"),
        ("ws://host/so%20cket", "ws://host/so%20cket/websocket?vsn=2.0.0"),
        ("ws://host/söcket", "ws://host/s%C3%B6cket/websocket?vsn=2.0.0"),
        ("ws://host/a\\b", "ws://host/a/b/websocket?vsn=2.0.0"),
        (
            "ws://host/\"<>^`{}|[]!$&'()*+,;=:@~-._%",
            "ws://host/%22%3C%3E%5E%60%7B%7D|[]!$&'()*+,;=:@~-._%/websocket?vsn=2.0.0",
        ),
        (" ws://host/socket \n", "ws://host/socket/websocket?vsn=2.0.0"),
        (
            "ws://host/s?a=b c%20\"'<>{}^`|",
            "ws://host/s/websocket?a=b%20c%20%22%27%3C%3E{}^`|&vsn=2.0.0",
        ),
        (
            "ws://user:pass@host/socket",
            "ws://user:pass@host/socket/websocket?vsn=2.0.0",
        ),
    ],
)
def test_the_address_of_a_websocket_is_phoenix_js(url, address):
    assert Endpoint(url=url).address("websocket") == address


@pytest.mark.case(211)
@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("ws://host/socket", "http://host/socket/longpoll?vsn=2.0.0"),
        ("wss://host/socket", "https://host/socket/longpoll?vsn=2.0.0"),
        ("https://host/socket", "https://host/socket/longpoll?vsn=2.0.0"),
    ],
)
def test_the_address_of_a_long_poll_is_one_of_http(url, address):
    assert Endpoint(url=url).address("longpoll") == address


@pytest.mark.case(10)
@pytest.mark.case(11)
def test_the_endpoints_own_query_comes_first_and_vsn_last():
    endpoint = Endpoint(url="ws://h/s?own=1", params={"token": "a b"}, vsn="1.0.0")

    assert endpoint.address("websocket") == (
        "ws://h/s/websocket?own=1&token=a%20b&vsn=1.0.0"
    )


# The query.


@pytest.mark.case(12)
@pytest.mark.defect(38)
@pytest.mark.case(10)
@pytest.mark.case(11)
@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({}, ""),
        ({"token": "abc"}, "token=abc"),
        (
            {"token": "a b", "x": {"y": [1, 2]}},
            "token=a%20b&x%5By%5D%5B0%5D=1&x%5By%5D%5B1%5D=2",
        ),
        (
            {"a": [1, "é&"], "b": True, "f": 1.5, "g": "x y+z~!*'()"},
            "a%5B0%5D=1&a%5B1%5D=%C3%A9%26&b=true&f=1.5&g=x%20y%2Bz~!*'()",
        ),
        ({"a": False, "b": 0, "c": ""}, "a=false&b=0&c="),
        ({"a": None, "b": {}, "c": [], "d": {"e": None}, "f": [None]}, ""),
        ({"a": 1, "b": None, "c": {}, "d": [], "e": {"f": None}, "g": 2}, "a=1&g=2"),
        ({"a": [None, 1]}, "a%5B1%5D=1"),
        ({"a": (1, 2)}, "a%5B0%5D=1&a%5B1%5D=2"),
        ({"a": {1: 2}}, "a%5B1%5D=2"),
        ({7: "x"}, "7=x"),
        ({"token": b"a+/="}, "token=a%2B%2F%3D"),
        ({"token": b"\xff"}, "token=%FF"),
        ({"a&b": "c=d"}, "a%26b=c%3Dd"),
    ],
)
def test_params_are_encoded_as_phoenix_js_does(params, text):
    assert query(params) == text


@given(st.dictionaries(st.text(min_size=1), st.text()))
def test_plain_params_can_be_read_back(params):
    url = URL(f"ws://host/?{query(params)}", encoded=True)

    assert dict(url.query) == params


def test_params_that_no_url_can_carry_are_refused_without_being_shown():
    with pytest.raises(UsageError, match="lone surrogate") as raised:
        query({"token": f"{SECRET}\ud800"})

    assert SECRET not in str(raised.value)
    assert raised.value.__suppress_context__


def test_params_that_contain_themselves_are_refused():
    params = {}
    params["again"] = [params]

    with pytest.raises(UsageError, match="contain themselves"):
        Endpoint(url="ws://h", params=params)


# What is wrong with a URL.

UNUSABLE = [
    "",
    "/socket",
    "socket",
    "//example.org/socket",
    "example.org/socket",
    "localhost:4000/socket",
    "ftp://example.org/socket",
    "ws:///socket",
    "ws://host/\ud800",
    "ws://",
    "ws://:4000/socket",
    "ws://host:0/socket",
    "ws://host:99999/socket",
    "ws://host:port/socket",
    "ws://[::1/socket",
    "ws://\u2102\u2048.com/socket",
    None,
    4000,
]


@pytest.mark.case(2)
@pytest.mark.case(7)
@pytest.mark.parametrize("url", UNUSABLE)
def test_a_url_that_no_attempt_could_use_is_refused(url):
    with pytest.raises(UsageError, match="must be a full URL"):
        check_url(url)
    with pytest.raises(UsageError, match="must be a full URL"):
        Endpoint(url=url)


@pytest.mark.parametrize("url", ["ws://h/s", "wss://h", "http://h:1/", "HTTPS://H/s?q"])
def test_a_full_url_is_fine(url):
    check_url(url)


# Secrets.


def test_an_endpoint_is_given_by_names_and_does_not_change():
    endpoint = Endpoint(url="ws://host/socket")

    with pytest.raises(TypeError, match="positional"):
        Endpoint("ws://host/socket")
    with pytest.raises(AttributeError, match="immutable"):
        endpoint.url = "ws://other/socket"


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("wss://host/socket", "wss://host/socket"),
        ("https://host/socket/", "wss://host/socket"),
        (f"ws://host/socket?token={SECRET}", "ws://host/socket"),
        (f"ws://host/socket#{SECRET}", "ws://host/socket"),
        (f"ws://user:{SECRET}@host:4000/socket", "ws://host:4000/socket"),
        (f"ws://{SECRET}@host/socket", "ws://host/socket"),
        (f"ws://a@b:{SECRET}@host/socket?email=a@b", "ws://host/socket"),
    ],
)
def test_what_is_public_of_a_url_is_where_it_leads(url, public):
    endpoint = Endpoint(
        url=url,
        params={"token": SECRET},
        auth_token=SECRET,
        headers={"authorization": SECRET},
    )

    assert endpoint.public_url == public
    assert repr(endpoint) == str(endpoint) == f"Endpoint({public!r})"
    assert list(endpoint.__rich_repr__()) == [("url", public)]


@pytest.mark.parametrize(
    "url",
    [
        f"/socket?token={SECRET}",
        f"socket#{SECRET}",
        f"ftp://user:{SECRET}@host/socket",
        f"user:{SECRET}@host/socket",
        f"ws//user:a/{SECRET}@host",
        f"ws://user:a?{SECRET}@host/socket",
        f"ws://user:{SECRET}@\u2102\u2048.com/socket",
        f"ws://host:0/?email=a@b&token={SECRET}",
    ],
)
def test_a_refusal_shows_no_secret(url):
    with pytest.raises(UsageError) as raised:
        check_url(url)

    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is raised.value.__context__ is None


def test_a_refusal_shows_what_is_wrong():
    with pytest.raises(UsageError, match="got 'ftp://host/socket'"):
        check_url("ftp://host/socket?token=1")
    with pytest.raises(UsageError, match="got 'ftp://…'"):
        check_url("ftp://user@host/socket")
