"""The sources of the rules. Pages change; the date of each rule says when its page was read."""

_GITHUB = "https://github.com"
_GUIDES = "https://developers.openai.com/api/docs/guides"

VISION = f"{_GUIDES}/images-vision"
FILES = f"{_GUIDES}/file-inputs"
DEPLOYMENT = f"{_GUIDES}/deployment-checklist"
REASONING = f"{_GUIDES}/reasoning"
GPT_6_2 = "https://developers.openai.com/api/docs/models/gpt-6.2-sol"
FUNCTIONS = f"{_GUIDES}/function-calling"
SPECIFICATION = f"{_GITHUB}/openai/openai-openapi/blob/f85dbe223d40e1a31cba812ab2d755c7e98a92a3/openapi.json"
TYPES = f"{_GITHUB}/openai/openai-python/tree/v3.54.0/src/openai/types/responses"
CHAT_TYPES = f"{_GITHUB}/openai/openai-python/tree/v3.54.0/src/openai/types/chat"
JSON_STANDARD = "https://www.rfc-editor.org/rfc/rfc8259#section-8.2"
OURS = "imagebridge.rules"


def issue(repository: str, number: int) -> str:
    """Return the address of a report."""
    return f"{_GITHUB}/{repository}/issues/{number}"
