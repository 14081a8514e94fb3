"""Train a tiny policy on the tasks of a domain: ``python -m prmkit_tiny.train --domain math --out RUN``.

The run is seeded and resumable: stop it at any time and start the same command again.
``RUN/policy`` receives the weights (bf16 safetensors), tokenizer and card at the end;
``RUN/losses.jsonl`` grows during the run.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import click
import torch
from torch.nn.functional import cross_entropy
from transformers import PreTrainedTokenizerFast

from prmkit.plugins import domain
from prmkit.registry import resolve
from prmkit_tiny.architecture import FLOAT_ATTENTION, Size, build_model
from prmkit_tiny.card import write_card
from prmkit_tiny.optim import build_optimizers, factor, load_checkpoint, save_checkpoint, set_rates
from prmkit_tiny.stream import IGNORED, Batch, Place, Stream, written
from prmkit_tiny.tokenizer import build_tokenizer

log = logging.getLogger(__name__)
VOCABULARY_SAMPLES = 3000


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides the outcome of a run."""

    domain: str
    steps: int
    seed: int = 0
    rungs: tuple[int, ...] = (0, 1, 2)
    """Rungs to train on, easiest first; a rung named twice is drawn twice as often."""
    climb: int = 40
    """Chunks of 1024 problems drawn before the next rung joins in."""
    families: tuple[str, ...] = ()
    """Families to train on, all when empty."""
    tokens: int = 2048
    """Padded tokens per step."""
    muon: float = 0.02
    adam: float = 2e-3
    decay: float = 0.3
    """Share of the run in which the learning rates fall to zero."""
    size: Size = field(default_factory=Size)


def tokenizer_for(settings: Settings) -> PreTrainedTokenizerFast:
    """The tokenizer of a run: words come from a fixed sample of the domain's training tasks."""
    generate = resolve(domain(settings.domain).tasks)
    samples = generate(0, VOCABULARY_SAMPLES, split="train", families=settings.families or None)
    return build_tokenizer(("".join(written(s)) for s in samples), max_length=settings.size.context)


def train(
    settings: Settings, out: Path, *, stop_after: int | None = None, save_every: int = 200
) -> tuple[Any, PreTrainedTokenizerFast]:
    """Train, or go on with, the run in ``out``; returns model and tokenizer.

    Args:
        settings: What to train.
        out: Folder of the run; a checkpoint found there is gone on with.
        stop_after: Stop early at this step, as a killed run would, after saving.
        save_every: Steps between checkpoints.
    """
    tokenizer = tokenizer_for(settings)
    model = build_model(tokenizer, settings.size, seed=settings.seed).train()
    model.set_attn_implementation(FLOAT_ATTENTION)
    optimizers = build_optimizers(model, muon=settings.muon, adam=settings.adam)
    state = load_checkpoint(out, model, optimizers) or {
        "step": 0,
        "place": Place(),
        "tokens": 0,
        "seconds": 0.0,
    }
    stream = Stream(
        resolve(domain(settings.domain).tasks),
        tokenizer,
        seed=settings.seed,
        rungs=settings.rungs,
        climb=settings.climb,
        families=settings.families,
        tokens=settings.tokens,
    )
    last = min(settings.steps, stop_after or settings.steps)
    started, before = time.monotonic(), state["seconds"]
    for batch in islice(stream.batches(Place(*state["place"])), max(0, last - state["step"])):
        set_rates(optimizers, factor(state["step"] + 1, settings.steps, decay=settings.decay))
        loss = update(model, optimizers, batch)
        state["step"] += 1
        state["place"] = batch.after
        state["tokens"] += int(batch.ids.numel())
        state["seconds"] = before + time.monotonic() - started
        if state["step"] % 20 == 0 or state["step"] == last:
            _note(out, {**state, "loss": round(loss, 4)})
        if state["step"] % save_every == 0 or state["step"] == last:
            save_checkpoint(out, model, optimizers, state)
    model.set_attn_implementation("sdpa")
    return model.eval(), tokenizer


def update(model: Any, optimizers: list[torch.optim.Optimizer], batch: Batch) -> float:
    """One step on one batch; returns the mean loss of its solution tokens, in nats."""
    # Rows are padded on the right and attention is causal: no real token ever sees a pad.
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(input_ids=batch.ids[:, :-1], use_cache=False).logits
    loss = cross_entropy(logits.flatten(0, 1).float(), batch.targets[:, 1:].flatten(), ignore_index=IGNORED)
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return float(loss.detach())


def _note(out: Path, state: dict[str, Any]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with (out / "losses.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({k: state[k] for k in ("step", "tokens", "seconds", "loss")}) + "\n")
    log.info("step %(step)d: loss %(loss).3f, %(tokens)d tokens, %(seconds).0f s", state)


def save_policy(model: Any, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write the policy folder: bf16 weights, config, tokenizer. Any transformers user can open it."""
    model.to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(",") if part)


@click.command()
@click.option("--domain", "name", required=True, help="Installed domain whose tasks are learned.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the run.")
@click.option("--steps", type=int, default=9000, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--rungs", default="0,1,2", show_default=True, help="Easiest first; twice = twice as often.")
@click.option(
    "--climb", type=int, default=40, show_default=True, help="Chunks before the next rung joins in."
)
@click.option("--families", default="", help="Comma-separated; all when empty.")
@click.option("--tokens", type=int, default=2048, show_default=True, help="Padded tokens per step.")
@click.option("--muon", type=float, default=0.02, show_default=True, help="Learning rate of the matrices.")
@click.option("--adam", type=float, default=2e-3, show_default=True, help="Learning rate of the rest.")
@click.option("--decay", type=float, default=0.3, show_default=True, help="Share in which the rates fall.")
@click.option("--judge", type=int, default=100, show_default=True, help="Test problems per family and rung.")
def main(name: str, out: Path, judge: int, rungs: str, families: str, **given: Any) -> None:
    """Train a tiny policy on a domain's generated tasks and write it with its card."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    settings = Settings(
        domain=name, rungs=_numbers(rungs), families=tuple(f for f in families.split(",") if f), **given
    )
    model, tokenizer = train(settings, out)
    save_policy(model, tokenizer, out / "policy")
    write_card(out, asdict(settings), per_cell=judge)


if __name__ == "__main__":
    main()
