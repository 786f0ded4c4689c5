"""The body of a request becomes UTF-8, without a copy where it already is."""

import pytest

from imagebridge_server.http.request_body import _utf8  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    "body", [b'{"a":1}', '"é\U0001f600"'.encode(), "é".encode() * 100_000 + b"a" + "é".encode() * 100_000]
)
def test_utf8_is_not_copied(body):
    assert _utf8(body) is body


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"\xef\xbb\xbf{}", "{}"),
        (b"a\0", "a\ufffd"),
        (b"a\xff", "a\ufffd"),
        ("é".encode()[:1], "\ufffd"),
        (b'"\xed\xa0\x80"', '"\ufffd\ufffd\ufffd"'),
    ],
)
def test_other_bytes_are_replaced(body, text):
    assert _utf8(body).decode() == text
