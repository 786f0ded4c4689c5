"""Only some packages know the format of a vendor's API; the others go through `providers`."""

import ast
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure

BRIDGE = Path(__file__).parents[3] / "bridge" / "imagebridge"
KNOWING = {"providers", "frameworks", "rules", "check", "testing", "cli"}
FILES = [path for path in sorted(BRIDGE.rglob("*.py")) if path.relative_to(BRIDGE).parts[0] not in KNOWING]
WORDS = re.compile(
    r"(?:responses|chat)\Z|.*(?:['\"](?:responses|chat)['\"]|input_image|image_url)", re.DOTALL
)


def spoken(tree):
    """The texts of a program, less its documentation and what public signatures name: arguments' defaults, `Policy.api`."""
    aside = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            aside.add(node.value)
        elif isinstance(node, ast.arguments):
            aside |= {
                inner
                for default in node.defaults + node.kw_defaults
                if default
                for inner in ast.walk(default)
            }
        elif (isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "api") or (
            isinstance(node, ast.Assign) and [getattr(one, "id", "") for one in node.targets] == ["Api"]
        ):
            aside |= set(ast.walk(node))
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in aside
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(BRIDGE)))
def test_no_word_of_a_wire(path):
    assert [text for text in spoken(ast.parse(path.read_text("utf-8"))) if WORDS.match(text)] == []


def test_the_words_are_found_where_they_are():
    program = 'def f(api="chat"):\n    "chat"\n    return {"type": "input_image"}, "responses", \'leave out api="chat"\', "chatty"\n'
    assert [text for text in spoken(ast.parse(program)) if WORDS.match(text)] == [
        "responses",
        'leave out api="chat"',
        "input_image",
    ]
