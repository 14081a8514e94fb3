"""The model, its tokenizer and the solutions of ``bench.scoring``; all of it invented."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from prmkit.encode.forest import Forest, grow
from prmkit.encode.tokenise import Encoded
from prmkit.model.prm import PRM
from prmkit.types import Problem, Trajectory

STEP = 17
"""Tokens of a step with its marker and with what a chat writes around it."""
SPECS = {"classes": "qwen2.5-math-prm", "pair": "math-shepherd", "turns": "rlhflow"}
"""Conventions: two classes at a marker; + against - at a tag; + against - as an answer to every step."""
PAIR = {"+": 648, "-": 387, "ки": 12902}
"""Ids that search-and-learn's code has as constants."""
CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
FIXED = "system user assistant Step : Please reason step by , and put your final answer within \\ boxed {}."
SPECIAL = 22
"""Tokens that the tokenizer adds behind the vocabulary, as Qwen2's does."""


@dataclass(frozen=True)
class Size:
    """A Qwen2."""

    vocabulary: int = 151_643 + SPECIAL
    rows: int = 151_936
    """Of the embedding: some more than there are tokens."""
    hidden: int = 512
    inner: int = 1408
    layers: int = 8
    heads: int = 8
    key_heads: int = 2


QUICK = Size(vocabulary=20_000, rows=20_000, hidden=64, inner=128, layers=2, heads=2, key_heads=1)


def build(folder: Path, size: Size) -> None:
    """Write the two checkpoints: ``folder/classes`` and ``folder/causal``, one body."""
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=size.rows,
        hidden_size=size.hidden,
        intermediate_size=size.inner,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.key_heads,
        max_position_embeddings=32_768,
        # Wider than usual: an untrained model's scores hang on their texts then.
        initializer_range=0.05,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=size.vocabulary - SPECIAL + 2,
        pad_token_id=size.vocabulary - SPECIAL,
    )
    model = Qwen2ForCausalLM(config)
    model.save_pretrained(folder / "causal")
    classes = folder / "classes"
    config.architectures = ["Qwen2ForProcessRewardModel"]
    config.save_pretrained(classes)
    tensors = {name: one for name, one in model.state_dict().items() if name != "lm_head.weight"}
    for layer, outputs in (("score.0", size.hidden), ("score.2", 2)):
        tensors[f"{layer}.weight"] = torch.randn(outputs, size.hidden) * size.hidden**-0.5
        tensors[f"{layer}.bias"] = torch.randn(outputs) * 0.1
    save_file({name: one.contiguous() for name, one in tensors.items()}, classes / "model.safetensors")
    for place in (folder / "causal", classes):
        tokenizer(size).save_pretrained(place)


def tokenizer(size: Size) -> PreTrainedTokenizerFast:
    """One word, one token; the ids that public code has as constants are where they are there."""
    words = size.vocabulary - SPECIAL
    wanted = [*FIXED.split(), *map(str, range(200))]
    given = {**PAIR, **{word: place for place, word in enumerate(wanted)}}
    taken = set(given.values())
    given |= {f"w{i}": i for i in range(words) if i not in taken}
    inner = Tokenizer(models.WordLevel(given, unk_token="w999"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *(f"<|extra_{i}|>" for i in range(5))]
    special += ["<extra_0>", *(f"<|more_{i}|>" for i in range(SPECIAL - 9))]
    inner.add_special_tokens([AddedToken(one, special=True, normalized=False) for one in special])
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="<|endoftext|>",
        eos_token="<|im_end|>",
        padding_side="right",
        model_input_names=["input_ids", "attention_mask"],
        chat_template=CHAT,
    )


Node = tuple[int, ...]
Shape = list[list[Node]]
"""Per candidate the names of its steps; steps of one name have one text."""


def rerank(candidates: int, steps: int = 12) -> Shape:
    """Finished solutions that share the prompt only."""
    return [[(row, step) for step in range(steps)] for row in range(candidates)]


def expand(candidates: int, steps: int = 6) -> Shape:
    """Next steps of one unfinished solution."""
    return [[*((-1, step) for step in range(steps)), (row,)] for row in range(candidates)]


def tree(levels: int = 6, chain: int = 6) -> Shape:
    """Leaves of a binary tree, each followed by a chain."""
    return [
        [(level, leaf >> (levels - 1 - level)) for level in range(levels)]
        + [(levels + place, leaf) for place in range(chain)]
        for leaf in range(1 << levels)
    ]


