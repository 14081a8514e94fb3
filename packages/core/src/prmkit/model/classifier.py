"""A network read at step marks: in padded rows, or in a packed forest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import torch
from torch import nn
from transformers import DynamicCache

from prmkit.encode.blocks import Plan, plan
from prmkit.encode.collate import Batch
from prmkit.encode.forest import Forest, grow
from prmkit.encode.layout import Shape
from prmkit.errors import ConfigError
from prmkit.model.attention import NAME
from prmkit.model.exits import Exits, Reached, Watch, stack
from prmkit.model.halves import Halves, halves
from prmkit.model.heads import SurprisalInput
from prmkit.tensors import expect

TOKENS = ("input_ids", "solution", "features")
"""What a forest's batch says of each token."""
_USUAL = ("sdpa", "eager", NAME)
"""Ways of attention that blocks may stand in for: whoever chose another one keeps it."""


class StepClassifier(nn.Module):
    """A token classifier read at step marks."""

    accepts_loss_kwargs = True
    """Tells transformers.Trainer that the loss is normalised over all micro-batches of an update."""

    def __init__(
        self,
        network: Any,
        *,
        causal: bool,
        surprisal: SurprisalInput | None = None,
        hidden: nn.Module | None = None,
        exits: Exits | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.causal = causal
        self.surprisal = surprisal
        self.hidden = hidden
        self.exits = exits

    @property
    def config(self) -> Any:
        """Config of the backbone."""
        return self.network.config

    @property
    def _no_split_modules(self) -> Any:
        """What FSDP shares out one by one: the backbone's layers."""
        return self.network._no_split_modules

    def forward(
        self,
        input_ids: torch.Tensor,
        marks: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        solution: torch.Tensor | None = None,
        features: torch.Tensor | None = None,
        position_ids: torch.Tensor | None = None,
        forest: Plan | None = None,
        marked: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Logits of every step; where a step has no mark they have no meaning.

        Args:
            input_ids: Tokens; with ``forest`` a packed one.
            marks: Token of each step.
            attention_mask: 1 where there is a token; read by bidirectional backbones only.
            solution: True from the first token of the solution; read by a surprisal head.
            features: Of each token; read by a surprisal head.
            position_ids: Read with ``forest`` only.
            forest: Blocks of the packed forest that the one row is.
            marked: Steps that have a mark; read by a head of early exits.

        Shapes:
            input_ids, attention_mask, solution, position_ids: (B, S). marks, marked: (B, K).
            features: (B, S, F).
            result: (B, K, C).
        """
        expect(marks, "B K", expect(input_ids, "B S"), name="marks")
        given = self._tokens(input_ids, solution, features)
        split = halves(self.network)
        if forest is not None:
            return self._read(split, _at(_packed(split, given, position_ids, forest), marks))
        if not self.causal:
            # Under causal attention a pad on the right reaches no mark: no mask, faster attention.
            given["attention_mask"] = attention_mask
        if split is None:
            return _at(self.network(**given).logits, marks)
        if self.causal:
            given["use_cache"] = False
        if self.exits is not None:
            return self._by_stage(split, given, Watch(self.exits, marks, marked))
        return self._read(split, _at(split.body(**given).last_hidden_state, marks))

    def states(
        self, input_ids: torch.Tensor, position_ids: torch.Tensor | None, forest: Plan | None
    ) -> torch.Tensor:
        """Hidden state of every token, in padded rows or in one packed row.

        Shapes:
            input_ids, position_ids: (B, S). result: (B, S, D).
        """
        split, given = halves(self.network), {"input_ids": input_ids}
        if forest is not None:
            return _packed(split, given, position_ids, forest)
        hidden: torch.Tensor = split.body(**given, use_cache=False).last_hidden_state
        return hidden

    def _read(self, split: Halves, vectors: torch.Tensor) -> torch.Tensor:
        told: torch.Tensor = split.head(vectors if self.hidden is None else self.hidden(vectors))
        return told

    def _by_stage(self, split: Halves, given: dict[str, Any], watch: Watch) -> torch.Tensor:
        """Outputs of all stages; no layer runs behind the one where the last step leaves, if so wished."""
        try:
            with watch.over(stack(split.body)):
                states = split.body(**given).last_hidden_state
        except Reached:
            return watch.outputs()
        return watch.outputs(self._read(split, _at(states, watch.marks)))

    def vectors(
        self, batch: Batch, forest: Forest, *, piece: int, cache: DynamicCache | None = None
    ) -> torch.Tensor:
        """Hidden states of a forest's new tokens, computed in pieces that see what came before.

        Args:
            batch: What ``collate_forest`` made of the forest.
            forest: New tokens.
            piece: Tokens computed at once.
            cache: Keys and values of the known tokens; those of the new ones are added.

        Shapes:
            result: (1, U, D).
        """
        split = halves(self.network)
        pieces = forest.pieces(piece)
        if cache is None and len(pieces) > 1:
            cache = DynamicCache()
        found, start = [], 0
        for part in pieces:
            at = slice(start, start + len(part))
            mine = {name: one[:, at] for name, one in batch.items() if name in TOKENS}
            given = self._tokens(mine["input_ids"], mine["solution"], mine.get("features"))
            made = plan(part, device=mine["input_ids"].device)
            found.append(_packed(split, given, batch["position_ids"][:, at], made, cache))
            start += len(part)
        return found[0] if len(found) == 1 else torch.cat(found, 1)

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Without dropout, and without layers that no step needs; afterwards all is as it was."""
        training = self.training
        if training:
            self.eval()
        if self.exits is not None:
            self.exits.early = True
        try:
            yield
        finally:
            if self.exits is not None:
                self.exits.early = False
            if training:
                self.train()

    def head(self, vectors: torch.Tensor) -> torch.Tensor:
        """Outputs for hidden states.

        Shapes:
            vectors: (..., D). result: (..., C).
        """
        return self._read(halves(self.network), vectors)

    @cached_property
    def shape(self) -> Shape | None:
        """What the backbone spends; None where it cannot read forests, which is found out by trying."""
        split = halves(self.network) if self.causal and self.exits is None else None
        if split is None or getattr(split.body.config, "_attn_implementation", "") not in _USUAL:
            return None
        config = split.body.config
        if set(getattr(config, "layer_types", None) or ["full_attention"]) != {"full_attention"}:
            return None  # a window or chunks, which show in longer texts only
        if (getattr(config, "rope_parameters", None) or {}).get("rope_type") in ("dynamic", "longrope"):
            return None  # rotations that depend on the longest row
        before = config._attn_implementation
        try:
            split.body.set_attn_implementation(NAME)
            same = self._reads_forests(split)
        except (NotImplementedError, TypeError, ValueError, RuntimeError, AttributeError, KeyError):
            same = False  # whatever an architecture stumbles over, it can still read rows
        if not same:
            split.body.set_attn_implementation(before)
            return None
        embedded = split.body.get_input_embeddings().weight.numel()
        linear = 2.0 * (sum(one.numel() for one in split.body.parameters()) - embedded)
        size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        width, layers = size * config.num_attention_heads, config.num_hidden_layers
        return Shape(linear, 4.0 * width * layers, layers, width)

    @torch.inference_mode()
    def _reads_forests(self, split: Halves) -> bool:
        """Whether a small forest, read in two pieces, gives what its rows give."""
        training, device = self.training, next(self.network.parameters()).device
        self.eval()
        rows = [(5, 6, 7, 8, 9), (5, 6, 9), (4, 5)]
        forest = grow(rows)
        batch = {
            "input_ids": torch.from_numpy(forest.ids)[None].to(device) % split.body.config.vocab_size,
            "position_ids": torch.from_numpy(forest.depth)[None].to(device),
        }
        found, cache, start = [], DynamicCache(), 0
        for part in forest.pieces(4):
            at = slice(start, start + len(part))
            made = plan(part, dense=2, device=device)
            ids = {"input_ids": batch["input_ids"][:, at]}
            found.append(_packed(split, ids, batch["position_ids"][:, at], made, cache))
            start += len(part)
        packed = torch.cat(found, 1)[0].float()
        near = 1e-4 if next(self.network.parameters()).dtype == torch.float32 else 5e-2
        same = True
        for row, slots in zip(rows, forest.where, strict=True):
            ids = torch.tensor([row], device=device) % split.body.config.vocab_size
            alone = split.body(input_ids=ids, use_cache=False).last_hidden_state[0].float()
            scale = float(alone.abs().max().clamp(min=1))
            same &= float((packed[torch.from_numpy(slots).to(device)] - alone).abs().max()) <= near * scale
        self.train(training)
        return same

    def _tokens(
        self, input_ids: torch.Tensor, solution: torch.Tensor | None, features: torch.Tensor | None
    ) -> dict[str, Any]:
        if self.surprisal is None:
            return {"input_ids": input_ids}
        embeddings = self.network.get_input_embeddings()(input_ids)
        return {"inputs_embeds": embeddings + self.surprisal(features, solution)}

    def gradient_checkpointing_enable(self, **given: Any) -> None:
        """Trade time for memory in the backbone.

        Raises:
            ConfigError: A head of early exits reads the layers while they run.
        """
        if self.exits is not None:
            raise ConfigError(
                "early exits read the layers while they run",
                do="leave gradient_checkpointing out",
                field="gradient_checkpointing",
            )
        self.network.gradient_checkpointing_enable(**given)


def _packed(
    split: Halves,
    given: dict[str, Any],
    position_ids: torch.Tensor,
    forest: Plan,
    cache: DynamicCache | None = None,
) -> torch.Tensor:
    """Hidden states of one packed row."""
    told = split.body(
        **given,
        position_ids=position_ids,
        # A mask with four axes is passed on as it is, and the blocks have their own.
        attention_mask=torch.empty(1, 1, 0, 0, device=position_ids.device),
        forest=forest,
        past_key_values=cache,
        use_cache=cache is not None,
    )
    hidden: torch.Tensor = told.last_hidden_state
    return hidden


def _at(rows: torch.Tensor, marks: torch.Tensor) -> torch.Tensor:
    return rows.gather(1, marks[..., None].expand(-1, -1, rows.shape[-1]))
