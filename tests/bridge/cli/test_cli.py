"""The command line: what it prints and where, its exit codes, and the absence of tracebacks."""

import base64
import errno
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from io import BytesIO, StringIO

import pytest
from commands import MAIN, on_terminals, run
from long_rows import one_in
from mcp.types import Tool
from PIL import Image

from imagebridge.cli import imagebridge
from imagebridge.cli.save import whole
from imagebridge.cli.terminal import Terminal
from imagebridge.display.fragments import shortened
from imagebridge.events import Log, Progress, ToolCall
from imagebridge.facts.models import warn_if_misspelt


def data_url(picture):
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def decoded(part):
    assert part["type"] == "input_image"
    with Image.open(BytesIO(base64.b64decode(part["image_url"].partition(",")[2]))) as image:
        return image.convert("RGB")


# Help


@pytest.mark.parametrize("command", [[], ["call"], ["tools"], ["ask"], ["demo"]], ids=" ".join)
def test_help_has_examples_and_exit_codes(command):
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert f"imagebridge {' '.join(command)}".strip() in result.stdout.partition("\n\n")[2]
    assert "Exit code: 0" in result.stdout or not command


def test_the_list_of_commands_is_the_commands():
    for name in imagebridge.list_commands(None):
        assert imagebridge.get_command(None, name).name == name


