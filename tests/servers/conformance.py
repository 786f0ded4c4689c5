"""The fixtures of the official conformance suite, over Streamable HTTP on a given port, otherwise over stdio.

The suite specifies their names and behaviour. Each result goes through this project's own code: `tool_result`,
`success`, `failure`, and `HostFitting` for a host that shows everything.
"""

import json
import sys
import warnings

import anyio
from mcp import MCPError
from mcp.server import MCPServer
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.server.streamable_http import EventMessage, EventStore
from mcp.shared.exceptions import MCPDeprecationWarning
from mcp.types import (
    CallToolResult,
    Completion,
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    EmbeddedResource,
    EmptyResult,
    ImageContent,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    SetLevelRequestParams,
    SubscribeRequestParams,
    TextContent,
    TextResourceContents,
    UnsubscribeRequestParams,
)
from PIL import Image
from pydantic import BaseModel, Field
from samples import b64, file, wav

from imagebridge import repair, tool_result
from imagebridge.pictures.picture import Picture
from imagebridge_server.results import HostFitting, failure, success
from imagebridge_tools import ToolOutput

warnings.simplefilter("ignore", MCPDeprecationWarning)

PIXEL = file(Image.new("RGB", (1, 1), "red"), "PNG")
RESOURCE = {"uri": "test://embedded-resource", "mimeType": "text/plain", "text": "An embedded resource."}


class Events(EventStore):
    """The events of all streams, so that a reconnecting client receives those that it missed."""

    def __init__(self):
        self.events = []

    async def store_event(self, stream_id, message):
        self.events.append((stream_id, message))
        return str(len(self.events))

    async def replay_events_after(self, last_event_id, send_callback):
        last = int(last_event_id)
        if not 0 < last <= len(self.events):
            return None
        stream = self.events[last - 1][0]
        for number, (owner, message) in enumerate(self.events[last:], last + 1):
            if owner == stream and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream


def result(*blocks):
    """Return blocks as a result, repaired as a relay would."""
    return CallToolResult.model_validate(repair({"content": list(blocks), "isError": False}))


def said(text):
    """Return a text as a result."""
    return CallToolResult.model_validate(tool_result(text))


server = MCPServer("conformance", version="1", middleware=[HostFitting("inspector")], log_level="WARNING")


@server.tool()
def test_simple_text() -> CallToolResult:
    """Returns a text."""
    return said("This is a simple text response for testing.")


@server.tool()
def test_image_content() -> CallToolResult:
    """Returns a picture."""
    return success(ToolOutput("A red pixel.", (Picture.from_bytes(PIXEL),)))


@server.tool()
def test_audio_content() -> CallToolResult:
    """Returns a sound."""
    return result({"type": "audio", "data": b64(wav()), "mimeType": "audio/wav"})


@server.tool()
def test_embedded_resource() -> CallToolResult:
    """Returns an embedded resource."""
    return result({"type": "resource", "resource": RESOURCE})


@server.tool()
def test_multiple_content_types() -> CallToolResult:
    """Returns a text, a picture and a resource."""
    picture = tool_result("Multiple content types test:", PIXEL)["content"]
    return result(
        *picture, {"type": "resource", "resource": RESOURCE | {"uri": "test://mixed-content-resource"}}
    )


@server.tool()
def test_error_handling() -> CallToolResult:
    """Fails."""
    return failure("This tool intentionally returns an error for testing")


@server.tool()
async def test_tool_with_logging(context: Context) -> CallToolResult:
    """Logs while it works."""
    for words in ("started", "is processing data", "completed"):
        await context.info(f"Tool execution {words}")
        await anyio.sleep(0.05)
    return said("Tool with logging executed successfully")


@server.tool()
async def test_logging_tool(context: Context) -> CallToolResult:
    """Logs where the request asks for it."""
    await context.info("logged")
    return said("logged")


@server.tool()
async def test_tool_with_progress(context: Context) -> CallToolResult:
    """Reports progress."""
    for step in (0, 50, 100):
        await context.report_progress(step, 100, f"Completed step {step} of 100")
        await anyio.sleep(0.05)
    return said("done")


@server.tool()
async def test_reconnection(context: Context) -> CallToolResult:
    """Closes its stream in the middle of the call."""
    await context.close_sse_stream()
    await anyio.sleep(0.2)
    return said("Reconnection test completed")


@server.tool()
async def test_sampling(prompt: str, context: Context) -> CallToolResult:
    """Asks the client's model."""
    message = SamplingMessage(role="user", content=TextContent(text=prompt))
    answer = await context.session.create_message(
        messages=[message], max_tokens=100, related_request_id=context.request_id
    )
    return said(f"LLM response: {answer.content.text}")


