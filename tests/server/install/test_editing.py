"""Configuration files as people write them are edited without changing any byte outside the entry."""

import re

import pytest
import tomlkit
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ruamel.yaml.error import YAMLError

from imagebridge_server.install import editing, toml, yaml
from imagebridge_server.install.editing import FormatError, edited, entry_lines, value_at

KEYS = ("servers", "imagebridge")
NEW = {"command": "/opt/ü x", "args": ["--allow", "a # b", "", "1"], "env": {"A": "ä", "B-C": 'q"\\'}}
LATER = {"command": "uvx", "args": [], "env": {"A": "b", "B-C": 'q"\\', "D": ": x"}, "timeout": 300}
TRIVIA = ("", "# words", "#", "  # deeper", "    # [servers.old]", "  ", "# command: 'x")


@st.composite
def trivia(draw):
    return draw(st.lists(st.sampled_from(TRIVIA), max_size=3))


@st.composite
def tomls(draw, ours=False):
    """A TOML text with or without our entry, comments and blank lines between any two lines."""
    values = st.sampled_from(
        [
            "1",
            '"a # b" # why',
            "'''\n# no comment\n[servers.x]\n'''",
            "[ # first\n  1, # [\n  ']',\n]",
            '{ x = "[", "y.z" = 2 }',
            '"""a""\\""" # """',
            "0xFF# tight",
        ]
    )
    written = draw(trivia())

    def table(header, names):
        written.append(header)
        for name in names:
            written.append(f"{name} = {draw(values)}")
            written.extend(draw(trivia()))

    for name in draw(st.lists(st.sampled_from(["a", "b.c", '"d = #"']), unique=True, max_size=2)):
        written += [f"{name} = {draw(values)}", *draw(trivia())]
    headers = ["[servers.one]", "[servers.one.env] # hers", "[[profiles]]", "[\"servers\" . 't.w-o']", "[z]"]
    chosen = [one for one in headers if draw(st.booleans())]
    if ours:
        chosen.insert(draw(st.integers(0, len(chosen))), "[servers.imagebridge]")
    for header in chosen:
        if header == "[servers.imagebridge]":
            written += [
                header,
                *draw(trivia()),
                "command = 'old' # why",
                *draw(trivia()),
                "args=[]",
                "keep = 1",
            ]
            written += draw(
                st.sampled_from([[], ["env.A = 'x'"], ["# v", "[servers.imagebridge.env]", "A='x' # y"]])
            )
        else:
            table(
                header, draw(st.lists(st.sampled_from(["command", "args", "'e.f'"]), unique=True, max_size=2))
            )
        written += draw(trivia())
    return finished(draw, written)


@st.composite
def yamls(draw, ours=False):
    """A YAML text with or without our entry, indented by two or four, with comments between any two lines."""
    step, offset = draw(st.sampled_from([2, 4])), draw(st.sampled_from([0, 2]))
    values = (
        ["1  # why", "'a # b'", '"x: # y" # z', "{a: 1, b: [2, '#']}", "~", "", "&id x", "[]"],
        [
            "|\n{0}# no comment\n{0}x",
            ">-\n{0}folded\n\n{0}more",
            "\n{0}deep: 1  # c\n{0}er: {{}}",
            "\n{1}- a\n{1}- b",
        ],
    )
    written = draw(trivia())
    for name in draw(
        st.permutations(["theme", "servers", "after"] if ours or draw(st.booleans()) else ["a", "b"])
    ):
        if name != "servers":
            written.append(f"{name}: {member(draw, values, step, offset, 0)}")
            written += draw(trivia())
            continue
        written += ["servers:   # all", *draw(trivia())]
        names = ["one", "t w o", "'3'"][: draw(st.integers(0 if ours else 1, 3))]
        if ours:
            names.insert(draw(st.integers(0, len(names))), "imagebridge")
        for one in names:
            inner = " " * step * 2
            if one == "imagebridge":
                written += [f"{' ' * step}{one}: # ours", *draw(trivia())]
                written += [f"{inner}command: 'old' # why", *draw(trivia()), f"{inner}args:  # these"]
                written += [
                    f"{inner}{' ' * offset}- x",
                    f"{inner}{' ' * offset}- y # last",
                    f"{inner}keep: 1",
                ]
                written += draw(
                    st.sampled_from(
                        [[], [f"{inner}env: {{A: x}}"], [f"{inner}env:", f"{inner}{' ' * step}A: x # y"]]
                    )
                )
            else:
                written.append(f"{' ' * step}{one}: {member(draw, values, step, offset, 1)}")
            written += draw(trivia())
    return finished(draw, written)