@pytest.mark.parametrize(
    "arguments",
    one_in(
        2,
        [
            ["--help"],
            ["--version"],
            ["call", "--help"],
            ["ask", "--help"],
            ["tools", "--help"],
            ["demo", "--help"],
        ],
    ),
    ids=" ".join,
)
def test_help_loads_nothing_heavy_and_no_other_command(arguments):
    code = (
        "import sys\nfrom imagebridge.cli import imagebridge\n"
        f"imagebridge.main({arguments!r}, 'imagebridge', standalone_mode=False)\n"
        "heavy = {'mcp', 'openai', 'PIL', 'rich', 'anyio', 'vl_convert', 'pydantic'}\n"
        "print('loaded', *sorted(heavy & set(sys.modules)),\n"
        "    *sorted(n for n in ('call', 'ask', 'tools', 'demo') if f'imagebridge.cli.{n}' in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    own = [arguments[0]] if len(arguments) > 1 else []
    assert done.stdout.splitlines()[-1].split() == ["loaded", *own]


@pytest.fixture(scope="module")
def without_arguments(server):
    return run("call", "mixed", "{}", "--server", server).stdout


@pytest.mark.parametrize(
    ("words", "stdin"),
    [(["null"], None), ([""], None), ([" \n"], None), (["-"], "null\n"), (["-"], "\n"), ([], None)],
)
def test_null_and_blanks_are_no_arguments(server, words, stdin, without_arguments):
    done = run("call", "mixed", *words, "--server", server, stdin=stdin)
    assert done.exit_code == 0, done.stderr
    assert done.stdout == without_arguments


# Wrong usage


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Usage:"),
        (["cal"], "No such command 'cal'. Did you mean 'call'?"),
        (["Doctr"], "No such command 'Doctr'. Did you mean 'doctor'?"),
        (["install", "cursor"], "No such command 'install'. Did you mean 'imagebridge-server install'?"),
        (["zzzzzz"], "No such command 'zzzzzz'.\n"),
        (["xyz"], "No such command 'xyz'.\n"),
        (["list"], "No such command 'list'.\n"),
        (["doc"], "No such command 'doc'. Did you mean 'doctor'?"),
        (["help"], "No such command 'help'. Did you mean 'imagebridge --help'?"),
        (["verison"], "No such command 'verison'. Did you mean 'imagebridge --version'?"),
        (["call"], "Missing argument"),
        (["call", "draw", "{bad"], "the arguments of draw are not JSON"),
        (["call", "draw", "[1]"], "must be a JSON object"),
        (["call", "draw", '{"side": NaN}'], "NaN is not a JSON value"),
        (["call", "draw", '{"a": "\\ud800"}'], "not JSON"),
        (["call", "draw", "[" * 100_000], "not JSON"),
        (["call", "draw", "{}", "more"], "'more' has no arguments"),
        (["call", "draw", "-", "more", "-"], "stdin can be read only once"),
        (["call", "draw", "--allow", "/no/such/folder"], "does not exist"),
        (["call", "draw", "--server", "x", "--allow", "."], "add it to the command line of your server"),
        (
            ["call", "draw", "--server", "x", "--allow-write", "."],
            "--allow-write is for imagebridge's own server",
        ),
        (["ask", "Draw.", "--server", "x", "--allow-https"], "--allow-https is for imagebridge's own server"),
        (["call", "draw", "--server", ""], "the command line is empty"),
        (["call", "draw", "--server", "no-such-program"], "not an executable"),
        (["tools", "--server", "no-such-program"], "not an executable"),
        (["tools", "--server", "http://127.0.0.1:9/mcp"], "cannot be reached"),
        (["tools", "--server", f'{sys.executable} -c "raise SystemExit(3)"'], "exited before it answered"),
        (["tools", "--timeout", "0"], "Invalid value"),
        (["tools", "--timeout", "nan"], "nan is not a number of seconds"),
        (["ask", "hello", "--deadline", "nan"], "nan is not a number of seconds"),
        (["call", "draw", "--allow", ""], "the folder name is empty"),
        (["call", "draw", "--allow-write", ""], "the folder name is empty"),
        (["ask", " "], "the prompt is empty: write a prompt"),
        (["ask", "-"], "the prompt is empty: nothing was read from stdin"),
        (["ask", "hello"], "set OPENAI_API_KEY"),
        (["ask", "hello", "--max-turns", "0"], "Invalid value"),
        (["demo", "--live"], "set OPENAI_API_KEY"),
        (["proxy", "--url", "http://[::1"], "its address is not a URL"),
        (["proxy", "--url", "http://h:99999/"], "a port must be from 1 to 65535"),
        (
            ["proxy", "--url", "http://h/", "--header", "A=\u20ac"],
            "its header A contains non-ASCII characters",
        ),
        (["demo", "--live", "--html", "x.html"], "--live cannot be combined with"),
        (["demo", "--html", f"{__file__}/x.html"], "cannot be written"),
        (["demo", "--save", f"{__file__}/x"], "cannot be created"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)
def test_wrong_usage_is_one_message_and_code_2(arguments, said):
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert result.stdout == ""
    assert isinstance(result.exception, SystemExit)  # no other one got away


# call and tools


def test_call_prints_the_output_item(server):
    result = run("call", "draw_square", '{"side": 40, "colour": "teal"}', "--server", server)
    assert (result.exit_code, result.stderr) == (0, "")
    item = json.loads(result.stdout)
    assert item.keys() == {"type", "call_id", "output"}
    assert (item["type"], item["call_id"]) == ("function_call_output", "call_1")
    text, picture = item["output"]
    assert text == {"type": "input_text", "text": "a teal square"}
    assert decoded(picture).getpixel((5, 5)) == (0, 128, 128)
    assert result.stdout.count("\n") == 1


def test_call_runs_pairs_in_order_and_an_error_result_is_code_1(server):
    result = run("call", "draw_square", '{"side": 8}', "broken", "{}", "mixed", "{}", "--server", server)
    assert result.exit_code == 1
    first, second, third = json.loads(result.stdout)
    assert [item["call_id"] for item in (first, second, third)] == ["call_1", "call_2", "call_3"]
    assert second["output"][0] == {"type": "input_text", "text": "Tool error:"}
    assert decoded(second["output"][2]).size == (40, 30)
    assert third["output"].startswith("before\n[not shown")


def test_call_reads_arguments_from_stdin(server):
    result = run("call", "draw_square", "-", "--server", server, stdin='{"side": 33}')
    assert decoded(json.loads(result.stdout)["output"][1]).size == (33, 33)


def test_call_takes_a_tool_alone(server):
    assert run("call", "mixed", "--server", server).exit_code == 0


@pytest.mark.parametrize(
    ("options", "detail", "size"),
    one_in(
        3,
        [
            ([], "high", (1600, 1600)),
            (["--detail", "low", "--model", "gpt-5.6-luna"], "low", (512, 512)),
            (["--detail", "original", "--model", "gpt-5.6-luna"], "original", (3000, 3000)),
        ],
    ),
)
def test_call_fits_pictures_as_asked(server, options, detail, size):
    result = run("call", "draw_square", '{"side": 3000}', "--server", server, *options)
    picture = json.loads(result.stdout)["output"][1]
    assert (picture["detail"], decoded(picture).size) == (detail, size)


def test_call_saves_the_pictures_as_sent(server, tmp_path):
    folder = tmp_path / "deep" / "pictures"
    arguments = ["draw_square", '{"side": 3000}', "broken", "{}"]
    result = run("call", *arguments, "--server", server, "--save", str(folder))
    assert sorted(file.name for file in folder.iterdir()) == ["call_1-1.png", "call_2-1.png"]
    sent = json.loads(result.stdout)[0]["output"][1]["image_url"].partition(",")[2]
    assert (folder / "call_1-1.png").read_bytes() == base64.b64decode(sent)
    first, second = result.stderr.splitlines()
    assert first.startswith(f"saved {folder / 'call_1-1.png'} (1600x1600, ")
    assert second.startswith(f"saved {folder / 'call_2-1.png'} (40x30, ")


def test_pictures_of_earlier_runs_are_kept(server, tmp_path):
    (tmp_path / "call_2-3.jpg").write_bytes(b"of a longer call")
    for side in (60, 50):
        arguments = ["draw_square", f'{{"side": {side}}}', "broken", "{}"]
        result = run("call", *arguments, "--server", server, "--save", str(tmp_path))
    numbers = {"call_1-1.png": 60, "call_3-1.png": 40, "call_4-1.png": 50, "call_5-1.png": 40}
    assert {file.name for file in tmp_path.iterdir()} == {"call_2-3.jpg", *numbers}
    widths = {name: Image.open(BytesIO((tmp_path / name).read_bytes())).width for name in numbers}
    assert widths == numbers
    assert [one.split()[1] for one in result.stderr.splitlines()] == [
        str(tmp_path / "call_4-1.png"),
        str(tmp_path / "call_5-1.png"),
    ]


@pytest.mark.parametrize(
    ("name", "meant"), [("draw.square", "draw_square"), ("Brokn", "broken"), ("zzzzzzzz", None)]
)
def test_an_unknown_tool_names_the_nearest(server, name, meant):
    result = run("call", "mixed", "{}", name, "{}", "--server", server)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"unknown tool {name!r}" in result.stderr
    assert (f"did you mean {meant!r}?" in result.stderr) is (meant is not None)
    assert "draw_square, broken, mixed" in result.stderr


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("gpt-6-lunar", ["unknown model 'gpt-6-lunar'; did you mean 'gpt-6-luna'?"]),
        ("gtp-6-luna", ["unknown model 'gtp-6-luna'; did you mean 'gpt-6-luna'?"]),
        ("gpt-6-luna", []),
        ("gpt-6-luna-2026-09-01", []),
        ("a-model-of-mine", []),
    ],
)
def test_an_unknown_model_names_the_nearest(server, model, said, caplog):
    warn_if_misspelt.cache_clear()
    result = run("call", "--server", server, "--model", model, "draw_square", '{"side": 8}')
    assert (result.exit_code, result.stderr, caplog.messages) == (0, "", said)


