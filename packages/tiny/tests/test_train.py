"""Training: the loss falls, a resumed run equals an unbroken one, the folder opens elsewhere."""

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, AutoTokenizer

from prmkit.plugins import domain
from prmkit.registry import resolve
from prmkit_tiny.architecture import Size
from prmkit_tiny.card import write_card
from prmkit_tiny.optim import factor
from prmkit_tiny.stream import IGNORED, Place, Stream
from prmkit_tiny.train import Settings, save_policy, tokenizer_for, train

SMALL = Size(width=32, layers=2, heads=2, inner=64)
SETTINGS = Settings(domain="math", steps=12, rungs=(0,), tokens=512, size=SMALL)


@pytest.fixture(scope="module")
def stream():
    return Stream(
        resolve(domain("math").tasks),
        tokenizer_for(SETTINGS),
        seed=0,
        rungs=(0, 1),
        climb=1,
        tokens=300,
        chunk=64,
    )


def take(stream, start, count):
    return [batch for batch, _ in zip(stream.batches(start), range(count), strict=False)]


def test_the_stream_can_be_entered_anywhere(stream):
    whole = take(stream, Place(), 30)
    assert whole[-1].after.chunk >= 1
    for begin in (0, 5, 20):
        tail = take(stream, whole[begin].after, 3)
        for mine, theirs in zip(tail, whole[begin + 1 :], strict=False):
            assert torch.equal(mine.ids, theirs.ids)
            assert mine.after == theirs.after


def test_loss_stands_on_the_solution_only(stream):
    (batch,) = take(stream, Place(), 1)
    end = stream.tokenizer.eos_token_id
    for ids, targets in zip(batch.ids, batch.targets, strict=True):
        text = stream.tokenizer.decode(ids)
        given_tokens = len(stream.tokenizer(text.split("\n")[0] + "\n")["input_ids"])
        length = ids.tolist().index(end) + 1
        assert (targets[:given_tokens] == IGNORED).all()
        assert torch.equal(targets[given_tokens:length], ids[given_tokens:length])
        assert (targets[length:] == IGNORED).all()


@given(st.integers(1, 1000), st.integers(0, 1000), st.integers(0, 50), st.floats(0.01, 0.5))
def test_the_rate_rises_holds_and_falls(steps, step, warmup, decay):
    share = factor(step, steps, warmup=warmup, decay=decay)
    assert 0 <= share <= 1
    if warmup <= step <= (1 - decay) * steps:
        assert share == pytest.approx(1)
        assert factor(step, 2 * steps, warmup=warmup, decay=decay) == pytest.approx(share)


def test_a_resumed_run_equals_an_unbroken_one(tmp_path):
    unbroken, _ = train(SETTINGS, tmp_path / "whole")
    train(SETTINGS, tmp_path / "parts", stop_after=5)
    resumed, _ = train(SETTINGS, tmp_path / "parts")
    for (name, a), (_, b) in zip(unbroken.named_parameters(), resumed.named_parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0, msg=name)
    losses = [
        [json.loads(line)["loss"] for line in (tmp_path / run / "losses.jsonl").read_text().splitlines()]
        for run in ("whole", "parts")
    ]
    assert losses[0][-1] == losses[1][-1]


def test_a_short_run_learns_and_its_folder_opens_with_transformers(tmp_path):
    settings = Settings(
        domain="math", steps=60, rungs=(0,), families=("sum", "shop"), tokens=1024, size=SMALL
    )
    model, tokenizer = train(settings, tmp_path)
    losses = [json.loads(line)["loss"] for line in (tmp_path / "losses.jsonl").read_text().splitlines()]
    assert losses[-1] < 0.75 * losses[0]
    ids = torch.tensor([tokenizer("Add 7 3 12 .\n")["input_ids"]])
    expected = model(input_ids=ids).logits
    save_policy(model, tokenizer, tmp_path / "policy")
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "policy", dtype=torch.float32)
    assert AutoTokenizer.from_pretrained(tmp_path / "policy")("Add 7 .\n")["input_ids"]
    np.testing.assert_allclose(again(input_ids=ids).logits.detach(), expected.detach(), atol=0.15)
    write_card(tmp_path, asdict(settings), per_cell=2, rungs=(0,))
    card = json.loads((tmp_path / "policy" / "card.json").read_text())
    assert set(card["solved"]) == {f"{f}/0" for f in ("sum", "expr", "shop", "let", "cancel")}
    assert "--rungs 0 --families sum,shop" in card["command"].replace(f" --climb {settings.climb}", "")
    assert all(0 <= rate["mean"] <= rate["pass@8"] <= 1 for rate in card["solved"].values())
