"""A policy behind an OpenAI-compatible HTTP server (vLLM, SGLang, llama.cpp, a hosted model)."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from prmkit.contracts import Completion
from prmkit.errors import ConfigError, EndpointError
from prmkit.policy.prompt import Prompt, draw_key, first_samples
from prmkit.types import Problem

PASSING = (408, 409, 429, 500, 502, 503, 504)
"""HTTP states after which the same request may succeed."""


class EndpointPolicy:
    """Draws completions over HTTP, one request per completion, several at a time.

    Each request carries its own seed, made from the seed of the call and the request's text, so that a
    server that honours seeds gives the same text whatever else is asked. What was written so far
    continues the prompt; for a chat prompt it is sent as an unfinished assistant turn with
    ``continue_final_message``, which vLLM and SGLang understand.

    Args:
        url: Base address, such as ``http://127.0.0.1:8000/v1``.
        model: Name of the model on that server.
        prompt: How a problem becomes text; ``chat`` chooses ``/chat/completions``.
        max_new_tokens: Longest completion.
        key_name: Environment variable that holds the key; no key is sent when it is empty.
        seconds: Time limit of one request.
        tries: Attempts per request; the waiting time doubles from one to the next.
        wait: Seconds before the second attempt.
        workers: Requests under way at once.
        stop: Texts at which the server ends a completion.

    Raises:
        ConfigError: The address is neither http nor https.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        prompt: Prompt | None = None,
        max_new_tokens: int = 1024,
        key_name: str = "OPENAI_API_KEY",
        seconds: float = 120.0,
        tries: int = 4,
        wait: float = 1.0,
        workers: int = 16,
        stop: Sequence[str] = (),
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise ConfigError(
                f"{url!r} is no web address", do="begin it with http:// or https://", field="url"
            )
        self.url = url.rstrip("/")
        self.model = model
        self.prompt = prompt or Prompt()
        self.max_new_tokens = max_new_tokens
        self.key_name = key_name
        self.seconds, self.tries, self.wait = seconds, tries, wait
        self.workers = workers
        self.stop = tuple(stop)

    def complete(
        self, requests: Sequence[tuple[Problem, str]], *, n: int, seed: int, temperature: float = 1.0
    ) -> list[list[Completion]]:
        """``n`` continuations for each (problem, text written so far), in the order asked.

        Raises:
            EndpointError: The server cannot be reached, refuses, or answers in another shape.
        """
        jobs = [
            self._body(problem, written, draw_key(seed, problem, written, first + j), temperature)
            for (problem, written), first in zip(requests, first_samples(requests, n), strict=True)
            for j in range(n)
        ]
        with ThreadPoolExecutor(self.workers) as pool:
            drawn = list(pool.map(self._ask, jobs))
        return [drawn[i * n : (i + 1) * n] for i in range(len(requests))]

    def _body(self, problem: Problem, written: str, key: int, temperature: float) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.model,
            "max_tokens": self.max_new_tokens,
            "temperature": temperature,
            "seed": key % (1 << 31),
            "n": 1,
        }
        if self.stop:
            body["stop"] = list(self.stop)
        if not self.prompt.chat:
            return {**body, "prompt": self.prompt.text(problem, written)}
        turns = self.prompt.turns(problem)
        if not written:
            return {**body, "messages": turns}
        turns.append({"role": "assistant", "content": written})
        return {**body, "messages": turns, "continue_final_message": True, "add_generation_prompt": False}

    def _ask(self, body: dict[str, Any]) -> Completion:
        answer = self._post("/chat/completions" if "messages" in body else "/completions", body)
        try:
            choice = answer["choices"][0]
            text = choice["message"]["content"] if "messages" in body else choice["text"]
            used = (answer.get("usage") or {}).get("completion_tokens")
            if not isinstance(text, str):
                raise TypeError(f"the text is a {type(text).__name__}")
        except (KeyError, IndexError, TypeError) as error:
            raise EndpointError(
                f"{self.url} answered in another shape: {error!r}",
                do="check that the address is that of an OpenAI-compatible server, with /v1",
            ) from error
        # Without a count from the server, four characters stand for a token.
        tokens = used if isinstance(used, int) else max(1, len(text) // 4)
        return Completion(text, tokens, None, choice.get("finish_reason") != "length")

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        headers = {"Content-Type": "application/json"}
        key = os.environ.get(self.key_name, "")
        if key:
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        said = ""
        for attempt in range(self.tries):
            if attempt:
                time.sleep(self.wait * 2 ** (attempt - 1))
            try:
                with urllib.request.urlopen(request, timeout=self.seconds) as reply:
                    return json.load(reply)
            except urllib.error.HTTPError as error:
                said = f"HTTP {error.code}: {error.read(300).decode('utf-8', 'replace')}"
                if error.code not in PASSING:
                    break
            except (urllib.error.URLError, TimeoutError, ConnectionError, ValueError) as error:
                said = str(error)
        raise EndpointError(
            f"{self.url}{path} gave no completion: {said}",
            do=f"check that the server runs, serves {self.model!r}, and that {self.key_name} holds the key",
        )
