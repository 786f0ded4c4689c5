"""Names the tests that prove each row of docs/blocks.md and each public name, and checks this in both directions.

A row or a name without a test fails here, and so does a test that is named here and is not there, or proves what is promised
no more. More tests than those named prove most of them: these are where to look first.
"""

import ast
import importlib
import inspect
import re
from functools import cache
from pathlib import Path

import pytest
from test_surface import ADAPTERS

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "blocks.md").read_text(encoding="utf-8")
MODULES = (
    "imagebridge",
    "imagebridge.events",
    "imagebridge.testing",
    "imagebridge.testing.fixtures",
    "imagebridge_server",
)

BLOCKS = {
    "text": [
        "bridge/translate/test_blocks.py::test_block_becomes",
        "bridge/translate/test_hidden.py::test_a_picture_hidden_in_text_is_brought_out",
        "bridge/translate/test_hidden.py::test_other_text_stays_as_it_is",
        "bridge/translate/test_terminal_codes.py::test_codes_are_taken_out",
    ],
    "text that consists of an SVG": [
        "bridge/translate/test_blocks.py::test_a_text_that_is_wholly_an_svg_is_a_picture",
        "bridge/translate/test_blocks.py::test_a_text_that_says_more_than_an_svg_stays_text",
    ],
    "image: PNG, JPEG, WebP, still GIF": [
        "bridge/translate/test_blocks.py::test_block_becomes",
        "bridge/pictures/test_picture.py::test_a_sound_file_is_known_by_its_bytes",
    ],
    "larger than the model can see": [
        "bridge/translate/test_result.py::test_a_large_picture_is_shrunk_to_what_the_model_sees_and_the_scale_told",
        "bridge/translate/test_strips.py::test_what_is_said_of_long_pages",
    ],
    "BMP, TIFF, AVIF, HEIC, JPEG 2000, ICO, PNM, SVG, CMYK, 16 bits, PNG with a gamma or primaries of its own, rotated by EXIF": [
        "bridge/translate/test_blocks.py::test_other_formats_are_converted",
        "bridge/translate/test_blocks.py::test_heic_is_converted",
        "bridge/translate/test_blocks.py::test_sixteen_bits_of_grey_keep_their_brightness",
        "bridge/pictures/test_colour_spaces.py::test_the_gamma_of_a_png_is_applied_where_it_is_converted",
        "bridge/pictures/test_colour_spaces.py::test_the_primaries_of_a_png_are_applied_where_it_is_converted",
        "bridge/translate/test_blocks.py::test_a_picture_lying_on_its_side_is_set_upright",
    ],
    "an animation": [
        "bridge/translate/test_blocks.py::test_an_animation_becomes_a_contact_sheet",
        "bridge/translate/test_blocks.py::test_at_most_nine_frames_evenly_chosen",
    ],
    "broken, not base64, a decompression bomb": [
        "bridge/translate/test_blocks.py::test_block_becomes",
        "bridge/translate/test_blocks.py::test_a_bomb_becomes_a_sentence",
    ],
    "embedded resource, a block of type `blob`": [
        "bridge/translate/test_blocks.py::test_block_becomes",
        "bridge/translate/test_blocks.py::test_documents_have_real_file_names",
    ],
    "link": [
        "bridge/translate/test_blocks.py::test_block_becomes",
        "bridge/translate/test_blocks.py::test_links_are_passed_on_by_policy",
        "bridge/agent/test_bridge.py::test_links_to_pictures_on_the_server_are_read",
    ],
    "audio, blocks of unknown type": ["bridge/translate/test_blocks.py::test_block_becomes"],
    "structured content": [
        "bridge/translate/test_structured_content.py::test_what_the_blocks_say_is_not_said_again",
        "bridge/translate/test_structured_content.py::test_what_is_new_is_said",
        "bridge/translate/test_structured_content.py::test_base64_of_a_block_never_comes_back_as_text",
    ],
    "an error": [
        "bridge/translate/test_result.py::test_result_becomes",
        "bridge/translate/test_result.py::test_the_mark_of_an_error_is_never_cut",
    ],
    "nothing": ["bridge/translate/test_result.py::test_result_becomes"],
}
"""By what came from MCP, as docs/blocks.md names it."""