@pytest.mark.parametrize("reads", [True, False])
def test_a_person_at_a_terminal_is_told_what_the_relay_waits_for(reads, monkeypatch):
    monkeypatch.setattr(os, "isatty", lambda descriptor: reads and descriptor == 0)
    monkeypatch.setattr("imagebridge.relay.stdio.serve", lambda options: None)
    monkeypatch.setattr("imagebridge.cli.proxy._leave", sys.exit)
    result = run("proxy", "--", "some-server")
    said = "imagebridge proxy is waiting for an MCP host on stdin; press Ctrl+C to stop it.\n"
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", said if reads else "")


def test_tools_prints_definitions(server):
    result = run("tools", "--server", server)
    assert (result.exit_code, result.stderr) == (0, "")
    tools = json.loads(result.stdout)
    assert [tool["name"] for tool in tools[:2]] == ["draw_square", "broken"]
    assert {"type", "name", "description", "parameters", "strict"} <= tools[0].keys()


def test_shortened_data_urls_tell_their_size():
    url = "data:image/png;base64," + "A" * 4000
    item = {"output": [{"image_url": url, "text": "data: is a word"}]}
    short = shortened(item)["output"][0]
    assert short == {"image_url": f"{url[:46]}... (3 kB)", "text": "data: is a word"}


# As a real program


