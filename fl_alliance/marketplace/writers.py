"""Models that speak: an Arena winner's adapter, a chat model through llama.cpp, an OpenAI-compatible backend."""

import os
import queue
import secrets
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fl_alliance.arena.kinds.errors import KindError
from fl_alliance.chain import strict_json
from fl_alliance.marketplace.engines import Message, Read
from fl_alliance.marketplace.errors import EngineFailed, ExtraMissing, InputRefused

CONTEXT = 4096
"""Tokens of the chat model's context, of the 8,192 that it can: what a question with its documents takes."""
_REMOTE_TIMEOUT_S = 120.0


class Adapted:
    """A base model with an adapter of the kind `lm-lora`: answers the last message, as it was trained to."""

    most_tokens = 256

    def __init__(self, kind: Any, artifact: bytes) -> None:
        self._base, self._adapter = kind.base, kind.load(artifact)

    def answer(self, messages: Sequence[Message], most_tokens: int, temperature: float) -> Iterator[str | Read]:
        """Yield the likeliest answer to the last message; its temperature is 0 whatever is asked for."""
        from fl_alliance.arena.kinds.lm.writing import written

        prompt = messages[-1].content
        yield Read(len(self._base.tokenizer.frame(prompt)))
        try:
            yield from written(self._base, self._adapter, prompt, most_tokens)
        except KindError as error:
            raise InputRefused(str(error)) from None


class LlamaCpp:
    """A chat model in a GGUF file, through llama.cpp in this process; its own listener is closed by a secret key.

    Parameters
    ----------
    path : Path
        The file.
    threads : int
        Cores; by default all but one.

    Raises
    ------
    ExtraMissing
        The extra `market` is not installed.
    """

    most_tokens = 1024

    def __init__(self, path: Path, threads: int = 0) -> None:
        try:
            import xllamacpp
        except ImportError:
            raise ExtraMissing("a chat model", "xllamacpp") from None
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_ctx, params.n_parallel, params.verbosity, params.warmup = CONTEXT, 1, -1, False
        params.api_keys = [secrets.token_hex(32)]
        cores = threads or max(1, (os.cpu_count() or 2) - 1)
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = cores
        self._server = xllamacpp.Server(params)

    def answer(self, messages: Sequence[Message], most_tokens: int, temperature: float) -> Iterator[str | Read]:
        """Yield the answer as llama.cpp writes it; who stops listening stops it."""
        asked = _request(messages, most_tokens, temperature) | {"seed": 0}
        pieces: queue.Queue[Any] = queue.Queue()
        left = threading.Event()

        def heard(chunk: Any) -> bool:
            pieces.put(chunk)
            return left.is_set()  # true stops it

        def work() -> None:
            try:
                self._server.handle_chat_completions(asked, heard)
                pieces.put(None)
            except Exception as error:  # whatever llama.cpp throws means that there is no answer
                pieces.put(error)

        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        try:
            while (chunk := pieces.get()) is not None:
                yield from _said(chunk)
        finally:
            left.set()
            worker.join()


class Remote:
    """A model behind an OpenAI-compatible URL.

    Parameters
    ----------
    url : str
        Up to and with `/v1`.
    model : str
        What it is called there.
    key_env : str
        Environment variable with the backend's key; without one no key is sent.
    """

    most_tokens = 4096

    def __init__(self, url: str, model: str, key_env: str) -> None:
        self._url, self._model, self._key_env = url.rstrip("/"), model, key_env

    def answer(self, messages: Sequence[Message], most_tokens: int, temperature: float) -> Iterator[str | Read]:
        """Yield the answer's pieces as the backend sends them, each counted as a token."""
        import httpx

        key = os.environ.get(self._key_env, "")
        asked = _request(messages, most_tokens, temperature) | {"model": self._model}
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        url = f"{self._url}/chat/completions"
        try:
            with httpx.stream("POST", url, json=asked, headers=headers, timeout=_REMOTE_TIMEOUT_S) as response:
                if response.status_code != httpx.codes.OK:
                    raise EngineFailed(f"the backend answered {response.status_code}, needed 200")
                for line in response.iter_lines():
                    if line.startswith("data: {"):
                        yield from _said(strict_json.parse(line.removeprefix("data: ")))
        except (httpx.HTTPError, ValueError) as error:
            raise EngineFailed(f"the backend failed: {type(error).__name__}") from None


def _request(messages: Sequence[Message], most_tokens: int, temperature: float) -> dict[str, Any]:
    """Return a request for a stream that ends with what was read and said."""
    asked: dict[str, Any] = {"messages": [{"role": one.role, "content": one.content} for one in messages]}
    asked |= {"max_tokens": most_tokens, "temperature": temperature}
    return asked | {"stream": True, "stream_options": {"include_usage": True}}


def _said(chunk: Any) -> Iterator[str | Read]:
    """Yield what a chunk of a streamed completion says, and what it tells of what was read."""
    if isinstance(chunk, Exception):
        raise EngineFailed(f"the model failed: {chunk}")
    if not isinstance(chunk, dict) or "error" in chunk:
        raise EngineFailed("the model answered with an error")
    for choice in chunk.get("choices") or []:
        if text := (choice.get("delta") or {}).get("content"):
            yield str(text)
    usage = chunk.get("usage")
    if isinstance(usage, dict) and isinstance(tokens := usage.get("prompt_tokens"), int):
        yield Read(max(0, tokens))
