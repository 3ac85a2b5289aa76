"""Bodies as far as they are valid, and no longer than of use."""

import gzip
import zlib

import pytest

from rx_phoenix._transport.body import decoded

TEXT = bytes(range(256)) * 40


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda text: zlib.compress(text, wbits=-15)),
        ("", bytes),
        ("identity", bytes),
        ("br", bytes),
    ],
)
def test_a_body_is_decoded_up_to_its_limit(encoding, encode):
    body = encode(TEXT)

    assert decoded(body, encoding, len(TEXT) + 1) == TEXT
    assert decoded(body, encoding, 100) == TEXT[:100]


def test_of_a_body_that_is_corrupt_the_beginning_is_kept():
    text = bytes(n * n % 251 for n in range(20_000))
    body = bytearray(gzip.compress(text, 0))
    body[10_000:] = b"\xff" * 10_000

    beginning = decoded(bytes(body), "gzip", len(text))

    assert 0 < len(beginning) < len(text)
    assert text.startswith(beginning[:5000])


def test_a_body_that_cannot_be_decoded_is_left_as_it_came():
    assert decoded(b"no", "gzip", 100) == b"no"
    assert decoded(b"", "deflate", 100) == b""
