"""A policy from a model folder: batched sampling with a key-value cache, and token surprisal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformers import AutoModelForCausalLM

from prmkit.budget import Budget
from prmkit.contracts import Completion
from prmkit.encode.assemble import writable
from prmkit.errors import ConfigError
from prmkit.model.folder import load_tokenizer, load_weights
from prmkit.model.token_reader import TokenReader
from prmkit.policy.decode import decode
from prmkit.policy.prompt import Prompt, draw_key, first_samples
from prmkit.policy.sampling import uniforms
from prmkit.types import Problem


class Reading(NamedTuple):
    """What the policy thought of a text that others wrote."""

    spans: list[tuple[int, int]]
    """Characters of each token, counted in the text (the prompt left out)."""
    logprobs: list[float]
    """Log-probability of each token, in nats."""
    end: int
    """One past the last character that fitted into the model's context."""


class _Draw(NamedTuple):
    """One completion still to be drawn."""

    request: int
    key: int


class HFPolicy:
    """Samples from a causal model folder.

    The text of a draw depends on the seed and on its own request, not on what else is drawn
    in the same call (up to the rounding of batched matrix products).

    Args:
        path: Model folder with tokenizer, or a loaded causal model.
        tokenizer: Needed when ``path`` is a loaded model.
        device: Where the model runs.
        dtype: Floating type of the weights.
        prompt: How a problem becomes text.
        max_new_tokens: Longest completion.
        batch_tokens: Rows of a batch times their longest possible length stay below this.

    Raises:
        CheckpointError: The folder cannot be read (see ``load_weights``).
        ConfigError: A loaded model without a tokenizer.
    """

    def __init__(
        self,
        path: str | Path | torch.nn.Module,
        tokenizer: Any = None,
        *,
        device: str = "cpu",
        dtype: str = "float32",
        prompt: Prompt | None = None,
        max_new_tokens: int = 256,
        batch_tokens: int = 1 << 16,
    ) -> None:
        if isinstance(path, torch.nn.Module):
            if tokenizer is None:
                raise ConfigError(
                    "a loaded model needs its tokenizer", do="pass tokenizer=", field="tokenizer"
                )
            self.model, self.tokenizer = path.eval().to(device), tokenizer
        else:
            self.model = load_weights(AutoModelForCausalLM, path, dtype=dtype).to(device)
            self.tokenizer = tokenizer or load_tokenizer(path)
        self.device = torch.device(device)
        self.prompt = prompt or Prompt()
        self.max_new_tokens = max_new_tokens
        self.batch_tokens = batch_tokens
        self.spent = Budget()
        """Counts the tokens of what others wrote and this policy read."""
        self.ends = end_tokens(self.model, self.tokenizer)
        self._reader = TokenReader(self.model)

    @property
    def parameters(self) -> int:
        """Parameters of the model."""
        return sum(one.numel() for one in self.model.parameters())

    @torch.inference_mode()
    def complete(
        self,
        requests: Sequence[tuple[Problem, str]],
        *,
        n: int,
        seed: int,
        temperature: float = 1.0,
        max_new_tokens: int | None = None,
    ) -> list[list[Completion]]:
        """``n`` continuations for each (problem, text written so far), in the order asked.

        ``Completion.tokens`` counts what was drawn, the end token included; ``logprob`` is the sum of
        the drawn tokens' log-probabilities at temperature 1, the end token included.

        Raises:
            ConfigError: A negative temperature, or a prompt that fills the model's whole context.
        """
        if temperature < 0:
            raise ConfigError(
                f"temperature {temperature} is negative",
                do="use 0 for the best token, 1 to sample",
                field="temperature",
            )
        limit = self.max_new_tokens if max_new_tokens is None else max_new_tokens
        prompts = self._prompts(requests)
        drawn: list[list[Completion]] = [[] for _ in requests]
        for batch in self._batches(_draws(requests, n, seed), prompts, limit):
            for draw, completion in zip(batch, self._draw(batch, prompts, temperature, limit), strict=True):
                drawn[draw.request].append(completion)
        return drawn

    @torch.inference_mode()
    def score_tokens(self, texts: Sequence[str]) -> list[torch.Tensor]:
        """Surprisal of every token of each text, in the order given.

        Shapes:
            each result: (S, 3): log-probability, gap to the best token, entropy; see ``token_surprisal``.
        """
        rows = self.tokenizer([writable(text) for text in texts])["input_ids"] if texts else []
        return self._reader(rows, [0] * len(rows))

    @torch.inference_mode()
    def read(self, requests: Sequence[tuple[Problem, str]]) -> list[Reading]:
        """Read solutions as if the policy had written them; in the order given."""
        if not requests:
            return []
        texts = [
            writable(self.prompt.text(problem, written, self.tokenizer)) for problem, written in requests
        ]
        encoded = self.tokenizer(texts, add_special_tokens=not self.prompt.chat, return_offsets_mapping=True)
        rows = [row[: self._room()] for row in encoded["input_ids"]]
        self.spent.spend(tokens=sum(map(len, rows)))
        openings = [len(text) - len(written) for text, (_, written) in zip(texts, requests, strict=True)]
        heads = [
            sum(end <= opening for _, end in spans)
            for spans, opening in zip(encoded["offset_mapping"], openings, strict=True)
        ]
        found = self._reader(rows, heads)
        readings = []
        for opening, (_, written), row, spans, features in zip(
            openings, requests, rows, encoded["offset_mapping"], found, strict=True
        ):
            inside = [i for i in range(len(row)) if spans[i][1] > max(opening, spans[i][0])]
            cut = len(row) < len(spans) and inside
            readings.append(
                Reading(
                    [(max(spans[i][0] - opening, 0), spans[i][1] - opening) for i in inside],
                    [float(features[i, 0]) for i in inside],
                    spans[inside[-1]][1] - opening if cut else len(written),
                )
            )
        return readings

    def _prompts(self, requests: Sequence[tuple[Problem, str]]) -> list[list[int]]:
        texts = [
            writable(self.prompt.text(problem, written, self.tokenizer)) for problem, written in requests
        ]
        rows = self.tokenizer(texts, add_special_tokens=not self.prompt.chat)["input_ids"] if texts else []
        room = self._room()
        for position, row in enumerate(rows):
            while row and row[-1] in self.ends:  # some tokenizers close every text by themselves
                row.pop()
            if not 1 <= len(row) < room:
                raise ConfigError(
                    f"the prompt has {len(row)} tokens; the model takes 1 to {room - 1}",
                    do="shorten the problem, or use a model with a longer context",
                    field=f"requests[{position}]",
                )
        return rows

    def _room(self) -> int:
        return int(getattr(self.model.config, "max_position_embeddings", None) or 1 << 30)

    def _batches(self, draws: list[_Draw], prompts: list[list[int]], limit: int) -> Iterator[list[_Draw]]:
        # The sort keeps the samples of one request in order and next to each other.
        ordered = sorted(draws, key=lambda draw: (len(prompts[draw.request]), draw.request))
        start = 0
        while start < len(ordered):
            stop = start + 1
            while (
                stop < len(ordered)
                and (stop + 1 - start) * (len(prompts[ordered[stop].request]) + limit) <= self.batch_tokens
            ):
                stop += 1
            yield ordered[start:stop]
            start = stop

    def _draw(
        self, batch: list[_Draw], prompts: list[list[int]], temperature: float, limit: int
    ) -> list[Completion]:
        """Draw one batch; a prompt shared by several rows is read once."""
        distinct = list(dict.fromkeys(draw.request for draw in batch))
        place = {request: position for position, request in enumerate(distinct)}
        owner = torch.tensor([place[draw.request] for draw in batch], device=self.device)
        limit = min(limit, self._room() - max(len(prompts[request]) for request in distinct))
        tokens, scores = decode(
            self.model,
            [prompts[request] for request in distinct],
            owner,
            uniforms([draw.key for draw in batch], limit).to(self.device),
            temperature=temperature,
            ends=torch.tensor(sorted(self.ends), device=self.device),
            pad=self.tokenizer.pad_token_id or 0,
        )
        ended = torch.isin(tokens, torch.tensor(sorted(self.ends)))
        finished = ended.any(-1).tolist()
        used = torch.where(ended.any(-1), ended.long().argmax(-1) + 1, limit).tolist()
        sums = scores.double().cumsum(-1)
        texts = self._texts(
            batch, prompts, [row[: u - f] for row, u, f in zip(tokens.tolist(), used, finished, strict=True)]
        )
        return [
            Completion(text, count, float(sums[row, count - 1]), done)
            for row, (text, count, done) in enumerate(zip(texts, used, finished, strict=True))
        ]

    def _texts(self, batch: list[_Draw], prompts: list[list[int]], rows: list[list[int]]) -> list[str]:
        # The last prompt token stands in front while decoding: some tokenizers drop a leading blank.
        last = [prompts[draw.request][-1:] for draw in batch]
        heads = self.tokenizer.batch_decode(last, skip_special_tokens=True)
        whole = self.tokenizer.batch_decode(
            [head + row for head, row in zip(last, rows, strict=True)], skip_special_tokens=True
        )
        return [
            text[len(head) :]
            if text.startswith(head)
            else self.tokenizer.decode(row, skip_special_tokens=True)
            for head, text, row in zip(heads, whole, rows, strict=True)
        ]


def _draws(requests: Sequence[tuple[Problem, str]], n: int, seed: int) -> list[_Draw]:
    return [
        _Draw(position, draw_key(seed, problem, written, first + j))
        for position, ((problem, written), first) in enumerate(
            zip(requests, first_samples(requests, n), strict=True)
        )
        for j in range(n)
    ]


def end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """Ids that end a text: those of the generation config, and the tokenizer's own.

    Raises:
        ConfigError: Neither names one.
    """
    found: set[int] = set()
    for owner in (getattr(model, "generation_config", None), model.config, tokenizer):
        ids = getattr(owner, "eos_token_id", None)
        found |= set(ids) if isinstance(ids, (list, tuple)) else {ids}
    ends = frozenset(int(i) for i in found if i is not None)
    if not ends:
        raise ConfigError(
            "the model has no end token",
            do="set eos_token_id in its tokenizer or config",
            field="eos_token_id",
        )
    return ends
