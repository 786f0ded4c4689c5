"""Serves a web page that shows what a model writes, calls and sees as it happens.

One route starts a run and sends its events to the browser as server-sent events; pictures are included as data URLs.
Start it with OPENAI_API_KEY set: uvicorn --app-dir examples web_app:app
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from openai import APIError, AsyncOpenAI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, StreamingResponse
from starlette.routing import Route

from imagebridge import Bridge, BridgeError
from imagebridge.events import Answered, Called, TextDelta

PAGE = """<!doctype html><meta charset="utf-8"><title>Ask</title>
<form><input name="q" size="60" value="Draw 3, 1 and 4 as bars. Which one is the highest?"><button>Ask</button></form>
<p id="calls"></p><div id="pictures"></div><p id="text"></p>
<script>
const add = {
  text: words => text.append(words),
  call: name => calls.append(name + "() "),
  failed: words => text.append(" The run failed: " + words),
  picture: url => { const image = new Image(); image.src = url; image.style.maxWidth = "100%"; pictures.append(image) },
}
document.forms[0].onsubmit = event => {
  event.preventDefault()
  for (const part of [text, calls, pictures]) part.replaceChildren()
  const source = new EventSource("ask?q=" + encodeURIComponent(event.target.q.value))
  for (const kind in add) source.addEventListener(kind, event => add[kind](JSON.parse(event.data)))
  source.addEventListener("end", () => source.close())
  source.onerror = () => source.close()  // otherwise the browser connects again, which repeats the run
}
</script>"""


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[dict[str, object]]:
    """Keep one bridge open for all requests, so that its servers are started only once."""
    async with AsyncOpenAI() as client, Bridge("imagebridge-server") as bridge:
        yield {"client": client, "bridge": bridge}


async def page(_: Request) -> HTMLResponse:
    return HTMLResponse(PAGE)


async def ask(request: Request) -> StreamingResponse:
    return StreamingResponse(events(request), media_type="text/event-stream")


async def events(request: Request) -> AsyncIterator[str]:
    """Yield what happens as server-sent events; the last one is "end", even if the run fails."""
    try:
        async for event in run(request):
            yield event
    except (APIError, BridgeError) as error:
        yield sent("failed", str(error))
    yield sent("end", "")


async def run(request: Request) -> AsyncIterator[str]:
    bridge, client = request.state.bridge, request.state.client
    async for event in bridge.stream(client, model="gpt-6-luna", input=request.query_params["q"]):
        match event:
            case TextDelta(text):
                yield sent("text", text)
            case Called(call):
                yield sent("call", call["name"])
            case Answered(answer):
                for picture in answer.translation.pictures:
                    yield sent("picture", picture.picture.data_url)


def sent(kind: str, data: str) -> str:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n"


app = Starlette(routes=[Route("/", page), Route("/ask", ask)], lifespan=lifespan)