@dataclass(frozen=True)
class Cell:
    """One row of the bench."""

    shape: str
    prompt: int
    """Tokens that all candidates share; in ``expand`` six steps are among them."""
    steps: Shape = field(repr=False)
    slow: bool = True
    """Whether arms of token pairs run: step loops and vocabulary logits."""

    @property
    def name(self) -> str:
        return f"{self.shape}-{self.prompt}"

    @property
    def shared(self) -> int:
        """Steps that all of several candidates begin with."""
        same = [len(set(at)) == 1 for at in zip(*self.steps, strict=True)]
        return sum(same) if len(self.steps) > 1 else 0


def cells(prompts: tuple[int, ...], *, quick: bool) -> Iterator[Cell]:
    """All rows."""
    number, levels = (4, 3) if quick else (16, 6)
    for prompt in prompts:
        yield Cell("rerank", prompt, rerank(number))
        yield Cell("expand", prompt, expand(number))
        yield Cell("tree", prompt, tree(levels))
    for candidates in (1, 4) if quick else (1, 4, 64):
        yield Cell(f"rerank-of-{candidates}", prompts[0], rerank(candidates), slow=False)
    long = 400 if quick else 2_000
    yield Cell(f"one-of-{long}", prompts[0], rerank(1, round((long - prompts[0]) / STEP)), slow=False)


@dataclass(frozen=True)
class Load:
    """One row's problem and solutions, cut to measure for one convention."""

    question: str
    steps: list[list[str]]
    rows: list[tuple[int, ...]]
    """Tokens."""
    marks: list[list[int]]

    @property
    def problem(self) -> Problem:
        return Problem(id="problem", text=self.question)

    @property
    def trajectories(self) -> list[Trajectory]:
        return [
            Trajectory.of_steps(str(i), "problem", its, joiner="\n\n") for i, its in enumerate(self.steps)
        ]

    @property
    def padded(self) -> int:
        return len(self.rows) * max(map(len, self.rows))

    @property
    def looped(self) -> int:
        """Tokens of one pass for every step, where the answer that is read and its end follow the mark."""
        return sum(place + 3 for its in self.marks for place in its)

    @property
    def tokens(self) -> dict[str, int]:
        """Counts of what a batch, a forest and a step loop read."""
        return {"padded": self.padded, "unique": len(self.forest), "looped": self.looped}

    def first(self, count: int) -> Load:
        """Of the first candidates only."""
        return Load(self.question, self.steps[:count], self.rows[:count], self.marks[:count])

    @property
    def forest(self) -> Forest:
        return grow(self.rows)


def load(prm: PRM, cell: Cell) -> Load:
    """Texts for a cell whose prompt and steps have the wanted length under the PRM's convention."""
    draw = random.Random(cell.name)
    limit = len(prm.tokenizer) - SPECIAL

    def words(count: int) -> str:
        # The first thousands of ids belong to words that the bench writes itself.
        return " ".join(f"w{draw.randrange(13_000, limit)}" for _ in range(count))

    def step(place: int, count: int) -> str:
        # Written out, so that every scorer of the convention sees the same text.
        return prm.spec.heading.format(number=place + 1) + words(count)

    probe = _encode(prm, "w", [[step(place, 1) for place in range(3)]])[0]
    count = 1 + STEP - (probe.marks[2] - probe.marks[1])  # type: ignore[operator]
    # What a chat writes behind a solution counts as part of its last step.
    behind = len(probe.ids) - probe.solution - 3 * (1 + STEP - count)

    @cache
    def text(place: int, last: bool, node: Node) -> str:
        return step(place, count - behind if last else count)

    steps = [
        [text(place, place + 1 == len(its), node) for place, node in enumerate(its)] for its in cell.steps
    ]
    question = words(1 + cell.prompt - cell.shared * STEP - probe.solution)
    read = _encode(prm, question, steps)
    marks = [[int(place) for place in one.marks if place is not None] for one in read]
    lengths = {len(one.ids) for one in read}
    assert lengths == {cell.prompt + (len(cell.steps[0]) - cell.shared) * STEP}, (cell.name, lengths)
    return Load(question, steps, [one.ids for one in read], marks)


def _encode(prm: PRM, question: str, steps: list[list[str]]) -> list[Encoded]:
    problem = Problem(id="problem", text=question)
    return prm.encoder([(problem, Trajectory.of_steps("t", "problem", its)) for its in steps])