@pytest.mark.long
def test_our_own_server_does_what_it_is_allowed_and_stdout_is_pure(tmp_path):
    read, write = tmp_path / "read", tmp_path / "write"
    read.mkdir()
    write.mkdir()
    Image.new("RGB", (30, 20), "red").save(read / "a.png")
    pairs = [
        ("load_image", {"source": "a.png"}),
        ("load_image", {"source": "/etc/passwd"}),
        ("make_qr_code", {"text": "a", "save_as": "code.png"}),
        ("load_image", {"source": "https://127.0.0.1/a.png"}),
    ]
    arguments = [word for name, given in pairs for word in (name, json.dumps(given))]
    done = subprocess.run(
        [*MAIN, "call", *arguments, "--allow", str(read), "--allow-write", str(write), "--allow-https"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    loaded, refused_file, _, refused_address = (item["output"] for item in json.loads(done.stdout))
    assert decoded(loaded[1]).size == (30, 20)
    assert refused_file.startswith("Tool error:")
    assert (write / "code.png").read_bytes().startswith(b"\x89PNG")
    # It would fetch, but never from this machine.
    assert "https: addresses are not allowed here" not in refused_address
    assert "127.0.0.1" in refused_address


@pytest.mark.long
def test_a_closed_pipe_is_quiet(server):
    with subprocess.Popen(
        [*MAIN, "tools", "--server", server], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode != 0


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_is_quiet_and_code_130():
    # The server shows that it runs, and then never speaks MCP.
    with socket.create_server(("127.0.0.1", 0)) as ready:
        code = f"import socket, time; socket.create_connection({ready.getsockname()!r}); time.sleep(60)"
        command = shlex.join([sys.executable, "-c", code])
        with subprocess.Popen(
            [*MAIN, "tools", "--server", command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            ready.accept()[0].close()
            process.send_signal(signal.SIGINT)
            stdout, stderr = process.communicate(timeout=600)
    assert (process.returncode, stdout, stderr.strip()) == (130, b"", b"")


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_terminal_gets_short_urls_thumbnails_and_progress(server, whole):
    arguments = ["call", "draw_square", '{"side": 600, "colour": "teal"}', "--server", server]
    code, answer, beside = on_terminals(*arguments, *(["--json"] if whole else []))
    assert code == 0, answer + beside
    url = json.loads(answer)["output"][1]["image_url"]
    assert ("... (" in url) is not whole
    assert "draw_square is running" in beside
    assert "\x1b[38;2;0;128;128" in beside


ERASE = ["call", "erase", '{"folder": "/tmp/x"}']


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), pytest.param("\n", 1, marks=pytest.mark.long)])
def test_a_person_is_asked_before_something_may_be_destroyed(server, typed, code):
    found, answer, beside = on_terminals(*ERASE, "--server", server, typed=typed)
    assert found == code, answer + beside
    assert 'erase on pictures may destroy something. Arguments: {"folder": "/tmp/x"}' in beside
    output = json.loads(answer)["output"]
    refused = "Tool error:\nthe user did not approve this call to erase; it did not run"
    assert output == (refused if code else "/tmp/x is gone")


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        ([], 0, ""),
        (["--approve", "all"], 0, ""),
        (["--approve", "none"], 1, ""),
        (
            ["--approve", "ask"],
            1,
            "erase may destroy something and there is nobody to ask, so the call is refused; --approve all allows it",
        ),
    ],
)
def test_without_a_terminal_the_option_decides(server, options, code, told):
    result = run(*ERASE, "--server", server, *options)
    assert (result.exit_code, told in result.stderr) == (code, True)
    assert ("is gone" in result.stdout) is (code == 0)
    assert run("call", "broken", "--server", server, "--approve", "none").stdout.count("it failed here") == 1


def test_progress_and_warnings_of_servers_are_shown():
    from rich.console import Console

    terminal = Terminal()
    terminal._console = Console(file=StringIO(), force_terminal=True)
    call = ToolCall("paint", {}, "desk", Tool(name="paint", input_schema={"type": "object"}))
    with terminal.busy("starting"):
        terminal.on_event(Progress(call, 3, 4, "drying"))
        assert terminal._status.status == "paint: 3 of 4, drying"
        terminal.on_event(Progress(call, 0.5))
        assert terminal._status.status == "paint: 0.5"
        terminal.on_event(Log("desk", "info", "nothing"))
        terminal.on_event(Log("desk", "warning", {"paint": "low"}))
    shown = terminal._console.file.getvalue()
    assert "desk: warning: {'paint': 'low'}" in shown
    assert "nothing" not in shown


