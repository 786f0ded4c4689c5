"""A repaired result is not changed when a second layer repairs it again, for any input and every host."""

import json

import pytest
import samples
from hypothesis import given, settings
from hypothesis import strategies as st
from long_rows import one_in
from samples import b64, drawing, file

from imagebridge.facts.hosts import HOSTS, UNKNOWN
from imagebridge.repair.protocol import repair

pytestmark = pytest.mark.pure

FILES = {
    "png": file(drawing(), "PNG"),
    "jpeg": file(drawing(), "JPEG"),
    "bmp": file(drawing(), "BMP"),
    "svg": samples.SVG,
    "gif": samples.animation("GIF"),
    "broken png": file(drawing(), "PNG")[:-40],
    "docx": samples.docx(),
    "wav": samples.wav(),
    "text": b"plain words",
    "bytes": bytes(range(256)),
}
LABELS = ("image/png", "application/pdf", "audio/wav", "text/plain", "application/octet-stream", "", None)
URIS = (
    "file:///a/report%20of%202026.pdf",
    "docs/a.md",
    "unknown:",
    "cid:scan.docx",
    "https://a.test/?name=x#y",
    f"a:{'long' * 40}",
    r"C:\files\scan.DOCX",
    "a b/ü/.docx",
    "",
)
NAMES = [None, *(host.name for host in (UNKNOWN, *HOSTS))]


def labelled(label):
    return {} if label is None else {"mimeType": label}


data = st.sampled_from(sorted(FILES)).map(lambda name: b64(FILES[name]))
labels = st.sampled_from(LABELS).map(labelled)
words = st.sampled_from(["", " ", "words", "Tool error:\nwords", '{"a": 1}', "<svg", "\x1b[1mbold\x1b[0m"])
uris = st.sampled_from(URIS)
media = st.builds(
    lambda kind, encoded, label: {"type": kind, "data": encoded, **label},
    st.sampled_from(["image", "audio", "blob", "file"]),
    data,
    labels,
)
resources = st.builds(
    lambda uri, encoded, label: {"type": "resource", "resource": {"uri": uri, "blob": encoded, **label}},
    uris,
    data,
    labels,
)
text_resources = st.builds(
    lambda uri, text: {"type": "resource", "resource": {"uri": uri, "text": text}}, uris, words
)
links = st.builds(
    lambda uri, label: {"type": "resource_link", "uri": uri, "name": "n", **label}, uris, labels
)
texts = st.one_of(words, data, data.map(lambda encoded: json.dumps({"shot": encoded}))).map(
    lambda text: {"type": "text", "text": text}
)
blocks = st.one_of(media, resources, text_resources, links, texts, words, st.none(), st.just({"type": "new"}))
structured = st.one_of(
    st.none(), st.just({"a": 1}), st.just([1]), data.map(lambda encoded: {"shot": encoded})
)
results = st.fixed_dictionaries(
    {"content": st.lists(blocks, max_size=3)},
    optional={"isError": st.booleans(), "structuredContent": structured, "_meta": st.just({"a": 1})},
)


@settings(deadline=None)
@given(results, st.sampled_from(NAMES))
def test_a_repair_of_a_repaired_result_changes_nothing(result, name):
    once = repair(result, name)
    assert repair(once, name) == once


@pytest.mark.parametrize("kind", one_in(3, ["image", "audio", "resource"]))
@pytest.mark.parametrize("name", one_in(3, ["claude-code", "gemini-cli", "codex", "text-only", None]))
def test_a_pdf_under_a_false_label_is_shown_once(kind, name):
    encoded = b64(samples.pdf(2))
    inner = {"uri": "file:///plan.pdf", "mimeType": "image/png", "blob": encoded}
    block = {"type": kind, "data": encoded, "mimeType": "image/png"}
    once = repair({"content": [{"type": kind, "resource": inner} if kind == "resource" else block]}, name)
    assert repair(once, name) == once


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("kind", ["image", "audio", "blob", "resource"])
def test_a_document_under_a_false_label_keeps_its_name(kind, label):
    """Codex takes none, Claude Code takes it as a resource."""
    encoded = b64(FILES["docx"])
    block = {"type": kind, "data": encoded, **labelled(label)}
    if kind == "resource":
        block = {
            "type": kind,
            "resource": {"uri": "cid:scan.docx", "blob": encoded, **labelled(label)},
        }
    for name in ("claude-code", "codex", None):
        once = repair({"content": [block]}, name)
        assert repair(once, name) == once
        assert "attachment_" not in json.dumps(once)
