"""Any OpenAI-compatible server as a proposer."""

import json
import os
from collections.abc import Sequence

from fl_alliance.agent.completions import complete, require_plain
from fl_alliance.agent.tools import TOOLS

KEY = "FL_ALLIANCE_AGENT_API_KEY"
"""Environment variable with the server's API key; unset where it needs none."""


class Endpoint:
    """A chat model behind a URL.

    Parameters
    ----------
    url : str
        As `openai` takes a base URL: http(s)://HOST/v1.
    model : str
        What the server calls the model.

    Raises
    ------
    ModelUnavailable
        The URL holds a secret, or a key would travel in the open.
    """

    def __init__(self, url: str, model: str = "default") -> None:
        self._key = os.environ.get(KEY, "").strip()
        require_plain(url, has_key=bool(self._key))
        self.name, self._model = url, model

    def propose(self, words: str, context: Sequence[str]) -> str:
        """Return what the model says, without the code fence that chat models put around JSON."""
        shown = [{"role": "user", "content": f"For your information, no request:\n{text}"} for text in context]
        told = [{"role": "system", "content": instructions()}, *shown, {"role": "user", "content": words}]
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        asked = {"model": self._model, "messages": told, "temperature": 0, "max_tokens": 200}
        text = complete(self.name, asked, headers).text()
        return text.strip().removeprefix("```json").removeprefix("```").removesuffix("```").strip()


def instructions() -> str:
    """Return what a chat model is told: the tools, and to write one call as JSON."""
    tools = {
        name: {part.metadata["name"]: part.metadata["about"] for part in tool.parts()} | {"does": tool.__doc__}
        for name, tool in TOOLS.items()
    }
    return (
        "Write what the user's last message asks for as one JSON object and nothing else, such as "
        '{"tool":"transfer","to":"ada","amount":"5"}. Copy names, numbers and addresses from that message. '
        f"Tools: {json.dumps(tools)}"
    )