class Response(BaseModel):
    response: str = Field(description="User's response")


class Defaults(BaseModel):
    name: str = Field(default="John Doe", description="User name")
    age: int = Field(default=30, description="User age")
    score: float = Field(default=95.5, description="User score")
    status: str = Field(default="active", json_schema_extra={"enum": ["active", "inactive", "pending"]})
    verified: bool = Field(default=True, description="Verification status")


def titled(*names):
    return [{"const": name, "title": name.title()} for name in names]


class Enums(BaseModel):
    untitledSingle: str = Field(json_schema_extra={"enum": ["option1", "option2", "option3"]})
    titledSingle: str = Field(json_schema_extra={"oneOf": titled("value1", "value2", "value3")})
    untitledMulti: list[str] = Field(json_schema_extra={"items": {"type": "string", "enum": ["one", "two"]}})
    titledMulti: list[str] = Field(json_schema_extra={"items": {"anyOf": titled("value1", "value2")}})
    legacyEnum: str = Field(
        json_schema_extra={"enum": ["opt1", "opt2"], "enumNames": ["Option One", "Option Two"]}
    )


async def elicited(context, message, schema):
    answer = await context.elicit(message, schema)
    content = answer.data.model_dump() if answer.action == "accept" else {}
    return said(f"User response: action={answer.action}, content={json.dumps(content)}")


@server.tool()
async def test_elicitation(message: str, context: Context) -> CallToolResult:
    """Asks the user."""
    return await elicited(context, message, Response)


@server.tool()
async def test_elicitation_sep1034_defaults(context: Context) -> CallToolResult:
    """Asks the user, with defaults."""
    return await elicited(context, "Please review and update the form fields with defaults", Defaults)


@server.tool()
async def test_elicitation_sep1330_enums(context: Context) -> CallToolResult:
    """Asks the user to choose."""
    return await elicited(context, "Please select options from the enum fields", Enums)


# Rounds of questions (2026-07-28): a call is answered with questions, and asked again with the answers.


def form(message, **properties):
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def sampled(question):
    message = SamplingMessage(role="user", content=TextContent(text=question))
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=[message], max_tokens=100))


TEXT, YES = {"type": "string"}, {"type": "boolean"}
NAME = form("What is your name?", name=TEXT)


def asked(context, state=None, **requests):
    """Return the questions if an answer is missing or has the wrong form, or None if all are answered."""
    answers = context.input_responses or {}
    if all(key in answers and answers_to(request, answers[key]) for key, request in requests.items()):
        return None
    return InputRequiredResult(input_requests=requests, request_state=state)


def answers_to(request, answer):
    if not isinstance(request, ElicitRequest):
        return True
    content = getattr(answer, "content", None) or {}
    kinds = {"string": str, "boolean": bool}
    schema = request.params.requested_schema
    found = {key: kinds[value["type"]] for key, value in schema["properties"].items()}
    return answer.action != "accept" or all(isinstance(content.get(key), kind) for key, kind in found.items())


@server.tool()
def test_input_required_result_elicitation(context: Context) -> CallToolResult | InputRequiredResult:
    """Asks for a name."""
    return asked(context, user_name=NAME) or said("Hello!")


@server.tool()
def test_input_required_result_sampling(context: Context) -> CallToolResult | InputRequiredResult:
    """Asks the model."""
    return asked(context, capital_question=sampled("What is the capital of France?")) or said("Paris.")


@server.tool()
def test_input_required_result_list_roots(context: Context) -> CallToolResult | InputRequiredResult:
    """Asks for roots."""
    return asked(context, client_roots=ListRootsRequest()) or said("Thank you.")


@server.tool()
def test_input_required_result_request_state(context: Context) -> CallToolResult | InputRequiredResult:
    """Asks, and wants its state back."""
    question = asked(context, "request-state", confirm=form("Please confirm", ok=YES))
    return question or said(f"state-ok: {context.request_state}")


@server.tool()
def test_input_required_result_tampered_state(context: Context) -> CallToolResult | InputRequiredResult:
    """Asks, and takes no other state back."""
    return asked(context, "tampered-state", confirm=form("Please confirm", ok=YES)) or said("confirmed")


@server.tool()
def test_input_required_result_multiple_inputs(context: Context) -> CallToolResult | InputRequiredResult:
    """Asks three things at once."""
    three = {"user_name": NAME, "greeting": sampled("Write a greeting"), "client_roots": ListRootsRequest()}
    return asked(context, "multiple-inputs", **three) or said("All answered.")