_TOLD = "bridge/agent/test_loop_ways.py::test_a_stream_tells_all_that_a_user_interface_shows"
_PLAYED = "bridge/testing/test_endpoint.py::test_a_conversation_plays_its_steps_in_order"
_SERVED = "server/http/test_application.py::test_an_sdk_client_lists_and_calls"

NAMES = {
    "imagebridge": {
        "Bridge": ("bridge/agent/test_bridge.py::test_every_call_is_answered_in_order_and_truthfully",),
        "BridgeError": ("bridge/agent/test_bridge.py::test_all_servers_that_fail_are_named",),
        "Finding": ("bridge/check/test_check.py::test_a_dump_is_explained_with_its_tokens",),
        "HttpServer": ("bridge/client/test_http.py::test_a_picture_of_more_than_the_sdks_limit_arrives",),
        "Picture": ("bridge/pictures/test_picture.py::test_a_sound_file_is_known_by_its_bytes",),
        "Policy": ("bridge/translate/test_result.py::test_a_policy_that_means_nothing_is_refused",),
        "Reply": ("bridge/agent/test_loop.py::test_run",),
        "Translation": (
            "bridge/translate/test_result.py::test_a_translation_shows_its_account_and_no_bytes",
        ),
        "Uploads": ("bridge/agent/test_uploads.py::test_once_by_id_and_deleted_at_the_end",),
        "chat_messages": (
            "bridge/providers/test_chat.py::test_tool_messages_first_then_one_user_message_that_names_each_picture",
        ),
        "chat_part": ("bridge/providers/test_chat.py::test_a_part_of_responses_in_the_form_of_chat",),
        "chat_tools": ("bridge/schemas/test_definitions.py::test_strict_only_where_the_schema_satisfies_it",),
        "check": ("bridge/check/test_check.py::test_a_typical_mistake_is_named",),
        "function_call_output": ("bridge/agent/test_loop.py::test_an_own_loop_with_no_bridge_at_all",),
        "output_items": ("bridge/providers/test_chat.py::test_native_outputs_need_no_user_message",),
        "output_parts": ("bridge/translate/test_blocks.py::test_block_becomes",),
        "repair": ("bridge/repair/test_repair.py::test_a_malformed_block_is_mended_or_told",),
        "replace_images": ("bridge/conversation/test_history.py::test_replace_images",),
        "responses_tools": ("bridge/schemas/test_definitions.py::test_definition",),
        "tool_names": (
            "bridge/schemas/test_definitions.py::test_names_are_legal_readable_and_do_not_depend_on_order",
        ),
        "tool_result": ("bridge/repair/test_compose.py::test_text_then_pictures_of_any_origin",),
        "translate": ("bridge/translate/test_result.py::test_the_account",),
        "trim": ("bridge/conversation/test_history.py::test_budgets",),
    },
    "imagebridge.events": {
        **dict.fromkeys(
            ("Answer", "Answered", "Called", "Event", "HostedTool", "Item", "Progress", "ReasoningDelta"),
            (_TOLD,),
        ),
        **dict.fromkeys(("Replied", "Reply", "Responded", "TextDelta", "ToolCall"), (_TOLD,)),
        "Log": ("bridge/client/test_connection.py::test_progress_and_logs_are_heard",),
        "Retried": ("bridge/agent/test_loop_faults.py::test_a_stream_that_breaks_off_is_said_to_begin_anew",),
    },
    "imagebridge.testing": {
        **dict.fromkeys(("Call", "Endpoint", "Exchange", "Output", "Step"), (_PLAYED,)),
        "Cut": ("bridge/agent/test_loop_faults.py::test_a_stream_that_breaks_off_is_said_to_begin_anew",),
        "Events": ("bridge/agent/test_odd_endpoints.py::test_raw_events_are_sent_as_given_and_nothing_else",),
        "Fault": ("bridge/agent/test_loop_faults.py::test_what_passes_costs_nothing",),
        "Late": ("bridge/agent/test_loop_faults.py::test_a_deadline_ends_a_slow_request",),
        "Odd": ("bridge/agent/test_odd_endpoints.py::test_the_answer_is_right_however_it_is_sent",),
        **dict.fromkeys(
            ("RULES", "Rule"),
            ("bridge/rules/test_rules.py::test_every_rule_is_broken_by_a_row_and_says_where_it_comes_from",),
        ),
        **dict.fromkeys(
            ("SeenPicture", "pictures"),
            ("bridge/testing/test_seen.py::test_seen_pictures_tell_all_about_themselves",),
        ),
        "without": ("bridge/testing/test_endpoint.py::test_rules_can_be_switched_off",),
    },
    "imagebridge.testing.fixtures": dict.fromkeys(
        ("StartEndpoint", "endpoint"),
        ("bridge/testing/test_services.py::test_the_fixture_checks_what_a_passed_test_left",),
    ),
    "imagebridge_server": {
        "Settings": ("server/test_settings.py::test_what_may_be_written_and_fetched",),
        "build_server": ("server/test_app.py::test_tools_are_told_in_full",),
        "create_app": (_SERVED,),
    },
}
"""By the module that exports them."""

