"""What callers send, checked before anything is paid: chat completions as OpenAI's clients write them, and rows."""

import json
from dataclasses import dataclass
from typing import Any

from fl_alliance.chain import strict_json
from fl_alliance.marketplace.engines import Message
from fl_alliance.marketplace.errors import InputRefused

MOST_BYTES = 2**18
DEFAULT_TOKENS = 256
_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_MOST_MESSAGES = 64


@dataclass(frozen=True, slots=True)
class Chat:
    """A question: of which model, what was said so far, tokens of the answer at most, and how it is to come."""

    model: int
    messages: tuple[Message, ...]
    most_tokens: int
    temperature: float
    is_streamed: bool


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of numbers for a model, not looked at yet."""

    model: int
    inputs: Any


def read_chat(body: bytes) -> Chat:
    """Return a request of `/v1/chat/completions`; raises `InputRefused`."""
    found = _object(body)
    messages = found.get("messages")
    if not isinstance(messages, list) or not 1 <= len(messages) <= _MOST_MESSAGES:
        raise InputRefused(f"messages: needed a list of 1 to {_MOST_MESSAGES}")
    if found.get("tools") or found.get("functions") or found.get("n", 1) not in (1, None):
        raise InputRefused("tools, functions, n: needed none, and one answer")
    said = tuple(_message(number, one) for number, one in enumerate(messages))
    if said[-1].role != "user":
        raise InputRefused(f"messages[{len(said) - 1}]: is the {said[-1].role}'s, needed the user's to be the last")
    given = [found.get(name) for name in ("max_completion_tokens", "max_tokens")]
    most = next((value for value in given if value is not None), DEFAULT_TOKENS)
    temperature = found.get("temperature")
    return Chat(
        model_number(found.get("model")),
        said,
        int(_number("max_tokens", most, 1, 2**16)),
        _number("temperature", 0 if temperature is None else temperature, 0, 2),
        found.get("stream") is True,
    )


def read_rows(body: bytes) -> Rows:
    """Return a request of `/v1/predict`; raises `InputRefused`."""
    found = _object(body)
    if "inputs" not in found:
        raise InputRefused("inputs: are missing, needed a list of rows")
    return Rows(model_number(found.get("model")), found["inputs"])


def model_number(name: Any) -> int:
    """Return the number in a model's name, `model-3` or 3; raises `InputRefused`."""
    text = str(name).removeprefix("model-") if isinstance(name, str | int) else ""
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= 9 and int(text)):
        raise InputRefused(f"model: given {str(name)[:60]!r}, needed a listed model's name, such as model-1")
    return int(text)


def model_name(number: int) -> str:
    """Return what clients call a model."""
    return f"model-{number}"


def parsed(content: str | bytes) -> dict[str, Any]:
    """Return a JSON object whose texts can be sent on, which have no half of a character; raises `ValueError`."""
    found = strict_json.parse(content)
    if not isinstance(found, dict):
        raise ValueError("no object")
    json.dumps(found, ensure_ascii=False).encode()
    return found


def _object(body: bytes) -> dict[str, Any]:
    try:
        return parsed(body)
    except ValueError as error:
        raise InputRefused(f"the request: is no JSON object in UTF-8 ({error})") from None


def _message(number: int, found: Any) -> Message:
    role = found.get("role") if isinstance(found, dict) else None
    if not isinstance(role, str) or role not in _ROLES:
        raise InputRefused(f"messages[{number}]: needed a role of {', '.join(_ROLES)}, and content")
    content = found.get("content")
    if isinstance(content, list) and all(isinstance(part, dict) and part.get("type") == "text" for part in content):
        content = "".join(str(part.get("text", "")) for part in content)
    if not isinstance(content, str) or not content.strip():
        raise InputRefused(f"messages[{number}]: needed content, a text")
    return Message(_ROLES[role], content)


def _number(name: str, value: Any, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise InputRefused(f"{name}: given {str(value)[:60]!r}, needed {least:g} to {most:g}")
    return value
