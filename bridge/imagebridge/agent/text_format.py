"""`text_format`: the type of the model's answer, described to the API and used to parse the answer."""

from typing import Any

from imagebridge.errors import ResponseError


class TextFormat:
    """One type: a pydantic model or a pydantic dataclass.

    Raises:
        TypeError: the SDK cannot describe this type to the API.
    """

    def __init__(self, wanted: Any) -> None:
        # The SDK has no public name for the schema that it would send (openai 3.57).
        from openai.lib._parsing._completions import type_to_response_format_param

        self._wanted = wanted
        self.chat: Any = type_to_response_format_param(wanted)
        """The `response_format` of Chat Completions."""
        self.responses: Any = {"type": "json_schema", **self.chat["json_schema"]}
        """The `text.format` of the Responses API."""

    def read(self, text: str, cut: str | None) -> object:
        """Return the answer as an instance of the type. `cut` is the reason if it is cut off.

        Raises:
            ResponseError: the text does not match the type.
        """
        from pydantic import TypeAdapter, ValidationError

        adapter: TypeAdapter[Any] = TypeAdapter(self._wanted)
        try:
            return adapter.validate_json(text)
        except ValidationError as error:  # all of which the message repeats
            if cut:
                raise ResponseError(f"the answer is cut off: {cut}", "incomplete") from None
            problem = f"the model's text does not match text_format: {error}"
            raise ResponseError(problem, "invalid_form") from None