def member(draw, values, step, offset, depth):
    one = draw(st.sampled_from(values[0] + values[1]))
    if one in values[0]:
        return one
    return one.format(" " * step * (depth + 1), " " * (step * depth + offset))


def finished(draw, written):
    # In a last `|` value a break at the end would be part of the value.
    ends = ["\n", "\n\n"] + [""] * ("|" not in "".join(written[-1:]))
    text = "\n".join(written) + draw(st.sampled_from(ends))
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


TEXTS = {"toml": tomls, "yaml": yamls}
READ = {"toml": toml.parsed, "yaml": yaml.parsed}


def readable(text, form):
    try:
        value = READ[form](text)
    except (ValueError, YAMLError):  # a comment that became part of a value, mostly
        assume(False)
    assume(isinstance(value, dict))
    return value


def added(old, new):
    """What was put into `old` at one place to make it `new`."""
    start = shared(old, new)
    end = shared(old[start:][::-1], new[start:][::-1])
    assert old[start : len(old) - end] == ""
    return new[start : len(new) - end]


def shared(one, other):
    """How many characters two texts begin with alike."""
    return next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def one_kind_of_break(text):
    return "\r\n" not in text or not re.search(r"(?<!\r)\n", text)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_comment_stays_that_tomlkit_takes_out_with_the_table_before_it(line_end):
    """Once tomlkit keeps it, tables can be left to it as single values are."""
    text = '[servers.imagebridge]\ncommand = "uvx"\n\n# mine\n[servers.b]\nx = 1\n'.replace("\n", line_end)
    document = tomlkit.parse(text)
    del document["servers"]["imagebridge"]
    assert "# mine" not in tomlkit.dumps(document)
    assert edited(text, "toml", KEYS, None) == text[text.index(line_end + "# mine") :]


def in_and_out_again_is_the_same_text(form, data):
    text = data.draw(TEXTS[form]())
    value = readable(text, form)
    made = edited(text, form, KEYS, NEW)
    assert "imagebridge" in added(text, made)
    assert READ[form](made) == {**value, "servers": {**(value.get("servers") or {}), "imagebridge": NEW}}
    assert one_kind_of_break(made)
    # A text without a break at its end may have got one, and a table made for us stays, empty.
    assert added(text, edited(made, form, KEYS, None)).strip() in ("", "servers: {}")


def an_update_keeps_every_comment(form, data):
    text = data.draw(TEXTS[form](ours=True))
    value = readable(text, form)
    assume(isinstance(value_at(text, form, KEYS), dict))
    wanted = {**value["servers"]["imagebridge"], **LATER}
    made = edited(text, form, KEYS, wanted)
    assert READ[form](made) == {**value, "servers": {**value["servers"], "imagebridge": wanted}}
    assert one_kind_of_break(made)
    kept = iter(made.splitlines())
    for line in text.splitlines():
        changed = re.match(r"\s*(command|args|env|- |A)\b", line)
        if line.strip() and not changed:
            assert line in kept
    for comment in re.findall(r"# (?:why|these|v|y|ours)\b", text):
        assert made.count(comment) >= text.count(comment)
    assert edited(made, form, KEYS, wanted) == made


def out_of_any_text_goes_the_entry_only(form, data):
    text = data.draw(TEXTS[form](ours=True))
    value = readable(text, form)
    out = edited(text, form, KEYS, None)
    del value["servers"]["imagebridge"]
    assert (READ[form](out).get("servers") or {}) == value["servers"]
    gone = entry_lines(text, form, KEYS)
    # In YAML, a comment is indented less if it would otherwise go on a block of text.
    kept = str.strip if form == "yaml" else str
    rest = iter([kept(line) for line in out.splitlines()])
    for line in text.splitlines():
        if line.strip() and line not in gone and line != "servers:   # all":
            assert kept(line) in rest


