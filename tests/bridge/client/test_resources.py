"""Links to a server's resources: which of them are read so that a model sees their content."""

import pytest

from imagebridge.client.resources import MAX_BYTES, is_readable_link

PNG = "image/png"


@pytest.mark.parametrize(
    ("fields", "is_read"),
    [
        ({"uri": "file:///a.png"}, True),
        ({"uri": "a:b", "mimeType": PNG}, True),
        ({"uri": "a:b", "mimeType": "application/pdf", "size": MAX_BYTES}, True),
        ({"uri": "a:b", "mimeType": PNG, "size": MAX_BYTES + 1}, False),
        ({"uri": "a:b"}, False),
        ({"uri": "file:///a.txt"}, False),
        *(
            ({"uri": f"file:///a.{ending}?b#c"}, True)
            for ending in (
                "webp",
                "JPG",
                "heic",
                "jp2",
                "docx",
                "xlsx",
                "pptx",
                "rtf",
                "odt",
                "ods",
                "odp",
                "epub",
            )
        ),
        ({"uri": "a:b", "mimeType": "application/vnd.oasis.opendocument.text"}, True),
        ({"uri": "file:///a.zip"}, False),
        ({"uri": "file:///a.mp4"}, False),
        ({"uri": "https://example.org/a.png"}, False),
        ({"uri": "a:b", "mimeType": PNG, "type": "resource"}, False),
        ({"mimeType": PNG, "uri": None}, True),
        # No addresses, of which Python says so since 3.13.
        ({"uri": "file://[a.png"}, True),
        ({"uri": "//[b/a.png"}, True),
        ({"uri": "//[b/a"}, False),
    ],
    ids=str,
)
def test_links_to_pictures_and_documents_on_the_server_are_read(fields, is_read):
    assert is_readable_link({"type": "resource_link", "name": "a"} | fields) is is_read


def test_no_table_of_the_system_is_needed_for_that(monkeypatch):
    """Python 3.11 knows neither WebP nor Word by itself, and slim images of Linux have no table."""
    monkeypatch.setattr("imagebridge.client.resources.guess_type", lambda _: (None, None))
    for ending in ("png", "webp", "svg", "docx", "odt"):
        assert is_readable_link({"type": "resource_link", "name": "a", "uri": f"file:///a.{ending}"})