@pytest.mark.long
def test_a_terminal_without_colours_gets_no_thumbnails(server):
    arguments = ["call", "draw_square", '{"side": 60}', "--server", server]
    code, answer, beside = on_terminals(*arguments, NO_COLOR="1")
    assert code == 0, answer + beside
    assert "38;2" not in beside
    assert "▄" not in beside


SERVER = [sys.executable, "-m", "imagebridge_server"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device that is always full")
@pytest.mark.parametrize(
    "command",
    [[*MAIN, "check", "-"], [*MAIN, "--help"], [*SERVER, "--version"], [*SERVER, "install"]],
    ids=lambda command: " ".join(command[2:]),
)
def test_a_full_disk_is_one_message_and_code_1(command):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command, input="{}", stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (
        1,
        "Error: cannot write the output: No space left on device\n",
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limits of this kind")
@pytest.mark.parametrize("command", [MAIN, SERVER], ids=lambda command: command[-1])
def test_output_over_a_limit_is_one_message_and_code_1(command, tmp_path):
    # Without a buffer, Python itself loses what a short write leaves over.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    line = f"ulimit -f 1; exec {shlex.join(command)} --help --help --help"
    with (tmp_path / "long").open("wb") as out:
        out.write(b"x" * 1000)
        out.flush()
        done = subprocess.run(
            ["sh", "-c", line], stdout=out, stderr=subprocess.PIPE, text=True, env=environment, check=False
        )
    assert (done.returncode, done.stderr) == (1, "Error: cannot write the output: File too large\n")


@pytest.mark.parametrize("closed", one_in(2, [">&-", "2>&-", "<&-", ">&- 2>&- <&-"]))
@pytest.mark.parametrize(
    "arguments",
    [
        "check -",
        pytest.param("call nothing '{}' --server false", marks=pytest.mark.long),
        pytest.param("tools --server false", marks=pytest.mark.long),
    ],
)
def test_a_closed_stream_is_quiet(closed, arguments):
    line = f"echo '{{}}' | {shlex.join(MAIN)} {arguments} {closed}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1, 2)


TURNING = "begin \x9b31m \x9d0;x\x9c \u202e \u2066 \x1b]0;stolen\x07 end"


@pytest.mark.long
@pytest.mark.parametrize(
    "command",
    [
        ["call", "say", "{}"],
        *(
            pytest.param(one, marks=pytest.mark.long)
            for one in (["tools"], ["call", "say", f'{{"a": {TURNING}}}'])
        ),
    ],
)
def test_nothing_that_steers_a_terminal_reaches_it(command):
    server = shlex.join([sys.executable, "-c", SAYING, TURNING])
    _, answer, beside = on_terminals(*command, "--server", server)
    shown = answer + beside
    assert "begin" in shown
    assert not {"\x9b", "\x9d", "\u202e", "\u2066"} & set(shown)
    assert "\x1b]0;stolen" not in shown


@pytest.mark.parametrize("options", [[], ["--json"], ["--fix"], ["--fix", "--json"]])
def test_no_finding_steers_a_terminal(tmp_path, options):
    body = tmp_path / "body.json"
    content = [{"type": TURNING, "text": TURNING}]
    body.write_text(json.dumps({"model": "gpt-5.4", "input": [{"role": "user", "content": content}]}))
    _, answer, beside = on_terminals("check", body, *options)
    shown = answer + beside
    assert "begin" in shown
    assert not {"\x9b", "\x9d", "\u202e", "\u2066"} & set(shown)
    assert "\x1b]0;stolen" not in shown


SAYING = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    result = {}
    if asked.get("method") == "initialize":
        result = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "s", "version": "1"}}
    if asked.get("method") == "tools/list":
        result = {"tools": [{"name": "say", "description": sys.argv[1], "inputSchema": {"type": "object"}}]}
    if asked.get("method") == "tools/call":
        result = {"content": [{"type": "text", "text": sys.argv[1]}], "isError": True}
    if "id" in asked:
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
"""


@pytest.mark.long
def test_a_file_that_cannot_be_written_to_its_end_leaves_nothing(tmp_path):
    kept = tmp_path / "call-1.png"
    kept.write_bytes(b"kept")

    def half():
        with whole(kept) as part:
            part.write_bytes(b"half of it")
            raise OSError(errno.ENOSPC, "no space")

    with pytest.raises(OSError, match="no space"):
        half()
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"kept"]
    with whole(kept) as part:
        part.write_bytes(b"all of it")
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"all of it"]