def test_a_comment_does_not_become_text_of_the_block_before_a_removed_entry():
    text = "servers:\n  one: |\n    x\n  imagebridge:\n    keep: 1\n    # old\n\n      # older\nafter: 1\n"
    assert edited(text, "yaml", KEYS, None) == ("servers:\n  one: |\n    x\n  # old\n\n  # older\nafter: 1\n")


PROPERTIES = (
    in_and_out_again_is_the_same_text,
    an_update_keeps_every_comment,
    out_of_any_text_goes_the_entry_only,
)


def over(examples, holds, form):
    @settings(max_examples=examples, deadline=None)
    @given(st.data())
    def run(data):
        holds(form, data)

    run()


@pytest.mark.parametrize("form", TEXTS)
@pytest.mark.parametrize("holds", PROPERTIES, ids=lambda one: one.__name__)
class TestAnyText:
    def test_a_few(self, holds, form):
        over(12, holds, form)

    @pytest.mark.long
    def test_many(self, holds, form):
        over(100, holds, form)


ME = ("s", "me")


class TestWhatIsWritten:
    """Each row: a text, what an edit makes of it, and what is left when the entry is taken out again."""

    @pytest.mark.parametrize(
        ("form", "before", "after", "left"),
        [
            # An entry goes behind the others, above the heading of what comes next.
            (
                "toml",
                "[s.a]\nx = 1\n# y = 2\n\n# ---- next\n[z]\n",
                '[s.a]\nx = 1\n# y = 2\n\n[s.me]\ncmd = "n"\n\n# ---- next\n[z]\n',
                "[s.a]\nx = 1\n# y = 2\n\n# ---- next\n[z]\n",
            ),
            (
                "yaml",
                "s:\n    a:\n        x: 1\n    # b:\n    #   x: 2\n\n# ---- next\nz: ~\n",
                "s:\n    a:\n        x: 1\n    # b:\n    #   x: 2\n    me:\n        cmd: n\n\n# ---- next\nz: ~\n",
                "s:\n    a:\n        x: 1\n    # b:\n    #   x: 2\n\n# ---- next\nz: ~\n",
            ),
            # What stands below it is somebody else's, even without a blank line.
            (
                "toml",
                '[s.me]\ncmd = "o" # why\n# in\nk = 1 # keep\n# [s.b]\n\n# c\n[s.c]\n',
                '[s.me]\ncmd = "n" # why\n# in\nk = 1 # keep\n# [s.b]\n\n# c\n[s.c]\n',
                "# [s.b]\n\n# c\n[s.c]\n",
            ),
            (
                "yaml",
                "s:\n  me:\n    cmd: o # why\n    # in\n    k: 1 # keep\n  # b:\n  c: 1\n",
                "s:\n  me:\n    cmd: n # why\n    # in\n    k: 1 # keep\n  # b:\n  c: 1\n",
                "s:\n  # b:\n  c: 1\n",
            ),
            (
                "json",
                '{"s": {\n   // in\n   "me": {\n      // why\n      "cmd": "o", // so\n      "k": 1\n   }\n}}',
                '{"s": {\n   // in\n   "me": {\n      // why\n      "cmd": "n", // so\n      "k": 1\n   }\n}}',
                '{"s": {\n   // in\n}}',
            ),
            # The last one of its table, with a heading behind it.
            (
                "yaml",
                "s:\n  me:\n    cmd: o\n\n# z\nz: 1\n",
                "s:\n  me:\n    cmd: n\n\n# z\nz: 1\n",
                "s: {}\n\n# z\nz: 1\n",
            ),
            # Tables that are null, empty, or on one line.
            ("json", '{"s": null}', '{"s": {\n  "me": {\n    "cmd": "n"\n  }\n}}', '{"s": {\n}}'),
            ("yaml", "s: # none\nz: 1", "s: # none\n  me:\n    cmd: n\nz: 1", "s: {} # none\nz: 1"),
            ("yaml", "s: {} # none", "s: # none\n  me:\n    cmd: n", "s: {} # none"),
            (
                "yaml",
                "s: {a: '# 1'} # one",
                's: {a: \'# 1\', "me": {"cmd": "n"}} # one',
                "s: {a: '# 1'} # one",
            ),
            ("yaml", "{s: {me: 1, a: [2]}}\n", '{s: {me: {"cmd": "n"}, a: [2]}}\n', "{s: {a: [2]}}\n"),
            (
                "yaml",
                "s: {\n  a: 1, # one\n  me: {cmd: o}, # two\n}\n",
                's: {\n  a: 1, # one\n  me: {cmd: "n"}, # two\n}\n',
                "s: {\n  a: 1 # one\n  , # two\n}\n",
            ),
            (
                "yaml",
                "s: {me: 1, # one\n  a: 2}",
                's: {me: {"cmd": "n"}, # one\n  a: 2}',
                "s: { # one\n  a: 2}",
            ),
            (
                "yaml",
                "a: &x 1\nb: &x 2\ns: ~\n",
                "a: &x 1\nb: &x 2\ns:\n  me:\n    cmd: n\n",
                "a: &x 1\nb: &x 2\ns: {}\n",
            ),
            ("yaml", "# only\n---\n", "# only\n---\ns:\n  me:\n    cmd: n\n", "# only\n---\ns: {}\n"),
            ("yaml", "{}\n", "s:\n  me:\n    cmd: n\n", "s: {}\n"),
            (
                "toml",
                's = {a = "# 1"} # one\n',
                's = {a = "# 1",me = {cmd = "n"}} # one\n',
                's = {a = "# 1"} # one\n',
            ),
            (
                "toml",
                "s.a.x = 1\nz = 2 # z\n[y]\n",
                's.a.x = 1\nz = 2 # z\n\n[s.me]\ncmd = "n"\n[y]\n',
                "s.a.x = 1\nz = 2 # z\n[y]\n",
            ),
            ("toml", "s.me.cmd = 1 # y\nz = 1\n", 's.me.cmd = "n" # y\nz = 1\n', "z = 1\n"),
            ("toml", "[s]\nme = {cmd = 1, k = 2} # y\n", '[s]\nme = {cmd = "n", k = 2} # y\n', "[s]\n"),
            ("toml", "z = 1", 'z = 1\n\n[s.me]\ncmd = "n"\n', "z = 1\n"),
        ],
    )
    @pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
    def test_in_and_out(self, form, before, after, left, newline):
        before, after, left = (text.replace("\n", newline) for text in (before, after, left))
        old = value_at(before, form, ME)
        new = {**(old if isinstance(old, dict) else {}), "cmd": "n"}
        if newline in before or "\n" not in after:
            assert edited(before, form, ME, new) == after
        assert edited(after, form, ME, None) == left

    @pytest.mark.parametrize(
        "text",
        [
            "s: &all\n  a: 1\nz: *all\n",
            "z: &all\n  a: 1\ns: *all\n",
            "z: &all\n  a: 1\ns:\n  <<: *all\n",
            "s:\n  a: |+\n    x\n\n# z\n",
        ],
    )
    def test_what_would_change_elsewhere_too_is_refused(self, text):
        with pytest.raises(FormatError, match="without changing other parts"):
            edited(text, "yaml", ME, {"cmd": "n"})

    def test_a_comment_above_variables_is_not_taken_for_ours(self):
        text = '[s.me]\ncmd = "n"\n# [s.old]\n\n[s.me.env]\nA = "x"\n'
        assert edited(text, "toml", ME, None) == "# [s.old]\n"

    @pytest.mark.parametrize(
        ("form", "text"),
        [
            ("json", '{"s": {}, // one\n"z": 1 /* two */}'),
            ("toml", "[s] # one\n# two\n[z]\n"),
            ("yaml", "s: {} # one\n# two\nz: 1\n"),
        ],
    )
    @pytest.mark.parametrize(
        ("spoil", "lost"),
        [
            (lambda text: text.replace("one", "none"), "one"),
            (lambda text: text.replace("one", "0").replace("two", "one").replace("0", "two"), "one|two"),
        ],
        ids=["gone", "in another order"],
    )
    def test_an_edit_that_loses_a_comment_is_refused(self, form, text, spoil, lost, monkeypatch):
        editor = editing._EDITORS[form]
        right = editor.with_member
        monkeypatch.setattr(editor, "with_member", lambda *given: spoil(right(*given)))
        with pytest.raises(FormatError, match=f"without losing the comment .*({lost})"):
            edited(text, form, ME, {"cmd": "n"})