_ADAPTED = (
    "compat/test_frameworks.py::test_kinds_that_arrive_right",
    "compat/test_frameworks.py::test_the_program_on_its_page_shows_a_picture",
)
_OPEN = (
    "compat/test_frameworks.py::test_mishaps_are_told_and_the_next_call_is_made",
    "compat/test_frameworks.py::test_a_bridge_that_is_not_open_says_so",
)
FRAMEWORKS = {
    "imagebridge.frameworks.langchain": {"interceptor": _ADAPTED, "tools": (*_ADAPTED, *_OPEN)},
    "imagebridge.frameworks.openai_agents": {"tools": (*_ADAPTED, *_OPEN)},
    "imagebridge.frameworks.pydantic_ai": {"toolset": (*_ADAPTED, *_OPEN)},
}
"""Adapters, by their modules: .ci/run tests them, each with its framework in an environment of its own."""

EACH_TIME = sorted({one for group in (BLOCKS, *NAMES.values()) for tests in group.values() for one in tests})
NAMED = sorted({*EACH_TIME, *_ADAPTED, *_OPEN})


def test_each_row_of_the_table_has_tests_and_no_other():
    rows = re.findall(r"^\| (.+?) \| ", PAGE, re.MULTILINE)
    assert rows[0] == "from MCP"
    assert list(BLOCKS) == rows[1:]
    assert all(BLOCKS.values())


def test_each_public_name_has_tests_and_no_other():
    assert {module: sorted(importlib.import_module(module).__all__) for module in MODULES} == {
        module: sorted(names) for module, names in NAMES.items()
    }
    assert {module: sorted(names) for module, names in FRAMEWORKS.items()} == ADAPTERS
    assert all(tests for names in (*NAMES.values(), *FRAMEWORKS.values()) for tests in names.values())


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (module, name)
        for module, names in NAMES.items()
        for name in names
        if inspect.isfunction(getattr(importlib.import_module(module), name))
    ],
)
def test_a_function_is_called_where_its_tests_are(module, name):
    for path in {one.partition("::")[0] for one in NAMES[module][name]}:
        assert re.search(rf"\b{name}\(", (TESTS / path).read_text(encoding="utf-8")), path


@cache
def functions(path):
    """Return the tests of a file by their names."""
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    return {
        node.name: node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


@pytest.mark.parametrize("named", NAMED)
def test_what_is_named_is_there(named):
    path, _, name = named.partition("::")
    assert name in functions(path)


@pytest.mark.parametrize("named", EACH_TIME)
def test_what_is_named_runs_each_time(named):
    path, _, name = named.partition("::")
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    whole = [ast.unparse(one) for one in tree.body if ast.unparse(one).startswith("pytestmark")]
    marks = [*whole, *(ast.unparse(one) for one in functions(path)[name].decorator_list)]
    left_out = re.compile(
        r"(pytestmark = \[?|^)pytest\.mark\.(long|skip|compat|wheel|environments|benchmark)\b"
    )
    assert not [one for one in marks if left_out.search(one)]