@server.tool()
def test_input_required_result_multi_round(context: Context) -> CallToolResult | InputRequiredResult:
    """Asks two things, one after the other."""
    if context.request_state != "second":
        if question := asked(context, "first", step1=form("Step 1: What is your name?", name=TEXT)):
            return question
        return InputRequiredResult(
            input_requests={"step2": form("Step 2: What is your favorite color?", color=TEXT)},
            request_state="second",
        )
    return asked(context, "second", step2=form("Step 2: What is your favorite color?", color=TEXT)) or said(
        "Done."
    )


@server.tool()
def test_input_required_result_capabilities(context: Context) -> CallToolResult | InputRequiredResult:
    """Asks only what the client can answer."""
    can = context.client_capabilities
    questions = {"name": NAME} if can and can.elicitation else {}
    questions |= {"greeting": sampled("Write a greeting")} if can and can.sampling else {}
    return (asked(context, **questions) if questions else None) or said("Done.")


@server.tool()
def test_streaming_elicitation(context: Context) -> CallToolResult | InputRequiredResult:
    """Asks while its answer streams."""
    return asked(context, user_name=NAME) or said("Hello!")


@server.tool()
def test_missing_capability(context: Context) -> CallToolResult:
    """Needs a client that samples."""
    if context.client_capabilities is None or context.client_capabilities.sampling is None:
        needed = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(code=-32021, message="this tool needs sampling", data=needed)
    return said("The client samples.")


@server.tool()
async def test_trigger_tool_change(context: Context) -> CallToolResult:
    """Tells that the tools changed."""
    await context.notify_tools_changed()
    return said("told")


@server.tool()
async def test_trigger_prompt_change(context: Context) -> CallToolResult:
    """Tells that the prompts changed."""
    await context.notify_prompts_changed()
    return said("told")


@server.tool()
def json_schema_2020_12_tool() -> CallToolResult:
    """Has a schema of many words."""
    return said("ok")


server._tool_manager.get_tool("json_schema_2020_12_tool").parameters = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": TEXT, "city": TEXT},
        }
    },
    "properties": {
        "name": TEXT,
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": TEXT,
        "email": TEXT,
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


@server.resource("test://static-text", mime_type="text/plain")
def static_text() -> str:
    """A text."""
    return "This is the content of the static text resource."


@server.resource("test://static-binary", mime_type="image/png")
def static_binary() -> bytes:
    """A picture."""
    return PIXEL


@server.resource("test://template/{id}/data", mime_type="application/json")
def template(id: str) -> str:  # noqa: A002  # the name that the suite puts into the address
    """A text for each id."""
    return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})


@server.resource("test://watched-resource", mime_type="text/plain")
def watched() -> str:
    """A text that may change."""
    return "Watched resource content"


@server.prompt()
def test_simple_prompt() -> list[UserMessage]:
    """Has no arguments."""
    return [UserMessage("This is a simple prompt for testing.")]


@server.prompt()
def test_prompt_with_arguments(arg1: str, arg2: str) -> list[UserMessage]:
    """Repeats its arguments."""
    return [UserMessage(f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'")]


@server.prompt()
def test_prompt_with_embedded_resource(resourceUri: str) -> list[UserMessage]:
    """Embeds a resource."""
    text = TextResourceContents(uri=resourceUri, mime_type="text/plain", text="Embedded resource content.")
    return [UserMessage(EmbeddedResource(resource=text)), UserMessage("Please process the resource above.")]


@server.prompt()
def test_prompt_with_image() -> list[UserMessage]:
    """Shows a picture."""
    block = tool_result("", PIXEL)["content"][1]
    return [UserMessage(ImageContent.model_validate(block)), UserMessage("Please analyze the picture above.")]


@server.prompt()
def test_input_required_result_prompt(context: Context) -> list[UserMessage] | InputRequiredResult:
    """Asks before it says something."""
    question = asked(context, user_context=form("What context should the prompt use?", context=TEXT))
    return question or [UserMessage("A prompt in context.")]


@server.completion()
async def complete(ref, argument, context) -> Completion:
    """Completes nothing."""
    return Completion(values=[], total=0, has_more=False)


async def accepted(context: ServerRequestContext, params: BaseModel) -> EmptyResult:
    """Does nothing."""
    return EmptyResult()


for method, kind in {
    "logging/setLevel": SetLevelRequestParams,
    "resources/subscribe": SubscribeRequestParams,
    "resources/unsubscribe": UnsubscribeRequestParams,
}.items():
    server._lowlevel_server.add_request_handler(method, kind, accepted)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        server.run("stdio")
    else:
        server.run(
            "streamable-http",
            host="127.0.0.1",
            port=int(sys.argv[1]),
            event_store=Events(),
            retry_interval=100,
        )
